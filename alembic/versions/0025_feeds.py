"""Feeds

A track may listen to a feed: its address and how often it is read are on the track, the state of the feed,
which several tracks may share, in a table of its own. A post keeps the time that its writer gave it, if
that was not believed.

Revision: 0025
Follows: 0024
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

NOT_GONE = sa.text("gone_at IS NULL")


def upgrade() -> None:
    op.add_column("tracks", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("tracks", sa.Column("interval_seconds", sa.Integer(), nullable=True))
    op.add_column("mentions", sa.Column("dated_at", Moment(), nullable=True))
    op.create_index("ix_tracks_address", "tracks", ["address"])
    op.create_table(
        "feeds",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("position", sa.Text(), nullable=True),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("next_at", Moment(), nullable=False),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("leased_by", sa.Text(), nullable=True),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("failing_since", Moment(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told_at", Moment(), nullable=True),
        sa.Column("gone_at", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("address", name=op.f("uq_feeds_address")),
    )
    op.create_index(
        "ix_feeds_next_at", "feeds", ["next_at"], sqlite_where=NOT_GONE, postgresql_where=NOT_GONE
    )


def downgrade() -> None:
    op.drop_table("feeds")
    op.drop_column("mentions", "dated_at")
    op.drop_index("ix_tracks_address", "tracks")
    op.drop_column("tracks", "interval_seconds")
    op.drop_column("tracks", "address")
