"""The inbox and the outbox.

A message counts once by its key, however often a platform hands it over. A letter goes new, sending, sent; one that a
crash left in `sending` may have arrived: a reply goes out again marked uncertain, for a doubled answer is better than
none, and a reminder or nudge is let go, for none is better than a doubled one.
A letter that a model may word anew waits in `advising` with the words it has without one, and becomes new once, with either.
What a message or letter said is dropped as soon as it has been dealt with; its key stays, to recognise it by.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, exists, func, select, update

from bot.model import Inbound, Knock, Letter, Message, PersonId, Platform
from storage.database import put_new
from storage.faults import Unreadable
from storage.tables import addresses, audit, erasures, inbox, outbox, persons
from storage.values import INBOUND, MESSAGE, Sealer, log, plain
from storage.vault import Vault

EVERYTHING = 2**31  # rows
CLOCK = "due|"  # how the keys of letters begin that no message led to
ONCE = ("nudge", "reminder")  # kinds that are let go rather than risked twice

# Built once: every turn asks these, and half of a small statement's time is its building.
_UNDONE = select(inbox.c.key, inbox.c.person_id).where(inbox.c.done_at.is_(None)).order_by(inbox.c.seq).limit(bindparam("most"))
_UNDONE_OF = _UNDONE.where(inbox.c.person_id == bindparam("person"))
_OLDEST = (
    select(inbox.c.key, inbox.c.body)
    .where(inbox.c.person_id == bindparam("person"), inbox.c.done_at.is_(None))
    .order_by(inbox.c.seq)
    .limit(2)
)
_READ = select(inbox.c.body).where(inbox.c.key == bindparam("message"), inbox.c.person_id == bindparam("person"), inbox.c.done_at.is_(None))
_DONE = (
    update(inbox)
    .where(inbox.c.key == bindparam("message"), inbox.c.done_at.is_(None))
    .values(done_at=bindparam("at"), body=None)
    .returning(inbox.c.person_id)
)
_WAITS = outbox.c.platform == bindparam("door"), outbox.c.state.in_(("new", "sending"))
_UNSENT = select(outbox, persons.c.wrapped_key).join(persons, persons.c.id == outbox.c.person_id).where(*_WAITS).order_by(outbox.c.seq)
_UNSENT_OF = _UNSENT.where(outbox.c.person_id == bindparam("person"))
_HERE = select(addresses).where(addresses.c.platform == bindparam("door")).order_by(addresses.c.used_at, addresses.c.linked_at)
_REACHED = _HERE.where(addresses.c.person_id.in_(select(outbox.c.person_id).where(*_WAITS)))
_REACHED_OF = _HERE.where(addresses.c.person_id == bindparam("person"))
_SENDING = update(outbox).where(outbox.c.key == bindparam("letter"), outbox.c.state == "new").values(state="sending")
_SENT = (
    update(outbox)
    .where(outbox.c.key == bindparam("letter"), outbox.c.state != "sent")
    .values(state="sent", sent_at=bindparam("at"), body=None)
    .returning(exists().where(erasures.c.id == outbox.c.person_id, erasures.c.after_letter))
)
_LAST_KNOCK = (
    select(outbox.c.created_at, outbox.c.state)
    .where(outbox.c.person_id == bindparam("person"), outbox.c.key.startswith(CLOCK))
    .order_by(outbox.c.seq.desc())
    .limit(1)
)


def inbox_key(inbound: Inbound) -> str:
    return f"{inbound.platform}|{plain(inbound.key)}"


def take_in(connection: Connection, sealer: Sealer, inbound: Inbound) -> str:
    key = inbox_key(inbound)
    body = sealer.seal(inbox.c.body, INBOUND.text(inbound), key)
    put_new(connection, inbox, {"key": key, "person_id": sealer.person, "received_at": inbound.at, "body": body})
    return key


def undone(connection: Connection, person_id: PersonId | None = None, limit: int | None = None) -> list[tuple[str, PersonId]]:
    most = EVERYTHING if limit is None else limit
    rows = connection.execute(_UNDONE if person_id is None else _UNDONE_OF, {"most": most, "person": person_id})
    return [(row.key, row.person_id) for row in rows]


def waited_for(connection: Connection) -> list[PersonId]:
    """Who has undone messages, whoever has waited longest first, and after them whose messages were tried already: what was under way when
    a process ended is seldom what ended it, and would be blamed for every end if it were always the first to be tried again.
    """
    undone = select(inbox.c.person_id).where(inbox.c.done_at.is_(None))
    return list(connection.scalars(undone.group_by(inbox.c.person_id).order_by(func.max(inbox.c.tries), func.min(inbox.c.seq))))


def oldest_undone(connection: Connection) -> datetime | None:
    oldest: datetime | None = connection.scalar(select(inbox.c.received_at).where(inbox.c.done_at.is_(None)).order_by(inbox.c.seq).limit(1))
    return oldest


def read(connection: Connection, sealer: Sealer, key: str) -> Inbound | None:
    """None when it is done or unknown."""
    row = connection.execute(_READ, {"message": key, "person": sealer.person}).one_or_none()
    return None if row is None else opened(sealer, key, row.body)


def oldest(connection: Connection, person_id: PersonId) -> tuple[str, bytes, bool] | None:
    """A person's oldest undone message, by its key and sealed, and whether there are more; None when there is none."""
    rows = connection.execute(_OLDEST, {"person": person_id}).all()
    return (rows[0].key, rows[0].body, len(rows) > 1) if rows else None


def opened(sealer: Sealer, key: str, body: bytes) -> Inbound:
    return INBOUND.value(sealer.open(inbox.c.body, body, key))


def done(connection: Connection, key: str, at: datetime) -> PersonId | None:
    """Whose message it was; None when somebody did it already."""
    whose: PersonId | None = connection.scalar(_DONE, {"message": key, "at": at})
    return whose


def failed(connection: Connection, key: str) -> int:
    tried = update(inbox).where(inbox.c.key == key, inbox.c.done_at.is_(None)).values(tries=inbox.c.tries + 1)
    return connection.scalar(tried.returning(inbox.c.tries)) or 0


def set_aside(connection: Connection, key: str, at: datetime) -> None:
    person_id = done(connection, key, at)
    if person_id is not None:
        connection.execute(audit.insert().values(person_id=person_id, at=at, act="set-aside", count=1))


# --- what goes out


def post(
    connection: Connection,
    sealer: Sealer,
    platform: Platform,
    letters: Sequence[tuple[str, Message]],
    at: datetime,
    advised: Collection[str] = (),
) -> None:
    """Lays letters out in their order. A key that is known is not laid out twice. Those in `advised` wait to be worded."""
    for key, message in letters:
        body = sealer.seal(outbox.c.body, MESSAGE.text(message), key)
        row: dict[str, Any] = {"key": key, "person_id": sealer.person, "platform": platform, "body": body, "created_at": at}
        row["state"] = "advising" if key in advised else "new"
        put_new(connection, outbox, row)


def settle(connection: Connection, sealer: Sealer, key: str, message: Message | None) -> bool:
    """Lets a letter go out that waited to be worded, in these words or as it was; False when it has gone out already."""
    words = {} if message is None else {"body": sealer.seal(outbox.c.body, MESSAGE.text(message), key)}
    waited = update(outbox).where(outbox.c.key == key, outbox.c.person_id == sealer.person, outbox.c.state == "advising")
    return connection.scalar(waited.values(state="new", **words).returning(outbox.c.seq)) is not None


def release(connection: Connection, before: datetime) -> int:
    """Lets letters go out as they were that nobody has worded: whoever was at it has crashed. How many those were."""
    left = update(outbox).where(outbox.c.state == "advising", outbox.c.created_at <= before)
    return len(connection.execute(left.values(state="new").returning(outbox.c.seq)).all())


def last_knock(connection: Connection, person: PersonId) -> Knock | None:
    """The last letter that no message of the person's led to."""
    row = connection.execute(_LAST_KNOCK, {"person": person}).one_or_none()
    if row is None:
        return None
    return Knock(row.created_at, {"sent": "sent", "new": "waiting", "sending": "waiting", "advising": "waiting"}.get(row.state, "lost"))  # type: ignore[arg-type]


class Unsent(NamedTuple):
    """Letters to be sent, and the keys of those found in `sending`: `again` are among the letters, `let_go` are not."""

    letters: list[Letter]
    again: list[str]
    let_go: list[str]


def unsent(connection: Connection, vault: Vault, platform: Platform, person: PersonId | None = None) -> Unsent:
    """Of everybody on a platform, or of one person alone."""
    of = {"door": platform, "person": person}
    rows = connection.execute(_UNSENT if person is None else _UNSENT_OF, of).all()
    if not rows:
        return Unsent([], [], [])
    reached = connection.execute(_REACHED if person is None else _REACHED_OF, of)
    latest = {row.person_id: row for row in reached}
    found = Unsent([], [], [])
    for row in rows:
        letter = letter_of(vault, row, latest.get(row.person_id))
        crashed = row.state == "sending"
        if letter is None or (crashed and letter.message.kind in ONCE):
            found.let_go.append(row.key)
            continue
        found.letters.append(letter)
        if crashed:
            found.again.append(row.key)
    return found


def letter_of(vault: Vault, row: Row[Any], address: Row[Any] | None) -> Letter | None:
    """None when it can never be delivered: nobody there any more, or spoilt."""
    if address is None:
        return None
    try:
        sealer = Sealer(row.person_id, vault.unwrap(row.person_id, row.wrapped_key))
        message = MESSAGE.value(sealer.open(outbox.c.body, row.body, row.key))
        to = sealer.open(addresses.c.address, address.address, address.platform, address.address_blind)
    except Unreadable as error:
        log.warning("%s", error)
        return None
    return Letter(row.key, row.platform, to, message, uncertain=row.uncertain or row.state == "sending")


def clear_up(connection: Connection, found: Unsent) -> None:
    connection.execute(update(outbox).where(outbox.c.key.in_(found.again), outbox.c.state == "sending").values(uncertain=True))
    connection.execute(update(outbox).where(outbox.c.key.in_(found.let_go), outbox.c.state != "sent").values(state="let-go", body=None))


def sending(connection: Connection, key: str) -> None:
    connection.execute(_SENDING, {"letter": key})


def sent(connection: Connection, key: str, at: datetime) -> bool:
    """Whether it was the last letter of somebody who was there for it alone."""
    return bool(connection.scalar(_SENT, {"letter": key, "at": at}))
