"""Plays a scripted conversation through the real manager, store and clock, on a virtual time; never sleeps.

A script is a YAML file (docs/replay.md): people as they are before it starts, and turns. `expect` and `never` after a turn make it
a test: patterns that the answers to that turn must and must not hold. Unknown keys are refused, all at once, by name.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol
from zoneinfo import available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from bot.budget import Ledger
from bot.listening import Ear
from bot.model import (
    Broker,
    Choice,
    Consent,
    Conversation,
    DueKind,
    Energy,
    Entry,
    Inbound,
    Intention,
    Letter,
    Partnership,
    Person,
    PersonId,
    Phase,
    Platform,
    Rhythm,
    VoiceNote,
)
from bot.rhythm import follow_up, local, next_letter, next_reminder, next_then_and_now

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONGEST = 10_000  # of minutes, hours or days that one turn may wait; further on, dates end
BETWEEN = timedelta(seconds=1)  # virtual time that one turn takes, so that everything has an order


class BadScript(Exception):
    """A script that cannot be played; the message lists every fault, one a line."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _spoken_for(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)\s*([mhd])", str(text).strip())
    if not found:
        raise ValueError(f"{text!r} is not a time span such as 30m, 26h or 3d")
    if int(found[1]) > LONGEST:
        raise ValueError(f"{text!r} is longer than {LONGEST} of anything")
    return timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[found[2]]: int(found[1])})


def _clock(text: Any) -> time:
    if not isinstance(text, str):  # YAML reads a bare 17:30 as the number 1050
        raise ValueError(f"{text!r} is not a time; put it in quotes, as in '17:30'")  # noqa: TRY004 - pydantic listens to this one
    return time.fromisoformat(text)


def _weekly(text: Any) -> tuple[int, time]:
    day, _, clock = str(text).partition(" ")
    return _weekday(day), _clock(clock)


def _weekday(name: Any) -> int:
    if name not in DAYS:
        raise ValueError(f"{name!r} is none of {', '.join(DAYS)}")
    return DAYS.index(name)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a pattern: {error}") from None
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not a time zone such as Africa/Nairobi")
    return name


Pattern = Annotated[str, AfterValidator(_pattern)]
Clock = Annotated[time, BeforeValidator(_clock)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
Moment = Annotated[datetime, AfterValidator(_aware)]
Span = Annotated[timedelta, BeforeValidator(_spoken_for)]


class _Partnership(_Part):
    name: str
    phases: list[Phase] = []


class _Profile(_Part):
    broker: Broker | None = None
    name: str | None = None
    partnerships: list[_Partnership] = []


class _Rhythm(_Part):
    reminder: Clock | None = None
    nudge: Annotated[tuple[int, time], BeforeValidator(_weekly)] | None = None
    workdays: tuple[Weekday, ...] = (0, 1, 2, 3, 4)


class _Entry(_Part):
    at: Moment
    text: str
    partnership: str | None = None
    guide: str = "crossing"
    energy: Energy | None = None


class _Intention(_Part):
    made: Moment
    due: date
    text: str


class _Person(_Part):
    platform: Platform = "terminal"
    language: Literal["en", "fr", "es"] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] | None = None
    onboarded: bool = False
    profile: _Profile = _Profile()
    consents: list[Literal["model", "transcription", "nudges", "mentor"]] = []
    rhythm: _Rhythm = _Rhythm()
    mentor: str | None = None
    entries: list[_Entry] = []
    intentions: list[_Intention] = []


class _Turn(_Part):
    who: str | None = None
    say: str | None = None
    press: str | list[Pattern] | None = None
    voice: str | None = None
    edit: Annotated[int, Field(ge=1)] | None = None
    open: bool = False
    after: Span | None = None
    expect: list[Pattern] = []
    never: list[Pattern] = []

    @model_validator(mode="after")
    def _one_thing(self) -> _Turn:
        done = [name for name in ("press", "voice", "edit", "after", "open") if getattr(self, name)]
        if self.say is not None and not self.edit:
            done.append("say")
        if len(done) != 1:
            raise ValueError("a turn does one of say, press, voice, edit with say, open, after")
        if (self.who is None) != (self.after is not None):
            raise ValueError("a turn names who does it; only `after` has nobody")
        if self.edit and self.say is None:
            raise ValueError("edit needs the new wording in say")
        return self


class Script(_Part):
    start: Moment
    model: Annotated[str, Field(pattern=r"^(none|up|fails-after: ?\d+)$")] = "none"
    people: dict[str, _Person]
    turns: list[_Turn]

    @property
    def model_works(self) -> int | None:
        """How often the model answers before it fails; None for always."""
        return int(self.model.partition(":")[2]) if ":" in self.model else None


def read_script(path: Path) -> Script:
    """Raises BadScript naming every fault at once."""
    try:
        script = Script.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise BadScript(f"{path}: cannot be read: {type(error).__name__}") from None
    except yaml.YAMLError as error:
        raise BadScript(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise BadScript("\n".join(f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from None
    named = {turn.who for turn in script.turns} | {person.mentor for person in script.people.values()}
    unknown = sorted({who for who in named if who} - script.people.keys())
    if unknown:
        raise BadScript("\n".join(f"{path}: nobody is called {who}" for who in unknown))
    return script


# --- what the player needs of the house


class Coach(Protocol):
    async def handle(self, inbound: Inbound) -> None: ...

    async def tick(self) -> None: ...

    async def deliver(self, platform: Any, send: Any) -> int: ...


class Book(Protocol):
    """The store, as far as a replay seeds and reads it."""

    def enrol(self, platform: Platform, address: str, person: Person) -> PersonId: ...

    def add_entry(self, person_id: PersonId, entry: Entry) -> None: ...

    def add_intention(self, person_id: PersonId, intention: Intention) -> None: ...

    def set_due(self, person_id: PersonId, kind: DueKind, ref: str, at: datetime) -> None: ...

    def agree(self, person_id: PersonId, consent: Consent) -> None: ...

    def set_mentor(self, person_id: PersonId, mentor: PersonId) -> None: ...

    def next_due(self) -> datetime | None: ...

    def person_at(self, platform: Platform, address: str) -> Person | None: ...

    def entries(self, person_id: PersonId) -> list[Entry]: ...

    def intentions(self, person_id: PersonId) -> list[Intention]: ...

    def conversation(self, person_id: PersonId) -> tuple[Conversation, int]: ...

    def due_of(self, person_id: PersonId) -> list[Any]: ...


class Spoken:
    """Fetches the voice notes of a script and listens to them: their words stand in it."""

    host = ""

    async def text_of(self, sound: bytes) -> str:
        return sound.decode()

    async def fetch(self, note: VoiceNote, most: int) -> bytes:
        return note.ref.encode()[:most]


def ear_of(script: Script, ledger: Ledger) -> Ear | None:
    """Who listens in a script; None where nobody in it agreed to that."""
    if not any("transcription" in person.consents for person in script.people.values()):
        return None
    spoken = Spoken()
    return Ear(spoken, {person.platform: spoken.fetch for person in script.people.values()}, ledger)


@dataclass
class VirtualClock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Player:
    """Plays one script. `faults` fills with expectations that were not met."""

    script: Script
    coach: Coach
    book: Book
    clock: VirtualClock
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _said: dict[str, list[str]] = field(default_factory=dict)
    _offered: dict[str, tuple[Choice, ...]] = field(default_factory=dict)
    _lines: int = 0

    async def play(self) -> AsyncIterator[dict[str, Any]]:
        """Every message in and out, in order, as contracts of the command line describe them."""
        seeded = {who: self._seed(who, person) for who, person in self.script.people.items()}
        for who, person in self.script.people.items():
            if person.mentor:
                self.book.set_mentor(seeded[who], seeded[person.mentor])
        for number, turn in enumerate(self.script.turns, 1):
            heard: list[str] = []
            if turn.after is not None:
                async for line in self._wait(turn.after):
                    heard.append(line["text"])
                    yield line
            else:
                self.clock.now += BETWEEN
                inbound, shown = self._inbound(number, turn)
                if inbound is None:
                    continue
                yield shown
                await self.coach.handle(inbound)
                if turn.voice is not None:
                    await self.coach.tick()  # it is listened to at once
                async for line in self._delivered():
                    heard.append(line["text"])
                    yield line
            self.faults += list(_unmet(number, turn, "\n".join(heard)))

    def final(self) -> dict[str, Any]:
        """How everybody stands at the end."""
        return {"final": {who: self._end_of(who) for who in self.script.people}}

    def _seed(self, who: str, person: _Person) -> PersonId:
        rhythm = Rhythm(person.rhythm.reminder, person.rhythm.nudge, person.rhythm.workdays)
        partnerships = tuple(Partnership(p.name, tuple(p.phases)) for p in person.profile.partnerships)
        known = Person(
            PersonId(""), person.language or "en", person.profile.name, person.timezone, person.profile.broker, partnerships, rhythm,
            welcomed=person.onboarded, onboarded=person.onboarded,
        )  # fmt: skip
        person_id = self.book.enrol(person.platform, who, known)
        for n, entry in enumerate(person.entries):
            answers = (("moment", entry.text),)
            self.book.add_entry(
                person_id,
                Entry(
                    f"replayed-{n}",
                    entry.guide,
                    local(entry.at, person.timezone).date(),
                    entry.at,
                    answers,
                    entry.energy,
                    entry.partnership,
                ),
            )
        for n, intention in enumerate(person.intentions):
            plan = Intention(f"replayed-plan-{n}", intention.text, made=intention.made, due=intention.due)
            self.book.add_intention(person_id, plan)
            self.book.set_due(person_id, "follow-up", plan.id, follow_up(plan.due, rhythm, person.timezone))
        if person.onboarded and person.timezone and (at := next_reminder(rhythm, person.timezone, self.script.start)):
            self.book.set_due(person_id, "reminder", "", at)
        for kind in person.consents:
            self.book.agree(person_id, Consent(kind, 1, granted=True))
        if "nudges" in person.consents and person.timezone:
            if at := next_letter(rhythm, person.timezone, self.script.start):
                self.book.set_due(person_id, "nudge", "", at)
            if at := next_then_and_now(rhythm, person.timezone, self.script.start):
                self.book.set_due(person_id, "then-and-now", "", at)
        return person_id

    def _inbound(self, number: int, turn: _Turn) -> tuple[Inbound | None, dict[str, Any]]:
        who = turn.who or ""
        said = self._said.setdefault(who, [])
        make: Callable[..., Inbound] = lambda **what: Inbound(  # noqa: E731 - the one shape of all that a turn can be
            key=f"{number}", platform=self.script.people[who].platform, address=who, at=self.clock.now, **what
        )
        if turn.press is not None:
            choice = _pressed(turn.press, self._offered.get(who, ()))
            if choice is None:
                self.notes.append(f"turn {number}: {who} has nothing to press that matches {turn.press!r}; skipped")
                return None, {}
            return make(press=choice.id), self._line(who, "in", "pressed", choice.label)
        if turn.edit is not None:
            if turn.edit > len(said):
                self.notes.append(f"turn {number}: {who} has sent {len(said)} messages; there is no number {turn.edit}; skipped")
                return None, {}
            return make(edits=said[turn.edit - 1], text=turn.say), self._line(who, "in", "edited", turn.say or "")
        if turn.open:
            return make(opened=True), self._line(who, "in", "opened", "")
        said.append(f"{number}")
        if turn.voice is not None:
            note = VoiceNote(self.script.people[who].platform, who, turn.voice)
            return make(brought="voice", voice=note), self._line(who, "in", "voice", turn.voice)
        return make(text=turn.say), self._line(who, "in", "said", turn.say or "")

    async def _wait(self, span: timedelta) -> AsyncIterator[dict[str, Any]]:
        until = self.clock.now + span
        while (due := self.book.next_due()) is not None and due <= until:
            self.clock.now = max(self.clock.now, due)
            await self.coach.tick()
            async for line in self._delivered():
                yield line
        self.clock.now = until

    async def _delivered(self) -> AsyncIterator[dict[str, Any]]:
        letters: list[Letter] = []

        async def send(letter: Letter) -> None:
            letters.append(letter)

        for platform in sorted({person.platform for person in self.script.people.values()}):
            await self.coach.deliver(platform, send)
        for letter in letters:
            message = letter.message
            self._offered[letter.address] = message.choices
            sources = [{"card": cited.card, "topics": list(cited.topics), "where": cited.where} for cited in message.sources]
            line = self._line(letter.address, "out", message.kind, message.text, [choice.label for choice in message.choices], sources)
            yield line | ({"file": message.file} if message.file else {})

    def _line(
        self, who: str, direction: str, kind: str, text: str, choices: list[str] | None = None, sources: list[Any] | None = None
    ) -> dict[str, Any]:
        self._lines += 1
        return {
            "n": self._lines, "at": self.clock.now.isoformat(), "who": who, "direction": direction, "kind": kind, "text": text,
            "choices": choices or [], "sources": sources or [], "chars": len(text),
        }  # fmt: skip

    def _end_of(self, who: str) -> dict[str, Any]:
        person = self.book.person_at(self.script.people[who].platform, who)
        if person is None:
            return {"person": None, "entries": [], "intentions": [], "conversation": {}, "due": []}
        conversation, _ = self.book.conversation(person.id)
        place = conversation.place
        return {
            "person": {
                "name": person.name, "language": person.language, "zone": person.zone, "broker": person.broker,
                "onboarded": person.onboarded,
                "partnerships": [{"name": p.name, "phases": list(p.phases)} for p in person.partnerships],
            },
            "entries": [
                {"guide": e.guide, "date": e.event_date.isoformat(), "written": e.written.isoformat(), "energy": e.energy,
                 "partnership": e.partnership, "answers": dict(e.answers)} for e in self.book.entries(person.id)
            ],
            "intentions": [{"text": i.text, "made": i.made.isoformat(), "due": i.due.isoformat()} for i in self.book.intentions(person.id)],
            "conversation": {
                "guide": place.guide if place else None, "step": place.step if place else None, "held": conversation.held is not None,
                "card": conversation.talk.card if conversation.talk else None, "choices": [choice.label for choice in conversation.choices],
            },
            "due": [{"kind": row.kind, "at": row.at.isoformat()} for row in self.book.due_of(person.id)],
        }  # fmt: skip


def _pressed(wanted: str | list[str], offered: tuple[Choice, ...]) -> Choice | None:
    if isinstance(wanted, str):
        return next((choice for choice in offered if _typed(choice.label).casefold() == _typed(wanted).casefold()), None)
    return next((choice for pattern in wanted for choice in offered if _found(pattern, choice.label)), None)


def _unmet(number: int, turn: _Turn, heard: str) -> Iterator[str]:
    for pattern in turn.expect:
        if not _found(pattern, heard):
            yield f"turn {number}: expected {pattern!r}, heard:\n{heard}"
    for pattern in turn.never:
        if _found(pattern, heard):
            yield f"turn {number}: never {pattern!r}, but heard:\n{heard}"


def _found(pattern: str, heard: str) -> bool:
    return re.search(_typed(pattern), _typed(heard)) is not None


def _typed(text: str) -> str:
    """With plain spaces for the narrow and the no-break ones that French lines hold: scripts are typed on a keyboard."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")
