"""Ticket groups

Several tickets on one card: a conversation, near-identical posts, a spike. Each ticket keeps its own state.

Revision: 0020
Follows: 0019
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TAKING = sa.text("closed_at IS NULL")
STALE = sa.text("drawn_revision < revision OR redraw_at IS NOT NULL")
GROUPED = sa.text("group_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "ticket_groups",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("taking_until", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("joined", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("drawn_revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("redraw_at", Moment(), nullable=True),
        sa.Column("stale_since", Moment(), nullable=True),
        sa.Column("overdue_told_at", Moment(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("placing_since", Moment(), nullable=True),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('conversation', 'near-identical posts', 'spike')", name=op.f("ck_ticket_groups_kind")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_groups")),
        sa.UniqueConstraint("channel", "ts", name=op.f("uq_ticket_groups_channel_ts")),
        sa.UniqueConstraint("key", name=op.f("uq_ticket_groups_key")),
    )
    op.create_index(
        "uq_ticket_groups_taking",
        "ticket_groups",
        ["channel", "kind", "network", "subject"],
        unique=True,
        sqlite_where=TAKING,
        postgresql_where=TAKING,
    )
    op.create_index(
        "ix_ticket_groups_stale", "ticket_groups", ["id"], sqlite_where=STALE, postgresql_where=STALE
    )
    op.create_table(
        "group_closings",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("group_id", BigKey, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("closed_ids", sa.JSON(), nullable=False),
        sa.Column("undo_until", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["ticket_groups.id"], name=op.f("fk_group_closings_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_closings")),
        sa.UniqueConstraint("key", name=op.f("uq_group_closings_key")),
    )
    op.create_index("ix_group_closings_group_id", "group_closings", ["group_id"])
    op.add_column("tickets", sa.Column("group_id", BigKey, nullable=True))
    op.add_column("tickets", sa.Column("keeps_card", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_tickets_group_id", "tickets", ["group_id"], sqlite_where=GROUPED, postgresql_where=GROUPED
    )


def downgrade() -> None:
    # Each of them gets a card of its own.
    op.execute("UPDATE tickets SET revision = revision + 1 WHERE group_id IS NOT NULL")
    op.drop_index("ix_tickets_group_id", "tickets")
    op.drop_column("tickets", "group_id")
    op.drop_column("tickets", "keeps_card")
    op.drop_table("group_closings")
    op.drop_index("ix_ticket_groups_stale", "ticket_groups")
    op.drop_index("uq_ticket_groups_taking", "ticket_groups")
    op.drop_table("ticket_groups")
