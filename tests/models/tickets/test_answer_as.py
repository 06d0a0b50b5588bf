"""As which of our accounts a ticket may be answered, and which one is preset."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Account, AlsoHeard, Mention
from models.reports.open_tickets import list_by_due_time
from models.reports.search import SearchCursor, search
from models.sources.track import Track
from models.tickets.answer_as import (
    AnsweringAccount,
    UnanswerableError,
    load_accounts,
    load_refusal,
    order_accounts,
    pick_account,
)
from models.tickets.ingest import ingest_page
from models.tickets.other_accounts import count_waiting_tickets
from tests.models.ledger import NINE, PLACE, mention, minute, said, ticket

ACME = AnsweringAccount("1", "acme", is_connected=True)
HELP = AnsweringAccount("2", "acme_help", is_connected=True)
SHOP = AnsweringAccount("3", "AcmeShop", is_connected=True)


def ids(*heard: AnsweringAccount, own: AnsweringAccount | None = None, **post: object) -> str:
    return "".join(one.account_id for one in order_accounts(heard, own, **post))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@acme or @acme_help?", "123"),
        ("@acme_help, where is @acme?", "213"),
        ("Hello @ACMESHOP and @acme", "312"),
        ("@acme_help @acmeshop", "231"),  # @acme is the beginning of both, and not named
        ("acme, acme_help and mail@acme", "123"),  # nobody is named: as they heard it
        ("\uff20acmeshop, please", "312"),
        ("", "123"),
    ],
)
def test_the_account_that_is_named_first_is_preset(text: str, expected: str) -> None:
    assert ids(ACME, HELP, SHOP, text=text) == expected


def test_handles_that_the_network_put_in_front_count_before_the_text() -> None:
    assert ids(ACME, HELP, SHOP, addressed=["AcmeShop", "acme_help"], text="ask @acme") == "321"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("@acme.bsky.social.uk, @b.example", "21"), ("@acme.bsky.social. @b.example", "12")],
)
def test_a_handle_ends_where_no_longer_one_can_begin(text: str, expected: str) -> None:
    one = AnsweringAccount("1", "acme.bsky.social", is_connected=True)
    assert ids(one, AnsweringAccount("2", "b.example", is_connected=True), text=text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("@acme@b.example hi", "2"), ("@acme hi", "1"), ("@acme@c.example @acme", "1")]
)
def test_a_handle_with_a_server_is_told_from_its_namesake(text: str, expected: str) -> None:
    here = AnsweringAccount("1", "acme@a.example", is_connected=True)
    there = AnsweringAccount("2", "acme@b.example", is_connected=True)
    assert order_accounts([here, there], None, text=text)[0].account_id == expected


def test_the_tickets_account_comes_last_if_it_did_not_hear_the_post() -> None:
    assert ids(HELP, SHOP, own=ACME, text="@acme @AcmeShop") == "321"
    assert ids(HELP, ACME, own=ACME, text="@acme_help") == "21"


def test_what_is_not_connected_is_left_out_unless_nothing_else_is_left() -> None:
    gone = replace(ACME, is_connected=False)
    assert ids(gone, HELP, text="@acme @acme_help") == "2"
    assert ids(gone, own=HELP) == "2"
    assert ids(gone, own=replace(HELP, is_connected=False)) == "12"


def test_a_kept_choice_counts_as_long_as_it_may_answer() -> None:
    assert pick_account([ACME, HELP], "2") == HELP
    assert pick_account([ACME, HELP], "9") == pick_account([ACME, HELP], None) == ACME


# --- from the ledger ----------------------------------------------------------------------------------------


def connect(session: Session, account_id: str, handle: str) -> None:
    Account.record_profile(
        session, network="x", network_id=account_id, handle=handle, name=handle, at=NINE, source="environment"
    )


def hear_as(session: Session, account_id: str, *posts: object, at: object = NINE) -> None:
    track = Track.mentions_of(session, "x", account_id, at=NINE)
    place = replace(PLACE, account_id=account_id, track_id=track.id)
    ingest_page(session, posts, place, at=at)  # type: ignore[arg-type]
    session.flush()


def test_a_post_that_two_accounts_heard_may_be_answered_as_either(session: Session) -> None:
    connect(session, "1", "acme")
    connect(session, "2", "acme_help")
    post = said(11, text="@acme_help or @acme?")
    hear_as(session, "1", replace(post, answerable="Not summoned."))
    hear_as(session, "2", post, at=minute(1))

    found = load_accounts(session, ticket(session))

    assert [(one.account_id, one.refusal) for one in found] == [("2", None), ("1", "Not summoned.")]
    target = mention(session, "11")
    assert (load_refusal(session, target, "1"), load_refusal(session, target, "2")) == ("Not summoned.", None)
    assert session.scalars(select(AlsoHeard.account_id)).all() == ["2"]
    assert len(session.scalars(select(Mention)).all()) == 1


def test_an_edit_changes_the_reason_of_the_account_that_read_it_alone(session: Session) -> None:
    connect(session, "1", "acme")
    connect(session, "2", "acme_help")
    post = said(11, text="@acme_help or @acme?", answerable="Not summoned.")
    hear_as(session, "1", post)
    hear_as(session, "2", post)

    hear_as(session, "2", replace(post, latest_id="12", version_key="12".zfill(19), answerable=None))

    target = mention(session, "11")
    assert target.latest_id == "12"
    assert (load_refusal(session, target, "1"), load_refusal(session, target, "2")) == ("Not summoned.", None)


def test_a_follow_up_to_another_account_presets_it_and_keeps_the_tickets_account_last(
    session: Session,
) -> None:
    connect(session, "1", "acme")
    connect(session, "2", "acme_help")
    hear_as(session, "1", said(11, text="@acme, help"))
    hear_as(session, "2", said(12, minute(5), text="@acme_help, anybody?"), at=minute(6))

    found = load_accounts(session, ticket(session))

    assert [one.account_id for one in found] == ["2", "1"]


def test_one_account_is_the_only_choice_even_if_it_was_never_seen(session: Session) -> None:
    hear_as(session, "1", said(11))
    [only] = load_accounts(session, ticket(session))
    assert (only.account_id, only.name, only.is_connected) == ("1", "us", False)


def test_an_account_that_was_disconnected_is_no_choice(session: Session) -> None:
    connect(session, "1", "acme")
    connect(session, "2", "acme_help")
    post = said(11, text="@acme @acme_help")
    hear_as(session, "1", post)
    hear_as(session, "2", post)
    Account.record_sources(session, "x", environment_id="2", connected_ids=())

    assert [one.account_id for one in load_accounts(session, ticket(session))] == ["2"]


def test_a_list_says_which_tickets_have_no_account(session: Session) -> None:
    connect(session, "1", "acme")
    connect(session, "2", "acme_help")
    hear_as(session, "1", said(11, text="@acme @acme_help"), said(12, author="8", conversation="c2"))
    hear_as(session, "2", said(11, text="@acme @acme_help"))

    def left() -> dict[str, bool]:
        session.flush()
        listed = list_by_due_time(session, limit=9).first
        hits = search(session, ["words", "of"], before=SearchCursor(), limit=9).found
        assert [one.has_no_account for one in hits] == [one.has_no_account for one in listed[1:]]
        return {one.post_id: one.has_no_account for one in listed}

    assert left() == {"11": False, "12": False}
    Account.record_sources(session, "x", environment_id="2", connected_ids=())
    assert left() == {"11": False, "12": True}
    Account.record_sources(session, "x", environment_id=None, connected_ids=())
    assert left() == {"11": True, "12": True}


def test_a_ticket_does_not_wait_for_an_account_if_another_may_answer_it(session: Session) -> None:
    hear_as(session, "1", said(11, text="@acme @acme_help"), said(12, author="8", conversation="c2"))
    hear_as(session, "2", said(11, text="@acme @acme_help"))

    assert count_waiting_tickets(session, "x", {"2"}) == {"1": 1}
    assert count_waiting_tickets(session, "x", {"3"}) == {"1": 2}
    assert count_waiting_tickets(session, "x", {"1"}) == {}


def test_as_an_account_that_gets_no_reply_through_nobody_answers_while_another_can() -> None:
    closed = replace(ACME, impossible="The author has blocked this account.")

    assert order_accounts([closed, HELP], None, text="@acme") == (HELP,)
    assert order_accounts([closed], None, text="@acme") == (closed,)
    with pytest.raises(UnanswerableError, match="takes no reply"):
        closed.raise_if_impossible()
