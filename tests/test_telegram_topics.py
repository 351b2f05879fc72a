"""Topics in private chats with the bot: one for each partnership, against a Bot API on loopback that has them, has them not, or refuses.

Everything is looked at from outside: what is written in which topic, what comes back where, and what the logbook holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_telegram import TOKEN, FakeTelegram, Fault, flood, refusal, telegram
from passages import Silent

from adapters.telegram import Telegram
from bot.door import Later
from bot.manager import Manager
from bot.model import Choice, Entry, Inbound, Letter, Message, Partnership, Person, PersonId
from prompts.library import load_library
from storage.store import Store

LIBRARY = load_library()
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPENS = LIBRARY.words["en"].variants("room.opens")[0]


@dataclass
class Talk:
    """Somebody in a private chat with the coach, who waits for each answer."""

    fake: FakeTelegram
    store: Store
    manager: Manager
    made: Telegram
    now: datetime = MONDAY

    async def deliver(self) -> None:
        await self.fake.until(lambda: not self.fake.updates)
        await self.manager.deliver("telegram", self.made.send)

    async def say(self, text: str, topic: int | None = None) -> str:
        """What came back last, wherever that was."""
        self.fake.say(text, date=int(self.now.timestamp()), **self.fake.inside(topic))
        await self.deliver()
        return self.fake.texts()[-1]

    async def press(self, label: str) -> str:
        """A button of the last message that has one of this label."""
        on = next(each for each in reversed(self.fake.sent) if any(label in button["text"] for button in each["buttons"]))
        data = next(button["callback_data"] for button in on["buttons"] if label in button["text"])
        self.fake.press(data, on=on, number=len(self.fake.sent))
        await self.deliver()
        return self.fake.texts()[-1]

    async def later(self, **passes: float) -> None:
        self.now += timedelta(**passes)
        await self.manager.tick()
        await self.deliver()

    def topic(self, name: str) -> int | None:
        return next((number for (_, number), called in self.fake.topics.items() if called == name), None)

    @property
    def entries(self) -> list[Entry]:
        person = self.store.person_at("telegram", "7")
        return sorted(self.store.entries(person.id), key=lambda entry: entry.written) if person else []


@asynccontextmanager
async def talking(folder: Path, *partnerships: Partnership, topics: bool = True, **more: Any) -> AsyncIterator[Talk]:
    store = Store.open(f"sqlite:///{folder}/db", folder / "key")
    known = {"zone": "Africa/Nairobi", "welcomed": True, "onboarded": True} | more
    store.enrol("telegram", "7", Person(PersonId(""), partnerships=partnerships, **known))
    async with telegram() as fake:
        fake.topics_on = topics
        made = Telegram(TOKEN, LIBRARY.words, api=fake.base, poll=1, patience=5, sleep=lambda _: asyncio.sleep(0), clock=lambda: talk.now)
        talk = Talk(fake, store, Manager(LIBRARY, store, Silent, lambda: talk.now), made)
        task = asyncio.create_task(made.listen(talk.manager.handle))
        try:
            yield talk
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await made.close()
            store.close()


WATER, SCHOOLS = Partnership("Water", ("managing-maintaining",)), Partnership("Schools", ("scoping-building",))


async def test_each_partnership_gets_its_topic_once_and_one_named_later_gets_its_own(tmp_path):
    async with talking(tmp_path, WATER) as talk:
        answer = await talk.say("hello")
        await talk.say("hello again")
        first = dict(talk.fake.topics)
        await talk.say("add partnership")
        await talk.say("Schools")
        water, schools = talk.topic("Water"), talk.topic("Schools")

    assert list(first.values()) == ["Water"]
    assert talk.fake.texts_in(water) == [OPENS.replace("$partnership", "Water")]
    assert talk.fake.texts_in(schools) == [OPENS.replace("$partnership", "Schools")]
    assert answer in talk.fake.texts_in(None)


async def test_what_is_written_in_a_topic_is_about_its_partnership_and_is_answered_there(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        schools = talk.topic("Schools")
        before = len(talk.fake.texts_in(None))
        await talk.say("reflect", schools)
        await talk.press("Good")
        await talk.say("The director sent the second draft back without a word to anybody in the room.", schools)
        outside = len(talk.fake.texts_in(None))
        [entry] = talk.entries

    assert entry.partnership == "Schools"
    assert entry.phases == ("scoping-building",)
    assert outside == before
    assert len(talk.fake.texts_in(schools)) == 4


async def test_outside_of_topics_an_entry_is_about_the_partnership_that_it_names_or_about_none(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        await talk.say("reflect")
        await talk.press("Good")
        await talk.say("Nobody from either ministry answered the letter that we had sent to all of them.")

    assert [entry.partnership for entry in talk.entries] == [None]


async def test_a_reflection_in_one_topic_waits_while_its_person_writes_in_another(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        water, schools = talk.topic("Water"), talk.topic("Schools")
        await talk.say("reflect", water)
        asked = talk.fake.texts_in(water)[-1]
        await talk.say("reflect", schools)
        await talk.press("Low")
        await talk.say("The director wanted every line of the budget read out aloud.", schools)
        on = next(each for each in talk.fake.sent if each["shown"].startswith(asked[:20]) and each["topic"] == water)
        talk.fake.press(next(b["callback_data"] for b in on["buttons"] if "Good" in b["text"]), on=on, number=99)
        await talk.deliver()
        await talk.say("The well committee chose its own chair, and the mayor let them.", water)
        about = {entry.partnership: dict(entry.answers) for entry in talk.entries}
        energy = {entry.partnership: entry.energy for entry in talk.entries}

    assert "budget" in str(about["Schools"])
    assert "chair" in str(about["Water"])
    assert "chair" not in str(about["Schools"])
    assert energy == {"Schools": "low", "Water": "good"}


async def test_what_is_begun_outside_of_topics_goes_on_in_whichever_its_person_answers(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        await talk.say("what do you know about me?", talk.topic("Water"))
        await talk.say("reflect")
        await talk.press("Good")
        await talk.say("The director sent the second draft back without a word to anybody.", talk.topic("Schools"))

    assert [entry.partnership for entry in talk.entries] == ["Schools"]


async def test_a_plan_is_asked_about_in_the_topic_in_which_it_was_made(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        schools = talk.topic("Schools")
        kept = await talk.say("On Thursday I will call the director and ask what she needs.", schools)
        before = len(talk.fake.texts_in(schools))
        await talk.say("thanks")
        await talk.later(days=4)
        asked = talk.fake.texts_in(schools)[before:]

    assert "Thursday" in kept
    assert len(asked) == 1
    assert "call the director" in asked[0]


async def test_a_plan_that_names_its_partnership_is_asked_about_in_that_ones_topic(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        await talk.say("On Thursday I will write to the Water committee about the pump.")
        await talk.later(days=4)

    assert any("the pump" in text for text in talk.fake.texts_in(talk.topic("Water")))


async def test_where_the_bot_has_no_topics_nothing_is_made_and_everything_stays_in_the_one_chat(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS, topics=False) as talk:
        await talk.say("hello")
        await talk.say("On Thursday I will write to the Water committee about the pump.")
        await talk.later(days=4)

    assert not talk.fake.called("createForumTopic")
    assert talk.fake.texts() == talk.fake.texts_in(None)
    assert any("the pump" in text for text in talk.fake.texts()[2:])


@pytest.mark.parametrize(
    "fault",
    [refusal(400, "Bad Request: BOT_FORUM_CREATE_FORBIDDEN"), Fault(200, {"ok": True, "result": {}}), Fault(502, "<html>", after=True)],
)
async def test_where_a_topic_cannot_be_made_the_chat_goes_on_without_a_word_about_it(tmp_path, fault):
    async with talking(tmp_path, WATER) as talk:
        talk.fake.faults["createForumTopic"] = [fault]
        await talk.say("hello")
        await talk.say("hello again")
        letters = list(talk.fake.texts())

    assert len(talk.fake.called("createForumTopic")) == 1
    assert len(letters) == 2
    assert talk.fake.texts_in(None) == letters


async def test_asked_to_wait_before_a_topic_is_made_it_is_made_later_and_once(tmp_path):
    async with talking(tmp_path, WATER) as talk:
        talk.fake.faults["createForumTopic"] = [flood(3)]
        talk.fake.faults["sendMessage"] = [Fault(times=0), flood(3)]
        for _ in range(2):
            with pytest.raises(Later):
                await talk.say("hello") if not talk.fake.calls or not talk.fake.called("createForumTopic") else await talk.deliver()
        await talk.deliver()

    assert list(talk.fake.topics.values()) == ["Water"]


async def test_a_topic_that_the_person_called_as_a_partnership_becomes_its_room(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        talk.fake.faults["createForumTopic"] = [refusal(400, "Bad Request: not enough rights", times=2)]
        await talk.say("hello")
        mine = talk.fake.topic("schools")
        await talk.deliver()
        await talk.say("reflect", mine)
        await talk.press("Good")
        await talk.say("The director sent the second draft back without a word to anybody.", mine)

    assert [entry.partnership for entry in talk.entries] == ["Schools"]


async def test_a_topic_of_any_other_name_is_nobodys_and_is_answered_where_it_is(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        mine, aside = talk.fake.topic("Holidays"), talk.fake.topic("Water", implicit=True)
        await talk.deliver()
        await talk.say("reflect", mine)
        await talk.press("Good")
        await talk.say("Nobody from either ministry answered the letter that we had sent.", mine)
        await talk.say("stop", mine)
        await talk.say("what do you know about me?", aside)
        room = next(number for (_, number), name in talk.fake.topics.items() if name == "Water")
        await talk.say("On Thursday I will write to the Water committee about the pump.")
        await talk.later(days=4)

    assert [entry.partnership for entry in talk.entries] == [None]
    assert len(talk.fake.texts_in(mine)) == 4
    assert len(talk.fake.texts_in(aside)) == 1
    assert "the pump" in talk.fake.texts_in(room)[-1]


async def test_what_belongs_to_a_topic_that_was_deleted_is_said_in_the_chat(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        await talk.say("On Thursday I will call the director and ask what she needs.", talk.topic("Schools"))
        before = len(talk.fake.texts_in(None))
        talk.fake.topics.clear()
        await talk.later(days=4)

    assert "call the director" in talk.fake.texts_in(None)[before]


async def test_a_partnership_that_is_taken_out_takes_its_room_along(tmp_path):
    async with talking(tmp_path, WATER, SCHOOLS) as talk:
        await talk.say("hello")
        schools = talk.topic("Schools")
        await talk.say("forget a partnership")
        await talk.press("Schools")
        await talk.press("Take")
        await talk.say("reflect", schools)
        await talk.press("Good")
        await talk.say("The director sent the second draft back without a word to anybody.", schools)
        person = talk.store.person_at("telegram", "7")
        held = talk.store.conversation(person.id)[0]

    assert "Schools" not in {room.partnership for room in held.rooms}
    assert [entry.partnership for entry in talk.entries] == ["Water"]


async def test_a_room_of_another_chat_is_none_here(tmp_path):
    async with talking(tmp_path, WATER) as talk:
        talk.fake.topics[7, 42] = "Other"
        await talk.made.send(Letter("a", "telegram", "7", Message("reply", "hello", room="8/42")))
        await talk.made.send(Letter("b", "telegram", "7", Message("reply", "hello", (Choice("do:ask", "Ask"),), room="7/42")))

    assert [sent["topic"] for sent in talk.fake.sent] == [None, 42]


async def test_what_is_written_outside_of_all_topics_is_answered_there_whatever_number_it_comes_with(tmp_path):
    async with talking(tmp_path) as talk:
        await talk.say("hello", 1)

    assert [sent["topic"] for sent in talk.fake.sent] == [None]


def test_nothing_of_a_room_is_shown_in_a_repr():
    came = Inbound(key="k", platform="telegram", address="7", at=MONDAY, room="7/42", names="Water")
    assert "42" not in repr(came)
    assert "Water" not in repr(came)
    assert "Water" not in repr(Message("notice", "x", room="7/42", opens="Water"))
