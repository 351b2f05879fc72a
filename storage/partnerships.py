"""A person's partnerships: a row each, whose id stays while the name stays, so that entries keep pointing at it."""

from __future__ import annotations

from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, and_, bindparam, delete, select, update

from bot.model import Partnership
from storage.tables import entries, partnership_phases, partnerships
from storage.values import Sealer, readable

# Built once: every turn asks this, and half of a small statement's time is its building.
_STORED = (
    select(partnerships.c.id, partnerships.c.position, partnerships.c.name, partnership_phases.c.phase)
    .outerjoin(partnership_phases, partnership_phases.c.partnership_id == partnerships.c.id)
    .where(partnerships.c.person_id == bindparam("person"))
    .order_by(partnerships.c.position, partnerships.c.id, partnership_phases.c.position)
)


class Stored(NamedTuple):
    """`position` is its place in the profile; None when the profile does not hold it, but entries name it."""

    id: str
    position: int | None
    partnership: Partnership


def stored(connection: Connection, sealer: Sealer) -> list[Stored]:
    rows = connection.execute(_STORED, {"person": sealer.person}).all()
    first = {row.id: row for row in reversed(rows)}
    phases = {id_: tuple(row.phase for row in rows if row.id == id_ and row.phase) for id_ in first}
    return list(
        readable(
            (first[id_] for id_ in dict.fromkeys(row.id for row in rows)),
            lambda row: Stored(row.id, row.position, Partnership(sealer.open(partnerships.c.name, row.name, row.id), phases[row.id])),
        )
    )


def learn(connection: Connection, sealer: Sealer, wanted: tuple[Partnership, ...]) -> None:
    """Makes `wanted` the profile's partnerships. One that is left out is erased, unless an entry still names it."""
    left = stored(connection, sealer)
    if tuple(each.partnership for each in left if each.position is not None) == wanted:
        return
    for position, partnership in enumerate(wanted):
        same = next((each for each in left if each.partnership.name == partnership.name), None)
        if same is None:
            id_ = _make(connection, sealer, partnership.name, position)
        else:
            left.remove(same)
            id_ = same.id
            connection.execute(update(partnerships).where(partnerships.c.id == id_).values(position=position))
            connection.execute(delete(partnership_phases).where(partnership_phases.c.partnership_id == id_))
        if partnership.phases:
            connection.execute(
                partnership_phases.insert(),
                [
                    {"partnership_id": id_, "position": n, "person_id": sealer.person, "phase": phase}
                    for n, phase in enumerate(partnership.phases)
                ],
            )
    for each in left:
        named = select(entries.c.id).where(and_(entries.c.person_id == sealer.person, entries.c.partnership_id == each.id)).limit(1)
        if connection.scalar(named) is None:
            connection.execute(delete(partnerships).where(partnerships.c.id == each.id))
        else:
            connection.execute(update(partnerships).where(partnerships.c.id == each.id).values(position=None))
            connection.execute(delete(partnership_phases).where(partnership_phases.c.partnership_id == each.id))


def drop(connection: Connection, sealer: Sealer, name: str) -> None:
    """Erases a partnership; entries that name it stay, without it."""
    for each in stored(connection, sealer):
        if each.partnership.name.casefold() == name.casefold():
            connection.execute(
                update(entries).where(entries.c.person_id == sealer.person, entries.c.partnership_id == each.id).values(partnership_id=None)
            )
            connection.execute(delete(partnership_phases).where(partnership_phases.c.partnership_id == each.id))
            connection.execute(delete(partnerships).where(partnerships.c.id == each.id))


def named(connection: Connection, sealer: Sealer, name: str) -> str:
    """The id of the partnership with this name, which is made if an entry is the first to name it."""
    same = next((each.id for each in stored(connection, sealer) if each.partnership.name == name), None)
    return same or _make(connection, sealer, name, None)


def _make(connection: Connection, sealer: Sealer, name: str, position: int | None) -> str:
    id_ = uuid4().hex
    connection.execute(
        partnerships.insert().values(id=id_, person_id=sealer.person, position=position, name=sealer.seal(partnerships.c.name, name, id_))
    )
    return id_
