"""The database underneath: how it is opened, how transactions begin, and what its errors mean to others.

SQLite is run for durability and erasure: WAL, brought to the disk after each commit (a power loss takes nothing), for many transactions
at once where they wait side by side; secure_delete (what is deleted is overwritten), BEGIN IMMEDIATE for whatever writes (busy_timeout does
not help a transaction that began by reading). This module knows no table.

On PostgreSQL every transaction says whose rows it may see, and row-level security holds it to that (migration 0006): a person's, or
everybody's, for the rounds of the house. One that says nothing sees nothing. The saying ends with the transaction.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, func, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from storage.faults import StoreDown

_KEPT = 15  # connections to PostgreSQL at most, none given up once it is there: a new one costs as much as half a turn
_FRESH = 0.1  # seconds after its last use during which a connection is taken to be alive without asking
_BUSY_SECONDS = 5.0  # how long a write waits for another program's; `?timeout=` in the address changes it
_CONNECT_SECONDS = 5

_PRAGMAS = ("secure_delete=ON", "foreign_keys=ON")

_BACKUP = "restore a backup: brokercoach db restore"
# by the leading words of SQLite's result codes, see its page "Result and Error Codes"
_SQLITE_REMEDIES = {
    "SQLITE_BUSY": "is busy: another program is writing to it; close that program, or try again in a moment",
    "SQLITE_LOCKED": "is busy: another program is writing to it; close that program, or try again in a moment",
    "SQLITE_FULL": "cannot grow: the disk is full; make room and try again",
    "SQLITE_IOERR": "cannot be read or written: check that the disk is sound and has room, then try again",
    "SQLITE_READONLY": "cannot be written to; make the file and its folder writable for this user",
    "SQLITE_PERM": "cannot be written to; make the file and its folder writable for this user",
    "SQLITE_CANTOPEN": "cannot be opened; make the file and its folder readable and writable for this user",
    "SQLITE_CORRUPT": f"is damaged and was left as it is; {_BACKUP}",
    "SQLITE_NOTADB": f"is not a database or is damaged, and was left as it is; {_BACKUP}, or choose another BROKERCOACH_DATABASE",
}


class _House(Enum):
    HOUSE = "the house"


HOUSE: Final = _House.HOUSE
"""Sees everybody's rows: the intake, the senders, the clock, and whoever looks after the whole."""

Whose = str | _House  # a person's id, or the house

# the third argument: until the end of the transaction. For a session they would outlive it, and the connection goes back to the pool.
_SEE = text("SELECT set_config('brokercoach.person', :person, true), set_config('brokercoach.house', :house, true)")


def begin(connection: Connection, *, writes: bool) -> None:
    """Begins a transaction on a connection that has done nothing yet.

    Of the recipe on SQLAlchemy's SQLite page, "Enabling Non-Legacy SQLite Transactional Modes", this is the part that we say, not the
    driver. As a listener, as the page has it, it would slow down every statement by a third.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def see(connection: Connection, whose: Whose) -> None:
    """From here on this transaction sees the rows of one person, or of everybody."""
    if connection.dialect.name == "postgresql":
        house = whose is HOUSE
        connection.execute(_SEE, {"person": "" if house else whose, "house": "on" if house else ""})


def _begin_seeing(connection: Connection, whose: Whose, *, writes: bool) -> None:
    """Begins a transaction that sees the rows of one person, or of everybody."""
    if connection.dialect.name == "sqlite":
        begin(connection, writes=writes)
        return
    person, house = ("", "on") if whose is HOUSE else (whose.replace("'", "''"), "")
    connection.exec_driver_sql(
        f"BEGIN ISOLATION LEVEL {'READ COMMITTED' if writes else 'REPEATABLE READ'}; "
        f"SET LOCAL brokercoach.person = '{person}'; SET LOCAL brokercoach.house = '{house}'",
        execution_options={"no_parameters": True},  # with parameters, even none, PostgreSQL takes one statement at a time
    )


class _Disk:
    """Brings what was committed to a log onto the disk: as SQLite does itself with synchronous FULL, but once for all who wait for it.

    The log is opened anew each time, for SQLite may have made another one; where there is none, everything is in the database and safe.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._begun = 0
        self._ended = 0
        self._one_at_a_time = threading.Lock()

    def for_good(self) -> None:
        """Returns once everything that was committed before this was called is on the disk. Raises OSError."""
        wanted = self._begun + 1  # whoever begins after now takes ours along
        with self._one_at_a_time:
            if self._ended >= wanted:
                return
            self._begun += 1
            with suppress(FileNotFoundError):
                log = os.open(self._log, os.O_RDWR)
                try:
                    os.fsync(log)
                finally:
                    os.close(log)
            self._ended = self._begun


class Database:
    """An engine with the right settings. `place` is how messages call it; it holds no password."""

    def __init__(self, url: str) -> None:
        address, self.place = _address(url)
        self.is_sqlite = address.get_backend_name() == "sqlite"
        with self.told():
            self.engine = _sqlite_engine(address) if self.is_sqlite else _postgres_engine(address)
        # on PostgreSQL transactions are begun here, by hand, so that beginning one and saying whose rows it sees is one errand, not two
        self._ours = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        # SQLite lets writers wait by sleeping ever longer; our own threads queue here instead, and in order
        self._turnstile = threading.Lock() if self.is_sqlite else nullcontext()
        self._path = Path(address.database or "") if self.is_sqlite else None
        self._disk = _Disk(self._path.with_name(f"{self._path.name}-wal")) if self._path else None
        with self.told():
            self._file = self._found_file()

    @contextmanager
    def reading(self, whose: Whose) -> Iterator[Connection]:
        """One transaction that sees one state of the database throughout."""
        with self.told(), self._ours.connect() as connection:
            _begin_seeing(connection, whose, writes=False)
            yield connection

    @contextmanager
    def writing(self, whose: Whose) -> Iterator[Connection]:
        """One transaction, committed and on the disk when the block has ended, and undone when it raises."""
        with self.committing(whose) as connection:
            yield connection
        self.for_good()

    @contextmanager
    def committing(self, whose: Whose) -> Iterator[Connection]:
        """As `writing`, but with SQLite the end of the process loses nothing of it, a power loss may, until something else is written
        or `for_good` is called.
        """
        with self.told(), self._turnstile:
            if self._found_file() != self._file:
                # what is written to a file without a name goes with the process
                raise StoreDown(f"{self.place} was deleted or replaced while it was open; stop the coach, put it back, and start again")
            with self._ours.begin() as connection:
                _begin_seeing(connection, whose, writes=True)
                yield connection

    def for_good(self) -> None:
        """Returns once all that was committed is on the disk."""
        if self._disk:
            with self.told():
                self._disk.for_good()

    def _found_file(self) -> tuple[int, int] | None:
        """Which file SQLite's path leads to now; None where there is none."""
        if self._path is None or not self._path.exists():
            return None
        found = self._path.stat()
        return found.st_dev, found.st_ino

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turns the library's errors into StoreDown. `from None`: a driver's message may quote values."""
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError, ImportError) as error:
            raise StoreDown(self._meaning(error)) from None

    def is_foreign(self) -> bool:
        """Whether a SQLite file holds another program's tables. Looked at read-only, because our own way of opening it writes to it."""
        if not self.is_sqlite or not self.engine.url.database or not Path(self.engine.url.database).exists():
            return False
        try:
            with closing(sqlite3.connect(f"{Path(self.engine.url.database).resolve().as_uri()}?mode=ro", uri=True)) as file:
                tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        except sqlite3.Error:
            return False  # what is wrong with it shows, in words, when it is opened in earnest
        return bool(tables) and "alembic_version" not in tables

    def integrity(self) -> list[str]:
        """What SQLite itself finds wrong; PostgreSQL has no such question to ask."""
        if not self.is_sqlite:
            return []
        with self.reading(HOUSE) as connection:
            faults = [row[0] for row in connection.execute(text("PRAGMA integrity_check")) if row[0] != "ok"]
            strays = connection.execute(text("PRAGMA foreign_key_check")).all()
        return faults + [f"{row[0]} row {row[1]} belongs to nothing in {row[2]}" for row in strays]

    def sweep(self) -> None:
        """Takes what was erased out of the write-ahead log too. On PostgreSQL that is autovacuum's work, and later."""
        if not self.is_sqlite:
            return
        with self.told(), self._turnstile, self.engine.connect() as connection:
            # past SQLAlchemy: a checkpoint cannot run inside the transaction that it would begin
            busy = connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StoreDown(f"erased, but traces stay in {self.place}-wal while another program reads it; close that program and repeat")

    def copy_to(self, path: Path) -> None:
        """A whole copy of a SQLite database, taken while others write. The file is there all at once, or not at all."""
        new = path.with_name(f"{path.name}.new")
        with self.told():
            new.unlink(missing_ok=True)
            os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            try:
                with self.engine.connect() as connection, closing(sqlite3.connect(new)) as copy:
                    driver: Any = connection.connection.driver_connection
                    driver.backup(copy)
                    copy.execute("PRAGMA journal_mode=DELETE").close()  # one file, without a log beside it
                with new.open("rb") as written:
                    os.fsync(written.fileno())
                new.replace(path)
            except BaseException:
                new.unlink(missing_ok=True)
                raise

    def close(self) -> None:
        self.engine.dispose()

    def _meaning(self, error: Exception) -> str:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.Error):
            name = getattr(cause, "sqlite_errorname", "")
            for code, remedy in _SQLITE_REMEDIES.items():
                if name.startswith(code):
                    return f"{self.place} {remedy} ({name})"
        if isinstance(cause, ImportError):
            return f"{self.place} needs a library that is not installed; run: pip install 'brokercoach[postgres]'"
        if isinstance(cause, OSError):
            return f"{self.place} cannot be opened ({cause.strerror}); make the file and its folder readable and writable for this user"
        if isinstance(error, OperationalError | PoolTimeout) and not self.is_sqlite:
            return f"{self.place} does not answer; check that PostgreSQL runs, that the address is right and that it lets this user in"
        return f"{self.place} refused a statement ({type(cause).__name__}); run: brokercoach db check"


def put_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Adds a row unless one of its keys is there already; whether it did."""
    return connection.execute(_insert_new(connection.dialect.name, table), row).first() is not None


def put(connection: Connection, table: Table, row: dict[str, Any], changes: tuple[str, ...], fills: tuple[str, ...] = ()) -> None:
    """Adds a row, or brings the one with its primary key up to date: `changes` whatever they hold, `fills` if they hold something."""
    connection.execute(_upsert(connection.dialect.name, table, changes, fills), row)


# SQLAlchemy has ON CONFLICT for each database by itself only, hence Any. Built once: half of such a statement's time is its building.


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    return _insert(dialect, table).on_conflict_do_nothing().returning(*table.primary_key)


@cache
def _upsert(dialect: str, table: Table, changes: tuple[str, ...], fills: tuple[str, ...]) -> Any:
    new = _insert(dialect, table)
    values = {name: new.excluded[name] for name in changes}
    values |= {name: func.coalesce(new.excluded[name], table.c[name]) for name in fills}
    return new.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)


def _insert(dialect: str, table: Table) -> Any:
    return (sqlite.insert if dialect == "sqlite" else postgresql.insert)(table)


def _address(url: str) -> tuple[URL, str]:
    try:
        address = make_url(url)
    except SQLAlchemyError:  # its message quotes the address, password and all
        raise StoreDown("the database address cannot be read; write BROKERCOACH_DATABASE like sqlite:////home/me/coach.db") from None
    backend = address.get_backend_name()
    if backend == "postgresql":
        return address, address.render_as_string(hide_password=True)
    if backend != "sqlite":
        raise StoreDown(f"brokercoach knows no database called {backend}; use sqlite or postgresql in BROKERCOACH_DATABASE")
    if not address.database or address.database == ":memory:":
        raise StoreDown("a database in memory forgets, and every thread has its own; name a file in BROKERCOACH_DATABASE")
    return address, address.database


def _sqlite_engine(address: URL) -> Engine:
    _make_private(Path(address.database or ""))
    timeout = {} if "timeout" in address.query else {"timeout": _BUSY_SECONDS}
    engine = create_engine(address, hide_parameters=True, connect_args=timeout)

    @event.listens_for(engine.pool, "connect")
    def _connected(driver_connection: sqlite3.Connection, _: object) -> None:
        driver_connection.isolation_level = None  # see `begin`
        (mode,) = driver_connection.execute("PRAGMA journal_mode=WAL").fetchone()
        # on a file system that knows no WAL SQLite goes to the disk itself
        for pragma in (f"synchronous={'NORMAL' if mode == 'wal' else 'FULL'}", *_PRAGMAS):
            driver_connection.execute(f"PRAGMA {pragma}").close()

    return engine


def _make_private(file: Path) -> None:
    """Makes the file before SQLite does, closed to others; SQLite gives its -wal and -shm the same rights."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = file.with_name(file.name + "-wal")
    if file.exists() and not file.stat().st_size and log.exists() and log.stat().st_size:
        # an empty file alone is a new database; SQLite would take this one for new as well, and delete the log with what is left
        raise StoreDown(f"{file} was emptied, and its latest changes are in {log}; copy both away and {_BACKUP}")
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _postgres_engine(address: URL) -> Engine:
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_size=_KEPT,
        max_overflow=0,
        pool_timeout=_CONNECT_SECONDS,
        use_native_hstore=False,  # or each new connection asks for a type that we do not use
        connect_args={"connect_timeout": _CONNECT_SECONDS},
    )

    @event.listens_for(engine.pool, "checkin")
    def _used(_: object, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine.pool, "checkout")
    def _taken(driver_connection: Any, record: ConnectionPoolEntry, _: object) -> None:
        """After a restart of the server the next request works instead of failing once. `pool_pre_ping`, but not for each transaction."""
        if time.monotonic() - record.info.get("used", time.monotonic()) < _FRESH:
            return
        try:
            engine.dialect.do_ping(driver_connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    return engine
