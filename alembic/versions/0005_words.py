"""Words

Mentions and replies can be found by their words: SQLite FTS5, PostgreSQL full text. The words lie beside the posts, not
in them: the tables that everything else reads stay as narrow as they were. Triggers keep them, so that whoever changes
or empties a text, by whatever way, changes what can be found in the same transaction.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Written without blanks between words (Han, kana, Hangul; Thai, Lao, Myanmar, Khmer): neither engine can tell where a
# word of these begins, so each letter counts as a word, and what is looked for as letters one after the other.
UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x20000, 0x3FFFF),
)
LONGEST = 4_000  # characters of a text that are taken apart in SQLite, which has only a loop for it
# Neither letters nor digits, beyond ASCII: punctuation, arrows and signs, emoji.
SIGNS = (
    (0xA0, 0xA9),
    (0xAB, 0xB1),
    (0xB4, 0xB4),
    (0xB6, 0xB8),
    (0xBB, 0xBF),
    (0xD7, 0xD7),
    (0xF7, 0xF7),
    (0x2000, 0x206F),
    (0x20A0, 0x2BFF),
    (0x2E00, 0x2E7F),
    (0x3000, 0x303F),
    (0xFE00, 0xFE6F),
    (0xFF00, 0xFF0F),
    (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40),
    (0xFF5B, 0xFF65),
    (0xFFE0, 0xFFFF),
    (0x1F000, 0x1FBFF),
)
ASCII_SIGNS = "".join(chr(code) for code in range(0x20, 0x7F) if not chr(code).isalnum())
# Small letters for large ones, beyond ASCII: a database of the locale C knows none of these.
LARGE = "".join(chr(code) for code in (*range(0xC0, 0x180), *range(0x391, 0x3AA), *range(0x400, 0x530)))
LARGE = "".join(letter for letter in LARGE if letter.lower() != letter and len(letter.lower()) == 1)
ACCENTS = "[\u0300-\u036f]"
LEFT_OUT = "canary"  # test mentions that nobody made

TABLES = (("mentions", "mention_words", f"network <> '{LEFT_OUT}'"), ("replies", "reply_words", "true"))


def among(ranges: tuple[tuple[int, int], ...]) -> str:
    """A class of characters, as GLOB and PostgreSQL's regular expressions both write it."""
    return "[" + "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges) + "]"


def upgrade() -> None:
    make = on_sqlite if op.get_bind().dialect.name == "sqlite" else on_postgresql
    for statement in make():
        op.execute(sa.text(statement.replace(":", "\\:")))


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, words, _ in TABLES:
        for when in ("new", "old", "forgotten", "changed") if is_sqlite else ("kept",):
            op.execute(f"DROP TRIGGER {words}_{when}" + ("" if is_sqlite else f" ON {table}"))
        op.execute(f"DROP TABLE {words}")
        op.execute(f"DROP VIEW {words}_of" if is_sqlite else f"DROP FUNCTION keep_{words}()")
    if not is_sqlite:
        op.execute("DROP FUNCTION spaced(text)")


# --- SQLite -------------------------------------------------------------------------------------------------


def on_sqlite() -> list[str]:
    """External content: the index keeps no second copy of the texts, and reads the view for what it forgets.

    https://www.sqlite.org/fts5.html#external_content_tables
    """
    return [statement for table in TABLES for statement in one_on_sqlite(*table)]


def one_on_sqlite(table: str, words: str, condition: str) -> list[str]:
    forget = f"INSERT INTO {words} ({words}, rowid, text) SELECT 'delete', id, text FROM {words}_of WHERE id = OLD.id"
    learn = f"INSERT INTO {words} (rowid, text) SELECT id, text FROM {words}_of WHERE id = NEW.id"
    changed = "OF text ON {} WHEN OLD.text IS NOT NEW.text"
    return [
        f"CREATE VIEW {words}_of AS SELECT id, {spaced_in_sqlite()} AS text FROM {table} WHERE {condition}",
        f"CREATE VIRTUAL TABLE {words} USING fts5(text, content='{words}_of', content_rowid='id', columnsize=0, "
        "tokenize='unicode61 remove_diacritics 2')",
        f"INSERT INTO {words} ({words}) VALUES ('rebuild')",
        f"CREATE TRIGGER {words}_new AFTER INSERT ON {table} BEGIN {learn}; END",
        f"CREATE TRIGGER {words}_old BEFORE DELETE ON {table} BEGIN {forget}; END",
        f"CREATE TRIGGER {words}_forgotten BEFORE UPDATE {changed.format(table)} BEGIN {forget}; END",
        f"CREATE TRIGGER {words}_changed AFTER UPDATE {changed.format(table)} BEGIN {learn}; END",
    ]


def spaced_in_sqlite() -> str:
    """`text` with blanks around letters that are words by themselves; at no cost where there are none."""
    letter, kind = "substr(rest, 1, 1)", among(UNSPACED)
    step = f"CASE WHEN {letter} GLOB '{kind}' THEN ' ' || {letter} || ' ' ELSE {letter} END"
    walk = (
        f"WITH RECURSIVE walk (rest, done) AS (SELECT substr(text, 1, {LONGEST}), '' UNION ALL "
        f"SELECT substr(rest, 2), done || {step} FROM walk WHERE rest <> '') "
        f"SELECT done FROM walk WHERE rest = ''"
    )
    return f"CASE WHEN text GLOB '*{kind}*' THEN ({walk}) || substr(text, {LONGEST + 1}) ELSE text END"


# --- PostgreSQL ---------------------------------------------------------------------------------------------


def on_postgresql() -> list[str]:
    """A table of `tsvector`s with a GIN index, in the configuration `simple`: people write in many languages."""
    return [spaced_in_postgresql(), *(one for table in TABLES for one in one_on_postgresql(*table))]


def one_on_postgresql(table: str, words: str, condition: str) -> list[str]:
    of_new = condition.replace("network", "NEW.network")
    return [
        f"CREATE TABLE {words} (id bigint PRIMARY KEY, words tsvector NOT NULL)",
        f"INSERT INTO {words} SELECT id, to_tsvector('simple', spaced(text)) FROM {table} WHERE {condition} ORDER BY id",
        f"CREATE INDEX ix_{words}_words ON {words} USING gin (words)",
        f"CREATE FUNCTION keep_{words}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' THEN DELETE FROM {words} WHERE id = OLD.id; END IF; "
        f"IF TG_OP <> 'DELETE' AND {of_new} THEN "
        f"INSERT INTO {words} VALUES (NEW.id, to_tsvector('simple', spaced(NEW.text))); END IF; "
        "RETURN NULL; END $$",
        f"CREATE TRIGGER {words}_kept AFTER INSERT OR DELETE OR UPDATE OF text ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION keep_{words}()",
    ]


def spaced_in_postgresql() -> str:
    """`spaced(text)`: bare words, without accents, and blanks around letters that are words by themselves.

    Signs become blanks, for PostgreSQL's parser makes one word of `example.com/path` or `-5`, and FTS5 does not.
    Where all is ASCII, as most texts are, one `translate` is all.
    """
    signs = ASCII_SIGNS.replace("'", "''")
    plain = f"translate(said, '{signs}', repeat(' ', {len(ASCII_SIGNS)}))"
    bare = f"regexp_replace(normalize(said, NFD), '{ACCENTS}', '', 'g')"
    small = f"translate(normalize({bare}, NFC), '{LARGE}{signs}', '{LARGE.lower()}' || repeat(' ', {len(ASCII_SIGNS)}))"
    wordy = f"regexp_replace({small}, '{among(SIGNS)}', ' ', 'g')"
    apart = f"regexp_replace({wordy}, '({among(UNSPACED)})', ' \\1 ', 'g')"
    return (
        "CREATE FUNCTION spaced(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
        f"SELECT CASE WHEN octet_length(said) = char_length(said) THEN {plain} ELSE {apart} END $$"
    )
