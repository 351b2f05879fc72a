"""Looking after the whole: erasing people, the keys, the state of things, and the workspaces that let the coach in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.model import PersonId
from storage import checkup, clock, erasing, people, rotation, wall, workspaces
from storage.database import HOUSE
from storage.ground import Ground

_NOTICE = timedelta(days=30)  # between the word that nobody has written for long, and the erasure
_MONTH = timedelta(days=30.44)


class Care(Ground):
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

    # --- workspaces

    def slack_install(self, team: str, token: str, at: datetime) -> None:
        with self._database.writing(HOUSE) as connection:
            workspaces.install(connection, self._vault, team, token, at)

    def slack_token(self, team: str) -> str | None:
        with self._database.reading(HOUSE) as connection:
            return workspaces.token_of(connection, self._vault, team)

    def slack_teams(self) -> list[str]:
        """The workspaces that have installed the coach."""
        with self._database.reading(HOUSE) as connection:
            return workspaces.teams(connection)

    def slack_uninstall(self, team: str, at: datetime) -> None:
        """The token is gone at once, unless the workspace was installed anew after `at`."""
        with self._database.writing(HOUSE) as connection:
            workspaces.uninstall(connection, team, at)
        self._vault.drop_keys()
        self._database.sweep()
