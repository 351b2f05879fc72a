"""The one door to what the coach remembers.

Every method is one transaction (`unsent` is two, and `forget` sweeps up after its own). Methods are synchronous and may be
called from any thread. Whatever the database cannot do leaves here as StoreDown, with a remedy and without private text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, delete, select

from bot.model import (
    Consent,
    Conversation,
    DueKind,
    Entry,
    Inbound,
    Intention,
    Knock,
    Letter,
    Message,
    Person,
    PersonId,
    Plan,
    Platform,
    Turn,
    Upcoming,
)
from storage import chain, checkup, clock, dispatch, export, logbook, mail, migrations, people, turns, usage, workspaces
from storage.claim import Claim
from storage.clock import DueRow
from storage.database import Database
from storage.dispatch import Standing, Waiting
from storage.faults import NoSuchPerson, StoreDown, Unreadable, VaultLocked
from storage.tables import PEOPLES, persons
from storage.turns import Saved
from storage.values import readable
from storage.vault import Vault

__all__ = ["DueRow", "Gathered", "NoSuchPerson", "Saved", "Standing", "Store", "StoreDown", "Unreadable", "VaultLocked", "Waiting"]

_ENTRIES_AT_HAND = 30  # a month of daily entries: as far back as a turn looks


def _now() -> datetime:
    return datetime.now(UTC)


def _ready(database: Database, key_file: Path) -> Vault:
    """Brings the schema up to date, and looks for the key before that: without it nothing is touched."""
    with database.told():
        if database.is_foreign():
            raise StoreDown(f"{database.place} belongs to another program; choose another BROKERCOACH_DATABASE")
        has = migrations.revision(database.engine)
        vault = Vault.open(key_file, create=has is None)
        migrations.upgrade(database.engine, then=lambda connection: _chained(connection, vault))
        return vault


def _chained(connection: Connection, vault: Vault) -> None:
    """Gives logbooks from before there were chains one. Whose key does not open, has none, and `verify` says so."""
    for person_id in people.everybody(connection):
        try:
            sealer = people.sealer(connection, vault, person_id)
        except Unreadable:
            continue
        if chain.of_person(connection, sealer) is None:
            chain.renew(connection, sealer)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a turn is decided from: all of it as it stood at one moment."""

    person: Person
    conversation: Conversation
    version: int
    entries: tuple[Entry, ...]
    intentions: tuple[Intention, ...]
    granted: frozenset[str] = frozenset()
    upcoming: tuple[Upcoming, ...] = ()
    knock: Knock | None = None


class Store:
    def __init__(self, database: Database, vault: Vault, clock: Callable[[], datetime] = _now) -> None:
        """For `open`. `clock` dates what comes without a date of its own: people enrolled by hand, messages set aside."""
        self._database = database
        self._vault = vault
        self._now = clock

    @classmethod
    def open(cls, url: str, key_file: Path, clock: Callable[[], datetime] = _now) -> Store:
        """Makes what is missing of a new store. An existing database is never given a new key, which could not open it."""
        database = Database(url)
        try:
            store = cls(database, _ready(database, key_file), clock)
            store._try_key()
        except BaseException:
            database.close()
            raise
        return store

    def close(self) -> None:
        self._database.close()

    def claim(self, name: str) -> Claim:
        """The right to be the only process that does what `name` says; to be taken, and dropped."""
        return Claim(self._database, name)

    def _try_key(self) -> None:
        """Another logbook's key must show before anything is sealed with it."""
        with self._database.reading() as connection:
            row = connection.execute(select(persons.c.id, persons.c.wrapped_key).limit(1)).one_or_none()
        if row is not None:
            self._vault.unwrap(row.id, row.wrapped_key)

    # --- what comes in

    def accept(self, inbound: Inbound) -> tuple[str, PersonId]:
        """Takes a message in, once, and enrols whoever sent it. To be called before the platform is told that we have it."""
        with self._database.writing() as connection:
            stranger = Person(PersonId(""), language=inbound.language or "en")
            person_id = people.enrol(connection, self._vault, inbound.platform, inbound.address, stranger, inbound.at)
            people.used(connection, self._vault, inbound.platform, inbound.address, inbound.at)
            return mail.take_in(connection, people.sealer(connection, self._vault, person_id), inbound), person_id

    def pending(self, person_id: PersonId | None = None, limit: int | None = None) -> list[tuple[str, PersonId]]:
        """Undone messages in order of arrival, everybody's or one person's."""
        with self._database.reading() as connection:
            return mail.undone(connection, person_id, limit)

    def waited_for(self) -> list[PersonId]:
        """Who has undone messages, whoever has waited longest first."""
        with self._database.reading() as connection:
            return mail.waited_for(connection)

    def inbound(self, key: str) -> Inbound | None:
        """None when it is done or unknown."""
        with self._database.reading() as connection:
            return mail.read(connection, self._vault, key)

    def failed(self, inbox_key: str) -> int:
        """Counts a try that came to nothing; how many there were, or 0 when the message is done or unknown."""
        with self._database.writing() as connection:
            return mail.failed(connection, inbox_key)

    def set_aside(self, inbox_key: str) -> None:
        """Gives up on a message: done, though unanswered."""
        with self._database.writing() as connection:
            mail.set_aside(connection, inbox_key, self._now())

    # --- people

    def person(self, person_id: PersonId) -> Person:
        with self._database.reading() as connection:
            return people.known(connection, self._vault, person_id).person

    def people(self) -> list[Person]:
        with self._database.reading() as connection:
            everybody = people.everybody(connection)
            return list(readable(everybody, lambda person_id: people.known(connection, self._vault, person_id).person))

    def person_at(self, platform: Platform, address: str) -> Person | None:
        with self._database.reading() as connection:
            person_id = people.at_address(connection, self._vault, platform, address)
            return None if person_id is None else people.known(connection, self._vault, person_id).person

    def addresses(self, person_id: PersonId) -> list[tuple[Platform, str]]:
        """In order of use, the latest last."""
        with self._database.reading() as connection:
            return people.addresses_of(connection, people.sealer(connection, self._vault, person_id))

    def consents(self, person_id: PersonId) -> dict[str, bool]:
        with self._database.reading() as connection:
            return people.consents_of(connection, person_id)

    # --- a turn

    def conversation(self, person_id: PersonId) -> tuple[Conversation, int]:
        with self._database.reading() as connection:
            known = people.known(connection, self._vault, person_id)
            return known.conversation, known.version

    def gather(self, person_id: PersonId) -> Gathered:
        with self._database.reading() as connection:
            known = people.known(connection, self._vault, person_id)
            return Gathered(
                person=known.person,
                conversation=known.conversation,
                version=known.version,
                entries=logbook.entries_of(connection, known.sealer, known.names, _ENTRIES_AT_HAND),
                intentions=logbook.intentions_of(connection, known.sealer, open_only=True),
                granted=frozenset(kind for kind, granted in people.consents_of(connection, person_id).items() if granted),
                upcoming=tuple(Upcoming(row.kind, row.at) for row in clock.of_person(connection, person_id)),
                knock=mail.last_knock(connection, person_id),
            )

    def save(
        self,
        person_id: PersonId,
        turn: Turn,
        version: int,
        at: datetime,
        inbox_key: str | None = None,
        due: tuple[DueKind, str] | None = None,
        platform: Platform | None = None,
    ) -> Saved | None:
        """Stores a turn whole or not at all. None: somebody else was first, or the person was forgotten meanwhile.

        `version` is the one that `gather` gave; without a `platform`, letters go where the person wrote from last.
        """
        try:
            with self._database.writing() as connection:
                sealer = people.sealer(connection, self._vault, person_id)
                return turns.store(connection, sealer, turn, version, at, turns.Cause(inbox_key, due), platform)
        except (turns.Overtaken, NoSuchPerson):
            return None

    def settle(self, person_id: PersonId, key: str, message: Message | None = None) -> bool:
        """Lets a letter go out that waited for a model's wording, in these words or as it was; False when it has gone."""
        try:
            with self._database.writing() as connection:
                return mail.settle(connection, people.sealer(connection, self._vault, person_id), key, message)
        except NoSuchPerson:
            return False

    def release(self, before: datetime) -> int:
        """Lets letters of before then go out as they were, because whoever waited for their wording is gone; how many."""
        with self._database.writing() as connection:
            return mail.release(connection, before)

    # --- what a model costs

    def spend(self, person_id: PersonId, tokens: int) -> None:
        try:
            with self._database.writing() as connection:
                people.sealer(connection, self._vault, person_id)
                usage.spend(connection, person_id, tokens, self._now())
        except NoSuchPerson:
            pass

    def spent(self, since: datetime, person_id: PersonId | None = None) -> int:
        """Tokens since then, of one person or of everybody."""
        with self._database.reading() as connection:
            return usage.spent(connection, since, person_id)

    def entries(self, person_id: PersonId, limit: int | None = None) -> list[Entry]:
        """Newest first."""
        with self._database.reading() as connection:
            known = people.known(connection, self._vault, person_id)
            return list(logbook.entries_of(connection, known.sealer, known.names, limit))

    def intentions(self, person_id: PersonId, open_only: bool = True) -> list[Intention]:
        with self._database.reading() as connection:
            return list(logbook.intentions_of(connection, people.sealer(connection, self._vault, person_id), open_only))

    # --- the clock

    def due(self, now: datetime, limit: int = 500, person_id: PersonId | None = None) -> list[DueRow]:
        """What has fallen due, for everybody or one person. Nothing does for somebody who is reached nowhere any more."""
        with self._database.reading() as connection:
            return clock.at_most(connection, now, limit, person_id)

    def next_due(self) -> datetime | None:
        with self._database.reading() as connection:
            return clock.next_at(connection)

    def due_of(self, person_id: PersonId) -> list[DueRow]:
        with self._database.reading() as connection:
            return clock.of_person(connection, person_id)

    # --- what goes out

    def unsent(self, platform: Platform, address: str | None = None) -> list[Letter]:
        """Letters to be sent, in order, of everybody on the platform or of one address alone.

        Whoever sends must be alone there: what is found in `sending` counts as crashed.
        """
        with self._database.reading() as connection:
            person = None if address is None else people.at_address(connection, self._vault, platform, address)
            if address is not None and person is None:
                return []
            found = mail.unsent(connection, self._vault, platform, person)
        if found.again or found.let_go:
            with self._database.writing() as connection:
                mail.clear_up(connection, found)
        return found.letters

    def sending(self, key: str) -> None:
        """To be called before the platform is: from here on the letter may have arrived."""
        with self._database.writing() as connection:
            mail.sending(connection, key)

    def sent(self, key: str, at: datetime) -> None:
        with self._database.writing() as connection:
            mail.sent(connection, key, at)

    def take_up(self, platform: Platform) -> None:
        """What a crash left in `sending` on a platform: a reply goes out again, marked; a nudge or reminder is let go.

        Whoever sends on this platform calls it once, before anything else, and must be alone there.
        """
        with self._database.writing() as connection:
            dispatch.take_up(connection, self._vault, platform)

    def waiting(self, platform: Platform, after: int = 0, limit: int = 1000) -> list[Waiting]:
        """Unsent letters by key, in order, those laid out after row `after`."""
        with self._database.reading() as connection:
            return dispatch.waiting(connection, platform, after, limit)

    def dispatch(self, key: str) -> Letter | None:
        """The letter, marked as `sending`: from here on it may have arrived. None when there is nothing to send any more."""
        with self._database.writing() as connection:
            return dispatch.dispatch(connection, self._vault, key)

    def put_back(self, key: str, not_before: datetime, *, uncertain: bool = False) -> bool:
        """Out of `sending` again: it did not arrive, or nobody knows. False: let go, because it may come once only and nobody knows."""
        with self._database.writing() as connection:
            return dispatch.put_back(connection, self._vault, key, not_before, uncertain=uncertain)

    def let_go(self, key: str) -> None:
        """Gives up on a letter."""
        with self._database.writing() as connection:
            dispatch.give_up(connection, key)

    def unreachable(self, platform: Platform, address: str, at: datetime) -> int:
        """Nobody is there any more: letters for it are let go (how many), until somebody writes from it nothing falls due."""
        with self._database.writing() as connection:
            person_id = people.unreachable(connection, self._vault, platform, address, at)
            return 0 if person_id is None else dispatch.let_go(connection, platform, person_id)

    # --- how things stand, in numbers

    def oldest_undone(self) -> datetime | None:
        """When the message that has waited longest for its turn arrived."""
        with self._database.reading() as connection:
            return mail.oldest_undone(connection)

    def standing(self) -> Standing:
        with self._database.reading() as connection:
            return dispatch.standing(connection)

    # --- seeding, for replays and imports

    def enrol(self, platform: Platform, address: str, person: Person) -> PersonId:
        """Whoever is at this address already, else `person` as given, under their id if they have one."""
        with self._database.writing() as connection:
            return people.enrol(connection, self._vault, platform, address, person, self._now())

    def add_entry(self, person_id: PersonId, entry: Entry) -> None:
        with self._database.writing() as connection:
            logbook.add(connection, people.sealer(connection, self._vault, person_id), entry)

    def add_intention(self, person_id: PersonId, intention: Intention) -> None:
        with self._database.writing() as connection:
            planned = Plan(intention.id, intention.text, due=intention.due)
            logbook.plan(connection, people.sealer(connection, self._vault, person_id), planned, intention.made)

    def set_due(self, person_id: PersonId, kind: DueKind, ref: str, at: datetime) -> None:
        with self._database.writing() as connection:
            clock.put(connection, DueRow(person_id, kind, ref, at))

    def agree(self, person_id: PersonId, consent: Consent) -> None:
        with self._database.writing() as connection:
            people.consent(connection, person_id, consent, self._now())

    # --- the logbook as a whole

    def verify(self, person_id: PersonId) -> chain.Break | None:
        """The first thing in a person's logbook that is not as it was written; None when all of it is."""
        with self._database.reading() as connection:
            return chain.verify(connection, people.sealer(connection, self._vault, person_id))

    def record(self, person_id: PersonId) -> export.Record:
        """Everything of a person's, as it is taken elsewhere."""
        with self._database.reading() as connection:
            return export.record_of(connection, people.known(connection, self._vault, person_id))

    def restore(self, record: export.Record) -> PersonId:
        """Takes in everything of a person's who is not here. Raises export.Refused, and then nothing has changed."""
        with self._database.writing() as connection:
            return export.restore(connection, self._vault, record)

    # --- the workspaces that let the coach in

    def slack_install(self, team: str, token: str, at: datetime) -> None:
        with self._database.writing() as connection:
            workspaces.install(connection, self._vault, team, token, at)

    def slack_token(self, team: str) -> str | None:
        with self._database.reading() as connection:
            return workspaces.token_of(connection, self._vault, team)

    def slack_uninstall(self, team: str, at: datetime) -> None:
        """The token is gone at once, unless the workspace was installed anew after `at`."""
        with self._database.writing() as connection:
            workspaces.uninstall(connection, team, at)
        self._vault.drop_keys()
        self._database.sweep()

    # --- care

    def forget(self, person_id: PersonId) -> dict[str, int]:
        """Erases a person with their key, and says how many rows of each table that was. May be repeated until it succeeds."""
        receipt = {}
        with self._database.writing() as connection:
            for table in reversed(PEOPLES):
                owner = table.c.id if table is persons else table.c.person_id
                receipt[table.name] = len(connection.execute(delete(table).where(owner == person_id).returning(owner)).all())
        self._vault.drop_keys()
        self._database.sweep()
        return receipt

    def check(self) -> list[str]:
        """What is wrong with the store, in words; nothing when all is well."""
        return checkup.faults(self._database, self._vault)
