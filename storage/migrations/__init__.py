"""The schema's history, and how a database is brought up to date.

A start with an up-to-date database does not load alembic. A migration runs whole or not at all, on SQLite too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from storage.database import HOUSE, begin, see
from storage.faults import StoreDown

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0007"  # the newest revision; a test holds it to what stands in versions/
_LOCK = 0x62726F6B  # PostgreSQL advisory lock under which one process migrates while others wait; "brok"


def revision(engine: Engine) -> str | None:
    """The revision a database has; None for a database that has no schema yet."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def upgrade(engine: Engine, then: Callable[[Connection], None] = lambda _: None) -> None:
    """Brings the database to HEAD. Refuses one that a newer version of brokercoach has changed.

    `then` brings sealed content up to date, which takes keys, after the schema and in the same transaction.
    """
    if revision(engine) == HEAD:
        return
    from alembic import command
    from alembic.script import ScriptDirectory

    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Batch operations rebuild a table by dropping it, which would take every row that refers to it along.
            # Only heard outside a transaction, so it goes past SQLAlchemy; and the connection is not handed on afterwards.
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
            connection.detach()
        with connection.begin():
            begin(connection, writes=True)
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            see(connection, HOUSE)  # row-level security holds for the owner of the tables too
            settings = config(connection)
            has = _revision(connection)
            if has is not None and has not in {each.revision for each in ScriptDirectory.from_config(settings).walk_revisions()}:
                raise StoreDown(
                    f"the database has schema {has}, this version of brokercoach knows {HEAD} and older; install the newer version"
                )
            command.upgrade(settings, "head")
            then(connection)


def config(connection: Connection) -> Config:
    """Alembic's settings for a connection in a transaction, which the caller commits."""
    from alembic.config import Config

    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    return settings
