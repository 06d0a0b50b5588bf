"""What a track asks for, in the words of X's search; the local X reads them back."""

import pytest

from bot.networks.errors import SearchRefusedError
from bot.networks.values import SearchRequest
from bot.networks.x import search_query
from models.tracks.query import parse_query
from sandbox.x.state import search_query as local


def build(*queries: str, languages: tuple[str, ...] = (), excluded: tuple[str, ...] = ()) -> str:
    return search_query.build([SearchRequest(parse_query(one), languages, excluded) for one in queries])


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("fern", "fern -is:retweet"),
        ("fern tags", "fern tags -is:retweet"),
        ('"slow checkout"', '"slow checkout" -is:retweet'),
        ("fern or farn", "(fern OR farn) -is:retweet"),
        ('fern tags or "fern press"', '((fern tags) OR "fern press") -is:retweet'),
        ("fern or farn -free -#ad -@bot", "(fern OR farn) -free -#ad -@bot -is:retweet"),
        ("#fern @fernpress", "#fern @fernpress -is:retweet"),
        ("C++", '"C++" -is:retweet'),
        ("node.js", '("node.js" OR url:"node.js") -is:retweet'),
        (
            "quotes:@fern",
            '(url:"x.com/fern/status" OR url:"twitter.com/fern/status") -is:retweet',
        ),
        ("fern -quotes:@fern", "fern -is:retweet"),
        (
            "fern.example/blog or fern",
            '(("fern.example/blog" OR url:"fern.example/blog") OR fern) -is:retweet',
        ),
        ("fern -fern.example -c++ -$FERN", "fern -is:retweet"),  # X would leave out too much
        ('צה"ל', '"צה ל" -is:retweet'),
        ("タグ or ブログ", "(タグ OR ブログ) -is:retweet"),
        ('"or"', '"or" -is:retweet'),
        ("and not", '"and" "not" -is:retweet'),
    ],
)
def test_each_kind_of_term_is_said_as_x_says_it(query: str, asked: str) -> None:
    assert build(query) == asked
    local.parse(asked)


def test_languages_and_people_narrow_it() -> None:
    asked = build("fern", languages=("en", "de"), excluded=("fern_jobs",))

    assert asked == "fern (lang:en OR lang:de) -from:fern_jobs -is:retweet"
    local.parse(asked)


def test_several_tracks_are_one_query_each_with_its_own_conditions() -> None:
    asked = build("fern -free", "farn or tags")

    assert asked == "((fern -free) OR ((farn OR tags))) -is:retweet"
    local.parse(asked)


def test_what_x_cannot_take_is_one_sentence() -> None:
    words = " ".join(f"w{number}" for number in range(124))
    with pytest.raises(SearchRefusedError, match="X takes 512 characters in a search, and this one has 52"):
        build(words)
    with pytest.raises(SearchRefusedError, match=r"X has no such handle: @fern@social\.example"):
        build("@fern@social.example")
    with pytest.raises(SearchRefusedError, match="X knows no such language: english"):
        build("fern", languages=("english",))
