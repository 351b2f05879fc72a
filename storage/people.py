"""Rows about people: who they are, where they are reached, where the conversation stands, what they agreed to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Connection, Row, bindparam, exists, select, update

from bot.model import Consent, Conversation, Done, Person, PersonId, Platform
from storage import partnerships, usage
from storage.database import put_new
from storage.faults import NoSuchPerson, StoreDown
from storage.tables import addresses, audit, consents, conversations, erasures, intentions, mentors, persons, shares
from storage.tables import partnerships as named
from storage.values import CONVERSATION, PERSON, Sealer
from storage.vault import Vault

# Built once: every turn asks these, and half of a small statement's time is its building.
_WRAPPED_KEY = select(persons.c.wrapped_key).where(persons.c.id == bindparam("person"))
_MORE = {
    "partnerships": exists().where(named.c.person_id == persons.c.id),
    "words": exists().where(consents.c.person_id == persons.c.id),
    "intentions": exists().where(intentions.c.person_id == persons.c.id, intentions.c.settled_at.is_(None)),
    "doings": exists().where(audit.c.person_id == persons.c.id),
    "mentor": exists().where(mentors.c.person_id == persons.c.id),
    "shown": exists().where(shares.c.mentor_id == persons.c.id),
}
_KNOWN = (
    select(
        persons.c.id,
        persons.c.wrapped_key,
        persons.c.profile,
        conversations.c.state,
        conversations.c.version,
        *_MORE.values(),
    )
    .outerjoin(conversations, conversations.c.person_id == persons.c.id)
    .where(persons.c.id == bindparam("person"))
)
_AT = (addresses.c.platform == bindparam("door")) & (addresses.c.address_blind == bindparam("blinded"))
_AT_ADDRESS = select(addresses.c.person_id).where(_AT)
_USED = (
    update(addresses)
    .where(_AT)
    .values(used_at=bindparam("at"), unreachable_at=None)
    .returning(
        addresses.c.person_id,
        select(persons.c.wrapped_key).where(persons.c.id == addresses.c.person_id).scalar_subquery().label("wrapped_key"),
        exists().where(erasures.c.id == addresses.c.person_id, erasures.c.after_letter).label("bears_letter"),
    )
)
_PLATFORMS = (
    select(addresses.c.platform).where(addresses.c.person_id == bindparam("person")).order_by(addresses.c.linked_at, addresses.c.platform)
)
_WORDS = (
    select(consents.c.kind, consents.c.granted, consents.c.at).where(consents.c.person_id == bindparam("person")).order_by(consents.c.id)
)
_FOLLOWING = (
    update(conversations)
    .where(conversations.c.person_id == bindparam("person"), conversations.c.version == bindparam("before"))
    .values(version=bindparam("after"), state=bindparam("sealed"), updated_at=bindparam("at"))
    .returning(conversations.c.version)
)


class Known(NamedTuple):
    """A person as stored, with what else one look at the tables brings along."""

    person: Person
    sealer: Sealer
    partnerships: list[partnerships.Stored]
    conversation: Conversation
    version: int
    more: frozenset[str]  # of _MORE what there is, so that what most people do not have is not asked for, turn by turn

    @property
    def names(self) -> dict[str, str]:
        """What partnerships are called, by id."""
        return {each.id: each.partnership.name for each in self.partnerships}


def sealer(connection: Connection, vault: Vault, person_id: PersonId) -> Sealer:
    """The key is always read from its row, so that a forgotten person's is never used again."""
    wrapped = connection.scalar(_WRAPPED_KEY, {"person": person_id})
    if wrapped is None:
        raise NoSuchPerson(person_id)
    return Sealer(person_id, vault.unwrap(person_id, wrapped))


def known(connection: Connection, vault: Vault, person_id: PersonId) -> Known:
    row = connection.execute(_KNOWN, {"person": person_id}).one_or_none()
    if row is None:
        raise NoSuchPerson(person_id)
    sealer = Sealer(row.id, vault.unwrap(row.id, row.wrapped_key))
    more = frozenset(what for what, there in zip(_MORE, row[-len(_MORE) :], strict=True) if there)
    stored = partnerships.stored(connection, sealer) if "partnerships" in more else []
    profile = PERSON.value(sealer.open(persons.c.profile, row.profile))
    person = replace(profile, id=row.id, partnerships=tuple(each.partnership for each in stored if each.position is not None))
    if row.state is None:
        return Known(person, sealer, stored, Conversation(), 0, more)
    return Known(person, sealer, stored, CONVERSATION.value(sealer.open(conversations.c.state, row.state)), row.version, more)


def name_of(connection: Connection, vault: Vault, person_id: PersonId) -> str | None:
    """What somebody is called, where they said so."""
    sealed = connection.execute(select(persons.c.profile).where(persons.c.id == person_id)).scalar_one()
    return PERSON.value(sealer(connection, vault, person_id).open(persons.c.profile, sealed)).name


def everybody(connection: Connection) -> list[PersonId]:
    return list(connection.scalars(select(persons.c.id).order_by(persons.c.created_at, persons.c.id)))


def learn(connection: Connection, sealer: Sealer, person: Person) -> None:
    connection.execute(update(persons).where(persons.c.id == sealer.person).values(profile=sealed_profile(sealer, person)))
    partnerships.learn(connection, sealer, person.partnerships)


def sealed_profile(sealer: Sealer, person: Person) -> bytes:
    # partnerships have rows of their own, for entries to point at
    return sealer.seal(persons.c.profile, PERSON.text(replace(person, id=sealer.person, partnerships=())))


# --- where they are reached


def at_address(connection: Connection, vault: Vault, platform: Platform, address: str) -> PersonId | None:
    return connection.scalar(_AT_ADDRESS, {"door": platform, "blinded": _blind(vault, platform, address)})


def enrol(connection: Connection, vault: Vault, platform: Platform, address: str, person: Person, at: datetime) -> PersonId:
    """The person at an address, who is made if nobody is there yet. An id that is known gains the address."""
    found = at_address(connection, vault, platform, address)
    if found is not None:
        return found
    person_id = person.id or PersonId(uuid4().hex)
    wrapped, key = vault.new_key(person_id)
    newcomer = Sealer(person_id, key)
    made = put_new(
        connection, persons, {"id": person_id, "created_at": at, "wrapped_key": wrapped, "profile": sealed_profile(newcomer, person)}
    )
    if not vault.holds(wrapped):
        raise StoreDown("the key was changed just now; try again")
    theirs = newcomer if made else sealer(connection, vault, person_id)
    if made:
        partnerships.learn(connection, theirs, person.partnerships)
    if link(connection, vault, theirs, platform, address, at):
        return person_id
    # another process enrolled the same stranger between our look and our insert (PostgreSQL only): theirs stands
    if made:
        connection.execute(persons.delete().where(persons.c.id == person_id))
    theirs_id = at_address(connection, vault, platform, address)
    if theirs_id is None:
        raise NoSuchPerson(person_id)
    return theirs_id


def link(connection: Connection, vault: Vault, sealer: Sealer, platform: Platform, address: str, at: datetime) -> bool:
    """The address leads to this person from now on; False when it leads to somebody already."""
    blind = _blind(vault, platform, address)
    row = {
        "platform": platform,
        "address_blind": blind,
        "address": sealer.seal(addresses.c.address, address, platform, blind),
        "person_id": sealer.person,
        "linked_at": at,
        "used_at": at,
    }
    return put_new(connection, addresses, row)


def door_of(connection: Connection, sealer: Sealer, platform: Platform) -> str | None:
    """The address on a platform that was written from last."""
    row = connection.execute(
        select(addresses)
        .where(addresses.c.person_id == sealer.person, addresses.c.platform == platform)
        .order_by(addresses.c.used_at.desc(), addresses.c.linked_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else sealer.open(addresses.c.address, row.address, row.platform, row.address_blind)


def platforms_of(connection: Connection, person_id: PersonId) -> tuple[Platform, ...]:
    """Where the person comes from, each as often as they have a door there."""
    return tuple(connection.scalars(_PLATFORMS, {"person": person_id}))


def close_door(connection: Connection, vault: Vault, platform: Platform, address: str) -> None:
    connection.execute(
        addresses.delete().where(addresses.c.platform == platform, addresses.c.address_blind == _blind(vault, platform, address))
    )


class Here(NamedTuple):
    """Who wrote from an address; `bears_letter`: nobody in particular, who is there for one last letter alone."""

    sealer: Sealer
    bears_letter: bool


def used(connection: Connection, vault: Vault, platform: Platform, address: str, at: datetime) -> Here | None:
    """Notes that somebody wrote from here, which is where they are written to next, and that they are reached here again; who, if known."""
    row = connection.execute(_USED, {"door": platform, "blinded": _blind(vault, platform, address), "at": at}).one_or_none()
    return None if row is None else Here(Sealer(row.person_id, vault.unwrap(row.person_id, row.wrapped_key)), bool(row.bears_letter))


def unreachable(connection: Connection, vault: Vault, platform: Platform, address: str, at: datetime) -> PersonId | None:
    """Notes that nobody is reached here any more; whose address that was."""
    whose: PersonId | None = connection.scalar(
        update(addresses)
        .where(addresses.c.platform == platform, addresses.c.address_blind == _blind(vault, platform, address))
        .values(unreachable_at=at)
        .returning(addresses.c.person_id)
    )
    return whose


def addresses_of(connection: Connection, sealer: Sealer) -> list[tuple[Platform, str]]:
    """In order of use, the latest last."""
    rows = connection.execute(
        select(addresses).where(addresses.c.person_id == sealer.person).order_by(addresses.c.used_at, addresses.c.linked_at)
    )
    return [(row.platform, sealer.open(addresses.c.address, row.address, row.platform, row.address_blind)) for row in rows]


def latest_platform(connection: Connection, person_id: PersonId) -> Platform:
    """Where the person wrote from last; somewhere they are still reached, if there is such a place."""
    platform: Platform = connection.scalars(
        select(addresses.c.platform)
        .where(addresses.c.person_id == person_id)
        .order_by(addresses.c.unreachable_at.is_not(None), addresses.c.used_at.desc(), addresses.c.linked_at.desc())
        .limit(1)
    ).one()
    return platform


def _blind(vault: Vault, platform: Platform, address: str) -> str:
    return vault.blind(f"{platform}|{address}").hex()


# --- where the conversation stands


def advance(connection: Connection, sealer: Sealer, conversation: Conversation, version: int, at: datetime) -> bool:
    """Stores the conversation that follows `version`; False when somebody else did so first."""
    sealed = sealer.seal(conversations.c.state, CONVERSATION.text(conversation))
    if version == 0:
        return put_new(connection, conversations, {"person_id": sealer.person, "version": 1, "state": sealed, "updated_at": at})
    following = {"person": sealer.person, "before": version, "after": version + 1, "sealed": sealed, "at": at}
    return connection.scalar(_FOLLOWING, following) is not None


# --- what they agreed to


def consent(connection: Connection, person_id: PersonId, given: Consent, at: datetime) -> None:
    connection.execute(consents.insert().values(person_id=person_id, kind=given.kind, version=given.version, granted=given.granted, at=at))


def consents_of(connection: Connection, person_id: PersonId) -> dict[str, bool]:
    """The latest word on each kind."""
    return {row.kind: row.granted for row in words_on(connection, person_id)}


def granted(words: Iterable[Row[Any]]) -> frozenset[str]:
    """What is agreed to just now."""
    return frozenset(kind for kind, granted in {row.kind: row.granted for row in words}.items() if granted)


def words_on(connection: Connection, person_id: PersonId) -> list[Row[Any]]:
    """All that was ever agreed to and taken back."""
    return list(connection.execute(_WORDS, {"person": person_id}))


# --- what was done with their data

_OURS = ("set-aside", "refused", *usage.ACTS.values())  # rows that count something, and tell nobody anything
_DOINGS = (
    select(audit.c.at, audit.c.act)
    .where(audit.c.person_id == bindparam("person"), audit.c.act.not_in(_OURS))
    .order_by(audit.c.id.desc())
    .limit(bindparam("most"))
)


def note(connection: Connection, person_id: PersonId, act: str, at: datetime, of: str = "") -> None:
    """`act` and `of` are words of ours, never a person's."""
    connection.execute(audit.insert().values(person_id=person_id, at=at, act=f"{act}:{of}" if of else act, count=1))


def doings(connection: Connection, known: Known, words: Iterable[Row[Any]], limit: int) -> tuple[Done, ...]:
    """Newest first. What was agreed to and taken back, `words`, is among it."""
    told = connection.execute(_DOINGS, {"person": known.person.id, "most": limit}).all() if "doings" in known.more else []
    done = [Done(row.at, *row.act.partition(":")[::2]) for row in told]
    agreed = [Done(row.at, "agreed" if row.granted else "taken-back", row.kind) for row in words]
    return tuple(sorted([*done, *agreed], key=lambda each: each.at, reverse=True)[:limit])
