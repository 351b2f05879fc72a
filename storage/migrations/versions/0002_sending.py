"""What sending needs to know: when a letter may be tried again, how often it was, and where nobody is reached any more"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("addresses", sa.Column("unreachable_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_inbox_undone_of",
        "inbox",
        ["person_id", "seq"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_inbox_undone_of", "inbox")
    # SQLite drops columns itself since 3.35; rebuilding the tables would take what refers to them along
    op.drop_column("addresses", "unreachable_at")
    op.drop_column("outbox", "tries")
    op.drop_column("outbox", "not_before")
