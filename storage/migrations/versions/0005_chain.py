"""The logbook's chain of originals, and what an entry is marked with: people, themes, the phase at the time"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revisions", sa.Column("seq", sa.Integer(), nullable=True))
    op.add_column("revisions", sa.Column("prev_hash", sa.String(), nullable=True))
    op.add_column("revisions", sa.Column("hash", sa.String(), nullable=True))
    op.create_index("uq_revisions_person_id_seq", "revisions", ["person_id", "seq"], unique=True)
    op.add_column("entries", sa.Column("marks", sa.LargeBinary(), nullable=True))
    op.create_table(
        "chains",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_chains_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_chains")),
    )


def downgrade() -> None:
    op.drop_table("chains")
    op.drop_column("entries", "marks")
    op.drop_index("uq_revisions_person_id_seq", "revisions")
    op.drop_column("revisions", "hash")
    op.drop_column("revisions", "prev_hash")
    op.drop_column("revisions", "seq")
