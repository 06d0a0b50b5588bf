"""SQLite and PostgreSQL find the same words in the same texts, whatever script they are written in."""

# ruff: noqa: RUF001 - that scripts look alike is the point
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.core.base import RuleBrokenError
from models.core.database import Database
from models.reports.search import SearchCursor, search
from models.reports.search_query import QUERY_MAX_CHARS, parse_phrases
from tests import databases
from tests.models.ledger import hear, minute, passing, said

PIECES = [
    *(
        "beer",
        "Bière",
        "STRASSE",
        "Straße",
        "Łódź",
        "lodz",
        "ＢＥＥＲ",
        "ﾋﾞｰﾙ",
        "ビール",
        "啤酒",
        "酒",
        "맥주",
        "เบียร์",
        "हिन्दी",
    ),
    *(
        "μπύρας",
        "ΜΠΥΡΑΣ",
        "йод",
        "иод",
        "ёлка",
        "السَّلام",
        "שלום",
        "500₽",
        "٥٠٠",
        "checkout🤣",
        "🫠",
        "👩‍🚀",
        "don't",
        "C++",
    ),
    *(
        "a.b/c?d=1",
        "e@f.example",
        "#tag_x",
        "-5",
        "v2.0",
        "x\u00adyz",
        "\u2068ana\u2069",
        "'",
        '"',
        "\\",
        "&",
        "|",
        "!",
        ":*",
        "(",
        "<->",
    ),
]
ANYTHING = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), ANYTHING), max_size=8).flatmap(
    lambda words: st.sampled_from([" ".join(words), "".join(words)])
)


@pytest.fixture(scope="module")
def both(
    sqlite: databases.Lend, postgresql: databases.Lend, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Database]]:
    home: Path = tmp_path_factory.mktemp("engines")
    with ExitStack() as lent:
        opened = [Database(lent.enter_context(lend(home))) for lend in (sqlite, postgresql)]
        yield opened
        for database in opened:
            database.close()


def found(database: Database, texts: list[str], *, look: Callable[[], list[str]]) -> list[str]:
    with passing(database) as session:
        hear(session, *(said(n, minute(n), text=one, conversation=f"d{n}") for n, one in enumerate(texts, 1)))
        return [one.text for one in search(session, look(), before=SearchCursor(), limit=50).found]


@given(texts=st.lists(TEXTS, min_size=1, max_size=6), typed=TEXTS, quoted=st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_both_engines_find_the_same(both: list[Database], texts: list[str], typed: str, quoted: bool) -> None:
    typed = f'"{typed}"'[:QUERY_MAX_CHARS] if quoted else typed[:QUERY_MAX_CHARS]
    try:
        parse_phrases(typed)
    except RuleBrokenError:
        return
    lite, postgres = (found(one, [*texts, typed], look=lambda: parse_phrases(typed)) for one in both)
    assert lite == postgres
    assert typed in lite, "a text is found by all of its own words"


@pytest.mark.parametrize(
    ("text", "typed", "is_found"),
    [
        ("啤" * 20_000 + "酒", "啤酒", False),  # past what is indexed
        ("啤" * 1_000 + "酒", "啤酒", False),  # past the places of one word
        ("啤" * 1_000 + "酒", "酒", True),
        ("啤" * 1_000 + "酒", "啤啤啤", True),
        ("the beer " * 300 + "stock", "beer stock", True),
        ("the beer " * 300 + "stock", '"beer stock"', False),
        ("x" * 5_000, "x" * 100, True),  # a word is known by its beginning
        ("word " * 30_000 + "end", "word", True),
    ],
)
def test_both_engines_have_the_same_limits(
    both: list[Database], text: str, typed: str, is_found: bool
) -> None:
    for one in both:
        assert (found(one, [text], look=lambda: parse_phrases(typed)) == [text]) is is_found, (
            one.engine.dialect.name
        )
