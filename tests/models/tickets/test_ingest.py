"""Taking in what was said: nothing twice, nothing lost, in whatever order and pages it comes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import AlsoHeard, Author, Cursor, Event, Mention, Reply, Ticket, Turn
from models.core.database import Database
from models.sources.attachment import Attachment
from models.tickets.delivery_state import DeliveryState
from models.tickets.incoming_post import IncomingPost, IngestResult
from models.tickets.ingest import ingest_page
from tests.models.ledger import (
    NINE,
    OWED,
    PLACE,
    hear,
    lose,
    mention,
    minute,
    passing,
    raised,
    rows,
    said,
    ticket,
    together,
)

EVERYTHING = (Author, Ticket, Turn, Mention, Event)
KEPT_OUT = {
    "id",
    "revision",
    "ticket_id",
    "author_id",
    "edited_at",
}  # what depends on when and how often we looked
each_example_rolls_back = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def count(session: Session, table: Any, *where: Any) -> int:
    return session.scalar(select(func.count()).select_from(table).where(*where)) or 0


# --- one page -----------------------------------------------------------------------------------------------


def test_a_first_post_opens_a_ticket_that_waits_since_it_was_posted(session: Session) -> None:
    taken = hear(session, said(1, minute(0)), at=minute(4))

    now = ticket(session)
    assert (taken.tickets, taken.follow_ups, taken.changed_ids) == (1, 0, {now.id})
    assert (now.state, now.turn, now.target_post_id, now.channel) == ("waiting", 1, "1", "C0MENTIONS")
    assert (now.opened_at, now.waiting_since, now.due_at, now.seen_at) == (
        minute(0),
        minute(0),
        minute(0) + OWED,
        minute(4),
    )
    assert now.drawn_revision < now.revision


def test_each_post_is_in_the_log_once(session: Session) -> None:
    hear(session, said(1), said(2, minute(1)))
    ticket(session).close_no_reply_needed(session, by="U0ANA", at=minute(2), reason="thanks")
    hear(session, said(3, minute(3)))

    log = session.execute(select(Event.post_id, Event.actor).where(Event.act == "mention").order_by(Event.id))
    assert [tuple(line) for line in log] == [("1", "heard"), ("2", "heard"), ("3", "heard")]


def test_a_repeat_changes_nothing(session: Session) -> None:
    page = [said(1), said(2, minute(1)), said(3, author="8"), said(4, conversation="c2")]
    hear(session, *page)
    before = rows(session, *EVERYTHING)

    again = hear(session, *reversed(page), at=minute(9))

    assert (again.tickets, again.follow_ups, again.edits, again.repeats) == (0, 0, 0, 4)
    assert rows(session, *EVERYTHING) == before


def test_a_post_that_is_twice_on_one_page_is_one_post(session: Session) -> None:
    taken = hear(session, said(1), said(1))

    assert taken.tickets == 1
    assert count(session, Mention) == 1


def test_an_empty_page_is_no_trouble(session: Session) -> None:
    assert hear(session) == IngestResult()


def test_everybody_in_a_conversation_has_a_ticket_of_their_own(session: Session) -> None:
    hear(
        session,
        said(1, author="7"),
        said(2, author="8"),
        said(3, author="7"),
        said(4, author="7", conversation="c2"),
    )

    assert count(session, Ticket) == 3
    assert ticket(session, "7").target_post_id == "3"
    assert ticket(session, "8").target_post_id == "2"
    assert ticket(session, "7", "c2").target_post_id == "4"


def test_several_posts_of_one_person_on_a_page_are_one_turn(session: Session) -> None:
    hear(session, said(3, minute(3)), said(1, minute(1)), said(2, minute(2)))

    now = ticket(session)
    assert (now.turn, now.target_post_id, now.waiting_since) == (1, "3", minute(1))
    assert count(session, Turn) == 1


def test_a_post_that_two_accounts_hear_is_one_mention_with_two_reasons(session: Session) -> None:
    hear(session, said(1, matched="mentions us"))
    other = replace(PLACE, account_id="100", track_id=5)
    revision = ticket(session).revision

    for _ in range(2):
        post = said(1, matched="quotes us", answerable="They did not mention @acmetea.")
        taken = ingest_page(session, [post], other, at=minute(1))
        session.flush()
        assert (taken.tickets, taken.follow_ups, taken.repeats) == (0, 0, 1)

    [mention] = session.scalars(select(Mention))
    assert (mention.account_id, mention.matched) == ("99", "mentions us")
    [reason] = AlsoHeard.reasons_of(session, [mention.id])[mention.id]
    assert (reason.account_id, reason.track_id, reason.matched) == ("100", 5, "quotes us")
    assert reason.answerable == "They did not mention @acmetea."
    assert count(session, Ticket) == 1
    assert ticket(session).revision == revision + 1


def test_a_follow_up_that_names_another_account_of_ours_goes_to_the_ticket_of_the_conversation(
    session: Session,
) -> None:
    hear(session, said(1))

    taken = ingest_page(session, [said(2, minute(1))], replace(PLACE, account_id="100"), at=minute(1))

    assert (taken.tickets, taken.follow_ups) == (0, 1)
    assert ticket(session).account_id == "99"
    assert session.scalars(select(Mention.account_id).order_by(Mention.id)).all() == ["99", "100"]


def test_of_two_tickets_of_one_conversation_from_before_a_post_goes_to_that_of_its_account(
    session: Session,
) -> None:
    hear(session, said(1))
    first = ticket(session)
    second = Ticket(
        network=first.network,
        account_id="100",
        conversation_id=first.conversation_id,
        author_id=first.author_id,
        channel=first.channel,
        target_post_id="1",
        opened_at=NINE,
        seen_at=NINE,
        waiting_since=NINE,
    )
    session.add(second)
    session.flush()
    session.add(Turn(ticket_id=second.id, number=1, opened_by="mention", asked_at=NINE))

    hear(session, said(2, minute(1)), at=minute(1))
    ingest_page(session, [said(3, minute(2))], replace(PLACE, account_id="100"), at=minute(2))

    tickets = {one.post_id: one.ticket_id for one in session.scalars(select(Mention))}
    assert tickets == {"1": first.id, "2": first.id, "3": second.id}


# --- edits --------------------------------------------------------------------------------------------------


def test_an_edit_replaces_the_words_and_has_the_card_redrawn(session: Session) -> None:
    hear(session, said(1, text="your app is grate"))
    revision = ticket(session).revision

    taken = hear(
        session,
        said(
            1,
            latest_id="5",
            text="your app is great",
            media=(Attachment("photo", "https://pic.example/1", "a kettle"), Attachment("poll")),
        ),
        at=minute(1),
    )

    now = mention(session, "1")
    assert taken.edits == 1
    assert (now.latest_id, now.text, now.media, now.edited_at) == (
        "5",
        "your app is great",
        [{"kind": "photo", "url": "https://pic.example/1", "alt": "a kettle"}, {"kind": "poll"}],
        minute(1),
    )
    assert ticket(session).revision > revision
    assert count(session, Event, Event.act == "post edited", Event.post_id == "1") == 1
    assert (ticket(session).turn, count(session, Mention)) == (1, 1)


def test_an_older_version_that_comes_late_changes_nothing(session: Session) -> None:
    hear(session, said(1, latest_id="10", text="second"))
    before = rows(session, *EVERYTHING)

    taken = hear(session, said(1, latest_id="9", text="first"))

    assert (taken.edits, taken.repeats) == (0, 1)
    assert rows(session, *EVERYTHING) == before


@pytest.mark.parametrize("page", [("9", "10"), ("10", "9")])
def test_of_two_versions_on_one_page_the_newer_counts(session: Session, page: tuple[str, str]) -> None:
    hear(session, *(said(1, latest_id=version, text=f"version {version}") for version in page))

    assert mention(session, "1").text == "version 10"


def test_a_lost_post_that_is_listed_again_has_its_words_again(session: Session) -> None:
    hear(session, said(1), said(2))
    lose(session, "1", at=minute(1))

    hear(session, said(1, latest_id="5", text="here I am again"))

    back = mention(session, "1")
    assert (back.text, back.latest_id, back.deleted_at) == ("here I am again", "5", None)


# --- after an answer ----------------------------------------------------------------------------------------


def answer(session: Session, at_minute: float) -> Reply:
    now = ticket(session)
    reply = now.reply(
        session,
        text="Thank you!",
        by="U0ANA",
        at=minute(at_minute),
        turn=now.turn,
        to_post_id=now.target_post_id,
        undo_until=minute(at_minute),
        key=uuid4().hex,
    )
    reply.release(session, at=minute(at_minute))
    reply.take(session, worker="w", at=minute(at_minute), lease_until=minute(at_minute + 1))
    reply.move(session, DeliveryState.PUBLISHED, at=minute(at_minute), post_id=f"own {at_minute}")
    now.handle_published_reply(session, reply, at=minute(at_minute))
    session.flush()
    return reply


def test_a_follow_up_after_an_answer_waits_as_a_new_turn(session: Session) -> None:
    hear(session, said(1, minute(0)))
    answer(session, 5)

    taken = hear(session, said(2, minute(60)))

    now = ticket(session)
    assert (taken.tickets, taken.follow_ups) == (0, 1)
    assert (now.state, now.turn, now.target_post_id) == ("waiting", 2, "2")
    assert (now.waiting_since, now.due_at) == (minute(60), minute(60) + OWED)
    assert (now.first_reply_at, now.closed_at, now.opened_at) == (minute(5), None, minute(0))


def test_a_post_that_the_network_listed_late_waits_too(session: Session) -> None:
    """X indexes some mentions late: whoever answered had not seen it."""
    hear(session, said(5, minute(5)))
    answer(session, 10)

    hear(session, said(3, minute(3)), at=minute(20))

    now = ticket(session)
    assert (now.state, now.turn, now.target_post_id, now.waiting_since) == ("waiting", 2, "3", minute(3))


def test_a_post_while_a_reply_is_on_its_way_waits_for_the_next_one(session: Session) -> None:
    hear(session, said(1))
    now = ticket(session)
    now.reply(
        session,
        text="Hi",
        by="U0ANA",
        at=minute(1),
        turn=1,
        to_post_id="1",
        undo_until=minute(2),
        key=uuid4().hex,
    )

    hear(session, said(2, minute(1.5)))

    assert (ticket(session).turn, ticket(session).target_post_id) == (2, "2")


def test_the_same_answer_made_outside_is_not_taken_for_an_answer_to_what_came_after(session: Session) -> None:
    """Our own posts are read again and again; the second reading finds a new question."""
    hear(session, said(1, minute(0)))
    ticket(session).record_outside_answer(session, post_id="own", to_post_id="1", at=minute(5))
    assert ticket(session).state == "answered"
    hear(session, said(2, minute(10)))

    ticket(session).record_outside_answer(session, post_id="own", to_post_id="1", at=minute(5))

    assert (ticket(session).state, ticket(session).target_post_id) == ("waiting", "2")


def test_an_answer_made_outside_does_not_swallow_what_they_asked_since(session: Session) -> None:
    """Both posts were heard before anybody read what our account had answered in between."""
    hear(session, said(1, minute(0)))
    hear(session, said(2, minute(10)))

    ticket(session).record_outside_answer(session, post_id="own", to_post_id="1", at=minute(5))

    now = ticket(session)
    assert (now.state, now.waiting_since, now.target_post_id, now.first_reply_at) == (
        "waiting",
        minute(10),
        "2",
        minute(5),
    )


# --- any order, any pages -----------------------------------------------------------------------------------


@st.composite
def timelines(draw: st.DrawFn) -> list[IncomingPost]:
    """What three people said in two conversations, in no order, some of it in several versions."""
    posts = []
    for number in range(1, draw(st.integers(1, 9)) + 1):
        post = said(
            number,
            NINE
            + timedelta(seconds=draw(st.integers(0, 4))),  # networks tell whole seconds, so some are the same
            author=draw(st.sampled_from("789")),
            conversation=draw(st.sampled_from(["c1", "c2"])),
        )
        versions = draw(st.integers(1, 2))
        posts += [
            said(
                post.post_id,
                post.posted_at,
                author=post.author_id,
                conversation=post.conversation_id,
                latest_id=str(number + 100 * version),
                text=f"{number} as of {version}",
            )
            for version in range(versions)
        ]
    return draw(st.permutations(posts))


def what_is_promised(session: Session) -> dict[str, Any]:
    """All that does not depend on the order in which we heard: people, tickets, turns, words and clocks."""
    names = {one.id: one.network_id for one in session.scalars(select(Author))}
    keys = {one.id: (one.conversation_id, names[one.author_id]) for one in session.scalars(select(Ticket))}
    found = rows(session, Ticket, Turn, Mention)
    told = {
        table: sorted(
            (
                {name: value for name, value in row.items() if name not in KEPT_OUT}
                | {"whose": keys[row["ticket_id" if "ticket_id" in row else "id"]]}
                for row in found[table]
            ),
            key=str,
        )
        for table in found
    }
    return told | {"authors": sorted(names.values())}


def pages_of(posts: Sequence[IncomingPost], cuts: Sequence[int]) -> list[Sequence[IncomingPost]]:
    ends = sorted({cut % (len(posts) + 1) for cut in cuts} | {0, len(posts)})
    return [posts[start:end] for start, end in pairwise(ends)]


@given(timelines(), st.data())
@each_example_rolls_back
def test_neither_order_nor_pages_decide_what_is_known(
    db: Database, posts: list[IncomingPost], data: st.DataObject
) -> None:
    told = []
    for _ in range(2):
        order = data.draw(st.permutations(posts))
        pages = pages_of(order, data.draw(st.lists(st.integers(0, 20), max_size=4)))
        with passing(db) as session:
            for page in [*pages, *data.draw(st.lists(st.sampled_from(pages), max_size=2))]:
                hear(session, *page)
            told.append(what_is_promised(session))

    assert told[0] == told[1]


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_posts_of_one_moment_the_order_key_tells_the_newer_whatever_their_ids_are(
    session: Session, first: int
) -> None:
    posts = [said("b3f0", order_key="1"), said("0a7c", order_key="2")]

    hear(session, posts[first])
    hear(session, posts[1 - first])

    assert ticket(session).target_post_id == "0a7c"


def test_an_older_version_that_is_listed_late_changes_nothing_whatever_its_id_is(session: Session) -> None:
    hear(session, said("b3f0", latest_id="b3f0", version_key="2026-03-02T09:05", text="new words"))

    hear(session, said("b3f0", latest_id="0a7c", version_key="2026-03-02T09:00", text="old words"))

    assert session.scalars(select(Mention.text)).all() == ["new words"]


# --- several at once ----------------------------------------------------------------------------------------


def take_as_the_inbox_does(session: Session, page: Sequence[IncomingPost]) -> IngestResult:
    """As a whole within a savepoint; else one by one."""
    try:
        with session.begin_nested():
            return hear(session, *page)
    except SQLAlchemyError:
        taken = IngestResult()
        for one in page:
            with session.begin_nested():
                taken.follow_ups += hear(session, one).follow_ups
        return taken


@pytest.mark.parametrize("is_locked", [True, False])
def test_two_readers_of_one_page_write_it_once(db: Database, is_locked: bool) -> None:
    """With the cursor held, as the inbox does it; and even without, thanks to the unique keys."""
    page = [said(number, minute(number), author=str(number % 5)) for number in range(1, 41)]

    def read() -> None:
        with db.write() as session:
            if is_locked:
                Cursor.of(session, "x", "99", "mentions", at=NINE)
            take_as_the_inbox_does(session, page)

    outcomes = together(read, read, read)

    assert raised(outcomes) == []
    with db.read() as session:
        assert [count(session, table) for table in (Author, Ticket, Turn, Mention, Event)] == [
            5,
            5,
            5,
            40,
            40,
        ]


def test_two_readers_of_neighbouring_pages_lose_nothing(db: Database) -> None:
    """The same people on both pages: their tickets are opened by one and hear the rest from the other."""
    posts = [said(number, minute(number), author=str(number % 5)) for number in range(1, 41)]

    def read(page: Sequence[IncomingPost]) -> None:
        with db.write() as session:
            Cursor.of(session, "x", "99", "mentions", at=NINE)
            take_as_the_inbox_does(session, page)

    assert raised(together(lambda: read(posts[:25]), lambda: read(posts[15:]))) == []
    with db.read() as session:
        assert [count(session, table) for table in (Ticket, Turn, Mention)] == [5, 5, 40]
        assert ticket(session, "3").target_post_id == "38"
        assert ticket(session, "3").waiting_since == minute(3)


def test_a_post_that_does_not_go_in_spoils_neither_its_page_nor_what_was_there(session: Session) -> None:
    hear(session, said(1))
    before = rows(session, *EVERYTHING)
    bad = said(3, text=None)

    with pytest.raises(SQLAlchemyError), session.begin_nested():
        hear(session, said(2, minute(1)), bad, said(4, author="8"))

    assert rows(session, *EVERYTHING) == before
    hear(session, said(2, minute(1)))
    hear(session, said(4, author="8"))
    assert ticket(session).target_post_id == "2"
    assert ticket(session, "8").state == "waiting"
