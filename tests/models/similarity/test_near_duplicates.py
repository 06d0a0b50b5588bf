"""Nobody gets the phrase that everybody got."""

# ruff: noqa: RUF001 - other scripts
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz
from sqlalchemy.orm import Session

from models import Author, Reply
from models.core.fingerprint import compute_fingerprint
from models.similarity import near_duplicates as guard
from models.similarity.near_duplicates import (
    NEAR_DUPLICATE_MIN_PERCENT,
    FingerprintCache,
    NearDuplicate,
    find_near_duplicate,
)
from models.slack.teammate import append_sign_off, strip_sign_off
from models.tickets.delivery_state import LIVE_STATES, DeliveryState
from models.tickets.incoming_post import IngestTarget
from models.tickets.ingest import ingest_page
from tests.bench.honesty import PRODUCTS, rates
from tests.models.ledger import NINE, PLACE, PROMISE, minute, said, ticket

ANA, TOM = "U0ANA", "U0TOM"
SIGN = "\N{EN DASH} Ana"
CANNED = "Hi Kim, thanks for writing to us! We are sorry about that and look into it right away."


def told(
    session: Session,
    text: str,
    *,
    to: str = "7",
    state: DeliveryState = DeliveryState.PUBLISHED,
    names: Iterable[str] = ("Ana", "Tom"),
    place: IngestTarget = PLACE,
    **more: Any,
) -> Reply:
    """A reply in that state to that person, its essence kept as the ledger keeps it."""
    key = uuid4().hex
    ingest_page(session, [said(key, author=to, conversation=key)], place, at=NINE)
    session.flush()
    person = ticket(session, to, key)
    sign_off = more.get("sign_off")
    values = {
        "essence": compute_fingerprint(strip_sign_off(text, sign_off), names),
        "actor": TOM,
        "account_id": place.account_id,
        "created_at": NINE,
    } | more
    reply = Reply(
        ticket_id=person.id,
        turn=1,
        state=state,
        text=text,
        source="composer",
        key=key,
        to_post_id=key,
        **values,
    )
    session.add(reply)
    session.flush()
    return reply


def near(
    session: Session, text: str, *, to: str = "8", known: FingerprintCache | None = None, **more: Any
) -> NearDuplicate | None:
    """What the guard finds when `text` is to go to that person, with nothing read before unless `known`."""
    author = Author.by_network_id(session, "x", [to]).get(to)
    asked = {"sign_off": None, "network": "x", "account_ids": {"99"}, "names": ("Ana", "Tom")} | more
    return find_near_duplicate(
        session, known or FingerprintCache(), text=text, author_id=author.id if author else -1, **asked
    )


# --- what is left of a text ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hi @kim, we are on it.", "Hi @lee_99, we are ON it!"),
        ("@kim@mastodon.example we are on it", "@lee.m@social.example we are on it"),
        ("@kim.bsky.social we are on it", "we are on it"),
        ("See https://acme.example/a?b=c for more", "See www.acme.example for more"),
        ("See acme.example/help for more", "See for more"),
        ("We are sorry \N{PENSIVE FACE}", "We are sorry \N{HEAVY BLACK HEART}\ufe0f 1\ufe0f\u20e3"),
        ("We\N{RIGHT SINGLE QUOTATION MARK}re on it", "we're on it"),
        ("on it we are", "We are -- on it ..."),
        ("\ufb01xed, \uff26\uff35\uff2c\uff2c", "fixed full"),
        ("stra\u00dfe", "STRASSE"),
    ],
)
def test_what_differs_on_the_surface_alone_is_the_same(one: str, other: str) -> None:
    assert compute_fingerprint(one) == compute_fingerprint(other) != ""


def test_a_name_goes_as_a_whole_word_and_each_word_of_it() -> None:
    assert compute_fingerprint(
        "Hi Kim, ask Tom: Kim's kimono, Anne-Marie", ["Kim Lee", "TOM", "Anne-Marie"]
    ) == ("ask hi kimono")


def test_numbers_stay_for_they_may_be_all_that_is_personal() -> None:
    assert compute_fingerprint("Fixed in 4.2.1") != compute_fingerprint("Fixed in 4.2.0")
    assert compute_fingerprint("Order 4711 left") == "4711 left order"


def test_languages_without_blanks_keep_their_order() -> None:
    words = "感谢您的反馈\N{FULLWIDTH COMMA}我们正在处理这个问题。"

    assert compute_fingerprint(words) == "感谢您的反馈我们正在处理这个问题"
    assert compute_fingerprint(f"@kim {words} https://acme.example") == compute_fingerprint(words)
    assert compute_fingerprint("https://acme.example/a请看") == "请看"
    assert (
        compute_fingerprint("田中様、ご連絡ありがとうございます", ["田中"]) == "様ご連絡ありがとうございます"
    )
    assert compute_fingerprint("我们正在处理") != compute_fingerprint("处理正在我们")


@pytest.mark.parametrize("hidden", ["\u200b", "\u200d", "\u00ad", "\u2060", "\u200f", "\u202e", "\ufeff"])
def test_what_hides_between_letters_does_not_dodge_the_guard(hidden: str, session: Session) -> None:
    told(session, CANNED)
    dodging = hidden.join(CANNED)

    assert compute_fingerprint(dodging) == compute_fingerprint(CANNED)
    found = near(session, dodging)
    assert found is not None
    assert (found.percent, found.is_exact) == (100, True)


@pytest.mark.parametrize(
    "empty", ["", " \n", "\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-3}", "@kim https://a.example"]
)
def test_what_says_nothing_has_no_essence(empty: str) -> None:
    assert compute_fingerprint(empty) == ""


NAMES = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x24F), min_size=1, max_size=12)


@given(st.text(), NAMES, st.from_regex(r"[a-z0-9_]{1,15}", fullmatch=True))
def test_whom_it_is_to_who_signs_and_what_it_links_to_change_nothing(
    text: str, name: str, handle: str
) -> None:
    plain = compute_fingerprint(text, [name])
    sign = f"\N{EN DASH} {name}"

    assert compute_fingerprint(f"@{handle} {text}", [name]) == plain
    assert compute_fingerprint(f"{text} https://acme.example/{handle}", [name]) == plain
    assert compute_fingerprint(f"{name} {text} {name}", [name]) == plain
    assert compute_fingerprint(
        strip_sign_off(append_sign_off(text, sign), sign), [name]
    ) == compute_fingerprint(strip_sign_off(text, sign), [name])


@given(st.text(), st.text())
def test_two_texts_are_as_like_one_way_as_the_other(one: str, other: str) -> None:
    there, back = (
        fuzz.ratio(compute_fingerprint(a), compute_fingerprint(b)) for a, b in ((one, other), (other, one))
    )

    assert 0 <= there == back <= 100


# --- its twin -----------------------------------------------------------------------------------------------


def test_a_canned_phrase_for_somebody_else_is_its_twins_whole_likeness(session: Session) -> None:
    reply = told(session, f"@kim {CANNED} {SIGN}", names=("Kim", "Ana"), sign_off=SIGN, settled_at=minute(5))
    changed = f"@lee {CANNED.replace('Kim', 'Lee')} https://acme.example \N{EN DASH} Tom"
    author = ticket_author(session, "7")
    author.handle, author.name = "kim", "Kim"

    found = near(session, changed, sign_off="\N{EN DASH} Tom", names=("Lee", "Tom"))

    assert found == NearDuplicate(
        reply_id=reply.id,
        percent=100,
        is_exact=False,
        same_person=False,
        actor=TOM,
        at=minute(5),
        handle="kim",
        name="Kim",
        text=reply.text,
    )


def ticket_author(session: Session, network_id: str) -> Author:
    return Author.by_network_id(session, "x", [network_id])[network_id]


def test_the_likest_is_told_and_of_several_the_newest(session: Session) -> None:
    told(session, CANNED)
    newest = told(session, CANNED)
    told(session, CANNED.replace("right away", "first thing tomorrow"))

    found = near(session, CANNED.replace("!", "."))

    assert found is not None
    assert (found.reply_id, found.percent, found.is_exact) == (newest.id, 100, False)


def test_one_that_is_near_tells_how_near(session: Session) -> None:
    told(session, CANNED)

    found = near(session, CANNED.replace("right away", "at once"))

    assert found is not None
    assert NEAR_DUPLICATE_MIN_PERCENT <= found.percent < 100


def test_honest_answers_about_two_bugs_are_not_near(session: Session) -> None:
    told(session, "Sorry, the sync bug was ours. It is fixed in 4.2.1, out this morning.")

    assert near(session, "Sorry, the login bug was ours. It is fixed in 4.2.0, out last Friday.") is None


def test_the_threshold_is_the_callers(session: Session) -> None:
    told(session, CANNED)
    other = CANNED.replace("right away", "at once")
    found = near(session, other)

    assert found is not None
    assert near(session, other, percent=found.percent) == found
    assert near(session, other, percent=found.percent + 1) is None


def test_a_short_text_is_compared_with_what_this_person_was_told_alone(session: Session) -> None:
    told(session, "Thank you so much!", to="7")

    assert near(session, f"@somebody_long Thank you so much! {SIGN}", to="8", sign_off=SIGN) is None
    found = near(session, "Thank you, so much", to="7")
    assert found is not None
    assert (found.percent, found.same_person, found.is_exact) == (100, True, False)


def test_from_twenty_five_characters_on_it_is_compared_with_all(session: Session) -> None:
    told(session, "We will fix this tonight.", to="7")
    told(session, "We'll fix this by tonight", to="7")

    assert len("We will fix this tonight.") == guard.SHORT_TEXT_MAX_LETTERS
    assert near(session, "We will fix this tonight.") is not None
    assert near(session, "We will fix this tonight") is None


@pytest.mark.parametrize(
    ("canned", "short"),
    [
        ("We look into it at once and write to you.", "Thank you so much!"),
        ("非常抱歉，我们马上为您处理。", "谢谢您的支持！"),
        ("申し訳ありません。すぐに調べてご連絡します。", "ありがとうございます！"),
        ("죄송합니다. 바로 확인하고 연락드릴게요.", "정말 감사합니다!"),
        ("ขออภัยค่ะ เราจะรีบตรวจสอบให้ทันที", "ขอบคุณมากค่ะ"),
    ],
)
def test_a_canned_sentence_is_known_in_every_script_and_a_word_of_thanks_is_not(
    canned: str, short: str, session: Session
) -> None:
    told(session, canned, to="7")
    told(session, short, to="7")

    assert (found := near(session, canned, to="8")) is not None
    assert found.percent == 100
    assert near(session, short, to="8") is None


def test_honest_replies_are_compared_and_warned_of_alike_in_four_languages() -> None:
    english = rates("English")
    for language in PRODUCTS:
        theirs = rates(language)
        assert theirs.compared >= 0.75 * english.compared, language
        assert theirs.warned <= english.warned, language


def test_a_copy_to_the_same_person_comes_before_a_newer_one_to_another(session: Session) -> None:
    mine = told(session, f"{CANNED} {SIGN}", to="7", sign_off=SIGN)
    told(session, CANNED, to="8")

    found = near(session, f"{CANNED.upper()}\n", to="7")

    assert found is not None
    assert (found.reply_id, found.percent, found.is_exact, found.same_person) == (mine.id, 100, True, True)


@pytest.mark.parametrize("words", ["\N{THUMBS UP SIGN}", "https://acme.example/help"])
def test_words_without_an_essence_are_known_by_an_exact_copy_to_the_same_person(
    words: str, session: Session
) -> None:
    told(session, words, to="7")

    assert near(session, words, to="8") is None
    assert near(session, words + "\N{PENSIVE FACE}", to="7") is None
    assert (found := near(session, words, to="7")) is not None
    assert found.is_exact


def test_a_reply_from_before_essences_were_kept_is_passed_over(session: Session) -> None:
    told(session, CANNED, essence="")

    assert near(session, CANNED) is None


@pytest.mark.parametrize("state", DeliveryState)
def test_what_is_public_or_on_its_way_counts_and_nothing_else(state: DeliveryState, session: Session) -> None:
    told(session, CANNED, to="7", state=state)

    assert (near(session, CANNED, to="8") is not None) == (state in LIVE_STATES)
    assert (near(session, CANNED, to="7") is not None) == (state in LIVE_STATES)


def test_what_another_account_or_network_said_is_not_compared(session: Session) -> None:
    told(session, CANNED, to="7", place=IngestTarget("x", "98", "C0MENTIONS", PROMISE))

    assert near(session, CANNED, to="7") is None
    assert near(session, CANNED, to="8") is None
    assert near(session, CANNED, account_ids={"98"}, network="mastodon") is None
    assert near(session, CANNED, account_ids={"98"}) is not None


def test_replies_of_other_accounts_between_do_not_hide_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SCANNED_REPLIES_MAX", 6)
    told(session, CANNED)
    for _ in range(5):
        told(session, CANNED, place=IngestTarget("x", "98", "C0MENTIONS", PROMISE))

    assert near(session, CANNED) is not None
    told(session, CANNED, place=IngestTarget("x", "98", "C0MENTIONS", PROMISE))
    assert near(session, CANNED) is None


def test_the_account_s_newest_alone_are_compared(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "COMPARED_REPLIES_MAX", 2)
    told(session, CANNED)
    told(session, "Something else that is long enough to count")

    assert near(session, CANNED) is not None
    told(session, "And one more of these, again of some length")
    assert near(session, CANNED) is None


def test_what_was_read_before_is_not_taken_for_all_there_is(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "LATE_COMMIT_MAX_IDS", 0)
    known = FingerprintCache()
    assert near(session, CANNED, known=known) is None

    reply = told(session, CANNED)
    assert near(session, CANNED, known=known) is not None
    reply.state = DeliveryState.CANCELLED
    session.flush()
    assert near(session, CANNED, known=known) is None


def test_a_reply_that_is_committed_behind_a_younger_one_is_read_too(session: Session) -> None:
    known = FingerprintCache()
    told(session, "Something else that is long enough to count", id=7)
    assert near(session, CANNED, known=known) is None

    told(session, CANNED, id=6)

    assert near(session, CANNED, known=known) is not None


def test_the_likest_that_went_out_is_named_not_one_that_was_stopped(session: Session) -> None:
    told(session, CANNED, state=DeliveryState.CANCELLED)
    went_out = told(session, CANNED + " Really!")

    found = near(session, CANNED)

    assert found is not None
    assert found.reply_id == went_out.id


@pytest.mark.parametrize(
    "text", ["", "a" * 10_000, "@" * 10_000, "a." * 5_000, "1:" * 5_000, "\u202e" * 10_000, "'s" * 5_000]
)
def test_hostile_words_are_compared_like_any(text: str, session: Session) -> None:
    told(session, CANNED)

    assert near(session, text) is None
