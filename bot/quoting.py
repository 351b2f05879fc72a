"""Quotes somebody's own words back to them: which words of a text are worth reading again, and which can stand alone.

Pure. Whatever is quoted stands in the text word for word, but for the shape of quotation marks, and is never longer than QUOTE allows.
Half a sentence is quoted only where the other half does not turn it round; what others said is not quoted as the writer's; and of
somebody's health, home or wrongdoing nothing is quoted at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.hearing import feels, says_any, turns_in
from bot.model import Entry
from bot.spelling import flat, words_in
from prompts.library import Hear

QUOTE = (3, 12)  # words of a quotation, least and most
TERSE = 2  # words from which an answer is quoted that has no more of them
STEPS = ("moment", "meaning", "line")  # where a scene is told; plans and lessons come after
GOOD = 8  # words of a quotation that reads well
_SPOKEN = re.compile(r"[\"“”«»„][^\"“”«»„]*[\"“”«»„]")
_ITEM = re.compile(r"^(?:[-–—*•·]+|\d{1,2}[.)])\s*")


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words of an entry as they stand there, and the whole answer they come from."""

    day: date
    words: str
    whole: str
    worth: float = 0.0

    def overlaps(self, other: str) -> bool:
        """Whether one of the two is told in the other."""
        mine, theirs = (text.removesuffix("…").strip(" .,;") for text in (self.words, other))
        return mine in theirs or theirs in mine


def light(text: str, hear: Hear) -> bool:
    """Whether it tells of something going right, and of nothing going wrong or not happening."""
    words = set(words_in(text))
    return bool(words & set(hear.lighter)) and not words & {*hear.darker, *hear.reading.negations}


def dark(text: str, hear: Hear) -> bool:
    """Whether it tells of something going wrong, and of nothing going right or not happening."""
    words = set(words_in(text))
    return bool(words & set(hear.darker)) and not words & {*hear.lighter, *(set(hear.reading.negations) - set(hear.darker))}


def best_quote(entry: Entry, hear: Hear) -> Quoted | None:
    """The words of an entry most worth reading again: those with a feeling, a turn, somebody named, of a length that reads well."""
    ranked: list[Quoted] = []
    for step, text in entry.answers:
        for sentence in quotable(text, hear):
            for piece in _pieces(sentence, hear, alone=len(words_in(text)) < QUOTE[0]):
                worth = _worth(piece, hear) + 0.5 * (step in STEPS)
                ranked.append(Quoted(entry.event_date, piece, text, worth))
    return max(ranked, key=lambda quoted: quoted.worth) if ranked else None


def _worth(piece: str, hear: Hear) -> float:
    words = words_in(piece)
    named = bool(re.search(r"(?<=[\w,] )[A-ZÀ-Þ][^\W\d_]{2,}", piece)) or bool(set(words) & set(hear.actors))
    worth = 2.0 * feels(piece, hear) + 1.5 * (light(piece, hear) or dark(piece, hear)) + 1.0 * turns_in(piece, hear)
    worth += 1.0 * named - 0.1 * abs(len(words) - GOOD)
    worth -= 1.5 * (words[0] in hear.reading.pointers) + 1.0 * ("‘" in piece) + 0.7 * piece.endswith("…") + 0.7 * (len(words) < 4)
    return worth


def quotable(text: str, hear: Hear) -> list[str]:
    """The sentences and lines of a text that may be quoted, without bullets, with what others say in single quotation marks."""
    said = _SPOKEN.sub(lambda found: f"‘{found[0][1:-1].strip()}’", text)
    said = re.sub(r"[\"“”«»„]", "", said)
    titles = "".join(rf"(?<!\b{re.escape(title)}\.)" for title in hear.titles)
    inside = r"(?![^‘\n]*’)"
    parts = re.split(rf"(?:(?<=[.!?;]){titles}|(?<=[.!?]’))\s+{inside}|\n+", said)
    told = [_ITEM.sub("", part.strip()).strip(" -–—\t") for part in parts]
    return [part for part in told if part and not says_any(part, hear.reading.sensitive)]


def _pieces(sentence: str, hear: Hear, alone: bool) -> Iterator[str]:
    """A sentence that is short enough as it stands; of a longer one its clauses that can stand alone, and its beginning."""
    least, most = QUOTE
    whole = sentence.rstrip(".;,: ")
    count = len(words_in(whole))
    if (TERSE if alone else least) <= count <= most:
        yield whole
    if count <= most:
        return
    yield from _clauses(whole, hear)
    if begun := shortened(whole, hear):
        yield begun


def _clauses(whole: str, hear: Hear) -> Iterator[str]:
    hinges, joints = set(hear.reading.hinges), set(hear.joints)
    clauses = [clause.strip(" .;,–—-") for clause in re.split(r"[,–—()]|\s-\s", whole)]
    opens = words_in(whole)[:1]
    for n, clause in enumerate(clauses):
        before = words_in(" ".join(clauses[:n]))
        if (
            ":" in clause
            or "‘" in clause
            or "’ " in clause.replace("’s ", "")
            or set(before) & {*hear.reported}
            or (opens and opens[0] in hinges)
        ):
            return  # from here on somebody else may be speaking, or it is said only on a condition
        words = clause.split()
        while words and flat(words[0]) in joints - hinges:
            words = words[1:]
        kept = clause[clause.index(words[0]) :] if words else ""
        told = words_in(kept)
        after = next((words_in(later) for later in clauses[n + 1 :] if words_in(later)), ())
        turned = set(after[:2]) & set(hear.reading.reversals) or set(told[:1]) & {*hinges, *hear.reading.pointers}
        if QUOTE[0] + 1 <= len(told) <= QUOTE[1] and not turned and flat(words[-1]) not in hear.loose_ends:
            yield kept


def shortened(text: str, hear: Hear, *, at_comma: bool = True) -> str:
    """The beginning of a text, as many words as may be quoted, and an ellipsis that tells there was more; empty where what follows
    turns it round."""
    said = re.sub(r"[\"“”«»„]", "", text).strip().rstrip(".;,: ")
    if len(words_in(said)) <= QUOTE[1]:
        return said
    ends = [found.end() for found in re.finditer(r"\S+", said)]
    last = max((n for n in range(len(ends)) if len(words_in(said[: ends[n]])) <= QUOTE[1]), default=0)
    follow = words_in(said[ends[last] :])[:2]
    if at_comma and set(follow) & set(hear.reading.reversals):
        return ""
    stops = [n for n in range(4, last + 1) if said[: ends[n]].endswith((",", ";"))] if at_comma else []
    if stops:
        last = stops[-1]
    loose: set[str] = {*hear.loose_ends, *hear.joints, *hear.reading.hinges, *hear.reading.determiners}
    while last > 2 and flat(said[: ends[last]].split()[-1]).strip(",;") in loose:
        last -= 1
    return said[: ends[last]].rstrip(".;,:–—- ") + " …"


def in_short(text: str, hear: Hear) -> str:
    """A plan or what came of it, in as many words as may be quoted."""
    return shortened(" ".join(text.split()), hear, at_comma=False)


def sentences(text: str) -> list[str]:
    """All sentences and lines of a text, without quotation marks and dashes around them."""
    return [part.strip(" '‘’-–—\t") for part in re.split(r"(?<=[.!?;])\s+|\n+|[\"“”«»„]+", text) if part.strip()]


def cut(text: str) -> str:
    """At most as many words as may be quoted, as they stand but for quotation marks; an ellipsis tells that there were more."""
    said = re.sub(r"[\"“”«»„]", "", text).strip().rstrip(".;,: ")
    words = list(re.finditer(r"\S+", said))
    if len(words) <= QUOTE[1]:
        return said
    return said[: words[QUOTE[1] - 1].end()].rstrip(".;,:–—-") + " …"
