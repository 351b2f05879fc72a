"""Then and now, of the coach's own accord: once a month beside the letters, and where something is told to be stuck. A page of half a year
ago is laid beside one of now only where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passages import Silent

from adapters.replay import VirtualClock
from bot.manager import Manager
from bot.model import Consent, Entry, Inbound, Letter, Partnership, Person, PersonId, Rhythm
from bot.rhythm import local, next_letter, next_then_and_now
from prompts.library import load_library
from storage.store import Store

LIBRARY = load_library()
FRIDAY = (4, time(15, 30))
NAIROBI = "Africa/Nairobi"
START = datetime(2026, 9, 21, 7, tzinfo=UTC)  # a Monday; the first working day of the next month is Thursday, 1 October
FIRST = datetime(2026, 10, 1, 12, 30, tzinfo=UTC)  # half past three in Nairobi
WATER = Partnership("Water", ("managing-maintaining",))


@dataclass
class Desk:
    clock: VirtualClock
    store: Store
    manager: Manager
    who: PersonId
    sent: list[tuple[datetime, Letter]]
    said: int = 0

    async def deliver(self) -> list[Letter]:
        before = len(self.sent)

        async def send(letter: Letter) -> None:
            self.sent.append((self.clock.now, letter))

        await self.manager.deliver("terminal", send)
        return [letter for _, letter in self.sent[before:]]

    async def until(self, moment: datetime) -> None:
        while (due := self.store.next_due()) is not None and due <= moment:
            self.clock.now = max(self.clock.now, due)
            await self.manager.tick()
            await self.deliver()
        self.clock.now = moment

    async def say(self, text: str = "", **more: str) -> str:
        self.said += 1
        self.clock.now += timedelta(seconds=1)
        inbound = Inbound(key=f"{self.said}", platform="terminal", address="she", at=self.clock.now, text=text, **more)
        await self.manager.handle(inbound)
        return "\n".join(letter.message.text for letter in await self.deliver())

    def wrote(self, text: str, day: date, partnership: str | None = "Water") -> None:
        at = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
        self.store.add_entry(self.who, Entry(f"{day}{len(text)}", "crossing", day, at, (("moment", text),), partnership=partnership))

    def pairs(self) -> list[tuple[datetime, str]]:
        opens = LIBRARY.words["en"].variants("then-now.knock")
        return [(at, letter.message.text) for at, letter in self.sent if letter.message.text.startswith(opens)]

    def due(self) -> datetime | None:
        return next((row.at for row in self.store.due_of(self.who) if row.kind == "then-and-now"), None)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    opened: list[Store] = []

    def make(granted: bool = True) -> Desk:
        clock = VirtualClock(START)
        store = Store.open(f"sqlite:///{tmp_path / 'brokercoach.db'}", tmp_path / "key", clock)
        opened.append(store)
        rhythm = Rhythm(nudge=FRIDAY)
        her = Person(PersonId(""), "en", "Aisha", NAIROBI, partnerships=(WATER,), rhythm=rhythm, welcomed=True, onboarded=True)
        who = store.enrol("terminal", "she", her)
        store.agree(who, Consent("nudges", 1, granted=granted))
        store.set_due(who, "nudge", "", next_letter(rhythm, NAIROBI, START))
        store.set_due(who, "then-and-now", "", next_then_and_now(rhythm, NAIROBI, START))
        return Desk(clock, store, Manager(LIBRARY, store, Silent, clock), who, [])

    yield make
    for store in opened:
        store.close()


def two_pages(desk: Desk) -> None:
    desk.wrote("The mayor left the meeting angry and nobody spoke.", date(2026, 4, 1))
    desk.wrote("The mayor stayed to the end and thanked the engineers.", date(2026, 9, 30))


async def test_once_a_month_two_pages_lie_side_by_side_at_the_letters_hour(desk):
    here = desk()
    two_pages(here)
    assert here.due() == FIRST

    await here.until(FIRST + timedelta(hours=1))

    ((at, text),) = here.pairs()
    assert at == FIRST
    assert "The mayor left the meeting angry" in text
    assert "The mayor stayed to the end" in text
    assert here.due() == datetime(2026, 11, 2, 12, 30, tzinfo=UTC)


async def test_its_first_line_may_be_read_on_a_lock_screen(desk):
    here = desk()
    two_pages(here)

    await here.until(FIRST + timedelta(hours=1))

    first = here.pairs()[0][1].splitlines()[0]
    assert not any(word in first for word in ("Water", "mayor", "Aisha", "“"))
    assert here.sent[-1][1].message.kind == "nudge"


async def test_without_a_page_of_that_time_in_the_same_partnership_nothing_is_said(desk):
    here = desk()
    here.wrote("The school board met and the head shouted at us.", date(2026, 4, 1), partnership="School meals")
    here.wrote("The mayor left the meeting angry and nobody spoke.", date(2026, 3, 1))
    here.wrote("The mayor stayed to the end and thanked the engineers.", date(2026, 9, 30))

    await here.until(FIRST + timedelta(hours=1))

    assert [letter.message.kind for at, letter in here.sent if at >= FIRST] == []
    assert here.due() == datetime(2026, 11, 2, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("The director offered me a bribe to sign the report.", "The mayor stayed to the end and thanked the engineers."),
        ("The mayor left the meeting angry and nobody spoke.", "My director touched me again in the car and I froze."),
    ],
)
async def test_what_was_told_of_wrongdoing_or_harassment_is_never_laid_on_the_table(desk, then: str, now: str):
    here = desk()
    here.wrote(then, date(2026, 4, 1))
    here.wrote(now, date(2026, 9, 30))

    await here.until(FIRST + timedelta(hours=1))

    assert here.pairs() == []


async def test_an_answer_is_kept_in_the_logbook(desk):
    here = desk()
    two_pages(here)
    await here.until(FIRST + timedelta(minutes=1))

    answer = await here.say("We have learned to let him be late, and he has learned to stay.")

    assert "Kept in your logbook" in answer
    assert here.store.entries(here.who)[0].answers == (("answer", "We have learned to let him be late, and he has learned to stay."),)


async def test_stop_ends_it_together_with_the_letters(desk):
    here = desk()
    two_pages(here)
    await here.until(FIRST + timedelta(minutes=1))

    await here.say("stop")

    assert not [row.kind for row in here.store.due_of(here.who) if row.kind in ("nudge", "then-and-now")]


async def test_without_consent_or_after_letters_that_went_unanswered_it_rests(desk):
    here = desk(granted=False)
    two_pages(here)
    await here.until(FIRST + timedelta(hours=1))
    assert here.pairs() == []


async def test_after_two_letters_without_an_answer_it_rests_too(desk):
    here = desk()
    two_pages(here)
    here.wrote("The mayor shouted at the engineers in front of us.", date(2026, 5, 4))
    here.wrote("The engineers and the mayor laughed together at lunch.", date(2026, 11, 1))

    await here.until(datetime(2026, 11, 3, tzinfo=UTC))

    assert [at for at, _ in here.pairs()] == [FIRST]  # after the letter of 25 September, and before that of 2 October


async def test_after_downtime_it_comes_within_the_week_and_in_their_hours_or_not_at_all(desk):
    here = desk()
    two_pages(here)
    here.clock.now = datetime(2026, 10, 1, 23, tzinfo=UTC)  # two at night in Nairobi
    await here.manager.tick()
    await here.deliver()
    assert here.pairs() == []

    await here.until(datetime(2026, 10, 6, 20, tzinfo=UTC))

    ((at, _),) = here.pairs()
    assert 8 <= local(at, NAIROBI).hour < 21


async def test_what_is_told_to_be_stuck_offers_an_old_page_where_there_is_one(desk):
    here = desk()
    here.wrote("The mayor left the meeting angry and nobody spoke.", date(2026, 3, 25))
    here.wrote("The mayor stayed to the end and thanked the engineers.", date(2026, 9, 20))

    await here.say("We are completely stuck with the mayor, nothing moves since the summer")
    offered = here.sent[-1][1].message.choices
    shown = await here.say(press="do:then-and-now")

    assert "do:then-and-now" in [choice.id for choice in offered]
    assert "25 March" in shown


async def test_what_is_told_to_be_stuck_offers_nothing_to_a_young_logbook(desk):
    here = desk()
    here.wrote("The mayor stayed to the end and thanked the engineers.", date(2026, 9, 20))

    await here.say("We are completely stuck with the mayor, nothing moves since the summer")

    assert "do:then-and-now" not in [choice.id for _, letter in here.sent for choice in letter.message.choices]


async def test_status_tells_when_it_comes_and_promises_no_more(desk):
    told = await desk().say("status")

    assert "if there are any" in told


@given(
    after=st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes)),
    zone=st.sampled_from([NAIROBI, "Pacific/Kiritimati", "America/New_York", "Europe/Dublin", None]),
    workdays=st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    nudge=st.tuples(st.integers(0, 6), st.times()),
    away=st.none() | st.dates(date(2026, 1, 1), date(2028, 1, 1)),
)
def test_the_next_one_is_always_ahead_on_a_working_day_not_on_leave_and_once_a_month(after, zone, workdays, nudge, away):
    rhythm = Rhythm(nudge=nudge, workdays=workdays, away_until=away)

    first = next_then_and_now(rhythm, zone, after)
    assert first
    assert first > after
    second = next_then_and_now(rhythm, zone, first)

    assert second
    months = [(local(at, zone).year, local(at, zone).month) for at in (first, second)]
    assert months[0] < months[1]
    for at in (first, second):
        day = local(at, zone).date()
        assert day.weekday() in workdays or set(workdays) == {nudge[0]}
        assert away is None or day >= away or day > away
