"""What people type for a track: what it means, what is refused, what is only warned of."""

# ruff: noqa: RUF001 - that scripts look alike is the point
import pytest

from models.tracks.query import MAX_QUERY_CHARS, TrackQueryError, parse_query, warnings


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("  Fern   tags ", "Fern tags"),
        ("fern OR farn ＯＲ moss", "fern or farn or moss"),
        ("fern, farn or, moss.", "fern farn or moss"),
        ("“slow checkout” „tief“ «loin»", '"slow checkout" "tief" "loin"'),
        ('"slow,  checkout"', '"slow checkout"'),
        ('"or"', '"or"'),
        ('-ad fern -"for free" –x -#y -@z', 'fern -ad -"for free" -x -#y -@z'),
        ("fern fern FERN or fern", "fern"),
        ("＃fern, ＠ana", "#fern @ana"),
        ('a"b c"d', 'a "b c" d'),
        ('צה"ל "צה"ל היום"', 'צה"ל "צה"ל היום"'),
        ("https://www.fern.example/", "fern.example"),
        ("*C++* (x) .net, $5".replace("(x) ", ""), "C++ .net $5"),
        ("@fern@social.example", "@fern@social.example"),
        ('"hi @fern@social.example++"', '"hi @fern++"'),
    ],
)
def test_a_query_has_one_spelling(typed: str, canonical: str) -> None:
    query = parse_query(typed)

    assert query.canonical == canonical
    assert parse_query(canonical) == query


def test_queries_are_equal_if_they_look_for_the_same() -> None:
    assert parse_query("Straße OR ｶﾌｪ") == parse_query("strasse or カフェ")
    assert parse_query("fern") != parse_query("#fern")
    assert {parse_query("Fern")} == {parse_query("fern")}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type the words to look for"),
        ("  \n", "Type the words to look for"),
        ("-a -b", "not only words to leave out"),
        ("fern or -b", "Each side of “or” needs a word"),
        ("-b or fern", "Each side of “or” needs a word"),
        ("or fern", "on both sides"),
        ("fern or", "on both sides"),
        ("fern or or farn", "on both sides"),
        ('fern "slow checkout', "“slow checkout” has no second one"),
        ('fern "', "at the end has no second one"),
        ('""', "no letter, digit or emoji"),
        ("#", "“#” has no letter"),
        ("fern @", "“@” has no letter"),
        ("fern - farn", "“-” has no letter"),
        ("#_", "“#_” has no letter"),
        ("!!!", "“!!!” has no letter"),
        ("\u0301", "no letter"),
        ("#c++", "“#c++” is no hashtag"),
        ("#fern-press", "is no hashtag"),
        ("@fern!press", "is no handle"),
        ("@ужин", "is no handle"),
        ("(a or b) c", "Brackets do not group words"),
        ("x" * (MAX_QUERY_CHARS + 88), "at most 512 characters; this has 600."),
        ("\u0958" * MAX_QUERY_CHARS, "at most 512 characters; this has 1,024."),
    ],
)
def test_what_cannot_be_a_track_is_refused_in_one_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(TrackQueryError) as refused:
        parse_query(typed)

    assert sentence in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    "typed", ["ai", "x or fernpress", "the", "The and", "https", "東", "ก", "😂", "❤️", '"the"', "على"]
)
def test_a_track_that_matches_too_much_is_warned_of(typed: str) -> None:
    assert any("is in very many posts" in warning for warning in warnings(parse_query(typed)))


@pytest.mark.parametrize(
    "typed", ["fern", "the fern", "東京", "카페", "c#", "C++", "#ai", "@x", '"to be"', "🪴"]
)
def test_an_ordinary_track_is_not_warned_of(typed: str) -> None:
    assert warnings(parse_query(typed)) == ()


def test_what_is_probably_not_meant_is_warned_of() -> None:
    assert "side by side already mean and" in warnings(parse_query("fern AND tags"))[0]
    assert "write -word" in warnings(parse_query("fern NOT tags"))[0]
    assert warnings(parse_query("fern -Fern")) == (
        "This track finds nothing: it leaves out what it looks for.",
    )
