"""Words are found on both engines alike: in what is there now, whole, newest first, page by page."""

# ruff: noqa: RUF001 - that scripts look alike is the point
import random
from dataclasses import replace
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from models import Mention
from models.core.account_filter import AccountFilter
from models.core.base import RuleBrokenError
from models.core.database import Database
from models.reports import search as search_module
from models.reports.search import RECENT_MAX_IDS, SearchCursor, search
from models.reports.search_query import QUERY_MAX_CHARS, parse_phrases, split_accounts, split_tracks
from models.tickets.incoming_post import OtherReason
from models.tickets.ingest import ingest_page
from models.tickets.word_index import index_missing
from tests.models.ledger import NINE, PLACE, hear, mention, minute, passing, said, ticket

WORDS = ["beer", "Bière", "BEER", "stock", "ビール", "啤酒", "пиво", "a", "42", "🍺"]
AGAIN = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)


def found(session, typed: str, limit: int = 50) -> list[str]:
    session.flush()
    return [
        one.text for one in search(session, parse_phrases(typed), before=SearchCursor(), limit=limit).found
    ]


def say(session, *words: str) -> None:
    hear(session, *(said(n, minute(n), text=one, conversation=f"d{n}") for n, one in enumerate(words, 1)))


def folded(words: str) -> list[str]:
    """A word as anybody would compare it."""
    return words.lower().replace("è", "e").split()


@given(st.lists(texts, max_size=8), st.lists(st.sampled_from(WORDS[:-1]), min_size=1, max_size=3))
@AGAIN
def test_found_is_what_has_all_the_words_and_nothing_else(
    db: Database, said_: list[str], wanted: list[str]
) -> None:
    with passing(db) as session:
        say(session, *said_)
        expected = [one for one in reversed(said_) if set(folded(" ".join(wanted))) <= set(folded(one))]

        assert found(session, " ".join(wanted)) == expected


@pytest.mark.parametrize(
    ("text_", "typed"),
    [
        ("Der Kühlschrank ist KAPUTT", "kuhlschrank kaputt"),
        ("see example.com/path?a=1", "example"),
        ("see example.com/path?a=1", "example.com/path"),
        ("don't do check-out", "don't check-out"),
        ("don't do check-out", "check"),
        ("この新しいビールは美味しい", "ビール"),
        ("この新しいビールは美味しい", "美味"),
        ("我想喝啤酒很好", "啤酒"),
        ("한국어 맥주가 좋아", "맥주"),
        ("ดื่มเบียร์", "เบียร์"),
        ("ПИВО вкусное", "пиво"),
        ("ΜΠΥΡΑ", "μπυρα"),
        ("great🍺beer", "beer"),
        ("checkout🤣", "checkout"),
        ("checkout🥰slow", "slow"),
        ("👍🏽done", "done"),
        ("das kostet 500₽", "500"),
        ("500₽", "500 ₽"),
        ("Łódź jest piękna", "lodz"),
        ("in der Straße", "strasse"),
        ("IN DER STRASSE", "straße"),
        ("ＡＣＭＥ　１２", "acme"),
        ("Acme™ is great", "acme"),
        (normalize("NFD", "新しいビールとガス"), "ビール"),
        ("ﾋﾞｰﾙ", "ビール"),
        ("μπύρας", "ΜΠΥΡΑΣ"),
        ("мой йод", "йод"),
        ("ёлка", "елка"),
        ("यह हिन्दी में है", "हिन्दी"),
        ("السَّلامُ عليكم", "السلام"),
        ("שָׁלוֹם", "שלום"),
        ("٥٠٠ ريال", "500"),
        ("co\u00adop\u2060erate", "cooperate"),
        ("\u2068Maria\u2069 said", "maria"),
        ("#winter_sale @acmebrew", "#winter_sale"),
        ("#winter_sale @acmebrew", "sale"),
        ("it costs -5 or 3.50", "3.50"),
        ("x" * 3_000 + " end", "end"),
        ("啤" * 9_000 + " end", "end"),
    ],
)
def test_a_word_is_found_however_it_stands_there(db: Database, text_: str, typed: str) -> None:
    with passing(db) as session:
        say(session, "nothing of it", text_)

        assert found(session, typed) == [text_]
        if typed.split(maxsplit=1)[0] in text_ and " " not in typed:
            assert found(session, f'"{typed}"') == [text_]


@pytest.mark.parametrize(
    ("text_", "typed"), [("beerhouse", "beer"), ("beer", "beers"), ("a b", '"b a"'), ("酒啤", "啤酒")]
)
def test_a_piece_of_a_word_is_not_the_word(db: Database, text_: str, typed: str) -> None:
    with passing(db) as session:
        say(session, text_)
        assert found(session, typed) == []


def test_whatever_changes_a_text_changes_what_is_found(db: Database) -> None:
    """Whoever empties a text by SQL has emptied the index, too; new words by SQL are caught up with."""
    with passing(db) as session:
        say(session, "one beer", "two beer", "three beer", "four beer")
        mention(session, "1").erase(minute(9))
        session.flush()
        session.execute(update(Mention).where(Mention.post_id == "2").values(text="啤酒"))
        session.execute(text("UPDATE mentions SET text = '' WHERE post_id = '3'"))
        session.execute(text("UPDATE mentions SET lang = 'en'"))

        assert found(session, "beer") == ["four beer"]
        assert index_missing(session) == 2  # the two that SQL changed
        assert index_missing(session) == 0
        assert found(session, "啤酒") == ["啤酒"]
        mention(session, "4").text = "now wine"
        assert found(session, "beer") == []
        assert found(session, "wine") == ["now wine"]
        session.execute(delete(Mention).where(Mention.post_id == "2"))
        assert found(session, "啤酒") == []
        if db.is_sqlite:
            session.execute(text("INSERT INTO mention_words(mention_words) VALUES ('integrity-check')"))
        assert session.scalar(text("SELECT count(*) FROM mention_words")) == 3


def test_pages_put_together_are_the_whole_without_gap_or_repeat(db: Database) -> None:
    chance = random.Random(7)
    with passing(db) as session:
        for number in range(1, 40):
            at = minute(number // 5)  # many at the same moment
            hear(session, said(number, at, text=f"beer {number}", conversation=f"d{number}"), at=at)
            if chance.random() < 0.5:
                ticket(session, "7", f"d{number}").reply(
                    session,
                    text=f"our beer {number}",
                    by="U0ANA",
                    at=at,
                    turn=1,
                    to_post_id=str(number),
                    undo_until=minute(99),
                    key=f"k{number}",
                )
        session.flush()
        whole = search(session, ["beer"], before=SearchCursor(), limit=500).found
        pages, before = [], SearchCursor()
        while before is not None:
            page = search(session, ["beer"], before=before, limit=7)
            pages += page.found
            before = page.more

        assert len(whole) > 50
        assert [(one.by, one.id) for one in pages] == [(one.by, one.id) for one in whole]


def test_what_is_far_back_is_found_past_what_is_looked_through_first(db: Database) -> None:
    with passing(db) as session:
        say(session, "rare beer", "rare stock")
        session.execute(text(f"UPDATE mentions SET id = id + {RECENT_MAX_IDS * 3} WHERE post_id = '2'"))
        assert index_missing(session) == 1

        assert found(session, "rare") == ["rare stock", "rare beer"]
        assert found(session, "rare", limit=1) == ["rare stock"]


def test_canaries_are_not_found(db: Database) -> None:
    with passing(db) as session:
        say(session, "I am beer")
        session.execute(
            text("UPDATE mentions SET network = 'canary', text = 'I am stock' WHERE post_id = '1'")
        )
        assert index_missing(session) == 0
        assert found(session, "stock") == []


@given(st.text(max_size=QUERY_MAX_CHARS + 50))
@AGAIN
def test_whatever_is_typed_is_looked_for_or_refused_with_a_sentence(db: Database, typed: str) -> None:
    with passing(db) as session:
        say(session, "beer")
        try:
            looked_for = parse_phrases(typed)
        except RuleBrokenError:
            return
        search(session, looked_for, before=SearchCursor(), limit=10)


# --- of one account -----------------------------------------------------------------------------------------

FERN = AccountFilter("FernPress", (("x", "98"), ("y", "97")))


@pytest.mark.parametrize("recent", [1, RECENT_MAX_IDS])
def test_only_what_an_accounts_tickets_hold_is_found(
    session: Session, monkeypatch: pytest.MonkeyPatch, recent: int
) -> None:
    monkeypatch.setattr(search_module, "RECENT_MAX_IDS", recent)
    places = (PLACE, replace(PLACE, account_id="98"))
    for number in range(1, 9):
        post = said(number, minute(number), author=f"a{number}", text=f"beer {number}")
        ingest_page(session, [post], places[number % 2], at=minute(number))
    for author, key in (("a3", "k3"), ("a4", "k4")):
        one = ticket(session, author)
        given = {"turn": 1, "to_post_id": author[1:], "undo_until": minute(30), "key": key}
        one.reply(session, text="a beer is on its way", by="U0ANA", at=minute(20), **given)
    session.flush()

    def hits(*looked_for: str, before: SearchCursor | None = None, limit: int = 9) -> list[str]:
        start = before or SearchCursor()
        page = search(session, looked_for, before=start, limit=limit, accounts=[FERN])
        return [f"{one.by or ''}{one.text}" for one in page.found]

    ours = ["U0ANAa beer is on its way", "beer 7", "beer 5", "beer 3", "beer 1"]
    assert hits("beer") == hits() == ours
    assert hits("5") == ["beer 5"]
    page = search(session, (), before=SearchCursor(), limit=2, accounts=[FERN])
    assert page.more is not None
    assert hits(before=page.more) == ours[2:]
    session.execute(update(Mention).where(Mention.post_id == "7").values(deleted_at=minute(40)))
    assert hits(limit=2) == [ours[0], "beer 5"]


@pytest.mark.parametrize(
    ("typed", "words", "handles"),
    [
        ("@fernpress", "", ["FernPress"]),
        ("slow @FernPress, checkout", "slow checkout", ["FernPress"]),
        ("*@fernpress* @FERNPRESS: hi", "hi", ["FernPress"]),
        ("slow  @maria", "slow  @maria", []),
        ("fernpress", "fernpress", []),
        ('"@fernpress hi"', '"@fernpress hi"', []),
        ("@", "@", []),
    ],
)
def test_handles_of_ours_are_told_from_words(typed: str, words: str, handles: list[str]) -> None:
    rest, accounts = split_accounts(typed, {"fernpress": FERN, "FernPress": FERN, "FERNPRESS": FERN}.get)

    assert (rest, [one.handle for one in accounts]) == (words, handles)


@pytest.mark.parametrize(
    ("typed", "words", "tracks"),
    [
        ("track:7", "", (7,)),
        ("slow  Track:7, checkout track:12 *track:7*", "slow checkout", (7, 12)),
        ("slow  track", "slow  track", ()),
        ("track:x track:1234567890 tracks:7", "track:x track:1234567890 tracks:7", ()),
        ('"track:7 hi"', '"track:7 hi"', ()),
    ],
)
def test_tracks_are_told_from_words(typed: str, words: str, tracks: tuple[int, ...]) -> None:
    assert split_tracks(typed) == (words, tracks)


def test_only_tickets_that_a_track_found_are_searched(session: Session) -> None:
    """One that it opened, one to which it added a post, one that it found as well; and our replies to them."""
    by_track = replace(PLACE, track_id=7)
    ingest_page(session, [said(1, text="a blue pot", conversation="c1")], by_track, at=NINE)
    hear(session, said(2, text="the red pot", conversation="c2", author="8"))
    ingest_page(session, [said(3, text="a pot", conversation="c2", author="8")], by_track, at=NINE)
    also = said(4, text="my pot", conversation="c3", author="9", also=(OtherReason(7, "matches “pot”"),))
    hear(session, also, said(5, text="another pot", conversation="c4", author="10"))
    other = ingest_page(
        session,
        [said(6, text="pot of others", conversation="c5", author="11")],
        replace(PLACE, track_id=8),
        at=NINE,
    )
    assert other.tickets == 1
    session.flush()

    def found(*looked_for: str, tracks: tuple[int, ...] = (7,), limit: int = 9, **more: Any) -> list[str]:
        page = search(session, looked_for, before=SearchCursor(), limit=limit, tracks=tracks, **more)
        return [one.text for one in page.found]

    assert found("pot") == found() == ["my pot", "a pot", "the red pot", "a blue pot"]
    assert found("blue") == ["a blue pot"]
    assert found("pot", tracks=(7, 8))[0] == "pot of others"
    assert found("pot", tracks=(9,)) == found(tracks=(9,)) == []
    assert found(limit=2) == ["my pot", "a pot"]
    elsewhere = AccountFilter("other", (("x", "1"),))
    assert found("pot", accounts=[elsewhere]) == found(accounts=[elsewhere]) == []
