"""Tells apart the matters that one message lists, each in the person's own words (coaching.md section 2, S5).

Only what is listed is told apart: lines with numbers or dots, matters that are announced ("three things: …") or added to each other
("on top of that …"). A story with many people in it stays one story.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from bot.asking import clip
from bot.hearing import feels
from bot.model import Choice, Talk
from bot.spelling import READ, expression, flat, words_in
from prompts.library import Hear

MOST = 3  # matters that are named; of more, those that were given most words
TELLS = 3  # words of content that a matter has; a shorter piece belongs to the one before it
STORY = 18  # words of a message in which "also" begins another matter; in a shorter one it adds to the same
LABEL = 60  # characters of a matter that are shown

_MARKED = re.compile(r"(?m)^[ \t]*(?:\d{1,2}[.):]|[-•*–])[ \t]+")
_ENDS = re.compile(r"[.;!?\n]+(?=\s|$)|(?<!\d),(?!\d)(?![^()]*\))")
_TRIM = " \t\n.,;:!-–•*"


def threads_in(text: str, hear: Hear) -> tuple[str, ...]:
    """Two or three matters in their order, each one line of the message; none where it does not list any."""
    said, flatly = text[:READ], flat(text[:READ])
    announced = next((found for pattern in hear.listing if (found := expression(pattern).search(flatly))), None)
    start = announced.end() if announced else 0
    marks = list(_MARKED.finditer(said))
    if len(marks) > 1:
        lines = zip(marks, [*(mark.start() for mark in marks[1:]), len(said)], strict=True)
        return _most_told(tuple(filter(None, (_clean(said[mark.end() : end], hear) for mark, end in lines))), hear)
    adding = [(found.start("from"), found.end()) for found in re.finditer(_begins(hear.adding), flatly) if found.start("from") >= start]
    if announced:
        ends = [found.span() for found in _ENDS.finditer(said) if found.start() >= start]
        added = _cut(said, start, adding, hear) if len(adding) > 1 else ()
        return _most_told(added if len(added) > 1 else _cut(said, start, ends, hear), hear)
    return _most_told(_cut(said, 0, adding, hear), hear) if adding and len(words_in(said)) >= STORY else ()


def leading(threads: Sequence[str], hear: Hear) -> tuple[int, bool]:
    """Which matter one might begin with, and whether that is for the feeling in it; else it is the one that was told most about."""
    felt = [number for number, thread in enumerate(threads) if feels(thread, hear)]
    if len(felt) == 1:
        return felt[0], True
    return max(range(len(threads)), key=lambda number: (len(words_in(threads[number])), -number)), False


def choices_of(talk: Talk) -> list[Choice]:
    return [Choice(f"thread:{number}", shown(thread)) for number, thread in enumerate(talk.threads)]


def picked_in(talk: Talk | None, text: str, choice: str | None, hear: Hear) -> int | None:
    """The number of the matter that was picked, by its choice or by words out of it; None where none is to be picked."""
    if talk is None or not talk.threads:
        return None
    if choice and choice.startswith("thread:"):
        return int(choice.partition(":")[2])
    return _nearest(talk.threads, text, hear) if talk.stage == "threads" else None


def left_of(talk: Talk | None, at: datetime) -> Talk | None:
    """What stays of a talk that has come to its end: the matters that were listed beside it."""
    return Talk("", "threads", at, at, "", threads=talk.threads) if talk and talk.threads else None


def _nearest(threads: Sequence[str], text: str, hear: Hear) -> int | None:
    """The matter that a text speaks of, by the words they share; None when that is none, or not clearly one."""
    said = set(words_in(text)) - set(hear.fillers)
    shared = [len(said & (set(words_in(thread)) - set(hear.fillers))) for thread in threads]
    best = max(shared, default=0)
    return shared.index(best) if best and shared.count(best) == 1 else None


def shown(thread: str) -> str:
    """A matter as it is named to the person."""
    return clip(thread, LABEL)


def _begins(adding: Sequence[str]) -> str:
    """An expression for the beginning of a sentence or clause that adds another matter. `from` stands where the matter before it ends."""
    words = "|".join(sorted(map(re.escape, adding), key=len, reverse=True)) or "(?!)"
    return rf"(?P<from>(?:^|[.,;:!?\n])\s*)(?:{words})\b[,:]?"


def _cut(said: str, start: int, cuts: Sequence[tuple[int, int]], hear: Hear) -> tuple[str, ...]:
    """What lies between the cuts; what says too little goes to the matter before it, as it was written."""
    spans: list[tuple[int, int]] = []
    for begin, end in zip([start, *(after for _, after in cuts)], [*(before for before, _ in cuts), len(said)], strict=True):
        stands = _stands(said[begin:end], hear)
        if spans and not stands:
            spans[-1] = (spans[-1][0], end)
        elif stands:
            spans.append((begin, end))
    return tuple(_clean(said[begin:end], hear) for begin, end in spans)


def _stands(piece: str, hear: Hear) -> bool:
    """It says enough, and does not lean on what was said before: "so I do her work"."""
    words = words_in(piece)
    leans = words[:1] and words[0] in hear.joints and words[0] not in hear.linking
    return not leans and len([word for word in words if word not in hear.fillers]) >= TELLS


def _clean(piece: str, hear: Hear) -> str:
    """One line, without what joined it to the one before."""
    line = " ".join(piece.split()).strip(_TRIM)
    joint = re.match(rf"(?:(?:{'|'.join(map(re.escape, hear.joints))})\b\s*)+", flat(line))
    return line[joint.end() :].strip(_TRIM) if joint else line


def _most_told(threads: tuple[str, ...], hear: Hear) -> tuple[str, ...]:
    if len(threads) < 2:
        return ()
    kept = sorted(threads, key=lambda thread: (feels(thread, hear), len(words_in(thread))), reverse=True)[:MOST]
    return tuple(thread for thread in threads if thread in kept)
