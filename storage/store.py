"""The one door to what the coach remembers.

Every method is one transaction (`unsent` is two, and whatever erases sweeps up after its own). Methods are synchronous and may be
called from any thread. Whatever the database cannot do leaves here as StoreDown, with a remedy and without private text.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    Letter,
    Mentor,
    Message,
    Person,
    PersonId,
    Plan,
    Platform,
    Remark,
    Shown,
    Turn,
    Upcoming,
)
from storage import (
    chain,
    checkup,
    clock,
    dispatch,
    erasing,
    export,
    linking,
    logbook,
    mail,
    migrations,
    people,
    rotation,
    sharing,
    turns,
    usage,
    wall,
    workspaces,
)
from storage.claim import Claim
from storage.clock import DueRow
from storage.database import HOUSE, Database, see
from storage.dispatch import Standing, Waiting
from storage.erasing import Forgotten
from storage.faults import NoSuchPerson, StoreDown, Unreadable, VaultLocked
from storage.tables import persons
from storage.turns import Saved
from storage.values import readable
from storage.vault import Vault

__all__ = ["DueRow", "Gathered", "NoSuchPerson", "Saved", "Standing", "Store", "StoreDown", "Unreadable", "VaultLocked", "Waiting"]

_ENTRIES_AT_HAND = 30  # a month of daily entries: as far back as a turn looks
_DOINGS_AT_HAND = 20  # what was done with somebody's data, as far back as a turn looks
_NOTICE = timedelta(days=30)  # between the word that nobody has written for long, and the erasure
_MONTH = timedelta(days=30.44)

log = logging.getLogger(__name__)


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


class Store:
    def __init__(
        self, database: Database, vault: Vault, forgotten: Forgotten, clock: Callable[[], datetime] = _now, retention: int = 0
    ) -> None:
        """For `open`."""
        self._database = database
        self._vault = vault
        self._forgotten = forgotten
        self._now = clock
        self._retention = retention

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

    def close(self) -> None:
        self._database.close()

    def claim(self, name: str) -> Claim:
        """The right to be the only process that does what `name` says; to be taken, and dropped."""
        return Claim(self._database, name)

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

    # --- what comes in

    def accept(self, inbound: Inbound) -> tuple[str, PersonId]:
        """Takes a message in, once, and enrols whoever sent it. To be called before the platform is told that we have it."""
        with self._database.writing(HOUSE) as connection:
            here = people.at_address(connection, self._vault, inbound.platform, inbound.address)
            bearer = here is not None and erasing.bears_letter(connection, here)
            if here is None or bearer:
                gone = erasing.asked_in(connection, self._vault.blind(mail.inbox_key(inbound)).hex())
                if gone is not None:  # the message that they were forgotten by, handed over once more
                    return mail.inbox_key(inbound), gone
            if here is not None and bearer:
                erasing.stay(connection, here)
            stranger = Person(PersonId(""), language=inbound.language or "en")
            person_id = people.enrol(connection, self._vault, inbound.platform, inbound.address, stranger, inbound.at)
            people.used(connection, self._vault, inbound.platform, inbound.address, inbound.at)
            return mail.take_in(connection, people.sealer(connection, self._vault, person_id), inbound), person_id

    def pending(self, person_id: PersonId | None = None, limit: int | None = None) -> list[tuple[str, PersonId]]:
        """Undone messages in order of arrival, everybody's or one person's."""
        with self._database.reading(HOUSE if person_id is None else person_id) as connection:
            return mail.undone(connection, person_id, limit)

    def waited_for(self) -> list[PersonId]:
        """Who has undone messages, whoever has waited longest first."""
        with self._database.reading(HOUSE) as connection:
            return mail.waited_for(connection)

    def inbound(self, key: str) -> Inbound | None:
        """None when it is done or unknown."""
        with self._database.reading(HOUSE) as connection:
            return mail.read(connection, self._vault, key)

    def failed(self, inbox_key: str) -> int:
        """Counts a try that came to nothing; how many there were, or 0 when the message is done or unknown."""
        with self._database.writing(HOUSE) as connection:
            return mail.failed(connection, inbox_key)

    def set_aside(self, inbox_key: str) -> None:
        """Gives up on a message: done, though unanswered."""
        with self._database.writing(HOUSE) as connection:
            mail.set_aside(connection, inbox_key, self._now())

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

    def gather(self, person_id: PersonId) -> Gathered:
        with self._database.reading(person_id) as connection:
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
                doings=people.doings(connection, person_id, _DOINGS_AT_HAND),
                doors=people.platforms_of(connection, person_id),
                mentor=sharing.mentor_of(connection, self._vault, known.sealer),
                shown=sharing.shown_to(connection, self._vault, person_id),
            )

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

        `version` is the one that `gather` gave; without a `platform`, letters go where the person wrote from last.
        """
        try:
            with self._database.writing(person_id) as connection:
                sealer = people.sealer(connection, self._vault, person_id)
                saved = turns.store(connection, self._vault, sealer, turn, version, at, turns.Cause(inbox_key, due), platform)
        except (turns.Overtaken, NoSuchPerson):
            return None
        if saved.erased:
            with self._swept():
                self._finish_erasures()
        return saved

    def settle(self, person_id: PersonId, key: str, message: Message | None = None) -> bool:
        """Lets a letter go out that waited for a model's wording, in these words or as it was; False when it has gone."""
        try:
            with self._database.writing(person_id) as connection:
                return mail.settle(connection, people.sealer(connection, self._vault, person_id), key, message)
        except NoSuchPerson:
            return False

    def release(self, before: datetime) -> int:
        """Lets letters of before then go out as they were, because whoever waited for their wording is gone; how many."""
        with self._database.writing(HOUSE) as connection:
            return mail.release(connection, before)

    # --- what a model costs

    def spend(self, person_id: PersonId, tokens: int) -> None:
        try:
            with self._database.writing(person_id) as connection:
                people.sealer(connection, self._vault, person_id)
                usage.spend(connection, person_id, tokens, self._now())
        except NoSuchPerson:
            pass

    def spent(self, since: datetime, person_id: PersonId | None = None) -> int:
        """Tokens since then, of one person or of everybody."""
        with self._database.reading(HOUSE if person_id is None else person_id) as connection:
            return usage.spent(connection, since, person_id)

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

    def due(self, now: datetime, limit: int = 500, person_id: PersonId | None = None) -> list[DueRow]:
        """What has fallen due, for everybody or one person. Nothing does for somebody who is reached nowhere any more."""
        with self._database.reading(HOUSE if person_id is None else person_id) as connection:
            return clock.at_most(connection, now, limit, person_id)

    def next_due(self) -> datetime | None:
        with self._database.reading(HOUSE) as connection:
            return clock.next_at(connection)

    def due_of(self, person_id: PersonId) -> list[DueRow]:
        with self._database.reading(person_id) as connection:
            return clock.of_person(connection, person_id)

    # --- what goes out

    def unsent(self, platform: Platform, address: str | None = None) -> list[Letter]:
        """Letters to be sent, in order, of everybody on the platform or of one address alone.

        Whoever sends must be alone there: what is found in `sending` counts as crashed.
        """
        with self._database.reading(HOUSE) as connection:
            person = None if address is None else people.at_address(connection, self._vault, platform, address)
            if address is not None and person is None:
                return []
            found = mail.unsent(connection, self._vault, platform, person)
        if found.again or found.let_go:
            with self._database.writing(HOUSE) as connection:
                mail.clear_up(connection, found)
        return found.letters

    def sending(self, key: str) -> None:
        """To be called before the platform is: from here on the letter may have arrived."""
        with self._database.writing(HOUSE) as connection:
            mail.sending(connection, key)

    def sent(self, key: str, at: datetime) -> None:
        with self._database.writing(HOUSE) as connection:
            mail.sent(connection, key, at)
            erased = erasing.letter_gone(connection, key, at)
        if erased:
            with self._swept():
                self._sweep()

    def take_up(self, platform: Platform) -> None:
        """What a crash left in `sending` on a platform: a reply goes out again, marked; a nudge or reminder is let go.

        Whoever sends on this platform calls it once, before anything else, and must be alone there.
        """
        with self._database.writing(HOUSE) as connection:
            dispatch.take_up(connection, self._vault, platform)

    def waiting(self, platform: Platform, after: int = 0, limit: int = 1000) -> list[Waiting]:
        """Unsent letters by key, in order, those laid out after row `after`."""
        with self._database.reading(HOUSE) as connection:
            return dispatch.waiting(connection, platform, after, limit)

    def dispatch(self, key: str) -> Letter | None:
        """The letter, marked as `sending`: from here on it may have arrived. None when there is nothing to send any more."""
        with self._database.writing(HOUSE) as connection:
            return dispatch.dispatch(connection, self._vault, key)

    def put_back(self, key: str, not_before: datetime, *, uncertain: bool = False) -> bool:
        """Out of `sending` again: it did not arrive, or nobody knows. False: let go, because it may come once only and nobody knows."""
        with self._database.writing(HOUSE) as connection:
            return dispatch.put_back(connection, self._vault, key, not_before, uncertain=uncertain)

    def let_go(self, key: str) -> None:
        """Gives up on a letter."""
        with self._database.writing(HOUSE) as connection:
            dispatch.give_up(connection, key)

    def unreachable(self, platform: Platform, address: str, at: datetime) -> int:
        """Nobody is there any more: letters for it are let go (how many), until somebody writes from it nothing falls due."""
        with self._database.writing(HOUSE) as connection:
            person_id = people.unreachable(connection, self._vault, platform, address, at)
            return 0 if person_id is None else dispatch.let_go(connection, platform, person_id)

    # --- how things stand, in numbers

    def oldest_undone(self) -> datetime | None:
        """When the message that has waited longest for its turn arrived."""
        with self._database.reading(HOUSE) as connection:
            return mail.oldest_undone(connection)

    def standing(self) -> Standing:
        with self._database.reading(HOUSE) as connection:
            return dispatch.standing(connection)

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

    # --- the workspaces that let the coach in

    def slack_install(self, team: str, token: str, at: datetime) -> None:
        with self._database.writing(HOUSE) as connection:
            workspaces.install(connection, self._vault, team, token, at)

    def slack_token(self, team: str) -> str | None:
        with self._database.reading(HOUSE) as connection:
            return workspaces.token_of(connection, self._vault, team)

    def slack_uninstall(self, team: str, at: datetime) -> None:
        """The token is gone at once, unless the workspace was installed anew after `at`."""
        with self._database.writing(HOUSE) as connection:
            workspaces.uninstall(connection, team, at)
        self._vault.drop_keys()
        self._database.sweep()

    # --- care

    def forget(self, person_id: PersonId) -> dict[str, int]:
        """Erases a person with their key, and says how many rows of each table that was. May be repeated until it succeeds.

        That it was begun is written down first: when it is interrupted, the next start ends it.
        """
        with self._database.writing(person_id) as connection:
            erasing.begin(connection, person_id, self._now())
        with self._database.writing(HOUSE) as connection:
            receipt = erasing.erase(connection, person_id, self._now())
        self._finish_erasures()
        return receipt

    def _finish_erasures(self) -> None:
        """What is left to do once the rows are gone: the ids beside the key, the keys in memory, the write-ahead log."""
        with self._database.reading(HOUSE) as connection:
            begun = erasing.unfinished(connection)
            here = erasing.those_back(connection, set(begun))
        gone = [person_id for person_id in begun if person_id not in here]
        self._forgotten.add(sorted(set(gone) - self._forgotten.ids()))
        self._sweep()
        with self._database.writing(HOUSE) as connection:
            erasing.finish(connection, gone, self._now())

    def _sweep(self) -> None:
        self._vault.drop_keys()
        self._database.sweep()

    @contextmanager
    def _swept(self) -> Iterator[None]:
        """A sweep that cannot be done just now is done later, by `keep_house` or the next start; what it is for is gone from the tables."""
        try:
            yield
        except StoreDown as error:
            log.warning("%s", error)

    def keep_house(self, at: datetime) -> None:
        """Ends what erasures were left undone, and marks those who have not written for as many months as `retention` says."""
        with self._database.reading(HOUSE) as connection:
            undone = erasing.unfinished(connection)
        for person_id in undone:
            self.forget(person_id)
        with self._database.writing(HOUSE) as connection:
            erased = erasing.errands_done(connection, at)
            if self._retention:
                clock.mark_idle(connection, at - self._retention * _MONTH, at, _NOTICE)
        if erased:
            self._sweep()

    def looked(self, person_id: PersonId, act: str) -> None:
        """Writes down that somebody who runs this did something with a person's data: what, and when. The person can ask to see it."""
        with self._database.writing(person_id) as connection:
            people.note(connection, person_id, act, self._now())

    def rotate_keys(self, progress: Callable[[int, int], None] = lambda _done, _everything: None) -> int:
        """Wraps everybody's data key with a new key; how many. May be repeated until it succeeds, and while others write."""
        return rotation.rotate(self._database, self._vault, progress)

    def check(self) -> list[str]:
        """What is wrong with the store, in words; nothing when all is well."""
        return checkup.faults(self._database, self._vault)

    def gaps(self) -> list[str]:
        """What lets a statement that forgot whose rows it wants see another's, in words; nothing where the database keeps people apart."""
        return list(wall.gaps(self._database))
