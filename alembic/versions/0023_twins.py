"""Twins

A ticket that was joined to another one, because the same person posted the same words on two networks, names that one; so
does a ticket that could not be joined any more. A reply says on which network it goes out; on those from before it is empty, and means the ticket's own. That two authors
are not one person is kept for good.

Revision: 0023
Follows: 0022
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

JOINED = sa.text("joined_to IS NOT NULL")


def upgrade() -> None:
    op.add_column("tickets", sa.Column("joined_to", BigKey, nullable=True))
    op.create_index(
        "ix_tickets_joined_to", "tickets", ["joined_to"], sqlite_where=JOINED, postgresql_where=JOINED
    )
    op.add_column("tickets", sa.Column("same_as", BigKey, nullable=True))
    op.add_column("replies", sa.Column("network", sa.Text(), nullable=True))
    op.create_table(
        "distinct_authors",
        sa.Column("author_id", BigKey, nullable=False),
        sa.Column("other_id", BigKey, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["authors.id"], name=op.f("fk_distinct_authors_author_id")),
        sa.ForeignKeyConstraint(["other_id"], ["authors.id"], name=op.f("fk_distinct_authors_other_id")),
        sa.PrimaryKeyConstraint("author_id", "other_id", name=op.f("pk_distinct_authors")),
    )
    op.create_index("ix_distinct_authors_other_id", "distinct_authors", ["other_id"])


def downgrade() -> None:
    op.drop_table("distinct_authors")
    op.drop_column("replies", "network")
    op.drop_column("tickets", "same_as")
    op.drop_index("ix_tickets_joined_to", "tickets")
    op.drop_column("tickets", "joined_to")
