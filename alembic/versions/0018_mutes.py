"""Mutes

What nobody wants cards of (a conversation, an author, words), and the outcome of a ticket that such a mute covers.

Revision: 0018
Follows: 0017
"""

import sqlite3
from typing import Any

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

IS_ACTIVE = sa.text("removed_at IS NULL")
IS_MUTED = sa.text("mute_id IS NOT NULL")
STATES = ("waiting", "snoozed", "answered", "no reply needed", "not about us")


def upgrade() -> None:
    op.create_table(
        "mutes",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("ticket_id", BigKey, nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.CheckConstraint("kind IN ('conversation', 'author', 'words')", name=op.f("ck_mutes_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
    )
    op.create_index(
        "uq_mutes_active",
        "mutes",
        ["kind", "network", "value"],
        unique=True,
        sqlite_where=IS_ACTIVE,
        postgresql_where=IS_ACTIVE,
    )
    allow_states(STATES, (*STATES, "muted"))
    op.add_column("tickets", sa.Column("mute_id", BigKey, nullable=True))
    op.create_index(
        "ix_tickets_muted", "tickets", ["closed_at"], sqlite_where=IS_MUTED, postgresql_where=IS_MUTED
    )


def downgrade() -> None:
    # An older Heard would post a card for each of these that has changed since it was muted.
    op.execute(
        "UPDATE tickets SET drawn_revision = revision WHERE state = 'muted' AND NOT EXISTS (SELECT 1 FROM cards "
        "WHERE cards.ticket_id = tickets.id AND (cards.ts IS NOT NULL OR cards.placing_since IS NOT NULL))"
    )
    op.execute("UPDATE tickets SET state = 'no reply needed', reason = 'muted' WHERE state = 'muted'")
    op.execute("UPDATE turns SET outcome = 'no reply needed', reason = 'muted' WHERE outcome = 'muted'")
    # An older Heard does not know the outcome that these may count. They are counted again from the tickets.
    op.execute("DELETE FROM daily")
    op.execute("DELETE FROM tally")
    op.drop_index("ix_tickets_muted", "tickets")
    op.drop_column("tickets", "mute_id")
    allow_states((*STATES, "muted"), STATES)
    op.drop_table("mutes")


def allow_states(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """Change which states a ticket may have.

    SQLite cannot alter a constraint, and batch mode cannot rebuild this table: to drop a table to which others
    refer needs foreign keys to be off, which SQLite allows in no transaction. So the table's own text is
    changed, in the way that SQLite describes for CHECK constraints:
    https://www.sqlite.org/lang_altertable.html#making_other_kinds_of_table_schema_changes
    """
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f("ck_tickets_state"), "tickets", type_="check")
        op.create_check_constraint(op.f("ck_tickets_state"), "tickets", condition(after))
        return
    connection = op.get_bind()
    allow_schema_changes(connection)
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = connection.exec_driver_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) "
        "WHERE type = 'table' AND name = 'tickets' AND instr(sql, ?) > 0",
        (condition(before), condition(after), condition(before)),
    )
    if changed.rowcount != 1:
        raise RuntimeError("the table of tickets has another constraint on its states than Heard made")
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")  # others read the schema again, too
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")
    if connection.exec_driver_sql("PRAGMA quick_check(tickets)").scalar_one() != "ok":
        raise RuntimeError("the database is damaged; restore a backup, then migrate again")


def allow_schema_changes(connection: sa.Connection) -> None:
    """Some builds of SQLite, such as Apple's, refuse to change a table's text unless they are told to.

    https://www.sqlite.org/c3ref/c_dbconfig_defensive.html; Python can tell them since 3.12.
    """
    option = getattr(sqlite3, "SQLITE_DBCONFIG_DEFENSIVE", None)
    database: Any = connection.connection.driver_connection
    if option is not None:
        database.setconfig(option, False)


def condition(states: tuple[str, ...]) -> str:
    return "state IN (" + ", ".join(f"'{state}'" for state in states) + ")"
