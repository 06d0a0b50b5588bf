"""The inbox on the local X: its pages, its late posts, its limits and its bad days, over real HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.cli import doctor_networks
from bot.cli.findings import Level
from bot.ingest import profiles, refresh_post
from bot.networks.errors import Later
from bot.slack import home_tab
from bot.slack.blocks.commands.help_text import incomplete_notes
from models import Author, Gap
from sandbox.x import XServer
from tests.bot.room import Room

MENTIONS = "GET /2/users/:id/mentions"


@pytest.fixture
def known(on_x: Room) -> Room:
    """A desk whose account has been read before."""
    on_x.poll()
    on_x.clock.pass_by(minutes=1)
    return on_x


def say(x: XServer, count: int, *, word: str = "post") -> list[str]:
    start = x.world.clock() - timedelta(seconds=count)
    return [
        x.world.post("maria", f"@acmebrew {word} {number}", at=start + timedelta(seconds=number)).text
        for number in range(count)
    ]


def test_all_pages_are_heard_and_the_overlap_is_no_repeat(known: Room, x: XServer) -> None:
    said = say(x, 230)
    known.poll()
    asked = x.world.counts[MENTIONS]
    known.clock.pass_by(minutes=1)
    said += say(x, 2, word="later")
    heard = known.poll()

    assert known.texts() == said
    assert heard is not None
    assert heard.taken == 2
    assert x.world.counts[MENTIONS] - asked == 3  # a quarter of an hour is read again
    assert x.world.counts["GET /2/users"] == 2  # once for who said something new, not for what is read again


def test_a_page_that_fails_is_read_again_from_the_first(known: Room, x: XServer) -> None:
    said = say(x, 230)
    x.world.faults.add(MENTIONS, "truncated")
    assert known.poll() is None
    x.world.faults.clear()
    known.clock.pass_by(minutes=1)
    known.poll()

    assert known.texts() == said


@pytest.mark.parametrize(
    "kind",
    [
        "unauthorized",
        "credits",
        "forbidden_blanket",
        "server_error_before",
        "answer_lost_before",
        "reset",
        "truncated",
        "garbled",
        "errors_alone",
        "hollow",
        "usage_capped",
        "usage_capped_403",
        "down",
    ],
)
def test_each_failure_of_a_reading_is_remembered_and_forgotten(known: Room, x: XServer, kind) -> None:
    fault = ("*", None) if kind == "down" else (MENTIONS, 1)
    x.world.faults.add(fault[0], kind, times=fault[1])
    said = say(x, 1)

    assert known.poll() is None
    assert known.cursor().failing_since == known.clock()
    assert known.cursor().failure
    x.world.faults.clear()
    known.clock.pass_by(minutes=1)
    known.poll()

    assert known.cursor().failing_since is None
    assert known.texts() == said


def test_a_rate_limit_on_reading_is_kept_to_the_second(known: Room, x: XServer) -> None:
    x.world.faults.add(MENTIONS, "rate_limited", times=1, seconds=600)
    known.poll()
    asked = x.world.counts[MENTIONS]
    assert known.cursor().not_before == known.clock() + timedelta(minutes=10)

    known.clock.pass_by(599)
    known.poll()
    assert x.world.counts[MENTIONS] == asked
    known.clock.pass_by(1)
    assert known.poll() is not None


SILENCES = ["errors_alone", "hollow"]


@pytest.mark.parametrize("kind", SILENCES)
def test_a_200_that_holds_nothing_is_told_like_any_failure(known: Room, x: XServer, kind: str) -> None:
    x.world.faults.add(MENTIONS, kind)
    for _ in range(7):
        known.poll()
        known.clock.pass_by(minutes=1)

    [told] = known.told()
    assert told.startswith(":rotating_light: *X is having problems* for @acmebrew (since <!date^")
    with known.ctx.db.read() as session:
        [short] = incomplete_notes(home_tab.unread_sources(known.ctx, session), {"x": "X"})
    assert short.startswith("X hasn't responded since <!date^")
    assert "X answered with " in short
    assert "this list may be incomplete." in short
    [found] = [one for one in doctor_networks._polls(known.ctx, known.network, "X") if one.level == Level.BAD]
    assert "could not be read for 7 min: X answered with " in found.sentence


@pytest.mark.parametrize("kind", ["usage_capped", "usage_capped_403"])
def test_a_cap_that_is_used_up_is_told_at_once_with_what_helps(known: Room, x: XServer, kind: str) -> None:
    x.world.faults.add(MENTIONS, kind)
    known.poll()

    [told] = known.told()
    assert "*X's monthly usage cap is used up*" in told
    assert "Raise the cap on its developer page, or wait until the billing cycle ends" in told
    assert "Buy credit" not in told


@pytest.mark.both_engines
@pytest.mark.parametrize("kind", SILENCES)
def test_a_silence_in_any_other_reading_settles_nothing(known: Room, x: XServer, kind: str) -> None:
    """Of profiles, our own posts, the sweep, the look for a reply, and the post that is to be answered."""
    for endpoint in ("GET /2/users", "GET /2/users/:id/tweets", "GET /2/tweets"):
        x.world.faults.add(endpoint, kind)
    x.world.faults.add("POST /2/tweets", "answer_lost_before", times=1)
    [words] = say(x, 1)
    known.poll()
    inbox_fails = pytest.raises(Later)
    with inbox_fails:
        profiles.fetch_missing(known.ctx, known.network)
    known.watch()
    refresh_post.refresh_target(known.ctx, 1)
    reply = known.submit(1, "Hello!")
    for _ in range(40):
        known.send()
        known.clock.pass_by(15)

    assert known.texts() == [words]
    with known.ctx.db.read() as session:
        assert session.scalars(select(Author.fetched_at)).all() == [None]  # asked for again
    assert known.cursor("own posts").failing_since is not None
    assert known.reply(reply).looks == 0  # only looks that could be made count
    warned = [
        one.sentence
        for one in doctor_networks._polls(known.ctx, known.network, "X")
        if one.level == Level.WARNING
    ]
    assert "our own posts could not be read for 10 min: X answered with " in warned[0]
    x.world.faults.add(MENTIONS, kind)
    assert known.sweep() is None
    assert known.cursor().failing_since is not None


@pytest.mark.parametrize("kind", SILENCES)
def test_our_own_posts_that_cannot_be_read_are_told(known: Room, x: XServer, kind: str) -> None:
    x.world.faults.add("GET /2/users/:id/tweets", kind)
    for _ in range(3):
        known.poll()
        known.watch()
        known.clock.pass_by(minutes=10)

    [told] = known.told()
    assert "I can't see replies posted there by hand" in told
    x.world.faults.clear()
    known.poll()
    known.watch()
    assert known.told()[1:] == [":white_check_mark: I can read our own posts on X again for @acmebrew."]


@pytest.mark.parametrize("kind", SILENCES)
def test_a_search_that_holds_nothing_does_not_close_a_gap(known: Room, x: XServer, kind: str) -> None:
    x.world.faults.add("GET /2/tweets/search/recent", kind)
    known.clock.pass_by(hours=1)
    say(x, 900)
    known.poll()

    with known.ctx.db.read() as session:
        [gap] = session.scalars(select(Gap))
    assert "X answered with " in (gap.failure or "")
    x.world.faults.clear()
    known.clock.pass_by(minutes=1)
    known.poll()
    assert len(known.texts()) == 900


def test_keys_that_are_wrong_from_the_start_are_remembered(on_x: Room, x: XServer) -> None:
    x.world.faults.add("*", "unauthorized")
    assert on_x.poll() is None
    assert on_x.poll() is None

    assert x.world.counts["GET /2/users/me"] == 1
    assert "401" in (on_x.cursor().failure or "")


def test_a_row_that_is_nonsense_is_quarantined_and_its_page_goes_on(known: Room, x: XServer) -> None:
    said = say(x, 5)
    bad = x.world.post("maria", "@acmebrew but X garbles this one")
    x.world.corrupt(bad.id, {"id": bad.id, "text": None})
    known.poll()

    assert known.texts() == said
    [kept] = known.quarantined()
    assert kept.post_id == bad.id


def test_a_post_that_x_indexes_late_is_found_by_the_sweep(known: Room, x: XServer) -> None:
    late = x.world.post("maria", "@acmebrew can anybody hear me?", visible_after=timedelta(hours=2))
    say(x, 1)
    known.poll()
    known.clock.pass_by(hours=1)
    said = say(x, 1, word="newer")
    known.poll()
    known.clock.pass_by(hours=1, minutes=5)
    known.poll()
    assert late.text not in known.texts()

    known.sweep()

    assert late.text in known.texts()
    assert said[0] in known.texts()


def test_a_post_that_x_indexes_late_around_midnight_is_found_too(known: Room, x: XServer) -> None:
    known.clock.now = datetime(2026, 3, 2, 23, 40, tzinfo=UTC)
    late = x.world.post("maria", "@acmebrew good night", visible_after=timedelta(minutes=30))
    known.clock.now = datetime(2026, 3, 2, 23, 50, tzinfo=UTC)
    known.sweep()
    known.clock.now = datetime(2026, 3, 3, 0, 5, tzinfo=UTC)
    say(x, 1)
    known.poll()
    known.clock.now = datetime(2026, 3, 3, 0, 17, tzinfo=UTC)

    known.sweep()

    assert late.text in known.texts()


def test_more_than_eight_hundred_mentions_are_searched_for_and_announced(known: Room, x: XServer) -> None:
    known.poll()
    known.clock.pass_by(hours=1)
    said = say(x, 900)
    known.poll()

    assert known.texts() == said
    [told] = known.told()
    assert "stopped listing mentions" in told


def test_a_busy_quarter_of_an_hour_that_was_read_already_is_no_gap(known: Room, x: XServer) -> None:
    said = say(x, 390)
    known.poll()
    known.clock.pass_by(minutes=2)
    said += say(x, 450, word="more")
    known.poll()

    assert sorted(known.texts()) == sorted(said)
    assert known.told() == []
    with known.ctx.db.read() as session:
        assert home_tab.unread_sources(known.ctx, session) == []


def test_a_gap_longer_than_the_search_reaches_is_filled_as_far_as_it_goes(known: Room, x: XServer) -> None:
    say(x, 1)
    known.poll()
    known.clock.pass_by(days=9)
    said = say(x, 900)
    known.poll()

    assert set(said) <= set(known.texts())


def test_a_gap_after_weeks_of_quiet_is_searched_from_the_last_reading(known: Room, x: XServer) -> None:
    say(x, 1)
    known.poll()
    known.clock.pass_by(days=20)
    known.poll()
    known.clock.pass_by(hours=1)
    said = say(x, 900)
    known.poll()

    assert set(said) <= set(known.texts())
