"""A team answers together

Who is writing, when an owner last did something, what a person is called in public, what is to be taken back, and
which Slack message a public reply came from.

Revision: 0002
Follows: 0001
"""

from typing import Any

import sqlalchemy as sa

from alembic import op
from models.core.base import Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ON_TICKETS: dict[str, sa.types.TypeEngine[Any]] = {
    "active_at": Moment(),
    "composer": sa.Text(),
    "composing_key": sa.Text(),
    "composing_since": Moment(),
    "composing_until": Moment(),
    "back_at": Moment(),
}
ON_REPLIES: dict[str, sa.types.TypeEngine[Any]] = {
    "sign_off": sa.Text(),
    "wait_seconds": sa.Integer(),
    "said_channel": sa.Text(),
    "said_ts": sa.Text(),
    "unsay_by": sa.Text(),
}
# Few tickets have any of these, so their clocks are cheap to read.
CLOCKS = ("composing_until", "back_at")

# What is to be done about these wakes whoever does it, as for the rest of the ledger (0001).
WAKE = [
    "CREATE TRIGGER new_mark AFTER INSERT ON marks FOR EACH STATEMENT EXECUTE FUNCTION wake('board')",
    "CREATE TRIGGER mark_to_change AFTER UPDATE OF wanted ON marks FOR EACH ROW "
    "WHEN (NEW.wanted IS DISTINCT FROM NEW.shown) EXECUTE FUNCTION wake('board')",
    "CREATE TRIGGER reply_to_take_back AFTER UPDATE OF unsay_by ON replies FOR EACH ROW "
    "WHEN (NEW.unsay_by IS NOT NULL) EXECUTE FUNCTION wake('outbox')",
]
UNSAYING = "unsay_by IS NOT NULL"
UNMARKED = "coalesce(wanted, '') <> coalesce(shown, '')"


def upgrade() -> None:
    op.create_table(
        "teammates",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_teammates")),
    )
    op.create_table(
        "pauses",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_pauses")),
    )
    op.create_table(
        "marks",
        sa.Column("id", BIG, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=True),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_marks")),
        sa.UniqueConstraint("channel", "ts", name=op.f("uq_marks_channel_ts")),
    )
    op.create_index(
        "ix_marks_to_change",
        "marks",
        ["id"],
        sqlite_where=sa.text(UNMARKED),
        postgresql_where=sa.text(UNMARKED),
    )
    op.create_table(
        "gaps",
        sa.Column("id", BIG, nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("before_id", sa.Text(), nullable=True),
        sa.Column("found_at", Moment(), nullable=False),
        sa.Column("heard", sa.Integer(), nullable=False),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
    )
    op.create_table(
        "homes",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_homes")),
    )
    for name, kind in ON_TICKETS.items():
        op.add_column("tickets", sa.Column(name, kind, nullable=True))
    for name in CLOCKS:
        where = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_tickets_{name}", "tickets", [name], sqlite_where=where, postgresql_where=where)
    for name, kind in ON_REPLIES.items():
        op.add_column("replies", sa.Column(name, kind, nullable=True))
    op.add_column("replies", sa.Column("essence", sa.Text(), nullable=False, server_default=""))
    unsaying = sa.text(UNSAYING)
    op.create_index(
        "ix_replies_unsay", "replies", ["due_at"], sqlite_where=unsaying, postgresql_where=unsaying
    )
    op.create_index(
        "ix_replies_said",
        "replies",
        ["said_ts"],
        sqlite_where=sa.text("said_ts IS NOT NULL"),
        postgresql_where=sa.text("said_ts IS NOT NULL"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in WAKE:
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER reply_to_take_back ON replies")
    for name in ("ix_replies_said", "ix_replies_unsay"):
        op.drop_index(name, "replies")
    for name in ("essence", *reversed(ON_REPLIES)):
        op.drop_column("replies", name)
    for name in CLOCKS:
        op.drop_index(f"ix_tickets_{name}", "tickets")
    for name in reversed(ON_TICKETS):
        op.drop_column("tickets", name)
    for table in ("homes", "gaps", "marks", "pauses", "teammates"):
        op.drop_table(table)
