"""`MONTHLY_CAP_USD` on the local X: near it readings slow down, at it listening stops, and replies go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.ingest import missing_posts, profiles, refresh_post, track_search
from bot.jobs import monthly_cap, watchdog
from bot.notices import reading_notices
from models import Alarm, DailyCost, Track
from models.sources import cost
from models.sources.cost import BilledUnit
from models.tickets.delivery_state import DeliveryState
from sandbox.x import XServer
from tests.bot.ingest.test_costs_x import listen, usd, world
from tests.bot.room import BEN, Room
from tests.bot.test_http_server import ask

CREATE = "POST /2/tweets"
PEOPLE = "GET /2/users"
SEARCH = "GET /2/tweets/search/recent"


@contextmanager
def capped(url: str, cap: str | None, **more: object) -> Iterator[tuple[Room, XServer]]:
    with world(url, monthly_cap_usd=cap, **more) as (here, x):
        yield here, x


@pytest.fixture
def on_cap(database_url: str) -> Iterator[tuple[Room, XServer]]:
    """A desk that may spend ten dollars a month, after a first poll."""
    with capped(database_url, "10") as (here, x):
        here.poll()
        yield here, x


def spend(here: Room, dollars: float, *, track_id: int = 0) -> None:
    """Let so many dollars have been spent today."""
    units = [BilledUnit("100", "counts_call", round(dollars * 1_000_000), track_id)]
    with here.ctx.db.write() as session:
        cost.record(session, "x", units, day=here.clock().date())


def tick(here: Room, **time: float) -> None:
    here.clock.pass_by(**(time or {"minutes": 1}))
    here.poll()
    track_search.search_tracks(here.ctx, here.network)
    missing_posts.sweep_and_check(here.ctx, here.network)
    profiles.fetch_missing(here.ctx, here.network)
    monthly_cap.check(here.ctx)


def asked(x: XServer) -> dict[str, int]:
    return {
        name: count
        for name, count in x.world.counts.items()
        if name.startswith("GET") and "me" not in name.split("/")
    }


def mentions_track(here: Room) -> int:
    with here.ctx.db.read() as session:
        return session.scalars(select(Track.id).where(Track.kind == "mentions")).one()


def stopped_notes(here: Room) -> list[str]:
    with here.ctx.db.read() as session:
        return reading_notices.stopped_notes(here.ctx, session)


@pytest.mark.both_engines
def test_at_the_cap_listening_stops_and_says_so_once(on_cap: tuple[Room, XServer]) -> None:
    here, x = on_cap
    listen(here, "kettle")
    spend(here, 10)
    before = asked(x)
    x.world.post("maria", "@acmebrew hello")
    x.world.post("joe", "my kettle drips")

    for _ in range(5):
        tick(here)

    assert asked(x) == before
    assert here.mentions() == []
    [told] = here.told()
    assert "reached the cap of $10.00" in told
    assert "*stopped listening*" in told
    assert stopped_notes(here) == [
        "I don't read X any more this month, as the cap of $10.00 is reached: this list may be incomplete."
    ]


def test_at_the_cap_replies_and_the_looks_around_them_go_on_and_are_counted(
    on_cap: tuple[Room, XServer],
) -> None:
    here, x = on_cap
    first, second = x.world.post("maria", "@acmebrew hello"), x.world.post("joe", "@acmebrew hello, too")
    here.clock.pass_by(minutes=1)
    here.poll()
    spend(here, 10)
    spent, billed = usd(here), x.world.cost

    refresh_post.refresh_target(here.ctx, here.tickets()[0].id)
    answered = here.submit(here.tickets()[0].id, "Hello Maria!")
    here.send()
    x.world.faults.add(CREATE, "answer_lost_after", times=1)
    lost = here.submit(here.tickets()[1].id, "Hello Joe!")
    here.send()
    assert here.state(lost) == DeliveryState.UNSURE
    here.clock.pass_by(seconds=6)
    here.send()
    here.watch()
    with here.ctx.db.write() as session:
        reply = here.reply(answered)
        ticket = session.merge(here.tickets()[0])
        ticket.request_deletion(session, session.merge(reply), by=BEN, at=here.clock())
    here.send()
    here.ctx.record_charges()

    assert here.state(lost) == DeliveryState.PUBLISHED
    assert here.state(answered) == DeliveryState.WITHDRAWN
    assert len(x.world.replies_to(second.id)) == 1
    assert x.world.replies_to(first.id) == []
    assert float(usd(here) - spent) == pytest.approx(x.world.cost - billed)
    assert x.world.cost > billed


@pytest.mark.both_engines
def test_a_new_month_ends_it_and_nothing_in_between_is_lost(on_cap: tuple[Room, XServer]) -> None:
    here, x = on_cap
    spend(here, 10)
    tick(here)
    here.clock.now = datetime(2026, 3, 31, 23, 58, tzinfo=UTC)
    x.world.post("maria", "@acmebrew hello")
    tick(here)
    assert here.mentions() == []

    tick(here, minutes=2)

    assert here.texts() == ["@acmebrew hello"]
    assert here.told()[-1] == (
        ":white_check_mark: The monthly cap no longer stops me: I am listening again, from where I stopped."
    )
    tick(here)
    assert len(here.told()) == 2
    assert stopped_notes(here) == []


@pytest.mark.parametrize("cap", ["20", None])
def test_a_raised_or_removed_cap_ends_it(database_url: str, cap: str | None) -> None:
    with capped(database_url, "10") as (here, _x):
        here.poll()
        spend(here, 10)
        tick(here)
    with capped(database_url, cap) as (again, x):  # it was restarted
        x.world.post("maria", "@acmebrew hello")
        tick(again)

        assert again.texts() == ["@acmebrew hello"]
        assert [told.split()[0] for told in again.told()] == [":moneybag:", ":white_check_mark:"]


def test_a_restart_tells_nothing_again(database_url: str) -> None:
    for _ in range(3):
        with capped(database_url, "10") as (here, _x):
            if not here.told():
                here.poll()
                spend(here, 10)
            tick(here)

            assert len(here.told()) == 1


@pytest.mark.both_engines
def test_near_the_cap_the_dearest_reading_slows_down_first(on_cap: tuple[Room, XServer]) -> None:
    here, _x = on_cap
    dear, cheap = listen(here, "kettle"), listen(here, "teapot")
    tick(here)
    spend(here, 5, track_id=dear)
    spend(here, 1.1, track_id=cheap)
    spend(here, 1, track_id=mentions_track(here))
    spend(here, 0.9)  # replies: nothing that could slow down
    tick(here)
    assert here.ctx.settings.poll_seconds == 60

    def readings(minutes: int) -> tuple[int, int, int]:
        before = here.cursor().reads, here.cursor(f"track {dear}").reads, here.cursor(f"track {cheap}").reads
        for _ in range(minutes):
            tick(here)
        after = here.cursor().reads, here.cursor(f"track {dear}").reads, here.cursor(f"track {cheap}").reads
        return tuple(late - soon for late, soon in zip(after, before, strict=True))

    assert readings(20) == (20, 2, 20)
    spend(here, 0.7)
    assert readings(20) == (20, 2, 2)
    spend(here, 0.7)
    assert readings(22) == (3, 2, 2)
    [told] = here.told()
    assert "more than 80 % of the cap of $10.00" in told

    spend(here, 1)
    tick(here)
    assert "*stopped listening*" in here.told()[-1]
    assert len(here.told()) == 2


def test_readings_that_were_left_out_on_purpose_are_not_overdue(on_cap: tuple[Room, XServer]) -> None:
    here, _x = on_cap
    tick(here)
    spend(here, 9, track_id=mentions_track(here))
    for spent in (0, 1):
        spend(here, spent)
        for _ in range(30):
            tick(here)
            with here.ctx.db.read() as session:
                assert ask(here, "/readyz")[0] == 200
                assert "readings" not in {one.kind for one in watchdog.find_overdue(here.ctx, session)}


def test_a_long_reading_stops_at_the_cap_and_keeps_what_was_paid_for(database_url: str) -> None:
    with capped(database_url, "1.00") as (here, x):
        here.poll()
        listen(here, "kettle")
        track_search.search_tracks(here.ctx, here.network)
        for number in range(600):
            x.world.post("maria", f"kettle {number}")
        here.clock.pass_by(minutes=2)
        track_search.search_tracks(here.ctx, here.network)

        assert 1 <= usd(here) <= 2
        assert len(here.mentions()) == x.world.counts[SEARCH] * 100 - 100  # the first search found nothing
        calls = x.world.counts[SEARCH]
        for _ in range(3):
            tick(here)
        assert x.world.counts[SEARCH] == calls


def test_what_costs_nothing_is_read_on(database_url: str) -> None:
    with capped(database_url, "10") as (here, x):
        here.network.prices = {}
        spend(here, 10)
        x.world.post("maria", "@acmebrew hello")
        tick(here)

        assert here.texts() == ["@acmebrew hello"]


def test_without_a_cap_nothing_slows_down_or_is_told(database_url: str) -> None:
    with capped(database_url, None) as (here, x):
        here.poll()
        spend(here, 10_000)
        x.world.post("maria", "@acmebrew hello")
        tick(here)

        assert here.texts() == ["@acmebrew hello"]
        assert here.told() == []
        with here.ctx.db.read() as session:
            assert Alarm.active(session) == []
            assert session.scalars(select(DailyCost)).all()


def test_profiles_wait_for_the_next_month(on_cap: tuple[Room, XServer]) -> None:
    here, x = on_cap
    x.world.faults.add(PEOPLE, "server_error_before", times=1)
    x.world.post("maria", "@acmebrew hello")
    tick(here)
    asked_before = x.world.counts[PEOPLE]
    spend(here, 10)
    tick(here)
    assert x.world.counts[PEOPLE] == asked_before

    here.clock.now = datetime(2026, 4, 1, 0, 1, tzinfo=UTC)
    tick(here)
    assert x.world.counts[PEOPLE] == asked_before + 1
