"""What each track brought, in one statement, on both engines: posts counted for every track that found them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from models import Account, AlsoHeard, Cursor, Mention, Ticket, Track
from models.core.period import Period
from models.reports.digest import figures_by_source
from models.reports.track_list import TrackCounts, count_by_track, list_tracks
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from models.tickets.incoming_post import IngestTarget, OtherReason
from models.tickets.ingest import ingest_page
from models.tickets.state import TicketState
from tests.models.ledger import NINE, OWED, PROMISE, minute, said, ticket

WEEK_AGO = NINE - timedelta(days=7)


def search(session: Session, query: str) -> int:
    return track_rules.add(session, TrackDraft("search", "x", query), at=NINE, by="U0ANA").id


def hear(session: Session, track: int, *posts: object) -> None:
    place = IngestTarget(
        network="x", account_id="99", channel="C0MENTIONS", sla_policy=PROMISE, track_id=track
    )
    ingest_page(session, posts, place, at=minute(5))
    session.flush()


def close(session: Session, author: str, conversation: str, state: TicketState) -> None:
    ticket(session, author, conversation).state = state
    session.flush()


def test_each_track_has_what_it_found_first_or_later(session: Session) -> None:
    fern, tags, idle = search(session, "fern"), search(session, "tags"), search(session, "idle")
    both = said(1, author="a", conversation="c1", also=(OtherReason(tags, "matches “tags”"),))
    hear(session, fern, both, said(2, author="a", conversation="c1"), said(3, author="b", conversation="c2"))
    hear(session, tags, said(4, author="c", conversation="c3"), said(5, author="d", conversation="c4"))
    close(session, "a", "c1", TicketState.ANSWERED)
    close(session, "c", "c3", TicketState.NOT_ABOUT_US)
    close(session, "d", "c4", TicketState.NO_REPLY_NEEDED)
    close(session, "b", "c2", TicketState.MUTED)

    assert count_by_track(session, [fern, tags, idle], since=WEEK_AGO) == {
        fern: TrackCounts(3, 1, 0, 1),
        tags: TrackCounts(3, 1, 1),
    }
    assert count_by_track(session, [tags], since=WEEK_AGO) == {tags: TrackCounts(3, 1, 1)}
    assert count_by_track(session, [], since=WEEK_AGO) == {}


def test_a_reason_that_is_there_twice_counts_once(session: Session) -> None:
    fern = search(session, "fern")
    hear(session, fern, said(1))
    number = session.query(Mention.id).scalar()
    again = AlsoHeard(mention_id=number, track_id=fern, account_id="99", matched="matches “fern”", at=NINE)
    session.add(again)
    session.flush()

    assert count_by_track(session, [fern], since=WEEK_AGO) == {fern: TrackCounts(1, 0, 0)}


def test_older_posts_and_second_rows_of_one_post_do_not_count(session: Session) -> None:
    fern = search(session, "fern")
    hear(session, fern, said(1, WEEK_AGO - timedelta(seconds=1)), said(2, WEEK_AGO, conversation="c2"))
    hear(session, fern, said(3, conversation="c3"))
    assert count_by_track(session, [fern], since=WEEK_AGO) == {fern: TrackCounts(2, 0, 0)}
    session.query(Mention).filter(Mention.post_id == "3").update({"duplicate_of": 1})

    assert count_by_track(session, [fern], since=WEEK_AGO) == {fern: TrackCounts(1, 0, 0)}


def test_mentions_come_first_and_pages_have_each_track_once(session: Session) -> None:
    numbers = [search(session, f"fern{number}") for number in range(10)]
    gone = search(session, "gone")
    track_rules.remove(session, gone, at=minute(1))
    Account.record_profile(session, network="x", network_id="99", handle="acme", name="Acme", at=NINE)
    mine = Track.mentions_of(session, "x", "99", at=NINE).id
    session.flush()

    pages = [list_tracks(session, number, size=4, since=WEEK_AGO) for number in range(3)]
    assert [one.track.id for page in pages for one in page.tracks] == [mine, *numbers]
    assert {(page.pages, page.total) for page in pages} == {(3, 11)}
    assert pages[0].tracks[0].handle == "@acme"
    assert pages[0].tracks[0].is_connected is False  # nobody is signed in to it
    assert list_tracks(session, 99, size=4, since=WEEK_AGO).number == 2
    assert list_tracks(session, -1, size=4, since=WEEK_AGO).number == 0


def test_an_empty_list_is_one_page(session: Session) -> None:
    page = list_tracks(session, 0, size=4, since=WEEK_AGO)

    assert (page.tracks, page.number, page.pages, page.total) == ((), 0, 1, 0)


def test_a_track_whose_reading_fails_says_why(session: Session) -> None:
    fern, well = search(session, "fern"), search(session, "well")
    mine = Track.mentions_of(session, "x", "99", at=NINE).id
    for name, fails in ((f"track {fern}", True), (f"track {well}", False), ("mentions", True)):
        cursor = Cursor.of(session, "x", "99", name, at=NINE)
        if fails:
            cursor.fail(f"{name} is away", at=minute(1))
    Cursor.of(session, "x", "98", "mentions", at=NINE)  # another account's
    session.flush()

    found = {one.track.id: one.failure for one in list_tracks(session, 0, size=4, since=WEEK_AGO).tracks}
    assert found == {mine: "mentions is away", fern: f"track {fern} is away", well: None}


def test_a_ticket_that_two_posts_of_a_track_are_on_counts_once_as_answered(session: Session) -> None:
    fern = search(session, "fern")
    hear(session, fern, said(1, author="a"), said(2, author="a"))
    close(session, "a", "c1", TicketState.ANSWERED)

    assert session.query(Ticket).count() == 1
    assert count_by_track(session, [fern], since=WEEK_AGO) == {fern: TrackCounts(2, 1, 0)}


def test_posts_of_the_end_and_later_do_not_count(session: Session) -> None:
    fern = search(session, "fern")
    hear(session, fern, said(1, minute(-1), conversation="c1"), said(2, conversation="c2"))

    assert count_by_track(session, [fern], since=WEEK_AGO, until=NINE) == {fern: TrackCounts(1, 0, 0)}


def test_a_digest_names_the_tracks_that_found_most_in_its_days_not_since(session: Session) -> None:
    lately, then = search(session, "lately"), search(session, "then")
    yesterday = NINE - timedelta(days=1)
    hear(session, then, said(1, yesterday))
    hear(session, lately, *(said(number, conversation=f"c{number}") for number in (2, 3)))
    period = Period(yesterday.date(), yesterday.date(), ZoneInfo("UTC"), NINE)

    found = figures_by_source(session, period, target=OWED, limit=1)

    assert [(one.track, one.stats.heard) for one in found] == [(then, 1)]
