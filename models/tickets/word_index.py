"""The word indexes behind `/mentions search`: which folded words occur in which mention and which reply.

`mention_words` and `reply_words` are tables beside the ones that they index: FTS5 on SQLite, a `tsvector`
with a GIN index on PostgreSQL, created by alembic/versions/0011_folded_words.py. They hold `fold(text)`, so
both databases find the same. A trigger removes a row from its index whenever its text changes, by whatever
way; the code that writes a text adds the new words in the same transaction. What is still missing (rows that
an older version or a plain SQL statement wrote) is added by `index_missing`.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import get_history

from models.core.fold import fold
from models.sources.mention import Mention
from models.tickets.reply import Reply
from models.tickets.ticket import CANARY_NETWORK

MENTION_INDEX = "mention_words"
REPLY_INDEX = "reply_words"
SOURCES = {MENTION_INDEX: ("mentions", f"network <> '{CANARY_NETWORK}'"), REPLY_INDEX: ("replies", "true")}
"""By index: the table whose `text` it holds, and which of its rows."""

# A position in a tsvector ends at 16,383, and a lexeme has 255 of them at most.
# https://www.postgresql.org/docs/current/textsearch-limitations.html
TEXT_MAX_WORDS = 16_000
WORD_MAX_PLACES = 250
_NO_WORD = "\ue000"  # stands where a word is not indexed any more: its neighbours are not next to each other
MISSING_MAX_ROWS = 20_000  # the newest rows, in which words can be missing
_BATCH_ROWS = 500


def is_index(name: str | None) -> bool:
    """Whether the table `name` belongs to these indexes, and is not a table of the ledger."""
    return name is not None and name.startswith((MENTION_INDEX, REPLY_INDEX))


def indexed_words(written: str) -> list[str]:
    """Returns the words of a text in order, cut to what both databases can index."""
    words = fold(written).split()[:TEXT_MAX_WORDS]
    if len(words) <= WORD_MAX_PLACES:
        return words
    seen: Counter[str] = Counter()
    kept = []
    for word in words:
        seen[word] += 1
        kept.append(word if seen[word] <= WORD_MAX_PLACES else _NO_WORD)
    return kept


def index_rows(connection: Connection, index: str, rows: Iterable[tuple[int, str]]) -> None:
    """Add `rows` (id, text) to `index`, which does not contain them."""
    found = [(row_id, indexed_words(written)) for row_id, written in rows]
    if not found:
        return
    if connection.dialect.name == "sqlite":
        statement = text(f"INSERT INTO {index} (rowid, text) VALUES (:id, :words)")  # noqa: S608 - our own names
        connection.execute(statement, [{"id": row_id, "words": " ".join(words)} for row_id, words in found])
        return
    vectors = [
        {"id": row_id, "words": " ".join(f"{word}:{place}" for place, word in enumerate(words, 1))}
        for row_id, words in found
    ]
    connection.execute(_PUT_VECTORS[index], {"rows": json.dumps(vectors)})


_PUT_VECTORS = {
    index: text(
        f"INSERT INTO {index} (id, words) SELECT id, CAST(words AS tsvector) "  # noqa: S608 - our own names
        "FROM json_to_recordset(CAST(:rows AS json)) AS r(id bigint, words text) ON CONFLICT (id) DO NOTHING"
    )
    for index in SOURCES
}


def index_all(connection: Connection) -> None:
    """Index every row, into indexes that are empty: for migrations, after `fold` has changed."""
    for index, (source, kept) in SOURCES.items():
        page = text(  # the names are our own
            f"SELECT id, text FROM {source} WHERE id > :id AND {kept} ORDER BY id LIMIT {_BATCH_ROWS}"  # noqa: S608
        )
        last = 0
        while rows := connection.execute(page, {"id": last}).all():
            index_rows(connection, index, [(row.id, row.text) for row in rows])
            last = rows[-1].id


def index_missing(session: Session) -> int:
    """Index those of the newest rows that are missing in their index. Returns how many that were.

    An older version that still runs, or a plain SQL statement, writes texts without their words.
    """
    return sum(_index_missing(session.connection(), index) for index in SOURCES)


def _index_missing(connection: Connection, index: str) -> int:
    source, kept = SOURCES[index]
    is_sqlite = connection.dialect.name == "sqlite"
    key = "rowid" if is_sqlite else "id"
    newest = connection.scalar(text(f"SELECT max(id) FROM {source}")) or 0  # noqa: S608
    missing = text(
        f"SELECT s.id, s.text FROM {source} s WHERE s.id > :since AND {kept} "  # noqa: S608
        f"AND NOT EXISTS (SELECT 1 FROM {index} w WHERE w.{key} = s.id) ORDER BY s.id LIMIT {_BATCH_ROWS}"
        + ("" if is_sqlite else " FOR UPDATE OF s SKIP LOCKED")  # somebody who changes one indexes it, too
    )
    rows = connection.execute(missing, {"since": newest - MISSING_MAX_ROWS}).all()
    index_rows(connection, index, [(row.id, row.text) for row in rows])
    return len(rows)


# --- what is written row by row -----------------------------------------------------------------------------


@event.listens_for(Reply, "after_insert")
@event.listens_for(Mention, "after_insert")
def _index_new(_mapper: Mapper[Any], connection: Connection, row: Mention | Reply) -> None:
    if isinstance(row, Reply):
        index_rows(connection, REPLY_INDEX, [(row.id, row.text)])
    elif row.network != CANARY_NETWORK:
        index_rows(connection, MENTION_INDEX, [(row.id, row.text)])


@event.listens_for(Reply, "after_update")
@event.listens_for(Mention, "after_update")
def _index_changed(mapper: Mapper[Any], connection: Connection, row: Mention | Reply) -> None:
    if get_history(row, "text").has_changes():  # then the trigger has taken the old words out
        _index_new(mapper, connection, row)
