"""Priority

How urgent a ticket is, in points and reasons, and the handles of known customers. Open tickets that are there already
get theirs from a job of the bot. The list of open tickets sorts by it too, so its index has it as well.

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('waiting', 'snoozed')")
LISTED_BY = ["state", "due_at", "waiting_since", "id", "owner", "channel", "network", "account_id"]


def upgrade() -> None:
    op.add_column("tickets", sa.Column("priority", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("priority_reasons", sa.JSON(), nullable=True))
    _replace_index([*LISTED_BY, "priority"])
    op.create_table(
        "customer_lists",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.Column("completed_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_lists")),
    )
    op.create_table(
        "customers",
        sa.Column("list_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "handle", "network", name=op.f("pk_customers")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("customers")
    op.drop_table("customer_lists")
    _replace_index(LISTED_BY)
    op.drop_column("tickets", "priority_reasons")
    op.drop_column("tickets", "priority")


def _replace_index(columns: list[str]) -> None:
    op.drop_index("ix_tickets_open", "tickets")
    op.create_index("ix_tickets_open", "tickets", columns, sqlite_where=OPEN, postgresql_where=OPEN)
