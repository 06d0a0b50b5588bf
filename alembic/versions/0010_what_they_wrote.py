"""What they wrote

The handles that a network puts in front of a reply are no longer part of its words, so they are kept beside them, and so
is whom it answers. Somebody who has another handle is still found by the one that they had. A card remembers of which
post Slack would not show the pictures. Rows that are there already keep what they have.

Revision: 0010
Follows: 0009
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mentions", sa.Column("addressed", sa.JSON(), nullable=True))
    op.add_column("mentions", sa.Column("answers", sa.Text(), nullable=True))
    op.add_column("cards", sa.Column("pictures_refused", sa.Text(), nullable=True))
    op.create_table(
        "former_handles",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("author_id", BigKey, nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("until_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name=op.f("fk_former_handles_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_handles")),
        sa.UniqueConstraint("author_id", "handle", name=op.f("uq_former_handles_author_id_handle")),
    )


def downgrade() -> None:
    op.drop_table("former_handles")
    op.drop_column("cards", "pictures_refused")
    op.drop_column("mentions", "answers")
    op.drop_column("mentions", "addressed")
