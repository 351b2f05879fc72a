"""What the store does when things are not as they should be, and what must never show. On SQLite, on a file."""

from __future__ import annotations

import logging
import os
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import waiting

from bot.model import (
    Choice,
    Conversation,
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
    Say,
    Settle,
    Turn,
)
from storage import migrations
from storage.database import HOUSE
from storage.store import Store, StoreDown, Unreadable, VaultLocked

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MONDAY = date(2026, 3, 2)
PROJECT = Path(__file__).parent.parent
CANARY = "canary-7b1f"


class Home:
    """A folder with a database and a key, of which stores are opened."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "coach.db"
        self.key = folder / "key"
        self._opened: list[Store] = []

    def open(self, options: str = "") -> Store:
        store = Store.open(f"sqlite:///{self.database}{options}", self.key)
        self._opened.append(store)
        return store

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()

    def sql(self, statement: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def all_bytes(self) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(self.folder.iterdir()) if file != self.key)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path / "home")
    yield home
    home.close()


@pytest.fixture
def used(home: Home) -> Home:
    """A home with somebody in it, closed."""
    store = home.open()
    store.enrol("telegram", "4711", Person(PersonId("aisha"), name="Aisha"))
    store.add_entry(PersonId("aisha"), Entry("e1", "daily", MONDAY, NOON, (("what", "a quarrel"), ("who", "two of them"))))
    home.close()
    return home


def said(key: str = "1", words: str = "hello") -> Inbound:
    return Inbound(key=key, platform="telegram", address="4711", at=NOON, text=words)


# --- what opening makes and refuses


def test_a_new_home_is_made_and_is_private(home: Home) -> None:
    store = home.open()
    store.accept(said())

    rights = {file.name: stat.S_IMODE(file.stat().st_mode) for file in home.folder.iterdir()}
    assert rights == {"coach.db": 0o600, "coach.db-wal": 0o600, "coach.db-shm": 0o600, "key": 0o600}
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700


def test_the_settings_that_durability_and_erasure_stand_on_hold_for_every_connection(home: Home) -> None:
    database = home.open()._database

    for _ in range(2):
        with database.reading(HOUSE) as connection:
            found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "secure_delete")]
            assert found == ["wal", 1, 1]
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
        database.engine.dispose()


def test_an_empty_file_is_a_new_database(home: Home) -> None:
    home.folder.mkdir()
    home.database.touch()

    assert home.open().check() == []


def test_row_30_an_emptied_file_beside_a_full_log_is_not(used: Home) -> None:
    used.database.write_bytes(b"")
    log = used.folder / "coach.db-wal"
    log.write_bytes(b"what is left")

    with pytest.raises(StoreDown, match="was emptied"):
        used.open()

    assert log.read_bytes() == b"what is left"


def test_a_database_without_its_key_is_not_given_another(used: Home) -> None:
    used.key.unlink()
    before = used.database.read_bytes()

    with pytest.raises(VaultLocked, match="restore it from your backup"):
        used.open()

    assert not used.key.exists()
    assert used.database.read_bytes() == before


def test_a_key_that_others_can_read_is_refused(used: Home) -> None:
    used.key.chmod(0o644)

    with pytest.raises(VaultLocked, match="chmod 600"):
        used.open()


def test_the_key_of_another_logbook_is_refused(used: Home, tmp_path: Path) -> None:
    other = Home(tmp_path / "other")
    other.open()
    other.close()
    shutil.copy(other.key, used.key)

    with pytest.raises(VaultLocked, match="restore that key file"):
        used.open()


@pytest.mark.parametrize(
    ("spoil", "meaning"),
    [
        (lambda file: file.write_bytes(os.urandom(8192)), "is not a database or is damaged"),
        (lambda file: file.write_bytes(b"x" * 100 + file.read_bytes()[100:]), "is not a database or is damaged"),
        (lambda file: file.write_bytes(file.read_bytes()[:4096] + os.urandom(len(file.read_bytes()) - 4096)), "is damaged"),
        (lambda file: file.write_text("Dear diary"), "is not a database or is damaged"),
    ],
)
def test_row_30_a_damaged_database_is_refused_and_left_as_it_is(used: Home, spoil: Callable[[Path], object], meaning: str) -> None:
    spoil(used.database)
    before = used.database.read_bytes()

    with pytest.raises(StoreDown, match=f"{meaning}.*restore"):
        used.open()

    assert used.database.read_bytes() == before


def test_a_database_of_another_program_is_left_alone(home: Home) -> None:
    home.folder.mkdir()
    home.sql("CREATE TABLE recipes (id INTEGER)")

    with pytest.raises(StoreDown, match="belongs to another program"):
        home.open()

    assert home.sql("SELECT name FROM sqlite_master") == [("recipes",)]
    assert not home.key.exists()


def test_row_31_a_database_of_a_newer_version_is_refused_by_name(used: Home) -> None:
    used.sql("UPDATE alembic_version SET version_num = '0099'")

    with pytest.raises(StoreDown, match=rf"0099.*{migrations.HEAD}.*install the newer version"):
        used.open()

    assert used.sql("SELECT version_num FROM alembic_version") == [("0099",)]


@pytest.mark.parametrize(
    ("url", "meaning"),
    [
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("mysql://me:hunter2@db/coach", "mysql"),
        ("hunter2 is not an address", "cannot be read"),
        ("postgresql://me:hunter2@/coach?host=/nowhere", "does not answer"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_without_its_password(tmp_path: Path, url: str, meaning: str) -> None:
    with pytest.raises(StoreDown, match=meaning) as caught:
        Store.open(url, tmp_path / "key")

    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


# --- a world that does not let it write


@contextmanager
def as_nobody(folder: Path) -> Iterator[None]:
    """Root may write everywhere, so that the test would test nothing; relative paths, for the folders above are root's."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    before = Path.cwd()
    os.chdir(folder)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.chdir(before)


def test_row_30_a_home_that_cannot_be_written_to_says_so(used: Home) -> None:
    used.database.chmod(0o400)
    used.folder.chmod(0o500)

    with as_nobody(used.folder), pytest.raises(StoreDown, match="writable for this user"):
        Store.open("sqlite:///coach.db", Path("key")).accept(said())

    used.folder.chmod(0o700)


def test_a_new_store_where_nothing_can_be_made_says_so(home: Home) -> None:
    home.folder.mkdir(mode=0o500)

    with as_nobody(home.folder), pytest.raises(StoreDown, match="writable for this user"):
        Store.open("sqlite:///coach.db", Path("key"))

    assert list(home.folder.iterdir()) == []
    home.folder.chmod(0o700)


def test_row_30_a_full_disk_says_so_and_nothing_is_lost(used: Home) -> None:
    store = used.open()
    store.accept(said("1", words="before"))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (used.database.stat().st_size + 65536, unlimited[1]))
    try:
        with pytest.raises(StoreDown, match="has room"):
            store.accept(said("2", words="x" * 1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    store.accept(said("3", words="after"))
    assert [key for key, _ in store.pending()] == ["telegram|1", "telegram|3"]
    assert store.check() == []


@pytest.mark.parametrize("replaced", [False, True])
def test_row_30_a_database_that_is_deleted_or_replaced_while_it_is_open_takes_nothing_in_and_says_so(used: Home, replaced: bool) -> None:
    store = used.open()
    store.accept(said("1"))
    aside = used.database.rename(used.folder / "aside.db")
    if replaced:
        shutil.copy(aside, used.database)

    with pytest.raises(StoreDown, match="was deleted or replaced"):
        store.accept(said("2"))

    aside.replace(used.database)
    store.accept(said("3"))
    assert [key for key, _ in store.pending()] == ["telegram|1", "telegram|3"]


def test_row_29_a_database_that_another_program_writes_to_is_busy_and_then_is_not(used: Home) -> None:
    store = used.open("?timeout=0.05")
    with closing(sqlite3.connect(used.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreDown, match="is busy"):
            store.accept(said())
        assert store.people(), "reading goes on"

        other.execute("ROLLBACK")
    store.accept(said())
    assert len(store.pending()) == 1


def test_two_programs_that_write_at_once_wait_for_each_other(used: Home) -> None:
    """A transaction that reads before it writes would be refused at once, whatever the timeout, had it not asked to write."""
    stores = (used.open(), used.open())

    def write(n: int) -> None:
        stores[n % 2].accept(said(str(n)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(60)))

    assert len(stores[0].pending()) == 60


# --- what was tampered with


def test_one_spoilt_answer_does_not_take_the_others_with_it(used: Home, caplog: pytest.LogCaptureFixture) -> None:
    used.sql("UPDATE revisions SET body = (SELECT body FROM revisions WHERE n = 1) WHERE n = 2")
    store = used.open()

    (entry,) = store.entries(PersonId("aisha"))

    assert entry.answers == (("what", "a quarrel"),)
    assert "body of revisions e1/2 cannot be read" in caplog.text
    (fault,) = store.check()
    assert "body of revisions e1/2 cannot be read" in fault


def test_a_profile_moved_to_another_person_cannot_be_read(used: Home) -> None:
    store = used.open()
    store.enrol("telegram", "4712", Person(PersonId("ben"), name="Ben"))
    used.sql("UPDATE persons SET profile = (SELECT profile FROM persons WHERE id = 'aisha') WHERE id = 'ben'")

    with pytest.raises(Unreadable, match="profile of persons"):
        store.person(PersonId("ben"))

    assert [person.name for person in store.people()] == ["Aisha"]
    assert len(store.check()) == 1


def test_a_key_moved_to_another_person_opens_nothing(used: Home) -> None:
    store = used.open()
    store.enrol("telegram", "4712", Person(PersonId("ben"), name="Ben"))
    used.sql("UPDATE persons SET wrapped_key = (SELECT wrapped_key FROM persons WHERE id = 'aisha') WHERE id = 'ben'")

    with pytest.raises(Unreadable, match="key of person ben"):
        store.gather(PersonId("ben"))
    assert any("key of person ben" in fault for fault in store.check())


def test_a_spoilt_letter_is_let_go_and_the_next_one_goes_out(used: Home) -> None:
    store, aisha = used.open(), PersonId("aisha")
    store.save(aisha, Turn(Conversation(), (Say(Message("reply", "one")), Say(Message("reply", "two")))), 0, NOON)
    used.sql("UPDATE outbox SET body = zeroblob(60) WHERE seq = 1")

    assert [letter.message.text for letter in store.unsent("telegram")] == ["two"]
    assert used.sql("SELECT state FROM outbox ORDER BY seq") == [("let-go",), ("new",)]


def test_a_value_of_an_unknown_shape_is_not_guessed_at(used: Home) -> None:
    """As a newer version may write it: sealed rightly, but with a stage that this version has never heard of."""
    store, aisha = used.open(), PersonId("aisha")
    store.save(aisha, Turn(Conversation()), 0, NOON)
    key = store._vault.unwrap("aisha", used.sql("SELECT wrapped_key FROM persons")[0][0])
    text = f'{{"turns": "{CANARY}"}}'
    sealed = key.seal(person="aisha", table="conversations", row="", field="state", text=text)
    used.sql("UPDATE conversations SET state = ?", sealed)

    with pytest.raises(Unreadable, match="install the version that wrote it") as caught:
        store.conversation(aisha)

    assert CANARY not in "".join(traceback.format_exception(caught.value))


# --- what must never show


def with_canaries(store: Store) -> PersonId:
    """Somebody all of whose private fields hold the canary, through every door."""
    c = CANARY
    key, person_id = store.accept(Inbound(key="1", platform="telegram", address=c, at=NOON, text=c))
    store.accept(Inbound(key="2", platform="telegram", address=c, at=NOON, text=c))
    state = Conversation(choices=(Choice("yes", c),), aim=c) if "aim" in {f.name for f in fields(Conversation)} else Conversation()
    effects = (
        Learn(Person(person_id, name=c, partnerships=(Partnership(c),))),
        Keep("e1", "daily", "what", c, event_date=MONDAY, partnership=c),
        Keep("e1", "daily", "what", c + c, event_date=MONDAY, partnership=f"not in the profile: {c}"),
        Plan("i1", c, due=MONDAY),
        Settle("i1", c),
        Say(Message("reply", c, (Choice("yes", c),))),
    )
    assert store.save(person_id, Turn(state, effects), 0, NOON, inbox_key=key)
    store.add_entry(person_id, Entry("e2", "daily", MONDAY, NOON, (("what", c),), partnership=c))
    store.add_intention(person_id, Intention("i2", c, made=NOON, due=MONDAY))
    store.enrol("slack", c, Person(person_id))
    return person_id


def test_nothing_private_stands_readable_in_any_file(home: Home) -> None:
    store = home.open()
    person_id = with_canaries(store)
    (letter,) = store.unsent("telegram")
    assert CANARY in letter.message.text
    assert CANARY in letter.address

    for _ in ("open", "closed"):
        assert CANARY.encode() not in home.all_bytes()
        home.close()
    home.open().forget(person_id)
    assert CANARY.encode() not in home.all_bytes()


def test_nothing_private_shows_in_what_prints(home: Home) -> None:
    store = home.open()
    person_id = with_canaries(store)

    shown = [store, store.gather(person_id).person, store.entries(person_id), store.intentions(person_id, open_only=False)]
    shown += [waiting(store, "telegram|2"), store.unsent("telegram"), store.check(), store.pending()]

    assert CANARY not in repr(shown)


def test_nothing_private_shows_in_errors_and_logs(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = home.open("?timeout=0.05")
    person_id = with_canaries(store)
    keep = Keep("e1", "daily", "what", CANARY, event_date=MONDAY, partnership=CANARY)
    mistyped: Any = Message("reply", CANARY, sources=CANARY)  # type: ignore[arg-type]
    naive = NOON.replace(tzinfo=None)
    faults: list[Callable[[], object]] = [
        lambda: store.save(person_id, Turn(Conversation(), (Say(mistyped),)), 1, NOON),
        lambda: store.save(person_id, Turn(Conversation(), (keep,)), 1, naive),
        lambda: store.accept(Inbound(key="3", platform="telegram", address=CANARY, at=naive, text=CANARY)),
        lambda: store.enrol("telegram", CANARY + "2", Person(PersonId("a|b"), name=CANARY)),
    ]

    with closing(sqlite3.connect(home.database, isolation_level=None)) as other:
        for fault in faults:
            _silent(fault)
        other.execute("BEGIN IMMEDIATE")
        _silent(lambda: store.save(person_id, Turn(Conversation(), (keep,)), 1, NOON))
        other.execute("ROLLBACK")
        other.execute("ALTER TABLE outbox RENAME TO gone")
        _silent(lambda: store.save(person_id, Turn(Conversation(), (keep, Say(Message("reply", CANARY)))), 1, NOON))
        other.execute("UPDATE persons SET profile = zeroblob(40)")
        _silent(lambda: store.gather(person_id))

    assert CANARY not in caplog.text


def _silent(fault: Callable[[], object]) -> None:
    with pytest.raises((StoreDown, TypeError, ValueError)) as caught:
        fault()
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_forgetting_leaves_no_trace_not_even_sealed(home: Home) -> None:
    store = home.open()
    person_id = with_canaries(store)
    other = store.enrol("telegram", "4712", Person(PersonId("ben"), name="Ben"))
    columns = {"persons": "wrapped_key", "revisions": "body", "intentions": "text", "inbox": "body", "outbox": "body"}
    traces = [row[0] for table, column in columns.items() for row in home.sql(f"SELECT {column} FROM {table}") if row[0]]  # noqa: S608
    kept = home.sql("SELECT wrapped_key FROM persons WHERE id = 'ben'")[0][0]
    assert all(trace in home.all_bytes() for trace in traces)

    receipt = store.forget(person_id)

    assert receipt["revisions"] == 3
    left = home.all_bytes()
    assert [trace for trace in traces if trace in left] == [kept]
    assert store.person(other).name == "Ben"


def test_forgetting_while_somebody_reads_says_that_traces_stay_and_can_be_repeated(used: Home) -> None:
    store, aisha = used.open("?timeout=0.05"), PersonId("aisha")
    columns = {"persons": "wrapped_key", "revisions": "body", "inbox": "body", "outbox": "body"}
    traces = [row[0] for table, column in columns.items() for row in used.sql(f"SELECT {column} FROM {table}") if row[0]]  # noqa: S608
    assert traces
    with closing(sqlite3.connect(used.database, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM persons").fetchall()

        with pytest.raises(StoreDown, match="traces stay"):
            store.forget(aisha)
        assert store.people() == []

        other.execute("COMMIT")
    assert not any(store.forget(aisha).values())
    assert not [trace for trace in traces if trace in used.all_bytes()]


# --- a process that dies

WRITER = """
import sys
from datetime import date, datetime, UTC
from pathlib import Path
from bot.model import Conversation, Inbound, Keep, Say, Message, Turn
from storage.store import Store

home, round_ = Path(sys.argv[1]), sys.argv[2]
store = Store.open(f"sqlite:///{home}/coach.db", home / "key")
noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
for n in range(10_000):
    name = f"{round_}-{n}"
    key, person = store.accept(Inbound(key=name, platform="telegram", address="4711", at=noon, text=name))
    keeps = [Keep(name, "daily", step, f"{name} {step} " * 200, event_date=date(2026, 3, 2)) for step in ("a", "b", "c")]
    turn = Turn(Conversation(turns=n), (*keeps, Say(Message("reply", name))))
    assert store.save(person, turn, store.gather(person).version, noon, inbox_key=key)
    print(name, flush=True)
"""


def test_row_28_a_killed_process_leaves_whole_entries_only(home: Home) -> None:
    acknowledged: set[str] = set()
    for round_ in range(10):
        with _child(WRITER, home.folder, str(round_)) as child:
            assert child.stdout is not None
            acknowledged |= {child.stdout.readline().strip() for _ in range(3 + 2 * round_)}
            child.kill()
            acknowledged |= {line.strip() for line in child.stdout if line.endswith("\n")}

        store = home.open()
        (person,) = store.people()
        entries = {entry.id: entry for entry in store.entries(person.id)}
        assert acknowledged <= entries.keys()
        for name, entry in entries.items():
            assert entry.answers == tuple((step, f"{name} {step} " * 200) for step in "abc")
        letters = {letter.message.text for letter in store.unsent("telegram")}
        assert letters == entries.keys()
        assert len(store.pending()) <= round_ + 1
        assert store.check() == []
        home.close()


KILLED_WHILE_MIGRATING = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from storage.store import Store

@event.listens_for(Engine, "after_cursor_execute")
def die(connection, cursor, statement, *_):
    if sys.argv[2] in statement:
        os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[1])
Store.open(f"sqlite:///{home}/coach.db", home / "key")
"""


@pytest.mark.parametrize("at", ["CREATE TABLE persons", "CREATE TABLE intentions", f"version_num='{migrations.HEAD}'"])
def test_row_31_a_migration_that_was_killed_leaves_nothing_behind_and_runs_again(home: Home, at: str) -> None:
    """At its first table, in the midst, and after its last change."""
    with _child(KILLED_WHILE_MIGRATING, home.folder, at) as child:
        assert child.wait() == -signal.SIGKILL
    assert home.sql("SELECT name FROM sqlite_master") == []
    key = home.key.read_bytes()

    store = home.open()

    assert store.check() == []
    assert home.key.read_bytes() == key


def _child(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
