"""The phrases of `safety` in prompts/words as expressions: (a|b), (a)?, …, %, ^ and $ over the words of a text. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from bot.spelling import in_words
from prompts.library import Safety

NUMBER = "%"
BETWEEN = 4  # words that may stand where a phrase has "…"
SENTENCES = re.compile(r"[^.!?;\n]+[.!?;\n]*")
CLAUSES = re.compile(r"[^.!?;:\n]+[.!?;:\n]*")
PARTS = re.compile(r"[^.,!?;:\n]+")


def meant(words: str, safety: Safety, what: str) -> re.Pattern[str]:
    """One expression, over words that each end in a space, for those phrases of a list that could stand in these words at all.

    Nearly always that is none of several hundred: a phrase can only stand where words of each of its parts do. What the expression finds
    is what one for the whole list would find; but to make that of phrases that cannot stand there takes longer than all the rest of a
    turn.
    """
    by_word, kinds = _by_word(safety, what), _kinds(words)
    if by_word.keys().isdisjoint(kinds):
        return as_one(())
    near = {phrase for word in by_word.keys() & kinds for phrase in by_word[word]}
    return as_one(tuple(sorted((phrase.place, phrase.said) for phrase in near if all(_any_in(part, kinds) for part in phrase.needs))))


def _any_in(part: Sequence[frozenset[str]], kinds: frozenset[str]) -> bool:
    return any(said <= kinds for said in part)


@lru_cache(32)
def _kinds(words: str) -> frozenset[str]:
    return frozenset(("", *words.split()))


class _Phrase(NamedTuple):
    """`needs`: of each part that is always said, the words of its alternatives, but for numbers."""

    place: int
    said: str
    needs: tuple[tuple[frozenset[str], ...], ...]


def _phrases(safety: Safety, what: str) -> list[str]:
    """A list by its name, such as "danger" or "threat.home"; "threat" alone is every kind of it. Harm at home is one to others."""
    if what == "to_others":
        return [*safety.to_others, *_phrases(safety, "home"), *_phrases(safety, "at_home")]
    name, _, kind = what.partition(".")
    part: list[str] | dict[str, list[str]] = getattr(safety, name)
    if isinstance(part, list):
        return part
    return part[kind] if kind else [phrase for phrases in part.values() for phrase in phrases]


@lru_cache(512)
def _by_word(safety: Safety, what: str) -> Mapping[str, Sequence[_Phrase]]:
    """From a word to the phrases that are said with it, the longest first. Under "" what can be said without any."""
    by_word: dict[str, list[_Phrase]] = defaultdict(list)
    for place, said in enumerate(sorted(_phrases(safety, what), key=len, reverse=True)):
        phrase = _Phrase(place, said, _needs(said))
        for word in _rarest(phrase.needs):
            by_word[word].append(phrase)
    return by_word


def _needs(phrase: str) -> tuple[tuple[frozenset[str], ...], ...]:
    told = (part for part in _parts(phrase) if part not in ("…", "^", "$") and not part.endswith(")?"))
    return tuple(tuple(frozenset(word for word in said.split() if NUMBER not in word) for said in _spoken(part)) for part in told)


def _rarest(needs: Sequence[Sequence[frozenset[str]]]) -> Iterable[str]:
    """The words of which one stands wherever a phrase does; of several such, the longest, which few texts hold."""
    parts = [{max(said, key=lambda word: (len(word), word), default="") for said in part} for part in needs]
    return max(parts, key=lambda words: min(map(len, words)), default={""})


@lru_cache(256)
def as_one(phrases: tuple[tuple[int, str], ...]) -> re.Pattern[str]:
    """Phrases with (a|b), (a)?, …, %, ^ and $ as one expression."""
    return re.compile("|".join(_expression(phrase) for _, phrase in phrases) or "(?!)")


def _parts(phrase: str) -> list[str]:
    return re.findall(r"\([^)]*\)\??|\S+", phrase)


def _spoken(part: str) -> list[str]:
    """The alternatives of a part, in words; % stands for a number, alone with whatever hangs on it, as in 7pm, else as in %h."""
    return [" ".join(word if NUMBER in word else in_words(word) for word in said.split()) for said in part.strip("()?").split("|")]


def _as_said(words: str) -> str:
    return " ".join(
        r"\d\S*" if word == NUMBER else r"\d+" + re.escape(word[1:]) if word.startswith(NUMBER) else re.escape(word)
        for word in words.split()
    )


def _expression(phrase: str) -> str:
    expression = "(?<= )"
    for part in _parts(phrase):
        if part == "…":
            expression += rf"(?:\S+ ){{0,{BETWEEN}}}?"
        elif part == "^":
            expression += "(?<=^ )"
        elif part == "$":
            expression += "(?!.)"
        else:
            expression += f"(?:(?:{'|'.join(map(_as_said, _spoken(part)))}) ){'?' if part.endswith(')?') else ''}"
    return expression
