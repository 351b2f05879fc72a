"""The one door to what the coach remembers.

Every method is one transaction (`unsent` is two, and whatever erases sweeps up after its own). Methods are synchronous and may be
called from any thread. Whatever the database cannot do leaves here as StoreDown, with a remedy and without private text.

Here stand people, their turns, their logbook and what they show a mentor; what comes in and goes out is post.py's part, care.py looks after
the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from bot.model import (
    Claimed,
    Consent,
    Conversation,
    Done,
    DueKind,
    Entry,
    Inbound,
    Intention,
    Knock,
    Mark,
    Mentor,
    Person,
    PersonId,
    Plan,
    Platform,
    Remark,
    Shown,
    Spent,
    Turn,
    Upcoming,
)
from storage import (
    chain,
    clock,
    erasing,
    export,
    linking,
    logbook,
    mail,
    migrations,
    people,
    sharing,
    turns,
    usage,
)
from storage.care import Care
from storage.clock import DueRow
from storage.database import HOUSE, Database, see
from storage.dispatch import Standing, Waiting
from storage.erasing import Forgotten
from storage.faults import NoSuchPerson, StoreDown, Unreadable, VaultLocked
from storage.people import Known
from storage.post import Post
from storage.tables import persons
from storage.turns import Saved
from storage.values import readable
from storage.vault import Vault

__all__ = ["DueRow", "Gathered", "NoSuchPerson", "Saved", "Standing", "Store", "StoreDown", "Unreadable", "VaultLocked", "Waiting"]

_ENTRIES_AT_HAND = 30  # a month of daily entries: as far back as a turn looks
_DOINGS_AT_HAND = 20  # what was done with somebody's data, as far back as a turn looks


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
    doings: tuple[Done, ...] = ()
    doors: tuple[Platform, ...] = ()
    mentor: Mentor | None = None
    shown: tuple[Shown, ...] = ()
    inbound: Inbound | None = None
    key: str = ""  # of `inbound`
    more: bool = False  # messages wait behind it


class Store(Post, Care):
    @classmethod
    def open(cls, url: str, key_file: Path, clock: Callable[[], datetime] = _now, retention: int = 0) -> Store:
        """Makes what is missing of a new store. An existing database is never given a new key, which could not open it.

        Whoever was forgotten and is here all the same, because an older copy was put back or an erasure interrupted, is erased before
        this returns. `clock` dates what comes without a date of its own; `retention` is in months, and 0 for ever.
        """
        database = Database(url)
        try:
            store = cls(database, _ready(database, key_file), Forgotten(key_file), clock, retention)
            store._try_key()
            store._forget_again()
        except BaseException:
            database.close()
            raise
        return store

    def _try_key(self) -> None:
        """Another logbook's key must show before anything is sealed with it."""
        with self._database.reading(HOUSE) as connection:
            row = connection.execute(select(persons.c.id, persons.c.wrapped_key).limit(1)).one_or_none()
        if row is not None:
            self._vault.unwrap(row.id, row.wrapped_key)

    def _forget_again(self) -> None:
        ids = self._forgotten.ids()
        with self._database.reading(HOUSE) as connection:
            told = erasing.known(connection)
            back = set(erasing.those_back(connection, ids | told)) | set(erasing.unfinished(connection))
        self._forgotten.add(sorted(told - ids))
        for person_id in sorted(back):
            self.forget(person_id)

    # --- people

    def person(self, person_id: PersonId) -> Person:
        with self._database.reading(person_id) as connection:
            return people.known(connection, self._vault, person_id).person

    def people(self) -> list[Person]:
        with self._database.reading(HOUSE) as connection:
            everybody = people.everybody(connection)
            return list(readable(everybody, lambda person_id: people.known(connection, self._vault, person_id).person))

    def person_at(self, platform: Platform, address: str) -> Person | None:
        with self._database.reading(HOUSE) as connection:
            person_id = people.at_address(connection, self._vault, platform, address)
            if person_id is None:
                return None
            see(connection, person_id)
            return people.known(connection, self._vault, person_id).person

    def addresses(self, person_id: PersonId) -> list[tuple[Platform, str]]:
        """In order of use, the latest last."""
        with self._database.reading(person_id) as connection:
            return people.addresses_of(connection, people.sealer(connection, self._vault, person_id))

    def consents(self, person_id: PersonId) -> dict[str, bool]:
        with self._database.reading(person_id) as connection:
            return people.consents_of(connection, person_id)

    # --- a turn

    def conversation(self, person_id: PersonId) -> tuple[Conversation, int]:
        with self._database.reading(person_id) as connection:
            known = people.known(connection, self._vault, person_id)
            return known.conversation, known.version

    def gather(self, person_id: PersonId, inbox_key: str | None = None) -> Gathered:
        """With the message of a key, unless it is done. Raises NoSuchPerson."""
        with self._database.reading(person_id) as connection:
            known = people.known(connection, self._vault, person_id)
            if inbox_key is None:
                return self._gathered(connection, known)
            return self._gathered(connection, known, mail.read(connection, known.sealer, inbox_key), inbox_key)

    def next_for(self, person_id: PersonId, now: datetime) -> Gathered | DueRow | None:
        """What is next for a person: their oldest undone message and all that its turn is decided from, else what has fallen due.

        Raises NoSuchPerson.
        """
        with self._database.reading(person_id) as connection:
            oldest = mail.oldest(connection, person_id)
            if oldest is None:
                return next(iter(clock.at_most(connection, now, 1, person_id)), None)
            known = people.known(connection, self._vault, person_id)
            key, body, more = oldest
            return self._gathered(connection, known, mail.opened(known.sealer, key, body), key, more)

    def _gathered(
        self, connection: Connection, known: Known, inbound: Inbound | None = None, key: str = "", more: bool = False
    ) -> Gathered:
        person_id, there = known.person.id, known.more
        words = people.words_on(connection, person_id) if "words" in there else []
        return Gathered(
            person=known.person,
            conversation=known.conversation,
            version=known.version,
            entries=logbook.entries_of(connection, known.sealer, known.names, _ENTRIES_AT_HAND),
            intentions=logbook.intentions_of(connection, known.sealer, open_only=True) if "intentions" in there else (),
            granted=people.granted(words),
            upcoming=tuple(Upcoming(row.kind, row.at) for row in clock.of_person(connection, person_id)),
            knock=mail.last_knock(connection, person_id),
            doings=people.doings(connection, known, words, _DOINGS_AT_HAND),
            doors=people.platforms_of(connection, person_id),
            mentor=sharing.mentor_of(connection, self._vault, known.sealer) if "mentor" in there else None,
            shown=sharing.shown_to(connection, self._vault, person_id) if "shown" in there else (),
            inbound=inbound,
            key=key,
            more=more,
        )

    def mark(self, person_id: PersonId, marked: Mark, step: str) -> None:
        """What an answer of an entry is about, and that this is done. Should a power loss take it, it is looked up once more."""
        try:
            with self._database.committing(person_id) as connection:
                logbook.mark(connection, people.sealer(connection, self._vault, person_id), marked)
                clock.take_off(connection, person_id, "marks", f"{marked.entry} {step}")
        except NoSuchPerson:
            pass

    def claim_code(self, person_id: PersonId, code: str, at: datetime) -> Claimed:
        """What a code comes to that this person typed; a wrong one is counted."""
        with self._database.writing(HOUSE) as connection:
            return linking.claim(connection, person_id, code, at)[0]

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

        `version` is the one that `gather` gave; without a `platform`, letters go where the person wrote from last. It need not reach the
        disk before its letters leave: what a power loss takes of it is decided again, from the message or the due row that it answers.
        """
        try:
            with self._database.committing(person_id) as connection:
                sealer = people.sealer(connection, self._vault, person_id)
                saved = turns.store(connection, self._vault, sealer, turn, version, at, turns.Cause(inbox_key, due), platform)
        except (turns.Overtaken, NoSuchPerson):
            return None
        if saved.erased:
            with self._swept():
                self._finish_erasures()
        return saved

    # --- what a model and voice notes cost

    def spend(self, person_id: PersonId, amount: int, what: Spent = "tokens") -> None:
        try:
            with self._database.writing(person_id) as connection:
                people.sealer(connection, self._vault, person_id)
                usage.spend(connection, person_id, amount, what, self._now())
        except NoSuchPerson:
            pass

    def spent(self, since: datetime, person_id: PersonId | None = None, what: Spent = "tokens") -> int:
        """How much since then, of one person or of everybody."""
        with self._database.reading(HOUSE if person_id is None else person_id) as connection:
            return usage.spent(connection, since, person_id, what)

    def entries(self, person_id: PersonId, limit: int | None = None) -> list[Entry]:
        """Newest first."""
        with self._database.reading(person_id) as connection:
            known = people.known(connection, self._vault, person_id)
            return list(logbook.entries_of(connection, known.sealer, known.names, limit))

    def intentions(self, person_id: PersonId, open_only: bool = True) -> list[Intention]:
        with self._database.reading(person_id) as connection:
            return list(logbook.intentions_of(connection, people.sealer(connection, self._vault, person_id), open_only))

    # --- between a broker and their mentor

    def set_mentor(self, person_id: PersonId, mentor: PersonId) -> None:
        """By whoever runs this; the person is told. Nothing is shown by it. Raises NoSuchPerson."""
        with self._database.writing(HOUSE) as connection:
            for each in (person_id, mentor):
                people.sealer(connection, self._vault, each)
            sharing.set_mentor(connection, person_id, mentor, self._now(), "mentor-set")

    def opened(self, mentor: PersonId, share: str) -> Shown | None:
        """What is shown to this mentor, with its words; None when it is not, or not any more. That it was read, its turn writes down."""
        with self._database.reading(mentor) as connection:
            return next(iter(sharing.shown_to(connection, self._vault, mentor, share)), None)

    def remark(self, person_id: PersonId, comment: str) -> Remark | None:
        """A mentor's words about an entry of this person's."""
        with self._database.reading(person_id) as connection:
            return sharing.remark(connection, people.sealer(connection, self._vault, person_id), comment)

    # --- the clock

    def due(self, now: datetime, limit: int = 500, person_id: PersonId | None = None, full: Collection[Platform] = ()) -> list[DueRow]:
        """What has fallen due, for everybody or one person. Nothing does for somebody who is reached nowhere any more; for those on a
        platform in `full` only what somebody waits for.
        """
        with self._database.reading(HOUSE if person_id is None else person_id) as connection:
            return clock.at_most(connection, now, limit, person_id, full)

    def next_due(self) -> datetime | None:
        with self._database.reading(HOUSE) as connection:
            return clock.next_at(connection)

    def due_of(self, person_id: PersonId) -> list[DueRow]:
        with self._database.reading(person_id) as connection:
            return clock.of_person(connection, person_id)

    # --- seeding, for replays and imports

    def enrol(self, platform: Platform, address: str, person: Person) -> PersonId:
        """Whoever is at this address already, else `person` as given, under their id if they have one."""
        with self._database.writing(HOUSE) as connection:
            back = bool(person.id) and erasing.welcome(connection, person.id)
            theirs = people.enrol(connection, self._vault, platform, address, person, self._now())
        if back:
            self._forgotten.lift(person.id)
        return theirs

    def add_entry(self, person_id: PersonId, entry: Entry) -> None:
        with self._database.writing(person_id) as connection:
            logbook.add(connection, people.sealer(connection, self._vault, person_id), entry)

    def add_intention(self, person_id: PersonId, intention: Intention) -> None:
        with self._database.writing(person_id) as connection:
            planned = Plan(intention.id, intention.text, due=intention.due)
            logbook.plan(connection, people.sealer(connection, self._vault, person_id), planned, intention.made)

    def set_due(self, person_id: PersonId, kind: DueKind, ref: str, at: datetime) -> None:
        with self._database.writing(person_id) as connection:
            clock.put(connection, DueRow(person_id, kind, ref, at))

    def agree(self, person_id: PersonId, consent: Consent) -> None:
        with self._database.writing(person_id) as connection:
            people.consent(connection, person_id, consent, self._now())

    # --- the logbook as a whole

    def verify(self, person_id: PersonId) -> chain.Break | None:
        """The first thing in a person's logbook that is not as it was written; None when all of it is."""
        with self._database.reading(person_id) as connection:
            return chain.verify(connection, people.sealer(connection, self._vault, person_id))

    def record(self, person_id: PersonId) -> export.Record:
        """Everything of a person's, as it is taken elsewhere."""
        with self._database.reading(person_id) as connection:
            return export.record_of(connection, people.known(connection, self._vault, person_id))

    def restore(self, record: export.Record) -> PersonId:
        """Takes in everything of a person's who is not here. Raises export.Refused, and then nothing has changed."""
        with self._database.writing(HOUSE) as connection:
            person = export.restore(connection, self._vault, record)
            erasing.welcome(connection, person)
        self._forgotten.lift(person)
        return person
