"""Folded words

The words of mentions and replies are folded by Heard itself (models/core/fold.py), the same for both engines: FTS5's
tokenizer and PostgreSQL's parser disagreed on accents, on new emoji, on what a word is. A trigger still takes a text
out of the index when it changes; the code that writes a text puts its words in.

Revision: 0011
Follows: 0010
"""

from alembic import context, op
from models.tickets.word_index import SOURCES, index_all

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    for index, (source, _kept) in SOURCES.items():
        for statement in (_on_sqlite if is_sqlite else _on_postgresql)(index, source):
            op.execute(statement)
    # PostgreSQL's function `spaced` stays: the version before this one asks for it during a deployment.
    index_all(connection)


def downgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    for index, (source, _kept) in SOURCES.items():
        for when in ("changed", "deleted") if is_sqlite else ("kept",):
            op.execute(f"DROP TRIGGER {index}_{when}" + ("" if is_sqlite else f" ON {source}"))
        op.execute(f"DROP TABLE {index}")
        if not is_sqlite:
            op.execute(f"DROP FUNCTION keep_{index}()")
    if not is_sqlite:
        op.execute("DROP FUNCTION spaced(text)")
    context.script.get_revision("0005").module.upgrade()


def _on_sqlite(index: str, source: str) -> list[str]:
    """FTS5's own `ascii` tokenizer parts words at blanks alone, once there are no other ASCII signs.

    https://www.sqlite.org/fts5.html#ascii_tokenizer
    """
    gone = f"BEGIN DELETE FROM {index} WHERE rowid = OLD.id; END"
    return [
        *(f"DROP TRIGGER {index}_{when}" for when in ("new", "old", "forgotten", "changed")),
        f"DROP TABLE {index}",
        f"DROP VIEW {index}_of",
        f"CREATE VIRTUAL TABLE {index} USING fts5(text, columnsize=0, tokenize='ascii')",
        f"CREATE TRIGGER {index}_changed AFTER UPDATE OF text ON {source} WHEN OLD.text IS NOT NEW.text {gone}",
        f"CREATE TRIGGER {index}_deleted AFTER DELETE ON {source} {gone}",
    ]


def _on_postgresql(index: str, source: str) -> list[str]:
    return [
        f"DROP TRIGGER {index}_kept ON {source}",
        f"DROP INDEX ix_{index}_words",
        f"TRUNCATE {index}",
        f"CREATE INDEX ix_{index}_words ON {index} USING gin (words)",
        f"CREATE OR REPLACE FUNCTION keep_{index}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"DELETE FROM {index} WHERE id = OLD.id; RETURN NULL; END $$",
        f"CREATE TRIGGER {index}_kept AFTER DELETE OR UPDATE OF text ON {source} "
        f"FOR EACH ROW EXECUTE FUNCTION keep_{index}()",
    ]
