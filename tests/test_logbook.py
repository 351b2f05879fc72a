"""The logbook in the chat: found again, added to, caught up with, laid side by side. Through the manager, with the real store."""

from __future__ import annotations

import re
import time as clocks
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passages import passage

from bot.finding import asked_in
from bot.hearing import words_in
from bot.manager import Manager
from bot.model import Entry, Inbound, Letter, Partnership, Passage, Person, PersonId, Quote, Sought
from bot.naming import people_in, themes_in
from bot.periods import period_in
from bot.recall import ranked
from prompts.library import load_library
from storage.store import Store

LIBRARY = load_library()
WEDNESDAY = datetime(2026, 11, 18, 12, tzinfo=UTC)
TODAY = date(2026, 11, 18)
AISHA = Person(
    PersonId("aisha"),
    name="Aisha",
    zone="Africa/Nairobi",
    partnerships=(Partnership("Water", ("managing-maintaining",)), Partnership("School meals", ("scoping-building",))),
    welcomed=True,
    onboarded=True,
)


@dataclass
class Shelf:
    """Knowledge that finds what it was given, and knows which entries are close."""

    found: tuple[Passage, ...] = ()
    close: dict[str, float] = field(default_factory=dict)
    searched: list[str] = field(default_factory=list)
    missing: tuple[str, ...] = ()

    def find(self, text: str, language: str = "en", phases: Sequence[str] = (), broker: str | None = None, k: int = 5):
        self.searched.append(text)
        return self.found

    def quotes(self, text: str, k: int = 2) -> tuple[Quote, ...]:
        return ()

    def passage(self, card: str, language: str = "en") -> Passage | None:
        return passage(card)

    def near(self, text: str, entries: Sequence[tuple[str, str]]):
        return [(id_, self.close.get(id_, 0.0)) for id_, _ in entries]


class Desk:
    """One person's chat; `say` gives what was answered."""

    def __init__(self, folder: Path, person: Person = AISHA) -> None:
        self.store = Store.open(f"sqlite:///{folder / 'book.db'}", folder / "key")
        self.person = self.store.enrol("terminal", "aisha", person)
        self.shelf = Shelf()
        self.now = WEDNESDAY
        self.manager = Manager(LIBRARY, self.store, lambda: self.shelf, lambda: self.now)
        self.count = 0
        self.choices: tuple[str, ...] = ()

    def wrote(self, day: str, text: str, **more) -> None:
        at = datetime.fromisoformat(f"{day}T15:00:00+00:00")
        self.store.add_entry(self.person, Entry(f"e-{day}-{len(text)}", "crossing", at.date(), at, (("moment", text),), **more))

    async def say(self, text: str = "", **more) -> str:
        self.count += 1
        self.now += timedelta(seconds=30)
        await self.manager.handle(Inbound(key=str(self.count), platform="terminal", address="aisha", at=self.now, text=text, **more))
        return await self.heard()

    async def press(self, label: str) -> str:
        _, version = self.store.conversation(self.person)
        conversation, _ = self.store.conversation(self.person)
        choice = next(choice for choice in conversation.choices if choice.label == label)
        assert version
        return await self.say(press=choice.id)

    async def heard(self) -> str:
        said: list[str] = []

        async def send(letter: Letter) -> None:
            said.append(letter.message.text)
            self.choices = tuple(choice.label for choice in letter.message.choices)

        await self.manager.deliver("terminal", send)
        return "\n".join(said)

    @property
    def entries(self) -> list[Entry]:
        return self.store.entries(self.person)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    assert desk.store.verify(desk.person) is None, "whatever was done, the chain holds"
    desk.store.close()


def in_spring(desk: Desk) -> None:
    desk.wrote("2026-04-02", "The mayor left before the end and nobody asked why.", partnership="Water")
    desk.wrote("2026-05-20", "Ana said that the mayor had signed at last.", partnership="Water", people=("Ana",))
    desk.wrote("2026-03-11", "Budget day: the school sent two people and no numbers.", partnership="School meals")
    desk.wrote("2026-10-01", "The mayor asked for a new date.", partnership="Water")
    desk.wrote("2025-10-01", "A first visit, and much tea.", partnership="School meals")


# --- finding


async def test_words_and_a_season_find_the_entries_of_then_with_quotation_and_date(desk: Desk):
    in_spring(desk)

    answer = await desk.say("what did I write about the mayor in spring?")

    assert "“The mayor left before the end and nobody asked why”" in answer
    assert "Thursday 2 April" in answer
    assert "the mayor had signed at last" in answer
    assert "new date" not in answer
    assert answer.rstrip().endswith("?")
    assert len(answer) <= 600
    assert desk.shelf.searched == [], "what is looked up in the logbook is not looked up in the cards"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("show me my entries from March", ["Budget day"]),
        ("when did I last mention Ana?", ["Wednesday 20 May", "Ana said"]),
        ("my entries about School meals", ["Budget day", "much tea", "Wednesday 1 October 2025"]),
        ("what did I write about dates?", ["new date"]),
        ("search my logbook for signing", ["signed at last"]),
        ("what did I write about penguins?", []),
    ],
)
async def test_plain_words_find(desk: Desk, asked: str, found: list[str]):
    in_spring(desk)

    answer = await desk.say(asked)

    assert all(each in answer for each in found)
    assert ("“" in answer) == bool(found)


@pytest.mark.parametrize(
    ("language", "asked", "found"),
    [
        ("fr", "qu'est-ce que j'ai écrit sur le maire au printemps ?", "Le maire est parti"),
        ("fr", "quand ai-je parlé d'Ana pour la dernière fois ?", "Ana a signé"),
        ("es", "¿qué escribí sobre el alcalde en primavera?", "El alcalde se fue"),
        ("es", "¿cuándo mencioné a Ana por última vez?", "Ana firmó"),
    ],
)
async def test_french_and_spanish_find_as_well(tmp_path: Path, language: str, asked: str, found: str):
    desk = Desk(tmp_path, replace(AISHA, language=language))
    desk.wrote("2026-04-02", "Le maire est parti avant la fin." if language == "fr" else "El alcalde se fue antes del final.")
    desk.wrote("2026-05-02", "Ana a signé." if language == "fr" else "Ana firmó.")

    answer = await desk.say(asked)
    desk.store.close()

    assert found in answer


async def test_meaning_finds_what_shares_no_word(desk: Desk):
    in_spring(desk)
    desk.shelf.close = {entry.id: 0.6 for entry in desk.entries if "tea" in entry.answers[0][1]}

    assert "much tea" in await desk.say("what did I write about hospitality?")


async def test_more_than_a_screen_is_paged(desk: Desk):
    for day in range(1, 11):
        desk.wrote(f"2026-10-{day:02}", f"The mayor came for the {day}th time and we spoke of the well and the road and the school.")

    first = await desk.say("what did I write about the mayor?")
    second = await desk.say("more")
    third = await desk.press("More")
    quotes = re.findall(r"“[^”]+”", first + second + third)

    assert [len(re.findall("“", each)) for each in (first, second, third)] == [4, 4, 2]
    assert len(set(quotes)) == 10
    assert all(len(words_in(quote)) <= 12 for quote in quotes)


async def test_a_reflection_can_be_left_open_while_something_is_looked_up(desk: Desk):
    in_spring(desk)
    await desk.say("reflect")
    await desk.say("ok")

    answer = await desk.say("when did I last mention Ana?")
    await desk.say("The bank and the mayor sat at one table.")

    assert "Ana said" in answer
    assert desk.entries[0].answers == (("moment", "The bank and the mayor sat at one table."),)


def test_four_hundred_entries_are_ranked_in_a_moment():
    """How long a moment is, benchmarks/book.py measures; the bound here is ten times that, and of processor time, for a busy machine."""
    entries = [
        Entry(
            f"e{n}",
            "crossing",
            TODAY - timedelta(days=n),
            WEDNESDAY,
            (("moment", f"The mayor spoke of bridge {n % 37} with Ana and the bank. " * 4),),
        )
        for n in range(400)
    ]
    ranked(entries, Sought("mayor bridge"), "en", frozenset(), {})

    began = clocks.process_time()
    found = ranked(entries, Sought("the bank"), "en", frozenset({"the"}), {})

    assert len(found) == 400
    assert clocks.process_time() - began < 0.1


# --- periods


@pytest.mark.parametrize(
    ("said", "zone", "first", "last"),
    [
        ("in spring", "Europe/Berlin", "2026-03-01", "2026-05-31"),
        ("in spring", "America/Santiago", "2026-09-01", "2026-11-30"),
        ("last winter", "Europe/Berlin", "2025-12-01", "2026-02-28"),
        ("in march", None, "2026-03-01", "2026-03-31"),
        ("in december", None, "2025-12-01", "2025-12-31"),
        ("march 2025", None, "2025-03-01", "2025-03-31"),
        ("on 3 march", None, "2026-03-03", "2026-03-03"),
        ("last week", None, "2026-11-09", "2026-11-15"),
        ("since monday", None, "2026-11-16", "2026-11-18"),
        ("last wednesday", None, "2026-11-11", "2026-11-11"),
        ("in the last 10 days", None, "2026-11-08", "2026-11-18"),
        ("last month", None, "2026-10-01", "2026-10-31"),
        ("in 2025", None, "2025-01-01", "2025-12-31"),
        ("2026-02-29", None, None, None),
        ("the mayor", None, None, None),
    ],
)
def test_past_time_is_understood(said: str, zone: str | None, first: str | None, last: str | None):
    found = period_in(said, "en", LIBRARY.words["en"].hear.looking, TODAY, zone)

    assert (found and found.first.isoformat(), found and found.last.isoformat()) == (first, last)


@settings(max_examples=150)
@given(st.text(max_size=120), st.sampled_from(["en", "fr", "es"]), st.dates(date(2001, 1, 1), date(2100, 1, 1)))
def test_any_text_may_be_asked(text: str, language: str, today: date):
    words = LIBRARY.words[language]

    for asked in (text, f"what did I write about {text}", f"entry for {text}", f"{text} 31 february 2025 winter 2024"):
        asked_in(asked, words, language, AISHA, today)
        found = period_in(asked, language, words.hear.looking, today, "Asia/Kolkata")
        assert found is None or found.first <= found.last


# --- adding to what is written


async def test_a_later_thought_stands_beside_the_entry_of_the_day_that_was_named(desk: Desk):
    desk.wrote("2026-11-16", "The mayor left early.")
    desk.wrote("2026-11-17", "A quiet day.")

    asked = await desk.say("add a later thought to my entry of Monday")
    await desk.say("He had a train to catch, I know now.")

    entry = next(entry for entry in desk.entries if entry.event_date == date(2026, 11, 16))
    assert "The mayor left early." in asked
    assert [thought.text for thought in entry.thoughts] == ["He had a train to catch, I know now."]
    assert entry.answers == (("moment", "The mayor left early."),)


async def test_an_entry_is_taken_back_only_when_it_is_meant_and_stays_as_it_was(desk: Desk):
    desk.wrote("2026-11-17", "The director lied to us all.")

    asked = await desk.say("take back my last entry")
    before = desk.entries[0].retracted
    await desk.press("Take it back")
    found = await desk.say("what did I write about the director?")

    assert "The director lied" in asked
    assert before is None
    assert desk.entries[0].retracted is not None
    assert desk.entries[0].answers[0][1] == "The director lied to us all."
    assert "taken back" in found


async def test_a_wording_is_fixed_and_the_first_one_stays_in_the_chain(desk: Desk):
    desk.wrote("2026-11-17", "The mair left.")

    await desk.say("fix the wording")
    await desk.say("The mayor left.")

    assert desk.entries[0].answers == (("moment", "The mayor left."),)
    kinds = [(r.kind, r.text) for r in desk.store.record(desk.person).entries[0].revisions]
    assert kinds == [("answer", "The mair left."), ("wording", "The mayor left.")]


async def test_of_several_answers_the_one_to_be_reworded_is_chosen(desk: Desk):
    await desk.say("reflect")
    for each in ("ok", "The mayor went home early again.", "They may be tired of all of us.", "I will ask him what he needs."):
        await desk.say(each)

    await desk.say("enough")
    await desk.say("reword my last entry")
    await desk.press("They may be tired of all of us.")
    await desk.say("They may be tired of me.")

    assert dict(desk.entries[0].answers)["meaning"] == "They may be tired of me."


async def test_nothing_is_added_where_there_is_no_entry(desk: Desk):
    assert "no entry" in await desk.say("add a thought to my entry of Monday")
    assert desk.entries == []


# --- days gone by


async def test_an_entry_for_a_day_that_was_named_is_kept_under_it(desk: Desk):
    await desk.say("entry for last Monday")
    await desk.say("ok")
    await desk.say("The bank called off the meeting at noon.")

    entry = desk.entries[0]
    assert entry.event_date == date(2026, 11, 16)
    assert entry.written.date() == TODAY


async def test_a_story_that_begins_with_yesterday_is_about_yesterday_and_that_is_said(desk: Desk):
    await desk.say("reflect")
    await desk.say("ok")

    answer = await desk.say("Yesterday the bank called off the meeting at noon.")

    assert "Tuesday 17 November" in answer
    assert desk.entries[0].event_date == date(2026, 11, 17)


async def test_missed_days_are_offered_to_be_caught_up_with(desk: Desk):
    desk.wrote("2026-11-17", "A quiet day.")

    await desk.say("catch up on missed days")
    offered = desk.choices
    await desk.press("Monday 16 November")
    await desk.say("ok")
    await desk.say("We met at the well and nobody spoke.")

    assert offered[0] == "Monday 16 November"
    assert "Tuesday 17 November" not in offered
    assert desk.entries[-1].event_date == date(2026, 11, 16)


# --- the aims of a week


async def test_an_aim_is_kept_and_looked_at_again_at_the_end_of_the_week(desk: Desk):
    await desk.say("my aim for this week is to let the two directors talk")
    await desk.say("I will stay away from their first meeting.")
    desk.now += timedelta(days=2)

    asked = await desk.say("review my aims")
    await desk.say("They talked twice, without me.")

    assert "to let the two directors talk" in asked
    assert dict(desk.entries[0].answers) == {
        "aim": "to let the two directors talk",
        "strategy": "I will stay away from their first meeting.",
        "review": "They talked twice, without me.",
    }


async def test_aims_are_set_and_looked_at_while_something_else_is_asked_which_waits(desk: Desk):
    await desk.say("reflect")
    kept = await desk.say("my aim for this week is to let the two directors talk")
    back = await desk.say("I will stay away from their first meeting.")
    await desk.say("reflect")
    await desk.say("ok")
    await desk.say("The mayor sat between them the whole time.")
    asked = await desk.say("review my aims")
    await desk.say("They talked twice, without me.")
    again = await desk.press("Go on")

    assert "How will you go about it?" in kept
    assert "stay away" in back
    assert "to let the two directors talk" in asked
    assert "partnership" in again
    entries = {entry.guide: dict(entry.answers) for entry in desk.entries}
    assert entries["aims"]["review"] == "They talked twice, without me."
    assert list(entries["crossing"].values()) == ["The mayor sat between them the whole time."]


async def test_aims_are_offered_on_the_first_day_of_the_week_alone(desk: Desk):
    async def reflected(at: datetime) -> tuple[str, ...]:
        desk.now = at
        for each in (
            "reflect",
            "ok",
            "The mayor went home early again.",
            "They may be tired of all of us.",
            "I will ask him what he needs.",
        ):
            await desk.say(each)
        return desk.choices

    monday = await reflected(datetime(2026, 11, 23, 12, tzinfo=UTC))
    tuesday = await reflected(datetime(2026, 11, 24, 12, tzinfo=UTC))

    assert "This week's aims" in monday
    assert "This week's aims" not in tuesday


# --- then and now


def half_a_year_of_water(desk: Desk) -> None:
    desk.wrote("2026-05-18", "They argued for two hours and I was angry.", partnership="Water")
    desk.wrote("2026-05-19", "The school was closed for the holidays.", partnership="School meals")
    desk.wrote("2026-11-16", "They laughed together and agreed on the pump.", partnership="Water")


async def test_then_and_now_lays_two_dated_quotations_of_one_partnership_side_by_side(desk: Desk):
    half_a_year_of_water(desk)

    answer = await desk.say("then and now")

    assert "“They argued for two hours and I was angry”" in answer
    assert "“They laughed together and agreed on the pump”" in answer
    assert "18 May" in answer
    assert "16 November" in answer
    assert "Water" in answer
    assert "school was closed" not in answer
    assert answer.count("?") == 1


@pytest.mark.parametrize(("then", "partnership"), [("2026-05-07", "Water"), ("2026-05-31", "Water"), ("2026-05-18", "School meals")])
async def test_where_there_is_no_entry_of_that_time_it_says_so(desk: Desk, then: str, partnership: str):
    desk.wrote(then, "They argued for two hours and I was angry.", partnership=partnership)
    desk.wrote("2026-01-16", "A first visit to all of them.", partnership="Water")
    desk.wrote("2026-11-16", "They laughed together and agreed on the pump.", partnership="Water")

    assert "no entry of the same partnership" in await desk.say("then and now")


async def test_a_young_logbook_has_no_then(desk: Desk):
    desk.wrote("2026-11-16", "They laughed together and agreed on the pump.")

    assert "half a year" in await desk.say("then and now")


async def test_alarms_and_what_was_taken_back_are_not_laid_side_by_side(desk: Desk):
    half_a_year_of_water(desk)
    desk.wrote("2026-11-17", "I want to die, they want a bribe.", partnership="Water")
    desk.wrote("2026-11-18", "The whole of it was my fault, I shouted.", partnership="Water")
    await desk.say("take back my last entry")
    await desk.press("Take it back")

    answer = await desk.say("then and now")

    assert "die" not in answer
    assert "shouted" not in answer
    assert "agreed on the pump" in answer


# --- what an entry is marked with


async def test_an_answer_is_marked_with_partnership_phase_people_and_a_theme_in_its_own_words(desk: Desk):
    desk.shelf.found = (replace(passage("too-nice-to-confront"), score=0.9),)
    await desk.say("reflect")
    await desk.say("ok")
    told = "Water met today. The board was rude to Ana and I smiled and said nothing, because I avoid every conflict with them."
    await desk.say(told)

    entry = desk.entries[0]
    assert (entry.partnership, entry.phases, entry.people[0]) == ("Water", ("managing-maintaining",), "Ana")
    assert entry.themes
    assert all(theme.quote in told for theme in entry.themes)


def test_a_card_that_fits_only_somewhat_gives_no_theme():
    hear = LIBRARY.words["en"].hear

    assert (
        list(themes_in("I smiled and avoided the conflict with them.", [replace(passage("too-nice-to-confront"), score=0.55)], hear)) == []
    )
    assert list(themes_in("Bread and milk today.", [replace(passage("too-nice-to-confront"), score=0.9)], hear)) == []


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("We sat with Ana and K. on Monday in March.", ["Ana", "K."]),
        ("Trust came back. Nobody spoke.", []),
        ("Ana's office is new. I like Ana.", ["Ana"]),
        ("I spoke to UNDP about it, and I AM TIRED.", ["UNDP"]),
    ],
)
def test_people_are_those_who_are_called_by_a_name(text: str, people: list[str]):
    found = people_in(text, LIBRARY.words["en"].hear)

    assert [name for name in found if name[0].isupper()][: len(people) or 9] == people


@pytest.mark.parametrize(
    "looked_for", ["partner-led", "a AND", "*", "l'accord", '"', "NEAR(a b)", "col:x", "(", "-", "'; DROP TABLE entries; --", "%", "\\"]
)
async def test_row_52_whatever_is_looked_for_there_are_results_or_there_are_none(desk: Desk, looked_for: str):
    desk.wrote("2026-11-02", "It was a partner-led meeting about l'accord.")

    found = await desk.say(f"search my logbook for {looked_for}")

    assert found
    assert found not in LIBRARY.words["en"].variants("wrong")
    if looked_for in ("partner-led", "l'accord"):
        assert "partner-led meeting" in found
    assert len(desk.entries) == 1
