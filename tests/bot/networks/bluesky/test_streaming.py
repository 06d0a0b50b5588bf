"""Bluesky's two streams, on the local Bluesky and its Jetstream: all public posts, or only our notifications."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from bot.networks.bluesky import streaming
from bot.networks.bluesky.client import BlueskyNetwork
from bot.networks.bluesky.settings import PUBLIC_STREAM_URL, BlueskySettings
from bot.networks.bluesky.streaming import PostStream, parse_event
from bot.networks.errors import Later, StreamNotOffered, WrongAccount
from bot.networks.streams import StreamEvent, StreamWish
from bot.networks.values import RateLimitStatus
from bot.networks.websocket import StreamLimits
from sandbox.bluesky import JetstreamServer

KETTLES = StreamWish(wants_text=lambda text: "kettle" in text)
NO_TRACKS = StreamWish()
LIST = "GET app.bsky.notification.listNotifications"
SUBSCRIBE = "GET /subscribe"


@pytest.fixture
def jetstream(stage) -> Iterator[JetstreamServer]:
    with JetstreamServer(stage.world) as made:
        yield made


@pytest.fixture(autouse=True)
def no_waits(monkeypatch) -> None:
    monkeypatch.setattr(streaming, "LOOK_INTERVAL_SECONDS", 0.01)


def network(stage, stream_url: str = "") -> BlueskyNetwork:
    password = SecretStr(stage.world.app_password(name="stream"))
    keys = {"url": stage.server.url, "handle": "acmebrew.test", "app_password": password}
    return BlueskyNetwork(BlueskySettings(_env_file=None, **keys, stream_url=stream_url))


def opened(stage, wish, stream_url: str = "", by: BlueskyNetwork | None = None):
    """A stream that is open: its first event has come."""
    stream = (by or network(stage, stream_url)).stream(wish, account_id=stage.us, stop=threading.Event())
    assert next(stream).kind == "alive"
    return closing(stream)


def next_events(stream, number: int) -> list[StreamEvent]:
    """The next events that ask for something."""
    found: list[StreamEvent] = []
    while len(found) < number:
        found += [event for event in (next(stream),) if event.kind != "alive"]
    return found


def kinds(stream, number: int) -> list[tuple[str, str | None]]:
    return [(event.kind, event.post_id) for event in next_events(stream, number)]


# All public posts, while there is a track


def test_a_mention_and_a_post_for_a_track_come_from_the_jetstream(stage, jetstream):
    ours = stage.brand_says("We are open!")
    with opened(stage, KETTLES, jetstream.url) as stream:
        stage.posts("tom", "nice weather")
        kettle = stage.posts("tom", "my kettle broke")
        mention = stage.says("maria", "@acmebrew hello")
        stage.brand_says("a kettle of our own")
        reply = stage.answers("maria", "wonderful", ours)
        both = stage.says("tom", "@acmebrew your kettle!")

        assert kinds(stream, 5) == [
            ("post", kettle),
            ("mentions", mention),
            ("mentions", reply),
            ("mentions", both),
            ("post", both),
        ]
    assert stage.world.counts[LIST] == 0


def test_what_names_us_deep_in_a_thread_is_not_expected_among_the_mentions(stage, jetstream):
    ours = stage.brand_says("We are open!")
    theirs = stage.answers("maria", "wonderful", ours)
    with opened(stage, KETTLES, jetstream.url) as stream:
        stage.answers("tom", "indeed", theirs)  # its root is ours

        assert kinds(stream, 1) == [("mentions", None)]


def test_edits_wake_and_deletions_and_other_peoples_handles_do_not(stage, jetstream):
    mention = stage.says("maria", "@acmebrew hello")
    with opened(stage, KETTLES, jetstream.url) as stream:
        stage.deactivates("tom")
        stage.edits(mention, "@acmebrew hello!")
        stage.deletes(mention)
        last = stage.posts("maria", "kettle")

        assert kinds(stream, 2) == [("mentions", mention), ("post", last)]


def test_after_a_short_break_nothing_is_lost(stage, jetstream):
    bluesky = network(stage, jetstream.url)
    with opened(stage, KETTLES, by=bluesky) as stream:
        first = stage.posts("tom", "kettle 1")
        assert kinds(stream, 1) == [("post", first)]
        stage.world.events.cut()
        with pytest.raises(Later, match="ended the stream"):
            next_events(stream, 1)
    second = stage.posts("tom", "kettle 2")

    with opened(stage, KETTLES, by=bluesky) as stream:
        assert ("post", second) in kinds(stream, 2)


def test_after_a_long_break_old_posts_are_left_to_the_search(stage, jetstream, monkeypatch):
    monkeypatch.setattr(streaming, "_CURSOR_MAX_AGE_SECONDS", 0.0)
    bluesky = network(stage, jetstream.url)
    with opened(stage, KETTLES, by=bluesky) as stream:
        stage.posts("tom", "kettle 1")
        next_events(stream, 1)
    stage.posts("tom", "kettle 2")

    with opened(stage, KETTLES, by=bluesky) as stream:
        third = stage.posts("tom", "kettle 3")
        assert kinds(stream, 1) == [("post", third)]


@pytest.mark.parametrize(
    ("fault", "cause"), [("rate_limited", "rate limit"), ("bad_gateway", "server error")]
)
def test_a_jetstream_that_refuses_is_tried_again_later(stage, jetstream, fault, cause):
    stage.world.faults.add(SUBSCRIBE, fault)

    with pytest.raises(Later) as caught, opened(stage, KETTLES, jetstream.url):
        pass
    assert caught.value.cause == cause


def test_a_jetstream_that_is_open_and_brings_no_post_at_all_is_dead(jetstream):
    limits = StreamLimits(alive_seconds=0.0, look_seconds=0.01)
    never = PostStream(jetstream.url, limits).read(KETTLES, "did:plc:us", threading.Event())
    posts = PostStream(jetstream.url, limits, silent_after_seconds=0.0)

    with closing(never):
        assert [next(never).kind for _ in range(3)] == ["alive"] * 3
    with pytest.raises(Later, match=r"127\.0\.0\.1 is open, but has sent no post"):
        list(posts.read(KETTLES, "did:plc:us", threading.Event()))


def test_an_address_without_a_jetstream_offers_none(stage, jetstream):
    with pytest.raises(StreamNotOffered), opened(stage, KETTLES, f"{jetstream.url}/elsewhere"):
        pass


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values, json_values)
def test_whatever_a_jetstream_sends_spoils_itself_only(did, record):
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k", "record": record}
    for who in (did, "did:plc:maria"):
        row = {"did": who, "kind": "commit", "time_us": 1, "commit": commit}
        with suppress(ValueError):
            list(parse_event(row, json.dumps(row), KETTLES, "did:plc:us"))


# Our notifications alone, without a track or a Jetstream


@pytest.mark.parametrize("has_jetstream", [True, False])
def test_without_a_track_new_notifications_wake_and_no_public_post_is_read(stage, jetstream, has_jetstream):
    stage.says("maria", "@acmebrew an old one")
    with opened(stage, NO_TRACKS, jetstream.url if has_jetstream else "") as stream:
        stage.posts("tom", "nice weather")
        mention = stage.says("maria", "@acmebrew hello")
        event = next_events(stream, 1)[0]
        stage.deletes(mention)
        again = stage.says("maria", "@acmebrew hello again")

        assert (event.post_id, event.bytes_read > 0) == (mention, True)
        assert kinds(stream, 1) == [("mentions", again)]
    assert stage.world.counts[SUBSCRIBE] == 0


def test_without_a_jetstream_a_track_opens_none(stage):
    with opened(stage, KETTLES) as stream:
        mention = stage.says("maria", "@acmebrew hello")

        assert kinds(stream, 1) == [("mentions", mention)]


def test_a_crowd_of_likes_does_not_hide_a_mention(stage):
    ours = stage.brand_says("We are open!")
    with opened(stage, NO_TRACKS) as stream:
        mention = stage.says("maria", "@acmebrew hello")
        for number in range(40):
            stage._user(f"fan{number}")
            stage.world.like(f"fan{number}.test", ours)

        assert kinds(stream, 1) == [("mentions", mention)]


def test_a_post_dated_far_back_is_left_to_the_readings(stage):
    for number in range(12):
        stage.says("maria", f"@acmebrew {number}")
    with opened(stage, NO_TRACKS) as stream:
        stage.posts("tom", "@acmebrew late", created_at=datetime.now(UTC) - timedelta(days=2))
        new = stage.says("maria", "@acmebrew now")

        assert kinds(stream, 1) == [("mentions", new)]


def test_once_half_of_the_rate_limit_is_used_up_it_looks_less_often():
    at = datetime.now(UTC)

    assert streaming._interval_seconds(RateLimitStatus(1499, 3000, at)) == 8
    assert streaming._interval_seconds(RateLimitStatus(1500, 3000, at)) == streaming.LOOK_INTERVAL_SECONDS


def test_an_outage_ends_it_and_another_account_opens_none(stage):
    with opened(stage, NO_TRACKS) as stream:
        stage.world.faults.add(LIST, "bad_gateway")
        with pytest.raises(Later):
            next_events(stream, 1)
    with pytest.raises(WrongAccount):
        next(network(stage).stream(NO_TRACKS, account_id="did:plc:other", stop=threading.Event()))


# Settings, and what people are told


def test_the_public_jetstream_is_for_the_public_network_alone():
    public, private = (
        BlueskySettings(_env_file=None, url=url) for url in ("https://bsky.social", "https://pds.example")
    )
    given = BlueskySettings(_env_file=None, url="https://pds.example", stream_url="wss://j.example/subscribe")

    assert (public.jetstream_url, private.jetstream_url) == (PUBLIC_STREAM_URL, None)
    assert given.jetstream_url == "wss://j.example"
    with pytest.raises(ValidationError, match="must be an address like"):
        BlueskySettings(_env_file=None, stream_url="https://j.example")


def test_it_is_said_which_of_the_two_it_is(stage, jetstream):
    with_jetstream, without = network(stage, jetstream.url), network(stage)

    assert with_jetstream.describe_stream(KETTLES).startswith(
        "the live stream reads all public posts from 127.0.0.1,"
    )
    assert "there is no track" in with_jetstream.describe_stream(NO_TRACKS)
    assert "BLUESKY_STREAM_URL is not set" in without.describe_stream(KETTLES)
    assert (with_jetstream.stream_address, without.stream_address) == (jetstream.url, stage.server.url)
