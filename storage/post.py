"""What comes in and what goes out: the store's inbox and outbox, by key, for whoever takes turns and whoever sends."""

from __future__ import annotations

from datetime import datetime

from bot.model import Inbound, Letter, Message, Person, PersonId, Platform
from storage import dispatch, erasing, mail, people
from storage.database import HOUSE
from storage.dispatch import Standing, Waiting
from storage.faults import NoSuchPerson
from storage.ground import Ground


class Post(Ground):
    def accept(self, inbound: Inbound) -> tuple[str, PersonId]:
        """Takes a message in, once, and enrols whoever sent it. Its turn may be taken at once; the platform is told that we have it only
        after `for_good`.
        """
        with self._database.committing(HOUSE) as connection:
            here = people.used(connection, self._vault, inbound.platform, inbound.address, inbound.at)
            if here is None or here.bears_letter:
                gone = erasing.asked_in(connection, self._vault.blind(mail.inbox_key(inbound)).hex())
                if gone is not None:  # the message that they were forgotten by, handed over once more
                    return mail.inbox_key(inbound), gone
            if here is None:
                stranger = Person(PersonId(""), language=inbound.language or "en")
                theirs = people.enrol(connection, self._vault, inbound.platform, inbound.address, stranger, inbound.at)
                sealer = people.sealer(connection, self._vault, theirs)
            else:
                sealer = here.sealer
                if here.bears_letter:
                    erasing.stay(connection, sealer.person)
            return mail.take_in(connection, sealer, inbound), sealer.person

    def for_good(self) -> None:
        """Returns once all that was stored so far would outlast a power loss."""
        self._database.for_good()

    def pending(self, person_id: PersonId | None = None, limit: int | None = None) -> list[tuple[str, PersonId]]:
        """Undone messages in order of arrival, everybody's or one person's."""
        with self._database.reading(HOUSE if person_id is None else person_id) as connection:
            return mail.undone(connection, person_id, limit)

    def waited_for(self) -> list[PersonId]:
        """Who has undone messages, whoever has waited longest first."""
        with self._database.reading(HOUSE) as connection:
            return mail.waited_for(connection)

    def failed(self, inbox_key: str) -> int:
        """Counts a try that came to nothing; how many there were, or 0 when the message is done or unknown."""
        with self._database.writing(HOUSE) as connection:
            return mail.failed(connection, inbox_key)

    def set_aside(self, inbox_key: str) -> None:
        """Gives up on a message: done, though unanswered."""
        with self._database.writing(HOUSE) as connection:
            mail.set_aside(connection, inbox_key, self._now())

    # --- what goes out

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
            erased = mail.sent(connection, key, at) and erasing.letter_gone(connection, key, at)
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

    def of_the_clock(self) -> dict[Platform, int]:
        """How many letters wait on each platform that no message of anybody led to."""
        with self._database.reading(HOUSE) as connection:
            return dispatch.of_the_clock(connection)

    def dispatch(self, key: str) -> Letter | None:
        """The letter, marked as `sending`: from here on it may have arrived. None when there is nothing to send any more.

        The mark outlasts this process; after a power loss between it and `sent` a letter may be sent again without being marked.
        """
        with self._database.committing(HOUSE) as connection:
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
