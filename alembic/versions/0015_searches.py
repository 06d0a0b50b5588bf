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


def upgrade() -> None:
    op.add_column("tracks", sa.Column("languages", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("tracks", sa.Column("excluded_handles", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("tracks", sa.Column("created_by", sa.Text(), nullable=True))
    op.add_column("tracks", sa.Column("edited_at", Moment(), nullable=True))
    op.add_column("tracks", sa.Column("paused_at", Moment(), nullable=True))
    op.add_column("tracks", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "left_out_posts",
        sa.Column("track_id", BigKey, nullable=False),
        sa.Column("post_id", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("track_id", "post_id", name=op.f("pk_left_out_posts")),
    )
    op.create_index("ix_left_out_posts_at", "left_out_posts", ["at"])
    op.add_column("notices", sa.Column("card_of", BigKey, nullable=True))


def downgrade() -> None:
    op.drop_column("notices", "card_of")
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
    for column in ("revision", "paused_at", "edited_at", "created_by", "excluded_handles", "languages"):
        op.drop_column("tracks", column)
