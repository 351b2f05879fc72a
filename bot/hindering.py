"""What might get in the way of a step, told in answer to being asked: said back, and met with what they would do then.

A step that is held against what may hinder it is likelier to be done (mental contrasting with if-then plans, coaching.md row 21). Whoever
names a way round by themselves is not asked for one, and whoever says goodbye with it is let go.
"""

from __future__ import annotations

from bot.draft import Draft
from bot.farewell import without_goodbye
from bot.fragments import fragment_in
from bot.guiding import SETTLED
from bot.happening import told_in
from bot.hearing import asks_coach, asks_plainly, pleads
from bot.recasting import kind_told
from bot.spelling import any_in, in_line, words_in
from prompts.library import Hear

ASKED = "if-then.closes"  # the question that is answered here
JUST = 4  # marks of what was said since it was asked
LONGEST, ROOM = 32, 160  # words of an answer to it, and characters of what is said back
DEED = 16  # words in which they say what they would do then


def told_hindrance(draft: Draft, text: str) -> bool:
    """Answers what was said of a hindrance, or of what they would do if it comes; False for everything else."""
    hear = draft.words.hear
    if draft.place or len(words_in(text)) > LONGEST or "?" in text or asks_coach(text, hear) or pleads(text, hear):
        return False
    if draft.said_lately("plan.hindrance", 1) and _says_what_then(draft, text):
        draft.say(draft.line("plan.hindrance.ready"))
        return True
    if not (draft.lately(SETTLED, JUST) and draft.said_lately(ASKED, JUST) and _hinders(text, hear)):
        return False
    told, goes = without_goodbye(text, hear)
    how = ".round" if any_in(hear.plans.rounds, in_line(told)) else ".bye" if goes else ""
    draft.say(draft.fitting(f"plan.hindrance{how}", ROOM, own=fragment_in(told, hear)))
    return True


def _hinders(text: str, hear: Hear) -> bool:
    line = in_line(text)
    return any_in(hear.plans.hinders, line) or (any_in(hear.plans.likely, line) and not asks_plainly(text, hear))


def _says_what_then(draft: Draft, text: str) -> bool:
    """Whether a message says what they would do, and tells nothing new."""
    return len(words_in(text)) <= DEED and told_in(draft, text) is None and not kind_told(draft, text)
