"""What must not be coached on, heard in somebody's words: danger, threats, harassment, wrongdoing, injection, and being worn down.

And what may come while one of them has the floor. Pure and lexical: phrases and idioms are data (`safety` in prompts/words). What is
said then is safety.py's and staying.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from bot.hearing import any_of
from bot.spelling import READ, flat, in_words
from prompts.library import Safety

BETWEEN = 4  # words that may stand where a phrase of alarm has "…"
SENTENCES = re.compile(r"[^.!?;\n]+[.!?;\n]*")
CLAUSES = re.compile(r"[^.!?;:\n]+[.!?;:\n]*")


def alarm_in(text: str, safeties: Sequence[tuple[str, Safety]]) -> tuple[str, str] | None:
    """What the text raises that must not be coached on, and in which language: danger, threat, harassment, ethics or injection, in that
    order.

    `safeties` are those of every language, for people write in their own when it matters. Idioms ("that meeting nearly killed me") are
    taken out first. A false alarm costs one kind question; a missed one may cost more.
    """
    told = _told(text, safeties)
    for alarm in ("danger", "threat", "harassment", "ethics", "injection"):
        for language, safety, said in told:
            kinds = safety.threat.values() if alarm == "threat" else [getattr(safety, alarm)]
            if any(_meant(tuple(phrases)).search(said) for phrases in kinds):
                return alarm, language
    return None


def _told(text: str, safeties: Sequence[tuple[str, Safety]]) -> list[tuple[str, Safety, str]]:
    """The words of a text for each language, without its idioms; an idiom of the first is none in any, whatever its words mean there."""
    words = f" {in_words(text)} "
    if safeties:
        words = _meant(tuple(safeties[0][1].idioms)).sub("~ ", words)
    return [(language, safety, _meant(tuple(safety.idioms)).sub("~ ", words)) for language, safety in safeties]


def threatened_by(text: str, safety: Safety) -> str:
    """What is done to frighten the writer: the first kind of threat that is told of, or "plain"."""
    said = f" {in_words(text)} "
    return next((kind for kind, phrases in safety.threat.items() if _meant(tuple(phrases)).search(said)), "plain")


def strained(text: str, safeties: Sequence[tuple[str, Safety]]) -> bool:
    """True when somebody tells of being worn down, as by sleepless nights or tears, with no sign of danger."""
    return any(_meant(tuple(safety.strain)).search(said) for _, safety, said in _told(text, safeties))


def hinted(text: str, safety: Safety) -> str | None:
    """A hint at something graver: "spent" strength, or a "doubt" about what it is all for that ends a sentence; None for neither."""
    parts = [text, *SENTENCES.findall(text[:READ])]
    return next((hint for hint in ("spent", "doubt") if any(says(part, getattr(safety, hint), safety) for part in parts)), None)


def says(text: str, phrases: Iterable[str], safety: Safety) -> bool:
    """True when one of the phrases is in the text, once its idioms are taken out."""
    return _meant(tuple(phrases)).search(_meant(tuple(safety.idioms)).sub("~ ", f" {in_words(text)} ")) is not None


def came_in(text: str, safety: Safety) -> Iterator[str]:
    """What a message holds that is written while something grave has the floor, the most telling first."""
    said = f" {in_words(text)} "
    return (kind for kind, phrases in safety.came.items() if _meant(tuple(phrases)).search(said))


def deed_in(text: str, safety: Safety) -> str | None:
    """A step of their own with its moment, in their own words; None where none is told, and for a question."""
    clauses = [clause.strip() for clause in CLAUSES.findall(text[:READ])]
    told = [clause for clause in clauses if not clause.endswith("?") and says(clause, safety.deed, safety)]
    return " ".join(told).strip(" .;:!,") or None


def named_in(text: str, safety: Safety, kind: str) -> str | None:
    """Whom or what somebody names to turn to, said back to them: "my union rep" becomes "your union rep". `kind`: people or channels."""
    flatly = flat(text[:READ])
    found = _naming(tuple(safety.owners), tuple(getattr(safety, kind))).search(flatly)
    if found is None:
        return None
    named = text[slice(*found.span("named"))]
    owner = safety.owners[flat(found["owner"]).strip()] if found["owner"] else ""
    return f"{owner} {named}".replace("’ ", "’").strip()


@lru_cache(maxsize=32)
def _naming(owners: tuple[str, ...], named: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:\b(?P<owner>{any_of(map(flat, owners))})(?:(?<=')|\s+))?\b(?P<named>{any_of(map(flat, named))})\b")


def told_of_another(text: str, safety: Safety) -> bool:
    """True when what is told happened to somebody else, as far as the words show it."""
    words = f" {in_words(text)} "
    told, others = _meant(tuple(safety.told_of)).subn("~ ", words)
    return others > 0 and not _meant(tuple(safety.of_oneself)).search(told)


@lru_cache(maxsize=512)
def _meant(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Phrases with (a|b), (a)?, …, %, ^ and $ as one expression over words that each end in a space."""
    if not phrases:
        return re.compile(r"(?!)")
    return re.compile("|".join(_expression(phrase) for phrase in sorted(phrases, key=len, reverse=True)))


def _expression(phrase: str) -> str:
    expression = "(?<= )"
    for part in re.findall(r"\([^)]*\)\??|\S+", phrase):
        if part == "…":
            expression += rf"(?:\S+ ){{0,{BETWEEN}}}?"
        elif part == "^":
            expression += "(?<=^ )"
        elif part == "$":
            expression += "(?!.)"
        else:
            spoken = [_spoken(word) for word in part.strip("()?").split("|")]
            expression += f"(?:(?:{'|'.join(spoken)}) ){'?' if part.endswith(')?') else ''}"
    return expression


def _spoken(words: str) -> str:
    """The words of one alternative, where % stands for a number: alone with whatever hangs on it, as in 7pm, else as in %h."""
    return " ".join(
        r"\d\S*" if word == "%" else r"\d+" + re.escape(word[1:]) if word.startswith("%") else re.escape(in_words(word))
        for word in words.split()
    )
