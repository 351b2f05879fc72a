"""Changing the key: every data key is wrapped anew with a new one. What people wrote is not touched.

    new key in the file, the old one beside it  →  data keys wrapped anew, a batch a transaction  →  none is left  →  the old one goes

Killed anywhere, the file holds every key that is needed, and starting again goes on. Whoever writes meanwhile reads the file anew as soon
as it changes (vault.py). The last look and the removal of the old key happen while nobody can add a data key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Column, Connection, Table, select, text, update

from storage.database import HOUSE, Database
from storage.tables import persons, workspaces
from storage.vault import Vault
from storage.workspaces import owner_of

BATCH = 200


def rotate(database: Database, vault: Vault, progress: Callable[[int, int], None]) -> int:
    vault.begin_rotation()
    with database.reading(HOUSE) as connection:
        everything = sum(1 for _ in _wrapped(connection))
    done = 0
    while True:
        with database.writing(HOUSE) as connection:
            batch = _rewrap(connection, vault, BATCH)
        done += batch
        progress(done, max(done, everything))
        if not batch and _ended(database, vault):
            break
    vault.drop_keys()
    return done


def _ended(database: Database, vault: Vault) -> bool:
    """Lets go of the old key if nothing is wrapped with it. Whoever adds a data key looks once more, after the row is in (people.enrol)."""
    with database.writing(HOUSE) as connection:
        if not database.is_sqlite:  # SQLite has one writer, and that is us
            connection.execute(text("LOCK TABLE persons, workspaces IN SHARE ROW EXCLUSIVE MODE"))
        left = any(vault.rewrap(owner, wrapped) is not None for _, _, _, owner, wrapped in _wrapped(connection))
        if not left:
            vault.end_rotation()
        return not left


def _wrapped(connection: Connection) -> Iterator[tuple[Table, Column[str], str, str, bytes]]:
    """Every wrapped data key: its table, the column that names its row, that name, whom it is bound to, and itself."""
    for person_id, wrapped in connection.execute(select(persons.c.id, persons.c.wrapped_key)):
        yield persons, persons.c.id, person_id, person_id, wrapped
    for team, wrapped in connection.execute(select(workspaces.c.team, workspaces.c.wrapped_key)):
        yield workspaces, workspaces.c.team, team, owner_of(team), wrapped


def _rewrap(connection: Connection, vault: Vault, limit: int | None) -> int:
    done = 0
    for table, column, name, owner, wrapped in list(_wrapped(connection)):
        anew = vault.rewrap(owner, wrapped)
        if anew is not None:
            connection.execute(update(table).where(column == name, table.c.wrapped_key == wrapped).values(wrapped_key=anew))
            done += 1
            if done == limit:
                break
    return done
