"""Hears the wish to reflect in any wording: "can i do my reflection for the day please", and what of the day is told along with it. Pure.

A message is that wish where it names a reflection, a diary or the day to be looked back on, and every other word in it belongs to
wishing, to politeness or to the time of day. One word of somebody else's doing ("the partners want to reflect") and it is not.
"""

from __future__ import annotations

import re

from bot.hearing import heard
from bot.spelling import READ, expression, in_words, words_in
from prompts.library import Hear

LONGEST_WISH = 18  # words
TOLD = 3  # words of a scene that is told along with the wish

_ENDS = re.compile(r"[.!?:;\n]+(?=\s|$)|,(?=\s)|\s[-–—]+(?=\s)")
_TRIM = " \t\n.,:;!-–—"


def wish_in(text: str, hear: Hear) -> str | None:
    """As `heard` among the wishes; a reflection is wished for in any wording."""
    return heard(text, hear.wishes, hear) or ("reflect" if told_with_wish(text, hear) is not None else None)


def told_with_wish(text: str, hear: Hear) -> str | None:
    """What is told of the day along with the wish to reflect, "" where that is all; None for a text that holds no such wish."""
    said = text[:READ].strip()
    if _only_wish(said, hear):
        return ""
    for end in reversed(list(_ENDS.finditer(said))):
        rest = said[end.end() :].strip(_TRIM)
        if len(words_in(rest)) >= TOLD and _only_wish(said[: end.start()], hear):
            return None if rest.endswith("?") else rest
    return None


def _only_wish(text: str, hear: Hear) -> bool:
    said = in_words(text)
    if not said or len(said.split()) > LONGEST_WISH or any(expression(pattern).search(said) for pattern in hear.reflects.never):
        return False
    left = said
    for pattern in hear.reflects.names:
        left = expression(pattern).sub(" ", left)
    return left != said and hear.filling.union(hear.reflects.around).issuperset(left.split())
