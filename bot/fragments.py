"""An answer that is only a part of a sentence, as people give it to a question: "that he won't pick up", "my cousin", "losing face".

It is told back as the part it is, so nothing is claimed by it that was not said. Pure and lexical: how such an answer begins is data
(hear.own.answers).
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.doings import RUN, respelt, run_of
from bot.hearing import any_of, at_hand, handed_back
from bot.spelling import BETWEEN_SENTENCES, any_in, flat, in_line, one_line, words_in
from prompts.library import Hear

LEAST, MOST = 2, 12  # words of it
CUT = 2  # words more that one has which is cut


@at_hand
def fragment_in(text: str, hear: Hear) -> str:
    """The part of a sentence with which a text begins, or the next one of several, told back without a stop; empty where it begins with a
    whole one, or asks."""
    for sentence in BETWEEN_SENTENCES.split(text.strip()):
        part = _part(sentence, hear)
        if part is None:
            return ""
        if back := _back(part, text, hear):
            return back
    return ""


def _part(sentence: str, hear: Hear) -> str | None:
    """What a sentence says that is only part of one; None for any other."""
    leads, begins, hedged, _ = _patterns(hear)
    said = re.split(r"[,;:(]", one_line(sentence).rstrip(" .!…"))[0]
    said = said[leads.match(in_line(said)).end() :]  # type: ignore[union-attr]  # what may be empty matches
    said = said[: found.start() if (found := hedged.search(in_line(said))) else None].strip()
    part = "?" not in sentence and begins.match(in_line(said)) and not set(words_in(said)) & {*hear.reading.sensitive}
    return said if part else None


def _back(part: str, text: str, hear: Hear) -> str:
    """As it is told back, cut where it is long; empty where it can't be."""
    back = handed_back(respelt(part, hear.doings.spelling), hear) or ""
    if any_in(hear.doings.besides, flat(back)):
        return ""
    for ends in (len(back), *(found.start() for found in reversed([*_patterns(hear)[-1].finditer(flat(back))]))):
        said = back[:ends].strip()
        if (
            LEAST + CUT * (ends < len(back)) <= len(words_in(said)) <= MOST
            and run_of(said, text) <= RUN
            and words_in(said)[-1] not in hear.loose_ends
        ):
            return said[:1].upper() + said[1:]
    return ""


@lru_cache(8)
def _patterns(hear: Hear) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """What may stand before an answer, how one begins, a hedge at its end, and where a long one may be cut."""
    answers = hear.own.answers
    return (
        re.compile(rf"(?:(?:{any_of(answers.leads)})\s+)*"),
        re.compile("|".join(answers.begins) or "(?!)"),
        re.compile(rf"(?:\s+(?:{any_of([*answers.trails, *hear.hedges])}))+$"),
        re.compile(rf"\s(?:{'|'.join(hear.doings.cuts) or '(?!)'})(?:\s|$)"),
    )
