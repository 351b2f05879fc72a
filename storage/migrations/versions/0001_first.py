"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "persons",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("profile", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_persons"),
    )
    op.create_table(
        "addresses",
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("address_blind", sa.String(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_addresses_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("platform", "address_blind", name="pk_addresses"),
    )
    op.create_index("ix_addresses_person_id", "addresses", ["person_id"])
    op.create_table(
        "audit",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_audit_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_person_id", "audit", ["person_id"])
    op.create_table(
        "consents",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_consents_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
    )
    op.create_index("ix_consents_person_id", "consents", ["person_id"])
    op.create_table(
        "conversations",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_conversations_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", name="pk_conversations"),
    )
    op.create_table(
        "due",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_fired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_due_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "kind", "ref", name="pk_due"),
    )
    op.create_index("ix_due_at", "due", ["at"])
    op.create_table(
        "inbox",
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_inbox_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_inbox"),
        sa.UniqueConstraint("key", name="uq_inbox_key"),
    )
    op.create_index("ix_inbox_person_id", "inbox", ["person_id"])
    op.create_index(
        "ix_inbox_undone", "inbox", ["seq"], sqlite_where=sa.text("done_at IS NULL"), postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_table(
        "intentions",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_intentions_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "id", name="pk_intentions"),
    )
    op.create_table(
        "outbox",
        sa.Column("seq", _NUMBER, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_outbox_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_person_id", "outbox", ["person_id"])
    op.create_index("ix_outbox_unsent", "outbox", ["platform", "state", "seq"])
    op.create_table(
        "partnerships",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_partnerships_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_partnerships"),
    )
    op.create_index("ix_partnerships_person_id", "partnerships", ["person_id"])
    op.create_table(
        "entries",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("guide", sa.String(), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("energy", sa.String(), nullable=True),
        sa.Column("partnership_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnerships.id"], name="fk_entries_partnership_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_entries_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "id", name="pk_entries"),
    )
    op.create_index("ix_entries_partnership_id", "entries", ["partnership_id"])
    op.create_index("ix_entries_person_id_event_date", "entries", ["person_id", "event_date"])
    op.create_table(
        "partnership_phases",
        sa.Column("partnership_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["partnership_id"], ["partnerships.id"], name="fk_partnership_phases_partnership_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_partnership_phases_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("partnership_id", "position", name="pk_partnership_phases"),
    )
    op.create_index("ix_partnership_phases_person_id", "partnership_phases", ["person_id"])
    op.create_table(
        "revisions",
        sa.Column("person_id", sa.String(), nullable=False),
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id", "entry_id"], ["entries.person_id", "entries.id"], name="fk_revisions_person_id_entry_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name="fk_revisions_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "entry_id", "n", name="pk_revisions"),
    )


def downgrade() -> None:
    op.drop_table("revisions")
    op.drop_table("partnership_phases")
    op.drop_table("entries")
    op.drop_table("partnerships")
    op.drop_table("outbox")
    op.drop_table("intentions")
    op.drop_table("inbox")
    op.drop_table("due")
    op.drop_table("conversations")
    op.drop_table("consents")
    op.drop_table("audit")
    op.drop_table("addresses")
    op.drop_table("persons")
