"""What must not be coached on, heard in somebody's words: danger, harassment, wrongdoing, injection, and being worn down.

Pure and lexical: phrases and idioms are data (`safety` in prompts/words). What is said then is safety.py's business.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from bot.spelling import in_words
from prompts.library import Safety

BETWEEN = 4  # words that may stand where a phrase of alarm has "…"


def alarm_in(text: str, safeties: Sequence[tuple[str, Safety]]) -> tuple[str, str] | None:
    """What the text raises that must not be coached on, and in which language: danger, harassment, ethics or injection, in that order.

    `safeties` are those of every language, for people write in their own when it matters. Idioms ("that meeting nearly killed me") are
    taken out first. A false alarm costs one kind question; a missed one may cost more.
    """
    words = f" {in_words(text)} "
    if safeties:  # an idiom of the language that is spoken is one, whatever its words mean in another
        words = _literally(words, safeties[0][1])
    told = [(language, safety, _literally(words, safety)) for language, safety in safeties]
    for alarm in ("danger", "harassment", "ethics", "injection"):
        for language, safety, said in told:
            if meant(said, safety, alarm).search(said):
                return alarm, language
    return None


def strained(text: str, safeties: Sequence[tuple[str, Safety]]) -> bool:
    """True when somebody tells of being worn down, as by sleepless nights or tears, with no sign of danger."""
    words = f" {in_words(text)} "
    return any(meant(words, safety, "strain").search(_literally(words, safety)) for _, safety in safeties)


def told_of_another(text: str, safety: Safety) -> bool:
    """True when what is told happened to somebody else, as far as the words show it."""
    words = f" {in_words(text)} "
    told, others = meant(words, safety, "told_of").subn("~ ", words)
    return others > 0 and not meant(told, safety, "of_oneself").search(told)


def _literally(words: str, safety: Safety) -> str:
    return meant(words, safety, "idioms").sub("~ ", words)


def meant(words: str, safety: Safety, what: str) -> re.Pattern[str]:
    """One expression, over words that each end in a space, for those phrases of a list that could stand in these words at all.

    Nearly always that is none or a few of several hundred: a phrase can only stand where one of the words is that it cannot be said
    without. What the expression finds is what one for the whole list would find.
    """
    by_word = _by_word(safety, what)
    return as_one(tuple(sorted({phrase for word in {"", *words.split()} for phrase in by_word.get(word, ())})))


@lru_cache(64)
def _by_word(safety: Safety, what: str) -> Mapping[str, Sequence[tuple[int, str]]]:
    """From a word to the phrases that are said with it, each with its place: the longest first. Under "" what can be said without any."""
    by_word: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for placed in enumerate(sorted(getattr(safety, what), key=len, reverse=True)):
        for word in _rarest(placed[1]):
            by_word[word].append(placed)
    return by_word


def _rarest(phrase: str) -> Iterable[str]:
    """The words of which one stands wherever the phrase does; of several such, the longest, which few texts hold."""
    parts = [{said.split()[0] for said in _spoken(part)} for part in _parts(phrase) if part not in ("…", "^") and not part.endswith(")?")]
    return max(parts, key=lambda words: min(map(len, words)), default={""})


@lru_cache(256)
def as_one(phrases: tuple[tuple[int, str], ...]) -> re.Pattern[str]:
    """Phrases with (a|b), (a)?, … and ^ as one expression."""
    return re.compile("|".join(_expression(phrase) for _, phrase in phrases) or "(?!)")


def _parts(phrase: str) -> list[str]:
    return re.findall(r"\([^)]*\)\??|\S+", phrase)


def _spoken(part: str) -> list[str]:
    return [in_words(word) for word in part.strip("()?").split("|")]


def _expression(phrase: str) -> str:
    expression = "(?<= )"
    for part in _parts(phrase):
        if part == "…":
            expression += rf"(?:\S+ ){{0,{BETWEEN}}}?"
        elif part == "^":
            expression += "(?<=^ )"
        else:
            expression += f"(?:(?:{'|'.join(map(re.escape, _spoken(part)))}) ){'?' if part.endswith(')?') else ''}"
    return expression
