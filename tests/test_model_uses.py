"""What else a model may help with beside replies, each only where it is switched on: the weekly letter, and which card fits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from fake_model import FakeModel, fake_model, warmed
from model_house import STORY, House, house_of, model_at

from bot.model import Consent, Entry, PersonId, Rhythm
from bot.tally import Tally
from bot.web import Web

NOTES = (
    "Chaired the meeting again, nobody offered. I was too tired to ask.",
    "The mayor came late and everybody waited. I asked Ana to start without him.",
    "Ana took the notes, I almost stopped her. The mayor laughed and said we manage without him.",
)
CARDS = ("they-wait-for-me", "argument-boils-over", "attacks-by-email")


@pytest.fixture
def fake() -> Iterator[FakeModel]:
    with fake_model() as model:
        yield model


def writer(house: House, *, agrees: bool = True) -> PersonId:
    """Somebody whose letter is due on this Friday, 6 March, at 15:30 of their own time."""
    person = house.known("aisha", agrees=agrees, rhythm=Rhythm(nudge=(4, time(15, 30))))
    house.store.agree(person, Consent("nudges", 1, granted=True))
    for n, text in enumerate(NOTES):
        at = datetime(2026, 3, 2 + n, 15, tzinfo=UTC)
        house.store.add_entry(person, Entry(f"e{n}", "crossing", at.date(), at, (("moment", text),)))
    house.store.set_due(person, "nudge", "", datetime(2026, 3, 6, 12, 30, tzinfo=UTC))
    return person


async def letter(house: House) -> str:
    house.clock.now = datetime(2026, 3, 6, 12, 31, tzinfo=UTC)
    await house.manager.tick()
    return await house.heard()


async def composed(folder: Path) -> str:
    with house_of(folder, []) as plain:
        writer(plain, agrees=False)
        return await letter(plain)


async def test_a_letter_comes_in_the_models_words_and_quotes_as_ever(tmp_path, fake):
    fake.answer = warmed(LEAD)
    plain = await composed(tmp_path / "plain")
    with house_of(tmp_path / "house", [model_at(fake.url)]) as house:
        writer(house)
        said = await letter(house)
    assert "“I asked Ana to start without him”" in plain
    assert "“I asked Ana to start without him”" in said
    assert said.replace("Two things stayed with me. ", "") == plain
    assert "Ana" not in fake.received
    assert len(fake.asked()["logbook"]) <= 3


LEAD = "Two things stayed with me."
UNTRUE = {
    "a quotation mended": warmed(LEAD, mirror=lambda told: told["mirror"].replace("Ana", "Anna").replace("start", "begin")),
    "a quotation made up": warmed(LEAD, mirror=lambda told: told["mirror"] + " And you wrote “I am so proud of it”."),
    "no quotation": warmed(LEAD, mirror=lambda _: "It sounds as though much happened this week."),
    "two questions": warmed(LEAD, mirror=lambda told: told["mirror"] + " Did it?"),
    "flattery": warmed(LEAD, mirror=lambda told: told["mirror"] + " Well done."),
    "an order": warmed(LEAD, question=lambda _: "You should ask her, will you?"),
    "a letter as long as two": warmed(LEAD, mirror=lambda told: told["mirror"] + " It went on and on." * 20),
    "danger that is not there": warmed(LEAD, safety=lambda _: "danger"),
}


@pytest.mark.parametrize("what", UNTRUE)
async def test_a_letter_that_is_not_true_to_the_entries_goes_out_as_composed(what, tmp_path, fake):
    fake.answer = UNTRUE[what]
    with house_of(tmp_path / "house", [model_at(fake.url)]) as house:
        writer(house)
        assert await letter(house) == await composed(tmp_path / "plain")
    assert fake.bodies


async def test_an_outage_is_no_matter_for_a_letter(tmp_path):
    with house_of(tmp_path / "house", [model_at("http://127.0.0.1:9/v1")]) as house:
        writer(house)
        assert await letter(house) == await composed(tmp_path / "plain")


@pytest.mark.parametrize(("agrees", "uses"), [(True, ("words", "pick")), (False, ("words", "letters"))])
async def test_without_the_switch_or_without_consent_no_letter_is_read(agrees, uses, tmp_path, fake):
    with house_of(tmp_path / "house", [model_at(fake.url)], uses=uses) as house:
        writer(house, agrees=agrees)
        assert await letter(house) == await composed(tmp_path / "plain")
    assert fake.bodies == []


async def test_a_week_with_an_entry_that_was_kept_out_is_read_by_no_model(tmp_path, fake):
    with house_of(tmp_path / "house", [model_at(fake.url)]) as house:
        writer(house)
        await house.say("aisha", "reflect")
        await house.say("aisha", "ok")
        await house.say("aisha", "The chair shouted at everyone in the room, keep this one out")
        await house.say("aisha", "stop")
        before = len(fake.bodies)
        await letter(house)
    assert len(fake.bodies) == before


# --- which card fits


async def test_the_card_that_a_model_picks_comes_first_and_of_the_message_no_name_leaves(tmp_path, fake):
    fake.picks = ["attacks-by-email", "made-up", "attacks-by-email"]
    with house_of(tmp_path, [model_at(fake.url)], uses=("pick",)) as house:
        house.shelf.cards = CARDS
        house.known("aisha")
        await house.say("aisha", f"Wanjiru says {STORY}")
        assert house.sent[-1].message.sources[0].card == "attacks-by-email"
        assert house.shelf.wanted == [20]
        assert [each["id"] for each in fake.asked()["candidates"]] == list(CARDS)
    assert "Wanjiru" not in fake.received


MISSED: dict[str, dict[str, Any]] = {
    "nothing": {"picks": []},
    "cards that were not given": {"picks": ["made-up", "admin"]},
    "garbage": {"mood": "garbage"},
    "an error": {"mood": "500"},
    "a line that is cut": {"mood": "half"},
}


@pytest.mark.parametrize("what", MISSED)
async def test_where_none_is_picked_the_order_stays_as_it_was_found(what, tmp_path):
    with fake_model(**MISSED[what]) as fake, house_of(tmp_path, [model_at(fake.url, timeout=2)], uses=("pick",)) as house:
        house.shelf.cards = CARDS
        house.known("aisha")
        await house.say("aisha", STORY)
        assert house.sent[-1].message.sources[0].card == CARDS[0]
        assert fake.bodies


@pytest.mark.parametrize(
    ("said", "uses", "agrees"),
    [
        (STORY, ("words", "letters"), True),
        (STORY, ("pick",), False),
        (f"keep this one out: {STORY}", ("pick",), True),
        ("I want to end my life, nothing moves unless I push it", ("pick",), True),
    ],
)
async def test_what_may_not_leave_for_a_reply_may_not_leave_for_a_choice(said, uses, agrees, tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], uses=uses) as house:
        house.shelf.cards = CARDS
        house.known("aisha", agrees=agrees)
        await house.say("aisha", said)
        assert not any("candidates" in fake.asked(number) for number in range(len(fake.bodies)))


async def test_what_was_kept_out_stays_out_when_the_talk_goes_on_and_nothing_is_picked_within_a_guide(tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], uses=("pick",)) as house:
        house.shelf.cards = CARDS
        house.known("aisha")
        for text in (f"keep this one out: {STORY}", "because he always does that when the donor is near"):
            await house.say("aisha", text)
        for text in ("reflect", "ok", "The chair shouted at everyone in the room today"):
            await house.say("aisha", text)
    assert fake.bodies == []


async def test_a_picked_card_spends_of_the_same_budget(tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], uses=("pick",)) as house:
        house.shelf.cards = CARDS
        person = house.known("aisha")
        await house.say("aisha", STORY)
        assert house.store.spent(house.clock().replace(hour=0), person) == 1000
        house.clock.now += timedelta(days=1)
        assert house.adviser.usage(person).today == 0


# --- what the operator sees


async def test_metrics_tell_what_a_model_was_used_for_and_nobodys_words(tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)]) as house:
        house.known("aisha")
        await house.say("aisha", STORY)
        fake.mood = "500"
        await house.say("aisha", "they keep cancelling and I have had enough of the whole thing by now")
        served = Web(house.store, [], house.clock, Tally(), asyncio.Event(), lambda: house.manager.counts)
        address = await served.open("127.0.0.1", 0)
        async with aiohttp.ClientSession() as session, session.get(f"{address}/metrics") as answer:
            told = await answer.text()
        await served.close()
    assert 'brokercoach_model_total{what="worded"} 1.0' in told
    assert 'brokercoach_model_total{what="fell-back-down"} 1.0' in told
    assert 'brokercoach_model_total{what="tokens"} 1000.0' in told
    assert "brokercoach_model_tokens_month 1000.0" in told
    assert "cancelling" not in told
    assert "aisha" not in told
