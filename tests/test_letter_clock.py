"""The weekly letter through the manager, the store and the clock: once per person and week, whatever happens to process, clock and zone.

What falls due is asked for as the clock of `serve` does: the next row, then `tick`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from passages import Silent

from adapters.replay import VirtualClock
from bot.manager import Manager
from bot.model import Consent, Entry, Inbound, Intention, Letter, Person, PersonId, Rhythm
from bot.rhythm import at_wall_clock, local, next_letter, next_reminder
from prompts.library import load_library
from storage.store import Store

LIBRARY = load_library()
FRIDAY = (4, time(15, 30))
START = datetime(2026, 3, 2, 7, tzinfo=UTC)  # a Monday
WAYS_OUT = {
    "en": ("less", "later", "stop", "Every other week", "I'll bring it back", "no more weekly letters"),
    "fr": ("moins", "plus tard", "stop", "Une semaine sur deux", "Je la rapporte", "plus de lettres"),
    "es": ("menos", "luego", "para", "Cada dos semanas", "La traigo de nuevo", "no más cartas"),
}


@dataclass
class Desk:
    """One person who wants letters, and whatever was sent, with the moment."""

    path: Path
    clock: VirtualClock
    store: Store
    manager: Manager
    who: PersonId
    sent: list[tuple[datetime, Letter]]
    said: int = 0

    async def tick(self, manager: Manager | None = None) -> None:
        await (manager or self.manager).tick()
        await self.deliver()

    async def deliver(self) -> str:
        before = len(self.sent)

        async def send(letter: Letter) -> None:
            self.sent.append((self.clock.now, letter))

        await self.manager.deliver("terminal", send)
        return "\n".join(letter.message.text for _, letter in self.sent[before:])

    async def until(self, moment: datetime, answer: str = "") -> None:
        """Lets time pass as the clock of the program does: whatever falls due on the way is dealt with at its moment, and answered."""
        while (due := self.store.next_due()) is not None and due <= moment:
            self.clock.now = max(self.clock.now, due)
            before = len(self.sent)
            await self.tick()
            if answer and len(self.sent) > before:
                await self.say(answer)
        self.clock.now = moment

    async def say(self, text: str) -> str:
        self.said += 1
        self.clock.now += timedelta(seconds=1)
        await self.manager.handle(Inbound(key=f"{self.said}", platform="terminal", address="she", at=self.clock.now, text=text))
        return await self.deliver()

    def wrote(self, text: str, ago: timedelta = timedelta(days=1)) -> None:
        at = self.clock.now - ago
        self.store.add_entry(self.who, Entry(f"{at}", "crossing", at.date(), at, (("moment", text),)))

    def letters(self) -> list[datetime]:
        return [at for at, letter in self.sent if letter.message.kind == "nudge"]

    def reminders(self) -> list[datetime]:
        return [at for at, letter in self.sent if letter.message.kind == "reminder"]

    def due(self) -> datetime | None:
        return next((row.at for row in self.store.due_of(self.who) if row.kind == "nudge"), None)

    def again(self) -> Manager:
        return Manager(LIBRARY, Store.open(f"sqlite:///{self.path / 'brokercoach.db'}", self.path / "key", self.clock), Silent, self.clock)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    opened: list[Store] = []

    def make(
        zone: str = "Africa/Nairobi",
        language: str = "en",
        nudge: tuple[int, time] = FRIDAY,
        start: datetime = START,
        reminder: time | None = None,
    ) -> Desk:
        clock, path = VirtualClock(start), tmp_path / str(len(opened))
        store = Store.open(f"sqlite:///{path / 'brokercoach.db'}", path / "key", clock)
        opened.append(store)
        rhythm = Rhythm(reminder, workdays=tuple(range(7)) if reminder else Rhythm().workdays, nudge=nudge)
        who = store.enrol("terminal", "she", Person(PersonId(""), language, "Aisha", zone, rhythm=rhythm, welcomed=True, onboarded=True))
        store.agree(who, Consent("nudges", 1, granted=True))
        store.set_due(who, "nudge", "", next_letter(rhythm, zone, start))
        if reminder:
            store.set_due(who, "reminder", "", next_reminder(rhythm, zone, start))
        return Desk(path, clock, store, Manager(LIBRARY, store, Silent, clock), who, [])

    yield make
    for store in opened:
        store.close()


def friday_after(monday: datetime, zone: str, weeks: int = 0) -> datetime:
    return at_wall_clock(monday.date() + timedelta(days=4, weeks=weeks), FRIDAY[1], zone)


# --- row 49: restart at the due time, two workers, the clock an hour back, nine days down


async def test_row_49_a_restart_at_the_due_moment_writes_one_letter(desk):
    here = desk()
    here.clock.now = here.due()
    here.wrote("The mayor came late and everybody waited")
    await here.manager.tick()  # the turn is stored, and the process ends before anything is sent
    here.manager = here.again()
    await here.manager.resume()
    await here.tick()
    await here.tick()

    assert len(here.letters()) == 1
    assert "mayor came late" in here.sent[0][1].message.text


async def test_row_49_two_managers_on_one_database_write_one_letter(desk):
    here = desk()
    here.clock.now = here.due()
    here.wrote("The mayor came late and everybody waited")
    others = [here.manager, here.again(), here.again()]
    await asyncio.gather(*(manager.tick() for manager in others))
    await here.deliver()

    assert len(here.letters()) == 1
    assert here.due() == friday_after(START, "Africa/Nairobi", 1)


async def test_row_49_a_clock_set_back_an_hour_writes_no_second_letter(desk):
    here = desk()
    here.clock.now = here.due() + timedelta(minutes=1)
    here.wrote("The mayor came late and everybody waited")
    await here.tick()
    here.clock.now -= timedelta(hours=1)
    await here.until(here.clock.now + timedelta(days=6))

    assert len(here.letters()) == 1


async def test_row_49_nine_days_down_lose_a_letter_and_make_no_two_of_the_next(desk):
    here = desk()
    missed = here.due()
    here.clock.now = missed + timedelta(days=9)
    here.wrote("The mayor came late and everybody waited")
    for _ in range(3):
        await here.tick()
    assert here.letters() == []
    assert here.due() == friday_after(START, "Africa/Nairobi", 2)
    await here.until(here.due())

    assert here.letters() == [friday_after(START, "Africa/Nairobi", 2)]


async def test_row_49_after_hours_down_quiet_hours_are_kept(desk):
    here = desk()
    here.clock.now = here.due() + timedelta(hours=8)  # half past eleven in the evening
    here.wrote("The mayor came late and everybody waited")
    await here.tick()
    assert here.letters() == []
    await here.until(here.clock.now + timedelta(days=1))

    assert len(here.letters()) == 1
    assert here.letters()[0].astimezone(ZoneInfo("Africa/Nairobi")).hour == 15


# --- row 50: clocks that change, zones that change, the ends of the world, a zone that is none


@pytest.mark.parametrize(
    ("zone", "nudge", "day", "seen"),
    [
        ("Europe/Berlin", (6, time(2, 30)), date(2026, 3, 29), time(3, 0)),  # left out
        ("Europe/Berlin", (6, time(2, 30)), date(2026, 10, 25), time(2, 30)),  # comes twice
        ("America/New_York", (6, time(2, 30)), date(2026, 3, 8), time(3, 0)),
        ("America/New_York", (6, time(1, 30)), date(2026, 11, 1), time(1, 30)),
        ("Australia/Lord_Howe", (6, time(2, 15)), date(2026, 10, 4), time(2, 30)),
        ("America/Santiago", (6, time(0, 0)), date(2026, 9, 6), time(1, 0)),
        ("Pacific/Kiritimati", (4, time(15, 30)), date(2026, 3, 6), time(15, 30)),  # +14
        ("Etc/GMT+12", (4, time(15, 30)), date(2026, 3, 6), time(15, 30)),  # -12
    ],
)
async def test_row_50_a_letter_falls_due_once_at_the_nearest_valid_time(desk, zone, nudge, day, seen):
    start = at_wall_clock(day - timedelta(days=2), time(12, 0), zone)
    here = desk(zone, nudge=nudge, start=start)
    due = here.due()
    assert due.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.combine(day, seen)
    here.wrote("The mayor came late and everybody waited")
    await here.until(start + timedelta(days=6))

    assert here.letters() == [due]
    assert here.due() > start + timedelta(days=6)


async def test_row_50_moving_to_another_zone_neither_doubles_nor_drops_the_weeks_letter(desk):
    here = desk("Pacific/Kiritimati")
    here.wrote("The mayor came late and everybody waited", timedelta(hours=1))
    await here.until(here.due())
    assert len(here.letters()) == 1
    await here.say("change my time zone")  # 23 hours to the west it is still Thursday
    await here.say("Honolulu")
    moved = here.clock.now
    await here.until(moved + timedelta(days=5))
    assert len(here.letters()) == 1
    here.wrote("The mayor came early and nobody was there", timedelta(hours=1))
    await here.until(moved + timedelta(days=8))

    assert len(here.letters()) == 2
    assert here.letters()[1].astimezone(ZoneInfo("Pacific/Honolulu")).time() == time(15, 30)


async def test_row_50_a_zone_that_is_none_is_refused_and_changes_nothing(desk):
    here = desk()
    due = here.due()
    await here.say("change my time zone")
    await here.say("Mars/Olympus")

    assert here.store.person_at("terminal", "she").zone == "Africa/Nairobi"
    assert here.due() == due


# --- what may be typed to a letter


@pytest.mark.parametrize("language", WAYS_OUT)
@pytest.mark.parametrize("when", [timedelta(minutes=5), timedelta(days=2)], ids=["at once", "two days on"])
async def test_less_later_and_stop_are_understood_as_replies_to_a_letter(desk, language, when):
    less, later, stop, *answers = WAYS_OUT[language]
    for word, answer in zip((less, later, stop), answers, strict=True):
        here = desk("Europe/Paris", language)
        here.store.forget(here.who)
        here = desk("Europe/Paris", language)
        here.wrote("12 x 12 = 144 ✓ ok ok")
        await here.until(here.due())
        here.clock.now += when
        said = await here.say(word)

        assert answer in said, (word, said)
        if word == stop:
            assert here.due() is None
        elif word == less:
            assert here.due() is not None
            assert here.store.person_at("terminal", "she").rhythm.every == 2
        here.store.forget(here.who)


@pytest.mark.parametrize(
    ("language", "said", "weekday", "clock"),
    [
        ("en", "Thursdays at 4pm", 3, time(16, 0)),
        ("en", "thursday 16:00", 3, time(16, 0)),
        ("en", "Sunday evening", 6, time(18, 0)),
        ("fr", "jeudi 16h", 3, time(16, 0)),
        ("fr", "le jeudi à 16 h 30", 3, time(16, 30)),
        ("es", "los jueves a las 4 de la tarde", 3, time(16, 0)),
        ("es", "los sábados a las 10 de la mañana", 5, time(10, 0)),
    ],
)
async def test_a_day_and_a_time_for_letters_are_read_as_people_write_them(desk, language, said, weekday, clock):
    here = desk("Europe/Madrid", language)
    await here.say({"en": "weekly letter", "fr": "lettre de la semaine", "es": "carta semanal"}[language])
    await here.say(said)

    assert here.store.person_at("terminal", "she").rhythm.nudge == (weekday, clock)
    shown = here.due().astimezone(ZoneInfo("Europe/Madrid"))
    assert (shown.weekday(), shown.time()) == (weekday, clock)


async def test_two_letters_without_an_answer_rest_and_say_so_once_and_begin_again(desk):
    here = desk()
    texts = []
    for week in range(5):
        here.clock.now = max(here.clock.now, friday_after(START, "Africa/Nairobi", week) - timedelta(hours=2))
        here.wrote(f"The mayor came late to meeting {week}", timedelta(hours=1))
        await here.until(friday_after(START, "Africa/Nairobi", week))
        texts = [letter.message.text for _, letter in here.sent]
    assert len(texts) == 3
    assert texts[2].startswith("Two letters have gone unanswered")
    assert here.due() is None
    await here.say("hello")

    assert here.due() is not None


async def test_after_distress_the_first_letter_is_a_question_how_they_are(desk):
    here = desk()
    await here.say("I want to end my life")
    here.wrote("The mayor came late and everybody waited", timedelta(hours=1))
    await here.until(START + timedelta(days=13))
    await here.say("yes, I am safe")
    here.sent.clear()
    await here.until(START + timedelta(days=19))
    first = [letter.message.text for _, letter in here.sent if letter.message.kind == "nudge"]
    here.wrote("The mayor came early", timedelta(hours=1))
    await here.until(START + timedelta(days=26))

    assert len(first) == 1
    assert "mayor" not in first[0]
    assert "mayor" in here.sent[-1][1].message.text


@pytest.mark.parametrize(
    ("language", "asked", "row"),
    [
        ("en", "status", "Weekly letter: Friday 15:30 Nairobi"),
        ("fr", "statut", "vendredi à 15h30, Nairobi"),
        ("es", "estado", "Carta semanal: viernes 15:30 Nairobi"),
    ],
)
async def test_status_tells_the_row_of_the_clock_in_each_language(desk, language, asked, row):
    here = desk(language=language)

    assert row in await here.say(asked)


# --- reminders, on the same clock


ZONES = [
    "Africa/Nairobi", "Africa/Casablanca", "America/Havana", "America/New_York", "America/Santiago", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Etc/GMT+12", "Europe/Berlin", "Europe/London", "Pacific/Chatham", "Pacific/Kiritimati",
]  # fmt: skip


def clock_changes(zone: str) -> list[datetime]:
    """When a zone's clock is set in 2026; two moments of the year where it never is."""
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(365 * 24)]
    found = [after for before, after in pairwise(hours) if local(before, zone).utcoffset() != local(after, zone).utcoffset()]
    return found or [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]


def first_shown(day: date, clock: time, zone: str) -> datetime:
    """When somebody who watched the clock on their wall minute by minute would first see `clock` on `day`, or what comes after it."""
    minutes = (datetime.combine(day, time(), UTC) + timedelta(minutes=n) for n in range(-16 * 60, 40 * 60))
    return next(moment for moment in minutes if local(moment, zone).date() == day and local(moment, zone).time() >= clock)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("clock", [time(2, 15), time(0, 0)])
async def test_row_50_through_every_clock_change_of_a_year_there_is_one_reminder_a_day_and_one_letter_a_week(desk, zone, clock):
    """At the hour on the wall, or where that is left out at the first moment after it."""
    for change in clock_changes(zone):
        day = local(change, zone).date()
        days = [day + timedelta(days=n) for n in range(-2, 3)]
        letter = time(clock.hour + 3)
        here = desk(zone, nudge=(day.weekday(), letter), start=at_wall_clock(days[0], time(), zone) - timedelta(seconds=1), reminder=clock)
        here.wrote("The mayor came late and everybody waited")
        await here.until(at_wall_clock(days[-1] + timedelta(days=1), time(), zone) - timedelta(seconds=1), answer="stop")

        assert here.reminders() == [first_shown(each, clock, zone) for each in days]
        assert here.letters() == [first_shown(day, letter, zone)]


async def test_row_49_nine_days_down_are_answered_by_no_reminder_and_then_by_one_a_day(desk):
    here = desk(reminder=time(17))
    here.clock.now += timedelta(days=9)  # ten in the morning: yesterday's reminder has lost its sense too
    for _ in range(3):
        await here.tick()
    assert here.reminders() == []
    await here.until(here.clock.now + timedelta(hours=8))
    assert len(here.reminders()) == 1


async def test_row_49_of_a_reminder_a_plan_and_a_letter_that_fell_due_while_nobody_was_there_one_is_said_in_the_hour(desk):
    here = desk(reminder=time(9), start=START - timedelta(days=3))
    here.wrote("The mayor came late and everybody waited")
    here.store.add_intention(here.who, Intention("p", "call the mayor", made=START, due=START.date()))
    for kind, ref in (("reminder", ""), ("follow-up", "p"), ("nudge", "")):
        here.store.set_due(here.who, kind, ref, START - timedelta(minutes=20))
    here.clock.now = START
    for _ in range(3):
        await here.tick()

    assert len(here.sent) == 1
