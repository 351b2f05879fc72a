"""What must not be coached on, heard in somebody's words: danger, threats, harassment, wrongdoing, injection, and being worn down.

And what may come while one of them has the floor. Pure and lexical: phrases and idioms are data (`safety` in prompts/words). What is
said then is safety.py's and staying.py's business.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from bot.hearing import any_of
from bot.spelling import READ, flat, in_words
from prompts.library import Safety

NUMBER = "%"
SURE = 2  # kinds of sign of harm at home that are more than a question
BETWEEN = 4  # words that may stand where a phrase of alarm has "…"
SENTENCES = re.compile(r"[^.!?;\n]+[.!?;\n]*")
CLAUSES = re.compile(r"[^.!?;:\n]+[.!?;:\n]*")


def alarm_in(text: str, safeties: Sequence[tuple[str, Safety]]) -> tuple[str, str] | None:
    """What the text raises that must not be coached on, and in which language: danger, threat, harassment, ethics or injection, in that
    order.

    `safeties` are those of every language, for people write in their own when it matters. Idioms ("that meeting nearly killed me") are
    taken out first. A false alarm costs one kind question; a missed one may cost more.
    """
    told = [(language, safety, _undenied(said, safety)) for language, safety, said in _told(text, safeties)]
    for alarm in ("danger", "threat", "harassment", "ethics", "injection"):
        for language, safety, said in told:
            if meant(said, safety, alarm).search(said) or (alarm == "danger" and len(_home_signs(said, safety)) >= SURE):
                return alarm, language
    return None


def veiled(text: str, safety: Safety) -> str | None:
    """What is only hinted at, and asked about: one sign of harm at "home", a danger "denied" before anybody asked, "kin" who were given a
    contract; None for none of them."""
    said = _literally(f" {in_words(text)} ", safety)
    if _home_signs(_undenied(said, safety), safety):
        return "home"
    return next((sign for sign in ("denied", "kin") if meant(said, safety, sign).search(said)), None)


def home_signs(text: str, safety: Safety) -> frozenset[str]:
    """The kinds of sign that somebody is hurt or controlled where they live."""
    return _home_signs(_undenied(_literally(f" {in_words(text)} ", safety), safety), safety)


def _home_signs(said: str, safety: Safety) -> frozenset[str]:
    signs = {kind for kind in safety.home if meant(said, safety, f"home.{kind}").search(said)}
    if meant(said, safety, "household").search(said):
        signs |= {kind for kind in safety.at_home if meant(said, safety, f"at_home.{kind}").search(said)}
    return frozenset(signs)


def _undenied(said: str, safety: Safety) -> str:
    return meant(said, safety, "denied").sub("~ ", said)


def _told(text: str, safeties: Sequence[tuple[str, Safety]]) -> list[tuple[str, Safety, str]]:
    """The words of a text for each language, without its idioms; an idiom of the first is none in any, whatever its words mean there."""
    words = f" {in_words(text)} "
    if safeties:
        words = _literally(words, safeties[0][1])
    return [(language, safety, _literally(words, safety)) for language, safety in safeties]


def threatened_by(text: str, safety: Safety) -> str:
    """What is done to frighten the writer: the first kind of threat that is told of, or "plain"."""
    said = f" {in_words(text)} "
    return next((kind for kind in safety.threat if meant(said, safety, f"threat.{kind}").search(said)), "plain")


def strained(text: str, safeties: Sequence[tuple[str, Safety]]) -> bool:
    """True when somebody tells of being worn down, as by sleepless nights or tears, with no sign of danger."""
    return any(meant(said, safety, "strain").search(said) for _, safety, said in _told(text, safeties))


def hinted(text: str, safety: Safety) -> str | None:
    """A hint at something graver: "spent" strength, a "doubt" about what it is all for that ends a sentence, figures that are to "gloss"
    over something, somebody who is "feared", being "belittled" before others, what was "entrusted", that they are to
    tell what partners said ("informs"), or being "overheard" by whoever is above; None for none of them."""
    parts = [text, *SENTENCES.findall(text[:READ])]
    hints = ("spent", "doubt", "gloss", "feared", "belittled", "entrusted", "informs", "overheard")
    return next((hint for hint in hints if any(says(part, hint, safety) for part in parts)), None)


def says(text: str, what: str, safety: Safety) -> bool:
    """True when one of the phrases of a list is in the text, once its idioms are taken out."""
    said = _literally(f" {in_words(text)} ", safety)
    return meant(said, safety, what).search(said) is not None


def came_in(text: str, safety: Safety) -> Iterator[str]:
    """What a message holds that is written while something grave has the floor, the most telling first."""
    said = f" {in_words(text)} "
    return (kind for kind in safety.came if meant(said, safety, f"came.{kind}").search(said))


def facts_in(text: str, safety: Safety) -> Iterator[str]:
    """What a first message tells besides what it raises: a deadline, an order from above, how it was done. The most telling first."""
    said = f" {in_words(text)} "
    return (kind for kind in safety.facts if meant(said, safety, f"facts.{kind}").search(said))


def deed_in(text: str, safety: Safety) -> str | None:
    """A step of their own with its moment, in their own words; None where none is told, and for a question."""
    clauses = [clause.strip() for clause in CLAUSES.findall(text[:READ])]
    told = [clause for clause in clauses if not clause.endswith("?") and says(clause, "deed", safety)]
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
    owner = rf"\b(?P<owner>{any_of(map(flat, owners))})(?:(?<=')|\s+)"
    return re.compile(rf"(?:{owner})?\b(?P<named>(?:(?(owner)[^\W\d_]+\s+))?(?:{any_of(map(flat, named))}))\b")


def thing_in(text: str, safety: Safety) -> str:
    """What stands outside somebody's door, or was left there, as it is said back: "two men" before "men"; empty where none is named."""
    said = f" {in_words(text)} "
    found = [(said.find(f" {in_words(word)} "), -len(word), word) for word in safety.things]
    return next((safety.things[word] for at, _, word in sorted(found) if at >= 0), "")


def gender_in(text: str, safety: Safety) -> str | None:
    """Whether somebody named is a "she" or a "he"; None where nothing shows it, or both are named."""
    found = [gender for gender in ("she", "he") if says(text, gender, safety)]
    return found[0] if len(found) == 1 else None


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
    return as_one(tuple(sorted({phrase for word in by_word.keys() & _kinds(words) for phrase in by_word[word]})))


@lru_cache(32)
def _kinds(words: str) -> frozenset[str]:
    return frozenset(("", *words.split()))


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
def _by_word(safety: Safety, what: str) -> Mapping[str, Sequence[tuple[int, str]]]:
    """From a word to the phrases that are said with it, each with its place: the longest first. Under "" what can be said without any."""
    by_word: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for placed in enumerate(sorted(_phrases(safety, what), key=len, reverse=True)):
        for word in _rarest(placed[1]):
            by_word[word].append(placed)
    return by_word


def _rarest(phrase: str) -> Iterable[str]:
    """The words of which one stands wherever the phrase does; of several such, the longest, which few texts hold."""
    told = [part for part in _parts(phrase) if part not in ("…", "^", "$") and not part.endswith(")?")]
    parts = [{"" if said.startswith(NUMBER) else said.split()[0] for said in _spoken(part)} for part in told]
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
