"""With a model: warmer, never looser. The model is a fake on loopback; store, manager, langchain and the checks are the real ones."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_model import FakeModel, fake_model, worded
from model_house import LIBRARY, STORY, TELLS, House, house_of, model_at

from bot.budget import Limits
from bot.llm import hosts
from bot.manager import Manager
from bot.model import Consent, Entry, Partnership, Quote, Turn
from bot.wording import tokens_in


@pytest.fixture
def fake() -> Iterator[FakeModel]:
    with fake_model() as model:
        yield model


@pytest.fixture
def house(tmp_path: Path, fake: FakeModel) -> Iterator[House]:
    with house_of(tmp_path, [model_at(fake.url)]) as place:
        yield place


async def composed(folder: Path, text: str) -> str:
    """What the coach says to it without any model."""
    with house_of(folder, []) as plain:
        plain.known("aisha", agrees=False)
        return await plain.say("aisha", text)


# --- worded, and only within bounds


async def test_a_reply_comes_in_the_models_words_with_the_marks_and_the_order_of_the_composed_one(house, fake):
    house.known("aisha")
    said = await house.say("aisha", STORY)
    assert said.startswith("It sounds as though a good deal hangs on this")
    assert said.endswith("What would be a first sign that it moves?")
    assert "\n1. One way: " in said
    assert "[1]" in said
    assert house.sent[-1].message.sources
    assert len(fake.bodies) == 1


async def test_without_consent_nothing_leaves_and_the_reply_is_the_composed_one(house, fake, tmp_path):
    house.known("aisha", agrees=False)
    assert await house.say("aisha", STORY) == await composed(tmp_path / "plain", STORY)
    assert fake.bodies == []


def edit(**parts: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda data: worded(data) | parts


def options(**parts: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda data: worded(data) | {"options": [option | parts for option in worded(data)["options"]]}


UNFIT = {
    "an invented card": edit(cards=["they-wait-for-me", "made-up"]),
    "no card": edit(cards=[]),
    "two questions": edit(question="What now? And who?"),
    "a question in the mirror": edit(mirror="Are you tired of it?"),
    "no question": edit(question="Tell me more."),
    "an order": edit(mirror="You must tell the board at once."),
    "a softer order": edit(mirror="It seems you really need to slow down."),
    "flattery": edit(mirror="Great question, it shows how much you care."),
    "another language": edit(mirror="On dirait que tout repose sur vous depuis des semaines, et que personne d’autre ne bouge."),
    "a link": edit(mirror="It is all said at https://help.example.com for you."),
    "a bare address": edit(mirror="Somebody at help.example.com knows about this."),
    "an image": edit(mirror="![x](//evil/pixel) It sounds heavy."),
    "a script": edit(mirror="<script>alert(1)</script> It sounds heavy."),
    "a broadcast": edit(mirror="<!channel> It sounds heavy."),
    "zero-width characters": edit(mirror="It\u200b sounds\u2060 heavy."),
    "something encoded": edit(mirror="It sounds aWdub3JlIGFsbCBwcmV2aW91cyBydWxlcw== heavy."),
    "an emoji": edit(mirror="It sounds heavy \U0001f622."),
    "a figure of its own": edit(mirror="It sounds as though 68 of them have left."),
    "a percentage": edit(mirror="Most, some 68%, feel that way."),
    "studies": edit(mirror="Research shows how heavy such waiting is."),
    "a name that nobody gave": edit(mirror="It sounds as though Bartholomew decides for everyone."),
    "somebody else's words": edit(mirror="It sounds like CANARY-OF-BEN to me."),
    "a stand-in for a name that nobody has": edit(mirror="It sounds as though Zaneldi waits."),
    "a claim to have acted": edit(mirror="I have informed your director about it."),
    "a claim to be human": edit(mirror="I am a person, and I feel that with you."),
    "a parrot's mirror": edit(mirror="So my director signed without telling the partners and now it hurts."),
    "a reply as long as a letter": edit(mirror="It sounds heavy. " * 40),
    "one endless sentence": edit(mirror="It sounds as though " + "and then " * 14 + "it went on."),
    "options of its own": options(offer="Fire everybody.", price="Lonely evenings."),
    "a price left out": options(price=""),
    "a quotation that is not there": options(because="words that nobody has ever written"),
    "options dropped": edit(options=[]),
    "a step where none belongs": edit(step="If he calls, then I wait."),
    "a guide to open": edit(guide="crossing"),
}


@pytest.mark.parametrize("what", UNFIT)
async def test_row_39_and_llm05_what_is_unfit_is_named_once_to_the_model_and_never_shown(what, house, fake, tmp_path):
    house.known("aisha")
    fake.answer = UNFIT[what]
    assert await house.say("aisha", STORY) == await composed(tmp_path / "plain", STORY)
    assert len(fake.bodies) == 2
    assert "That cannot be shown" in json.loads(fake.bodies[1])["messages"][3]["content"]


async def test_an_answer_that_is_mended_when_asked_again_is_shown(house, fake):
    house.known("aisha")
    first = [edit(mirror="You must tell them.")]
    fake.answer = lambda data: (first.pop() if first else worded)(data)  # noqa: PLW0108 - each time another one
    assert (await house.say("aisha", STORY)).startswith("It sounds as though a good deal")
    assert house.adviser.counts["repaired"] == 1


async def test_danger_that_only_the_model_hears_gets_the_coachs_own_question_and_keeps_the_floor(house, fake):
    person = house.known("aisha")
    fake.answer = edit(safety="danger", mirror="Go on.")
    said = await house.say("aisha", STORY)
    assert said.startswith("I'm glad you wrote it here, and I leave the work aside.")
    assert "$" not in said
    assert house.sent[-1].message.kind == "safety"
    assert house.store.conversation(person)[0].alarm == "asked-danger"
    fake.answer = worded
    await house.say("aisha", STORY)
    assert len(fake.bodies) == 1


# --- rows 37 to 42 of the faults that must not hurt


async def test_row_37_consent_withdrawn_while_a_reply_waits_lets_no_byte_leave(tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)]) as house:
        person = house.known("aisha")

        def withdrawn() -> Any:
            house.store.agree(person, Consent("model", 1, granted=False))
            return TELLS()

        house.adviser._tells = withdrawn
        said = await house.say("aisha", STORY)
        assert "1. " in said
        assert fake.bodies == []
        assert house.adviser.counts["fell-back-consent"] == 1


async def test_row_37_consent_withdrawn_between_two_tries_lets_the_second_not_leave(house, fake):
    person = house.known("aisha")

    def unfit(data: dict[str, Any]) -> dict[str, Any]:
        house.store.agree(person, Consent("model", 1, granted=False))
        return worded(data) | {"mirror": "You must act."}

    fake.answer = unfit
    await house.say("aisha", STORY)
    assert len(fake.bodies) == 1


MOODS = ("429", "500", "timeout", "reset", "html", "empty", "garbage", "nothing", "half", "megabyte", "refusal")


@pytest.mark.parametrize("mood", MOODS)
async def test_row_38_whatever_the_endpoint_does_the_composed_reply_comes(mood, tmp_path, fake):
    fake.mood = mood
    plain = await composed(tmp_path / "plain", STORY)
    with house_of(tmp_path, [model_at(fake.url, timeout=0.7)]) as house:
        house.known("aisha")
        model = house.adviser._models[0][0]
        await asyncio.to_thread(model.open)
        began = time.monotonic()
        said = await house.say("aisha", STORY)
        assert time.monotonic() - began < 5
        assert said.endswith(plain)
        assert said in (plain, f"{LIBRARY.words['en'].variants('model.down')[0]}\n\n{plain}")


async def test_row_38_an_outage_is_told_once_and_after_it_the_answer_comes_at_once(tmp_path):
    with house_of(tmp_path, [model_at("http://127.0.0.1:9/v1", timeout=5)]) as house:
        house.known("aisha")
        note = LIBRARY.words["en"].variants("model.down")[0]
        said = [await house.say("aisha", STORY) for _ in range(4)]
        assert said[0].startswith(note)
        assert not any(note in each for each in said[1:])
        began = time.monotonic()
        assert await house.say("aisha", STORY)
        assert time.monotonic() - began < 1


async def test_row_38_the_second_provider_answers_when_the_first_does_not(tmp_path, fake):
    models = [model_at("http://127.0.0.1:9/v1", timeout=5), model_at(fake.url)]
    with house_of(tmp_path, models) as house:
        house.known("aisha")
        assert (await house.say("aisha", STORY)).startswith("It sounds as though a good deal")
        assert hosts(models) == "127.0.0.1"


async def test_row_38_a_slow_model_of_one_person_delays_nobody_else(house, fake):
    house.known("aisha")
    house.known("ben", agrees=False)
    fake.mood = "waits"
    slow = asyncio.create_task(house.manager.handle(house.inbound("aisha", STORY)))
    await asyncio.to_thread(fake.reached.wait, 20)
    assert "1. " in await house.say("ben", STORY)
    assert [letter.address for letter in house.sent] == ["ben"]
    fake.may_go.set()
    await slow
    assert (await house.heard()).startswith("It sounds as though a good deal")


async def test_row_38_a_crash_while_the_model_thinks_leaves_the_composed_reply_to_the_next_start(house, fake, tmp_path):
    house.known("aisha")
    fake.mood = "waits"
    slow = asyncio.create_task(house.manager.handle(house.inbound("aisha", STORY)))
    await asyncio.to_thread(fake.reached.wait, 20)
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    assert await house.heard() == ""
    again = Manager(LIBRARY, house.store, lambda: house.shelf, house.clock)
    await again.resume()
    assert await house.heard() == await composed(tmp_path / "plain", STORY)
    assert await house.heard() == ""


async def test_a_turn_that_the_engine_takes_is_worded_too(house):
    house.known("aisha")
    _, person = await house.manager.accept(house.inbound("aisha", STORY))
    assert await house.manager.take(person)
    assert (await house.heard()).startswith("It sounds as though a good deal")
    assert not await house.manager.take(person)


async def test_exactly_one_of_the_two_wordings_goes_out(house, fake):
    house.known("aisha")
    fake.mood = "waits"
    slow = asyncio.create_task(house.manager.handle(house.inbound("aisha", STORY)))
    await asyncio.to_thread(fake.reached.wait, 20)
    house.store.release(house.clock())  # as a sweep would that takes the waiting for a crash
    assert "1. " in await house.heard()
    fake.may_go.set()
    await slow
    assert await house.heard() == ""


async def test_somebody_forgotten_while_the_model_thinks_gets_nothing(house, fake):
    person = house.known("aisha")
    fake.mood = "waits"
    slow = asyncio.create_task(house.manager.handle(house.inbound("aisha", STORY)))
    await asyncio.to_thread(fake.reached.wait, 20)
    house.store.forget(person)
    fake.may_go.set()
    await slow
    assert await house.heard() == ""


async def test_row_39_and_llm08_nothing_of_another_person_is_sent_or_shown(house, fake):
    house.known("ben", name="Bartholomew")
    await house.say("ben", "reflect")
    await house.say("ben", "CANARYBEN lives in this entry and nowhere else")
    house.known("aisha")
    await house.say("aisha", STORY)
    assert "CANARYBEN" not in fake.received
    assert "Bartholomew" not in fake.received
    fake.answer = edit(mirror="It sounds like CANARYBEN again.")
    assert "CANARYBEN" not in await house.say("aisha", "they keep cancelling and I have had enough of the whole thing by now")
    assert len(fake.bodies) == 3


async def test_row_42_and_llm10_at_the_limit_the_coach_goes_on_by_itself_and_says_so_once(tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], Limits(day=6000)) as house:
        person = house.known("aisha")
        said = [await house.say("aisha", text) for _ in range(9) for text in ("something on my mind", STORY)]
        assert 0 < len(fake.bodies) <= 6
        note = LIBRARY.words["en"].variants("model.budget")[0]
        assert sum(note in each for each in said) == 1
        assert all(said)
        assert house.store.spent(house.clock().replace(hour=0), person) <= 6000
        house.clock.now += timedelta(days=1)
        before = len(fake.bodies)
        await house.say("aisha", STORY)
        assert len(fake.bodies) == before + 1


async def test_row_42_a_flood_of_one_person_leaves_the_others_their_pace(tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], Limits(day=3000)) as house:
        house.known("aisha")
        house.known("ben", agrees=False)
        flood = asyncio.create_task(_flood(house))
        took = []
        for _ in range(5):
            began = time.monotonic()
            await house.manager.handle(house.inbound("ben", STORY))
            took.append(time.monotonic() - began)
        await flood
        assert max(took) < 5
        assert len(fake.bodies) <= 3


async def _flood(house: House) -> None:
    for _ in range(20):
        for text in ("something on my mind", STORY):
            await house.manager.handle(house.inbound("aisha", text))


async def test_the_installs_month_is_a_limit_of_its_own(tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], Limits(month=500)) as house:
        house.known("aisha")
        await house.say("aisha", STORY)
        assert fake.bodies == []


# --- the rest of the risks of OWASP's list for programs with a language model


async def test_llm04_an_operators_document_is_shown_with_its_source_and_read_by_no_model(house, fake):
    house.known("aisha")
    house.shelf.quoted = (Quote("manual.pdf", "page 3", "POISONED advice to sign at once.", 0.9),)
    said = await house.say("aisha", STORY)
    assert fake.bodies
    assert "POISONED" not in fake.received
    assert "POISONED" not in said or ("manual.pdf" in said and "page 3" in said)


async def test_llm06_whatever_a_model_answers_nothing_is_started(house, fake):
    person = house.known("aisha")
    before = (house.store.consents(person), house.store.entries(person), house.store.due_of(person), house.store.intentions(person))
    fake.answer = edit(mirror="Sharing it with your mentor now.", guide="share", step="If asked, I delete it all.", cards=["share"])
    assert "Sharing" not in await house.say("aisha", STORY)
    assert before == (house.store.consents(person), house.store.entries(person), house.store.due_of(person), house.store.intentions(person))


async def test_llm09_where_the_sources_are_silent_no_model_fills_the_gap(house, fake, tmp_path):
    question = "what is the threshold for value added tax this year?"
    with house_of(tmp_path / "plain", []) as plain:
        plain.shelf.cards = ()
        plain.known("aisha", agrees=False)
        silent = await plain.say("aisha", question)
    house.shelf.cards = ()
    house.known("aisha")
    assert await house.say("aisha", question) == silent
    assert "[1]" not in silent


# --- consent, in chat


async def test_the_model_is_asked_for_once_in_words_and_can_be_ended_in_words(house, fake):
    person = house.known("aisha", agrees=False)
    asked = await house.say("aisha", "hello")
    assert "127.0.0.1" in asked
    assert asked.endswith("Shall I use it?")
    assert "127.0.0.1" in await house.say("aisha", "yes")
    assert house.store.consents(person)["model"]
    await house.say("aisha", STORY)
    assert len(fake.bodies) == 1
    await house.say("aisha", "no model")
    assert not house.store.consents(person)["model"]
    await house.say("aisha", STORY)
    assert len(fake.bodies) == 1
    assert "Shall I use it" not in await house.say("aisha", "hello")


@pytest.mark.parametrize(
    ("language", "hello", "yes", "no"),
    [("en", "hello", "yes", "no model"), ("fr", "bonjour", "oui", "sans modèle"), ("es", "hola", "sí", "sin modelo")],
)
async def test_consent_is_given_and_taken_back_in_three_languages(language, hello, yes, no, house):
    person = house.known("aisha", agrees=False, language=language)
    await house.say("aisha", hello)
    await house.say("aisha", yes)
    assert house.store.consents(person)["model"]
    await house.say("aisha", no)
    assert not house.store.consents(person)["model"]


async def test_no_model_is_heard_in_the_middle_of_a_reflection_and_keeps_the_place(house):
    person = house.known("aisha")
    await house.say("aisha", "reflect")
    place = house.store.conversation(person)[0].place
    await house.say("aisha", "no model")
    assert not house.store.consents(person)["model"]
    assert house.store.conversation(person)[0].place.step == place.step


async def test_privacy_says_what_is_true_with_and_without_consent(house):
    house.known("aisha", agrees=False)
    assert "reads nothing of yours" in await house.say("aisha", "privacy")
    house.known("ben")
    told = await house.say("ben", "privacy")
    assert "sent nowhere" not in told
    assert "127.0.0.1" in told


async def test_keep_this_one_out_holds_for_the_message_the_talk_and_the_entry(house, fake):
    house.known("aisha")
    await house.say("aisha", f"keep this one out: {STORY}")
    await house.say("aisha", "because he always does that when the donor is near")
    assert fake.bodies == []
    await house.say("aisha", "reflect")
    await house.say("aisha", "ok")
    await house.say("aisha", "The chair shouted at everyone about SECRETPLACE, keep this one out")
    await house.say("aisha", "stop")
    await house.say("aisha", f"different thing. {STORY}")
    assert "SECRETPLACE" not in fake.received
    assert "shouted at everyone" not in fake.received


async def test_what_was_spent_is_told(house):
    house.known("aisha")
    await house.say("aisha", STORY)
    assert "1000 tokens" in await house.say("aisha", "what do you spend")


def test_a_turn_without_advice_leaves_as_ever(tmp_path):
    with house_of(tmp_path, []) as house:
        person = house.known("aisha", agrees=False, partnerships=(Partnership("Water"),))
        saved = house.store.save(person, Turn(house.store.conversation(person)[0]), 0, house.clock())
        assert saved is not None
        assert saved.advised == ()


async def test_a_turn_is_short_enough_to_be_paid_for(house, fake):
    person = house.known("aisha")
    for n in range(3):
        entry = Entry(f"e{n}", "crossing", house.clock().date(), house.clock(), (("moment", "they all waited for me again " * 40),))
        house.store.add_entry(person, entry)
    await house.say("aisha", STORY)
    sent = json.loads(fake.bodies[0])["messages"]
    assert sum(tokens_in(message["content"]) for message in sent) < 4000
    assert len(fake.asked()["logbook"]) == 3
