"""Shown

What can be shared with *Share to channel* lies in a table of its own. Among the notices it woke the board each time
somebody asked for something, and looked like a notice that was told.

Revision: 0007
Follows: 0006
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STATES = "('shown', 'sharing', 'shared')"


def upgrade() -> None:
    op.create_table(
        "shown",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_shown")),
    )
    op.create_index(op.f("ix_shown_at"), "shown", ["at"])
    op.execute(
        "INSERT INTO shown (key, channel, text, pages, state, at) "
        f"SELECT key, channel, text, blocks, ts, created_at FROM notices WHERE ts IN {STATES} AND blocks IS NOT NULL"
    )
    op.execute(f"DELETE FROM notices WHERE ts IN {STATES}")


def downgrade() -> None:
    op.execute(
        "INSERT INTO notices (key, channel, text, blocks, ts, created_at, failures) "
        "SELECT key, channel, text, pages, state, at, 0 FROM shown"
    )
    op.drop_index(op.f("ix_shown_at"), "shown")
    op.drop_table("shown")
