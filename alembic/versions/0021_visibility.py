"""Visibility

A post that not everybody can see says so, and so does its ticket; it keeps its content warning and what its network needs
to answer it. A reply keeps how widely it was shown to go out, and the whole request that is sent. Whatever is there so far
is public.

Revision: 0021
Follows: 0020
"""

import sqlalchemy as sa

from alembic import op

# What a list of open tickets filters and sorts by; whoever may not see all of them filters by `is_private`, too.
LISTED_BY = (
    *("state", "due_at", "waiting_since", "id", "owner", "channel", "network", "account_id", "priority"),
)
OPEN = sa.text("state IN ('waiting', 'snoozed')")

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def _index_open_tickets(*columns: str) -> None:
    op.drop_index("ix_tickets_open", "tickets")
    op.create_index("ix_tickets_open", "tickets", list(columns), sqlite_where=OPEN, postgresql_where=OPEN)


def upgrade() -> None:
    op.add_column("mentions", sa.Column("visibility", sa.Text(), server_default="public", nullable=False))
    op.add_column("mentions", sa.Column("content_warning", sa.Text(), nullable=True))
    op.add_column("mentions", sa.Column("reply_context", sa.Text(), server_default="", nullable=False))
    op.add_column("tickets", sa.Column("is_private", sa.Boolean(), server_default=sa.false(), nullable=False))
    _index_open_tickets(*LISTED_BY, "is_private")
    op.create_index(
        "ix_tickets_private",
        "tickets",
        ["channel", "network", "account_id"],
        sqlite_where=sa.text("is_private = 1"),
        postgresql_where=sa.text("is_private"),
    )
    op.add_column("replies", sa.Column("visibility", sa.Text(), server_default="public", nullable=False))
    op.add_column("replies", sa.Column("content_warning", sa.Text(), nullable=True))
    op.add_column("replies", sa.Column("frozen", sa.Text(), nullable=True))
    op.add_column("replies", sa.Column("repeated", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    for column in ("repeated", "frozen", "content_warning", "visibility"):
        op.drop_column("replies", column)
    op.drop_index("ix_tickets_private", "tickets")
    _index_open_tickets(*LISTED_BY)
    op.drop_column("tickets", "is_private")
    for column in ("reply_context", "content_warning", "visibility"):
        op.drop_column("mentions", column)
