"""What somebody told, said again in other words: "She can stop our permit" is "Your permit hangs on her".

A clause told back as it stands is heard, but a fresh one shows that it was understood (rubric C1). Kinds of clauses are known by their
shape, and each brings what may lie in it and a question that leads on; all of it is data (prompts/recasts). Its particulars stay, and
nothing is said that was not: what no kind fits is told back as it is (retelling.py).
"""

from __future__ import annotations

import re
from functools import lru_cache
from string import Template
from typing import Literal, NamedTuple
from zlib import crc32

from bot.doings import RUN, run_of
from bot.draft import Draft
from bot.hearing import at_hand
from bot.retelling import Clause, guessed, small, turned_in
from bot.retelling import weight_of as weighs
from bot.sieve import Sieve
from bot.spelling import expression, flat, one_line, words_in
from prompts.library import Hear, Recast, Recasts

NEAR = 2.0  # how much less than the weightiest clause another may weigh, if it is the one that can be said again
LONGEST = 160  # characters of a question
LATELY = 30  # marks of what was said, some eight replies: within them no clause is said again twice
TWICE = 3  # words that what stands behind may say again in a row
JUST = 6  # marks of what was said, within this reply


class Again(NamedTuple):
    """`name` is that of its kind; `slots` are whom and what it is about, as they stand in a line; `clause` is what was told, perhaps only
    as a `guess`."""

    name: str
    kind: Recast
    slots: dict[str, str]
    clause: str
    guess: bool

    @property
    def mark(self) -> str:
        return f"recast:{crc32(flat(self.clause).encode()):x}"  # not the words themselves: marks are no place for them


@at_hand
def again_in(text: str, hear: Hear, recasts: Recasts) -> Again | None:
    """The weightiest clause of a text that can be said again; None for none."""
    told = sorted(((weighs(clause.said, hear) + clause.turned, clause) for clause in turned_in(text, hear)), key=lambda each: -each[0])
    least = told[0][0] - NEAR if told else 0.0
    return next((again for weight, clause in told if weight >= least and (again := _again(clause, hear, recasts))), None)


def _again(clause: Clause, hear: Hear, recasts: Recasts) -> Again | None:
    said = _between_moments(one_line(clause.said), hear)
    line = flat(said)
    for name in dict.fromkeys(_sieve(recasts).found_in(line)):
        for pattern in recasts.heard[name]:
            if (found := expression(pattern).search(line)) and (slots := _slots(said, found, hear, recasts)) is not None:
                return Again(name, recasts.told[name], slots, clause.said, clause.guess)
    return None


def _between_moments(clause: str, hear: Hear) -> str:
    """A clause without the moment that stands before or behind it: "yesterday he shouted at me"."""
    moments = "|".join(hear.retelling.moments) or "(?!)"
    head = expression(rf"(?:{moments}),? ").match(flat(clause))
    rest = clause[head.end() :] if head else clause
    tail = expression(rf"(?<=\w),? (?:{moments})$").search(flat(rest))
    return rest[: tail.start()] if tail else rest


def _slots(said: str, found: re.Match[str], hear: Hear, recasts: Recasts) -> dict[str, str] | None:
    """What stands in the slots; None where one of them is no whole thing."""
    told = {slot: said[slice(*found.span(slot))] for slot, part in found.groupdict().items() if part}
    what, pronouns = words_in(told.get("what", "")), {*hear.doings.pronouns, *recasts.whom.values()}
    if what and (what[-1] in {*hear.loose_ends} - {*pronouns, *hear.addressed} or {*what} <= pronouns):
        return None
    slots = {slot: small(part, hear) if said.startswith(part) else part for slot, part in told.items()}
    if who := slots.get("who"):
        slots["whom"] = recasts.whom.get(flat(who), who)
        of = recasts.of_s if flat(who).endswith("s") else recasts.of
        slots["whose"] = recasts.whose.get(flat(who), of.replace("$who", who))
    return slots


@lru_cache(8)
def _sieve(recasts: Recasts) -> Sieve:
    return Sieve(recasts.heard)


# --- said


def said_again(draft: Draft, text: str, longest: int, behind: str = "") -> str:
    """What was told, said again, with `behind` after it, else with what may lie in it; empty where it can't be, or was lately."""
    again = _fresh(draft, text)
    if again is None:
        return ""
    said = _say(draft, again, "says", text, longest - len(behind) - len(". "))
    if not said:
        return ""
    draft.remember(again.mark)
    said = guessed(said, draft.words.hear) if again.guess else said
    twice = run_of(said, behind) > TWICE
    rest = (not twice and behind) or _say(draft, again, "means", text, longest - len(said) - len(". "))
    return f"{said}. {rest}".strip()


def kind_told(draft: Draft, text: str) -> str:
    """The kind of clause in a text that could be said again; empty for none."""
    again = _of(draft, text)
    return again.name if again else ""


def clause_told(draft: Draft, text: str) -> str:
    """The clause of a text that could be said again, as it is told back; empty for none, and for one that was said again lately."""
    again = _fresh(draft, text)
    return again.clause if again else ""


def asked_on(draft: Draft, text: str) -> str:
    """A question that follows from what this reply says again; empty where it says nothing again, or each was asked lately."""
    again = _of(draft, text)
    return _say(draft, again, "asks", text, LONGEST) if again and draft.lately(again.mark, JUST) else ""


def _fresh(draft: Draft, text: str) -> Again | None:
    again = _of(draft, text)
    return None if again is None or draft.lately(again.mark, LATELY) else again


def _of(draft: Draft, text: str) -> Again | None:
    recasts = draft.library.recasts.get(draft.language)
    return again_in(text, draft.words.hear, recasts) if recasts else None


def _say(draft: Draft, again: Again, part: Literal["says", "means", "asks"], text: str, longest: int) -> str:
    """One of the lines whose slots can be filled, short enough and with none of theirs too long in a row, that says most of their own;
    empty where there is none that was not said lately."""
    key, lines = f"recast.{again.name}.{part}", getattr(again.kind, part)
    filled = {n: draft.fill(line, **again.slots) for n, line in enumerate(lines) if _slots_of(line) <= {*again.slots}}
    fresh = [n for n, said in filled.items() if len(said) <= longest and run_of(said, text) <= RUN and draft.heard_at(f"{key}#{n}") < 0]
    if not fresh:
        return ""
    turned = crc32(again.clause.encode())
    best = min(fresh, key=lambda n: ("$what" not in lines[n], (n + turned) % len(lines)))
    draft.remember(f"{key}#{best}")
    return filled[best][:1].upper() + filled[best][1:]


def _slots_of(line: str) -> set[str]:
    return {*Template(line).get_identifiers()}
