"""What words would have muted, and what a track could leave out: counted from the posts of the last 30 days."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Author, Ticket, Track
from models.mutes import foresight, mute_rules
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from models.tickets.ingest import ingest_page
from models.tickets.state import TicketState
from tests.models.ledger import NINE, PLACE, said, ticket

MATCHED = "matches “fern”"
FAR = NINE - timedelta(days=31)


def track(session: Session, query: str = "fern", kind: Any = "search", **more: Any) -> Track:
    return track_rules.add(session, TrackDraft(kind, "x", query, **more), at=NINE, by="U0ANA")


def find(session: Session, wanted: Track, text: str, state: str = "waiting", **more: Any) -> Ticket:
    """A post that the track found, alone on its ticket."""
    number = str(len(session.scalars(select(Ticket.id)).all()) + 1)
    given = {"author": f"a{number}", "conversation": f"c{number}", "text": text, "matched": MATCHED} | more
    author, conversation = given["author"], given["conversation"]
    posted = given.pop("at", NINE)
    ingest_page(session, [said(number, posted, **given)], replace(PLACE, track_id=wanted.id), at=NINE)
    session.flush()
    found = ticket(session, author, conversation)
    found.state = state
    name = session.get_one(Author, found.author_id)
    name.handle = name.handle or f"handle_{author}"
    session.flush()
    return found


def proposed(session: Session, wanted: Track, one: Ticket) -> list[str]:
    found = foresight.propose_exclusions(session, wanted, one, at=NINE)
    assert len(found) <= 3
    return [each.words or f"@{each.handle}" for each in found]


def test_words_are_compared_with_what_does_not_address_us_alone(session: Session) -> None:
    fern = track(session)
    find(session, fern, "fern giveaway", "not about us")
    find(session, fern, "fern giveaway today")
    find(session, fern, "fern is broken")
    find(session, fern, "@us is the giveaway real?", matched="mentions us")
    find(session, fern, "old giveaway", at=FAR)

    seen = foresight.foresee_words(session, mute_rules.words("giveaway"), at=NINE)

    assert (seen.scanned, seen.total, dict(seen.outcomes)) == (3, 2, {"waiting": 1, "not about us": 1})
    assert [one.text for one in seen.posts] == ["fern giveaway today", "fern giveaway"]
    elsewhere = foresight.foresee_words(session, mute_rules.words("giveaway", "mastodon"), at=NINE)
    assert (elsewhere.scanned, elsewhere.total) == (0, 0)


def test_a_word_is_proposed_that_others_not_about_us_share_and_no_answered_post(session: Session) -> None:
    fern = track(session)
    find(session, fern, "crypto fern, buy now", "not about us")
    find(session, fern, "how do I buy fern?", "answered")
    find(session, fern, "crypto news about fern", "no reply needed")
    this = find(session, fern, "Buy the CRYPTO fern", "not about us")

    [word, author] = foresight.propose_exclusions(session, fern, this, at=NINE)

    assert (word.words, word.handle) == ("CRYPTO", "")
    assert (word.removed.scanned, dict(word.removed.outcomes)) == (
        4,
        {"not about us": 2, "no reply needed": 1},
    )
    assert word.removed.answered == 0
    assert (author.words, author.handle, author.removed.total) == (
        "",
        f"handle_{this_author(session, this)}",
        1,
    )


def this_author(session: Session, one: Ticket) -> str:
    return session.get_one(Author, one.author_id).network_id


def test_a_pair_is_proposed_where_its_words_alone_are_in_answered_posts(session: Session) -> None:
    fern = track(session)
    find(session, fern, "cheap flights, and fern", "not about us")
    find(session, fern, "is fern cheap?", "answered")
    find(session, fern, "fern on long flights", "answered")
    this = find(session, fern, "fern: Cheap  flights!", "not about us")

    [pair, _] = foresight.propose_exclusions(session, fern, this, at=NINE)

    assert pair.words == '"Cheap flights"'
    assert dict(pair.removed.outcomes) == {"not about us": 2}


def test_nothing_that_the_track_looks_for_or_leaves_out_already_is_proposed(session: Session) -> None:
    fern = track(session, "fern -crypto", excluded_handles=("handle_a2",))
    find(session, fern, "crypto fern", "not about us")
    this = find(session, fern, "fern crypto", "not about us")

    assert proposed(session, fern, this) == []


def test_an_author_whom_we_answered_is_proposed_with_that_in_the_figures(session: Session) -> None:
    fern = track(session)
    find(session, fern, "fern one", "answered", author="spammy")
    this = find(session, fern, "fern two", "not about us", author="spammy")

    [author] = foresight.propose_exclusions(session, fern, this, at=NINE)

    assert (author.handle, author.removed.total, author.removed.answered) == ("handle_spammy", 2, 1)


def test_a_hashtag_can_leave_out_authors_alone_and_other_tracks_nothing(session: Session) -> None:
    tag = track(session, "#fern", "hashtag")
    find(session, tag, "crypto #fern", TicketState.NOT_ABOUT_US)
    this = find(session, tag, "#fern crypto", TicketState.NOT_ABOUT_US)
    assert proposed(session, tag, this) == ["@handle_a2"]

    track_rules.remove(session, tag.id, at=NINE)
    assert proposed(session, tag, this) == []
    mentions = Track.mentions_of(session, "x", "99", at=NINE)
    named = find(session, mentions, "@us crypto", matched="mentions us")
    assert proposed(session, mentions, named) == []


@pytest.mark.parametrize(
    "text",
    [
        "ferns 抽奖 活动 fern",
        "x" * 20_000,
        "e" + "\u0301" * 3_000 + " fern",
        "\U0001f1f5\U0001f1f9" * 500,
        '"fern" -fern or -"',
        "",
    ],
)
def test_whatever_is_proposed_can_be_added_to_the_track(session: Session, text: str) -> None:
    fern = track(session)
    for _ in range(2):
        find(session, fern, text, "not about us")
    this = find(session, fern, text, "not about us")

    for one in foresight.propose_exclusions(session, fern, this, at=NINE):
        query = f"{fern.query} -{one.words}" if one.words else fern.query
        draft = TrackDraft("search", "x", query, excluded_handles=(one.handle,) if one.handle else ())
        track_rules.edit(session, fern.id, draft, revision=None, at=NINE)
        assert len(one.words) <= 100
