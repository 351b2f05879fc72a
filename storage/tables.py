"""The tables, written so that PostgreSQL is only another address.

What a person wrote, said or is called stands in sealed columns alone; dates, states and enumerations are plain, because
they are what the store sorts and counts by. Every table but `persons`, `workspaces` and `erasures` carries the person's id and falls
with it.
Entries and intentions are named by the dialogue, so their ids are a person's own: nobody can reach another's by an id.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    TypeDecorator,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. The only place where UTC is put back on: SQLite returns naive datetimes whatever the type says."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


# 64 bits on PostgreSQL; SQLite numbers rows by itself only in a column that is called INTEGER, which holds 64 bits anyway
_Number = BigInteger().with_variant(Integer(), "sqlite")


def _sealed(name: str, *row: str, nullable: bool = False) -> Column[bytes]:
    """A sealed column; the columns of `row` tell its rows apart, and are bound into the seal (see values.Sealer)."""
    return Column(name, LargeBinary, nullable=nullable, info={"row": row})


def _person(**more: Any) -> Column[str]:
    return Column("person_id", String, ForeignKey("persons.id", ondelete="CASCADE"), nullable=False, **more)


# --- who

persons = Table(
    "persons",
    metadata,
    Column("id", String, primary_key=True),
    Column("created_at", Moment, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    _sealed("profile"),
)

addresses = Table(
    "addresses",
    metadata,
    Column("platform", String, primary_key=True),
    Column("address_blind", String, primary_key=True),
    _sealed("address", "platform", "address_blind"),
    _person(index=True),
    Column("linked_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),
    Column("unreachable_at", Moment),
)

conversations = Table(
    "conversations",
    metadata,
    _person(primary_key=True),
    Column("version", Integer, nullable=False),
    _sealed("state"),
    Column("updated_at", Moment, nullable=False),
)

# position is empty for a partnership that is no longer in the profile, or never was, but that entries name
partnerships = Table(
    "partnerships",
    metadata,
    Column("id", String, primary_key=True),
    _person(index=True),
    Column("position", Integer),
    _sealed("name", "id"),
)

partnership_phases = Table(
    "partnership_phases",
    metadata,
    Column("partnership_id", String, ForeignKey("partnerships.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    _person(index=True),
    Column("phase", String, nullable=False),
)

# --- the logbook

entries = Table(
    "entries",
    metadata,
    _person(primary_key=True),
    Column("id", String, primary_key=True),
    Column("guide", String, nullable=False),
    Column("event_date", Date, nullable=False),
    Column("written_at", Moment, nullable=False),
    Column("energy", String),
    Column("partnership_id", String, ForeignKey("partnerships.id", ondelete="SET NULL"), index=True),
    _sealed("marks", "id", nullable=True),
    Index("ix_entries_person_id_event_date", "person_id", "event_date"),
)

# append-only: a changed answer, a later thought and a taking back are revisions of their own, and the originals stay as they were;
# seq, prev_hash and hash chain all of a person's revisions in the order in which they were written (see chain.py)
revisions = Table(
    "revisions",
    metadata,
    _person(),
    Column("entry_id", String, nullable=False),
    Column("n", Integer, nullable=False, autoincrement=False),
    Column("step", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("written_at", Moment, nullable=False),
    _sealed("body", "entry_id", "n"),
    Column("seq", Integer),
    Column("prev_hash", String),
    Column("hash", String),
    PrimaryKeyConstraint("person_id", "entry_id", "n"),
    ForeignKeyConstraint(["person_id", "entry_id"], ["entries.person_id", "entries.id"], ondelete="CASCADE"),
    Index("uq_revisions_person_id_seq", "person_id", "seq", unique=True),
)

# what a person's chain hangs on: the secret its hashes are made with, and its last hash with how many there are
chains = Table("chains", metadata, _person(primary_key=True), _sealed("secret"), _sealed("head"))

intentions = Table(
    "intentions",
    metadata,
    _person(primary_key=True),
    Column("id", String, primary_key=True),
    Column("made_at", Moment, nullable=False),
    Column("due", Date, nullable=False),
    _sealed("text", "id"),
    Column("settled_at", Moment),
    _sealed("outcome", "id", nullable=True),
)

# --- what comes in and what goes out

inbox = Table(
    "inbox",
    metadata,
    Column("seq", _Number, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    _person(index=True),
    Column("received_at", Moment, nullable=False),
    _sealed("body", "key", nullable=True),
    Column("done_at", Moment),
    Column("tries", Integer, nullable=False, default=0),
)
Index(
    "ix_inbox_undone_of", inbox.c.person_id, inbox.c.seq, sqlite_where=inbox.c.done_at.is_(None), postgresql_where=inbox.c.done_at.is_(None)
)
Index("ix_inbox_undone", inbox.c.seq, sqlite_where=inbox.c.done_at.is_(None), postgresql_where=inbox.c.done_at.is_(None))

outbox = Table(
    "outbox",
    metadata,
    Column("seq", _Number, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    _person(index=True),
    Column("platform", String, nullable=False),
    _sealed("body", "key", nullable=True),
    Column("state", String, nullable=False),
    Column("uncertain", Boolean, nullable=False, default=False),
    Column("created_at", Moment, nullable=False),
    Column("sent_at", Moment),
    Column("not_before", Moment),
    Column("tries", Integer, nullable=False, default=0, server_default="0"),
    Index("ix_outbox_unsent", "platform", "state", "seq"),
)

# --- what falls due, what was agreed to, what was done

due = Table(
    "due",
    metadata,
    _person(primary_key=True),
    Column("kind", String, primary_key=True),
    Column("ref", String, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("last_fired_at", Moment),
)

consents = Table(
    "consents",
    metadata,
    Column("id", _Number, primary_key=True),
    _person(index=True),
    Column("kind", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", _Number, primary_key=True),
    _person(index=True),
    Column("at", Moment, nullable=False),
    Column("act", String, nullable=False),
    Column("count", Integer, nullable=False),
)

# --- one person, two doors

# An open code of a person's, by which another address of theirs is linked, or somebody becomes their mentor. `name` is its first half,
# which finds the row and proves nothing; of the second half a salted hash is kept.
link_codes = Table(
    "link_codes",
    metadata,
    _person(primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("salt", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("until", Moment, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("makes", String, nullable=False, default="door", server_default="door"),
)

# --- shown to a mentor


def _mentor() -> Column[str]:
    """Somebody else, who falls out of it when they are forgotten; the row is the owner's all the same."""
    return Column("mentor_id", String, ForeignKey("persons.id", ondelete="CASCADE"), nullable=False, index=True)


# whose mentor is who, one at a time; and what people and organisations are called before them
mentors = Table(
    "mentors", metadata, _person(primary_key=True), _mentor(), Column("since", Moment, nullable=False), _sealed("aliases", nullable=True)
)

# An entry as its owner chose to show it, under the owner's own key: it falls with the key, with the entry, and with its being taken back.
shares = Table(
    "shares",
    metadata,
    Column("id", String, primary_key=True),
    _person(),
    _mentor(),
    Column("entry_id", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("read_at", Moment),
    _sealed("body", "id"),
    ForeignKeyConstraint(["person_id", "entry_id"], ["entries.person_id", "entries.id"], ondelete="CASCADE"),
    Index("ix_shares_person_id_entry_id", "person_id", "entry_id"),
)

# a mentor's words, under the key of whoever they were said to
comments = Table(
    "comments",
    metadata,
    Column("id", String, primary_key=True),
    _person(index=True),
    _mentor(),
    Column("share_id", String, ForeignKey("shares.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    _sealed("body", "id"),
)

# --- who was forgotten

# Of somebody who was forgotten the id stays, a random number that means nothing elsewhere: it keeps an older copy of the database
# from bringing them back. `finished_at` is empty while an erasure goes on; `cause` is a keyed hash of the message that asked for it,
# which its platform may hand over again. `after_letter`: a nobody who carries one last letter, and is erased with it.
erasures = Table(
    "erasures",
    metadata,
    Column("id", String, primary_key=True),
    Column("begun_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("after_letter", Boolean, nullable=False, default=False),
    Column("cause", String, index=True),
)

# --- who lets the coach in

# A workspace belongs to no person. Its token is sealed with a key of its own, wrapped as people's are.
workspaces = Table(
    "workspaces",
    metadata,
    Column("team", String, primary_key=True),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("token", LargeBinary, nullable=False),
    Column("installed_at", Moment, nullable=False),
)

PEOPLES = tuple(table for table in metadata.sorted_tables if table is persons or "person_id" in table.c)
