"""What docs/reference/ledger.md promises to people with tools of their own, held against the ledger."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from models import Base
from models.core.database import Database
from tests.bot.runtime.test_export_writer import a_day

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reference" / "ledger.md").read_text()
QUERIES = re.findall(r"```(sql|postgresql)\n(.*?)```", PAGE, re.DOTALL)
EVENTS = PAGE.partition("### Events")[2].partition("### ")[0]
COLUMNS = PAGE.partition("### Columns")[2].partition("### ")[0]


@pytest.fixture
def db(database_url: str):
    database = Database(database_url)
    a_day(database)
    yield database
    database.close()


def asked(db: Database, number: int) -> list[tuple[object, ...]]:
    with db.read() as session:
        return [tuple(row) for row in session.execute(text(QUERIES[number][1]))]


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_every_query_on_the_page_runs(db: Database, number: int) -> None:
    if QUERIES[number][0] == "postgresql" and db.is_sqlite:
        pytest.skip("said to be PostgreSQL's")
    asked(db, number)


def test_the_queries_answer_what_is_written_over_them(db: Database) -> None:
    assert [row[0] for row in asked(db, 0)] == [3]
    assert asked(db, 1) == [
        ("2026-03", "answered", 1),
        ("2026-03", "no reply needed", 1),
        ("2026-03", "waiting", 1),
    ]
    assert asked(db, 2) == [("U0ANA", 1)]
    assert asked(db, 3) == [(1,)]


def test_every_act_that_is_recorded_is_on_the_page() -> None:
    code = "\n".join(
        path.read_text() for room in ("models", "bot", "handlers") for path in (ROOT / room).rglob("*.py")
    )
    found = {
        *re.findall(r"\bact=\"([^\"]+)\"", code),
        *re.findall(
            r"(?:Event\.record|self\._log|self\._own|self\._disown|self\._compose)\(\s*session,\s*\"([^\"]+)\"",
            code,
        ),
    }

    assert len(found) > 20
    assert [act for act in sorted(found) if f"`{act}`" not in EVENTS] == []


def test_every_column_on_the_page_is_in_its_table() -> None:
    table, named = "", dict[str, set[str]]()
    for line in re.findall(r"^\|(.*)\|$", COLUMNS, re.MULTILINE):
        first, columns, _ = line.split("|", 2)
        table = first.strip(" `") or table
        named.setdefault(table, set()).update(re.findall(r"`(\w+)`", columns))
    named = {table: columns for table, columns in named.items() if columns}

    assert {"tickets", "mentions", "replies", "events"} <= named.keys()
    for name, columns in named.items():
        assert columns <= set(Base.metadata.tables[name].columns.keys()), name
