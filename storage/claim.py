"""The right to be the only one that does something on a database: taking turns, or being one platform account's voice.

It ends with the process that holds it, however that ends: on PostgreSQL it is a session's advisory lock, with SQLite a locked
file beside the database.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database
from storage.faults import StoreDown


class Claim:
    """Not for several threads at once."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._connection: Connection | None = None
        self._file: int | None = None

    def take(self) -> bool:
        """Whether it is ours now. False: somebody else has it. Raises StoreDown."""
        return self._lock_file() if self._database.is_sqlite else self._lock("pg_try_advisory_lock")

    def share(self) -> bool:
        """Whether it is ours together with others who share it. False: somebody has it alone. For PostgreSQL; raises StoreDown."""
        return self._lock("pg_try_advisory_lock_shared")

    def _lock(self, function: str) -> bool:
        if self.held():
            return True
        with self._database.told():
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            # a session's lock must not go back to the pool with its connection
            connection.detach()
            self._connection = connection
            got = bool(connection.scalar(text(f"SELECT {function}(:name)"), {"name": self._number()}))
        if not got:
            self.drop()
        return got

    def held(self) -> bool:
        """Whether it is still ours: a connection that was lost has lost it."""
        if self._connection is None:
            return self._file is not None
        try:
            self._connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            self.drop()
            return False
        return True

    def drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    def _number(self) -> int:
        return int.from_bytes(blake2b(f"brokercoach|{self._name}".encode(), digest_size=8).digest(), "big", signed=True)

    def _lock_file(self) -> bool:
        if self._file is not None:
            return True
        try:
            import fcntl
        except ImportError:  # Windows: nothing to lock with, so the operator has to see to it
            return True
        path = Path(f"{self._database.place}.{self._name}")
        try:
            file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreDown(f"{path} cannot be made ({error.strerror}); make its folder writable for this user") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True
