"""A goodbye at the end of a message that tells something: it is said back, and whoever goes is let go, with no question behind."""

from __future__ import annotations

from bot import wishes
from bot.draft import Draft
from bot.exploring import heard_in
from bot.hearing import act_in, asks_plainly, heard, pleads
from bot.spelling import BETWEEN_SENTENCES, words_in
from bot.theirs import opening
from prompts.library import Hear

GOES = ("thanks", "bye")
LEAST = 4  # words that are told before it; after fewer the goodbye is all


def told_and_gone(draft: Draft, text: str) -> bool:
    """Lets go whoever tells something in a talk and says goodbye with it; False for everything else."""
    hear = draft.words.hear
    if draft.talk is None or draft.place or "?" in text or pleads(text, hear):
        return False
    *before, last = BETWEEN_SENTENCES.split(text.strip())
    told = " ".join(part for part in before if len(words_in(part)) > 1)  # an "anyway" tells nothing
    if len(words_in(told)) < LEAST or not _is(last, ("bye",), hear) or any(asks_plainly(part, hear) for part in before):
        return False
    mirror = heard_in(draft, told) or opening(draft, told)
    wishes.WISHES["bye"](draft)
    if mirror:
        draft.lead(mirror)
    return True


def without_goodbye(text: str, hear: Hear) -> tuple[str, bool]:
    """A message without the thanks or the farewell in it, and whether there was one."""
    parts = BETWEEN_SENTENCES.split(text.strip())
    stays = [part for part in parts if not _is(part, GOES, hear)]
    return " ".join(stays), len(stays) < len(parts)


def _is(part: str, kinds: tuple[str, ...], hear: Hear) -> bool:
    said = part.strip(" .,;!")
    return any(heard(each, hear.wishes, hear) in kinds or act_in(each, hear) in kinds for each in (said, said.partition(",")[0]))
