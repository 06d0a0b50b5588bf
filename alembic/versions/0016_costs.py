"""Costs

What networks bill: sums by UTC day, network, account, track and kind, and which resources were billed on a day, so that
each counts once. A resource is forgotten when its day is over; the sums stay.

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "billed_resources",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "network", "resource", "resource_id", name=op.f("pk_billed_resources")
        ),
    )
    op.create_table(
        "daily_costs",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("track_id", BigKey, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "network", "account_id", "track_id", "kind", name=op.f("pk_daily_costs")
        ),
    )


def downgrade() -> None:
    op.drop_table("daily_costs")
    op.drop_table("billed_resources")
    op.execute("DELETE FROM alarms WHERE key = 'monthly cap'")
