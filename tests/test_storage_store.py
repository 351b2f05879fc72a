"""The store's promises, each kept on SQLite and on PostgreSQL.

PostgreSQL is one of our own, made for the run and reached by a unix socket: a fixed port could belong to somebody else.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import waiting
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import seeing_all, serving
from sqlalchemy import create_engine, func, select, text

from bot.model import (
    Comment,
    Consent,
    Conversation,
    Effect,
    Entry,
    Inbound,
    Intention,
    Keep,
    Learn,
    Message,
    Partnership,
    Person,
    PersonId,
    Plan,
    Remind,
    Rhythm,
    Say,
    Settle,
    Share,
    Turn,
)
from storage import migrations, tables
from storage.database import HOUSE, Database
from storage.store import DueRow, NoSuchPerson, Store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
ASKED = Message("question", "What happened next?")


# --- where it is kept


@dataclass(frozen=True)
class Place:
    """A store that was just made, and the engine's view of its tables, for what the store itself does not show."""

    store: Store
    url: str
    key_file: Path

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        engine = create_engine(seeing_all(self.url))
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM {table}"))]  # noqa: S608
        engine.dispose()
        return rows

    def count(self, table: str) -> int:
        return len(self.rows(table, "1"))


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty store, to be copied: migrating takes longer than most tests."""
    home = tmp_path_factory.mktemp("blank") / "home"
    Store.open(f"sqlite:///{home}/coach.db", home / "key").close()
    return home


@pytest.fixture(scope="session")
def postgres(blank: Path) -> Iterator[str]:
    """The address of a migrated database on a server of our own; every test leaves it empty."""
    with serving() as server:
        url = server.database()
        Store.open(url, blank / "key").close()
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, blank: Path, tmp_path: Path) -> Iterator[Place]:
    shutil.copytree(blank, tmp_path / "home")
    url = f"sqlite:///{tmp_path}/home/coach.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    place = Place(Store.open(url, tmp_path / "home" / "key"), url, tmp_path / "home" / "key")
    yield place
    place.store.close()
    if request.param == "postgres":
        engine = create_engine(seeing_all(url))
        with engine.begin() as connection:
            connection.execute(text("TRUNCATE persons, erasures RESTART IDENTITY CASCADE"))
        engine.dispose()


@pytest.fixture
def store(place: Place) -> Store:
    return place.store


@pytest.fixture
def aisha(store: Store) -> PersonId:
    return store.enrol("telegram", "4711", Person(PersonId("aisha")))


def said(key: str = "1", words: str = "hello", address: str = "4711", **more: Any) -> Inbound:
    return Inbound(**{"key": key, "platform": "telegram", "address": address, "at": NOON, "text": words, **more})


def does(store: Store, person_id: PersonId, *effects: Effect, at: datetime = NOON, **more: Any) -> bool:
    """One turn with these effects, decided from how things stand."""
    version = store.gather(person_id).version
    return store.save(person_id, Turn(Conversation(turns=version + 1), effects), version, at, **more)


def kept(entry: str = "e1", step: str = "what", words: str = "a quarrel", **more: Any) -> Keep:
    return Keep(**{"entry": entry, "guide": "daily", "step": step, "text": words, "event_date": MONDAY, **more})


# --- taking in


def test_a_message_comes_back_as_it_was_taken_in(store: Store) -> None:
    message = said(press="yes", opened=True)

    key, _ = store.accept(message)

    assert key == "telegram|1"
    assert waiting(store, key) == message


def test_a_message_that_comes_twice_is_taken_in_once(store: Store) -> None:
    first = store.accept(said(words="once"))
    second = store.accept(said(words="twice"))

    assert first == second
    assert store.pending() == [first]
    message = waiting(store, "telegram|1")
    assert message is not None
    assert message.text == "once"


def test_a_message_that_is_done_does_not_come_back(store: Store) -> None:
    key, person_id = store.accept(said())
    does(store, person_id, inbox_key=key)

    store.accept(said())

    assert store.pending() == []
    assert waiting(store, key) is None


def test_one_key_on_two_platforms_is_two_messages(store: Store) -> None:
    store.accept(said())
    store.accept(said(platform="slack"))

    assert [key for key, _ in store.pending()] == ["telegram|1", "slack|1"]


def test_messages_wait_in_order_of_arrival(store: Store) -> None:
    for key in ("9", "10", "2"):
        store.accept(said(key, at=NOON))

    assert [key for key, _ in store.pending()] == ["telegram|9", "telegram|10", "telegram|2"]


def test_whoever_writes_from_one_address_is_one_person(store: Store) -> None:
    _, first = store.accept(said("1"))
    _, again = store.accept(said("2"))
    _, other = store.accept(said("3", address="4712"))
    _, elsewhere = store.accept(said("4", platform="slack"))

    assert first == again
    assert len({first, other, elsewhere}) == 3
    assert store.person(first) == Person(first)
    assert store.person_at("telegram", "4711") == Person(first)
    assert store.person_at("telegram", "nobody") is None
    assert {each.id for each in store.people()} == {first, other, elsewhere}


def test_strangers_who_write_twice_at_once_are_enrolled_once(store: Store) -> None:
    with ThreadPoolExecutor(4) as threads:
        who = {person_id for _, person_id in threads.map(store.accept, [said(str(n)) for n in range(12)])}

    assert len(who) == 1
    assert len(store.people()) == 1


def test_row_32_a_message_of_a_megabyte_comes_back_whole(store: Store) -> None:
    words = "é" * 1_000_000

    key, _ = store.accept(said(words=words))

    message = waiting(store, key)
    assert message is not None
    assert message.text == words


def test_row_32_what_no_database_takes_is_taken_in_all_the_same(store: Store) -> None:
    key, _ = store.accept(said("k\0\ud83d", words="nul \0 half \ud83d end", address="a\0\ud83d"))

    message = waiting(store, key)
    assert message is not None
    assert message.text == "nul \0 half ? end"
    assert store.pending()[0][0] == key


def test_whose_message_was_tried_already_is_taken_up_after_the_others(place: Place) -> None:
    tried, first = place.store.accept(said("1"))
    later = [place.store.accept(said(str(n), address=f"later-{n}"))[1] for n in (2, 3)]
    assert place.store.waited_for() == [first, *later]

    place.store.failed(tried)

    assert place.store.waited_for() == [*later, first]


def test_tries_are_counted_and_a_message_that_is_set_aside_waits_no_more(place: Place) -> None:
    key, _ = place.store.accept(said())

    assert [place.store.failed(key) for _ in range(2)] == [1, 2]
    assert [waiting for waiting, _ in place.store.pending()] == [key]
    assert place.store.failed(key) == 3
    assert [waiting for waiting, _ in place.store.pending()] == [key]

    place.store.set_aside(key)

    assert place.store.pending() == []
    assert waiting(place.store, key) is None
    assert place.store.failed(key) == 0
    assert place.rows("audit", "act, count") == [("set-aside", 1)]
    place.store.set_aside(key)
    assert place.count("audit") == 1


# --- who


def test_a_profile_comes_back_as_it_was_learnt(store: Store, aisha: PersonId) -> None:
    person = Person(
        aisha,
        language="fr",
        name="Aïsha",
        zone="Africa/Nairobi",
        broker="internal",
        partnerships=(Partnership("Water", ("managing-maintaining", "scoping-building")), Partnership("Soil"), Partnership("Water")),
        rhythm=Rhythm(time(17, 30), (4, time(15, 30)), (0, 2)),
        welcomed=True,
        onboarded=True,
    )

    assert does(store, aisha, Learn(person))

    assert store.person(aisha) == person
    assert store.gather(aisha).person == person
    assert store.people() == [person]
    assert store.person_at("telegram", "4711") == person


def test_a_partnership_keeps_its_row_while_it_keeps_its_name(place: Place, aisha: PersonId) -> None:
    does(place.store, aisha, Learn(Person(aisha, partnerships=(Partnership("Water"), Partnership("Soil")))))
    before = {position: id_ for id_, position in place.rows("partnerships", "id, position")}

    does(place.store, aisha, Learn(Person(aisha, partnerships=(Partnership("Soil", ("scoping-building",)), Partnership("Water")))))

    assert {position: id_ for id_, position in place.rows("partnerships", "id, position")} == {0: before[1], 1: before[0]}


def test_a_partnership_that_no_entry_names_is_erased_with_its_name(place: Place, aisha: PersonId) -> None:
    does(place.store, aisha, Learn(Person(aisha, partnerships=(Partnership("Water", ("scoping-building",)),))))

    does(place.store, aisha, Learn(Person(aisha)))

    assert place.count("partnerships") == place.count("partnership_phases") == 0


def test_an_entry_keeps_the_name_of_a_partnership_that_left_the_profile(store: Store, aisha: PersonId) -> None:
    does(store, aisha, Learn(Person(aisha, partnerships=(Partnership("Water"),))), kept(partnership="Water"))

    does(store, aisha, Learn(Person(aisha)))

    assert store.person(aisha).partnerships == ()
    assert store.entries(aisha)[0].partnership == "Water"
    does(store, aisha, Learn(Person(aisha, partnerships=(Partnership("Water"),))))
    assert store.person(aisha).partnerships == (Partnership("Water"),)


def test_an_entry_may_name_a_partnership_that_the_profile_does_not(store: Store, aisha: PersonId) -> None:
    does(store, aisha, kept(partnership="Elsewhere"))

    assert store.entries(aisha)[0].partnership == "Elsewhere"
    assert store.person(aisha).partnerships == ()


def test_somebody_enrolled_by_hand_is_found_by_their_address(store: Store) -> None:
    person = Person(PersonId("ben"), name="Ben", partnerships=(Partnership("Water"),))

    assert store.enrol("terminal", "ben", person) == "ben"
    assert store.enrol("terminal", "ben", Person(PersonId("other"))) == "ben"
    assert store.enrol("slack", "U1", Person(PersonId("ben"))) == "ben"

    assert store.person_at("slack", "U1") == person
    assert sorted(store.addresses(PersonId("ben"))) == [("slack", "U1"), ("terminal", "ben")]
    nameless = store.enrol("terminal", "cleo", Person(PersonId("")))
    assert store.person(nameless).id == nameless != ""


def test_nobody_is_made_up(store: Store) -> None:
    nobody = PersonId("nobody")

    for ask in (store.person, store.gather, store.conversation, store.addresses, store.entries, store.intentions):
        with pytest.raises(NoSuchPerson):
            ask(nobody)
    assert not store.save(nobody, Turn(Conversation()), 0, NOON)


def test_the_latest_word_on_each_consent_counts_and_the_others_stay(place: Place, aisha: PersonId) -> None:
    does(place.store, aisha, Consent("model", 1, granted=True), Consent("nudges", 1, granted=True))
    does(place.store, aisha, Consent("model", 2, granted=False))

    assert place.store.consents(aisha) == {"model": False, "nudges": True}
    assert place.count("consents") == 3


# --- a turn


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(conversation=st.from_type(Conversation), message=st.from_type(Message), words=st.text())
def test_row_32_whatever_a_turn_holds_comes_back_as_it_was(place: Place, conversation: Conversation, message: Message, words: str) -> None:
    """Conversations and messages are built from their types, so that a field that is added is tried as well."""
    store = place.store
    person_id = store.enrol("telegram", "4711", Person(PersonId("aisha")))
    effects = (Say(message), kept(words=words), Plan("i1", words, due=MONDAY))

    assert store.save(person_id, Turn(conversation, effects), store.conversation(person_id)[1], NOON)

    assert store.conversation(person_id)[0] == conversation
    assert store.gather(person_id).conversation == conversation
    assert store.entries(person_id)[0].answers == (("what", words),)
    assert store.intentions(person_id)[0].text == words
    (letter,) = store.unsent("telegram")
    assert letter.message == message
    store.sent(letter.key, NOON)


def test_a_conversation_begins_with_nothing(store: Store, aisha: PersonId) -> None:
    assert store.conversation(aisha) == (Conversation(), 0)


def test_a_turn_for_a_message_is_stored_once(place: Place) -> None:
    key, person_id = place.store.accept(said())
    turn = Turn(Conversation(turns=1), (Say(ASKED), kept(), Plan("i1", "if, then", due=MONDAY), Consent("model", 1, granted=True)))

    assert place.store.save(person_id, turn, 0, NOON, inbox_key=key)
    assert not place.store.save(person_id, turn, 0, NOON, inbox_key=key)
    assert not place.store.save(person_id, turn, 1, NOON, inbox_key=key)

    assert place.store.conversation(person_id) == (Conversation(turns=1), 1)
    assert [place.count(table) for table in ("outbox", "revisions", "intentions", "consents")] == [1, 1, 1, 1]


def test_a_turn_that_two_store_at_once_is_stored_by_one(place: Place) -> None:
    key, person_id = place.store.accept(said())
    turn = Turn(Conversation(), (Say(ASKED), kept()))

    with ThreadPoolExecutor(4) as threads:
        stored = [bool(saved) for saved in threads.map(lambda _: place.store.save(person_id, turn, 0, NOON, inbox_key=key), range(4))]

    assert sorted(stored) == [False, False, False, True]
    assert place.count("outbox") == place.count("revisions") == 1


def test_a_turn_decided_from_an_older_conversation_is_not_stored(place: Place) -> None:
    key, person_id = place.store.accept(said())
    does(place.store, person_id)

    assert not place.store.save(person_id, Turn(Conversation(turns=9), (Say(ASKED),)), 0, NOON, inbox_key=key)
    assert not place.store.save(person_id, Turn(Conversation(turns=9), (Say(ASKED),)), 5, NOON, inbox_key=key)

    assert place.store.conversation(person_id) == (Conversation(turns=1), 1)
    assert place.count("outbox") == 0
    assert place.store.pending() == [(key, person_id)]


def test_a_turn_for_somebody_elses_message_is_not_stored(store: Store, aisha: PersonId) -> None:
    key, ben = store.accept(said(address="4712"))

    assert not store.save(aisha, Turn(Conversation(), (Say(ASKED),)), 0, NOON, inbox_key=key)

    assert store.pending() == [(key, ben)]


def test_a_turn_that_cannot_be_stored_whole_leaves_nothing(place: Place) -> None:
    key, person_id = place.store.accept(said())
    wrong: Any = Message("reply", text=b"not text")  # type: ignore[arg-type]

    with pytest.raises(TypeError):
        place.store.save(person_id, Turn(Conversation(), (kept(), Say(ASKED), Say(wrong))), 0, NOON, inbox_key=key)

    assert place.store.pending() == [(key, person_id)]
    assert place.store.conversation(person_id) == (Conversation(), 0)
    assert place.count("entries") == place.count("outbox") == 0


def test_a_message_that_is_done_keeps_nothing_of_what_it_said(place: Place) -> None:
    key, person_id = place.store.accept(said())

    does(place.store, person_id, inbox_key=key)

    assert place.rows("inbox", "key, body") == [(key, None)]


# --- the logbook


def test_the_first_answer_opens_an_entry_and_more_answers_fill_it(store: Store, aisha: PersonId) -> None:
    does(store, aisha, kept(step="what", words="a quarrel"))
    does(store, aisha, kept(step="who", words="two of them", energy="low", partnership="Water"), at=NOON + timedelta(minutes=1))
    does(store, aisha, kept(step="lesson", words="wait"), at=NOON + timedelta(minutes=2))

    answers = (("what", "a quarrel"), ("who", "two of them"), ("lesson", "wait"))
    assert store.entries(aisha) == [Entry("e1", "daily", MONDAY, NOON, answers, energy="low", partnership="Water")]


def test_a_changed_answer_is_a_new_revision_and_the_original_stays(place: Place, aisha: PersonId) -> None:
    does(place.store, aisha, kept(words="he was rude"), kept(step="lesson", words="wait"))
    original = place.rows("revisions", "n, body")[0]

    does(place.store, aisha, kept(words="I was rude"))

    assert place.store.entries(aisha)[0].answers == (("what", "I was rude"), ("lesson", "wait"))
    assert original in place.rows("revisions", "n, body")
    assert place.rows("revisions", "n, step") == [(1, "what"), (2, "lesson"), (3, "what")]


def test_entries_come_newest_first_and_a_turn_sees_the_latest_thirty(store: Store, aisha: PersonId) -> None:
    entries = [Entry(f"e{n:02}", "daily", MONDAY - timedelta(days=n), NOON, (("what", f"day {n}"),)) for n in range(32)]
    for entry in reversed(entries):
        store.add_entry(aisha, entry)

    assert store.entries(aisha) == entries
    assert store.entries(aisha, limit=2) == entries[:2]
    assert store.gather(aisha).entries == tuple(entries[:30])


def test_an_entry_from_elsewhere_is_added_once_and_whole(store: Store, aisha: PersonId) -> None:
    entry = Entry("e1", "crossing", MONDAY, NOON, (("what", "one"), ("who", "")), energy="good", partnership="Water")
    bare = Entry("e2", "crossing", MONDAY, NOON)

    for each in (entry, replace(entry, answers=(("what", "two"),)), bare):
        store.add_entry(aisha, each)

    assert sorted(store.entries(aisha), key=lambda each: each.id) == [entry, bare]


def test_ids_are_a_persons_own(store: Store, aisha: PersonId) -> None:
    ben = store.enrol("telegram", "4712", Person(PersonId("ben")))
    does(store, aisha, kept(words="hers"), Plan("i1", "hers", due=MONDAY))
    does(store, ben, kept(words="his"), Plan("i1", "his", due=MONDAY), Settle("i1", "done"))

    assert [entry.answers for entry in store.entries(aisha)] == [(("what", "hers"),)]
    assert [entry.answers for entry in store.entries(ben)] == [(("what", "his"),)]
    assert [plan.text for plan in store.intentions(aisha)] == ["hers"]


def test_a_plan_is_open_until_it_is_settled(place: Place, aisha: PersonId) -> None:
    store, plan = place.store, Intention("i1", "if he bristles, then I ask", made=NOON, due=MONDAY)
    does(store, aisha, Plan("i1", plan.text, due=MONDAY))
    assert store.intentions(aisha) == [plan]
    assert store.gather(aisha).intentions == (plan,)

    does(store, aisha, Settle("i1", "it helped"), Settle("unknown", "nothing"))
    outcome = place.rows("intentions", "outcome")
    does(store, aisha, Settle("i1", "it did not"))

    assert store.intentions(aisha) == []
    assert store.gather(aisha).intentions == ()
    assert store.intentions(aisha, open_only=False) == [plan]
    assert place.rows("intentions", "outcome") == outcome


def test_a_plan_can_be_put_off_in_other_words(store: Store, aisha: PersonId) -> None:
    store.add_intention(aisha, Intention("i1", "then", made=NOON, due=MONDAY))

    does(store, aisha, Plan("i1", "later", due=MONDAY + timedelta(days=7)), at=NOON + timedelta(days=1))

    assert store.intentions(aisha) == [Intention("i1", "later", made=NOON, due=MONDAY + timedelta(days=7))]


# --- the clock


def test_what_is_due_comes_in_order_of_time(store: Store, aisha: PersonId) -> None:
    assert store.next_due() is None
    ben = store.enrol("telegram", "4712", Person(PersonId("ben")))
    does(store, aisha, Remind("follow-up", NOON + timedelta(hours=2), "i1"), Remind("reminder", NOON + timedelta(hours=1)))
    store.set_due(ben, "reminder", "", NOON)

    first, second = DueRow(ben, "reminder", "", NOON), DueRow(aisha, "reminder", "", NOON + timedelta(hours=1))
    assert store.due(NOON + timedelta(hours=1)) == [first, second]
    assert store.due(NOON + timedelta(hours=1), limit=1) == [first]
    assert store.due(NOON - timedelta(seconds=1)) == []
    assert store.next_due() == NOON
    assert store.due_of(aisha) == [second, DueRow(aisha, "follow-up", "i1", NOON + timedelta(hours=2))]


def test_a_reminder_is_moved_and_taken_off(store: Store, aisha: PersonId) -> None:
    does(store, aisha, Remind("reminder", NOON))
    does(store, aisha, Remind("reminder", NOON + timedelta(days=1)))
    assert [row.at for row in store.due_of(aisha)] == [NOON + timedelta(days=1)]

    does(store, aisha, Remind("reminder", None))

    assert store.due_of(aisha) == []


def test_what_fired_is_gone_and_cannot_fire_again(place: Place, aisha: PersonId) -> None:
    place.store.set_due(aisha, "follow-up", "i1", NOON)

    assert does(place.store, aisha, Say(ASKED), due=("follow-up", "i1"))
    assert not does(place.store, aisha, Say(ASKED), due=("follow-up", "i1"))

    assert place.store.due_of(aisha) == []
    assert place.rows("outbox", "key") == [("due|follow-up|i1|aisha|2026-03-02T12:00:00+00:00/0",)]


def test_what_fired_may_set_its_next_time(place: Place, aisha: PersonId) -> None:
    tomorrow = NOON + timedelta(days=1)
    place.store.set_due(aisha, "reminder", "", NOON)

    assert does(place.store, aisha, Remind("reminder", tomorrow), due=("reminder", ""))
    assert not does(place.store, aisha, Say(ASKED), due=("reminder", "")), "it is not due before tomorrow"

    assert place.store.due_of(aisha) == [DueRow(aisha, "reminder", "", tomorrow)]
    assert [fired is not None for (fired,) in place.rows("due", "last_fired_at")] == [True]


def test_moments_come_back_in_utc_whatever_zone_they_came_in(store: Store, aisha: PersonId) -> None:
    nairobi = timezone(timedelta(hours=3))

    store.set_due(aisha, "reminder", "", NOON.astimezone(nairobi))

    (row,) = store.due(NOON)
    assert row.at == NOON
    assert row.at.utcoffset() == timedelta(0)
    assert store.next_due() == NOON


# --- what goes out


def test_letters_go_out_in_order_to_where_the_message_came_from(store: Store) -> None:
    key, person_id = store.accept(said())

    does(store, person_id, Say(Message("reply", "one")), Say(Message("question", "two")), inbox_key=key)

    letters = store.unsent("telegram")
    assert [(each.key, each.address, each.message.text) for each in letters] == [
        ("telegram|1/0", "4711", "one"),
        ("telegram|1/1", "4711", "two"),
    ]
    assert store.unsent("slack") == []


def test_a_letter_without_a_platform_goes_where_the_person_wrote_from_last(store: Store, aisha: PersonId) -> None:
    store.enrol("slack", "U1", Person(aisha))
    year = timedelta(days=365)
    store.accept(said(at=NOON + 5 * year))
    store.accept(said(platform="slack", address="U1", at=NOON + 6 * year))
    store.set_due(aisha, "reminder", "", NOON)

    does(store, aisha, Say(ASKED), due=("reminder", ""))
    does(store, aisha, Say(ASKED), platform="telegram")

    assert [each.address for each in store.unsent("slack")] == ["U1"]
    assert [each.address for each in store.unsent("telegram")] == ["4711"]


def test_of_two_addresses_on_one_platform_the_one_used_last_is_written_to(store: Store, aisha: PersonId) -> None:
    store.enrol("telegram", "4712", Person(aisha))
    year = timedelta(days=365)

    for n, address in enumerate(("4712", "4711", "4712", "4711")):
        key, _ = store.accept(said(str(n), address=address, at=NOON + (5 + n) * year))
        does(store, aisha, Say(ASKED), inbox_key=key)
        (letter,) = store.unsent("telegram")
        assert letter.address == address
        store.sent(letter.key, NOON)


def test_a_letter_that_was_sent_is_gone_with_what_it_said(place: Place, aisha: PersonId) -> None:
    does(place.store, aisha, Say(ASKED))
    (letter,) = place.store.unsent("telegram")
    assert not letter.uncertain

    place.store.sending(letter.key)
    place.store.sent(letter.key, NOON)

    assert place.store.unsent("telegram") == []
    assert place.rows("outbox", "state, body") == [("sent", None)]
    place.store.sending(letter.key)
    assert place.rows("outbox", "state") == [("sent",)]


def test_a_reply_that_a_crash_left_half_sent_goes_out_again_uncertain(place: Place, aisha: PersonId) -> None:
    does(place.store, aisha, Say(ASKED), Say(Message("reply", "not begun")))
    (first, second) = place.store.unsent("telegram")
    place.store.sending(first.key)

    assert place.store.unsent("telegram") == [replace(first, uncertain=True), second]
    assert place.store.unsent("telegram") == [replace(first, uncertain=True), second]

    place.store.sent(first.key, NOON)
    assert [bool(uncertain) for state, uncertain in place.rows("outbox", "state, uncertain") if state == "sent"] == [True]


@pytest.mark.parametrize("kind", ["nudge", "reminder"])
def test_a_nudge_that_a_crash_left_half_sent_is_let_go(place: Place, aisha: PersonId, kind: Any) -> None:
    does(place.store, aisha, Say(Message(kind, "a letter for you")))
    (letter,) = place.store.unsent("telegram")
    place.store.sending(letter.key)

    assert place.store.unsent("telegram") == []
    assert place.rows("outbox", "state, body") == [("let-go", None)]


# --- care


def test_a_forgotten_person_leaves_no_row_and_the_others_stay(place: Place, aisha: PersonId) -> None:
    ben = place.store.enrol("telegram", "4712", Person(PersonId("ben"), name="Ben"))
    key, _ = place.store.accept(said())
    place.store.accept(said("2"))
    learnt = Learn(Person(aisha, partnerships=(Partnership("Water", ("scoping-building",)),)))
    effects = (learnt, Say(ASKED), kept(partnership="Water"), Plan("i1", "if, then", due=MONDAY), Remind("reminder", NOON))
    does(place.store, aisha, *effects, Consent("model", 1, granted=True), inbox_key=key)
    place.store.set_aside("telegram|2")
    place.store.set_mentor(aisha, ben)
    does(place.store, aisha, Consent("mentor", 1, granted=True), Share("e1", "What the mentor sees"))
    does(place.store, ben, Comment(place.store.gather(ben).shown[0].id, "Why?"))

    receipt = place.store.forget(aisha)

    several = {"inbox": 2, "consents": 2, "audit": 4, "due": 3, "link_codes": 0}
    assert receipt == {table.name: several.get(table.name, 1) for table in tables.PEOPLES}
    left = {table: place.count(table) for table in receipt}
    assert {table for table, count in left.items() if count} == {"persons", "addresses", "conversations"}
    assert place.store.people() == [Person(ben, name="Ben")]
    assert not any(place.store.forget(aisha).values())
    assert not place.store.save(aisha, Turn(Conversation()), 1, NOON)


def test_somebody_forgotten_comes_back_as_a_stranger(store: Store) -> None:
    _, before = store.accept(said())
    store.forget(before)

    _, after = store.accept(said())

    assert after != before
    assert store.gather(after).entries == ()


def test_a_sound_store_has_nothing_to_complain_of(store: Store, aisha: PersonId) -> None:
    key, _ = store.accept(said())
    does(store, aisha, Say(ASKED), kept(partnership="Water"), Plan("i1", "if", due=MONDAY), Settle("i1", "well"))

    assert waiting(store, key) is not None
    assert store.check() == []


def test_a_store_that_is_opened_again_holds_what_it_held(place: Place, aisha: PersonId) -> None:
    does(place.store, aisha, kept())
    before = place.store.gather(aisha)
    place.store.close()

    again = Store.open(place.url, place.key_file)

    assert again.gather(aisha) == before
    again.close()


def test_a_reader_sees_one_state_throughout(place: Place) -> None:
    people = select(func.count()).select_from(tables.persons)
    with place.store._database.reading(HOUSE) as connection:
        assert connection.scalar(people) == 0

        place.store.enrol("telegram", "4711", Person(PersonId("aisha")))

        assert connection.scalar(people) == 0


# --- the schema


def test_the_migrations_lead_to_the_tables_as_they_are_written(place: Place) -> None:
    with create_engine(place.url).connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})

        assert compare_metadata(context, tables.metadata) == []
    connection.engine.dispose()


def test_the_newest_migration_is_the_one_the_store_asks_for(place: Place) -> None:
    with create_engine(place.url).connect() as connection:
        script = ScriptDirectory.from_config(migrations.config(connection))
    connection.engine.dispose()

    assert script.get_heads() == [migrations.HEAD]


def test_a_schema_can_be_taken_down_and_built_again(place: Place) -> None:
    place.store.close()
    database = Database(place.url)
    with database.writing(HOUSE) as connection:
        command.downgrade(migrations.config(connection), "base")
    assert migrations.revision(database.engine) is None

    migrations.upgrade(database.engine)

    with database.reading(HOUSE) as connection:
        assert connection.scalar(select(func.count()).select_from(tables.persons)) == 0
    assert migrations.revision(database.engine) == migrations.HEAD
    database.close()
