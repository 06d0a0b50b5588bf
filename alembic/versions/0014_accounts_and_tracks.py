"""Accounts and tracks

Any number of accounts on a network: each with its own credentials, its own track (what we listen for, and the channel
where it is shown) and its own daily figures. One post is one mention, whichever account heard it; rows of one post that
two accounts had heard before stay as they are, the later ones marked. A reply names the account that it goes out as.

Daily figures are counted again from the tickets, by and by.

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

IS_MENTIONS = sa.text("kind = 'mentions'")
IS_FIRST = sa.text("duplicate_of IS NULL")
IS_OPEN = sa.text("state IN ('waiting', 'snoozed')")
LISTED_BY = ("state", "due_at", "waiting_since", "id", "owner", "channel", "network")  # open tickets
TASKS = ("reading", "watching", "publishing")  # of alarms about networks


def upgrade() -> None:
    op.add_column("accounts", sa.Column("server", sa.Text(), server_default="", nullable=False))
    op.add_column("accounts", sa.Column("source", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("track_id", BigKey, nullable=True))
    op.add_column("mentions", sa.Column("track_id", BigKey, nullable=True))
    op.add_column("mentions", sa.Column("duplicate_of", BigKey, nullable=True))
    op.add_column("replies", sa.Column("account_id", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "tracks",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("query", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tracks")),
    )
    op.create_index(
        "uq_tracks_mentions",
        "tracks",
        ["network", "account_id"],
        unique=True,
        sqlite_where=IS_MENTIONS,
        postgresql_where=IS_MENTIONS,
    )
    op.create_table(
        "also_heard",
        sa.Column("mention_id", BigKey, nullable=False),
        sa.Column("track_id", BigKey, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("matched", sa.Text(), nullable=False),
        sa.Column("answerable", sa.Text(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["mention_id"], ["mentions.id"], name=op.f("fk_also_heard_mention_id")),
        sa.PrimaryKeyConstraint("mention_id", "track_id", name=op.f("pk_also_heard")),
    )
    with op.batch_alter_table("credentials") as credentials:
        credentials.drop_constraint("uq_credentials_network", type_="unique")
        credentials.create_unique_constraint("uq_credentials_account", ["network", "account_id"])
    index_open_tickets(*LISTED_BY, "account_id")
    drop_daily_figures()
    create_daily("network", "account_id", "channel")
    fill_in()
    op.create_index(
        "uq_mentions_post",
        "mentions",
        ["network", "post_id"],
        unique=True,
        sqlite_where=IS_FIRST,
        postgresql_where=IS_FIRST,
    )


def downgrade() -> None:
    index_open_tickets(*LISTED_BY)
    drop_daily_figures()
    create_daily("network", "channel")
    op.execute(
        "DELETE FROM credentials WHERE EXISTS (SELECT 1 FROM credentials AS later "
        "WHERE later.network = credentials.network AND later.id > credentials.id)"
    )
    with op.batch_alter_table("credentials") as credentials:
        credentials.drop_constraint("uq_credentials_account", type_="unique")
        credentials.create_unique_constraint("uq_credentials_network", ["network"])
    rename_alarms({})
    op.drop_index("uq_mentions_post", "mentions")
    op.drop_table("also_heard")
    op.drop_table("tracks")
    op.drop_column("replies", "account_id")
    op.drop_column("mentions", "duplicate_of")
    op.drop_column("mentions", "track_id")
    op.drop_column("tickets", "track_id")
    op.drop_column("accounts", "source")
    op.drop_column("accounts", "server")


def index_open_tickets(*columns: str) -> None:
    op.drop_index("ix_tickets_open", "tickets")
    op.create_index(
        "ix_tickets_open", "tickets", list(columns), sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    )


def drop_daily_figures() -> None:
    op.drop_table("daily")
    op.execute("DELETE FROM tally")


def create_daily(*place: str) -> None:
    op.create_table(
        "daily",
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in place),
        sa.Column("brief", sa.JSON(), nullable=False),
        sa.Column("rest", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("day", *place, name=op.f("pk_daily")),
    )


def fill_in() -> None:
    """What follows from the rows that are there already."""
    connection = op.get_bind()
    op.execute(
        "INSERT INTO tracks (kind, network, account_id, query, created_at) "
        "SELECT 'mentions', network, account_id, '', MIN(started_at) FROM cursors "
        "WHERE name = 'mentions' AND account_id <> '' GROUP BY network, account_id "
        "ORDER BY MIN(started_at)"
    )
    for table in ("tickets", "mentions"):
        op.execute(
            f"UPDATE {table} SET track_id = (SELECT id FROM tracks "
            f"WHERE tracks.network = {table}.network AND tracks.account_id = {table}.account_id)"
        )
    op.execute(
        "UPDATE replies SET account_id = (SELECT account_id FROM tickets WHERE tickets.id = replies.ticket_id)"
    )
    duplicates = connection.execute(
        sa.text(
            "SELECT network, post_id, MIN(id) FROM mentions GROUP BY network, post_id HAVING COUNT(*) > 1"
        )
    ).all()
    mark = sa.text(
        "UPDATE mentions SET duplicate_of = :first WHERE network = :network AND post_id = :post AND id > :first"
    )
    for network, post, first in duplicates:
        connection.execute(mark, {"network": network, "post": post, "first": first})
    cursors = "SELECT network, account_id FROM cursors WHERE name = 'mentions' AND account_id <> '' "
    ordered = connection.execute(sa.text(f"{cursors} ORDER BY COALESCE(read_at, started_at)"))
    latest = {network: account_id for network, account_id in ordered}  # noqa: C416 - the last of a name stays
    rename_alarms(latest)
    of_credentials = sa.text("SELECT 1 FROM credentials WHERE network = :network AND account_id = :id")
    for network, account_id in latest.items():
        here = {"network": network, "id": account_id}
        source = "environment" if connection.execute(of_credentials, here).first() is None else "connected"
        connection.execute(
            sa.text("UPDATE accounts SET source = :source WHERE network = :network AND network_id = :id"),
            {"source": source, **here},
        )


def rename_alarms(accounts: dict[str, str]) -> None:
    """Key the alarms about a network by its account in `accounts`, or by no account."""
    connection = op.get_bind()
    keys = [key for (key,) in connection.execute(sa.text("SELECT key FROM alarms ORDER BY since"))]
    for key in keys:
        task, _, rest = key.partition(" ")
        if task not in TASKS:
            continue
        network = rest.partition(" ")[0]
        account_id = accounts.get(network, "")
        new = f"{task} {network} {account_id}".rstrip()
        taken = connection.execute(sa.text("SELECT 1 FROM alarms WHERE key = :key"), {"key": new}).first()
        if new == key:
            continue
        if taken is not None:
            connection.execute(sa.text("DELETE FROM alarms WHERE key = :key"), {"key": key})
        else:
            connection.execute(
                sa.text("UPDATE alarms SET key = :new WHERE key = :key"), {"new": new, "key": key}
            )
