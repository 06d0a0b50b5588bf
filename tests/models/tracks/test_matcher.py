"""Which posts a track wants: what a person would expect who typed it, in any script."""

# ruff: noqa: RUF001 - that scripts look alike is the point
import pytest

from models.tracks.matcher import FOUND_MAX_CHARS, Match, TrackMatcher
from models.tracks.query import TrackQueryError, parse_query


def shown(query: str, post: str, *handles: str) -> tuple[str, ...] | None:
    """The words for which `post` is wanted, or None."""
    found = TrackMatcher([(7, parse_query(query))]).match(post, handles=handles)
    return found[0].words if found else None


@pytest.mark.parametrize(
    ("query", "post", "words"),
    [
        ("tags", "fernpress would be nicer with Tags!", ("Tags",)),
        ("tags fernpress", "fernpress would be nicer with tags", ("fernpress", "tags")),
        ("farn or fern", "my fern and my farn", ("fern", "farn")),
        ('"slow checkout"', "Slow… CHECKOUT again", ("Slow… CHECKOUT",)),
        ('"slow checkout"', "slow\n checkout", ("slow checkout",)),
        ('"or"', "this or that", ("or",)),
        ("fern", "It's Fernpress's fern's time", ("fern",)),
        ("fernpress", "Fernpress’s new app", ("Fernpress",)),
        ("fern", "fern-press, fern_press, fern/press", ("fern",)),
        ("fern-press", "Fern‑Press", ("Fern‑Press",)),
        ('"fern press"', "fern-press", ("fern-press",)),
        ("press", "read fernpress.example/press?x", ("press",)),
        ("fernpress.example", "https://www.Fernpress.example/a", ("Fernpress.example",)),
        ("https://www.fernpress.example/", "see fernpress.example", ("fernpress.example",)),
        ("node.js", "Node.js rocks", ("Node.js",)),
        ("at&t", "AT&T and ＡＴ＆Ｔ", ("AT&T",)),
        ("C++", "C++17 is out", ("C++",)),
        ("c#", "I like C#.", ("C#",)),
        (".net", "use .NET, please", (".NET",)),
        ("$FERN", "up: $fern 3%", ("$fern",)),
        ("100%", "100% fern", ("100%",)),
        ("don't", "I DON’T know", ("DON’T",)),
        ('"C++ programming" or x', "C++, programming", ("C++, programming",)),
        ("#fern", "my #Fern!", ("#Fern",)),
        ("#fern", "＃ｆｅｒｎ", ("＃ｆｅｒｎ",)),
        ("#fern", "#fern🎉 and #fern", ("#fern",)),
        ("#fern_press", "#Fern_Press", ("#Fern_Press",)),
        ("#b", "#a#b", ("#b",)),
        ("fern", "#fern", ("fern",)),
        ('"#fern tips"', "#fern tips", ("#fern tips",)),
        ("@fern", "hi @Fern!", ("@Fern",)),
        ("@fern", ".@fern@social.example hi", ("@fern@social.example",)),
        ("@fern@social.example", "@fern@Social.Example", ("@fern@Social.Example",)),
        ("@fern.bsky.social", "@fern.bsky.social's", ("@fern.bsky.social",)),
        ("@fern", "＠fern", ("＠fern",)),
        ("@fern", "感謝@fernさん", ("@fern",)),
        ("fern", "@fern @fern.example", ("fern",)),
        ("fernさん", "@fern@a.exampleさん", ("fern@a.exampleさん",)),
        ('"@fern@a.example rocks"', "@fern@a.example rocks", ("@fern@a.example rocks",)),
        ('"@fern rocks"', "@fern@a.example rocks", ("@fern@a.example rocks",)),
        ("don", "don'tarme", ("don",)),
        ("don", "don’taré", ("don",)),
        ('"C++ .net"', "C++.net", ("C++.net",)),
        ("straße", "STRASSE", ("STRASSE",)),
        ("cafe", "Café cafe\u0301", ("Café",)),
        ("istanbul", "İSTANBUL", ("İSTANBUL",)),
        ("ısı", "ISI", ("ISI",)),
        ("œuvre", "oeuvre", ("oeuvre",)),
        ("lodz", "Łódź", ("Łódź",)),
        ("l’oréal", "L'Oreal", ("L'Oreal",)),
        ("oréal", "l'Oréal", ("Oréal",)),
        ("ΜΠΎΡΑΣ", "μπύρας", ("μπύρας",)),
        ("ЁЛКА", "елка", ("елка",)),
        ("محمد", "قال مُحَمَّـد", ("مُحَمَّـد",)),
        ("کتاب", "كتاب", ("كتاب",)),
        ("می‌خواهم", "میخواهم", ("میخواهم",)),
        ("שלום", "שָׁלוֹם", ("שָׁלוֹם",)),
        ('צה"ל', "של צה״ל.", ("צה״ל",)),
        ("हिन्दी", "मैं हिन्दी।", ("हिन्दी",)),
        ("বাংলা", "আমি বাংলায়, বাংলা", ("বাংলা",)),
        ("ไทย", "ภาษาไทยง่าย", ("ไทย",)),
        ("ຂອບໃຈ", "ຂອບໃຈຫຼາຍໆ", ("ຂອບໃຈ",)),
        ("ខ្មែរ", "ភាសា\u200bខ្មែរ", ("ខ្មែរ",)),
        ("မြန်မာ", "မြန်မာစာ", ("မြန်မာ",)),
        ("北京", "我爱北京天安门", ("北京",)),
        ("ビール", "生ﾋﾞｰﾙを飲む", ("ﾋﾞｰﾙ",)),
        ("iPhone版", "新しいｉＰｈｏｎｅ版です", ("ｉＰｈｏｎｅ版",)),
        ("iphone", "新しいiPhoneを", ("iPhone",)),
        ('"東京 タワー"', "東京タワー", ("東京タワー",)),
        ("단어", "이 단어를 보세요", ("단어",)),
        ("#日本", "#日本#東京", ("#日本",)),
        ("東京", "#東京駅", ("東京",)),
        ("#แท็ก", "ที่#แท็ก", ("#แท็ก",)),
        ("👍", "ok👍🏽", ("👍🏽",)),
        ("👍🏽", "👍", ("👍",)),
        ("❤️", "❤ you", ("❤",)),
        ("🇩🇪", "🇫🇷🇩🇪", ("🇩🇪",)),
        ("#️⃣", "press #️⃣", ("#️⃣",)),
        ("12", "١٢ ๑๒", ("١٢",)),
    ],
)
def test_a_post_is_wanted(query: str, post: str, words: tuple[str, ...]) -> None:
    assert shown(query, post) == words


@pytest.mark.parametrize(
    ("query", "post"),
    [
        ("fern", "ferns fernpress xfern"),
        ("fern tags", "fern"),
        ("fern -free", "Free fern"),
        ('fern -"for free"', "fern, for free"),
        ("fern or farn -#ad", "farn #Ad"),
        ("fern -@bot", "@bot fern"),
        ("won", "I won't, I can't"),
        ('"slow checkout"', "checkout slow, slow and checkout"),
        ('"slow checkout"', "slow 🙂 checkout"),
        ("fern-press", "fern press"),
        ("node.js", "node js"),
        (".net", "fern.net"),
        ("c++", "c+ or c"),
        ("$fern", "us$fern"),
        ("#fern", "fern #fernpress #fern_press"),
        ("#日本", "#日本語"),
        ("#fern", "https://a.example/#fern a.example/x#fern"),
        ("#x", "C#x &#x27;"),
        ("@fern", "@fernpress @fernée @fern_press @fern.example fern ana@fern.example"),
        ("@fern", "https://social.example/@fern"),
        ("@fern@a.example", "@fern @fern@b.example"),
        ("social", "@fern@social.example"),
        ("東京", "東 京、東、京"),
        ("ហ", "ខ្ហ"),
        ("ก", "กิน"),
        ("か", "が か\u3099"),
        ("👩", "👩‍🚀"),
        ("🚀", "👩‍🚀"),
        ("हिन्द", "हिन्दी"),
    ],
)
def test_a_post_is_not_wanted(query: str, post: str) -> None:
    assert shown(query, post) is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("@fern", ("@Fern@a.example",)),
        ("@fern@a.example", ("@Fern@a.example",)),
        ("fern", ("Fern",)),
        ("thanks @fern", ("thanks", "@Fern@a.example")),
        ('"thanks fern"', None),
        ("@fern@b.example", None),
        ("thanks -@fern", None),
        ("example", None),
    ],
)
def test_handles_outside_the_text_count_as_if_they_were_in_it(
    query: str, words: tuple[str, ...] | None
) -> None:
    assert shown(query, "thanks", "Fern@a.example", "no handle!") == words


def test_tracks_come_by_their_ids_and_each_once() -> None:
    queries = {9: "fern or tags", 3: "tags", 5: "moss", 4: "fern tags"}
    matcher = TrackMatcher((track_id, parse_query(query)) for track_id, query in queries.items())

    assert matcher.match("tags for Fern") == [
        Match(3, ("tags",)),
        Match(4, ("tags", "Fern")),
        Match(9, ("tags", "Fern")),
    ]
    assert matcher.match("") == []
    assert TrackMatcher([]).match("fern") == []


def test_a_word_under_a_pile_of_accents_is_cut() -> None:
    [match] = TrackMatcher([(1, parse_query("fern"))]).match("fern" + "\u0301\u0323" * 50_000)

    assert len(match.words[0]) == FOUND_MAX_CHARS


def test_a_word_that_many_tracks_share_is_not_what_they_are_looked_up_by() -> None:
    matcher = TrackMatcher(
        (number, parse_query(f"the fern word{number} or 東京都庁{number}")) for number in range(500)
    )

    assert max(map(len, matcher._by_key.values())) == 1
    assert [match.track_id for match in matcher.match("The fern word7 東京都庁9")] == [7, 9]


# --- quotes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "quoted", "found"),
    [
        ("quotes:@fern", "Fern", True),
        ("QUOTES:@Fern", "fern", True),
        ("quotes:@fern", "fernpress", False),
        ("quotes:@fern", None, False),
        ("quotes:@fern slow", "fern", True),
        ("quotes:@fern quick", "fern", False),
        ("slow -quotes:@fern", "fern", False),
        ("slow -quotes:@fern", "farn", True),
        ("fern", "fern", False),  # a quoted handle is no word of the post
        ("@fern", "fern", False),
        ("quotes", "fern", False),
    ],
)
def test_a_post_that_quotes_somebody_has_that_beside_its_words(
    query: str, quoted: str | None, *, found: bool
) -> None:
    matcher = TrackMatcher([(1, parse_query(query))])

    matches = matcher.match("this is slow", quoted=quoted)

    assert bool(matches) is found
    if found and "-" not in query:
        assert "quotes @" in " ".join(matches[0].words)
    assert parse_query(parse_query(query).canonical) == parse_query(query)


@pytest.mark.parametrize("text", ["quotes:@", "quotes:@fern*x", "quotes:@@fern"])
def test_quotes_of_what_is_no_handle_are_refused(text: str) -> None:
    with pytest.raises(TrackQueryError):
        parse_query(text)
