"""Searches

What a track listens for (words, languages, authors to leave out), who made it, whether it is paused, and which posts
it has left out: those are remembered by id, so that no later reading takes them for new. A message may link to a card.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LINKS = sa.text("card_of IS NOT NULL")
COLUMNS = (
    *("revision", "silent_until", "silent_from", "paused_at", "previous", "edited_at"),
    *("created_by", "excluded_handles", "languages"),
)


def upgrade() -> None:
    op.add_column("tracks", sa.Column("languages", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("tracks", sa.Column("excluded_handles", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("tracks", sa.Column("created_by", sa.Text(), nullable=True))
    op.add_column("tracks", sa.Column("edited_at", Moment(), nullable=True))
    op.add_column("tracks", sa.Column("previous", sa.JSON(), nullable=True))
    op.add_column("tracks", sa.Column("paused_at", Moment(), nullable=True))
    op.add_column("tracks", sa.Column("silent_from", Moment(), nullable=True))
    op.add_column("tracks", sa.Column("silent_until", Moment(), nullable=True))
    op.add_column("tracks", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "left_out_posts",
        sa.Column("track_id", BigKey, nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("track_id", "post_id", name=op.f("pk_left_out_posts")),
    )
    op.create_index("ix_left_out_posts_at", "left_out_posts", ["at"])
    op.create_index("ix_also_heard_track_id", "also_heard", ["track_id"])
    op.add_column("notices", sa.Column("card_of", BigKey, nullable=True))
    op.create_index("ix_notices_card_of", "notices", ["card_of"], sqlite_where=LINKS, postgresql_where=LINKS)
    # Before which posts the first poll left mentions out; until now it was counted from the mentions.
    op.add_column("cursors", sa.Column("floor", Moment(), nullable=True))
    op.execute(
        "UPDATE cursors SET floor = (SELECT MIN(posted_at) FROM mentions "
        "WHERE mentions.network = cursors.network AND mentions.account_id = cursors.account_id) "
        "WHERE left_out > 0"
    )


def downgrade() -> None:
    op.drop_index("ix_notices_card_of", "notices")
    op.drop_column("notices", "card_of")
    op.drop_index("ix_also_heard_track_id", "also_heard")
    op.drop_column("cursors", "floor")
    op.drop_table("left_out_posts")
    op.execute("DELETE FROM cursors WHERE name LIKE 'track %'")
    op.execute("DELETE FROM alarms WHERE key LIKE 'searching %'")
    op.execute("DELETE FROM also_heard WHERE track_id IN (SELECT id FROM tracks WHERE kind <> 'mentions')")
    for table in ("tickets", "mentions"):
        op.execute(
            f"UPDATE {table} SET track_id = NULL "
            "WHERE track_id IN (SELECT id FROM tracks WHERE kind <> 'mentions')"
        )
    op.execute("DELETE FROM tracks WHERE kind <> 'mentions'")
    for column in COLUMNS:
        op.drop_column("tracks", column)
