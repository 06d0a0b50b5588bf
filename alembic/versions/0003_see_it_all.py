"""See it all

What people suffer from, what the team notes about them, where the minutes went, and when somebody is to be reminded.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TO_NUDGE = "nudge_at IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "issues",
        sa.Column("id", BIG, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("fixed_at", Moment(), nullable=True),
        sa.Column("fixed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.UniqueConstraint("name", name=op.f("uq_issues_name")),
    )
    op.create_table(
        "reports",
        sa.Column("id", BIG, nullable=False),
        sa.Column("issue_id", BIG, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("told_at", Moment(), nullable=True),
        sa.Column("skipped_at", Moment(), nullable=True),
        sa.Column("skip_reason", sa.Text(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["issue_id"], ["issues.id"], name=op.f("fk_reports_issue_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_reports_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("issue_id", "ticket_id", name=op.f("uq_reports_issue_id_ticket_id")),
    )
    op.create_index(op.f("ix_reports_ticket_id"), "reports", ["ticket_id"])
    op.create_table(
        "notes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("author_id", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name=op.f("fk_notes_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_author_id_id"), "notes", ["author_id", "id"])
    op.add_column("tickets", sa.Column("shown_at", Moment(), nullable=True))
    op.add_column("tickets", sa.Column("first_claimed_at", Moment(), nullable=True))
    op.add_column("tickets", sa.Column("first_reply_open", sa.Integer(), nullable=True))
    op.add_column("tickets", sa.Column("nudge_at", Moment(), nullable=True))
    op.add_column("tickets", sa.Column("nudges", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("turns", sa.Column("answered_open", sa.Integer(), nullable=True))
    where = sa.text(TO_NUDGE)
    op.create_index(
        "ix_tickets_nudge_at", "tickets", ["nudge_at"], sqlite_where=where, postgresql_where=where
    )


def downgrade() -> None:
    op.drop_index("ix_tickets_nudge_at", "tickets")
    op.drop_column("turns", "answered_open")
    for name in ("nudges", "nudge_at", "first_reply_open", "first_claimed_at", "shown_at"):
        op.drop_column("tickets", name)
    for table in ("notes", "reports", "issues"):
        op.drop_table(table)
