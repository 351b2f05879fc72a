"""Which language a message is in, and which one a turn is held in. Pure: the detector is passed in, or there is none.

A message that is short, or in which two languages are nearly as likely, leaves things as they are: names, "ok" and numbers never
change the language. What a detector thinks is weighed together with the commonest words, which alone decide where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from bot.model import Context, Event, Said
from bot.spelling import flat, words_in
from prompts.library import Foreign, Languages, Library, Spoken

Guess = Callable[[str], Sequence[tuple[str, float]]]
"""From a text to languages (ISO 639-1) with their chances, the likeliest first."""

ASKING = 12  # words of a message, up to which a part of it may ask for a language
TongueOf = Callable[[str], str | None]
"""From a text to the language it is in; None when it could be one or another."""

SHORTEST = 3  # words; fewer may be a name, a place or a thing
SURE, AHEAD = 0.8, 0.25  # a language's chance plus its share of common words, and how far it has to be before the next
SHORT = 8  # words of a message that is too short to be sure of
SHORT_SURE = 1.2  # the same for a message of three words
BY_WORDS, FEW = 0.3, 2  # without a detector: the share of common words, and how many different ones at least
UNKNOWN = (0.9, 5)  # chance and words from which a language we have no words of is believed
NAMING = frozenset({"zone", "partnership"})  # a step that keeps one of these is answered with a name, in whatever language that is


def tongue_of(text: str, languages: Languages, guess: Guess | None) -> str | None:
    """The language a text is written in; None when it is too short to tell, or could be one or another."""
    words = [word for word in words_in(text) if not word.isdigit()]
    size = len(words) if text.isascii() or not _writes_otherwise(text) else sum(c.isalpha() for c in text)
    if size < SHORTEST:
        return None
    known: Mapping[str, Spoken | Foreign] = {**languages.spoken, **languages.foreign}
    kinds, common = set(words), _common(languages)
    hits = {name: len(kinds & common[name]) for name in known}
    shares = {name: sum(word in common[name] for word in words) / max(1, len(words)) if hits[name] else 0.0 for name in known}
    if guess is None:
        told = {name: share for name, share in shares.items() if hits[name] >= FEW}
        return _first(told, BY_WORDS, BY_WORDS / 2)
    chances = dict(guess(" ".join(text.split())))
    unknown = next((name for name, chance in chances.items() if name not in known and chance >= UNKNOWN[0] and size >= UNKNOWN[1]), None)
    most = max((hits[name] for name in languages.spoken), default=0)
    weights = {
        name: chances.get(name, 0.0) + shares[name] * (2 if isinstance(kind, Foreign) and kind.ill_known else 1)
        for name, kind in known.items()
        if not isinstance(kind, Foreign) or _stands_out(hits[name], most, size, ill_known=kind.ill_known)
    }
    return unknown or _first(weights, SHORT_SURE if size == SHORTEST else SURE, AHEAD)


def _stands_out(hits: int, most: int, size: int, *, ill_known: bool) -> bool:
    """Whether what is not spoken here may be believed of a text: not where more of its words are those of a language that is, nor on one
    word of a language that is ill known."""
    return hits >= most and not (ill_known and hits < FEW and size < SHORT)


@lru_cache(8)
def _common(languages: Languages) -> Mapping[str, frozenset[str]]:
    return {name: frozenset(kind.common) for kinds in (languages.spoken, languages.foreign) for name, kind in kinds.items()}


def _first(weights: Mapping[str, float], sure: float, ahead: float) -> str | None:
    """The name with the most weight, if that is enough, and far enough before the next."""
    order = sorted(weights, key=lambda name: (-weights[name], name))
    if not order or weights[order[0]] < sure:
        return None
    return order[0] if len(order) == 1 or weights[order[0]] - weights[order[1]] >= ahead else None


def _writes_otherwise(text: str) -> bool:
    """True for a script that is not Latin, in which words are not always told apart by spaces."""
    return sum(c.isalpha() and ord(c) > 0x24F for c in text) > len(text) / 3


@lru_cache(64)
def asked_for(text: str, languages: Languages) -> str | None:
    """The language somebody asks to be spoken to in, whatever language they ask in; None when they don't."""
    return _asked_in(text, languages) or next((asked for part in _parts(text) if (asked := _asked_in(part, languages))), None)


def besides_language(text: str, languages: Languages) -> str:
    """What a message says besides asking for a language: "Awa" in "Awa, but in French please"."""
    if _asked_in(text, languages):
        return ""
    return ", ".join(part for part in _parts(text) if not _asked_in(part, languages))


def _parts(text: str) -> list[str]:
    """The sentences and clauses of a short message; of a longer one none, for it may only tell of a language."""
    return [part.strip() for part in re.split(r"[.,;:!?\n]+", text) if words_in(part)] if len(words_in(text)) <= ASKING else []


def _asked_in(text: str, languages: Languages) -> str | None:
    said = re.sub(r"^(?:mais|but|pero|et|and|y) ", "", " ".join(flat(text[:120]).split()).lstrip("¿¡ "))
    for language, spoken in languages.spoken.items():
        if not any(name in said for name in spoken.called):
            continue  # as in nearly every message; the patterns would cost more than all the rest
        names = "(?:" + "|".join(map(re.escape, spoken.called)) + ")"
        if any(re.search(pattern.replace("NAME", names), said) for pattern in languages.asked_for):
            return language
    return None


def held_in(library: Library, context: Context, event: Event) -> str:
    """The language of this turn: the one asked for, the one a clear message is written in, else the person's."""
    present = context.person.language if context.person.language in library.words else "en"
    if not isinstance(event, Said):
        return present
    if context.gist:
        return "en"
    asked = asked_for(event.text, library.languages)
    if asked and asked in library.words:
        return asked
    if not context.person.welcomed and (greeted := _greeting(event.text, library.languages.greetings)) in library.words:
        return greeted
    tongue = context.tongue
    return tongue if tongue is not None and tongue in library.words and not _is_naming(library, context) else present


def _greeting(text: str, greetings: Mapping[str, Sequence[str]]) -> str:
    words = words_in(text)
    return next((language for language, told in greetings.items() if words and len(words) <= SHORTEST and words[0] in told), "")


def _is_naming(library: Library, context: Context) -> bool:
    place = context.conversation.place
    if place is None or place.guide not in library.guides or not library.guides[place.guide].has(place.step):
        return False
    return library.guides[place.guide].step(place.step).keeps in NAMING
