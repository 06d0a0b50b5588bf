"""Pictures

A picture that goes out with a reply is kept with it: its bytes without metadata, what its author says of it, and the network's
own name for it once it is uploaded. The bytes are dropped some time after the outcome.

Revision: 0024
Follows: 0023
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reply_pictures",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("reply_id", BigKey, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alt_text", sa.Text(), server_default="", nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("is_animated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("fetched_at", Moment(), nullable=True),
        sa.Column("media", sa.Text(), nullable=True),
        sa.Column("media_until", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["reply_id"], ["replies.id"], name=op.f("fk_reply_pictures_reply_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_pictures")),
        sa.UniqueConstraint("reply_id", "position", name=op.f("uq_reply_pictures_reply_id_position")),
    )


def downgrade() -> None:
    op.drop_table("reply_pictures")
