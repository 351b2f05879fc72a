"""Finds what is wrong with a store: damage, an unknown schema, a key that does not fit, spoilt fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, select

from storage import migrations
from storage.database import HOUSE, Database
from storage.faults import StoreDown
from storage.tables import metadata, persons
from storage.values import Sealer
from storage.vault import Vault

# every sealed column says in its info which columns tell its rows apart, so that a new one is looked after by itself
SEALED: tuple[Column[Any], ...] = tuple(column for table in metadata.sorted_tables for column in table.columns if "row" in column.info)


def faults(database: Database, vault: Vault) -> list[str]:
    try:
        found = database.integrity()
        with database.told():
            has = migrations.revision(database.engine)
        if has != migrations.HEAD:
            return [*found, f"the database has schema {has}, this version of brokercoach works with {migrations.HEAD}"]
        with database.reading(HOUSE) as connection:
            return [*found, *_spoilt(connection, vault)]
    except StoreDown as error:
        return [str(error)]


def _spoilt(connection: Connection, vault: Vault) -> Iterator[str]:
    for row in connection.execute(select(persons.c.id, persons.c.wrapped_key)).all():
        try:
            sealer = Sealer(row.id, vault.unwrap(row.id, row.wrapped_key))
        except StoreDown as error:
            yield str(error)
            continue
        for column in SEALED:
            yield from _spoilt_in(connection, sealer, column)


def _spoilt_in(connection: Connection, sealer: Sealer, column: Column[Any]) -> Iterator[str]:
    table = column.table
    owner = table.c.id if table is persons else table.c.person_id
    place = [table.c[name] for name in column.info["row"]]
    for sealed, *row in connection.execute(select(column, *place).where(owner == sealer.person, column.is_not(None))):
        try:
            sealer.open(column, sealed, *row)
        except StoreDown as error:
            yield str(error)
