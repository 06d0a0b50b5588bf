"""How fast a network is asked: as its headers leave room for, and never stopped by one for long."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import doctor_networks, findings
from bot.ingest import profiles, refresh_post
from bot.jobs import watchdog
from bot.networks.errors import Later
from bot.networks.values import RateLimitStatus
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.publish import manual_posting
from bot.runtime import pace
from models.tickets.delivery_state import DeliveryState
from sandbox.x import XServer
from tests.bot.conftest import KEYS
from tests.bot.room import Clock, Counting, Room, room
from tests.patience import CALL_LIMITS

MENTIONS, OWN, POSTS = "GET /2/users/:id/mentions", "GET /2/users/:id/tweets", "GET /2/tweets"
PUBLISH = "POST /2/tweets"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = timedelta(minutes=15)
moments = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
allowances = st.builds(
    RateLimitStatus,
    remaining=st.integers(0, 10**9),
    limit=st.integers(0, 10**9),
    resets_at=moments,
    reported_at=st.none() | moments,
)


@pytest.fixture
def hasty(database_url: str, clock: Clock, x: XServer) -> Iterator[Room]:
    """A desk on the local X that is told to poll every second."""
    network = XNetwork(XSettings(_env_file=None, api_url=x.url, **KEYS), CALL_LIMITS)
    with room(database_url, clock, network, poll_seconds=1) as made:
        yield made


def refusals(x: XServer, endpoint: str) -> int:
    return sum(one.endpoint == endpoint and one.status == 429 for one in x.world.requests)


# What is believed


@given(moments, moments, st.timedeltas(timedelta(), WINDOW))
def test_no_time_that_a_network_names_stops_anything_for_longer_than_a_window(
    at: datetime, named: datetime, otherwise: timedelta
) -> None:
    again = pace.retry_at(Later(named, "rate limit", "no"), at=at, otherwise=otherwise)

    assert at <= again <= at + WINDOW
    if at < named <= at + WINDOW:
        assert again == named


@given(allowances, moments, st.integers(1, 100))
def test_readings_are_never_more_than_a_window_apart(told: RateLimitStatus, at: datetime, calls: int) -> None:
    assert timedelta() <= pace.min_interval(told, at=at, calls=calls) <= WINDOW


@pytest.mark.parametrize(
    ("remaining", "minutes", "calls", "apart"),
    [
        (300, 15, 1, 900 / 270),  # a tenth is kept back
        (300, 15, 8, 8 * 900 / 270),  # a storm: eight pages a reading
        (130, 5, 1, 3),
        (31, 10, 1, 600),
        (30, 10, 1, 600),  # nothing but what is kept back: when the window is renewed
        (0, 10, 1, 600),
        (5, 60 * 24, 1, 900),  # a day away: asked once a window all the same
        (5, -1, 1, 0),
    ],
)
def test_what_is_left_of_a_window_is_spread_over_it(
    remaining: int, minutes: float, calls: int, apart: float
) -> None:
    told = RateLimitStatus(remaining, 300, NOON + timedelta(minutes=minutes))

    assert pace.min_interval(told, at=NOON, calls=calls).total_seconds() == pytest.approx(apart, abs=0.001)


def test_a_clock_that_is_wrong_does_not_matter_where_the_network_says_what_time_it_is() -> None:
    theirs = NOON + timedelta(hours=5)
    told = RateLimitStatus(100, 100, theirs + timedelta(minutes=9), reported_at=theirs)

    assert pace.min_interval(told, at=NOON) == timedelta(seconds=6)


@given(allowances, moments, st.integers(0, 50))
def test_looks_are_as_many_as_can_be_paid_for(told: RateLimitStatus, at: datetime, most: int) -> None:
    found = pace.affordable_calls(told, at=at, every=timedelta(minutes=1), most=most)

    assert 0 <= found <= most
    if pace.is_spent(told, at=at):
        assert found == 0


# POLL_SECONDS below what the network allows


def test_polls_that_come_too_fast_are_spread_and_heard_never_goes_deaf(hasty: Room, x: XServer) -> None:
    x.world.limits.set(MENTIONS, 30)
    read: list[datetime] = []
    for _ in range(2 * 15 * 60 // 5):  # two windows
        if hasty.poll() is not None:
            read.append(hasty.clock())
        hasty.clock.pass_by(5)

    assert refusals(x, MENTIONS) == 0
    silences = [late - early for early, late in itertools.pairwise(read)]
    assert max(silences) <= timedelta(seconds=60)
    assert len(read) >= 2 * 20  # what is allowed is used


def test_the_doctor_says_that_polls_are_spread(hasty: Room, x: XServer) -> None:
    x.world.limits.set(MENTIONS, 30)
    hasty.poll()

    told = [one.line() for one in doctor_networks._polls(hasty.ctx, hasty.network, "X")]

    assert any(
        "note  X: POLL_SECONDS is 1, more often than X allows: polls are 34 s apart" in one for one in told
    )
    assert findings.print_findings(doctor_networks._polls(hasty.ctx, hasty.network, "X"), lambda _: None) == 0


def test_polls_that_are_seldom_enough_are_not_spread(on_x: Room, x: XServer) -> None:
    on_x.poll()

    assert on_x.cursor().not_before is None
    assert not any(
        "POLL_SECONDS" in one.sentence for one in doctor_networks._polls(on_x.ctx, on_x.network, "X")
    )


def test_a_sweep_does_not_wait_for_polls_that_are_spread(hasty: Room, x: XServer) -> None:
    x.world.limits.set(MENTIONS, 30)
    hasty.poll()
    late = x.world.post("maria", "@acmebrew late", at=x.world.clock() - timedelta(minutes=40)).text

    assert hasty.poll() is None
    assert hasty.sweep() is not None
    assert hasty.texts() == [late]


def test_readings_that_are_spread_are_not_called_overdue(hasty: Room, x: XServer) -> None:
    x.world.limits.set(MENTIONS, 3)
    hasty.poll()
    hasty.clock.pass_by(minutes=4)
    with hasty.ctx.db.read() as session:
        assert [one.kind for one in watchdog.find_overdue(hasty.ctx, session)] == []
    hasty.clock.pass_by(minutes=15)
    with hasty.ctx.db.read() as session:
        assert [one.kind for one in watchdog.find_overdue(hasty.ctx, session)] == ["readings"]


# The other readings


def test_looks_for_hand_offs_leave_half_to_replies_in_doubt(on_x: Room, x: XServer) -> None:
    x.world.limits.set(OWN, 60)
    x.world.implicit_counts = False
    ours = x.world.publish("New: a winter stout")
    for number in range(6):
        x.world.add_user(f"fan{number}", "A fan")
        x.world.post(f"fan{number}", "great", reply_to=ours.id)
    x.world.post("maria", "@acmebrew hello")
    on_x.poll()
    unsure = None
    for ticket in on_x.tickets():
        called = "@acmebrew" in next(one.text for one in on_x.mentions() if one.ticket_id == ticket.id)
        if called:
            x.world.faults.add(PUBLISH, "answer_lost_before", times=1)
        reply = on_x.submit(ticket.id, f"Thanks {ticket.id}!")
        on_x.send()
        if called:
            unsure = reply
    assert unsure is not None
    assert on_x.state(unsure) == DeliveryState.UNSURE

    for _ in range(14 * 4):
        manual_posting.confirm_seen(on_x.ctx, on_x.network)
        on_x.send()
        on_x.clock.pass_by(15)

    assert refusals(x, OWN) == 0
    assert on_x.state(unsure) == DeliveryState.ASKED
    assert on_x.reply(unsure).looks == 6


def test_what_is_spent_is_not_asked_for_until_it_is_renewed(here: Room, network: Counting) -> None:
    network.says("maria", "@acmebrew hello", at=here.clock())
    spent = RateLimitStatus(0, 900, here.clock() + timedelta(minutes=10))
    network.allowances = dict.fromkeys(("people", "own posts", "posts"), spent)
    here.poll()
    here.watch()
    profiles.fetch_missing(here.ctx, network)
    refresh_post.refresh_target(here.ctx, 1)
    assert network.bought == []
    assert network.asked["own posts"] == network.asked["look"] == 0

    here.clock.pass_by(minutes=11)
    profiles.fetch_missing(here.ctx, network)
    here.watch()

    assert len(network.bought) == 1
    assert network.asked["own posts"] == 1


def test_a_storm_of_pages_counts_for_every_page(here: Room, network: Counting) -> None:
    network.allowances["mentions"] = RateLimitStatus(90, 100, here.clock() + timedelta(minutes=15))
    for number in range(250):
        network.says(f"fan{number}", "@acmebrew hello", at=here.clock())
    here.poll()

    assert (
        here.cursor().rate_limit_interval == timedelta()
    )  # 34 s a reading of three pages, and polls come once a minute
    network.allowances["mentions"] = replace(network.allowances["mentions"], remaining=20)
    here.clock.pass_by(minutes=1)
    here.poll()
    assert here.cursor().rate_limit_interval > timedelta(minutes=1)


# Headers that nobody should believe

FAR = [
    6 * 3600,  # hours
    40 * 86_400,  # days
    10**9,
]


@pytest.mark.parametrize("seconds", FAR)
def test_a_far_reset_stops_reading_for_a_window_at_most(on_x: Room, x: XServer, seconds: int) -> None:
    on_x.poll()
    x.world.faults.add(MENTIONS, "rate_limited", times=1, seconds=seconds)
    on_x.clock.pass_by(minutes=1)
    assert on_x.poll() is None
    said = x.world.post("maria", "@acmebrew hello?").text
    on_x.clock.pass_by(minutes=15)

    assert on_x.poll() is not None
    assert on_x.texts() == [said]


@pytest.mark.parametrize("seconds", FAR)
def test_a_far_reset_stops_sending_for_a_window_at_most(on_x: Room, x: XServer, seconds: int) -> None:
    post = x.world.post("maria", "@acmebrew hello?")
    on_x.poll()
    x.world.faults.add(PUBLISH, "rate_limited", times=1, seconds=seconds)
    reply = on_x.submit(1, "Hello!")
    on_x.send()
    assert on_x.state(reply) == DeliveryState.QUEUED
    on_x.clock.pass_by(minutes=15)
    on_x.send()

    assert [one.text for one in x.world.replies_to(post.id)] == ["Hello!"]


def test_a_reset_in_the_past_is_not_hammered_at(on_x: Room, x: XServer) -> None:
    on_x.poll()
    x.world.faults.add(MENTIONS, "rate_limited", seconds=-3600)
    before = x.world.counts[MENTIONS]
    for _ in range(60):
        on_x.poll()
        on_x.clock.pass_by(1)

    assert x.world.counts[MENTIONS] - before <= 3


def test_only_one_reply_knocks_at_a_door_that_stays_shut(on_x: Room, x: XServer) -> None:
    for name in ("ann", "joe", "eve"):
        x.world.add_user(name, name.title())
        x.world.post(name, "@acmebrew hello?")
    on_x.poll()
    x.world.faults.add(PUBLISH, "rate_limited", seconds=10**6)
    for ticket in on_x.tickets():
        on_x.submit(ticket.id, f"Hello {ticket.id}!")
    for _ in range(4 * 60):
        on_x.send()
        on_x.clock.pass_by(15)

    assert 4 <= x.world.counts[PUBLISH] <= 6  # once a quarter of an hour
