"""Whether the second wall between people stands: PostgreSQL's row-level security, which hides other people's rows from a statement that
forgot to ask for one person's alone. SQLite has nothing of the kind.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import text

from storage.database import HOUSE, Database
from storage.tables import PEOPLES

_ROLE = text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
_TABLES = text(
    "SELECT relname FROM pg_class WHERE oid = ANY (SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name)"
    " AND NOT (relrowsecurity AND relforcerowsecurity"
    " AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'wall'))"
    " ORDER BY relname"
)


def gaps(database: Database) -> Iterator[str]:
    """What lets somebody through, each with its remedy."""
    if database.is_sqlite:
        return
    with database.reading(HOUSE) as connection:
        role = connection.execute(_ROLE).one()
        open_tables = list(connection.scalars(_TABLES, {"tables": [table.name for table in PEOPLES]}))
    if role.rolsuper or role.rolbypassrls:
        what = "a superuser" if role.rolsuper else "a role with BYPASSRLS"
        yield f"{role.rolname} is {what}, for whom row-level security does not hold; let BROKERCOACH_DATABASE name an ordinary role"
    if open_tables:
        alter = "; ".join(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY" for table in open_tables)
        yield f"row-level security is off for {', '.join(open_tables)}; as their owner: {alter}"
