"""Which of the choices on the table somebody means: by its number, its label or a part of it, or another word for it. Pure and lexical."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from bot.hearing import LONGEST_CONTROL, any_of, core_of, means
from bot.model import Choice
from bot.spelling import any_in, flat, in_line, in_words, words_in
from bot.straight import affirms
from prompts.library import Hear

TELLING = 4  # letters of at least one word by which a part of a label may be meant; "on" is in too many
WAYS = ("opt:", "idea:")  # how the ids of ways that were shown begin: options of a card, ideas of the coach's own
NONE = "do:none-of-these"  # a way out, not one of the things to choose from
SHORT = 7  # words of a clause in which somebody says how much energy they have
TELLS = 3  # words from which more is told after it
MIDDLE = "ok"  # the level between two others
_HEAD = re.compile(r"(?P<head>[^.,;:!?\n]+)(?:[.,;:!]|\n)(?P<rest>.+)", re.DOTALL)
SENTENCE = 5  # words from which a choice is looked for inside only when the sentence is about the person


def choice_in(text: str, choices: Iterable[Choice], hear: Hear) -> Choice | None:
    """The one choice that is meant by a number, by its label or a part of it, or by another word for it."""
    offered = list(choices)
    words = words_in(text)
    if not offered or not words or len(words) > LONGEST_CONTROL:
        return None
    core = core_of(text, hear.filling)
    if choice := _by_place(text, core, offered, hear):
        return choice
    for choice in offered:
        if words == words_in(choice.label):
            return choice
    for choice in offered:
        synonyms = hear.choices.get(choice.id.rsplit(":", 1)[-1], [])
        if means(text, synonyms, hear):
            return choice
    if affirms(text, hear) or any_in(hear.yes_if, in_line(text)):
        agreed = [choice for choice in offered if means(hear.assent.core[0], hear.choices.get(choice.id.rsplit(":", 1)[-1], []), hear)]
        return agreed[0] if len(agreed) == 1 else None
    if text.rstrip().endswith("?"):
        return None  # "what would you do?" is no part of "Ask what they need"
    fits = [choice for choice in offered if set(core) <= set(core_of(choice.label, hear.filling))]
    if len(fits) == 1 and max(map(len, core)) >= TELLING:
        return fits[0]
    return _named_inside(words, offered, hear)


def energy_in(text: str, choices: Iterable[Choice], hear: Hear) -> tuple[Choice, str] | None:
    """How much energy somebody has, said in words, and what is told after it: "ok I guess. We had the visit"; None for a scene.

    It is looked for in the clauses at the head of a message, as long as they are short and speak of nobody; where they say two things
    ("tired but fine"), it lies in the middle.
    """
    levels = {choice.id.rsplit(":", 1)[-1]: choice for choice in choices}
    phrases = _phrases_of(tuple(levels), hear)
    found, told = set[str](), 0
    for clause in re.finditer(r"[^.,;:!?\n]+[.,;:!?\n]*", text):
        here = _levels_in(clause[0], phrases, hear)
        words = words_in(clause[0])
        if not here or len(words) > SHORT or (set(words) - hear.filling) & {*hear.actors, *hear.world}:
            break
        found, told = found | here, clause.end()
    if not found:
        return None
    rest = text[told:].strip()
    level = found.pop() if len(found) == 1 else MIDDLE
    return (levels[level], rest if len(words_in(rest)) >= TELLS else "") if level in levels else None


@lru_cache(16)
def _phrases_of(levels: tuple[str, ...], hear: Hear) -> Sequence[tuple[str, str]]:
    """The words for some levels, the longest first, each with its level."""
    phrases = ((in_words(said), level) for level in levels for said in hear.choices.get(level, []))
    return sorted(phrases, key=lambda phrase: -len(phrase[0]))


def _levels_in(clause: str, phrases: Iterable[tuple[str, str]], hear: Hear) -> set[str]:
    """The levels whose words stand in a clause, the longest words first; one that "quite" might mean counts only where it is alone."""
    said, plain, faint = f" {in_words(clause)} ", set[str](), set[str]()
    for phrase, level in phrases:
        if phrase and f" {phrase} " in said:
            said = said.replace(f" {phrase} ", "  ")
            (faint if level != MIDDLE and hear.filling.issuperset(phrase.split()) else plain).add(level)
    return plain or faint


def _by_place(text: str, core: tuple[str, ...], offered: list[Choice], hear: Hear) -> Choice | None:
    """The choice at a number or an ordinal; "the last" is the last of what is offered, not a way out of it such as "none of these"."""
    shape = rf"\(?(?:(?:{any_of(hear.number_leads)}) ?|#)?(\d|{any_of(hear.numbers)})\)?[.!]?(?:,? (?:{any_of(hear.number_tails)}))?"
    if number := re.fullmatch(shape, flat(text).strip()):
        place = int(number[1]) if number[1].isdigit() else hear.numbers[number[1]]
        return offered[place - 1] if 1 <= place <= len(offered) else None
    if (named := _rank_in(core, hear)) is None or (len(offered) == 1 and not points(text, hear)):
        return None
    ranked = [choice for choice in offered if choice.id != NONE] or offered
    place = {-1: len(ranked), 0: len(ranked) // 2 + 1 if len(ranked) % 2 else 0}.get(named, named)
    return ranked[place - 1] if 1 <= place <= len(ranked) else None


def number_in(text: str, hear: Hear) -> int | None:
    """The number that a text is, and nothing else; None for any other text."""
    found = re.fullmatch(
        rf"\(?(?:(?:{any_of(hear.number_leads)}) ?|#)?(\d{{1,2}})\)?[.!)]?(?:,? (?:{any_of(hear.number_tails)}))?", flat(text).strip()
    )
    return int(found[1]) if found else None


def picked_with_words(text: str, choices: Iterable[Choice], hear: Hear) -> tuple[Choice, str] | None:
    """A choice by its number or place with something said beside it: "1. I think in January", "2 then, but how", "The second one. But she
    would be hurt". "2 people left" is none."""
    offered = list(choices)
    before = any_of([*hear.fillers, *hear.picks, *hear.number_leads])
    found = re.match(rf"(?:(?:{before})[,.]? ){{0,3}}(?P<number>\d)(?P<sep>[.):,;–-]*)\s+(?P<rest>.{{2,}})$", flat(text).strip(), re.DOTALL)
    if found is None or not 1 <= int(found["number"]) <= len(offered):
        return _placed_with_words(text, offered, hear)
    choice, rest = offered[int(found["number"]) - 1], text.strip()[found.start("rest") :].strip()
    leads = words_in(rest)[:1]
    named = {word for word in words_in(choice.label) if len(word) >= TELLING} & set(words_in(rest))
    if not (found["sep"] or named or set(leads) & {*hear.turns, *hear.joints, *hear.picks}):
        return None
    return choice, rest


def _placed_with_words(text: str, offered: list[Choice], hear: Hear) -> tuple[Choice, str] | None:
    """A choice that the first sentence or clause only points at, with what is said after it."""
    found = _HEAD.fullmatch(text.strip())
    if found is None or not points(found["head"], hear):
        return None
    head, rest = found["head"], found["rest"].strip()
    choice = _by_place(head, core_of(head, hear.filling), offered, hear)
    return (choice, rest) if choice and len(words_in(rest)) >= TELLS else None


def _rank_in(core: tuple[str, ...], hear: Hear) -> int | None:
    """The ordinal that a few words come to: "the second one", "no, I mean the last option"."""
    named = [hear.ordinals[word] for word in core if word in hear.ordinals]
    others = [word for word in core if word not in hear.ordinals and word not in hear.picks]
    return named[0] if len(named) == 1 and len(others) <= 1 else None


def points(text: str, hear: Hear) -> bool:
    """Whether a text only points at one of several things by its place: "the second one". It says nothing else."""
    core = core_of(text, hear.filling)
    return len(words_in(text)) <= LONGEST_CONTROL and _rank_in(core, hear) is not None and set(core) <= {*hear.ordinals, *hear.picks}


def _named_inside(words: tuple[str, ...], offered: list[Choice], hear: Hear) -> Choice | None:
    """Another word for one choice of a guide, inside a short sentence about oneself: "I'm employed by one of them"."""
    said = f" {' '.join(words)} "
    if len(words) >= SENTENCE and not any(said.startswith(f" {' '.join(words_in(hedge))} ") for hedge in (*hear.hedges, *hear.at_work)):
        return None
    named = [
        choice
        for choice in offered
        if not choice.id.startswith(("do:", *WAYS, "step:", "guide:", "group:"))
        and any(
            len(phrase) >= TELLING and f" {phrase} " in said for phrase in map(in_words, hear.choices.get(choice.id.rsplit(":", 1)[-1], []))
        )
    ]
    return named[0] if len(named) == 1 else None


def choices_in(text: str, choices: Iterable[Choice], hear: Hear) -> tuple[Choice, ...]:
    """Several choices at once: "1 and 3", "1-3", "all of them", or their words with commas or "and" between."""
    offered, several = list(choices), hear.several
    said = re.sub(rf"^(?:{any_of(several.both)})\s+", "", flat(text).strip())
    if spanned := re.fullmatch(rf"(?:\w{{1,3}} )?(\d)\s*(?:[-–]|{any_of(several.through)})\s*(?:\w{{1,2}} )?(\d)[.!]?", said):
        first, last = sorted(map(int, spanned.groups()))
        return tuple(offered[first - 1 : last]) if 1 <= first <= last <= len(offered) else ()
    if choice := choice_in(said, offered, hear):
        return (choice,)
    if set(words_in(said)) & set(several.everything) and len(words_in(said)) <= 3:
        return tuple(offered)
    found: set[str] = set()
    for part in re.split(r"[,;&+/]|(?<=\d)\s+(?=\d)", said):  # a label may itself hold an "and", so it is tried whole first
        whole = choice_in(part, offered, hear)
        bits = [bit for bit in re.split(rf"\b(?:{any_of(several.between)})\b", part) if bit.strip()]
        each = [whole] if whole else [choice_in(bit, offered, hear) for bit in bits]
        if any(choice is None for choice in each):
            return ()
        found |= {choice.id for choice in each if choice}
    return tuple(choice for choice in offered if choice.id in found)
