"""The phrases of `safety` in prompts/words as expressions: (a|b), (a)?, …, %, ^ and $ over the words of a text. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
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
    return as_one(_of(words, safety, what))


def stands(words: str, safety: Safety, what: str) -> bool:
    """Whether `meant` would find anything. Phrases are tried one by one, for each is an expression but once, and together ever new ones."""
    return any(_alone(said).search(words) for _, said in _of(words, safety, what))


def kinds_in(words: str, safety: Safety, what: str) -> frozenset[str]:
    """Of lists by kind, such as "home", the kinds of which a phrase stands in these words."""
    near = (name.partition(".") for name in _near(words, safety))
    return frozenset(kind for name, _, kind in near if name == what and kind and stands(words, safety, f"{what}.{kind}"))


def _of(words: str, safety: Safety, what: str) -> tuple[tuple[int, str], ...]:
    if what not in _names(safety):
        raise KeyError(what)
    return _near(words, safety).get(what, ())


class _Phrase(NamedTuple):
    """`words` are always said, and of each of the `choices` the words of one, but for numbers; `places`: in which lists, and where."""

    said: str
    words: frozenset[str]
    choices: tuple[tuple[frozenset[str], ...], ...]
    places: tuple[tuple[str, int], ...]


@lru_cache(64)
def _near(words: str, safety: Safety) -> Mapping[str, tuple[tuple[int, str], ...]]:
    """By list, the phrases that could stand in these words, each after its place in that list."""
    by_word, kinds = _by_word(safety), frozenset(("", *words.split()))
    near: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for word in by_word.keys() & kinds:
        for phrase in by_word[word]:
            if phrase.words <= kinds and all(any(said <= kinds for said in choice) for choice in phrase.choices):
                for what, place in phrase.places:
                    near[what].add((place, phrase.said))
    return {what: tuple(sorted(each)) for what, each in near.items()}


def _lists(safety: Safety) -> Iterator[tuple[str, list[str]]]:
    """Every list by its name, such as "danger" or "threat.home"; "threat" alone is every kind of it. Harm at home is one to others."""
    whole: dict[str, list[str]] = defaultdict(list)
    for name, phrases in safety.lists:
        if "." in name:
            yield name, phrases
        whole[name.partition(".")[0]] += phrases
    whole["to_others"] += [*whole["home"], *whole["at_home"]]
    yield from whole.items()


@lru_cache(8)
def _names(safety: Safety) -> frozenset[str]:
    return frozenset(name for name, _ in _lists(safety))


@lru_cache(8)
def _by_word(safety: Safety) -> Mapping[str, Sequence[_Phrase]]:
    """From a word to the phrases that are said with it. Under "" what can be said without any."""
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for what, phrases in _lists(safety):
        for place, said in enumerate(sorted(phrases, key=len, reverse=True)):
            places[said].append((what, place))
    by_word: dict[str, list[_Phrase]] = defaultdict(list)
    for said, each in places.items():
        needs = _needs(said)
        always = frozenset().union(*(part[0] for part in needs if len(part) == 1))
        phrase = _Phrase(said, always, tuple(part for part in needs if len(part) > 1), tuple(each))
        for word in _rarest(needs):
            by_word[word].append(phrase)
    return by_word


def _needs(phrase: str) -> tuple[tuple[frozenset[str], ...], ...]:
    """Of each part that is always said, the words of its alternatives, but for numbers."""
    told = (part for part in _parts(phrase) if part not in ("…", "^", "$") and not part.endswith(")?"))
    return tuple(tuple(map(_words, _spoken(part))) for part in told)


@cache
def _words(said: str) -> frozenset[str]:
    return frozenset(word for word in said.split() if NUMBER not in word)


def _rarest(needs: Sequence[Sequence[frozenset[str]]]) -> Iterable[str]:
    """The words of which one stands wherever a phrase does; of several such, the longest, which few texts hold."""
    parts = [{max(said, key=lambda word: (len(word), word), default="") for said in part} for part in needs]
    return max(parts, key=lambda words: min(map(len, words)), default={""})


@cache
def _alone(phrase: str) -> re.Pattern[str]:
    return re.compile(_expression(phrase))


@lru_cache(256)
def as_one(phrases: tuple[tuple[int, str], ...]) -> re.Pattern[str]:
    """Phrases with (a|b), (a)?, …, %, ^ and $ as one expression."""
    return re.compile("|".join(_expression(phrase) for _, phrase in phrases) or "(?!)")


def _parts(phrase: str) -> list[str]:
    return re.findall(r"\([^)]*\)\??|\S+", phrase)


def _spoken(part: str) -> list[str]:
    """The alternatives of a part, in words; % stands for a number, alone with whatever hangs on it, as in 7pm, else as in %h."""
    return [" ".join(map(_spelled, said.split())) for said in part.strip("()?").split("|")]


@cache
def _spelled(word: str) -> str:
    return word if NUMBER in word else in_words(word)


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
