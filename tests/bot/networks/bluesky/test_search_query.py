"""A track becomes one search for each of its alternatives."""

import pytest

from bot.networks.bluesky import search_query
from bot.networks.bluesky.search_query import Search
from bot.networks.errors import SearchRefusedError
from bot.networks.values import SearchRequest
from models.tracks.query import parse_query


def searches(*queries):
    return search_query.parse(search_query.build([SearchRequest(parse_query(query)) for query in queries]))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fernpress", [Search("fernpress")]),
        ('"slow checkout" fern -free', [Search('"slow checkout" fern')]),
        ("fern or @ana.test", [Search("fern"), Search("@ana.test")]),
        ("#tea fern", [Search("#tea fern", ("tea",))]),
        ("c++", [Search('"c++"')]),
    ],
)
def test_a_query_is_written_in_bluesky_s_words(query, expected):
    assert searches(query) == expected


def test_any_other_text_is_one_search():
    assert search_query.parse("@acmebrew.test") == [Search("@acmebrew.test")]


def test_what_cannot_be_searched_for_is_refused():
    with pytest.raises(SearchRefusedError, match="one track at a time"):
        searches("tea", "coffee")
    with pytest.raises(SearchRefusedError, match="two tracks"):
        searches(" or ".join(f"w{number}" for number in range(search_query.SEARCHES_MAX + 1)))
    with pytest.raises(SearchRefusedError, match="quote"):
        searches("quotes:@ana.test")
