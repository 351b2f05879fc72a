"""Forgetting people: what is written down before, what is erased, and what stays so that nothing brings them back.

    begun (a row of `erasures`)  →  rows and key erased  →  swept out of the write-ahead log  →  finished

An erasure that was interrupted is found by its row, and ended before anything else happens. The ids of those who were forgotten are
also written to a file beside the key, because an older copy of the database, however it was put back, knows nothing of them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, exists, select, update

from bot.model import PersonId
from storage import sharing
from storage.database import put_new
from storage.tables import PEOPLES, erasures, outbox, persons

LAST_LETTER = timedelta(days=1)  # how long a last letter is tried; then its bearer goes without it having been sent

log = logging.getLogger(__name__)


def begin(connection: Connection, person_id: PersonId, at: datetime, cause: str | None = None) -> None:
    put_new(connection, erasures, {"id": person_id, "begun_at": at, "cause": cause, "after_letter": False})


def erase(connection: Connection, person_id: PersonId, at: datetime) -> dict[str, int]:
    """How many rows of each table that was. For the house: others may be shown something of theirs, or show them something."""
    sharing.forgotten(connection, person_id, at)
    receipt = {}
    for table in reversed(PEOPLES):
        owner = table.c.id if table is persons else table.c.person_id
        receipt[table.name] = len(connection.execute(delete(table).where(owner == person_id).returning(owner)).all())
    return receipt


def finish(connection: Connection, people: Iterable[PersonId], at: datetime) -> None:
    connection.execute(update(erasures).where(erasures.c.id.in_(list(people)), erasures.c.finished_at.is_(None)).values(finished_at=at))


def unfinished(connection: Connection) -> list[PersonId]:
    return list(connection.scalars(select(erasures.c.id).where(erasures.c.finished_at.is_(None), erasures.c.after_letter.is_(False))))


def asked_in(connection: Connection, cause: str) -> PersonId | None:
    """Who was forgotten because of this message."""
    return connection.scalar(select(erasures.c.id).where(erasures.c.cause == cause).limit(1))


def welcome(connection: Connection, person_id: PersonId) -> bool:
    """Somebody who was forgotten is brought in again under the id they had, and means to stay; whether they had been forgotten."""
    gone = delete(erasures).where(erasures.c.id == person_id).returning(erasures.c.id)
    return connection.scalar(gone) is not None


# --- last letters


def await_letter(connection: Connection, bearer: PersonId, at: datetime) -> None:
    put_new(connection, erasures, {"id": bearer, "begun_at": at, "after_letter": True})


_BEARER = (
    select(erasures.c.id)
    .join(outbox, outbox.c.person_id == erasures.c.id)
    .where(outbox.c.key == bindparam("letter"), erasures.c.after_letter)
)


def stay(connection: Connection, bearer: PersonId) -> None:
    """They wrote: a stranger, and nobody's errand any more."""
    connection.execute(delete(erasures).where(erasures.c.id == bearer, erasures.c.after_letter))


def letter_gone(connection: Connection, key: str, at: datetime) -> bool:
    """Erases whoever existed for this letter alone; whether there was somebody."""
    bearer = connection.scalar(_BEARER, {"letter": key})
    return bearer is not None and _unburdened(connection, [bearer], at)


def errands_done(connection: Connection, at: datetime) -> bool:
    """Erases bearers whose letter has left, was let go, or has been tried for long enough; whether there were any."""
    waits = exists().where(outbox.c.person_id == erasures.c.id, outbox.c.state.in_(("new", "sending")))
    done = select(erasures.c.id).where(erasures.c.after_letter, ~waits | (erasures.c.begun_at < at - LAST_LETTER))
    return _unburdened(connection, list(connection.scalars(done)), at)


def _unburdened(connection: Connection, bearers: list[PersonId], at: datetime) -> bool:
    for bearer in bearers:
        erase(connection, bearer, at)
        connection.execute(delete(erasures).where(erasures.c.id == bearer))
    return bool(bearers)


# --- what an older copy of the database does not know


class Forgotten:
    """The file of ids beside the key: a line each, an id and nothing more."""

    def __init__(self, key_file: Path) -> None:
        self.path = key_file.with_name(f"{key_file.name}.forgotten")

    def ids(self) -> set[PersonId]:
        try:
            return {PersonId(line.strip()) for line in self.path.read_text(encoding="utf-8").splitlines() if line.strip()}
        except FileNotFoundError:
            return set()

    def add(self, ids: Iterable[PersonId]) -> None:
        """A file that cannot be written is said, and stops nobody's erasure."""
        lines = "".join(f"{each}\n" for each in ids)
        if not lines:
            return
        try:
            file = os.open(self.path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            try:
                os.write(file, lines.encode())
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            log.warning("%s cannot be written (%s); after restoring a backup, forget anew whoever was forgotten", self.path, error.strerror)

    def lift(self, person_id: PersonId) -> None:
        """They came back by an import of their own export."""
        left = self.ids() - {person_id}
        if self.path.exists():
            new = self.path.with_name(f"{self.path.name}.new")
            new.write_text("".join(f"{each}\n" for each in sorted(left)), encoding="utf-8")
            new.chmod(0o600)
            new.replace(self.path)


def those_back(connection: Connection, ids: set[PersonId]) -> list[PersonId]:
    """Who of those forgotten is here all the same."""
    here = set(connection.scalars(select(persons.c.id)))
    return sorted(here & ids)


def known(connection: Connection) -> set[PersonId]:
    """Whoever was forgotten, as far as this database knows."""
    return set(connection.scalars(select(erasures.c.id).where(erasures.c.after_letter.is_(False))))
