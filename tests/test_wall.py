"""The second wall: on PostgreSQL a statement that forgot whose rows it wants sees nothing of anybody else's, or nothing at all."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import PROJECT, Home
from postgres import SUPERUSER, Server, seeing_all, serving
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import ProgrammingError
from test_storage_store import NOON

from bot.model import (
    Comment,
    Consent,
    Conversation,
    Entry,
    Inbound,
    Intention,
    Message,
    Partnership,
    Person,
    PersonId,
    Remind,
    Say,
    Share,
    Turn,
)
from storage.database import HOUSE, Database, see
from storage.store import Store
from storage.tables import PEOPLES, erasures, persons


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@dataclass(frozen=True)
class Two:
    """Two people with a row in every table, the mentor of both, and a database opened as the program opens it."""

    url: str
    key: Path
    aisha: PersonId
    ben: PersonId
    mentor: PersonId


@pytest.fixture(scope="module")
def two(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Two:
    url, key = server.database(), tmp_path_factory.mktemp("wall") / "key"
    with closing(Store.open(url, key, lambda: NOON)) as store:
        mentor = store.enrol("telegram", "4713", Person(PersonId("")))
        ids = []
        for address in ("4711", "4712"):
            theirs = store.enrol("telegram", address, Person(PersonId(""), partnerships=(Partnership("Water", ("scoping-building",)),)))
            store.add_entry(theirs, Entry("one", "crossing", NOON.date(), NOON, (("moment", "it rained"),), partnership="Water"))
            store.add_intention(theirs, Intention("plan", "If it rains, then I wait", made=NOON, due=NOON.date()))
            store.agree(theirs, Consent("nudges", 1, granted=True))
            store.looked(theirs, "exported")
            store.accept(Inbound(key=f"to {address}", platform="telegram", address=address, at=NOON, text="hello"))
            store.save(theirs, Turn(Conversation(), (Say(Message("reply", "hello")), Remind("reminder", NOON))), 0, NOON)
            store.set_mentor(theirs, mentor)
            shows = (Consent("mentor", 1, granted=True), Share("one", "What the mentor sees"))
            store.save(theirs, Turn(Conversation(), shows), 1, NOON)
            ids.append(theirs)
        for n, shown in enumerate(store.gather(mentor).shown):
            store.save(mentor, Turn(Conversation(), (Comment(shown.id, "Why?"),)), n, NOON)
    return Two(url, key, *ids, mentor)


@pytest.fixture
def database(two: Two) -> Iterator[Database]:
    opened = Database(two.url)
    yield opened
    opened.close()


def owners(database: Database, whose: object) -> dict[str, set[str]]:
    """Whose rows a question that names nobody brings up, by table."""
    found = {}
    with database.reading(whose) as connection:  # type: ignore[arg-type]
        for table in PEOPLES:
            found[table.name] = set(connection.scalars(select(table.c.id if table is persons else table.c.person_id)))
    return found


FILLED = {table.name for table in PEOPLES} - {"link_codes"}


def test_row_34_a_question_that_forgot_to_ask_for_one_person_sees_that_person_alone(two: Two, database: Database) -> None:
    seen = owners(database, two.aisha)

    assert seen == {table.name: {two.aisha} if table.name in FILLED else set() for table in PEOPLES}


def test_row_34_where_nobody_is_named_nothing_is_seen_before_and_after_somebody_was(two: Two, database: Database) -> None:
    with database.engine.connect() as connection:
        for named in (None, two.aisha, HOUSE):
            with connection.begin():
                if named is not None:
                    see(connection, named)
                    assert connection.scalar(select(func.count()).select_from(persons)) == (3 if named is HOUSE else 1)
            with connection.begin():
                assert [connection.scalar(select(func.count()).select_from(table)) for table in PEOPLES] == [0] * len(PEOPLES)


def test_row_34_the_rounds_of_the_house_see_everybody(two: Two, database: Database) -> None:
    seen = owners(database, HOUSE)

    assert all(seen[table] >= {two.aisha, two.ben} for table in FILLED)


def test_row_34_a_mentor_sees_that_something_is_shown_and_nothing_of_what_it_comes_from(two: Two, database: Database) -> None:
    seen = owners(database, two.mentor)

    assert {table for table, who in seen.items() if who - {two.mentor}} == {"mentors", "shares"}
    with database.reading(two.mentor) as connection:
        assert connection.scalar(select(func.count()).select_from(persons).where(persons.c.id != two.mentor)) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE persons SET profile = ''",
        "DELETE FROM revisions",
        "UPDATE entries SET guide = 'x' WHERE person_id = :ben",
        "DELETE FROM persons WHERE id = :ben",
    ],
)
def test_row_34_what_is_changed_without_a_name_changes_nobody_else(statement: str, two: Two, database: Database) -> None:
    with database.engine.connect() as connection, connection.begin() as undone:
        see(connection, two.aisha)
        connection.execute(text(statement), {"ben": two.ben})
        see(connection, two.ben)
        assert connection.scalar(text("SELECT count(*) FROM persons WHERE profile <> ''")) == 1
        assert connection.scalar(text("SELECT count(*) FROM revisions")) == 1
        assert connection.scalar(text("SELECT guide FROM entries")) == "crossing"
        undone.rollback()


def test_row_34_nothing_can_be_written_in_anothers_name(two: Two, database: Database) -> None:
    with database.engine.connect() as connection, connection.begin() as undone:
        see(connection, two.aisha)
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(text("INSERT INTO audit (person_id, at, act, count) VALUES (:ben, now(), 'planted', 1)"), {"ben": two.ben})
        undone.rollback()


def test_row_34_no_statement_of_ours_names_somebody_for_longer_than_a_transaction() -> None:
    """A session goes back to the pool; what was said in it would hold for whoever comes next."""
    for path in (path for folder in ("bot", "storage", "adapters", "knowledge") for path in (PROJECT / folder).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"\bSET\s+(SESSION\s+)?brokercoach\.", source, re.IGNORECASE), path
        for call in re.findall(r"set_config\([^)]*\)", source):
            assert call.endswith(", true)"), path


def test_every_table_with_somebodys_rows_stands_behind_the_wall(two: Two) -> None:
    with closing(Store.open(two.url, two.key)) as store:
        assert store.gaps() == []


def test_doctor_says_when_the_wall_does_not_stand(server: Server, reading: Home, tmp_path: Path) -> None:
    url = server.database()
    Store.open(url, tmp_path / "key").close()

    def wall(address: str) -> tuple[bool, str]:
        ran = reading.run("doctor", "--json", BROKERCOACH_DATABASE=address, BROKERCOACH_KEY_FILE=str(tmp_path / "key"))
        [found] = [row for row in ran.rows if row["part"] == "wall"]
        assert found["ok"] or ran.code == 1
        return found["ok"], found["says"]

    assert wall(url)[0]
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE entries NO FORCE ROW LEVEL SECURITY"))
    engine.dispose()

    ok, says = wall(url)
    assert not ok
    assert "off for entries" in says
    ok, says = wall(seeing_all(url))
    assert not ok
    assert f"{SUPERUSER} is a superuser" in says


def test_a_dump_that_says_it_is_the_houses_holds_everybody_and_can_be_put_back(server: Server, two: Two, tmp_path: Path) -> None:
    """As docs/privacy.md tells it; without the setting, pg_dump refuses rather than leave people out."""
    plain = two.url.replace("postgresql+psycopg", "postgresql")
    house = os.environ | {"PGOPTIONS": "-c brokercoach.house=on"}
    dump = [server.binaries / "pg_dump", "-Fc", "-f", tmp_path / "dump"]
    assert subprocess.run([*dump, plain], check=False, capture_output=True).returncode

    subprocess.run([*dump, "--enable-row-security", plain], env=house, check=True, capture_output=True)
    other = server.database()
    put_back = [
        server.binaries / "pg_restore",
        "--enable-row-security",
        "--no-owner",
        "-d",
        other.replace("+psycopg", ""),
        tmp_path / "dump",
    ]
    subprocess.run(put_back, env=house, check=True, capture_output=True)

    with closing(Store.open(other, two.key)) as store:
        assert {person.id for person in store.people()} == {two.aisha, two.ben, two.mentor}
        assert store.gaps() == []
        assert store.check() == []


def test_the_list_of_those_who_were_forgotten_is_nobodys(database: Database) -> None:
    with database.reading("nobody") as connection:
        assert connection.scalar(select(func.count()).select_from(erasures)) == 0
