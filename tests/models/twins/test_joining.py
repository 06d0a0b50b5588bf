"""Two tickets of one person become one, and two again: nothing is lost, and nobody waits unseen."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Author, Card, Event, Mention, Reply, Ticket
from models.core.account_filter import AccountFilter
from models.core.base import OnItsWayError, RuleBrokenError
from models.core.database import Database
from models.core.query_pipeline import QueryPipeline
from models.privacy.read_access import ReadAccess
from models.reports.counts import StatsFilter, query_counts
from models.reports.daily_rollup import count_day, read_days
from models.reports.export import REPLY_TABLE, TICKET_TABLE, ExportFilter
from models.tickets.delivery_state import DeliveryState
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ingest import ingest_page
from models.twins.detection import find_twins
from models.twins.joining import join, load_twins
from models.twins.separating import separate
from tests.models.ledger import NINE, PLACE, PROMISE, minute, passing, said, together

WORDS = "@acmebrew my kettle leaks since this morning"
PLACES = {
    name: replace(PLACE, network=name, account_id=f"{name}-99") for name in ("x", "mastodon", "bluesky")
}
HANDLES = {"x": "maria", "mastodon": "maria@any.server", "bluesky": "Maria.bsky.social"}
SHOWN = {"x": ("x1", minute(0)), "mastodon": ("m1", minute(2)), "bluesky": ("b1", minute(4))}


def hear_on(session: Session, network: str, *posts: IncomingPost, at: Any = NINE) -> list[int]:
    """Take a page of that network in, and the handles of its people; the ids of the tickets that it opened."""
    place: IngestTarget = PLACES[network]
    opened = ingest_page(session, posts, place, at=at).opened_ids
    for person in session.scalars(select(Author).where(Author.network == network)):
        person.handle = person.handle or HANDLES[network]
    session.flush()
    return opened


def post_on(network: str, words: str = WORDS, **more: Any) -> IncomingPost:
    """What Maria says on that network."""
    post_id, at = SHOWN[network]
    more = {"author": f"{network}-maria", "conversation": f"{network}-c1", "text": words} | more
    return said(more.pop("post_id", post_id), more.pop("at", at), **more)


def join_new(session: Session, opened: Sequence[int], *, at: Any = NINE) -> list[bool]:
    return [join(session, pair, at=at) for pair in find_twins(session, opened)]


def hear_both(session: Session) -> Ticket:
    """Maria speaks on X and on Mastodon, and her one ticket."""
    hear_on(session, "x", post_on("x"), at=minute(1))
    assert join_new(session, hear_on(session, "mastodon", post_on("mastodon"), at=minute(3))) == [True]
    return only_ticket(session)


def only_ticket(session: Session) -> Ticket:
    """The one ticket that has posts."""
    return session.scalars(select(Ticket).where(Ticket.joined_to.is_(None))).one()


def answer(session: Session, ticket: Ticket, *, to: str, at: Any = NINE) -> Reply:
    """Ana answers that post of the ticket; it is held."""
    more = {"undo_until": at, "key": f"key {to} {ticket.turn}"}
    turn = ticket.turn
    return ticket.reply(session, text=f"so sorry {to}", by="U0ANA", at=at, turn=turn, to_post_id=to, **more)


def publish(session: Session, ticket: Ticket, reply: Reply, *, at: Any = NINE) -> None:
    reply.release(session, at=at)
    reply.take(session, worker="w", at=at, lease_until=at, to=reply.to_post_id)
    reply.move(session, DeliveryState.PUBLISHED, at=at, settled_at=at, post_id=f"ours {reply.id}")
    ticket.handle_published_reply(session, reply, at=at)
    session.flush()


def test_the_same_words_on_another_network_are_a_second_mention_of_the_same_ticket(session: Session) -> None:
    ticket = hear_both(session)

    assert {one.post_id for one in session.scalars(select(Mention))} == {"x1", "m1"}
    assert {one.ticket_id for one in session.scalars(select(Mention))} == {ticket.id}
    assert (ticket.network, ticket.conversation_id, ticket.target_post_id) == ("x", "x-c1", "x1")
    assert [one.post_id for one in ticket.targets(session)] == ["x1", "m1"]
    assert [one.act for one in session.scalars(select(Event).order_by(Event.id))] == [
        "mention",
        "mention",
        "joined",
        "joined",
    ]
    second = session.scalars(select(Ticket).where(Ticket.joined_to == ticket.id)).one()
    assert (second.state, second.drawn_revision) == ("no reply needed", second.revision)  # and has no card


def test_what_was_seen_first_is_preset_and_the_clock_counts_from_the_earlier_post(session: Session) -> None:
    hear_on(session, "mastodon", post_on("mastodon"), at=minute(3))
    join_new(session, hear_on(session, "x", post_on("x"), at=minute(5)))

    ticket = only_ticket(session)
    assert (ticket.network, ticket.target_post_id) == ("mastodon", "m1")
    assert (ticket.opened_at, ticket.waiting_since, ticket.seen_at) == (minute(0), minute(0), minute(3))
    assert ticket.due_at == PROMISE.due(minute(0))


@pytest.mark.parametrize("order", list(permutations(SHOWN)), ids=" ".join)
def test_three_networks_are_one_ticket_in_whatever_order_they_are_heard(
    session: Session, order: tuple[str, ...]
) -> None:
    for number, network in enumerate(order):
        join_new(session, hear_on(session, network, post_on(network), at=minute(5 + number)))

    ticket = only_ticket(session)
    assert ticket.network == order[0]
    assert [one.network for one in load_twins(session, ticket.id)] == list(order[1:])
    assert (ticket.opened_at, ticket.revision > ticket.drawn_revision) == (minute(0), True)


def test_later_posts_in_either_conversation_are_heard_on_the_ticket(session: Session) -> None:
    ticket = hear_both(session)

    opened = hear_on(session, "mastodon", post_on("mastodon", "anybody?", post_id="m2", at=minute(6)))
    opened += hear_on(session, "x", post_on("x", "hello??", post_id="x2", at=minute(7)))

    assert opened == []
    assert {one.ticket_id for one in session.scalars(select(Mention))} == {ticket.id}
    assert [one.post_id for one in ticket.targets(session)] == ["x2", "m2"]


def test_a_twin_that_posts_again_does_not_become_the_preset_target(session: Session) -> None:
    ticket = hear_both(session)

    hear_on(session, "mastodon", post_on("mastodon", "anybody?", post_id="m2", at=minute(6)))

    assert ticket.target_post_id == "x1"
    assert [one.post_id for one in ticket.targets(session)] == ["x1", "m2"]


def test_one_answer_a_turn_whichever_place_it_goes_to(session: Session) -> None:
    ticket = hear_both(session)
    reply = answer(session, ticket, to="m1")
    assert (reply.network, reply.account_id, reply.to_post_id) == ("mastodon", "mastodon-99", "m1")

    with pytest.raises(RuleBrokenError, match="already replied"):
        answer(session, ticket, to="x1")


def test_a_post_in_the_joined_conversation_opens_the_next_turn_and_is_its_target(session: Session) -> None:
    ticket = hear_both(session)
    publish(session, ticket, answer(session, ticket, to="x1", at=minute(5)), at=minute(5))

    hear_on(session, "mastodon", post_on("mastodon", "and now?", post_id="m2", at=minute(9)), at=minute(9))

    assert (ticket.state, ticket.turn, ticket.target_post_id) == ("waiting", 2, "m2")


def test_joining_keeps_what_the_second_ticket_had_and_its_card_leads_to_the_first(session: Session) -> None:
    hear_on(session, "x", post_on("x"))
    opened = hear_on(session, "mastodon", post_on("mastodon"))
    second = Ticket.lock(session, opened[0])
    second.claim(session, by="U0BEN", at=minute(4))
    second.draft(session, text="hm", by="U0BEN", at=minute(4), key="k", source="composer")
    session.add(Card(ticket_id=second.id, key="card", channel="C0", ts="1.1"))
    session.flush()

    assert join_new(session, opened, at=minute(5)) == [True]

    ticket = only_ticket(session)
    draft = session.scalars(select(Reply)).one()
    assert (ticket.owner, ticket.first_claimed_at) == ("U0BEN", minute(4))
    assert (draft.ticket_id, draft.network, draft.to_post_id) == (ticket.id, "mastodon", "m1")
    left = Ticket.lock(session, opened[0])
    assert (left.joined_to, left.drawn_revision < left.revision, left.owner) == (ticket.id, True, None)
    for act in (left.claim, left.reopen):
        with pytest.raises(RuleBrokenError, match=f"shares a card .* #{ticket.id}"):
            act(session, by="U0ANA", at=minute(6))


# --- what keeps them apart ----------------------------------------------------------------------------------


def close(session: Session, ticket: Ticket) -> None:
    ticket.close_no_reply_needed(session, by="U0ANA", at=minute(4), reason="thanks")


def compose(session: Session, ticket: Ticket) -> None:
    ticket.start_composing(session, by="U0ANA", key="k", at=minute(4))


def hold(session: Session, ticket: Ticket) -> None:
    answer(session, ticket, to=ticket.target_post_id, at=minute(4))


@pytest.mark.parametrize("act", [close, hold])
@pytest.mark.parametrize("on", ["x", "mastodon"])
def test_a_reply_or_an_outcome_on_either_keeps_them_two(
    session: Session, act: Callable[[Session, Ticket], None], on: str
) -> None:
    ids = {
        "x": hear_on(session, "x", post_on("x")),
        "mastodon": hear_on(session, "mastodon", post_on("mastodon")),
    }
    act(session, Ticket.lock(session, ids[on][0]))
    session.flush()

    waiting = ids["mastodon"]
    assert not any(join_new(session, waiting, at=minute(4)))

    first, second = session.scalars(select(Ticket).order_by(Ticket.id)).all()
    assert (first.joined_to, second.joined_to) == (None, None)
    assert (first.same_as, second.same_as) == (second.id, first.id)
    assert first.drawn_revision < first.revision
    assert find_twins(session, waiting) == []  # once is enough


def test_two_owners_and_an_open_composer_keep_them_two(session: Session) -> None:
    first, second = hear_on(session, "x", post_on("x")), hear_on(session, "mastodon", post_on("mastodon"))
    compose(session, Ticket.lock(session, second[0]))
    assert join_new(session, second, at=minute(4)) == [False]
    Ticket.lock(session, second[0]).stop_composing(key="k")
    Ticket.lock(session, first[0]).claim(session, by="U0ANA", at=minute(4))
    Ticket.lock(session, second[0]).claim(session, by="U0BEN", at=minute(4))
    session.flush()
    assert join_new(session, second, at=minute(4)) == [False]


def test_a_draft_and_an_undone_reply_keep_nothing_apart(session: Session) -> None:
    hear_on(session, "x", post_on("x"))
    first = only_ticket(session)
    answer(session, first, to="x1")
    first.undo(session, by="U0ANA", at=minute(1))

    assert join_new(session, hear_on(session, "mastodon", post_on("mastodon"))) == [True]


def test_a_post_that_only_some_can_see_is_never_a_twin(session: Session) -> None:
    hear_on(session, "x", post_on("x"))

    assert join_new(session, hear_on(session, "mastodon", post_on("mastodon", visibility="direct"))) == []


def test_a_card_that_is_just_being_posted_is_waited_for(session: Session) -> None:
    hear_on(session, "x", post_on("x"))
    opened = hear_on(session, "mastodon", post_on("mastodon"))
    card = Card(ticket_id=opened[0], key="card", channel="C0", placing_since=minute(3))
    session.add(card)
    session.flush()
    assert join_new(session, opened) == [False]
    card.mark_posted("1.1", at=minute(3))

    assert join_new(session, opened) == [True]


# --- not the same person ------------------------------------------------------------------------------------


def part(session: Session, ticket: Ticket, network: str = "mastodon") -> Ticket:
    left = separate(session, ticket.id, network, by="U0ANA", at=minute(9), sla_policy=PROMISE)
    session.flush()
    return left


def posts_of(session: Session, ticket: Ticket) -> set[str]:
    return set(session.scalars(select(Mention.post_id).where(Mention.ticket_id == ticket.id)))


def test_whoever_is_not_the_same_person_waits_on_a_ticket_of_their_own(session: Session) -> None:
    ticket = hear_both(session)

    other = part(session, ticket)

    assert (other.network, other.conversation_id, other.state, other.turn) == (
        "mastodon",
        "mastodon-c1",
        "waiting",
        1,
    )
    assert (other.waiting_since, other.due_at) == (minute(2), PROMISE.due(minute(2)))
    assert (posts_of(session, ticket), posts_of(session, other)) == ({"x1"}, {"m1"})
    assert [one.post_id for one in ticket.targets(session)] == ["x1"]
    assert other.drawn_revision < other.revision
    assert [
        one.actor for one in session.scalars(select(Event).where(Event.act == "not the same person"))
    ] == [
        "U0ANA",
        "U0ANA",
    ]


def test_a_copycat_is_brought_back_waiting_after_the_first_was_answered(session: Session) -> None:
    ticket = hear_both(session)
    publish(session, ticket, answer(session, ticket, to="x1", at=minute(5)), at=minute(5))
    assert ticket.state == "answered"

    other = part(session, ticket)

    assert (ticket.state, other.state) == ("answered", "waiting")
    assert ticket.first_reply_at == minute(5)
    assert other.first_reply_at is None


def test_if_the_twin_was_answered_the_answer_leaves_with_it_and_the_first_waits(session: Session) -> None:
    ticket = hear_both(session)
    publish(session, ticket, answer(session, ticket, to="m1", at=minute(5)), at=minute(5))

    other = part(session, ticket)

    assert (ticket.network, ticket.state, ticket.waiting_since) == ("x", "waiting", minute(0))
    assert ticket.first_reply_at is None
    assert (other.network, other.state, other.first_reply_at) == ("mastodon", "answered", minute(5))
    assert (posts_of(session, ticket), posts_of(session, other)) == ({"x1"}, {"m1"})
    assert session.scalars(select(Reply)).one().ticket_id == other.id


def test_they_are_never_joined_again(session: Session) -> None:
    other = part(session, hear_both(session))
    assert not any(join_new(session, [other.id]))

    again = hear_on(session, "x", post_on("x", post_id="x5", conversation="x-c5", at=minute(20)))
    again += hear_on(
        session, "mastodon", post_on("mastodon", post_id="m5", conversation="m-c5", at=minute(21))
    )

    assert not any(join_new(session, again))


def test_a_turn_that_only_the_copycat_opened_leaves_with_them(session: Session) -> None:
    ticket = hear_both(session)
    publish(session, ticket, answer(session, ticket, to="x1", at=minute(5)), at=minute(5))
    hear_on(session, "mastodon", post_on("mastodon", "and now?", post_id="m2", at=minute(9)), at=minute(9))
    assert (ticket.state, ticket.turn) == ("waiting", 2)

    other = part(session, ticket)

    assert (ticket.state, ticket.turn, ticket.target_post_id) == ("answered", 1, "x1")
    assert (other.state, other.target_post_id, posts_of(session, other)) == ("waiting", "m2", {"m1", "m2"})


def test_earlier_answers_go_with_the_conversation_that_they_are_in(session: Session) -> None:
    ticket = hear_both(session)
    publish(session, ticket, answer(session, ticket, to="m1", at=minute(5)), at=minute(5))
    hear_on(session, "x", post_on("x", "and here?", post_id="x2", at=minute(9)), at=minute(9))

    other = part(session, ticket)

    assert (other.state, other.turn, other.first_reply_at) == ("answered", 1, minute(5))
    assert (ticket.network, ticket.state, ticket.target_post_id) == ("x", "waiting", "x2")
    assert session.scalars(select(Reply)).one().ticket_id == other.id


def test_what_is_on_its_way_to_the_one_who_leaves_is_waited_for(session: Session) -> None:
    ticket = hear_both(session)
    publish(session, ticket, answer(session, ticket, to="m1", at=minute(5)), at=minute(5))
    session.scalars(select(Reply)).one().unsay_by = "U0ANA"
    hear_on(session, "x", post_on("x", "and here?", post_id="x2", at=minute(9)), at=minute(9))

    with pytest.raises(OnItsWayError):
        part(session, ticket)


def test_who_was_separated_once_cannot_be_separated_twice(session: Session) -> None:
    ticket = hear_both(session)
    part(session, ticket)

    with pytest.raises(RuleBrokenError, match="a card of its own"):
        part(session, ticket)


# --- any order, and two at once -----------------------------------------------------------------------------


@given(
    order=st.permutations(["x1", "x2", "m1", "m2", "b1"]),
    apart=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_in_any_order_of_arrival(db: Database, order: list[str], apart: bool) -> None:
    networks = {"x": "x", "m": "mastodon", "b": "bluesky"}
    with passing(db) as session:
        for number, post_id in enumerate(order):
            network = networks[post_id[0]]
            words = WORDS if post_id.endswith("1") else f"more of {post_id}"
            at = SHOWN[network][1] if post_id.endswith("1") else minute(6)
            opened = hear_on(
                session, network, post_on(network, words, post_id=post_id, at=at), at=minute(7 + number)
            )
            everything = list(session.scalars(select(Ticket.id)))
            join_new(session, [*opened, *everything])
        ticket = only_ticket(session)
        assert posts_of(session, ticket) == set(order)
        assert ticket.opened_at == minute(0)
        if apart:
            for one in load_twins(session, ticket.id):
                part(session, ticket, one.network)
            tickets = session.scalars(select(Ticket)).all()
            assert len(tickets) == 3
            for one in tickets:
                held = session.scalars(select(Mention).where(Mention.ticket_id == one.id)).all()
                assert {post.network for post in held} == {one.network}
                assert one.state == "waiting"
                assert one.opened_at == min(post.posted_at for post in held)
        seen = session.scalars(select(Event.post_id).where(Event.act == "mention")).all()
        assert sorted(seen) == sorted(order)


def test_two_workers_that_join_at_once_join_once(db: Database) -> None:
    with db.write() as session:
        hear_on(session, "x", post_on("x"))
        opened = hear_on(session, "mastodon", post_on("mastodon"))

    def work() -> bool:
        with db.write() as session:
            return any(join_new(session, opened))

    done = together(work, work)

    assert sorted(done) == [False, True]
    with db.read() as session:
        assert posts_of(session, only_ticket(session)) == {"x1", "m1"}


def test_two_workers_that_hear_one_network_each_at_once_make_one_ticket(db: Database) -> None:
    def hear_and_join(network: str) -> Callable[[], list[bool]]:
        def work() -> list[bool]:
            with db.write() as session:
                opened = hear_on(session, network, post_on(network))
            with db.write() as session:
                return join_new(session, opened)

        return work

    done = together(hear_and_join("x"), hear_and_join("mastodon"))

    assert sorted(one for joined in done for one in joined)[-1:] == [True]  # type: ignore[attr-defined]
    with db.read() as session:
        assert posts_of(session, only_ticket(session)) == {"x1", "m1"}


# --- in figures ---------------------------------------------------------------------------------------------


def counts_of(session: Session, whose: StatsFilter) -> tuple[int, int]:
    """How many mentions and how many tickets that day had."""
    counts = query_counts(QueryPipeline(session), minute(-60), minute(60), whose)()
    return counts.heard.total(), sum(slots.total() for slots in counts.outcomes.values())


def test_two_mentions_each_on_its_network_and_one_ticket(session: Session) -> None:
    hear_both(session)

    assert counts_of(session, StatsFilter()) == (2, 1)
    assert counts_of(session, StatsFilter(network="x")) == (1, 1)
    assert counts_of(session, StatsFilter(network="mastodon")) == (1, 0)
    assert counts_of(session, StatsFilter(account=AccountFilter("a", (("mastodon", "mastodon-99"),)))) == (
        1,
        0,
    )
    assert counts_of(session, StatsFilter(channel=PLACE.channel)) == (2, 1)


def test_a_day_that_was_counted_before_has_the_same_figures(session: Session) -> None:
    hear_both(session)
    day = minute(0).date()
    count_day(session, day, is_next=True)
    session.flush()

    for network, heard in (("x", 1), ("mastodon", 1), (None, 2)):
        counts = read_days(QueryPipeline(session), day, day, StatsFilter(network=network))
        assert counts is not None
        assert (counts.heard.total(), counts.unanswered) == (heard, 0 if network == "mastodon" else 1)


def test_an_export_has_one_ticket_and_the_reply_on_its_own_network(session: Session) -> None:
    ticket = hear_both(session)
    answer(session, ticket, to="m1")
    everything = ExportFilter(access=ReadAccess(everything=True))

    assert TICKET_TABLE.count(session, everything) == 1
    assert [row.network for row in REPLY_TABLE.rows(session, everything)] == ["mastodon"]
    assert REPLY_TABLE.count(session, replace(everything, network="x")) == 0
