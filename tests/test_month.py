"""A month in a few lines, on request: out of the person's own entries, word for word, in three languages; with a model, within bounds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_model import FakeModel, fake_model, warmed
from hypothesis import given
from hypothesis import strategies as st
from model_house import LIBRARY, House, house_of, model_at

from bot.finding import asked_in
from bot.model import Entry, Intention, Partnership, Person, PersonId, Theme

MARCH = {
    3: "Chaired the meeting again, nobody offered. I was too tired to ask.",
    9: "The mayor came late and everybody waited. I asked Ana to start without him.",
    17: "Ana took the notes, I almost stopped her.",
    24: "The clinic and the ministry spoke to each other without me, and it went well.",
}
LATER = datetime(2026, 4, 20, 12, tzinfo=UTC)
ASKED = {
    "en": (
        "sum up March",
        "How was my March?",
        "please summarize the month of March for me",
        "recap of March 2026",
        "march summary, please",
    ),
    "fr": ("résumez le mois de mars", "Comment s'est passé mars ?", "le bilan de mars", "faites-moi le bilan de mars 2026"),
    "es": ("resume marzo", "¿Cómo fue marzo?", "el balance de marzo", "hazme un resumen del mes de marzo", "resumen del mes pasado"),
}


@pytest.fixture
def fake() -> Iterator[FakeModel]:
    with fake_model() as model:
        yield model


def writer(house: House, entries: dict[int, str] | None = None, **more: Any) -> PersonId:
    """Somebody who wrote in March 2026 and asks on the 20th of April."""
    person = house.known("aisha", partnerships=(Partnership("Water"),), **more)
    for day, text in (entries or MARCH).items():
        at = datetime(2026, 3, day, 15, tzinfo=UTC)
        themes = (Theme("capacity", "they-wait-for-me", text[:20]),) if day < 10 else ()
        house.store.add_entry(person, Entry(f"e{day}", "crossing", at.date(), at, (("moment", text),), partnership="Water", themes=themes))
    house.clock.now = LATER
    return person


async def plain(folder: Path, asked: str = "sum up March", entries: dict[int, str] | None = None, **more: Any) -> str:
    with house_of(folder, []) as house:
        writer(house, entries, agrees=False, **more)
        return await house.say("aisha", asked)


async def test_a_month_is_counts_partnerships_themes_dated_words_plans_and_one_question_last(tmp_path):
    with house_of(tmp_path, []) as house:
        person = writer(house, agrees=False)
        made = datetime(2026, 3, 20, 15, tzinfo=UTC)
        house.store.add_intention(person, Intention("p1", "If he comes late, then I begin", made=made, due=date(2026, 3, 27)))
        told = (("plan", "If nobody offers, then I wait"), ("outcome", "I waited and Ana offered"))
        house.store.add_entry(person, Entry("f1", "follow-up", date(2026, 3, 10), made, told))
        said = await house.say("aisha", "sum up March")
    rows = said.split("\n")
    assert rows[0] == "Your logbook has 4 entries from March."
    assert rows[1] == "Partnerships: Water (4)."
    assert rows[2].startswith("What comes up most: ")
    assert [row.partition(":")[0] for row in rows[3:6]] == ["· Tuesday 3 March", "· Monday 9 March", "· Tuesday 24 March"]
    for quote in re.findall(r"^· [^:]+: “(.+?)”", said, re.MULTILINE):
        assert any(quote.removesuffix(" …") in text for text in MARCH.values())
    assert "You had planned: “If nobody offers, then I wait”. And then: “I waited and Ana offered”." in said
    assert "Still open: “If he comes late, then I begin”." in said
    assert said.count("?") == 1
    assert said.endswith("?")


@pytest.mark.parametrize(("language", "asked"), [(language, asked) for language, ways in ASKED.items() for asked in ways])
async def test_it_is_asked_for_in_three_languages(language, asked, tmp_path):
    said = await plain(tmp_path, asked, language=language)
    head = {"en": "4 entries from March", "fr": "En mars, votre journal compte 4 entrées", "es": "4 entradas de marzo"}[language]
    assert head in said
    assert said.endswith("?")


@pytest.mark.parametrize(
    ("day", "first"), [(20, date(2026, 4, 1)), (8, date(2026, 4, 1)), (7, date(2026, 3, 1)), (1, date(2026, 3, 1))]
)  # fmt: skip
def test_my_month_is_this_one_once_it_is_some_days_old(day, first):
    person = Person(PersonId("p"))
    for asked, language in (("my month", "en"), ("mon mois", "fr"), ("mi mes", "es"), ("sum up my month", "en")):
        found = asked_in(asked, LIBRARY.in_language(language), language, person, date(2026, 4, day))
        assert found is not None
        assert found.kind == "month"
        assert found.period is not None
        assert found.period.first == first
        assert found.period.last == first.replace(day=31 if first.month == 3 else 30)


OTHER = (
    "sum up the situation with the mayor in March",
    "sum up",
    "how was the meeting?",
    "what happened in the meeting with the clinic",
    "summary of what they said in March",
    "how was my week",
    "how was Monday?",
    "my months of waiting are over",
)


@pytest.mark.parametrize("said", OTHER)
def test_what_only_sounds_like_it_is_something_else(said):
    found = asked_in(said, LIBRARY.in_language("en"), "en", Person(PersonId("p")), date(2026, 4, 20))
    assert found is None or found.kind != "month"


@given(st.text(max_size=60))
def test_whatever_is_typed_the_month_is_a_whole_one(text):
    for language, words in LIBRARY.words.items():
        found = asked_in(text, words, language, Person(PersonId("p")), date(2026, 4, 20))
        if found and found.kind == "month":
            assert found.period is not None
            assert found.period.first.day == 1
            assert (found.period.last + timedelta(days=1)).day == 1


async def test_an_empty_month_says_so_and_asks_for_another(tmp_path):
    assert await plain(tmp_path, "sum up February") == "I find no entry in February. Which other month shall I look at?"


async def test_what_speaks_of_danger_wrongdoing_or_harassment_is_counted_and_never_shown(tmp_path):
    dark = {
        5: "Some days I want to end my life, the mayor laughed.",
        6: "He asked me for a bribe and I paid it to the mayor.",
        7: "My director keeps touching me and I don't want it.",
    }
    said = await plain(tmp_path, entries=MARCH | dark)
    assert "7 entries" in said
    assert "Water (4)" in said
    assert not any(word in said for word in ("life", "bribe", "touching"))


async def test_an_entry_that_was_kept_out_is_not_quoted_and_no_model_reads_the_month(tmp_path, fake):
    with house_of(tmp_path, [model_at(fake.url)], uses=("summaries",)) as house:
        writer(house)
        house.clock.now = datetime(2026, 3, 28, 12, tzinfo=UTC)
        await house.say("aisha", "The chair shouted at everyone in the room and I said nothing, keep this one out", entry=True)
        house.clock.now = LATER
        said = await house.say("aisha", "sum up March")
    assert "5 entries" in said
    assert "shouted" not in said
    assert fake.bodies == []


async def test_it_can_be_asked_in_the_middle_of_a_reflection_and_the_place_is_kept(tmp_path):
    with house_of(tmp_path, []) as house:
        writer(house, agrees=False)
        await house.say("aisha", "reflect")
        await house.say("aisha", "ok")
        said = await house.say("aisha", "sum up March")
        assert "4 entries from March" in said
        assert "Your place is kept" in said
        assert said.count("?") == 1
        assert house.store.conversation(house.store.person_at("terminal", "aisha").id)[0].place is not None


async def test_it_comes_on_request_and_at_no_other_time(tmp_path):
    with house_of(tmp_path, []) as house:
        person = writer(house, agrees=False)
        await house.say("aisha", "sum up March")
        assert house.store.due_of(person) == []


# --- with a model


async def test_a_model_words_it_with_every_quotation_in_its_place_and_no_name_leaves(tmp_path, fake):
    fake.answer = warmed("A full month.")
    composed = await plain(tmp_path / "plain")
    with house_of(tmp_path / "house", [model_at(fake.url)], uses=("summaries",)) as house:
        writer(house)
        said = await house.say("aisha", "sum up March")
        assert said.removeprefix("A full month. ") == composed
        assert said != composed
        assert house.adviser.counts["worded"] == 1
    assert "Ana" not in fake.received
    assert "Water" not in fake.received
    assert len(fake.asked()["logbook"]) == 3


UNTRUE = {
    "a quotation mended": warmed("A full month.", mirror=lambda told: told["mirror"].replace("nobody offered", "no one offered")),
    "a quotation made up": warmed("A full month.", mirror=lambda told: told["mirror"] + " “I am so proud of it”."),
    "a quotation left out": warmed("A full month.", mirror=lambda told: told["mirror"].rpartition("“")[0] + "so it went."),
    "a figure of its own": warmed("A full month.", mirror=lambda told: told["mirror"] + " That is 37 more than before."),
    "a name of its own": warmed("A full month.", mirror=lambda told: told["mirror"] + " It was all for Bartholomew."),
    "two questions": warmed("A full month.", mirror=lambda told: told["mirror"] + " Was it hard?"),
    "no question": warmed("A full month.", question=lambda _: "Tell me more."),
    "flattery": warmed("A full month.", mirror=lambda told: told["mirror"] + " Well done."),
    "twice as long": warmed("A full month.", mirror=lambda told: told["mirror"] + " It went on and on." * 10),
    "danger that is not there": warmed("A full month.", safety=lambda _: "danger"),
}


@pytest.mark.parametrize("what", UNTRUE)
async def test_row_39_a_wording_that_is_not_true_to_the_month_is_not_shown(what, tmp_path, fake):
    fake.answer = UNTRUE[what]
    with house_of(tmp_path / "house", [model_at(fake.url)], uses=("summaries",)) as house:
        writer(house)
        assert await house.say("aisha", "sum up March") == await plain(tmp_path / "plain")
    assert fake.bodies


@pytest.mark.parametrize(("agrees", "uses"), [(True, ("words", "letters", "pick", "tags")), (False, ("summaries",))])
async def test_row_37_without_the_switch_or_without_consent_no_month_is_read(agrees, uses, tmp_path, fake):
    with house_of(tmp_path / "house", [model_at(fake.url)], uses=uses) as house:
        writer(house, agrees=agrees)
        assert await house.say("aisha", "sum up March") == await plain(tmp_path / "plain")
    assert fake.bodies == []


@pytest.mark.parametrize("mood", ["500", "reset", "html", "garbage", "half", "refusal"])
async def test_row_38_whatever_the_endpoint_does_the_composed_month_comes(mood, tmp_path, fake):
    fake.mood = mood
    with house_of(tmp_path / "house", [model_at(fake.url)], uses=("summaries",)) as house:
        writer(house)
        assert (await house.say("aisha", "sum up March")).endswith(await plain(tmp_path / "plain"))
