"""Who waits

The index of open tickets holds all that a list of them is chosen and ordered by: thousands may wait, and to look at
the row of each took longer than all else. Words that came back to their author are found by their author.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('waiting', 'snoozed')")
BEFORE = ["waiting_since", "id"]
SINCE = ["state", "due_at", *BEFORE, "owner", "channel", "network"]
GIVEN_BACK = sa.text("state IN ('draft', 'cancelled', 'refused', 'rejected', 'superseded', 'withdrawn')")


def upgrade() -> None:
    open_tickets(SINCE)
    op.create_index(
        "ix_replies_given_back", "replies", ["actor"], sqlite_where=GIVEN_BACK, postgresql_where=GIVEN_BACK
    )


def downgrade() -> None:
    op.drop_index("ix_replies_given_back", "replies")
    open_tickets(BEFORE)


def open_tickets(columns: list[str]) -> None:
    op.drop_index("ix_tickets_open", "tickets")
    op.create_index("ix_tickets_open", "tickets", columns, sqlite_where=OPEN, postgresql_where=OPEN)
