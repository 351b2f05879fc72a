"""The chain of originals: every revision of a person's logbook carries a hash over itself and over the hash before it.

A hash is an HMAC under a secret of the person's own, over the plain text and everything that says where it belongs. The secret is
sealed like any other private field, so a new key seals it anew and no hash changes; and whoever has the database without the key can
neither make a fitting hash nor guess a short answer by trying. The last hash and the length are sealed too: a chain whose end was cut
off does not fit them.

What the chain shows is that nothing was changed, moved, put in between or taken out since it was written. It does not show who wrote it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from storage.database import put
from storage.faults import Unreadable
from storage.tables import chains, entries, revisions
from storage.values import Sealer

START = "0" * 64  # what stands before the first hash


@dataclass(frozen=True, slots=True)
class Revision:
    """One thing written, once and for good. `day` and `guide` are its entry's; `seq` counts over the person's whole logbook from 1."""

    entry: str
    n: int
    step: str
    kind: str
    written: datetime
    day: date
    guide: str
    text: str = field(repr=False)
    seq: int | None = None
    prev: str | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """The secret of a person's chain, and how far it goes."""

    secret: bytes = field(repr=False)
    last: str = START
    length: int = 0

    @classmethod
    def new(cls) -> Chain:
        return cls(secrets.token_bytes(32))


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain does not hold. `entry` is empty when its end is missing."""

    entry: str
    n: int
    why: str


def hash_of(secret: bytes, person: str, revision: Revision, seq: int, prev: str) -> str:
    text = revision.text.encode("utf-8", "replace").decode("utf-8")  # as it is sealed
    written = revision.written.astimezone(UTC).isoformat(timespec="microseconds")
    place = [prev, person, revision.entry, seq, revision.n, revision.step, revision.kind, written, revision.day.isoformat(), revision.guide]
    return hmac.new(secret, json.dumps([*place, text], ensure_ascii=True).encode(), hashlib.sha256).hexdigest()


def linked(chain: Chain, person: str, written: Iterable[Revision]) -> tuple[Chain, list[Revision]]:
    """Revisions hung on the end of a chain, in their order."""
    hung = []
    for revision in written:
        seq, prev = chain.length + 1, chain.last
        made = hash_of(chain.secret, person, revision, seq, prev)
        hung.append(replace(revision, seq=seq, prev=prev, hash=made))
        chain = replace(chain, last=made, length=seq)
    return chain, hung


def first_break(chain: Chain, person: str, written: Sequence[Revision]) -> Break | None:
    """The first revision that does not fit, of all of a person's in the order of `seq`; None when the chain holds."""
    prev, seq = START, 0
    for revision in written:
        if revision.seq != seq + 1:
            return Break(revision.entry, revision.n, f"number {seq + 1} of the chain is missing")
        seq += 1
        if revision.prev != prev:
            return Break(revision.entry, revision.n, "it does not follow what was written before it")
        if revision.hash is None or not hmac.compare_digest(revision.hash, hash_of(chain.secret, person, revision, seq, prev)):
            return Break(revision.entry, revision.n, "it is not what was written")
        prev = revision.hash
    if (chain.length, chain.last) != (seq, prev):
        return Break("", 0, f"{chain.length} revisions were written, {seq} are there")
    return None


# --- in the tables

_ADD = revisions.insert()
_CHAIN = select(chains).where(chains.c.person_id == bindparam("person"))
_REVISIONS = (
    select(revisions, entries.c.event_date, entries.c.guide)
    .join(entries, (entries.c.person_id == revisions.c.person_id) & (entries.c.id == revisions.c.entry_id))
    .where(revisions.c.person_id == bindparam("person"))
)


def of_person(connection: Connection, sealer: Sealer) -> Chain | None:
    """None when nothing was ever written."""
    row = connection.execute(_CHAIN, {"person": sealer.person}).one_or_none()
    if row is None:
        return None
    last, length = sealer.open(chains.c.head, row.head).split()
    return Chain(bytes.fromhex(sealer.open(chains.c.secret, row.secret)), last, int(length))


def append(connection: Connection, sealer: Sealer, written: Sequence[Revision]) -> None:
    """Adds revisions of an entry that is there."""
    if not written:
        return
    chain, hung = linked(of_person(connection, sealer) or Chain.new(), sealer.person, written)
    keep(connection, sealer, chain)
    connection.execute(_ADD, [row_of(sealer, revision) for revision in hung])


def keep(connection: Connection, sealer: Sealer, chain: Chain) -> None:
    row = {
        "person_id": sealer.person,
        "secret": sealer.seal(chains.c.secret, chain.secret.hex()),
        "head": sealer.seal(chains.c.head, f"{chain.last} {chain.length}"),
    }
    put(connection, chains, row, changes=("secret", "head"))


def row_of(sealer: Sealer, revision: Revision) -> dict[str, Any]:
    return {
        "person_id": sealer.person,
        "entry_id": revision.entry,
        "n": revision.n,
        "step": revision.step,
        "kind": revision.kind,
        "written_at": revision.written,
        "body": sealer.seal(revisions.c.body, revision.text, revision.entry, revision.n),
        "seq": revision.seq,
        "prev_hash": revision.prev,
        "hash": revision.hash,
    }


def written_by(connection: Connection, sealer: Sealer) -> list[Revision]:
    """All of a person's revisions as they were written, in order. Raises Unreadable, naming the spoilt one."""
    rows = connection.execute(_REVISIONS.order_by(revisions.c.seq), {"person": sealer.person}).all()
    return [_revision(sealer, row) for row in rows]


def _revision(sealer: Sealer, row: Any) -> Revision:
    text = sealer.open(revisions.c.body, row.body, row.entry_id, row.n)
    place = (row.entry_id, row.n, row.step, row.kind, row.written_at, row.event_date, row.guide)
    return Revision(*place, text, row.seq, row.prev_hash, row.hash)


def verify(connection: Connection, sealer: Sealer) -> Break | None:
    """Checks everything a person has written; what cannot be opened is where the chain breaks."""
    chain = of_person(connection, sealer)
    rows = connection.execute(_REVISIONS.order_by(revisions.c.seq), {"person": sealer.person}).all()
    if chain is None:
        return Break(rows[0].entry_id, rows[0].n, "there is no chain for it") if rows else None
    unchained = next((row for row in rows if row.seq is None), None)
    if unchained is not None:
        return Break(unchained.entry_id, unchained.n, "it stands outside the chain")
    readable = []
    for row in rows:
        try:
            readable.append(_revision(sealer, row))
        except Unreadable:
            found = first_break(
                replace(chain, last=readable[-1].hash or "" if readable else START, length=len(readable)), sealer.person, readable
            )
            return found or Break(row.entry_id, row.n, "it cannot be read")
    return first_break(chain, sealer.person, readable)


def renew(connection: Connection, sealer: Sealer) -> None:
    """A new chain over what is there, in the order of writing: for a logbook from before there were chains, and after parts were erased.

    What cannot be read stays outside, where `verify` finds it.
    """
    order = (revisions.c.written_at, revisions.c.entry_id, revisions.c.n)
    rows = connection.execute(_REVISIONS.order_by(*order), {"person": sealer.person}).all()
    readable = []
    for row in rows:
        try:
            readable.append(_revision(sealer, row))
        except Unreadable:
            continue
    if not rows:
        return
    chain, hung = linked(Chain.new(), sealer.person, readable)
    theirs = revisions.c.person_id == sealer.person
    connection.execute(update(revisions).where(theirs).values(seq=None, prev_hash=None, hash=None))
    for revision in hung:
        place = theirs & (revisions.c.entry_id == revision.entry) & (revisions.c.n == revision.n)
        connection.execute(update(revisions).where(place).values(seq=revision.seq, prev_hash=revision.prev, hash=revision.hash))
    keep(connection, sealer, chain)
