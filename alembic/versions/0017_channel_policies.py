"""Channel policies

What a team has set for one Slack channel in place of the defaults from the environment: when a first reply is due,
office hours, senders, digest, and how much is too much. A column that is NULL means the default.

Revision: 0017
Follows: 0016
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import Moment

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_policies",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("first_reply_minutes", sa.Double(), nullable=True),
        sa.Column("office_hours", sa.Text(), nullable=True),
        sa.Column("time_zone", sa.Text(), nullable=True),
        sa.Column("holidays", sa.Text(), nullable=True),
        sa.Column("senders", sa.JSON(), nullable=True),
        sa.Column("digest_at", sa.Text(), nullable=True),
        sa.Column("digest_day", sa.Text(), nullable=True),
        sa.Column("near_copy_percent", sa.Integer(), nullable=True),
        sa.Column("spike_per_minute", sa.Integer(), nullable=True),
        sa.Column("priority_weights", sa.JSON(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=True),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_policies")),
    )


def downgrade() -> None:
    op.drop_table("channel_policies")
