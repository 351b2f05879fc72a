"""Another reading of an entry, held lightly: how it may look to the others in it (rubric C8).

Pure. None is given where strength is low, a feeling was told, or the language is hard work.
"""

from __future__ import annotations

from datetime import timedelta

from bot.draft import Draft
from bot.hearing import feels, says_any, who_in
from bot.quoting import light

AFTER = timedelta(days=7)  # since something grave was told
LATELY = 25  # marks of what was said, some two reflections


def of_entry(draft: Draft, told: str) -> str:
    """Of an entry in which others are, unless it tells of something that went right; empty where none is given."""
    hear = draft.words.hear
    others = who_in(told, hear) or says_any(told, hear.others)
    if not others or light(told, hear) or _spared(draft, told) or draft.said_lately("close.other", LATELY):
        return ""
    return draft.line("close.other")


def _spared(draft: Draft, told: str) -> bool:
    low = draft.place is not None and draft.place.energy == "low"
    grave = draft.alarm is not None or (draft.alarmed_at is not None and draft.at - draft.alarmed_at < AFTER)
    return grave or draft.plain or low or feels(told, draft.words.hear)
