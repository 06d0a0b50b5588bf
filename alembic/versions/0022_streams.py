"""Streams

The live stream of an account: whether it is open, what came by it, and when it was not.

Revision: 0022
Follows: 0021
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "streams",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("connected_since", Moment(), nullable=True),
        sa.Column("lost_at", Moment(), nullable=True),
        sa.Column("failing_since", Moment(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("reported_at", Moment(), nullable=True),
        sa.Column("bytes_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes_per_second", sa.Double(), server_default="0", nullable=False),
        sa.Column("reconnects_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("dropped_total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("day", sa.Text(), server_default="", nullable=False),
        sa.Column("reconnects_today", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missed_seconds_today", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_streams")),
        sa.UniqueConstraint("network", "account_id", name=op.f("uq_streams_network_account_id")),
    )


def downgrade() -> None:
    op.drop_table("streams")
