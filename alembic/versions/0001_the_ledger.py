"""The ledger

Revision: 0001
Follows:
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Who answered, and in which words, is not to be rewritten by anybody: the database itself says no.
APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER events_no_{act.lower()} BEFORE {act} ON events "
        "BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END"
        for act in ("UPDATE", "DELETE")
    ]
    + [
        # INSERT OR REPLACE deletes without firing a DELETE trigger.
        # https://www.sqlite.org/lang_conflict.html
        "CREATE TRIGGER events_no_replace BEFORE INSERT ON events "
        "WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END",
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'events are only ever added'; END $$",
        "CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ],
}

# Whoever waits for work hears of it from the transaction that made it (bot/runtime/pg_notify.py).
WAKE = [
    "CREATE FUNCTION wake() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN PERFORM pg_notify('heard', TG_ARGV[0]); RETURN NULL; END $$",
    "CREATE TRIGGER new_ticket AFTER INSERT ON tickets FOR EACH STATEMENT EXECUTE FUNCTION wake('board')",
    "CREATE TRIGGER new_face AFTER UPDATE OF revision ON tickets FOR EACH ROW "
    "WHEN (NEW.revision > OLD.revision) EXECUTE FUNCTION wake('board')",
    "CREATE TRIGGER new_notice AFTER INSERT ON notices FOR EACH STATEMENT EXECUTE FUNCTION wake('board')",
    "CREATE TRIGGER new_reply AFTER INSERT ON replies FOR EACH STATEMENT EXECUTE FUNCTION wake('outbox')",
    "CREATE TRIGGER reply_to_send AFTER UPDATE OF state ON replies FOR EACH ROW "
    "WHEN (NEW.state IN ('held', 'queued')) EXECUTE FUNCTION wake('outbox')",
]


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("network", "network_id", name=op.f("uq_accounts_network_network_id")),
    )
    op.create_table(
        "authors",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("network_id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("followers", sa.Integer(), nullable=True),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("protected", sa.Boolean(), nullable=False),
        sa.Column("avatar_url", sa.Text(), nullable=True),
        sa.Column("fetched_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authors")),
        sa.UniqueConstraint("network", "network_id", name=op.f("uq_authors_network_network_id")),
    )
    op.create_table(
        "budgets",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("paused_until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_budgets")),
    )
    op.create_table(
        "credentials",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("connected_at", Moment(), nullable=False),
        sa.Column("renewed_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("disconnected_at", Moment(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("network", name=op.f("uq_credentials_network")),
    )
    op.create_table(
        "cursors",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("failing_since", Moment(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cursors")),
        sa.UniqueConstraint("network", "account_id", "name", name=op.f("uq_cursors_network_account_id_name")),
    )
    op.create_table(
        "inbound",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_inbound")),
    )
    op.create_index(op.f("ix_inbound_at"), "inbound", ["at"], unique=False)

    op.create_table(
        "quarantined",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantined")),
        sa.UniqueConstraint(
            "network", "account_id", "digest", name=op.f("uq_quarantined_network_account_id_digest")
        ),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("claimed_at", Moment(), nullable=True),
        sa.Column("snoozed_until", Moment(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("target_post_id", sa.Text(), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("waiting_since", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("first_reply_at", Moment(), nullable=True),
        sa.Column("first_reply_by", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("drawn_revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'snoozed', 'answered', 'no reply needed', 'not about us')",
            name=op.f("ck_tickets_state"),
        ),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name=op.f("fk_tickets_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tickets")),
        sa.UniqueConstraint(
            "network",
            "account_id",
            "conversation_id",
            "author_id",
            name=op.f("uq_tickets_network_account_id_conversation_id_author_id"),
        ),
    )
    op.create_index(
        "ix_tickets_stale",
        "tickets",
        ["id"],
        unique=False,
        sqlite_where=sa.text("drawn_revision < revision"),
        postgresql_where=sa.text("drawn_revision < revision"),
    )
    op.create_index(
        "ix_tickets_open",
        "tickets",
        ["waiting_since", "id"],
        unique=False,
        sqlite_where=sa.text("state IN ('waiting', 'snoozed')"),
        postgresql_where=sa.text("state IN ('waiting', 'snoozed')"),
    )
    op.create_index("ix_tickets_state", "tickets", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_tickets_author_id"), "tickets", ["author_id"], unique=False)

    op.create_table(
        "cards",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.Column("drawn_at", Moment(), nullable=True),
        sa.Column("placing_since", Moment(), nullable=True),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_cards_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint("channel", "ts", name=op.f("uq_cards_channel_ts")),
        sa.UniqueConstraint("key", name=op.f("uq_cards_key")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_cards_ticket_id")),
    )
    op.create_table(
        "mentions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("latest_id", sa.Text(), nullable=False),
        sa.Column("in_reply_to", sa.Text(), nullable=True),
        sa.Column("quoted", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=False),
        sa.Column("matched", sa.Text(), nullable=False),
        sa.Column("answerable", sa.Text(), nullable=True),
        sa.Column("posted_at", Moment(), nullable=False),
        sa.Column("seen_at", Moment(), nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.Column("deleted_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name=op.f("fk_mentions_author_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_mentions_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
        sa.UniqueConstraint(
            "network", "account_id", "post_id", name=op.f("uq_mentions_network_account_id_post_id")
        ),
    )
    op.create_index(op.f("ix_mentions_seen_at"), "mentions", ["seen_at"], unique=False)
    op.create_index(
        op.f("ix_mentions_ticket_id_posted_at"), "mentions", ["ticket_id", "posted_at"], unique=False
    )

    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("not_before", Moment(), nullable=True),
        sa.Column("placing_since", Moment(), nullable=True),
        sa.Column("leased_until", Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_notices_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("key", name=op.f("uq_notices_key")),
    )
    op.create_index("ix_notices_due", "notices", ["ts", "not_before"], unique=False)

    op.create_table(
        "replies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("approver", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("to_post_id", sa.Text(), nullable=False),
        sa.Column("sent_to", sa.Text(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=True),
        sa.Column("released_at", Moment(), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("was_handed_off", sa.Boolean(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("post_url", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'awaiting approval', 'held', 'queued', 'sending', 'published', 'unsure', 'asked', 'refused', 'handed off', 'confirmed', 'cancelled', 'rejected', 'withdrawn', 'superseded', 'discarded')",
            name=op.f("ck_replies_state"),
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_replies_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint("key", name=op.f("uq_replies_key")),
    )
    op.create_index(op.f("ix_replies_post_id"), "replies", ["post_id"], unique=False)
    op.create_index("ix_replies_due", "replies", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_replies_ticket_id_id"), "replies", ["ticket_id", "id"], unique=False)
    op.create_index(
        "uq_replies_live_turn",
        "replies",
        ["ticket_id", "turn"],
        unique=True,
        sqlite_where=sa.text(
            "state IN ('held', 'queued', 'sending', 'unsure', 'asked', 'handed off', 'published', 'confirmed')"
        ),
        postgresql_where=sa.text(
            "state IN ('held', 'queued', 'sending', 'unsure', 'asked', 'handed off', 'published', 'confirmed')"
        ),
    )

    op.create_table(
        "turns",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_turns_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("ticket_id", "number", name=op.f("uq_turns_ticket_id_number")),
    )
    op.create_index(op.f("ix_turns_asked_at"), "turns", ["asked_at"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reply_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("post_id", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_events_reply_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_events_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_ticket_id_id"), "events", ["ticket_id", "id"], unique=False)

    op.create_table(
        "alarms",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("told_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_alarms")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("begun_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )

    dialect = op.get_bind().dialect.name
    for statement in APPEND_ONLY[dialect] + (WAKE if dialect == "postgresql" else []):
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER events_append_only ON events")
        op.execute("DROP FUNCTION refuse_change()")
        op.execute("DROP FUNCTION wake() CASCADE")
    op.drop_table("leases")
    op.drop_table("alarms")
    op.drop_index(op.f("ix_events_ticket_id_id"), table_name="events")

    op.drop_table("events")
    op.drop_index(op.f("ix_turns_asked_at"), table_name="turns")

    op.drop_table("turns")
    op.drop_index("uq_replies_live_turn", table_name="replies")
    op.drop_index(op.f("ix_replies_ticket_id_id"), table_name="replies")
    op.drop_index("ix_replies_due", table_name="replies")
    op.drop_index(op.f("ix_replies_post_id"), table_name="replies")

    op.drop_table("replies")
    op.drop_index("ix_notices_due", table_name="notices")

    op.drop_table("notices")
    op.drop_index(op.f("ix_mentions_ticket_id_posted_at"), table_name="mentions")
    op.drop_index(op.f("ix_mentions_seen_at"), table_name="mentions")

    op.drop_table("mentions")
    op.drop_table("cards")
    op.drop_index(op.f("ix_tickets_author_id"), table_name="tickets")
    op.drop_index("ix_tickets_state", table_name="tickets")
    op.drop_index("ix_tickets_stale", table_name="tickets")
    op.drop_index("ix_tickets_open", table_name="tickets")

    op.drop_table("tickets")
    op.drop_table("quarantined")
    op.drop_index(op.f("ix_inbound_at"), table_name="inbound")

    op.drop_table("inbound")
    op.drop_table("cursors")
    op.drop_table("credentials")
    op.drop_table("budgets")
    op.drop_table("authors")
    op.drop_table("accounts")
