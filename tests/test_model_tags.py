"""Themes that a model suggests for an entry once it is closed: out of those offered, word for word, beside those already found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_model import FakeModel, Worded, fake_model
from model_house import NOON, House, house_of, model_at
from passages import passage

from bot.budget import Limits
from bot.model import Consent, Entry, PersonId, Theme
from bot.tagging import GRACE

CARDS = ("they-wait-for-me", "argument-boils-over")
TOPIC = next(topic for topic in passage(CARDS[1]).topics if not topic.startswith("principle-"))
NOTE = "Wanjiru shouted at the mayor before everybody. Nobody said a word for a long while, and I closed the meeting."
QUOTE = "Nobody said a word for a long while"


@pytest.fixture
def fake() -> Iterator[FakeModel]:
    with fake_model() as model:
        yield model


def tagged(topic: str = TOPIC, quote: str = QUOTE, stance: str = "none", safety: str = "none") -> Worded:
    return lambda _: {"tags": [{"topic": topic, "quote": quote, "stance": stance}], "safety": safety}


def tagging_house(tmp_path: Any, fake: FakeModel, timeout: float = 20, **more: Any) -> Any:
    return house_of(tmp_path, [model_at(fake.url, timeout)], **({"uses": ("tags",)} | more))


async def a_while(house: House, span: timedelta = GRACE) -> None:
    house.clock.now += span
    await house.manager.tick()


def themes(house: House, person: PersonId) -> list[tuple[str, str, str | None]]:
    return [(theme.topic, theme.quote, theme.stance) for entry in house.store.entries(person) for theme in entry.themes]


async def test_a_while_after_an_entry_is_closed_a_model_says_what_it_is_about_and_nothing_is_said(tmp_path, fake):
    fake.tags = lambda data: tagged(quote=data["entry"].partition(" before")[0])(data)
    with tagging_house(tmp_path, fake) as house:
        house.shelf.cards = CARDS
        person = house.known("aisha")
        await house.say("aisha", NOTE, entry=True)
        await a_while(house, GRACE - timedelta(seconds=5))
        assert fake.bodies == []
        await a_while(house)
        assert themes(house, person) == [(TOPIC, "Wanjiru shouted at the mayor", None)]
        assert await house.heard() == ""
        assert house.store.verify(person) is None
        assert house.store.due_of(person) == []
        await a_while(house, timedelta(days=1))
        assert len(fake.bodies) == 1
    assert "Wanjiru" not in fake.received


async def test_a_reflection_is_looked_at_when_it_is_over_and_not_before(tmp_path, fake):
    with tagging_house(tmp_path, fake) as house:
        house.known("aisha")
        for text in ("reflect", "ok", NOTE):
            await house.say("aisha", text)
        await a_while(house, timedelta(hours=1))
        assert fake.bodies == []
        await house.say("aisha", "stop")
        await a_while(house)
        assert len(fake.bodies) == 1


async def test_what_is_found_without_a_model_stays_and_nothing_is_marked_twice(tmp_path, fake):
    fake.tags = lambda data: {"tags": [tagged(topic)(data)["tags"][0] for topic in (TOPIC, "capacity")], "safety": "none"}
    with tagging_house(tmp_path, fake) as house:
        house.shelf.cards = CARDS
        person = house.known("aisha")
        found = Theme(TOPIC, CARDS[1], "closed the meeting")
        house.store.add_entry(person, Entry("e1", "crossing", NOON.date(), NOON, (("moment", NOTE),), themes=(found,)))
        house.store.set_due(person, "tags", "e1", NOON)
        await a_while(house)
        assert fake.bodies
        assert themes(house, person) == [(TOPIC, "closed the meeting", None)]


LET_GO = {
    "a topic that was not offered": tagged("made-up"),
    "a quotation that was mended": tagged(quote="Nobody said one word for a long while"),
    "half a word": tagged(quote="body said a word for a long while"),
    "a quotation of nothing": tagged(quote=""),
    "two words": tagged(quote="a word"),
    "a stance on what is no principle": tagged(stance="for"),
    "danger": tagged(safety="danger"),
    "harassment": tagged(safety="harassment"),
}


@pytest.mark.parametrize("what", LET_GO)
async def test_row_39_a_theme_that_does_not_hold_is_let_go(what, tmp_path, fake):
    fake.tags = LET_GO[what]
    with tagging_house(tmp_path, fake) as house:
        house.shelf.cards = CARDS
        person = house.known("aisha")
        await house.say("aisha", NOTE, entry=True)
        await a_while(house)
        assert fake.bodies
        assert themes(house, person) == []


async def test_a_principle_is_marked_for_or_against_and_only_one(tmp_path, fake):
    with tagging_house(tmp_path, fake) as house:
        house.shelf.cards = ("better-without-partnership", "no-risky-step-without-consent")
        topics = [next(t for t in passage(card).topics if t.startswith("principle-")) for card in house.shelf.cards]
        fake.tags = lambda data: {"tags": [tagged(topic, stance="against")(data)["tags"][0] for topic in topics], "safety": "none"}
        person = house.known("aisha")
        await house.say("aisha", NOTE, entry=True)
        await a_while(house)
        assert themes(house, person) == [(topics[0], QUOTE, "against")]


@pytest.mark.parametrize("mood", ["429", "500", "timeout", "reset", "html", "empty", "garbage", "nothing", "half", "refusal"])
async def test_row_38_whatever_the_endpoint_does_the_marks_stay_as_they_were_and_the_coach_answers(mood, tmp_path, fake):
    fake.mood = mood
    with tagging_house(tmp_path, fake, timeout=1 if mood == "timeout" else 20) as house:
        await asyncio.to_thread(house.adviser._models[0][0].open)
        person = house.known("aisha")
        await house.say("aisha", NOTE, entry=True)
        await a_while(house)
        assert fake.bodies
        assert themes(house, person) == []
        assert house.store.due_of(person) == []
        assert await house.say("aisha", "my logbook")


async def test_row_40_an_order_in_an_entry_changes_nothing_whatever_the_model_makes_of_it(tmp_path, fake):
    injections = yaml.safe_load((Path(__file__).parent / "injections.yaml").read_text(encoding="utf-8"))
    fake.tags = lambda data: tagged(topic="admin", quote=" ".join(data["entry"].split()[:5]), stance="for")(data)
    with tagging_house(tmp_path, fake) as house:
        house.known("victim", name="Bartholomew")
        for language in ("en", "fr", "es"):
            person = house.known(language, language=language)
            for row in (row for row in injections if row["language"] == language):
                await house.say(language, f"{NOTE}\n{row['text']}", entry=True)
            before = house.store.consents(person), house.store.person(person), house.store.intentions(person), house.store.entries(person)
            await a_while(house, timedelta(hours=1))
            assert await house.heard() == ""
            assert (house.store.consents(person), house.store.person(person), house.store.intentions(person)) == before[:3]
            assert house.store.entries(person) == before[3]
        assert len(fake.bodies) > 10
        for number in range(len(fake.bodies)):
            fake.asked(number)  # every text stands inside the fence, whatever it holds
    assert "Bartholomew" not in fake.received


async def kept_out_at_once(house: House) -> None:
    await house.say("aisha", f"keep this one out. {NOTE}", entry=True)


async def kept_out_a_minute_later(house: House) -> None:
    await house.say("aisha", NOTE, entry=True)
    await a_while(house, timedelta(minutes=1))
    await house.say("aisha", "keep this one out")


async def of_danger(house: House) -> None:
    await house.say("aisha", f"{NOTE} I want to end my life.", entry=True)


async def of_wrongdoing(house: House) -> None:
    await house.say("aisha", "he asked me for a bribe and I paid it", entry=True)


async def of_harassment(house: House) -> None:
    await house.say("aisha", "my director keeps touching me and I don't want it", entry=True)


async def taken_back(house: House) -> None:
    await house.say("aisha", NOTE, entry=True)
    await house.say("aisha", "take back my last entry")
    await house.say("aisha", "", press=house.sent[-1].message.choices[0].id)


async def in_another_language(house: House) -> None:
    await house.say("aisha", "O presidente da câmara gritou com todos e ninguém disse nada durante muito tempo", entry=True)


SPARED = [kept_out_at_once, kept_out_a_minute_later, of_danger, of_wrongdoing, of_harassment, taken_back, in_another_language]


@pytest.mark.parametrize("wrote", SPARED)
async def test_some_entries_are_read_by_no_model(wrote, tmp_path, fake):
    with tagging_house(tmp_path, fake) as house:
        person = house.known("aisha")
        await wrote(house)
        assert house.store.entries(person)
        await a_while(house, timedelta(hours=2))
    assert fake.bodies == []


@pytest.mark.parametrize(("agrees", "uses"), [(True, ("words", "letters", "pick")), (False, ("tags",))])
async def test_row_37_without_the_switch_or_without_consent_no_entry_leaves(agrees, uses, tmp_path, fake):
    with tagging_house(tmp_path, fake, uses=uses) as house:
        person = house.known("aisha", agrees=agrees)
        await house.say("aisha", NOTE, entry=True)
        assert house.store.due_of(person) == []
        house.store.set_due(person, "tags", house.store.entries(person)[0].id, house.clock())
        await a_while(house)
    assert fake.bodies == []


async def test_row_37_consent_withdrawn_while_an_entry_waits_lets_no_byte_leave(tmp_path, fake):
    with tagging_house(tmp_path, fake) as house:
        person = house.known("aisha")
        await house.say("aisha", NOTE, entry=True)
        house.store.agree(person, Consent("model", 1, granted=False))
        await a_while(house)
    assert fake.bodies == []


async def test_row_42_an_entry_spends_of_the_same_budget_and_none_is_read_beyond_it(tmp_path, fake):
    with tagging_house(tmp_path, fake, limits=Limits(day=2500)) as house:
        person = house.known("aisha")
        for _ in range(6):
            await house.say("aisha", NOTE, entry=True)
            await a_while(house)
        assert 0 < len(fake.bodies) <= 2
        assert house.store.spent(house.clock().replace(hour=0), person) == 1000 * len(fake.bodies)
