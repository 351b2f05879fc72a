"""What every part of the store stands on: the database, the keys, and the list of those who were forgotten."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from storage.claim import Claim
from storage.database import Database
from storage.erasing import Forgotten
from storage.faults import StoreDown
from storage.vault import Vault

log = logging.getLogger(__name__)


class Ground:
    def __init__(self, database: Database, vault: Vault, forgotten: Forgotten, clock: Callable[[], datetime], retention: int) -> None:
        """For `Store.open`."""
        self._database = database
        self._vault = vault
        self._forgotten = forgotten
        self._now = clock
        self._retention = retention

    def close(self) -> None:
        self._database.close()

    def claim(self, name: str) -> Claim:
        """The right to be the only process that does what `name` says; to be taken, and dropped."""
        return Claim(self._database, name)

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
