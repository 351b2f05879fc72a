"""A person's logbook as one file that can be taken elsewhere and taken in again: every revision with its place in the chain, the profile,
plans, consents, addresses, what falls due, and where the conversation stands.

What is on its way in or out, and the audit of this installation, belong to the installation and stay with it.
A file is taken in whole or not at all: it has to be ours, of a version that is known, unaltered, and with a chain that holds. The digest
and the chain's secret travel in the file, so they tell damage and careless editing, not somebody who rebuilds both; the file is as
private as the logbook, and whoever keeps it keeps it safe.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, select

from bot.model import PHASES, Conversation, Person, PersonId, Platform
from storage import chain, partnerships, people
from storage.tables import addresses, consents, conversations, due, entries, intentions, partnership_phases, persons, revisions
from storage.tables import partnerships as partnership_rows
from storage.values import CONVERSATION, MARKS, Marks, Sealer
from storage.vault import Vault

FORMAT = "brokercoach-logbook"
VERSION = 1


class Refused(Exception):
    """A file that is not taken in; the message says why and what to do, and quotes nothing of it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartnershipRow(_Part):
    id: str
    position: int | None
    name: str = Field(repr=False)
    phases: list[Literal["scoping-building", "managing-maintaining", "reviewing-revising", "sustaining-outcomes"]]


class RevisionRow(_Part):
    n: int
    step: str
    kind: Literal["answer", "wording", "thought", "retraction"]
    written_at: AwareDatetime
    text: str = Field(repr=False)
    seq: int
    prev_hash: str
    hash: str


class EntryRow(_Part):
    id: str
    guide: str
    event_date: date
    written_at: AwareDatetime
    energy: Literal["low", "ok", "good"] | None
    partnership: str | None
    marks: Marks = Field(repr=False)
    revisions: list[RevisionRow]


class IntentionRow(_Part):
    id: str
    made_at: AwareDatetime
    due: date
    text: str = Field(repr=False)
    settled_at: AwareDatetime | None
    outcome: str | None = Field(repr=False)


class ConsentRow(_Part):
    kind: str
    version: int
    granted: bool
    at: AwareDatetime


class AddressRow(_Part):
    platform: Platform
    address: str = Field(repr=False)
    linked_at: AwareDatetime
    used_at: AwareDatetime


class DueLine(_Part):
    kind: str
    ref: str
    at: AwareDatetime


class ChainRow(_Part):
    secret: str = Field(repr=False, pattern=r"^[0-9a-f]{64}$")
    last: str
    length: int


class Record(_Part):
    """All of a person's. The lists are in a fixed order, so that two exports of the same logbook are the same."""

    created_at: AwareDatetime
    profile: Person = Field(repr=False)
    partnerships: list[PartnershipRow]
    entries: list[EntryRow]
    intentions: list[IntentionRow]
    consents: list[ConsentRow]
    addresses: list[AddressRow]
    due: list[DueLine]
    conversation: Conversation | None = Field(repr=False)
    conversation_at: AwareDatetime | None
    conversation_version: int
    chain: ChainRow | None


# --- the file


def to_json(record: Record, at: datetime) -> str:
    """The file. Two of the same logbook differ in `exported_at` alone."""
    told = record.model_dump(mode="json")
    whole = {"format": FORMAT, "version": VERSION, "exported_at": at.isoformat(), "digest": _digest(told), "record": told}
    return json.dumps(_whole_characters(whole), ensure_ascii=False, indent=1) + "\n"


def from_json(text: str) -> Record:
    """Raises Refused for anything but a file of ours, whole, of a version that is known here."""
    try:
        file = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("it is no JSON file, or a damaged one; take the file that `brokercoach export --format json` wrote") from None
    if not isinstance(file, dict) or file.get("format") != FORMAT:
        raise Refused("it is not a brokercoach logbook; take the file that `brokercoach export --format json` wrote")
    version = file.get("version")
    if not isinstance(version, int) or version > VERSION:
        raise Refused(f"it is of another version, this program knows {VERSION} and older; install the newer version")
    told = file.get("record")
    if not isinstance(told, dict) or file.get("digest") != _digest(told):
        raise Refused("it was changed after it was written; take the file as it was exported")
    try:
        record = Record.model_validate_json(json.dumps(told), strict=True)
    except ValidationError as error:  # its message quotes values
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"][:3])
        raise Refused(f"its part {where} has a shape that is not known here; export it again") from None
    _check(record)
    return record


def _digest(told: dict[str, Any]) -> str:
    text = json.dumps(told, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _whole_characters(value: Any) -> Any:
    """Half a surrogate pair has no bytes; nothing that was sealed holds one, but a platform's address might."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _whole_characters(each) for key, each in value.items()}
    return [_whole_characters(each) for each in value] if isinstance(value, list) else value


def _check(record: Record) -> None:
    """Whether the parts fit one another: the chain holds, and whatever is named is there."""
    if found := break_in(record):
        raise Refused(f"its chain does not hold: entry {found.entry or 'at the end'}, {found.why}; take the file as it was exported")
    known = {each.id for each in record.partnerships}
    if any(entry.partnership not in known for entry in record.entries if entry.partnership is not None):
        raise Refused("an entry of it names a partnership that is not in it; export it again")
    named = [[each.id for each in part] for part in (record.partnerships, record.entries, record.intentions)]
    if any(len(set(ids)) < len(ids) for ids in named):
        raise Refused("something stands in it twice; take the file as it was exported")


def break_in(record: Record) -> chain.Break | None:
    written = sorted(written_in(record), key=lambda revision: revision.seq or 0)
    if record.chain is None:
        return chain.Break(written[0].entry, written[0].n, "there is no chain for it") if written else None
    whole = chain.Chain(bytes.fromhex(record.chain.secret), record.chain.last, record.chain.length)
    return chain.first_break(whole, record.profile.id, written)


def written_in(record: Record) -> list[chain.Revision]:
    return [
        chain.Revision(entry.id, r.n, r.step, r.kind, r.written_at, entry.event_date, entry.guide, r.text, r.seq, r.prev_hash, r.hash)
        for entry in record.entries
        for r in entry.revisions
    ]


# --- out of the tables


def record_of(connection: Connection, known: people.Known) -> Record:
    """Raises Unreadable for a logbook with a spoilt field: what is taken elsewhere is taken whole."""
    sealer, theirs = known.sealer, known.sealer.person
    made = connection.execute(select(persons.c.created_at).where(persons.c.id == theirs)).scalar_one()
    stands = connection.execute(select(conversations.c.updated_at).where(conversations.c.person_id == theirs)).one_or_none()
    hung = chain.of_person(connection, sealer)
    return Record(
        created_at=made,
        profile=known.person,
        partnerships=[
            PartnershipRow(id=each.id, position=each.position, name=each.partnership.name, phases=list(each.partnership.phases))
            for each in sorted(partnerships.stored(connection, sealer), key=lambda each: each.id)
        ],
        entries=_entries(connection, sealer),
        intentions=[
            IntentionRow(
                id=row.id,
                made_at=row.made_at,
                due=row.due,
                text=sealer.open(intentions.c.text, row.text, row.id),
                settled_at=row.settled_at,
                outcome=None if row.outcome is None else sealer.open(intentions.c.outcome, row.outcome, row.id),
            )
            for row in connection.execute(
                select(intentions).where(intentions.c.person_id == theirs).order_by(intentions.c.made_at, intentions.c.id)
            )
        ],
        consents=[
            ConsentRow(kind=row.kind, version=row.version, granted=row.granted, at=row.at)
            for row in connection.execute(select(consents).where(consents.c.person_id == theirs).order_by(consents.c.id))
        ],
        addresses=[
            AddressRow(
                platform=row.platform,
                address=sealer.open(addresses.c.address, row.address, row.platform, row.address_blind),
                linked_at=row.linked_at,
                used_at=row.used_at,
            )
            for row in connection.execute(
                select(addresses).where(addresses.c.person_id == theirs).order_by(addresses.c.linked_at, addresses.c.platform)
            )
        ],
        due=[
            DueLine(kind=row.kind, ref=row.ref, at=row.at)
            for row in connection.execute(select(due).where(due.c.person_id == theirs).order_by(due.c.kind, due.c.ref))
        ],
        conversation=None if stands is None else known.conversation,
        conversation_at=None if stands is None else stands.updated_at,
        conversation_version=known.version,
        chain=None if hung is None else ChainRow(secret=hung.secret.hex(), last=hung.last, length=hung.length),
    )


def _entries(connection: Connection, sealer: Sealer) -> list[EntryRow]:
    written: dict[str, list[RevisionRow]] = {}
    for r in chain.written_by(connection, sealer):
        row = {"n": r.n, "step": r.step, "kind": r.kind, "written_at": r.written, "text": r.text}
        row |= {"seq": r.seq, "prev_hash": r.prev, "hash": r.hash}
        written.setdefault(r.entry, []).append(RevisionRow.model_validate(row))
    rows = connection.execute(
        select(entries).where(entries.c.person_id == sealer.person).order_by(entries.c.event_date, entries.c.written_at, entries.c.id)
    )
    return [
        EntryRow(
            id=row.id,
            guide=row.guide,
            event_date=row.event_date,
            written_at=row.written_at,
            energy=row.energy,
            partnership=row.partnership_id,
            marks=Marks() if row.marks is None else MARKS.value(sealer.open(entries.c.marks, row.marks, row.id)),
            revisions=written.get(row.id, []),
        )
        for row in rows
    ]


# --- into the tables


def restore(connection: Connection, vault: Vault, record: Record) -> PersonId:
    """Raises Refused when the person, or somebody at one of their addresses, is here already."""
    person = record.profile.id
    if connection.scalar(select(persons.c.id).where(persons.c.id == person)) is not None:
        raise Refused(f"{person} has a logbook here already; nothing is mixed: `brokercoach forget --person {person}` first, or leave it")
    if any(people.at_address(connection, vault, each.platform, each.address) is not None for each in record.addresses):
        raise Refused("somebody else is reached at an address of this logbook here; unlink that first")
    wrapped, key = vault.new_key(person)
    sealer = Sealer(person, key)
    profile = people.sealed_profile(sealer, record.profile)
    connection.execute(persons.insert().values(id=person, created_at=record.created_at, wrapped_key=wrapped, profile=profile))
    for each in record.addresses:
        blind = vault.blind(f"{each.platform}|{each.address}").hex()
        sealed = sealer.seal(addresses.c.address, each.address, each.platform, blind)
        connection.execute(
            addresses.insert().values(
                platform=each.platform,
                address_blind=blind,
                address=sealed,
                person_id=person,
                linked_at=each.linked_at,
                used_at=each.used_at,
            )
        )
    _restore_partnerships(connection, sealer, record)
    _restore_entries(connection, sealer, record)
    for plan in record.intentions:
        connection.execute(
            intentions.insert().values(
                person_id=person,
                id=plan.id,
                made_at=plan.made_at,
                due=plan.due,
                text=sealer.seal(intentions.c.text, plan.text, plan.id),
                settled_at=plan.settled_at,
                outcome=None if plan.outcome is None else sealer.seal(intentions.c.outcome, plan.outcome, plan.id),
            )
        )
    for row in record.consents:
        connection.execute(consents.insert().values(person_id=person, **row.model_dump()))
    for line in record.due:
        connection.execute(due.insert().values(person_id=person, **line.model_dump()))
    if record.conversation is not None:
        connection.execute(
            conversations.insert().values(
                person_id=person,
                version=record.conversation_version,
                state=sealer.seal(conversations.c.state, CONVERSATION.text(record.conversation)),
                updated_at=record.conversation_at,
            )
        )
    return person


def _restore_partnerships(connection: Connection, sealer: Sealer, record: Record) -> None:
    for each in record.partnerships:
        if connection.scalar(select(partnership_rows.c.id).where(partnership_rows.c.id == each.id)) is not None:
            raise Refused("a partnership of it is somebody else's here; was it exported from here for another person?")
        connection.execute(
            partnership_rows.insert().values(
                id=each.id, person_id=sealer.person, position=each.position, name=sealer.seal(partnership_rows.c.name, each.name, each.id)
            )
        )
        for position, phase in enumerate(phase for phase in PHASES if phase in each.phases):
            connection.execute(
                partnership_phases.insert().values(partnership_id=each.id, position=position, person_id=sealer.person, phase=phase)
            )


def _restore_entries(connection: Connection, sealer: Sealer, record: Record) -> None:
    for entry in record.entries:
        connection.execute(
            entries.insert().values(
                person_id=sealer.person,
                id=entry.id,
                guide=entry.guide,
                event_date=entry.event_date,
                written_at=entry.written_at,
                energy=entry.energy,
                partnership_id=entry.partnership,
                marks=None if entry.marks == Marks() else sealer.seal(entries.c.marks, MARKS.text(entry.marks), entry.id),
            )
        )
    rows = [chain.row_of(sealer, revision) for revision in written_in(record)]
    if rows:
        connection.execute(revisions.insert(), rows)
    if record.chain is not None:
        chain.keep(connection, sealer, chain.Chain(bytes.fromhex(record.chain.secret), record.chain.last, record.chain.length))
