"""Not shown

A post that the network does not show to us is not one that its author deleted: since when it is missing, how often it
was looked for and when it is looked for next stands beside it. Which notices quote which post, and where Slack put
them, so that words can be taken out of what was said already. Rows that an older Heard took for deleted stay as they
are.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DUE = sa.text("look_at IS NOT NULL")
STALE = sa.text("is_stale AND ts IS NOT NULL")


def upgrade() -> None:
    op.add_column("mentions", sa.Column("missing_since", Moment(), nullable=True))
    op.add_column("mentions", sa.Column("missing_as", sa.Text(), nullable=True))
    op.add_column("mentions", sa.Column("missed_looks", sa.Integer(), server_default="0", nullable=False))
    op.add_column("mentions", sa.Column("look_at", Moment(), nullable=True))
    op.add_column("mentions", sa.Column("fingerprint", sa.Text(), nullable=True))
    op.create_index("ix_mentions_look_at", "mentions", ["look_at"], sqlite_where=DUE, postgresql_where=DUE)
    op.add_column("homes", sa.Column("is_stale", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("notices", sa.Column("posted_in", sa.Text(), nullable=True))
    op.add_column("notices", sa.Column("is_stale", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_notices_ticket_id", "notices", ["ticket_id"])
    op.create_index("ix_notices_stale", "notices", ["id"], sqlite_where=STALE, postgresql_where=STALE)
    op.create_table(
        "quotations",
        sa.Column("notice_id", BigKey, nullable=False),
        sa.Column("mention_id", BigKey, nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name="fk_quotations_notice_id"),
        sa.ForeignKeyConstraint(["mention_id"], ["mentions.id"], name="fk_quotations_mention_id"),
        sa.PrimaryKeyConstraint("notice_id", "mention_id", name="pk_quotations"),
    )
    op.create_index("ix_quotations_mention_id", "quotations", ["mention_id"])


def downgrade() -> None:
    op.drop_table("quotations")
    op.drop_index("ix_notices_stale", "notices")
    op.drop_index("ix_notices_ticket_id", "notices")
    op.drop_column("notices", "is_stale")
    op.drop_column("notices", "posted_in")
    op.drop_column("homes", "is_stale")
    op.drop_index("ix_mentions_look_at", "mentions")
    for column in ("fingerprint", "look_at", "missed_looks", "missing_as", "missing_since"):
        op.drop_column("mentions", column)
