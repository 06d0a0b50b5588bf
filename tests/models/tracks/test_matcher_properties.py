"""The matcher finds what a slow, obvious one finds, for one track and for many, in many scripts."""

# ruff: noqa: RUF001 - that scripts look alike is the point
import unicodedata

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.tracks.matcher import TrackMatcher
from models.tracks.query import MAX_QUERY_CHARS, TrackQuery, TrackQueryError, parse_query, warnings
from tests.models.tracks import slow_matcher

# Few pieces, so that tracks and posts have them in common.
WORDS = (
    *(
        "fern",
        "Fern",
        "FERN",
        "ferns",
        "press",
        "fernpress",
        "café",
        "CAFE",
        "isn't",
        "ISN’T",
        "isn",
        "t",
        "or",
        "-",
    ),
    *(
        "İzmir",
        "izmir",
        "ısı",
        "straße",
        "STRASSE",
        "Łódź",
        "lodz",
        "ΜΠΎΡΑΣ",
        "μπυρας",
        "ёлка",
        "елка",
        "ｆｅｒｎ",
    ),
    *(
        "مُحَمَّد",
        "محمد",
        "مـحمد",
        "کتاب",
        "كتاب",
        "שָׁלוֹם",
        "שלום",
        'צה"ל',
        "צה״ל",
        "हिन्दी",
        "हिन्द",
        "বাংলা",
        "ก",
        "กิ",
        "กิน",
        "ขคก",
    ),
    *(
        "ខ្មែរ",
        "ខ",
        "東",
        "京",
        "東京",
        "東京都",
        "ビール",
        "ﾋﾞｰﾙ",
        "ヒール",
        "ー",
        "단어",
        "단어를",
        "어",
        "か\u3099",
        "が",
        "か",
    ),
    *(
        "👍",
        "👍🏽",
        "👩‍🚀",
        "👩🏽‍🚀",
        "👩",
        "🚀",
        "❤",
        "❤️",
        "🇩🇪",
        "😡",
        "1",
        "12",
        "٣",
        "3",
        "c",
        "net",
        "node",
        "a",
        "b",
    ),
)
JOINTS = (
    *(
        " ",
        " ",
        " ",
        " ",
        " ",
        "",
        "",
        "",
        ".",
        ".",
        ", ",
        "-",
        "‑",
        "'",
        "’",
        "_",
        "/",
        "#",
        "#",
        " #",
        " #",
        "＃",
        "@",
        " @",
        " ＠",
    ),
    *("++", "+", " .", "\u200b", "\u200d", "\n", "!", "&", "@a.b", "$", "・", " https://", "(", ")"),
)


def texts(words: int) -> st.SearchStrategy[str]:
    piece = st.tuples(st.sampled_from(JOINTS), st.sampled_from(WORDS))
    pieces = st.lists(piece, max_size=words).map(lambda all_of: "".join(gap + word for gap, word in all_of))
    return st.tuples(pieces, st.sampled_from(("", "++", "#", ".", " "))).map("".join)


POSTS = texts(12)
HANDLES = st.lists(st.sampled_from(["fern", "@FERN@a.b", "press", "a.b"]), max_size=2)


def is_term(typed: str) -> bool:
    try:
        parse_query(typed)
    except TrackQueryError:
        return False
    return True


TERMS = (
    st.tuples(texts(3).map(str.strip), st.sampled_from(["{}", "{}", '"{}"', "#{}", "@{}"]))
    .map(lambda drawn: drawn[1].format(drawn[0]))
    .map(lambda typed: typed if is_term(typed) else "fern")
)


@st.composite
def queries(draw: st.DrawFn) -> TrackQuery:
    """Queries with terms of all kinds."""
    groups = draw(st.lists(st.lists(TERMS, min_size=1, max_size=2).map(" ".join), min_size=1, max_size=2))
    excluded = draw(st.lists(TERMS.filter(lambda term: not term.startswith("-")), max_size=2))
    return parse_query(" ".join([" or ".join(groups), *(f"-{term}" for term in excluded)]))


def wanted(tracks: list[tuple[int, TrackQuery]], post: str, handles: list[str] | None = None) -> list[int]:
    return [match.track_id for match in TrackMatcher(tracks).match(post, handles=handles or [])]


@settings(max_examples=1_000)
@given(queries(), POSTS, HANDLES)
def test_a_track_matches_where_the_obvious_matcher_says_so(
    query: TrackQuery, post: str, handles: list[str]
) -> None:
    assume(not slow_matcher.joins_unknown_emoji(post))
    assert bool(wanted([(1, query)], post, handles)) == slow_matcher.wants(query, post, handles), (
        query.canonical
    )


@settings(max_examples=500)
@given(queries(), st.data())
def test_a_post_made_of_the_words_of_a_track_matches_likewise(query: TrackQuery, data: st.DataObject) -> None:
    terms = [term.text for group in query.alternatives for term in group] + [
        term.text for term in query.excluded
    ]
    pieces = st.one_of(st.sampled_from(terms), st.sampled_from(JOINTS), st.sampled_from(WORDS))
    post = "".join(data.draw(st.lists(pieces, min_size=1, max_size=8)))
    assume(not slow_matcher.joins_unknown_emoji(post))

    assert bool(wanted([(1, query)], post)) == slow_matcher.wants(query, post), query.canonical


@settings(max_examples=300)
@given(st.lists(queries(), max_size=12), POSTS, HANDLES)
def test_many_tracks_match_as_each_does_alone(many: list[TrackQuery], post: str, handles: list[str]) -> None:
    tracks = list(enumerate(many))
    alone = [match for track in tracks for match in TrackMatcher([track]).match(post, handles=handles)]

    assert TrackMatcher(reversed(tracks)).match(post, handles=handles) == alone


@given(queries(), POSTS)
def test_the_words_that_are_shown_stand_in_the_post(query: TrackQuery, post: str) -> None:
    composed = " ".join(unicodedata.normalize("NFC", post).split())

    for match in TrackMatcher([(1, query)]).match(post):
        assert match.words
        assert all(word in composed for word in match.words)


@given(queries(), queries(), POSTS)
def test_leaving_more_out_never_finds_more(query: TrackQuery, other: TrackQuery, post: str) -> None:
    without = TrackQuery(query.alternatives, query.excluded + other.alternatives[0])

    assert len(wanted([(1, without)], post)) <= len(wanted([(1, query)], post))


@given(queries(), queries(), POSTS)
def test_another_alternative_never_finds_less(query: TrackQuery, other: TrackQuery, post: str) -> None:
    either = TrackQuery(query.alternatives + other.alternatives, query.excluded)

    assert len(wanted([(1, either)], post)) >= len(wanted([(1, query)], post))


@given(queries(), POSTS, st.sampled_from(["NFC", "NFD"]))
def test_how_a_text_is_composed_makes_no_difference(query: TrackQuery, post: str, form: str) -> None:
    composed = unicodedata.normalize(form, post)  # type: ignore[arg-type]

    assert wanted([(1, query)], composed) == wanted([(1, query)], post)
    assert parse_query(unicodedata.normalize(form, query.canonical)) == query  # type: ignore[arg-type]


@settings(max_examples=500)
@given(queries())
def test_the_canonical_spelling_is_the_same_query(query: TrackQuery) -> None:
    again = parse_query(query.canonical)

    assert again == query
    assert again.canonical == query.canonical


@settings(max_examples=1_000)
@given(
    st.one_of(
        st.text(max_size=MAX_QUERY_CHARS + 9),
        st.text(st.sampled_from('ab"“or -#@(. \u0301צ״🙂1\u20e3\ufe0f東ﾞ'), max_size=40),
    )
)
def test_any_text_is_a_query_or_refused_in_a_sentence(text: str) -> None:
    try:
        query = parse_query(text)
    except TrackQueryError as refused:
        said = str(refused)
    else:
        said = "."
        assert parse_query(query.canonical) == query
        assert parse_query(query.canonical).canonical == query.canonical
        assert all(warning.endswith(".") for warning in warnings(query))
    assert said.endswith(".")


@given(st.text(), queries())
def test_any_text_can_be_a_post(text: str, query: TrackQuery) -> None:
    for match in TrackMatcher([(1, query)]).match(text, handles=[text]):
        assert match.words
