"""The chain of originals and the file a logbook travels in: nothing is changed, moved or cut off unnoticed."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.aliases import Pseudonyms, proposed
from bot.model import (
    Add,
    Consent,
    Conversation,
    Entry,
    Intention,
    Keep,
    Learn,
    Partnership,
    Person,
    PersonId,
    Place,
    Plan,
    Remind,
    Rhythm,
    Settle,
    TakeOut,
    Theme,
    Turn,
)
from bot.printing import binder_of
from prompts.library import load_library
from storage import export, migrations
from storage.database import HOUSE, Database
from storage.store import Store

LIBRARY = load_library()
MONDAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def opened(folder: Path) -> Store:
    return Store.open(f"sqlite:///{folder / 'book.db'}", folder / "key")


@pytest.fixture
def store(tmp_path: Path):
    store = opened(tmp_path)
    yield store
    store.close()


def aisha(store: Store) -> PersonId:
    water = Partnership("Water", ("managing-maintaining",))
    return store.enrol("terminal", "aisha", Person(PersonId("aisha"), name="Aisha", zone="Africa/Nairobi", partnerships=(water,)))


def write(store: Store, person: PersonId, *effects, at: datetime = NOON) -> None:
    _, version = store.conversation(person)
    assert store.save(person, Turn(Conversation(), effects), version, at)


def answer(text: str, step: str = "moment", entry: str = "e1", **more) -> Keep:
    return Keep(entry, "crossing", step, text, **({"event_date": MONDAY} | more))


def written(store: Store) -> PersonId:
    person = aisha(store)
    theme = Theme("principle-challenge-constructively", "too-nice-to-confront", "the mayor sat", "for")
    write(store, person, answer("The mayor sat down.", partnership="Water", people=("Ana",), themes=(theme,)))
    write(store, person, answer("He may be afraid.", "meaning"), at=NOON + timedelta(minutes=1))
    write(store, person, answer("The mayor sat down with Ana."), at=NOON + timedelta(minutes=2))
    write(store, person, answer("Nobody came.", entry="e2"), at=NOON + timedelta(days=1))
    write(store, person, Add("e1", "thought", "He was tired, I see now."), Add("e2", "retraction"), at=NOON + timedelta(days=9))
    return person


def meddle(folder: Path, statement: str, *values) -> None:
    with closing(sqlite3.connect(folder / "book.db")) as file:
        file.execute(statement, values)
        file.commit()


def test_an_entry_reads_as_its_latest_wording_with_later_thoughts_beside_it(store: Store):
    person = written(store)

    newest, older = sorted(store.entries(person), key=lambda entry: entry.id, reverse=True)

    assert older.answers == (("moment", "The mayor sat down with Ana."), ("meaning", "He may be afraid."))
    assert [(thought.at, thought.text) for thought in older.thoughts] == [(NOON + timedelta(days=9), "He was tired, I see now.")]
    assert (older.people, older.themes[0].stance, older.retracted) == (("Ana",), "for", None)
    assert newest.retracted == NOON + timedelta(days=9)
    assert newest.answers == (("moment", "Nobody came."),)


def test_a_logbook_as_it_was_written_holds(store: Store):
    person = written(store)

    assert store.verify(person) is None


def test_the_kinds_of_what_was_written_are_told_apart(store: Store):
    record = store.record(written(store))

    assert [r.kind for entry in record.entries for r in sorted(entry.revisions, key=lambda r: r.n)] == [
        "answer",
        "answer",
        "wording",
        "thought",
        "answer",
        "retraction",
    ]


# one byte of an old entry, whatever it was
FLIPPED = (
    "UPDATE revisions SET body = CAST(substr(body, 1, 20) || iif(substr(body, 21, 1) = x'00', x'01', x'00') || substr(body, 22) AS BLOB)"
    " WHERE entry_id = 'e2' AND n = 1"
)


@pytest.mark.parametrize(
    ("statement", "entry"),
    [
        ("UPDATE revisions SET body = (SELECT body FROM revisions WHERE n = 2) WHERE entry_id = 'e1' AND n = 1", "e1"),
        (FLIPPED, "e2"),
        ("UPDATE revisions SET written_at = '2026-01-01 00:00:00.000000' WHERE entry_id = 'e2' AND n = 1", "e2"),
        ("UPDATE revisions SET kind = 'answer' WHERE kind = 'wording'", "e1"),
        ("UPDATE entries SET event_date = '2026-01-01' WHERE id = 'e2'", "e2"),
        ("UPDATE revisions SET hash = NULL WHERE entry_id = 'e1' AND n = 2", "e1"),
        ("UPDATE revisions SET seq = NULL WHERE entry_id = 'e1' AND n = 2", "e1"),
        ("DELETE FROM revisions WHERE entry_id = 'e1' AND n = 2", "e1"),
        ("DELETE FROM revisions WHERE kind = 'retraction'", ""),
        ("DELETE FROM chains", "e1"),
    ],
)
def test_whatever_is_changed_behind_the_store_breaks_the_chain_there(tmp_path: Path, statement: str, entry: str):
    store = opened(tmp_path)
    person = written(store)

    meddle(tmp_path, statement)
    found = store.verify(person)
    store.close()

    assert found is not None
    assert found.entry == entry


def before_chains() -> str:
    """The schema that the chains came on top of."""
    script = Path(migrations.__file__).parent / "versions" / "0005_chain.py"
    return re.search(r'^down_revision = "(\d+)"', script.read_text(), re.MULTILINE)[1]


def test_an_answer_that_is_erased_leaves_a_chain_that_holds_and_none_of_its_words(store: Store):
    person = written(store)

    write(store, person, TakeOut("e1", "moment"), at=NOON + timedelta(days=10))

    entry = next(entry for entry in store.entries(person) if entry.id == "e1")
    assert store.verify(person) is None
    assert entry.answers == (("meaning", "He may be afraid."),)
    assert (entry.people, entry.themes) == ((), ())
    assert "mayor" not in export.to_json(store.record(person), NOON)


def test_a_logbook_from_before_there_were_chains_gets_one(tmp_path: Path):
    store = opened(tmp_path)
    person = written(store)
    store.close()
    database = Database(f"sqlite:///{tmp_path}/book.db")
    with database.writing(HOUSE) as connection:
        command.downgrade(migrations.config(connection), before_chains())
    database.close()

    store = opened(tmp_path)
    before = store.verify(person)
    write(store, person, answer("One more.", entry="e3"), at=NOON + timedelta(days=10))
    after = store.verify(person)
    store.close()

    assert (before, after) == (None, None)


# --- the file


def test_a_logbook_goes_out_and_comes_in_again_to_the_same_bytes(store: Store, tmp_path: Path):
    person = written(store)
    write(store, person, Consent("nudges", 1, granted=True), Remind("reminder", NOON + timedelta(days=30)))
    store.add_intention(person, Intention("p1", "If he bristles, then I wait", made=NOON, due=MONDAY))
    file = export.to_json(store.record(person), NOON)
    other = opened(tmp_path / "other")

    other.restore(export.from_json(file))
    again = export.to_json(other.record(person), NOON)
    held = other.verify(person)
    same = other.entries(person) == store.entries(person)
    other.close()

    assert again == file
    assert held is None
    assert same


def test_row_43_out_forgotten_in_and_out_again_the_bytes_are_the_same_but_for_the_date_with_everything_on(store: Store):
    person = written(store)
    profile = replace(
        store.person(person),
        language="fr",
        broker="internal",
        partnerships=(
            Partnership("Eau du Lac", ("reviewing-revising", "sustaining-outcomes")),
            Partnership("Water", ("managing-maintaining",)),
        ),
        rhythm=Rhythm(time(17, 30), (4, time(15, 30)), (0, 1, 2, 3), 2, MONDAY),
        headings=("Ce qui a pesé", "Ce qui a bougé"),
        welcomed=True,
        onboarded=True,
    )
    write(store, person, Learn(profile), Keep("own", "own-headings", "heading-1", "Le maire a crié.", event_date=MONDAY, energy="low"))
    write(store, person, Keep("aims", "aims", "aim", "Let them talk", event_date=MONDAY, partnership="Eau du Lac"))
    write(store, person, Keep("aims", "aims", "became", "They did, twice", event_date=MONDAY), at=NOON + timedelta(days=4))
    write(store, person, answer("Private.", "meaning", entry="e3"), answer("Not private.", entry="e3"), at=NOON + timedelta(days=10))
    write(store, person, TakeOut("e3", "meaning"), at=NOON + timedelta(days=11))
    write(store, person, Plan("p1", "If he bristles, then I wait", due=MONDAY), Plan("p2", "If not, I ask", due=MONDAY))
    write(
        store,
        person,
        Settle("p1", "I waited, and he laughed"),
        Remind("then-and-now", NOON + timedelta(days=30)),
        at=NOON + timedelta(days=5),
    )
    write(store, person, Consent("nudges", 1, granted=True), Consent("model", 2, granted=True), Consent("model", 2, granted=False))
    place = Place("crossing", "meaning", NOON, NOON, "e9", (("moment", "half a moment"),), ("moment",))
    _, version = store.conversation(person)
    assert store.save(person, Turn(Conversation(held=place, aim="wait", paired_on=MONDAY, recent=("hello#1",))), version, NOON)
    names = proposed_names(store, person)
    first = export.to_json(store.record(person), NOON)

    store.forget(person)
    gone = [known.id for known in store.people()]
    store.restore(export.from_json(first))
    second = export.to_json(store.record(person), NOON + timedelta(days=1))

    changed = [(one, two) for one, two in zip(first.splitlines(), second.splitlines(), strict=True) if one != two]
    assert gone == []
    assert [one.split(":")[0].strip() for one, _ in changed] == ['"exported_at"']
    assert store.verify(person) is None
    assert store.entries(person)
    assert proposed_names(store, person) == names


def proposed_names(store: Store, person: PersonId) -> Pseudonyms:
    binder = binder_of(store, LIBRARY, person, NOON)
    return proposed(binder.sheaf, binder)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(alphabet=st.characters(codec=None)), min_size=1, max_size=4))
def test_any_words_survive_the_way_out_and_in(tmp_path: Path, texts: list[str]):
    store = opened(tmp_path / "from")
    person = store.enrol("terminal", "any", Person(PersonId("")))
    for n, text in enumerate(texts):
        store.add_entry(person, Entry(f"e{n}", "crossing", MONDAY, NOON, (("moment", text),)))
    file = export.to_json(store.record(person), NOON)
    record = export.from_json(json.dumps(json.loads(file)))
    assert store.verify(person) is None
    store.forget(person)

    store.restore(record)
    again = export.to_json(store.record(person), NOON)
    store.forget(person)
    store.close()

    assert again == file


def altered(file: str, change) -> str:
    told = json.loads(file)
    change(told)
    return json.dumps(told)


def rebuilt(file: str, change) -> str:
    told = json.loads(file)
    change(told["record"])
    told["digest"] = export._digest(told["record"])
    return json.dumps(told)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda file: file[: len(file) // 2], "damaged"),
        (lambda _: "[]", "not a brokercoach logbook"),
        (lambda _: '{"format": "other"}', "not a brokercoach logbook"),
        (lambda file: file.replace("mayor", "major", 1), "was changed"),
        (lambda file: altered(file, lambda told: told.update(version=2)), "newer version"),
        (lambda file: altered(file, lambda told: told.update(version="1")), "newer version"),
        (lambda file: rebuilt(file, lambda told: told["entries"][0]["revisions"][0].update(text="Another.")), "chain does not hold"),
        (lambda file: rebuilt(file, lambda told: told["entries"].pop()), "chain does not hold"),
        (lambda file: rebuilt(file, lambda told: told.update(more=1)), "shape"),
        (lambda file: rebuilt(file, lambda told: told["entries"][0].update(partnership="nobody's")), "partnership"),
        (lambda file: rebuilt(file, lambda told: told["partnerships"].append(told["partnerships"][0])), "twice"),
    ],
)
def test_a_file_that_is_damaged_altered_foreign_or_newer_is_refused(store: Store, spoil, why: str):
    file = export.to_json(store.record(written(store)), NOON)

    with pytest.raises(export.Refused, match=why) as refused:
        export.from_json(spoil(file))

    assert "mayor" not in str(refused.value)


def test_a_logbook_that_is_here_already_is_not_mixed_with_a_file(store: Store, tmp_path: Path):
    person = written(store)
    record = store.record(person)

    with pytest.raises(export.Refused, match="already"):
        store.restore(record)
    other = opened(tmp_path / "other")
    other.enrol("terminal", "aisha", Person(PersonId("somebody")))
    with pytest.raises(export.Refused, match="address"):
        other.restore(record)
    left = [somebody.id for somebody in other.people()]
    other.close()

    assert left == ["somebody"]
    assert store.record(person) == record
