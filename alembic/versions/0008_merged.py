"""Merged

Two issues may turn out to be one: the one that goes leads to the one that stays. Who was told that it is fixed stays
told, so a ticket that came with it remembers from when on a reply tells its author.

Revision: 0008
Follows: 0007
"""

import sqlalchemy as sa

from alembic import op
from models.core.base import BigKey, Moment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issues", sa.Column("merged_into", BigKey, nullable=True))
    op.add_column("reports", sa.Column("told_since", Moment(), nullable=True))


def downgrade() -> None:
    op.drop_column("reports", "told_since")
    # An older Heard would list them as open, with nobody who reported them.
    op.execute("DELETE FROM issues WHERE merged_into IS NOT NULL")
    op.drop_column("issues", "merged_into")
