"""Another reading of a step or of an entry, held lightly: how it may look to the others in it, and whose part it might be (rubric C8).

Pure. None is given where strength is low, a feeling was told, or the language is hard work.
"""

from __future__ import annotations

from bot.draft import Draft
from bot.hearing import feels, says_any, who_in
from bot.quoting import light
from bot.spelling import any_in, in_line

LATELY = 25  # marks of what was said, some two reflections


def of_step(draft: Draft, plan: str) -> str:
    """Of a step that is taken with others, for them, or neither; empty where none is given."""
    if _spared(draft, f"{draft.talk.asked if draft.talk else ''}\n{plan}"):
        return ""
    kind = next((kind for kind, patterns in draft.words.hear.steps.items() if any_in(patterns, in_line(plan))), "any")
    return draft.line(f"plan.other.{kind}")


def of_entry(draft: Draft, told: str) -> str:
    """Of an entry in which others are, unless it tells of something that went right; empty where none is given."""
    hear = draft.words.hear
    others = who_in(told, hear) or says_any(told, hear.others)
    if not others or light(told, hear) or _spared(draft, told) or draft.said_lately("close.other", LATELY):
        return ""
    return draft.line("close.other")


def _spared(draft: Draft, told: str) -> bool:
    low = draft.place is not None and draft.place.energy == "low"
    return bool(draft.alarm) or draft.plain or low or feels(told, draft.words.hear)
