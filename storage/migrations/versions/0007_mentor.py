"""What is shown to a mentor, what the mentor says about it, and codes that make somebody a mentor"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PERSON = "nullif((SELECT current_setting('brokercoach.person', true)), '')"
HOUSE = "(SELECT current_setting('brokercoach.house', true)) = 'on'"


def _person(table: str, column: str = "person_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["persons.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def upgrade() -> None:
    op.add_column("link_codes", sa.Column("makes", sa.String(), nullable=False, server_default="door"))
    op.create_table(
        "mentors",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("mentor_id", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("aliases", sa.LargeBinary(), nullable=True),
        _person("mentors"),
        _person("mentors", "mentor_id"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_mentors")),
    )
    op.create_index(op.f("ix_mentors_mentor_id"), "mentors", ["mentor_id"])
    op.create_table(
        "shares",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("mentor_id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _person("shares"),
        _person("shares", "mentor_id"),
        sa.ForeignKeyConstraint(
            ["person_id", "entry_id"], ["entries.person_id", "entries.id"], name=op.f("fk_shares_person_id_entry_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
    )
    op.create_index(op.f("ix_shares_person_id_entry_id"), "shares", ["person_id", "entry_id"])
    op.create_index(op.f("ix_shares_mentor_id"), "shares", ["mentor_id"])
    op.create_table(
        "comments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("mentor_id", sa.String(), nullable=False),
        sa.Column("share_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _person("comments"),
        _person("comments", "mentor_id"),
        sa.ForeignKeyConstraint(["share_id"], ["shares.id"], name=op.f("fk_comments_share_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    for column in ("person_id", "mentor_id", "share_id"):
        op.create_index(op.f(f"ix_comments_{column}"), "comments", [column])
    if op.get_bind().dialect.name == "postgresql":
        # A mentor sees that something is shown to them, and may part from it; its key, and so its words, are the owner's.
        for table, seen in (("mentors", f" OR mentor_id = {PERSON}"), ("shares", f" OR mentor_id = {PERSON}"), ("comments", "")):
            own = f"person_id = {PERSON} OR {HOUSE}"
            op.execute(f"CREATE POLICY wall ON {table} USING ({own}{seen}) WITH CHECK ({own})")
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    op.drop_table("comments")
    op.drop_table("shares")
    op.drop_table("mentors")
    op.drop_column("link_codes", "makes")
