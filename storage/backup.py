"""Copies of the database: taking one, and putting one back.

Putting back works on a copy beside the database, which is brought up to date and in which whoever was forgotten since is erased again;
only then it takes the database's place, in one step. What was there before is kept aside. On PostgreSQL both are pg_dump's and pg_restore's
work; whoever was forgotten is erased again at the next start there.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from bot.model import PersonId
from storage.claim import Claim
from storage.database import HOUSE, Database
from storage.erasing import Forgotten, known
from storage.faults import StoreDown
from storage.store import Store

_POSTGRES = (
    "the database is PostgreSQL; use its own tools, and with both say PGOPTIONS='-c brokercoach.house=on': "
    "pg_dump --enable-row-security -Fc DATABASE > FILE, and pg_restore --enable-row-security --clean -d DATABASE FILE"
)


def back_up(url: str, path: Path) -> None:
    """Raises StoreDown with its remedy."""
    database = Database(url)
    try:
        if not database.is_sqlite:
            raise StoreDown(_POSTGRES)
        if path.exists():
            raise StoreDown(f"{path} exists already; choose another name")
        if not _there(url):
            raise StoreDown(f"{database.place} is empty; there is nothing to back up")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        database.copy_to(path)
    finally:
        database.close()


def restore(url: str, key_file: Path, path: Path, at: datetime) -> Path | None:
    """Where the database that was there is kept now; None when there was none. Raises StoreDown, and then nothing has changed."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise StoreDown(_POSTGRES)
    here = Path(address.database)
    if not path.is_file():
        raise StoreDown(f"{path} is not there; name a file that `brokercoach db backup` wrote")
    here.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(url)
    claim = Claim(database, "serving")
    new = here.with_name(f"{here.name}.restored")
    try:
        if not claim.take():
            raise StoreDown("the coach is running on this database; stop it first")
        Forgotten(key_file).add(sorted(_forgotten_here(database) - Forgotten(key_file).ids()))
        _made_ready(path, new, key_file)
        aside = _kept_aside(database, here, at)
        _take_place(database, new, here)
        return aside
    finally:
        claim.drop()
        database.close()
        for suffix in ("", "-wal", "-shm"):
            new.with_name(new.name + suffix).unlink(missing_ok=True)


def _there(url: str) -> bool:
    here = Path(make_url(url).database or "")
    return here.exists() and here.stat().st_size > 0


def _forgotten_here(database: Database) -> set[PersonId]:
    """Whom the database that is to be replaced knows as forgotten; a damaged one, or one from before, cannot say."""
    with suppress(StoreDown), database.reading(HOUSE) as connection:
        return known(connection)
    return set()


def _made_ready(path: Path, new: Path, key_file: Path) -> None:
    """A copy of the backup at `new`, up to date, opened with the key, found sound, and without those who were forgotten since."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as backup:
        try:
            sound = backup.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            ours = backup.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone() == (1,)
        except sqlite3.Error:
            raise StoreDown(f"{path} is not a database, or is damaged; nothing was changed") from None
        if not sound:
            raise StoreDown(f"{path} is damaged; nothing was changed")
        if not ours:
            raise StoreDown(f"{path} is no backup of brokercoach; nothing was changed")
        new.unlink(missing_ok=True)
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(new)) as copy:
            backup.backup(copy)
    if not key_file.exists():
        raise StoreDown(f"the key file {key_file} is missing; restore it from your backup first; nothing was changed")
    store = Store.open(f"sqlite:///{new}", key_file)  # refuses a newer schema and another key, and forgets again
    try:
        faults = store.check()
        if faults:
            raise StoreDown(f"{path}: {faults[0]}; nothing was changed")
    finally:
        store.close()
    with closing(sqlite3.connect(new)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE").close()


def _kept_aside(database: Database, here: Path, at: datetime) -> Path | None:
    if not here.exists() or not here.stat().st_size:
        return None
    aside = here.with_name(f"{here.name}.before-{at:%Y%m%dT%H%M%S}")
    try:
        database.copy_to(aside)
    except StoreDown:  # a damaged database is kept as the files it is
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copy2(here.with_name(here.name + suffix), aside.with_name(aside.name + suffix))
    return aside


def _take_place(database: Database, new: Path, here: Path) -> None:
    """The logs of the old database go first: beside another file they would spoil it. What they held stands aside."""
    database.close()
    for suffix in ("-wal", "-shm"):
        here.with_name(here.name + suffix).unlink(missing_ok=True)
    new.replace(here)
