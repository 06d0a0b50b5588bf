"""Order keys

Ids of posts do not sort alike on all networks, so each mention keeps keys of its network's own that do: one for the
post, one for its newest version. All that is there so far came from networks whose ids are numbers.

Revision: 0013
Follows: 0012
"""

import sqlalchemy as sa

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

DIGITS = 19  # as bot/networks/x/ids.py pads them


def padded(column: str) -> str:
    """The last nineteen characters of an id with zeros before it."""
    return f"substr('{'0' * DIGITS}' || {column}, length({column}) + 1)"


def upgrade() -> None:
    for column in ("order_key", "version_key"):
        op.add_column("mentions", sa.Column(column, sa.Text(), nullable=False, server_default=""))
    op.execute(f"UPDATE mentions SET order_key = {padded('post_id')}, version_key = {padded('latest_id')}")


def downgrade() -> None:
    op.drop_column("mentions", "version_key")
    op.drop_column("mentions", "order_key")
