"""Quotes somebody's own words back to them: which words of a text are worth reading again, cut where they can stand alone.

Pure. Whatever is quoted stands in the text word for word, but for quotation marks, and is never longer than QUOTE allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.hearing import feels, turns_in
from bot.model import Entry
from bot.spelling import flat, words_in
from prompts.library import Hear

QUOTE = (3, 12)  # words of a quotation, least and most
STEPS = ("moment", "meaning", "line")  # where a scene is told; plans and lessons come after


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words of an entry as they stand there, and the whole answer they come from."""

    day: date
    words: str
    whole: str


def light(text: str, hear: Hear) -> bool:
    """Whether it tells of something going right, and of nothing going wrong."""
    words = set(words_in(text))
    return bool(words & set(hear.lighter)) and not words & set(hear.darker)


def dark(text: str, hear: Hear) -> bool:
    """Whether it tells of something going wrong, and of nothing going right."""
    words = set(words_in(text))
    return bool(words & set(hear.darker)) and not words & set(hear.lighter)


def best_quote(entry: Entry, hear: Hear) -> Quoted | None:
    """The words of an entry most worth reading again: those with a feeling, a turn, somebody named, of a length that reads well."""
    ranked: list[tuple[float, int, Quoted]] = []
    for place, (step, text) in enumerate(entry.answers):
        for sentence in sentences(text):
            for piece in _pieces(sentence, hear):
                words = words_in(piece)
                score = 2.0 * feels(piece, hear) + 1.5 * (light(piece, hear) or dark(piece, hear)) + 1.0 * turns_in(piece, hear)
                score += 0.5 * (step in STEPS) + 0.5 * bool(set(words) & set(hear.actors)) - abs(len(words) - 8) * 0.1
                ranked.append((score, -place, Quoted(entry.event_date, piece, text)))
    return max(ranked, key=lambda row: (row[0], row[1]))[2] if ranked else None


def sentences(text: str) -> list[str]:
    """The sentences and lines of a text, without quotation marks and dashes around them."""
    return [part.strip(" '‘’-–—\t") for part in re.split(r"(?<=[.!?;])\s+|\n+|[\"“”«»„]+", text) if part.strip()]


def _pieces(sentence: str, hear: Hear) -> Iterator[str]:
    """A sentence that is short enough as it stands; of a longer one its clauses, and if none will do its beginning."""
    least, most = QUOTE
    whole = sentence.rstrip(".;,: ")
    if least <= len(words_in(whole)) <= most:
        yield whole
        return
    if len(words_in(whole)) < least:
        return
    ends = set(hear.loose_ends)
    clauses = [clause.strip(" .;,:–—-") for clause in re.split(r"[,:–—()]|\s-\s", whole)]
    fit = [c for c in clauses if least + 1 <= len(words_in(c)) <= most and flat(c.split()[-1]) not in ends]
    yield from fit or [cut(whole)]


def cut(text: str) -> str:
    """At most as many words as may be quoted, as they stand but for quotation marks; an ellipsis tells that there were more."""
    flat = re.sub(r"[\"“”«»„]", "", text).strip().rstrip(".;,: ")
    words = list(re.finditer(r"\S+", flat))
    if len(words) <= QUOTE[1]:
        return flat
    return flat[: words[QUOTE[1] - 1].end()].rstrip(".;,:–—-") + " …"
