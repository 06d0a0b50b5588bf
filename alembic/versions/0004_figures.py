"""Figures

Indexes for the figures of a period, and daily histograms for long ones.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NO_TICKET = "first_reply_at IS NOT NULL AND first_reply_open IS NULL"
NO_TURN = "outcome = 'answered' AND answered_open IS NULL"


def upgrade() -> None:
    op.create_index(op.f("ix_tickets_opened_at"), "tickets", ["opened_at"])
    op.create_index(op.f("ix_mentions_posted_at_network"), "mentions", ["posted_at", "network"])
    for table, condition in (("tickets", NO_TICKET), ("turns", NO_TURN)):
        where = sa.text(condition)
        op.create_index(f"ix_{table}_uncounted", table, ["id"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "daily",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("brief", sa.JSON(), nullable=False),
        sa.Column("rest", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("day", "network", "channel", name=op.f("pk_daily")),
    )
    op.create_table(
        "tally",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("next_day", sa.Date(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_tally_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally")),
    )


def downgrade() -> None:
    op.drop_table("tally")
    op.drop_table("daily")
    for table in ("turns", "tickets"):
        op.drop_index(f"ix_{table}_uncounted", table)
    op.drop_index(op.f("ix_mentions_posted_at_network"), "mentions")
    op.drop_index(op.f("ix_tickets_opened_at"), "tickets")
