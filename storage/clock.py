"""The due rows: what falls due for whom and when. When that is, rhythm.py works out; this only remembers it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from bot.model import DueKind, PersonId
from storage.database import put as put_row
from storage.tables import due


@dataclass(frozen=True, slots=True)
class DueRow:
    person_id: PersonId
    kind: DueKind
    ref: str
    at: datetime


def put(connection: Connection, row: DueRow) -> None:
    put_row(connection, due, {"person_id": row.person_id, "kind": row.kind, "ref": row.ref, "at": row.at}, changes=("at",))


def take_off(connection: Connection, person_id: PersonId, kind: DueKind, ref: str) -> None:
    connection.execute(delete(due).where(_is(person_id, kind, ref)))


def fire(connection: Connection, person_id: PersonId, kind: DueKind, ref: str, at: datetime) -> bool:
    """False when there is nothing to fire: somebody else did, and took the row off or set it to later."""
    fired = update(due).where(_is(person_id, kind, ref), due.c.at <= at).values(last_fired_at=at).returning(due.c.kind)
    return connection.scalar(fired) is not None


def at_most(connection: Connection, now: datetime, limit: int) -> list[DueRow]:
    rows = connection.execute(select(due).where(due.c.at <= now).order_by(due.c.at, due.c.person_id, due.c.kind, due.c.ref).limit(limit))
    return [_row(row) for row in rows]


def next_at(connection: Connection) -> datetime | None:
    nearest: datetime | None = connection.scalar(select(func.min(due.c.at)))
    return nearest


def of_person(connection: Connection, person_id: PersonId) -> list[DueRow]:
    rows = connection.execute(select(due).where(due.c.person_id == person_id).order_by(due.c.at, due.c.kind, due.c.ref))
    return [_row(row) for row in rows]


def _is(person_id: PersonId, kind: DueKind, ref: str) -> Any:
    return (due.c.person_id == person_id) & (due.c.kind == kind) & (due.c.ref == ref)


def _row(row: Row[Any]) -> DueRow:
    return DueRow(row.person_id, row.kind, row.ref, row.at)
