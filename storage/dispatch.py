"""What whoever sends does with the outbox: letter by letter, by key, so that no more than one of them is open at a time.

A letter goes new, sending, sent; back to new when it did not arrive; let-go when it can no longer, or may come once only
and nobody knows whether it has. Whoever sends on a platform is alone there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, get_args

from sqlalchemy import Connection, Row, bindparam, func, select, update

from bot.model import Letter, PersonId, Platform
from storage.faults import Unreadable
from storage.mail import CLOCK, ONCE, letter_of
from storage.tables import addresses, audit, inbox, outbox, persons
from storage.values import MESSAGE, Sealer, log
from storage.vault import Vault

_LETTERS = select(outbox, persons.c.wrapped_key).join(persons, persons.c.id == outbox.c.person_id)
# A letter with where its person wrote from last, of the doors that still lead to them; none where there is no such door.
_UNSENT = (
    select(outbox, persons.c.wrapped_key, addresses.c.address, addresses.c.address_blind)
    .join(persons, persons.c.id == outbox.c.person_id)
    .outerjoin(
        addresses,
        (addresses.c.platform == outbox.c.platform) & (addresses.c.person_id == outbox.c.person_id) & addresses.c.unreachable_at.is_(None),
    )
    .where(outbox.c.key == bindparam("letter"), outbox.c.state.in_(("new", "sending")))
    .order_by(addresses.c.used_at.desc(), addresses.c.linked_at.desc())
    .limit(1)
)
_SENDING = update(outbox).where(outbox.c.key == bindparam("letter")).values(state="sending")


_WAITING = (
    select(outbox.c.seq, outbox.c.key, outbox.c.person_id, outbox.c.not_before, outbox.c.tries)
    .where(outbox.c.platform == bindparam("door"), outbox.c.state.in_(("new", "sending")), outbox.c.seq > bindparam("after"))
    .order_by(outbox.c.seq)
    .limit(bindparam("most"))
)

# By platform, so that the index answers it: of all letters there ever were only those that wait are looked at.
_OF_THE_CLOCK = (
    select(outbox.c.platform, func.count().label("number"))
    .where(outbox.c.platform.in_(get_args(Platform)), outbox.c.state.in_(("new", "sending")), outbox.c.key.startswith(CLOCK))
    .group_by(outbox.c.platform)
)


class Waiting(NamedTuple):
    """An unsent letter, unopened. `tries` are those that came to nothing."""

    seq: int
    key: str
    person: PersonId
    not_before: datetime | None
    tries: int

    @property
    def of_the_clock(self) -> bool:
        """Whether no message of the person's led to it, so that nobody sits and waits."""
        return self.key.startswith(CLOCK)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand. Numbers and moments, nobody's words and nobody's name."""

    undone: int
    oldest: datetime | None
    set_aside: int
    unsent: int
    uncertain: int
    let_go: int
    unreachable: int


def take_up(connection: Connection, vault: Vault, platform: Platform) -> None:
    for row in connection.execute(_LETTERS.where(outbox.c.platform == platform, outbox.c.state == "sending")).all():
        _back(connection, vault, row, {"uncertain": True, "tries": row.tries + 1})


def waiting(connection: Connection, platform: Platform, after: int, limit: int) -> list[Waiting]:
    return [Waiting(*row) for row in connection.execute(_WAITING, {"door": platform, "after": after, "most": limit})]


def of_the_clock(connection: Connection) -> dict[Platform, int]:
    """How many letters wait on each platform that no message led to."""
    return {row.platform: row.number for row in connection.execute(_OF_THE_CLOCK)}


def dispatch(connection: Connection, vault: Vault, key: str) -> Letter | None:
    row = connection.execute(_UNSENT, {"letter": key}).one_or_none()
    if row is None:
        return None
    letter = letter_of(vault, row, None if row.address is None else row)
    if letter:
        connection.execute(_SENDING, {"letter": key})
    else:
        give_up(connection, key)
    return letter


def put_back(connection: Connection, vault: Vault, key: str, not_before: datetime, *, uncertain: bool) -> bool:
    """Whether it still waits."""
    row = connection.execute(_LETTERS.where(outbox.c.key == key, outbox.c.state == "sending")).one_or_none()
    if row is None:
        return False
    again = {"not_before": not_before, "tries": row.tries + 1}
    return _back(connection, vault, row, again | ({"uncertain": True} if uncertain else {}))


def give_up(connection: Connection, key: str) -> None:
    connection.execute(update(outbox).where(outbox.c.key == key, outbox.c.state != "sent").values(state="let-go", body=None))


def let_go(connection: Connection, platform: Platform, person_id: PersonId) -> int:
    """Lets go of everything unsent for a person, unless they are reached elsewhere on the platform."""
    elsewhere = (addresses.c.platform == platform) & (addresses.c.person_id == person_id) & addresses.c.unreachable_at.is_(None)
    if connection.scalar(select(func.count()).select_from(addresses).where(elsewhere)):
        return 0
    unsent = (outbox.c.platform == platform) & (outbox.c.person_id == person_id) & outbox.c.state.in_(("new", "sending"))
    return len(connection.execute(update(outbox).where(unsent).values(state="let-go", body=None).returning(outbox.c.seq)).all())


def standing(connection: Connection) -> Standing:
    def count(condition: Any) -> int:
        return connection.scalar(select(func.count()).where(condition)) or 0

    undone, oldest = connection.execute(
        select(func.count(), func.min(inbox.c.received_at)).where(inbox.c.done_at.is_(None)).select_from(inbox)
    ).one()
    unsent = outbox.c.state.in_(("new", "sending"))
    return Standing(
        undone=undone,
        oldest=oldest,
        set_aside=count(audit.c.act == "set-aside"),
        unsent=count(unsent),
        uncertain=count(outbox.c.uncertain),
        let_go=count(outbox.c.state == "let-go"),
        unreachable=count(addresses.c.unreachable_at.is_not(None)),
    )


def _back(connection: Connection, vault: Vault, row: Row[Any], values: dict[str, Any]) -> bool:
    """To `new` with `values`, or let go when it may have arrived and may come once only; whether it still waits."""
    gone = values.get("uncertain") and _comes_once(vault, row)
    connection.execute(
        update(outbox)
        .where(outbox.c.key == row.key, outbox.c.state == "sending")
        .values({"state": "let-go", "uncertain": True, "body": None} if gone else {"state": "new", **values})
    )
    return not gone


def _comes_once(vault: Vault, row: Row[Any]) -> bool:
    try:
        sealer = Sealer(row.person_id, vault.unwrap(row.person_id, row.wrapped_key))
        return MESSAGE.value(sealer.open(outbox.c.body, row.body, row.key)).kind in ONCE
    except Unreadable as error:
        log.warning("%s", error)
        return True
