"""Hears a question about an act of the writer's own: "do I go over her head or not", "what would it cost me", "what do I do first". Pure.

Heard only where a sentence both asks and names a kind of act that is known; what is answered is answering.py's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import NamedTuple

from bot.doings import RUN
from bot.hearing import at_hand
from bot.spelling import BETWEEN_SENTENCES, any_in, expression, flat, in_line, one_line, words_in
from prompts.library import Hear, Shape

BY_THEMSELVES = ("first", "both", "honest")  # kinds whose words are a question already
OF_ITSELF = ("cost",)  # and one that names no act
ANY = "any"
LEAST = 2  # words of an act that is named back


class Weighed(NamedTuple):
    """The kind of act, ANY for an unknown one; the act as they put it, "" where it is too long to be named back; the sentence that asks."""

    kind: str
    act: str
    sentence: str


@at_hand
def weighed_in(text: str, hear: Hear) -> Weighed | None:
    """The last question of a text about an act of one's own; None where there is none."""
    sentences = [part for part in BETWEEN_SENTENCES.split(text) if words_in(part)]
    for n in range(len(sentences) - 1, -1, -1):
        if found := _asked(sentences, n, hear):
            return found
    return None


def _asked(sentences: list[str], n: int, hear: Hear) -> Weighed | None:
    said, line, weighs = one_line(sentences[n]), in_line(sentences[n]), hear.weighs
    if any_in(weighs.unless, line):
        return None
    for kind in BY_THEMSELVES:
        if kind in weighs.kinds and _at(weighs.kinds[kind], line) is not None:
            return Weighed(kind, "", sentences[n])
    for found in _found(weighs.asks, line):
        if kind := _kind(line[found.start("what") :], hear):
            return Weighed(kind, _named(said, line, found, hear), sentences[n])
    for found in _found(weighs.judged, line):
        return Weighed(ANY, _named(said, line, found, hear), sentences[n])
    return _bare(sentences, n, hear)


def _bare(sentences: list[str], n: int, hear: Hear) -> Weighed | None:
    """A question that names no act, of the act in the same sentence or in the one before."""
    if not any_in(hear.weighs.bare, in_line(sentences[n])):
        return None
    for sentence in (sentences[n], *sentences[n - 1 : n]):
        if kind := _kind(in_line(sentence), hear):
            begins = _at(hear.weighs.kinds[kind], in_line(sentence)) or 0
            return Weighed(kind, "" if kind in OF_ITSELF else _short(one_line(sentence)[begins:], hear), sentences[n])
    return None


def _found(patterns: Iterable[str], line: str) -> Iterator[re.Match[str]]:
    for pattern in patterns:
        yield from expression(pattern).finditer(line)


def _kind(line: str, hear: Hear) -> str:
    return next((kind for kind, shape in hear.weighs.kinds.items() if _at(shape, line) is not None), "")


def _at(shape: Shape, line: str) -> int | None:
    """Where a kind of act is named first; None where it is not."""
    if any_in(shape.unless, line):
        return None
    return next((found.start() for pattern in shape.heard if (found := expression(pattern).search(line))), None)


def _named(said: str, line: str, found: re.Match[str], hear: Hear) -> str:
    begins = found.start("what")
    begins -= next((len(each) for each in hear.weighs.before if line[:begins].endswith(each)), 0)
    return _short(said[begins : found.end("what")], hear)


def _short(act: str, hear: Hear) -> str:
    """An act in no more words than may be told back, cut before a word that joins; empty where it cannot be."""
    uncut = act.strip(" ,.;:!?¿¡").split()
    words = list(takewhile(lambda word: flat(word) not in hear.weighs.cuts and word[:1] != ",", uncut))
    joining = {*hear.linking, *hear.joints, *hear.doings.cuts, *hear.loose_ends}
    for end in range(min(len(words), RUN), LEAST - 1, -1):
        if end == len(words) or (flat(words[end]) in joining and flat(words[end - 1]) not in joining):
            return " ".join(words[:end]).rstrip(",")
    return ""
