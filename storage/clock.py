"""The due rows: what falls due for whom and when. When that is, rhythm.py works out; this only remembers it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, select, update

from bot.model import DueKind, PersonId, Platform
from storage.database import put as put_row
from storage.tables import addresses, due, erasures, persons

_IS = (due.c.person_id == bindparam("person")) & (due.c.kind == bindparam("what")) & (due.c.ref == bindparam("of"))
_TAKE_OFF = delete(due).where(_IS)
_FIRE = update(due).where(_IS, due.c.at <= bindparam("now")).values(last_fired_at=bindparam("now")).returning(due.c.kind)
_OF_PERSON = select(due).where(due.c.person_id == bindparam("person")).order_by(due.c.at, due.c.kind, due.c.ref)

# What nobody sits and waits for, so that it may come some seconds later.
UNHURRIED: tuple[DueKind, ...] = ("reminder", "nudge", "follow-up", "then-and-now", "resume", "asked-after", "retention")


@dataclass(frozen=True, slots=True)
class DueRow:
    person_id: PersonId
    kind: DueKind
    ref: str
    at: datetime


def put(connection: Connection, row: DueRow) -> None:
    put_row(connection, due, {"person_id": row.person_id, "kind": row.kind, "ref": row.ref, "at": row.at}, changes=("at",))


def take_off(connection: Connection, person_id: PersonId, kind: DueKind, ref: str) -> None:
    connection.execute(_TAKE_OFF, {"person": person_id, "what": kind, "of": ref})


def fire(connection: Connection, person_id: PersonId, kind: DueKind, ref: str, at: datetime) -> bool:
    """False when there is nothing to fire: somebody else did, and took the row off or set it to later."""
    return connection.scalar(_FIRE, {"person": person_id, "what": kind, "of": ref, "now": at}) is not None


# Who is reached nowhere any more is left in peace; what is due for them waits until they write again. What they wrote is erased
# all the same.
_REACHED = (due.c.kind == "erasure") | exists().where(addresses.c.person_id == due.c.person_id, addresses.c.unreachable_at.is_(None))


_FALLEN = (
    select(due)
    .where(due.c.at <= bindparam("now"), _REACHED)
    .order_by(due.c.at, due.c.person_id, due.c.kind, due.c.ref)
    .limit(bindparam("most"))
)
# Where the letter would go: where they wrote from last.
_DOOR = (
    select(addresses.c.platform)
    .where(addresses.c.person_id == due.c.person_id, addresses.c.unreachable_at.is_(None))
    .order_by(addresses.c.used_at.desc(), addresses.c.linked_at.desc())
    .limit(1)
    .correlate(due)
    .scalar_subquery()
)
_FALLEN_BESIDE = _FALLEN.where(due.c.kind.not_in(UNHURRIED) | _DOOR.not_in(bindparam("full", expanding=True)))
_FALLEN_FOR = _FALLEN.where(due.c.person_id == bindparam("person"))
_NEXT = select(due.c.at).where(_REACHED).order_by(due.c.at).limit(1)


def at_most(
    connection: Connection, now: datetime, limit: int, person_id: PersonId | None = None, full: Collection[Platform] = ()
) -> list[DueRow]:
    """What has fallen due, for one person or for everybody; for those on a platform in `full` only what does not bear waiting."""
    asked = _FALLEN_FOR if person_id is not None else _FALLEN_BESIDE if full else _FALLEN
    given = {"now": now, "most": limit} | ({"person": person_id} if person_id is not None else {"full": list(full)} if full else {})
    return [_row(row) for row in connection.execute(asked, given)]


def next_at(connection: Connection) -> datetime | None:
    nearest: datetime | None = connection.scalar(_NEXT)
    return nearest


def of_person(connection: Connection, person_id: PersonId) -> list[DueRow]:
    return [_row(row) for row in connection.execute(_OF_PERSON, {"person": person_id})]


def mark_idle(connection: Connection, before: datetime, at: datetime, notice: timedelta) -> int:
    """Sets "retention" due for everybody who has not written since `before`; for whoever cannot be told, the erasure itself. How many."""
    here = addresses.c.person_id == persons.c.id
    idle = (
        select(persons.c.id, exists().where(here, addresses.c.unreachable_at.is_(None)).label("reached"))
        .where(persons.c.created_at < before, ~exists().where(here, addresses.c.used_at >= before))
        .where(~exists().where(due.c.person_id == persons.c.id, due.c.kind.in_(("retention", "erasure"))))
        .where(~exists().where(erasures.c.id == persons.c.id))
    )
    rows = connection.execute(idle).all()
    for row in rows:
        put(connection, DueRow(row.id, "retention", "", at) if row.reached else DueRow(row.id, "erasure", "", at + notice))
    return len(rows)


def _row(row: Row[Any]) -> DueRow:
    return DueRow(row.person_id, row.kind, row.ref, row.at)
