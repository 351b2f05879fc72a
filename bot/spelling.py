"""How a text is cleaned, and how its words are told apart: in any language, with or without the accents it should have.

Pure. People type "annee" and "manana", so words and patterns are compared without accents; l'accord and qu'il are two words each,
while don't is one, for in English the apostrophe stands inside a word and in French between two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache

READ = 4000  # characters that are looked at: what a person types, not what they paste

_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF])
# The consonant that French leaves before a vowel when it drops a vowel; no English word begins with one of these and an apostrophe.
_ELIDED = re.compile(r"\b([cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu|quelqu|aujourd)'(?=[aeiouyh])")

_SPACED = re.compile(r"(?<=\S)[ \u00a0](?=[?!;:»])|(?<=«)[ \u00a0]")
BETWEEN_SENTENCES = re.compile(r"(?<=[.!?;\n])\s+")
_WORD = re.compile(r"[^\W_]+|/\w+")
_AT_HAND = 128  # texts: those of a turn, which are read many times over; no more, for what was written is not to stay in memory for long


@cache
def expression(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern of prompts/words, compiled at its first use and kept: there are more of them than the 512 that `re` remembers."""
    return re.compile(pattern, flags)


def clean(text: str) -> str:
    """What may be stored and shown: NFC, without control characters, direction overrides and halves of surrogate pairs.

    Tabs and line breaks stay, every break as one "\\n". PostgreSQL refuses NUL, and UTF-8 cannot carry a lone surrogate.
    """
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").translate(_BIDI)
    lines = re.sub("\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", whole)
    kept = "".join(c for c in lines if c in "\n\t" or (unicodedata.category(c) not in ("Cc", "Cs") and not _is_nobody(c)))
    return unicodedata.normalize("NFC", kept).strip()


def _is_nobody(char: str) -> bool:
    """Code points that never will be characters, and the mark of one that was lost. An emoji newer than this Python is none of them."""
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF or char == "\ufffd"


def bare(text: str) -> str:
    """The text without accents and with straight apostrophes, character for character, so that both have the same places."""
    return text.replace("`", "'") if text.isascii() else "".join(map(_bare, text))


@lru_cache(maxsize=4096)
def _bare(char: str) -> str:
    if char in "’ʼ`´":
        return "'"
    if char.isascii():
        return char
    first = unicodedata.normalize("NFD", char)[0]
    return first if first.isascii() else char


def flat(text: str) -> str:
    """As `bare`, and in lower case; still character for character."""
    plain = bare(text)
    return plain.lower() if plain.isascii() else "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)


@lru_cache(_AT_HAND)
def words_in(text: str) -> tuple[str, ...]:
    """Lower-case words without accents; "don’t" is dont, and "l’accord" is l and accord."""
    spaced = _ELIDED.sub(r"\1 ", flat(text[:READ])).replace("'", "").replace("œ", "oe").replace("æ", "ae")
    return tuple(_WORD.findall(spaced))


def one_line(text: str) -> str:
    """The beginning of a text, with every space or line break as one space."""
    return " ".join(text[:READ].split())


def typeset(line: str) -> str:
    """A line of ours with the narrow no-break spaces that French puts before ? ! ; : and inside « » (Imprimerie nationale, Lexique des
    règles typographiques), where whoever wrote it typed plain ones. Other languages have no space there."""
    return _SPACED.sub("\u202f", line)


def in_line(text: str) -> str:
    """A text as patterns are compared with it: one line, and flat; both have the same places."""
    return flat(one_line(text))


def any_in(patterns: Iterable[str], line: str) -> bool:
    """Whether one of these patterns is found in a text, however it was laid out."""
    return any(expression(pattern).search(line) for pattern in patterns)


def in_words(text: str) -> str:
    """The words of a text with one space between, as phrases are compared."""
    return " ".join(words_in(text))
