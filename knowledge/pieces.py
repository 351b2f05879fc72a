"""Cuts the blocks of a document into pieces of about a paragraph or two: long enough to be understood alone, short enough to be found.

A piece stays under one heading and on one page, so that both can be named. Nothing is reworded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from knowledge.blocks import Block

SHORT, LONG = 80, 180  # words; the model reads about 190 English ones and leaves out the rest
TAIL = 30  # a rest shorter than this goes with the piece before it
TOO_FEW = 5  # words; less is a page number, a caption, a stray cell
SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[\"'“‘«(¿¡]?[^\W_a-z])|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Piece:
    where: str
    heading: tuple[str, ...] = ()
    text: str = field(default="", repr=False)

    @property
    def in_context(self) -> str:
        """With the heading that it stands under: a section rarely repeats what it is about."""
        return f"{self.heading[-1]}. {self.text}" if self.heading else self.text


def size_of(text: str) -> int:
    """Words, or as many as there would be in a script that puts no space between them."""
    return max(len(text.split()), len(text) // 9)


def pieces_of(blocks: Iterable[Block]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    held: list[Block] = []

    def close() -> None:
        if not held:
            return
        first, text = held[0], " ".join(block.text for block in held)
        last = pieces[-1] if pieces else None
        if last and size_of(text) < TAIL and _together(last, first) and size_of(last.text) + size_of(text) <= LONG:
            pieces[-1] = Piece(last.where, last.heading, f"{last.text} {text}")
        else:
            pieces.append(Piece(first.where, first.heading, text))
        held.clear()

    for block in blocks:
        for text in _parts(block.text):
            size = sum(size_of(one.text) for one in held)
            if held and (not _together(held[0], block) or size >= SHORT or size + size_of(text) > LONG):
                close()
            held.append(Block(block.where, block.heading, text))
    close()
    return tuple(piece for piece in pieces if size_of(piece.text) >= TOO_FEW)


def _together(one: Block | Piece, other: Block) -> bool:
    """Lines and paragraphs are counted on under one heading; a page ends a piece."""
    return one.heading == other.heading and (one.where == other.where or not other.where.startswith("page "))


def _parts(text: str) -> Iterator[str]:
    """A block as it is, or at its sentences in parts of nearly the same length."""
    size = size_of(text)
    if size <= LONG:
        yield text
        return
    wanted = size / -(-size // ((SHORT + LONG) // 2))
    held: list[str] = []
    for sentence in sentences_in(text):
        held.append(sentence)
        if sum(map(size_of, held)) >= wanted:
            yield " ".join(held)
            held = []
    if held:
        yield " ".join(held)


def sentences_in(text: str) -> list[str]:
    """Sentences; one that is far too long (a list, a table, no punctuation at all) is cut between words."""
    found = []
    start = 0
    for end in [match.end() for match in SENTENCE.finditer(text)] + [len(text)]:
        sentence = text[start:end].strip()
        start = end
        if size_of(sentence) <= LONG:
            found += [sentence] if sentence else []
            continue
        words: list[str] = []
        for word in (whole[n : n + 300] for whole in sentence.split() for n in range(0, len(whole), 300)):
            if words and size_of(" ".join([*words, word])) > SHORT:
                found.append(" ".join(words))
                words = []
            words.append(word)
        found.append(" ".join(words))
    return found
