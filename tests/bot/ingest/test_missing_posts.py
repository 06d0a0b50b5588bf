"""Posts that X does not show: looked at again after one hour and after twenty, on the local X over real HTTP."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.ingest import missing_posts
from bot.ingest.missing_posts import READING_NAME, run_due, sweep_and_check
from bot.ingest.refresh_post import refresh_target
from bot.publish import outbox
from models import Event, Mention, QuarantinedPost, Reply, Ticket
from models.reports.search import SearchCursor, search
from models.reports.search_query import parse_phrases
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState
from sandbox.x import XServer
from tests.bot.room import ANA, BEN, Clock, Room, room
from tests.models.ledger import lose
from tests.stage import default_sla

LOOK_UP = "GET /2/tweets"
WORDS = "@acmebrew my kettle exploded"


@pytest.fixture
def post(on_x: Room, x: XServer) -> str:
    """The customer's post, heard some time ago."""
    found = x.world.post("maria", WORDS).id
    on_x.poll()
    on_x.clock.pass_by(minutes=5)
    return found


@pytest.fixture
def missed(on_x: Room, x: XServer, post: str) -> str:
    """The same, after its author went behind a lock and somebody opened the composer."""
    x.world.change_user("maria", protected=True)
    refresh_target(on_x.ctx, 1)
    return post


def after(here: Room, **time: float) -> None:
    here.clock.pass_by(**time)
    run_due(here.ctx)


def looked_up(x: XServer) -> int:
    return x.world.counts[LOOK_UP]


def acts(here: Room) -> list[str]:
    with here.ctx.db.read() as session:
        return list(session.scalars(select(Event.act).order_by(Event.id)))


def stands(here: Room) -> tuple[str, str | None]:
    return here.ticket().state, here.ticket().reason


def change(here: Room, verb: Callable[..., object], **more: object) -> None:
    with here.ctx.db.write() as session:
        verb(Ticket.lock(session, 1), session, by=BEN, at=here.clock(), **more)


# --- the two looks ------------------------------------------------------------------------------------------


def test_it_is_looked_at_after_one_hour_and_after_twenty_and_not_in_between(
    on_x: Room, x: XServer, missed: str
) -> None:
    asked = looked_up(x)
    for hours in range(1, 21):
        after(on_x, hours=1)
        assert looked_up(x) - asked == (2 if hours == 20 else 1), hours

    assert on_x.mentions()[0].missed_looks == 2
    after(on_x, hours=100)
    assert looked_up(x) - asked == 2


def test_after_one_look_it_still_waits_with_its_words(on_x: Room, x: XServer, missed: str) -> None:
    after(on_x, hours=1)
    after(on_x, hours=18, minutes=59)

    assert stands(on_x) == (TicketState.WAITING, None)
    assert on_x.texts() == [WORDS]


def test_not_shown_at_both_looks_needs_no_reply_and_leaves_no_words(
    on_x: Room, x: XServer, missed: str
) -> None:
    since = on_x.clock()
    after(on_x, hours=1)
    after(on_x, hours=19)

    assert stands(on_x) == (TicketState.NO_REPLY_NEEDED, "no longer shown on X")
    [mention] = on_x.mentions()
    assert (mention.text, mention.media, mention.post_id) == ("", [], missed)
    assert mention.deleted_at is not None
    assert mention.deleted_at - since <= timedelta(hours=24)
    assert len(mention.fingerprint or "") == 64
    assert acts(on_x)[-2:] == ["post blanked", "no reply needed"]
    with on_x.ctx.db.read() as session:
        assert search(session, parse_phrases("kettle"), before=SearchCursor(), limit=5).found == ()


def test_a_look_that_fails_is_no_look(on_x: Room, x: XServer, missed: str) -> None:
    x.world.faults.add(LOOK_UP, "server_error_before")
    for _ in range(20):
        after(on_x, hours=1)
    assert stands(on_x) == (TicketState.WAITING, None)
    assert on_x.mentions()[0].missed_looks == 0
    assert on_x.texts() == [WORDS]

    x.world.faults.clear()
    after(on_x, minutes=1)
    assert (on_x.mentions()[0].missed_looks, stands(on_x)) == (1, (TicketState.WAITING, None))
    after(on_x, hours=1)
    assert stands(on_x) == (TicketState.NO_REPLY_NEEDED, "no longer shown on X")


def test_a_network_that_asks_to_wait_is_not_pressed(on_x: Room, x: XServer, missed: str) -> None:
    x.world.faults.add(LOOK_UP, "rate_limited", times=1, seconds=600)
    after(on_x, hours=1)
    asked = looked_up(x)

    after(on_x, minutes=9)
    assert looked_up(x) == asked
    after(on_x, minutes=2)
    assert looked_up(x) == asked + 1


def test_an_answer_without_the_post_is_no_look_and_is_asked_again(
    on_x: Room, x: XServer, missed: str
) -> None:
    x.world.faults.add(LOOK_UP, "left_out", times=1)
    after(on_x, hours=1)
    assert on_x.mentions()[0].missed_looks == 0

    after(on_x, minutes=10)
    assert on_x.mentions()[0].missed_looks == 1


def test_words_go_within_a_day_though_nobody_could_look_and_the_ticket_waits(
    on_x: Room, x: XServer, missed: str
) -> None:
    x.world.faults.add(LOOK_UP, "server_error_before")
    after(on_x, hours=23)

    assert on_x.texts() == [""]
    assert stands(on_x) == (TicketState.WAITING, None)
    x.world.faults.clear()
    x.world.change_user("maria", protected=False)
    after(on_x, hours=10)
    assert on_x.texts() == [WORDS]


def test_two_looks_are_an_hour_apart_when_the_first_came_late(on_x: Room, x: XServer, missed: str) -> None:
    after(on_x, hours=21)
    assert stands(on_x) == (TicketState.WAITING, None)

    after(on_x, minutes=59)
    assert stands(on_x) == (TicketState.WAITING, None)
    after(on_x, minutes=1)
    assert stands(on_x)[0] == TicketState.NO_REPLY_NEEDED


def test_many_are_asked_for_a_hundred_at_a_time_and_counted(on_x: Room, x: XServer, post: str) -> None:
    for number in range(150):
        x.world.post("maria", f"@acmebrew question {number}")
    on_x.poll()
    x.world.change_user("maria", protected=True)
    with on_x.ctx.db.write() as session:
        for mention in session.scalars(select(Mention)):
            mention.missing_since, mention.missing_as = on_x.clock(), "not shown"
            mention.look_at = on_x.clock() + timedelta(hours=1)
    asked = looked_up(x)

    after(on_x, hours=1)

    assert looked_up(x) - asked == 2
    assert {one.missed_looks for one in on_x.mentions()} == {1}
    assert on_x.cursor(READING_NAME).reads == 2


@pytest.mark.both_engines
def test_another_worker_and_a_restart_go_on_from_the_ledger(
    on_x: Room, x: XServer, missed: str, database_url: str
) -> None:
    after(on_x, hours=1)
    with room(database_url, on_x.clock, on_x.network, db=on_x.ctx.db, worker="another") as other:
        other.clock.pass_by(hours=19)
        run_due(other.ctx)
        assert stands(other)[0] == TicketState.NO_REPLY_NEEDED


@pytest.mark.both_engines
def test_two_workers_who_look_at_once_count_once(on_x: Room, x: XServer, missed: str) -> None:
    on_x.clock.pass_by(hours=1)
    with on_x.ctx.db.read() as session:
        [asked] = [missing_posts.PostCheck.of_mention(one) for one in session.scalars(select(Mention))]
    answer = on_x.network.refresh([asked.latest_id], account_id=on_x.network.account().id)
    for _ in range(2):
        missing_posts.record_answer(
            on_x.ctx,
            on_x.network,
            [asked],
            answer,
            account_id=on_x.network.account().id,
            at=on_x.clock(),
        )

    assert on_x.mentions()[0].missed_looks == 1


def test_a_look_that_was_overtaken_by_a_sight_says_nothing(on_x: Room, x: XServer, missed: str) -> None:
    on_x.clock.pass_by(hours=1)
    with on_x.ctx.db.read() as session:
        [asked] = [missing_posts.PostCheck.of_mention(one) for one in session.scalars(select(Mention))]
    answer = on_x.network.refresh([asked.latest_id], account_id=on_x.network.account().id)
    x.world.change_user("maria", protected=False)
    on_x.sweep()

    missing_posts.record_answer(
        on_x.ctx,
        on_x.network,
        [asked],
        answer,
        account_id=on_x.network.account().id,
        at=on_x.clock(),
    )

    assert on_x.mentions()[0].missing_since is None


# --- how it comes to light ----------------------------------------------------------------------------------


def test_a_refused_reply_is_a_first_miss_of_this_and_of_the_others(on_x: Room, x: XServer, post: str) -> None:
    x.world.post("maria", "@acmebrew and the lid", reply_to=post)
    on_x.poll()
    x.world.change_user("maria", suspended=True)
    reply = on_x.submit(1, "We are sorry!")

    outbox.run_due(on_x.ctx)

    assert on_x.state(reply) == DeliveryState.REFUSED
    assert [one.missing_since for one in on_x.mentions()] == [on_x.clock()] * 2
    assert stands(on_x) == (TicketState.WAITING, None)
    after(on_x, hours=1)
    after(on_x, hours=19)
    assert stands(on_x) == (TicketState.NO_REPLY_NEEDED, "no longer shown on X")
    assert on_x.texts() == ["", ""]


def test_a_refused_reply_is_none_of_the_two_looks(on_x: Room, x: XServer, missed: str) -> None:
    on_x.clock.pass_by(hours=2)
    on_x.submit(1, "We are sorry!")

    outbox.run_due(on_x.ctx)

    assert on_x.mentions()[0].missed_looks == 0


@pytest.mark.both_engines
def test_a_sweep_notices_what_is_not_listed_any_more(on_x: Room, x: XServer, post: str) -> None:
    x.world.add_user("tom", "Tom")
    x.world.post("tom", "@acmebrew lovely beer")
    on_x.poll()
    x.world.delete(post)
    on_x.clock.pass_by(minutes=20)

    sweep_and_check(on_x.ctx, on_x.network)

    assert {one.post_id: one.missing_since for one in on_x.mentions()}[post] == on_x.clock()
    assert looked_up(x) == 1
    assert sum(one.missing_since is not None for one in on_x.mentions()) == 1


@pytest.mark.both_engines
def test_a_sweep_believes_no_list_that_lacks_a_post(on_x: Room, x: XServer, post: str) -> None:
    x.world.faults.add("GET /2/users/:id/mentions", "late_index", seconds=7200)

    sweep_and_check(on_x.ctx, on_x.network)

    assert looked_up(x) == 1
    assert on_x.mentions()[0].missing_since is None


# --- shown again --------------------------------------------------------------------------------------------


def by_poll(here: Room) -> None:
    here.poll()


def by_sweep(here: Room) -> None:
    here.sweep()


def by_composer(here: Room) -> None:
    here.clock.pass_by(minutes=1)
    refresh_target(here.ctx, 1)


def test_a_sight_before_the_second_look_begins_anew(on_x: Room, x: XServer, missed: str) -> None:
    after(on_x, hours=1)
    x.world.change_user("maria", protected=False)
    after(on_x, hours=19)
    assert on_x.mentions()[0].missing_since is None
    assert stands(on_x) == (TicketState.WAITING, None)

    x.world.change_user("maria", protected=True)
    refresh_target(on_x.ctx, 1)
    after(on_x, hours=1)

    assert stands(on_x) == (TicketState.WAITING, None)
    assert on_x.texts() == [WORDS]


@pytest.mark.parametrize("listed", [by_poll, by_sweep, by_composer])
def test_what_is_listed_again_waits_again_with_its_words(
    on_x: Room, x: XServer, listed: Callable[[Room], None]
) -> None:
    on_x.clock.now = on_x.clock.now.replace(hour=1)
    post = x.world.post("maria", WORDS).id
    on_x.poll()
    x.world.change_user("maria", protected=True)
    refresh_target(on_x.ctx, 1)
    after(on_x, hours=1)
    after(on_x, hours=19)
    assert stands(on_x)[0] == TicketState.NO_REPLY_NEEDED
    x.world.change_user("maria", protected=False)

    listed(on_x)

    [mention] = on_x.mentions()
    assert (mention.post_id, mention.text, mention.deleted_at) == (post, WORDS, None)
    assert stands(on_x) == (TicketState.WAITING, None)
    ticket = on_x.ticket()
    assert ticket.due_at is not None
    assert ticket.due_at > on_x.clock()
    assert "X shows this post again, so the ticket is *waiting again*" in on_x.told()[-1]
    with on_x.ctx.db.read() as session:
        [found] = search(session, parse_phrases("kettle exploded"), before=SearchCursor(), limit=5).found
    assert found.text == WORDS


def test_who_speaks_again_has_their_earlier_posts_looked_for(on_x: Room, x: XServer, missed: str) -> None:
    after(on_x, hours=1)
    after(on_x, hours=19)
    x.world.change_user("maria", protected=False)
    on_x.clock.pass_by(hours=72)
    x.world.post("maria", "@acmebrew hello, I am back")
    on_x.poll()

    run_due(on_x.ctx)

    assert sorted(on_x.texts()) == sorted([WORDS, "@acmebrew hello, I am back"])
    assert {one.state for one in on_x.tickets()} == {TicketState.WAITING}


def test_what_a_person_said_of_it_stays_when_it_is_shown_again(on_x: Room, x: XServer, missed: str) -> None:
    change(on_x, Ticket.close_no_reply_needed, reason="spam")
    after(on_x, hours=1)
    after(on_x, hours=19)
    assert on_x.texts() == [""]
    x.world.change_user("maria", protected=False)

    by_composer(on_x)

    assert on_x.texts() == [WORDS]
    assert stands(on_x) == (TicketState.NO_REPLY_NEEDED, "spam")


def test_a_post_that_an_older_heard_took_for_deleted_waits_when_it_is_shown(
    on_x: Room, x: XServer, post: str
) -> None:
    with on_x.ctx.db.write() as session:
        lose(session, post, at=on_x.clock())
        [mention] = session.scalars(select(Mention))
        mention.missing_since = mention.missing_as = mention.fingerprint = None
        mention.missed_looks = 0
        ticket = Ticket.lock(session, 1)
        ticket.reason = "deleted"
    assert stands(on_x) == (TicketState.NO_REPLY_NEEDED, "deleted")

    by_composer(on_x)

    assert (stands(on_x), on_x.texts()) == ((TicketState.WAITING, None), [WORDS])


def test_an_edit_meanwhile_is_a_sight_and_no_absence(on_x: Room, x: XServer, missed: str) -> None:
    x.world.change_user("maria", protected=False)
    edited = x.world.edit(missed, "@acmebrew my kettle exploded twice").id

    after(on_x, hours=1)

    [mention] = on_x.mentions()
    assert (mention.post_id, mention.latest_id, mention.missing_since) == (missed, edited, None)
    assert mention.text == "@acmebrew my kettle exploded twice"
    assert acts(on_x)[-2:] == ["post shown again", "post edited"]


# --- what else is affected ----------------------------------------------------------------------------------


def test_a_ticket_with_several_posts_is_closed_only_when_all_are_lost(
    on_x: Room, x: XServer, post: str
) -> None:
    second = x.world.post("maria", "@acmebrew and the lid", reply_to=post).id
    on_x.poll()
    x.world.delete(second)
    refresh_target(on_x.ctx, 1)
    after(on_x, hours=1)
    after(on_x, hours=19)
    assert (stands(on_x), on_x.ticket().target_post_id) == ((TicketState.WAITING, None), post)
    assert on_x.texts() == [WORDS, ""]

    x.world.delete(post)
    refresh_target(on_x.ctx, 1)
    after(on_x, hours=1)
    after(on_x, hours=19)

    assert stands(on_x) == (TicketState.NO_REPLY_NEEDED, "no longer shown on X")


def test_an_answered_ticket_keeps_its_outcome_and_loses_the_words(on_x: Room, x: XServer, post: str) -> None:
    on_x.submit(1, "We are sorry!")
    on_x.send()
    on_x.send()
    answered = on_x.ticket()
    assert answered.state == TicketState.ANSWERED
    x.world.change_user("maria", suspended=True)
    on_x.clock.pass_by(minutes=5)
    refresh_target(on_x.ctx, 1)
    after(on_x, hours=1)
    after(on_x, hours=19)

    now = on_x.ticket()
    assert (now.state, now.closed_at, now.first_reply_at) == (
        TicketState.ANSWERED,
        answered.closed_at,
        answered.first_reply_at,
    )
    assert on_x.texts() == [""]


def test_a_snoozed_ticket_is_closed_too_and_waits_again_at_once(on_x: Room, x: XServer, missed: str) -> None:
    change(on_x, Ticket.snooze, until=on_x.clock() + timedelta(days=7), sla_policy=default_sla(on_x.ctx))
    after(on_x, hours=1)
    after(on_x, hours=19)
    assert stands(on_x)[0] == TicketState.NO_REPLY_NEEDED
    x.world.change_user("maria", protected=False)

    by_composer(on_x)

    assert (stands(on_x), on_x.ticket().snoozed_until) == ((TicketState.WAITING, None), None)


def test_a_reply_that_waited_all_the_time_is_stopped_and_its_author_is_told(
    on_x: Room, x: XServer, missed: str
) -> None:
    reply = on_x.submit(1, "We are sorry!", undo=999_999)
    after(on_x, hours=1)
    assert on_x.state(reply) == DeliveryState.HELD
    after(on_x, hours=19)

    assert on_x.state(reply) == DeliveryState.CANCELLED
    assert stands(on_x)[0] == TicketState.NO_REPLY_NEEDED
    assert "<@U0ANA>, X no longer shows the post that you replied to" in on_x.told()[-1]
    with on_x.ctx.db.read() as session:
        assert Reply.last_returned_text(session, 1, ANA) == "We are sorry!"


def test_while_a_reply_may_be_public_the_ticket_is_not_closed(on_x: Room, x: XServer, post: str) -> None:
    x.world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
    reply = on_x.submit(1, "We are sorry!")
    on_x.send()
    on_x.send()
    assert on_x.state(reply) == DeliveryState.UNSURE
    x.world.change_user("maria", protected=True)
    refresh_target(on_x.ctx, 1)
    after(on_x, hours=1)
    after(on_x, hours=19)
    assert (stands(on_x), on_x.texts()) == ((TicketState.WAITING, None), [""])
    with on_x.ctx.db.write() as session:
        Ticket.lock(session, 1)
        row = session.get_one(Reply, reply)
        row.ask_person(session, at=on_x.clock(), nudge_at=on_x.clock())
        row.discard(session, at=on_x.clock(), by=BEN)

    after(on_x, hours=1)

    assert stands(on_x) == (TicketState.NO_REPLY_NEEDED, "no longer shown on X")


def test_a_ticket_that_a_person_reopened_is_not_closed_under_their_hands(
    on_x: Room, x: XServer, missed: str
) -> None:
    after(on_x, hours=1)
    after(on_x, hours=19)
    change(on_x, Ticket.reopen)

    by_composer(on_x)
    after(on_x, hours=30)

    assert stands(on_x) == (TicketState.WAITING, None)


def test_its_owner_is_told_when_it_is_closed(on_x: Room, x: XServer, missed: str) -> None:
    change(on_x, Ticket.claim)
    after(on_x, hours=1)
    after(on_x, hours=19)

    assert "<@U0BEN>, X no longer shows this post" in on_x.told()[-1]


@pytest.mark.both_engines
def test_a_row_in_quarantine_loses_its_words_with_its_post(on_x: Room, x: XServer, missed: str) -> None:
    with on_x.ctx.db.write() as session:
        session.add(
            QuarantinedPost(
                network="x",
                account_id=x.world.brand.id,
                digest="d",
                post_id=missed,
                raw=f'{{"text": "{WORDS}"}}',
                error="no time",
                at=on_x.clock(),
            )
        )
    after(on_x, hours=1)
    after(on_x, hours=19)

    assert [one.raw for one in on_x.quarantined()] == [""]


def test_an_account_that_is_not_connected_now_is_not_asked_for(
    on_x: Room, x: XServer, missed: str, clock: Clock
) -> None:
    with on_x.ctx.db.write() as session:
        for mention in session.scalars(select(Mention)):
            mention.account_id = "another"
    asked = looked_up(x)

    after(on_x, hours=2)

    assert looked_up(x) == asked
    assert stands(on_x) == (TicketState.WAITING, None)
