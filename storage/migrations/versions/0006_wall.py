"""A second wall between people, on PostgreSQL: a transaction sees the rows of the person it names, or says that it is the house's"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PEOPLES = (
    "addresses", "audit", "chains", "consents", "conversations", "due", "entries", "inbox", "intentions", "link_codes", "outbox",
    "partnership_phases", "partnerships", "revisions",
)  # fmt: skip

# In brackets with SELECT both settings are read once a statement, not once a row. Neither is there in a session that never named one,
# and both are empty after the transaction that did: then nothing is seen.
PERSON = "nullif((SELECT current_setting('brokercoach.person', true)), '')"
HOUSE = "(SELECT current_setting('brokercoach.house', true)) = 'on'"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, owner in (("persons", "id"), *((table, "person_id") for table in PEOPLES)):
        op.execute(f"CREATE POLICY wall ON {table} USING ({owner} = {PERSON} OR {HOUSE})")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")  # else it does not hold for the owner, which the program is


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in ("persons", *PEOPLES):
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        op.execute(f"DROP POLICY wall ON {table}")
