"""Graphemes are counted as Bluesky's servers count them: `graphemes/table.tsv` holds their counter's values."""

from pathlib import Path

import pytest

from bot.networks.graphemes import count_graphemes
from tests.bot.networks.graphemes.compare import read_table

TABLE = Path(__file__).with_name("graphemes") / "table.tsv"


def test_every_string_of_the_table_counts_as_on_the_server():
    rows = list(read_table(TABLE.read_text(encoding="ascii").splitlines()))

    assert len(rows) > 1500
    assert [(text, count) for text, count in rows if count_graphemes(text) != count] == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("অ্যাপ", 3),
        ("এন্টার", 3),
        ("എൻ്റെ", 3),
        ("ଓ୍ୱାର", 3),
        ("क्षत्रिय", 3),
        ("अ्क", 2),
        ("👨‍👩‍👧‍👦", 1),
        ("🇩🇪🇯🇵", 2),
    ],
)
def test_a_virama_joins_only_what_follows_a_consonant(text, count):
    assert count_graphemes(text) == count


def test_words_that_fit_by_the_usual_rules_can_be_a_hundred_too_long():
    assert count_graphemes("অ্যাপ " * 100) == 400
