"""The post that somebody is about to answer, looked at once more on the local X, over real HTTP."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.ingest import refresh_post as looking
from bot.ingest.refresh_post import READING_NAME, REFRESH_INTERVAL, refresh_target
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.publish import account_check
from bot.publish.locked_reply import lock_reply
from bot.runtime.signed_in_accounts import SignedInAccounts
from models import Cursor, Event, Reply, Ticket
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState
from sandbox.x import XServer
from tests.bot.conftest import KEYS
from tests.bot.room import BEN, Counting, Room, room

LOOK_UP = "GET /2/tweets"
OWN = "GET /2/users/:id/tweets"


@pytest.fixture
def post(on_x: Room, x: XServer) -> str:
    """The customer's post, heard and drawn some time ago."""
    found = x.world.post("maria", "@acmebrew is the ketle back?").id
    on_x.poll()
    on_x.clock.pass_by(minutes=5)
    return found


def looks(x: XServer) -> int:
    return x.world.counts[LOOK_UP] + x.world.counts[OWN]


def acts(here: Room) -> list[str]:
    with here.ctx.db.read() as session:
        return list(session.scalars(select(Event.act).order_by(Event.id)))


def counted(here: Room) -> list[int]:
    with here.ctx.db.read() as session:
        return list(session.scalars(select(Cursor.reads).where(Cursor.name == READING_NAME)))


# What may have changed


def test_a_post_that_nobody_touched_leaves_no_event_and_no_redraw(on_x: Room, x: XServer, post: str) -> None:
    before, revision = acts(on_x), on_x.ticket().revision
    on_x.ctx.cards_wake.clear()

    refresh_target(on_x.ctx, 1)

    assert (acts(on_x), on_x.ticket().revision) == (before, revision)
    assert not on_x.ctx.cards_wake.is_set()
    assert (x.world.counts[LOOK_UP], x.world.counts[OWN]) == (1, 1)


@pytest.mark.both_engines
def test_an_edit_brings_the_new_words_and_the_version_to_answer(on_x: Room, x: XServer, post: str) -> None:
    edited = x.world.edit(post, "@acmebrew is the kettle back?").id
    revision = on_x.ticket().revision

    refresh_target(on_x.ctx, 1)

    [mention] = on_x.mentions()
    assert (mention.post_id, mention.latest_id) == (post, edited)
    assert mention.text == "@acmebrew is the kettle back?"
    assert acts(on_x)[-1] == "post edited"
    assert on_x.ticket().revision > revision
    assert on_x.ticket().state == TicketState.WAITING


def test_an_edit_is_told_once(on_x: Room, x: XServer, post: str) -> None:
    x.world.edit(post, "@acmebrew is the kettle back?")
    refresh_target(on_x.ctx, 1)
    on_x.clock.now += REFRESH_INTERVAL
    refresh_target(on_x.ctx, 1)
    on_x.poll()

    assert acts(on_x).count("post edited") == 1


def hidden(x: XServer, post: str, how: str) -> None:
    """Let X not show it, in one of the ways that look alike."""
    if how == "deleted":
        x.world.delete(post)
    elif how == "late":
        x.world.faults.add(LOOK_UP, "lagging_replica")
    else:
        x.world.change_user("maria", **{how: True})


@pytest.mark.parametrize("how", ["deleted", "protected", "suspended", "late"])
def test_what_is_not_shown_is_noted_and_not_taken_for_a_deletion(
    on_x: Room, x: XServer, post: str, how: str
) -> None:
    hidden(x, post, how)

    refresh_target(on_x.ctx, 1)

    [mention] = on_x.mentions()
    assert (mention.text, mention.deleted_at) == ("@acmebrew is the ketle back?", None)
    assert (mention.missing_since, mention.missing_as) == (on_x.clock(), "not shown")
    assert mention.look_at == on_x.clock() + timedelta(hours=1)
    assert on_x.ticket().state == TicketState.WAITING
    assert acts(on_x)[-1] == "post not shown"


def test_a_reply_that_waits_is_left_to_the_network_when_its_post_is_missed_once(
    on_x: Room, x: XServer, post: str
) -> None:
    reply = on_x.submit(1, "On Monday!", undo=600)
    x.world.change_user("maria", protected=True)

    refresh_target(on_x.ctx, 1)

    assert on_x.state(reply) == DeliveryState.HELD
    on_x.clock.pass_by(600)
    on_x.send()
    assert (on_x.state(reply), on_x.reply(reply).reason) == (DeliveryState.REFUSED, "parent gone")
    assert on_x.ticket().state == TicketState.WAITING
    with on_x.ctx.db.read() as session:
        assert Reply.last_returned_text(session, 1, "U0ANA") == "On Monday!"


def test_with_one_post_the_others_of_the_ticket_are_looked_at(on_x: Room, x: XServer, post: str) -> None:
    x.world.post("maria", "@acmebrew and the mugs?", reply_to=post)
    on_x.poll()
    x.world.change_user("maria", protected=True)

    refresh_target(on_x.ctx, 1)

    assert [one.missing_since for one in on_x.mentions()] == [on_x.clock(), on_x.clock()]
    assert x.world.counts[LOOK_UP] == 2


def test_an_answer_that_says_nothing_of_the_post_changes_nothing(on_x: Room, x: XServer, post: str) -> None:
    x.world.faults.add(LOOK_UP, "left_out")
    before = acts(on_x)

    refresh_target(on_x.ctx, 1)

    assert acts(on_x) == before
    assert on_x.mentions()[0].missing_since is None


def test_a_sight_takes_a_miss_back(on_x: Room, x: XServer, post: str) -> None:
    x.world.faults.add(LOOK_UP, "lagging_replica", times=1)
    refresh_target(on_x.ctx, 1)
    on_x.clock.now += REFRESH_INTERVAL

    refresh_target(on_x.ctx, 1)

    [mention] = on_x.mentions()
    assert (mention.missing_since, mention.look_at) == (None, None)
    assert acts(on_x)[-2:] == ["post not shown", "post shown again"]
    assert "X shows this post again" in on_x.told()[-1]


@pytest.mark.both_engines
def test_an_answer_by_hand_ends_the_turn_when_it_was_said(on_x: Room, x: XServer, post: str) -> None:
    said_at = on_x.clock()
    made = x.world.post("acmebrew", "Yes, by hand!", reply_to=post).id
    on_x.clock.pass_by(minutes=5)

    refresh_target(on_x.ctx, 1)

    ticket = on_x.ticket()
    assert (ticket.state, ticket.reason, ticket.closed_at) == (TicketState.ANSWERED, "outside Heard", said_at)
    with on_x.ctx.db.read() as session:
        assert session.scalar(select(Event.act).where(Event.post_id == made)) == "answered"


def test_an_answer_by_hand_under_the_edited_post_counts(on_x: Room, x: XServer, post: str) -> None:
    edited = x.world.edit(post, "@acmebrew is the kettle back?").id
    x.world.post("acmebrew", "Yes, by hand!", reply_to=edited)

    refresh_target(on_x.ctx, 1)

    assert on_x.texts() == ["@acmebrew is the kettle back?"]
    assert on_x.ticket().reason == "outside Heard"


def test_an_answer_by_hand_stops_the_reply_that_waited_and_tells_its_author(
    on_x: Room, x: XServer, post: str
) -> None:
    reply = on_x.submit(1, "On Monday!", undo=600)
    x.world.post("acmebrew", "Yes, by hand!", reply_to=post)

    refresh_target(on_x.ctx, 1)

    assert on_x.state(reply) == DeliveryState.CANCELLED
    [told] = on_x.told()
    assert "<@U0ANA>, someone replied on X by hand" in told


def test_an_answer_by_hand_is_taken_in_once(on_x: Room, x: XServer, post: str) -> None:
    x.world.post("acmebrew", "Yes, by hand!", reply_to=post)
    refresh_target(on_x.ctx, 1)
    with on_x.ctx.db.write() as session:
        Ticket.lock(session, 1).reopen(session, by=BEN, at=on_x.clock())
    on_x.clock.now += REFRESH_INTERVAL
    asked = x.world.counts[LOOK_UP]

    refresh_target(on_x.ctx, 1)

    assert on_x.ticket().state == TicketState.WAITING
    assert x.world.counts[LOOK_UP] == asked + 1  # not for the answer, which the ledger knows


# Our own replies


def test_a_reply_that_has_landed_while_it_is_sent_is_not_an_answer_by_hand(
    on_x: Room, x: XServer, post: str
) -> None:
    reply, at = on_x.submit(1, "On Monday!"), on_x.clock()
    with on_x.ctx.db.write() as session:
        _ticket, sent = lock_reply(session, reply)
        sent.release(session, at=at)
        sent.take(session, worker="another", at=at, lease_until=at + timedelta(seconds=12))
    x.world.post("acmebrew", "On Monday!", reply_to=post)

    refresh_target(on_x.ctx, 1)

    assert on_x.state(reply) == DeliveryState.SENDING
    assert on_x.ticket().state == TicketState.WAITING
    assert on_x.told() == []


def test_a_reply_in_doubt_that_is_seen_is_the_one_that_was_sent(on_x: Room, x: XServer, post: str) -> None:
    x.world.faults.add("POST /2/tweets", "answer_lost_after", times=1)
    reply = on_x.submit(1, "On Monday!")
    on_x.send()
    assert on_x.state(reply) == DeliveryState.UNSURE

    refresh_target(on_x.ctx, 1)

    assert on_x.state(reply) == DeliveryState.PUBLISHED
    assert on_x.ticket().reason is None


def test_what_is_answered_is_not_searched_for_answers(on_x: Room, x: XServer, post: str) -> None:
    reply = on_x.submit(1, "On Monday!")
    on_x.send()
    assert on_x.state(reply) == DeliveryState.PUBLISHED

    refresh_target(on_x.ctx, 1)

    assert (x.world.counts[LOOK_UP], x.world.counts[OWN]) == (1, 0)
    assert on_x.ticket().state == TicketState.ANSWERED


# What it costs, and when it cannot be had


@pytest.mark.both_engines
def test_one_ticket_is_looked_at_once_a_minute(on_x: Room, x: XServer, post: str) -> None:
    refresh_target(on_x.ctx, 1)
    asked = looks(x)
    on_x.clock.pass_by(59)
    refresh_target(on_x.ctx, 1)
    assert looks(x) == asked

    on_x.clock.pass_by(1)
    refresh_target(on_x.ctx, 1)

    assert looks(x) == 2 * asked
    assert counted(on_x) == [2]


def test_each_ticket_has_its_own_minute(on_x: Room, x: XServer, post: str) -> None:
    x.world.post("maria", "@acmebrew and another thing")
    on_x.poll()
    x.world.edit(post, "@acmebrew is the kettle back?")

    for ticket in on_x.tickets():
        refresh_target(on_x.ctx, ticket.id)

    assert counted(on_x) == [2]
    assert "@acmebrew is the kettle back?" in on_x.texts()


def test_only_so_many_looks_are_remembered(
    on_x: Room, x: XServer, post: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MAX_REMEMBERED_TICKETS", 1)
    x.world.post("maria", "@acmebrew and another thing")
    on_x.poll()

    for ticket_id in (1, 2, 2, 1):
        refresh_target(on_x.ctx, ticket_id)

    assert counted(on_x) == [3]


def test_a_failure_changes_nothing_and_is_only_noted(
    on_x: Room, x: XServer, post: str, caplog: pytest.LogCaptureFixture
) -> None:
    x.world.delete(post)
    x.world.faults.add("*", "down")
    before = acts(on_x)

    with caplog.at_level(logging.INFO, "bot.ingest.refresh_post"):
        refresh_target(on_x.ctx, 1)

    assert acts(on_x) == before
    assert on_x.texts() == ["@acmebrew is the ketle back?"]
    [noted] = [record for record in caplog.records if record.name == "bot.ingest.refresh_post"]
    assert noted.levelno == logging.INFO
    assert "ticket 1 could not be refreshed" in noted.getMessage()


def test_an_edit_counts_even_if_our_own_posts_cannot_be_read(on_x: Room, x: XServer, post: str) -> None:
    x.world.edit(post, "@acmebrew is the kettle back?")
    x.world.faults.add(OWN, "rate_limited")

    refresh_target(on_x.ctx, 1)

    assert on_x.texts() == ["@acmebrew is the kettle back?"]
    assert on_x.ticket().state == TicketState.WAITING


@pytest.mark.both_engines
def test_a_network_without_keys_is_not_asked(database_url: str, on_x: Room, x: XServer, post: str) -> None:
    asked = looks(x)

    with room(database_url, on_x.clock, Counting(on_x.clock)) as other:
        refresh_target(other.ctx, 1)

    assert looks(x) == asked
    assert counted(on_x) == []


# Several accounts of ours


@pytest.fixture
def help_desk(database_url: str, on_x: Room, x: XServer) -> Room:
    """The same desk, where @acme_help is connected, too."""
    second = x.world.add_user("acme_help", "Acme Help")
    its_keys = KEYS | {"access_token": f"{second.id}-token"}
    network = XNetwork(XSettings(_env_file=None, api_url=x.url, **its_keys))
    networks = SignedInAccounts.fixed(on_x.network, network)
    return Room(replace(on_x.ctx, networks=networks), network, on_x.clock)


@pytest.mark.parametrize("handle", ["acmebrew", "acme_help"])
def test_an_answer_of_any_account_that_heard_it_ends_the_turn(
    on_x: Room, help_desk: Room, x: XServer, handle: str
) -> None:
    found = x.world.post("maria", "@acme_help @acmebrew is the kettle back?").id
    on_x.poll()
    help_desk.poll()
    on_x.clock.pass_by(minutes=5)
    x.world.publish("It is.", reply_to=found, by=x.world.user(handle))

    refresh_target(help_desk.ctx, 1)

    assert (on_x.ticket().state, on_x.ticket().reason) == (TicketState.ANSWERED, "outside Heard")


def test_a_post_is_looked_at_as_an_account_that_is_connected(on_x: Room, help_desk: Room, x: XServer) -> None:
    found = x.world.post("maria", "@acmebrew @acme_help is the ketle back?").id
    on_x.poll()
    help_desk.poll()
    only = replace(on_x.ctx, networks=SignedInAccounts.fixed(help_desk.network))
    account_check.check_network(only, help_desk.network)
    on_x.clock.pass_by(minutes=5)
    x.world.edit(found, "@acmebrew @acme_help is the kettle back?")

    refresh_target(only, 1)

    assert on_x.texts() == ["@acmebrew @acme_help is the kettle back?"]
