"""A card that speaks in one turn: its lines filled for this person, the ones heard lately kept back, its sources numbered.

A card's parts are named m0 to m2 (mirrors), q0 to q2 (questions) and o0 to o2 (options). Which of them are said, and in what
order, is coaching.py's business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.draft import Draft
from bot.hearing import feels, only_who_in, when_in
from bot.model import Choice, Cited, Offer, Option, Passage
from bot.spelling import words_in


class Voice:
    """`text` is what the person said that the card answers: slots are filled from it."""

    def __init__(self, draft: Draft, passage: Passage, text: str) -> None:
        self.draft = draft
        self.passage = passage
        self.text = text

    # --- lines

    def part(self, name: str) -> str:
        """A mirror or a question, filled."""
        line = (self.passage.mirrors if name[0] == "m" else self.passage.questions)[int(name[1])]
        return self.filled(line, first=name[0] == "m")

    def filled(self, line: str, first: bool = False) -> str:
        """Fills $who and $when: with the person's own words where they can stand, else with the card's.

        "One of your partners" is said once, in the mirror; afterwards it is "this partner". A name that stands in the line
        already is not put there again.
        """
        hear = self.draft.words.hear
        who = only_who_in(self.text, hear)
        stands_there = who and set(words_in(line)) & set(words_in(who)[-1:])
        if who and (stands_there or (not first and re.split(r"[ ’]", who)[0] not in hear.who.again)):
            who = None
        said = self.draft.fill(line, who=who or self.passage.who, when=when_in(self.text, hear) or self.passage.when)
        start = len(line) - len(line.lstrip("¿¡«“ "))
        return said[:start] + said[start : start + 1].upper() + said[start + 1 :] if line[start : start + 1] == "$" else said

    def mirrors(self) -> list[str]:
        """Best first: not heard lately, about the feeling when one was shown, close to the person's own words."""
        theirs = set(words_in(self.text)) - set(self.draft.words.hear.fillers)
        felt = feels(self.text, self.draft.words.hear)

        def rank(number: int) -> tuple[int, int, int, int]:
            shared = len(theirs & set(words_in(self.part(f"m{number}"))))
            if self.draft.plain:
                return self._heard(f"m{number}"), len(self.part(f"m{number}")), -shared, number
            return self._heard(f"m{number}"), int((number == 0) != felt), -shared, number

        return [f"m{n}" for n in sorted(range(3), key=rank)]

    def questions(self) -> list[str]:
        """Longest ago first; among those, the shortest where plain words are wanted."""
        return [f"q{n}" for n in sorted(range(3), key=lambda n: (self._heard(f"q{n}"), len(self.part(f"q{n}")) if self.draft.plain else n))]

    def fresh(self, parts: Sequence[str]) -> str | None:
        """The first of these parts that was not heard lately."""
        return next((part for part in parts if self._heard(part) < 0), None)

    def use(self, name: str) -> str:
        """Says a part, and remembers that it was said."""
        self.draft.remember(f"{self.passage.card}/{name}")
        return self.part(name)

    def ask(self) -> str:
        """A question of the card that was not asked lately; one about a step of their own when all were."""
        question = self.fresh(self.questions())
        return self.use(question) if question else self.draft.line("own.question")

    def challenge(self) -> str:
        """Another reading, with the person's own part in it, as a question: the card's challenge where it was not put lately and
        no feeling was told; else a question of the card."""
        felt = feels(self.text.rpartition("\n")[2], self.draft.words.hear)
        if felt or "?" not in self.passage.challenge or self._heard("c") >= 0:
            return self.ask()
        self.draft.remember(f"{self.passage.card}/c")
        return self.filled(self.passage.challenge)

    def show(self, numbers: Sequence[int]) -> None:
        """Remembers that these options were shown."""
        for number in numbers:
            self.draft.remember(f"{self.passage.card}/o{number}")

    def shown(self, number: int) -> bool:
        """Whether an option was shown lately, in this talk or in one before."""
        return self._heard(f"o{number}") >= 0

    def _heard(self, name: str) -> int:
        return self.draft.heard_at(f"{self.passage.card}/{name}")

    # --- options and their sources

    def choice(self, number: int) -> Choice:
        return Choice(f"opt:{self.passage.card}:{number}", self.passage.options[number].name)

    def cite(self, options: Sequence[Option]) -> tuple[Cited, ...]:
        """The sources these options rest on, numbered from 1 in the order in which they are named."""
        numbers = list(dict.fromkeys(option.source for option in options if option.source))
        return tuple(replace(self.cited(n), mark=mark) for mark, n in enumerate(numbers, 1))

    def cited(self, number: int) -> Cited:
        source = self.passage.sources[number - 1]
        first, last = source.lines.split("-")
        key, lines = ("source.where", first) if first == last else ("source.where.lines", source.lines)
        where = self.draft.line(key, doc=self.draft.line(f"doc.{source.doc}"), lines=lines, where=source.where)
        return Cited(number, self.passage.card, self.passage.title, self.passage.topics, where)

    def offer(self, option: Option) -> str:
        return self.filled(option.offer)

    def price(self, option: Option, sources: Sequence[Cited]) -> str:
        """What an option costs, with the mark of its source or of its being ours."""
        return f"{self.filled(option.price)} {self._tail(option, sources)}"

    def in_reply(self, option: Option, number: int, place: int, sources: Sequence[Cited]) -> Offer:
        """The option as a model may word it anew; its mark is not the model's."""
        return Offer(place, number, self.offer(option), self.filled(option.price), self._tail(option, sources))

    def _tail(self, option: Option, sources: Sequence[Cited]) -> str:
        if not option.source:
            return self.draft.line("ours")
        wanted = self.cited(option.source).where
        return f"[{next(cited.mark for cited in sources if cited.where == wanted)}]"
