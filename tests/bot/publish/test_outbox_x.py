"""The outbox on the local X, over real HTTP: each way in which a call can end, and what the bot makes of it."""

from datetime import timedelta

import pytest

from bot.publish import manual_posting
from bot.publish.locked_reply import lock_reply
from models.tickets.delivery_state import DeliveryState
from sandbox.x import XServer
from tests.bot.room import Room

PUBLISH = "POST /2/tweets"
OWN = "GET /2/users/:id/tweets"
PLAN = (5, 15, 45, 120, 300, 600)


@pytest.fixture
def post(on_x: Room, x: XServer) -> str:
    """The customer's post, heard."""
    found = x.world.post("maria", "@acmebrew is the kettle back?").id
    on_x.poll()
    return found


def public(x: XServer, post: str) -> list[str]:
    return [reply.text for reply in x.world.replies_to(post)]


def look_until_asked(here: Room, reply: int) -> list[float]:
    """Let time pass until a person is asked; when X was read, in seconds."""
    began, seen, looks = here.clock(), 0, []
    while here.state(reply) == DeliveryState.UNSURE:
        here.send()
        if here.reply(reply).looks > seen:
            seen = here.reply(reply).looks
            looks.append((here.clock() - began).total_seconds())
        here.clock.pass_by(5)
    return looks


LOST_AFTER = ["answer_lost_after", "reset", "server_error_after", "truncated", "garbled"]
LOST_BEFORE = ["answer_lost_before", "reset_before", "server_error_before"]


@pytest.mark.parametrize("kind", LOST_AFTER)
def test_an_answer_that_is_lost_after_the_effect_is_found_by_reading(on_x: Room, x, post, kind) -> None:
    x.world.faults.add(PUBLISH, kind, times=1)
    reply = on_x.submit(1, "On Monday & on Tuesday: https://example.com/a <3")
    on_x.send()
    assert on_x.state(reply) == DeliveryState.UNSURE
    on_x.clock.pass_by(5)
    on_x.send()

    assert on_x.state(reply) == DeliveryState.PUBLISHED
    assert on_x.reply(reply).post_id == x.world.replies_to(post)[0].id
    assert x.world.counts[PUBLISH] == 1


@pytest.mark.parametrize("kind", LOST_BEFORE)
def test_an_answer_that_is_lost_before_the_effect_is_asked_about_and_never_sent_again(
    on_x: Room, x, post, kind
) -> None:
    x.world.faults.add(PUBLISH, kind, times=1)
    reply = on_x.submit(1, "On Monday!")
    on_x.send()
    assert on_x.state(reply) == DeliveryState.UNSURE

    looks = look_until_asked(on_x, reply)

    assert on_x.state(reply) == DeliveryState.ASKED
    assert tuple(looks[:5]) == PLAN[:5]
    assert x.world.counts[PUBLISH] == 1
    assert public(x, post) == []
    assert "Did it post?" in on_x.told()[-1]


def test_a_timeline_that_lags_behind_is_read_until_it_has_caught_up(on_x: Room, x, post) -> None:
    x.world.faults.add(PUBLISH, "answer_lost_after", times=1)
    x.world.faults.add(OWN, "stale_reads", seconds=100)
    reply = on_x.submit(1, "On Monday!")
    on_x.send()
    looks = look_until_asked(on_x, reply)

    assert on_x.state(reply) == DeliveryState.PUBLISHED
    assert looks == [5, 15, 45]
    assert x.world.counts[PUBLISH] == 1


def test_a_refused_connection_sends_nothing_and_is_tried_again(on_x: Room, x, post) -> None:
    x.world.faults.add("*", "down")
    reply = on_x.submit(1, "On Monday!")
    on_x.send()
    assert on_x.state(reply) == DeliveryState.QUEUED
    assert on_x.reply(reply).reason == "unreachable"
    x.world.faults.clear()
    on_x.clock.pass_by(60)
    on_x.send()

    assert public(x, post) == ["On Monday!"]
    assert x.world.counts[PUBLISH] == 1


def test_a_rate_limit_is_waited_out_to_the_second(on_x: Room, x, post) -> None:
    x.world.faults.add(PUBLISH, "rate_limited", times=1, seconds=300)
    reply = on_x.submit(1, "On Monday!")
    on_x.send()
    assert on_x.reply(reply).due_at == on_x.clock() + timedelta(seconds=300)
    on_x.clock.pass_by(299)
    on_x.send()
    assert x.world.counts[PUBLISH] == 1
    on_x.clock.pass_by(1)
    on_x.send()

    assert public(x, post) == ["On Monday!"]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("unauthorized", "unauthorized"), ("credits", "out of credit"), ("forbidden_blanket", "forbidden")],
)
def test_what_concerns_the_whole_account_keeps_the_reply_and_is_told_once(
    on_x: Room, x, post, kind, reason
) -> None:
    x.world.faults.add(PUBLISH, kind)
    reply = on_x.submit(1, "On Monday!")
    for _ in range(30):
        on_x.send()
        on_x.clock.pass_by(10)

    assert (on_x.state(reply), on_x.reply(reply).reason) == (DeliveryState.QUEUED, reason)
    assert x.world.counts[PUBLISH] <= 5
    assert len([words for words in on_x.told() if "your reply is waiting" in words]) == 1
    assert len([words for words in on_x.told() if "rotating_light" in words]) <= 1
    x.world.faults.clear()
    on_x.clock.pass_by(900)
    on_x.send()
    assert public(x, post) == ["On Monday!"]


def test_too_long_goes_back_to_its_author(on_x: Room, x, post) -> None:
    reply = on_x.submit(1, "x" * 281)
    on_x.send()

    assert (on_x.state(reply), on_x.reply(reply).reason) == (DeliveryState.REFUSED, "too long")
    assert "too long" in on_x.told()[0]


def test_what_we_said_elsewhere_in_the_same_words_is_refused(on_x: Room, x, post) -> None:
    other = x.world.post("maria", "@acmebrew and the mugs?")
    x.world.publish("On Monday!", reply_to=other.id)
    reply = on_x.submit(1, "On Monday!")
    on_x.send()

    assert (on_x.state(reply), on_x.reply(reply).reason) == (DeliveryState.REFUSED, "duplicate")
    assert public(x, post) == []


def test_a_reply_to_a_post_that_is_not_there_is_refused_and_the_ticket_waits_on(on_x: Room, x, post) -> None:
    reply = on_x.submit(1, "On Monday!")
    x.world.delete(post)
    on_x.send()

    assert (on_x.state(reply), on_x.reply(reply).reason) == (DeliveryState.REFUSED, "parent gone")
    assert on_x.ticket().state == "waiting"
    assert on_x.mentions()[0].missing_since == on_x.clock()


def test_a_reply_that_x_takes_only_from_a_person_is_handed_off_and_seen(on_x: Room, x) -> None:
    x.world.implicit_counts = False
    ours = x.world.post("acmebrew", "The kettle is back.")
    theirs = x.world.post("maria", "no, it is not", reply_to=ours.id)
    on_x.poll()
    reply = on_x.submit(1, "It is!")
    on_x.send()
    assert on_x.state(reply) == DeliveryState.HANDED_OFF
    on_x.clock.pass_by(60)
    x.world.post("acmebrew", "It really is!", reply_to=theirs.id)

    manual_posting.confirm_seen(on_x.ctx, on_x.network)

    assert on_x.state(reply) == DeliveryState.CONFIRMED
    assert x.world.counts[PUBLISH] == 1


def test_a_killed_worker_after_the_effect_is_found_by_reading(on_x: Room, x, post) -> None:
    reply = on_x.submit(1, "On Monday!")
    with on_x.ctx.db.write() as session:
        _, row = lock_reply(session, reply)
        row.release(session, at=on_x.clock())
    job = on_x.declare(reply)
    assert job is not None
    on_x.network.publish(
        job.text, job.target, job.key, account_id=job.account_id
    )  # and here the process is killed
    on_x.clock.pass_by(12)
    on_x.send()
    on_x.clock.pass_by(5)
    on_x.send()

    assert on_x.state(reply) == DeliveryState.PUBLISHED
    assert x.world.counts[PUBLISH] == 1
