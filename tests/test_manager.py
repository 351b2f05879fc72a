"""The shell keeps its word whatever breaks: nothing is lost, nothing happens twice, nobody waits for anybody else.

The store is the real one, on a file; the knowledge is a small object that raises or blocks when it is told to.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from passages import passage

from adapters.replay import VirtualClock
from bot.manager import TRIES, Manager
from bot.model import Entry, Inbound, Letter, Passage, Person, PersonId, Platform, Quote, Rhythm
from prompts.library import load_library
from storage.store import Store, StoreDown

LIBRARY = load_library()
WORDS = LIBRARY.words["en"]
XANADU = "the mayor of Xanadu and the bank are at war over the bridge"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass
class Shelf:
    """Finds one card for everything, unless it was told to raise, or to wait for a text that holds a word."""

    raises: Exception | None = None
    waits_for: str | None = None
    asked: list[str] = field(default_factory=list)
    reached: threading.Event = field(default_factory=threading.Event)
    may_go: threading.Event = field(default_factory=threading.Event)
    missing: tuple[str, ...] = ()

    def find(  # the shape of the manager's door
        self,
        text: str,
        language: str = "en",
        phases: Sequence[str] = (),
        broker: str | None = None,
        k: int = 5,
    ) -> tuple[Passage, ...]:
        self.asked.append(text)
        if self.raises:
            raise self.raises
        if self.waits_for and self.waits_for in text:
            self.reached.set()
            assert self.may_go.wait(30)
        return (passage("they-wait-for-me"),)

    def quotes(self, text: str, k: int = 2) -> tuple[Quote, ...]:
        return ()

    def passage(self, card: str, language: str = "en") -> Passage | None:
        return passage(card)

    def near(self, text: str, entries: Sequence[tuple[str, str]]) -> tuple[tuple[str, float], ...]:
        return ()


@dataclass
class House:
    """A manager on a store of its own, and all that has been sent."""

    store: Store
    shelf: Shelf
    clock: VirtualClock
    manager: Manager
    sent: list[Letter] = field(default_factory=list)
    count: int = 0

    def inbound(self, who: str, text: str = "", key: str | None = None, **more: object) -> Inbound:
        self.count += 1
        self.clock.now += timedelta(seconds=1)
        return Inbound(key=key or str(self.count), platform="terminal", address=who, at=self.clock.now, text=text, **more)  # type: ignore[arg-type]

    async def say(self, who: str, text: str, **more: object) -> str:
        """What was answered."""
        await self.manager.handle(self.inbound(who, text, **more))  # type: ignore[arg-type]
        return await self.heard()

    async def heard(self) -> str:
        before = len(self.sent)

        async def send(letter: Letter) -> None:
            self.sent.append(letter)

        await self.manager.deliver("terminal", send)
        return "\n\n".join(letter.message.text for letter in self.sent[before:])

    def known(self, who: str, **more: object) -> PersonId:
        person = Person(PersonId(""), zone="Africa/Nairobi", welcomed=True, onboarded=True, **more)  # type: ignore[arg-type]
        return self.store.enrol("terminal", who, person)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock, shelf = VirtualClock(NOON), Shelf()
    store = Store.open(f"sqlite:///{tmp_path / 'brokercoach.db'}", tmp_path / "key", clock)
    yield House(store, shelf, clock, Manager(LIBRARY, store, lambda: shelf, clock))
    store.close()


def again(house: House) -> Manager:
    """A second start on the same home, as after a crash."""
    return Manager(LIBRARY, house.store, lambda: house.shelf, house.clock)


# --- when deciding goes wrong


async def test_when_the_knowledge_breaks_the_person_is_told_and_nothing_has_changed(house):
    ben = house.known("ben")
    await house.say("ben", "hello")
    before, entries = house.store.conversation(ben)[0], house.store.entries(ben)
    house.shelf.raises = RuntimeError(f"the index cannot read {XANADU}")
    said = await house.say("ben", XANADU)

    assert said == WORDS.variants("wrong")[0]
    assert house.sent[-1].message.kind == "notice"
    assert house.store.conversation(ben)[0] == before
    assert house.store.entries(ben) == entries
    house.shelf.raises = None
    assert "1. " in await house.say("ben", "they all wait for me before they do anything, how do I change that?")


async def test_a_broken_turn_is_logged_without_a_word_of_the_person_or_of_the_exception(house, caplog):
    house.known("ben")
    house.shelf.raises = RuntimeError(f"quoted in an error: {XANADU}")
    with caplog.at_level(logging.DEBUG):
        await house.say("ben", XANADU)

    assert "RuntimeError" in caplog.text
    assert "test_manager.py:" in caplog.text
    for word in ("Xanadu", "bridge", "quoted"):
        assert word not in caplog.text


async def test_a_knowledge_that_cannot_be_opened_stops_no_reflection(house):
    house.known("ben")

    def broken() -> Shelf:
        raise OSError("no index")

    manager = Manager(LIBRARY, house.store, broken, house.clock)
    house.manager = manager
    assert await house.say("ben", "reflect")
    assert await house.say("ben", "ok")
    assert await house.say("ben", "The bank and the farmers met without me today") == WORDS.variants("wrong")[0] or house.store.entries(
        house.store.people()[0].id
    )


# --- exactly once


async def test_the_same_message_handed_over_twice_is_answered_once(house):
    house.known("ben")
    first = await house.say("ben", "reflect", key="one")
    second = await house.say("ben", "reflect", key="one")

    assert first
    assert second == ""
    assert len(house.sent) == 1


async def test_the_same_message_handed_over_at_once_is_answered_once(house):
    house.known("ben")
    inbound = house.inbound("ben", "reflect")
    await asyncio.gather(*(house.manager.handle(inbound) for _ in range(8)))
    await house.heard()

    assert len(house.sent) == 1


async def test_the_same_key_on_two_platforms_is_two_messages(house):
    house.known("ben")
    await house.say("ben", "reflect", key="7")
    await house.manager.handle(Inbound(key="7", platform="telegram", address="someone", at=house.clock.now, text="hello"))
    letters: list[Letter] = []

    async def send(letter: Letter) -> None:
        letters.append(letter)

    assert await house.manager.deliver("telegram", send) == 1
    assert [letter.address for letter in letters] == ["someone"]


async def test_a_message_accepted_before_a_crash_is_answered_after_it(house):
    house.known("ben")
    await house.manager.accept(house.inbound("ben", "reflect"))
    assert await house.heard() == ""
    house.manager = again(house)
    await house.manager.resume()

    assert "?" in await house.heard()
    await house.manager.resume()
    assert await house.heard() == ""


async def test_messages_left_behind_are_answered_in_their_order(house):
    ben = house.known("ben")
    for text in ("reflect", "ok", "The bank was late to the table again", "They may not feel it is theirs"):
        await house.manager.accept(house.inbound("ben", text))
    house.manager = again(house)
    await house.manager.resume()

    assert dict(house.store.entries(ben)[0].answers) == {
        "moment": "The bank was late to the table again",
        "meaning": "They may not feel it is theirs",
    }
    assert len((await house.heard()).split("?")) >= 4


async def test_a_message_that_fails_again_and_again_is_set_aside_and_the_person_told(house):
    ben = house.known("ben")
    key, _ = await house.manager.accept(house.inbound("ben", XANADU))
    for _ in range(TRIES):  # starts, in each of which the process dies before the turn is stored
        house.store.failed(key)
    house.manager = again(house)
    await house.manager.resume()
    said = await house.heard()

    assert said == WORDS.variants("set-aside")[0]
    assert house.store.pending() == []
    await again(house).resume()
    assert await house.heard() == ""
    assert house.store.entries(ben) == []


async def test_one_message_that_cannot_be_read_does_not_hold_up_the_others(house, tmp_path):
    house.known("ben")
    house.known("eva")
    await house.manager.accept(house.inbound("ben", "reflect"))
    await house.manager.accept(house.inbound("eva", "reflect"))
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{tmp_path / 'brokercoach.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE inbox SET body = x'00' WHERE seq = (SELECT min(seq) FROM inbox)"))
    engine.dispose()
    house.manager = again(house)
    with suppress(StoreDown):
        await house.manager.resume()
    await house.heard()

    assert [letter.address for letter in house.sent] == ["eva"]


# --- letters


async def test_a_letter_is_marked_before_and_after_it_is_sent(house):
    house.known("ben")
    await house.manager.handle(house.inbound("ben", "reflect"))
    seen: list[bool] = []

    async def fails(letter: Letter) -> None:
        seen.append(letter.uncertain)
        raise ConnectionError("the platform is away")

    async def works(letter: Letter) -> None:
        seen.append(letter.uncertain)

    with pytest.raises(ConnectionError):
        await house.manager.deliver("terminal", fails)
    assert await house.manager.deliver("terminal", works) == 1
    assert await house.manager.deliver("terminal", works) == 0
    assert seen == [False, True]  # it may have arrived the first time, and says so the second time


async def test_letters_leave_in_the_order_in_which_they_were_said(house):
    house.known("ben")
    for text in ("reflect", "ok", "The bank was late to the table again"):
        await house.manager.handle(house.inbound("ben", text))
    await house.heard()

    assert len(house.sent) == 3
    assert [letter.key for letter in house.sent] == sorted(
        (letter.key for letter in house.sent), key=lambda key: int(key.split("|")[1].split("/")[0])
    )


# --- one at a time for each, nobody waiting for another


async def test_somebody_whose_turn_takes_long_keeps_nobody_else_waiting(house):
    house.known("ben")
    house.known("eva")
    house.shelf.waits_for = "slow"
    slow = asyncio.create_task(house.manager.handle(house.inbound("ben", "this is a slow and long question about the bank, what do I do?")))
    assert await asyncio.to_thread(house.shelf.reached.wait, 30)
    await asyncio.wait_for(house.manager.handle(house.inbound("eva", "they all wait for me to decide, what do I do?")), 30)
    await house.heard()

    assert [letter.address for letter in house.sent] == ["eva"]
    assert not slow.done()
    house.shelf.may_go.set()
    await slow
    await house.heard()
    assert [letter.address for letter in house.sent] == ["eva", "ben"]


async def test_one_persons_messages_are_taken_one_at_a_time_and_in_order(house):
    ben = house.known("ben")
    await house.say("ben", "reflect")
    await house.say("ben", "ok")
    texts = [
        "The slow bank was late to the table once more",
        "They may not feel that it is really theirs",
        "I will ask them what would bring them",
    ]
    house.shelf.waits_for = "slow"
    first = asyncio.create_task(house.manager.handle(house.inbound("ben", texts[0])))
    assert await asyncio.to_thread(house.shelf.reached.wait, 30)
    others = [asyncio.create_task(house.manager.handle(house.inbound("ben", text))) for text in texts[1:2]]
    house.shelf.may_go.set()
    await asyncio.gather(first, *others)
    await house.manager.handle(house.inbound("ben", texts[2]))

    assert list(dict(house.store.entries(ben)[0].answers).values()) == texts


async def test_many_people_at_once_each_get_their_own_answer(house):
    names = [f"person-{n}" for n in range(12)]
    for name in names:
        house.known(name, name=name)
    await asyncio.gather(*(house.manager.handle(house.inbound(name, "hello")) for name in names))
    await house.heard()

    assert sorted(letter.address for letter in house.sent) == sorted(names)
    assert all(letter.address in letter.message.text or not letter.message.text.count("person-") for letter in house.sent)


# --- the clock


async def test_what_is_due_is_sent_once_however_often_the_clock_looks(house):
    ben = house.known("ben", rhythm=Rhythm(time(15, 0)))
    house.store.set_due(ben, "reminder", "", NOON)
    house.clock.now = NOON + timedelta(minutes=5)
    await asyncio.gather(*(house.manager.tick() for _ in range(5)))
    await house.heard()

    assert [letter.message.kind for letter in house.sent] == ["reminder"]
    assert [row.at for row in house.store.due_of(ben)] == [datetime(2026, 3, 3, 12, tzinfo=UTC)]


async def test_a_reminder_that_cannot_be_decided_does_not_end_all_reminders(house):
    ben = house.known("ben", rhythm=Rhythm(time(15, 0)))
    house.store.set_due(ben, "reminder", "", NOON)
    broken = LIBRARY.model_copy(update={"guides": {}})
    house.clock.now = NOON + timedelta(minutes=5)
    await Manager(broken, house.store, lambda: house.shelf, house.clock).tick()

    assert house.store.due_of(ben), "the next reminder must still be there"


async def test_a_reminder_of_somebody_whose_book_is_spoilt_does_not_keep_the_others_waiting(house, tmp_path):
    ben = house.known("ben", rhythm=Rhythm(time(15, 0)))
    eva = house.known("eva", rhythm=Rhythm(time(15, 0)))
    house.store.set_due(ben, "reminder", "", NOON - timedelta(minutes=1))
    house.store.set_due(eva, "reminder", "", NOON)
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{tmp_path / 'brokercoach.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE persons SET profile = x'00' WHERE id = :id"), {"id": ben})
    engine.dispose()
    house.clock.now = NOON + timedelta(minutes=5)
    with suppress(StoreDown):
        await house.manager.tick()
    await house.heard()

    assert [letter.address for letter in house.sent] == ["eva"]


async def test_somebody_who_was_forgotten_meanwhile_gets_nothing_and_breaks_nothing(house):
    ben = house.known("ben")
    key, person = await house.manager.accept(house.inbound("ben", "hello"))
    house.store.forget(ben)
    await house.manager.turn(key, person)
    await house.manager.resume()
    await house.manager.tick()

    assert await house.heard() == ""


async def test_text_is_cleaned_before_it_is_stored(house):
    ben = house.known("ben")
    for text in ("reflect", "ok", "The bank\0 was \u202elate\u202c to the table, again \ud83d"):
        await house.say("ben", text)
    answers: Callable[[Entry], dict[str, str]] = lambda entry: dict(entry.answers)  # noqa: E731

    assert answers(house.store.entries(ben)[0]) == {"moment": "The bank was late to the table, again"}


def test_a_platform_is_one_of_those_the_house_knows():
    assert set(Platform.__args__) == {"terminal", "telegram", "slack"}  # type: ignore[attr-defined]


# --- languages


async def test_what_a_platform_knows_of_the_language_counts_at_first_sight_only(house):
    french = LIBRARY.words["fr"].variants("welcome")[0].split("$")[0]
    assert (await house.say("awa", "👋", language="fr-SN")).startswith(french)
    person = house.store.person_at("terminal", "awa")

    await house.say("awa", "ok", language="en")

    assert person is not None
    assert house.store.person(person.id).language == "fr"


async def test_a_language_of_a_platform_that_the_coach_lacks_changes_nothing(house):
    assert (await house.say("ben", "hello", language="de_DE")).startswith(WORDS.variants("welcome")[0].split("$")[0])


async def test_a_clear_message_in_another_language_is_kept_as_the_person_s_language(house):
    ben = house.known("ben")
    manager = Manager(LIBRARY, house.store, lambda: house.shelf, house.clock, lambda text: [("es", 0.97)] if "alcalde" in text else [])
    await manager.handle(house.inbound("ben", "el alcalde bloquea todas las decisiones del proyecto"))
    await manager.handle(house.inbound("ben", "ok"))

    assert house.store.person(ben).language == "es"


# --- what an answer is about is looked up beside the reply

TOLD = "They wait for me, all of them, and the bank waits for the mayor to say anything"


async def told(house: House) -> PersonId:
    """Somebody who has answered a step of a reflection, by the door that turns are taken at when many are served."""
    aisha = house.known("aisha")
    for text in ("reflect", "ok", TOLD):
        await house.manager.accept(house.inbound("aisha", text))
        assert await house.manager.take(aisha)
    return aisha


def themes(house: House, person: PersonId) -> list[str]:
    return [theme.card for entry in house.store.entries(person) for theme in entry.themes]


async def test_a_reply_does_not_wait_for_what_its_answer_is_about_and_the_next_turn_does(house):
    house.shelf.waits_for = TOLD
    aisha = await told(house)

    replies = await house.heard()
    assert replies.endswith("?")
    assert themes(house, aisha) == []
    assert [row.kind for row in house.store.due_of(aisha)] == ["marks"]

    following = asyncio.ensure_future(house.manager.take(aisha))
    await asyncio.to_thread(house.shelf.reached.wait, 30)
    assert not following.done()
    house.shelf.may_go.set()
    assert not await following
    assert themes(house, aisha) == ["they-wait-for-me"]
    assert house.store.due_of(aisha) == []


async def test_what_an_answer_is_about_is_looked_up_even_when_nothing_else_comes(house):
    aisha = await told(house)

    async with asyncio.timeout(10):
        while house.store.due_of(aisha):  # noqa: ASYNC110 - nobody is told of it
            await asyncio.sleep(0.01)

    assert themes(house, aisha) == ["they-wait-for-me"]


@pytest.mark.parametrize("by", ["tick", "take"])
async def test_what_a_crash_left_to_be_looked_up_is_looked_up_a_minute_later(house, by):
    house.shelf.waits_for = TOLD  # in the process that is no more
    aisha = await told(house)
    again = Manager(LIBRARY, house.store, Shelf, house.clock)

    house.clock.now += timedelta(minutes=2)
    await (again.tick() if by == "tick" else again.take(aisha))

    assert themes(house, aisha) == ["they-wait-for-me"]
    assert house.store.due_of(aisha) == []
    house.shelf.may_go.set()


async def test_a_search_that_fails_then_costs_marks_alone(house, caplog):
    house.shelf.raises = RuntimeError(XANADU)
    aisha = await told(house)
    await house.manager.take(aisha)

    assert (await house.heard()).endswith("?")
    assert themes(house, aisha) == []
    assert house.store.due_of(aisha) == []
    assert "RuntimeError at test_manager.py" in caplog.text
    assert "Xanadu" not in caplog.text
