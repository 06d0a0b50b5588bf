"""What needs a person

Replies that are asked about, to be posted by hand, or queued have a small index of their own: every list of who
waits begins with those of them that go no further by themselves, and must not read all replies to find them.

Revision: 0012
Follows: 0011
"""

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STOPS = sa.text("state IN ('asked', 'handed off', 'queued')")


def upgrade() -> None:
    op.create_index(
        "ix_replies_stops",
        "replies",
        ["ticket_id", "state", "reason"],
        sqlite_where=STOPS,
        postgresql_where=STOPS,
    )


def downgrade() -> None:
    op.drop_index("ix_replies_stops", "replies")
