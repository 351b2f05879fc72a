"""Logbooks of invented brokers, week by week, and the letters they get: played through the real manager, store and clock.

A file in letters/ tells who writes, and what they keep in each week. The letter comes on Friday at 15:30 of their own time; in the
evening they answer it, so that letters go on coming, unless the week is `silent`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from adapters.replay import VirtualClock
from bot.manager import Finder, Manager
from bot.model import Consent, Energy, Entry, Inbound, Intention, Letter, Partnership, Person, PersonId, Phase, Rhythm
from bot.rhythm import at_wall_clock
from prompts.library import Library
from storage.store import Store

FILES = sorted(Path(__file__).with_name("letters").glob("*.yaml"))
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EVENING = time(18, 0)
LETTER = (4, time(15, 30))
ANSWER = {"en": "I will think about that over the weekend", "fr": "J'y pense ce week-end", "es": "Lo pienso este fin de semana"}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Note(_Part):
    """One entry: its day, and the answers by step; a Friday's is written after the letter, on its evening, unless `early`."""

    day: Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    text: str
    meaning: str = ""
    lesson: str = ""
    energy: Energy | None = None
    early: bool = False

    @property
    def told(self) -> tuple[tuple[str, str], ...]:
        return tuple((step, text) for step, text in (("moment", self.text), ("meaning", self.meaning), ("try", self.lesson)) if text)


class Planned(_Part):
    text: str
    made: str = "Mon"
    due: str = "Thu"
    outcome: str = ""


class WeekOf(_Part):
    notes: list[Note] = []
    plan: Planned | None = None
    says: str = ""  # said on Thursday, in the chat
    answer: str = ""
    silent: bool = False


class Logbook(_Part):
    """`about`: who it is, for whoever reads the file."""

    about: str
    language: Literal["en", "fr", "es"]
    zone: str
    name: str = ""
    partnership: str = ""
    phases: list[Phase] = []
    broker: Literal["internal", "external"] | None = None
    start: date = date(2026, 3, 2)
    weeks: list[WeekOf]


@dataclass(frozen=True)
class Posted:
    """A letter, the week it is about (from 1), and all that was in the logbook when it came."""

    week: int
    letter: Letter
    entries: tuple[Entry, ...]
    plans: tuple[Intention, ...]

    @property
    def text(self) -> str:
        return self.letter.message.text


def logbook(path: Path) -> Logbook:
    return Logbook.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


async def posted(book: Logbook, home: Path, library: Library, found: Callable[[], Finder]) -> list[Posted]:
    """Every message of the kind `nudge` that came of the clock, in order."""
    monday = book.start
    clock = VirtualClock(at_wall_clock(monday, time(7, 0), book.zone))
    store = Store.open(f"sqlite:///{home / 'brokercoach.db'}", home / "key", clock)
    try:
        return await Play(book, store, Manager(library, store, found, clock), clock).weeks()
    finally:
        store.close()


class Play:
    def __init__(self, book: Logbook, store: Store, manager: Manager, clock: VirtualClock) -> None:
        self.book = book
        self.store = store
        self.manager = manager
        self.clock = clock
        partnerships = (Partnership(book.partnership, tuple(book.phases)),) if book.partnership else ()
        person = Person(
            PersonId(""), book.language, book.name or None, book.zone, book.broker, partnerships, Rhythm(nudge=LETTER),
            welcomed=True, onboarded=True,
        )  # fmt: skip
        self.who = store.enrol("terminal", "she", person)
        store.agree(self.who, Consent("nudges", 1, granted=True))
        store.set_due(self.who, "nudge", "", at_wall_clock(book.start + timedelta(days=4), LETTER[1], book.zone))
        self.said = 0

    async def weeks(self) -> list[Posted]:
        letters: list[Posted] = []
        for number, week in enumerate(self.book.weeks, 1):
            monday = self.book.start + timedelta(weeks=number - 1)
            evening = [note for note in week.notes if DAYS.index(note.day) > 4 or (note.day == "Fri" and not note.early)]
            self.keep(monday, number, [note for note in week.notes if note not in evening])
            if week.plan:
                self.plan(monday, number, week.plan)
            if week.says:
                self.clock.now = at_wall_clock(monday + timedelta(days=3), EVENING, self.book.zone)
                await self.say(week.says)
            self.clock.now = at_wall_clock(monday + timedelta(days=4), LETTER[1], self.book.zone)
            await self.manager.tick()
            letters += [self.at_hand(number, letter) for letter in await self.delivered() if letter.message.kind == "nudge"]
            self.clock.now = at_wall_clock(monday + timedelta(days=4), EVENING, self.book.zone)
            if not week.silent:
                await self.say(week.answer or ANSWER[self.book.language])
            self.keep(monday, number, evening)
        return letters

    def at_hand(self, number: int, letter: Letter) -> Posted:
        return Posted(number, letter, tuple(self.store.entries(self.who)), tuple(self.store.intentions(self.who)))

    def keep(self, monday: date, number: int, notes: list[Note]) -> None:
        for n, note in enumerate(notes):
            day = monday + timedelta(days=DAYS.index(note.day))
            clock = time(12, n) if note.early else time(17, n)
            written = at_wall_clock(day, clock, self.book.zone)
            self.store.add_entry(self.who, Entry(f"{number}-{note.day}-{n}-{clock}", "crossing", day, written, note.told, note.energy))

    def plan(self, monday: date, number: int, plan: Planned) -> None:
        made = at_wall_clock(monday + timedelta(days=DAYS.index(plan.made)), time(9, 0), self.book.zone)
        due = monday + timedelta(days=DAYS.index(plan.due))
        if plan.outcome:
            told = (("plan", plan.text), ("outcome", plan.outcome))
            self.store.add_entry(
                self.who, Entry(f"{number}-outcome", "follow-up", due, at_wall_clock(due, time(16, 0), self.book.zone), told)
            )
        else:
            self.store.add_intention(self.who, Intention(f"{number}-plan", plan.text, made=made, due=due))

    async def say(self, text: str) -> None:
        self.said += 1
        await self.manager.handle(Inbound(key=f"{self.said}", platform="terminal", address="she", at=self.clock.now, text=text))
        await self.delivered()

    async def delivered(self) -> list[Letter]:
        letters: list[Letter] = []

        async def send(letter: Letter) -> None:
            letters.append(letter)

        await self.manager.deliver("terminal", send)
        return letters
