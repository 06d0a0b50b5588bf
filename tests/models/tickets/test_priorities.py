"""Priorities in the ledger: what follows from it, whatever came in which order; and the order that they make."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import Author, Customer, CustomerList, Mention, Ticket, Turn
from models.core.database import Database
from models.priority.score import Facts, Priority, compute_priority
from models.priority.weights import Weights
from models.reports import open_tickets
from models.slack import channel_settings
from models.slack.channel_settings import OwnSettings
from models.sources.customer import CustomerEntry
from models.tickets import not_shown, priorities
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ingest import ingest_page
from models.tickets.priorities import ChannelWeights
from models.tickets.state import OPEN_STATES
from models.tickets.ticket import CANARY_NETWORK
from models.tickets.turn import OPENED_BY_REOPENING
from tests.models.ledger import NINE, PLACE, PROMISE, hear, lose, mention, minute, passing, said, ticket

DAY = 24 * 60
WORDS = ["refund!", "How do I reset it?", "thank you", "hello", "my pot is broken"]


def obvious(session: Session, ticket: Ticket) -> Priority:
    """What the priority of a ticket should be, by asking one thing after the other."""
    turn = session.scalars(select(Turn).where(Turn.ticket_id == ticket.id, Turn.number == ticket.turn)).one()
    posts = session.scalars(select(Mention).where(Mention.ticket_id == ticket.id)).all()
    shown = sorted((one for one in posts if one.deleted_at is None), key=lambda one: one.rank)
    waiting = [one.text for one in shown if one.posted_at >= turn.asked_at]
    target = [one.text for one in shown if one.post_id == ticket.target_post_id]
    author = session.get_one(Author, ticket.author_id)
    theirs = session.scalars(
        select(Turn)
        .join(Ticket, Ticket.id == Turn.ticket_id)
        .where(Ticket.author_id == author.id, Turn.opened_by == "mention")
    ).all()
    contacts = [one for one in theirs if turn.asked_at - timedelta(days=7) < one.asked_at <= turn.asked_at]
    current = CustomerList.current(session)
    known = {
        (one.network, one.handle): one.note
        for one in session.scalars(select(Customer))
        if current is not None and one.list_id == current.id
    }
    handle = (author.handle or "").lower()
    note = known.get((author.network, handle), known.get(("", handle)))
    facts = Facts(waiting or target, author.followers, max(len(contacts), 1), note if handle else None)
    return compute_priority(facts)


def stored(session: Session, *tickets: Ticket) -> list[Priority]:
    """What the ledger has; its two columns agree."""
    session.expire_all()
    found = []
    for one in tickets:
        fresh = session.get_one(Ticket, one.id)
        priority = Priority.read(fresh.priority_reasons)
        assert fresh.priority == priority.points
        found.append(priority)
    return found


def all_are_right(session: Session) -> None:
    tickets = session.scalars(select(Ticket).where(Ticket.state.in_(OPEN_STATES)).order_by(Ticket.id)).all()
    assert stored(session, *tickets) == [obvious(session, one) for one in tickets]


def profile(session: Session, author: str, *, handle: str = "maria", followers: int | None = None) -> None:
    """Their profile arrives."""
    known = Author.by_network_id(session, "x", [author])[author]
    known.update_profile(
        handle=handle,
        name=handle.title(),
        followers=followers,
        verified=False,
        protected=False,
        avatar_url=None,
        at=NINE,
    )
    session.flush()
    priorities.rescore_authors(session, [known.id])


def customers(session: Session, *entries: tuple[str, str, str]) -> None:
    """Replace the list of customers."""
    number = CustomerList.begin(session, at=NINE)
    Customer.add_batch(session, number, [CustomerEntry(*entry) for entry in entries])
    CustomerList.complete(session, number, at=NINE)
    priorities.forget_all(session)


def told(priority: Priority) -> list[str]:
    return [one.name or one.kind for one in priority.reasons]


# --- what it follows from -----------------------------------------------------------------------------------

POSTS = st.lists(
    st.builds(
        lambda number, author, talk, at, words: said(
            number, minute(at), author=author, conversation=f"c{author}{talk}", text=words
        ),
        st.integers(1, 10**6),
        st.sampled_from("ab"),
        st.integers(1, 3),
        st.integers(0, 24).map(lambda halves: halves * DAY // 2),
        st.sampled_from(WORDS),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda post: post.post_id,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(posts=POSTS, data=st.data())
def test_whatever_comes_in_whichever_order_it_is_what_the_ledger_says(
    db: Database, posts: Sequence[IncomingPost], data: st.DataObject
) -> None:
    with passing(db) as session:
        for post in data.draw(st.permutations(posts)):
            hear(session, post)
            what = data.draw(st.sampled_from(["nothing", "profile", "close", "reopen", "edit"]))
            if what == "profile":
                followers = data.draw(st.sampled_from([None, 12, 1_500, 2_000_000]))
                profile(session, post.author_id, handle=f"H{post.author_id}", followers=followers)
            elif what == "close":
                there = ticket(session, post.author_id, post.conversation_id)
                if there.state in OPEN_STATES:
                    there.close_no_reply_needed(session, by="U0ANA", at=minute(13 * DAY), reason="spam")
            elif what == "reopen":
                closed = select(Ticket.id).where(~Ticket.is_open()).order_by(Ticket.id)
                for ticket_id in session.scalars(closed).all():
                    there = Ticket.lock(session, ticket_id)
                    there.reopen(session, by="U0ANA", at=minute(14 * DAY), sla_policy=PROMISE)
                    session.flush()
            elif what == "edit":
                edited = {"latest_id": f"9{post.post_id}", "text": data.draw(st.sampled_from(WORDS))}
                hear(
                    session,
                    said(
                        post.post_id,
                        post.posted_at,
                        author=post.author_id,
                        conversation=post.conversation_id,
                        **edited,
                    ),
                )
        priorities.rescore_missing(session, 9)
        all_are_right(session)
        if data.draw(st.booleans()):
            customers(session, ("", "ha", "Pro plan"), ("x", "hb", ""))
            while priorities.rescore_missing(session, 2):
                pass
            all_are_right(session)


def test_a_page_of_one_person_counts_its_contacts(session: Session) -> None:
    hear(
        session,
        *(said(number, minute(number), conversation=f"c{number}", text="hi") for number in range(1, 6)),
    )

    tickets = session.scalars(select(Ticket).order_by(Ticket.opened_at)).all()
    assert [one.points for one in stored(session, *tickets)] == [0, 8, 16, 24, 24]
    all_are_right(session)


def test_several_posts_in_a_row_are_one_contact_and_a_new_turn_is_another(session: Session) -> None:
    hear(session, said(1, text="hi"), said(2, minute(1), text="hello?"))
    assert told(stored(session, ticket(session))[0]) == ["question"]

    ticket(session).close_no_reply_needed(session, by="U0ANA", at=minute(2), reason="spam")
    hear(session, said(3, minute(3), text="refund"))
    assert told(stored(session, ticket(session))[0]) == ["refund", "again"]

    hear(session, said(4, minute(8 * DAY), text="hi", conversation="c2"))
    assert told(stored(session, ticket(session, conversation="c2"))[0]) == []


def test_an_earlier_contact_that_is_heard_late_counts_for_the_later_one(session: Session) -> None:
    hear(session, said(1, minute(5), text="hi"))
    hear(session, said(2, minute(5), text="hi", conversation="c2"))
    assert [one.points for one in stored(session, ticket(session), ticket(session, conversation="c2"))] == [
        8,
        8,
    ]
    hear(session, said(3, minute(4), text="hi", conversation="c3"))

    tickets = [ticket(session, conversation=name) for name in ("c1", "c2", "c3")]
    assert [one.points for one in stored(session, *tickets)] == [16, 16, 0]


def test_to_reopen_a_ticket_is_no_contact_of_theirs(session: Session) -> None:
    hear(session, said(1, text="hi"))
    for number in range(1, 4):
        ticket(session)._open_turn(session, OPENED_BY_REOPENING, asked_at=minute(number), at=minute(number))
    hear(session, said(2, minute(9), text="refund", conversation="c2"))

    assert told(stored(session, ticket(session, conversation="c2"))[0]) == ["refund", "again"]
    assert stored(session, ticket(session, conversation="c2"))[0].points == 28


def test_an_edit_and_a_further_post_are_read(session: Session) -> None:
    hear(session, said(1, text="hello"))
    hear(session, said(1, text="refund", latest_id="11"))
    assert told(stored(session, ticket(session))[0]) == ["refund"]

    hear(session, said(2, minute(1), text="my pot is broken"))
    assert told(stored(session, ticket(session))[0]) == ["refund", "broken"]


def test_words_that_are_erased_leave_the_reasons_too(session: Session) -> None:
    hear(session, said(1, text="a secret refund"), said(2, minute(1), text="hello?"))
    here = ticket(session)
    not_shown.erase_text(session, here, mention(session, "1"), at=minute(9))

    assert told(stored(session, here)[0]) == ["question"]
    not_shown.erase_text(session, here, mention(session, "2"), at=minute(9))
    session.flush()
    session.expire_all()
    assert session.get_one(Ticket, here.id).priority_reasons == []


def test_words_that_are_shown_again_count_again(session: Session) -> None:
    hear(session, said(1, text="refund"))
    lose(session, "1", at=minute(2 * DAY))
    hear(session, said(1, text="refund"), at=minute(3 * DAY))

    assert told(stored(session, ticket(session))[0]) == ["refund"]


def test_a_profile_and_a_customer_are_taken_over(session: Session) -> None:
    customers(session, ("x", "maria", "Pro plan"), ("", "maria", "somewhere"), ("y", "maria", "elsewhere"))
    hear(session, said(1, text="refund"))
    assert told(stored(session, ticket(session))[0]) == ["refund"]

    profile(session, "7", handle="Maria", followers=12_400)
    (found,) = stored(session, ticket(session))
    assert told(found) == ["refund", "reach", "customer"]
    assert found.reasons[-1].note == "Pro plan"

    profile(session, "7", handle="other", followers=3)
    assert told(stored(session, ticket(session))[0]) == ["refund"]


def test_another_list_of_customers_is_taken_over_and_cards_that_differ_are_drawn(session: Session) -> None:
    hear(session, said(1, text="refund"), said(2, author="8", conversation="c2", text="refund"))
    for author, handle in (("7", "maria"), ("8", "joe")):
        profile(session, author, handle=handle)
    session.execute(update(Ticket).values(drawn_revision=Ticket.revision))
    customers(session, ("", "maria", ""))

    assert priorities.rescore_missing(session, 10) == 2
    assert priorities.rescore_missing(session, 10) == 0
    session.expire_all()
    assert told(stored(session, ticket(session))[0]) == ["refund", "customer"]
    assert ticket(session).revision == ticket(session).drawn_revision + 1
    other = ticket(session, "8", "c2")
    assert other.revision == other.drawn_revision


def test_open_tickets_from_before_get_theirs_and_the_card_need_not_wait(session: Session) -> None:
    hear(session, said(1, text="refund"), said(2, author="8", conversation="c2", text="hello"))
    ticket(session, "8", "c2").close_no_reply_needed(session, by="U0ANA", at=minute(1), reason="spam")
    session.flush()
    session.execute(update(Ticket).values(priority=None, priority_reasons=None))
    session.expire_all()

    assert told(priorities.read_priority(session, ticket(session))) == ["refund"]
    assert ticket(session).priority is None
    assert priorities.rescore_missing(session, 10) == 1
    all_are_right(session)
    assert ticket(session, "8", "c2").priority is None


def test_test_mentions_have_no_priority(session: Session) -> None:
    ingest_page(session, [said(1, text="refund")], IngestTarget(CANARY_NETWORK, "99", "C0", PROMISE), at=NINE)
    session.flush()

    here = session.scalars(select(Ticket)).one()
    assert (here.priority, here.priority_reasons) == (None, None)
    assert priorities.rescore_missing(session, 10) == 0
    priorities.rescore(session, [here.id])
    assert priorities.read_priority(session, here) == Priority()


# --- the order ----------------------------------------------------------------------------------------------


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    waits=st.lists(st.tuples(st.integers(0, 60 * 60 * 70), st.sampled_from(WORDS)), min_size=1, max_size=8),
    weights=st.builds(
        Weights, waiting=st.integers(-3, 20), waiting_hours=st.integers(0, 80), question=st.integers(-20, 20)
    ),
    own=st.none() | st.builds(Weights, waiting=st.integers(-3, 20), waiting_hours=st.integers(0, 80)),
)
def test_the_order_is_that_of_the_points_that_people_see(
    db: Database, waits: list[tuple[int, str]], weights: Weights, own: Weights | None
) -> None:
    at = NINE + timedelta(hours=70)
    rules = ChannelWeights(weights, {"C2": own} if own else None)
    with passing(db) as session:
        for number, (seconds, words) in enumerate(waits, 1):
            channel = IngestTarget("x", "99", f"C{number % 2 + 1}", PROMISE)
            since = at - timedelta(seconds=seconds, microseconds=seconds * 7 % 10**6)
            post = said(number, since, author=str(number), conversation=f"c{number}", text=words)
            ingest_page(session, [post], channel, at=at)
        session.flush()
        query = select(Ticket, priorities.priority_points(at, rules))
        for here, points in session.execute(query):
            known = Priority.read(here.priority_reasons)
            assert points == known.at(here.waiting_since, at, rules.of(here.channel)).points


def listed(session: Session, at: datetime) -> list[str]:
    return [one.post_id for one in open_tickets.list_by_priority(session, at=at, limit=9).first]


def test_most_points_first_then_the_longest_wait_and_snoozed_ones_last(session: Session) -> None:
    for number, words in enumerate(["hello", "hello", "a refund?", "refund", "refund, urgent"], 1):
        hear(
            session, said(number, minute(-number), author=str(number), conversation=f"c{number}", text=words)
        )
    ticket(session, "5", "c5").snooze(
        session, until=minute(9 * DAY), by="U0ANA", at=minute(1), sla_policy=PROMISE
    )
    session.flush()

    assert listed(session, minute(1)) == ["3", "4", "2", "1", "5"]


def test_who_waits_long_overtakes_who_waits_for_less(session: Session) -> None:
    hear(
        session, said(1, text="hello"), said(2, minute(12 * 60), author="8", conversation="c2", text="open?")
    )

    assert listed(session, minute(12 * 60 + 1)) == ["1", "2"]
    hear(session, said(3, minute(12 * 60), author="9", conversation="c3", text="refund"))
    assert listed(session, minute(12 * 60 + 1)) == ["3", "1", "2"]
    assert listed(session, minute(80 * 60)) == ["3", "2", "1"]  # forty-eight hours count, no more


def test_a_ticket_without_a_priority_yet_is_in_the_list(session: Session) -> None:
    hear(session, said(1, text="hello"), said(2, author="8", conversation="c2", text="refund"))
    session.execute(update(Ticket).where(Ticket.target_post_id == "2").values(priority=None))

    assert listed(session, minute(1)) == ["1", "2"]


@pytest.mark.parametrize("channel", [None, "C0MENTIONS", "C0OTHER"])
def test_weights_of_one_channel_concern_its_tickets(session: Session, channel: str | None) -> None:
    hear(session, said(1, text="hello"))
    priorities.forget_all(session, channel=channel)
    session.expire_all()

    assert (ticket(session).priority is None) == (channel != "C0OTHER")
    assert PLACE.channel == "C0MENTIONS"


def test_weights_are_those_that_each_channel_has_stored(session: Session) -> None:
    for channel, weights in (("C1", {"question": 3}), ("C2", {"cues": {"refund": 4}}), ("C3", None)):
        own = OwnSettings(first_reply_minutes=9, priority_weights=weights)
        channel_settings.change(session, channel, own, revision=0, at=NINE, by="U0ANA")

    assert priorities.load_weights(session).by_channel == {
        "C1": Weights(question=3),
        "C2": Weights(cues={"refund": 4}),
    }
    assert priorities.load_weights(session, ["C2", "C3"]).by_channel == {"C2": Weights(cues={"refund": 4})}
    assert priorities.load_weights(session, []).by_channel == {}
    own = OwnSettings(priority_weights={"question": 5})
    channel_settings.change(session, "C1", own, revision=1, at=NINE, by="U0ANA")
    assert priorities.load_weights(session).of("C1").question == 5
