"""The local Jetstream: every commit, filtered by collection and author, from a cursor on."""

import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from sandbox.bluesky import JetstreamServer

POSTS = "?wantedCollections=app.bsky.feed.post"


@pytest.fixture
def stream(world) -> Iterator[JetstreamServer]:
    with JetstreamServer(world) as started:
        yield started


def receive(connection, number):
    return [json.loads(connection.recv(timeout=120)) for _ in range(number)]


def test_posts_edits_and_deletions_come_as_they_are_made(stream, world):
    with connect(f"{stream.url}/subscribe{POSTS}&cursor=0") as connection:
        post = world.post("ana.test", "@acmebrew.test helo")
        world.block("ben.test", "acmebrew.test")
        world.edit(post.uri, "@acmebrew.test hello")
        world.delete(post.uri)

        events = receive(connection, 3)

    assert [event["commit"]["operation"] for event in events] == ["create", "update", "delete"]
    assert events[1]["commit"]["record"]["text"] == "@acmebrew.test hello"
    assert {event["did"] for event in events} == {post.did}
    assert events == sorted(events, key=lambda event: event["time_us"])


def test_a_cursor_brings_what_was_missed_and_an_author_only_their_own(stream, world, brand):
    world.post("ana.test", "one")
    brand.put("two")
    with connect(f"{stream.url}/subscribe?cursor=0&wantedDids={brand.did}") as connection:
        (event,) = receive(connection, 1)
    world.post("ana.test", "three")
    with connect(f"{stream.url}/subscribe?cursor={event['time_us']}") as connection:
        (later,) = receive(connection, 1)

    assert event["commit"]["record"]["text"] == "two"
    assert later["commit"]["record"]["text"] == "three"


def test_a_stream_may_lose_events_lie_dead_and_close(stream, world):
    with connect(f"{stream.url}/subscribe?cursor=0") as connection:
        world.events.skip(1)
        world.post("ana.test", "lost")
        world.events.is_silent = True
        world.post("ana.test", "late")
        with pytest.raises(TimeoutError):
            connection.recv(timeout=0)
        world.events.is_silent = False
        (event,) = receive(connection, 1)
        world.events.cut()
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=120)

    assert event["commit"]["record"]["text"] == "late"


def test_a_dead_stream_answers_no_ping(stream, world):
    with connect(f"{stream.url}/subscribe", ping_interval=None, close_timeout=0.01) as connection:
        connection.ping().wait(120)
        world.events.is_silent = True
        world.post("ana.test", "nobody hears this")
        while connection.ping().wait(0.2):  # until the server has noticed
            pass
        world.events.is_silent = False

        (event,) = receive(connection, 1)

    assert event["commit"]["record"]["text"] == "nobody hears this"


def test_new_handles_and_states_come_whatever_collection_is_asked_for(stream, world):
    with connect(f"{stream.url}/subscribe{POSTS}") as connection:
        world.rename("ana.test", "anna.test")
        world.deactivate("anna.test")
        world.reactivate("anna.test")

        events = receive(connection, 3)

    assert [event["kind"] for event in events] == ["identity", "account", "account"]
    assert events[0]["identity"]["handle"] == "anna.test"
    assert [event["account"]["active"] for event in events[1:]] == [False, True]


@pytest.mark.parametrize(("fault", "status"), [("rate_limited", 429), ("bad_gateway", 502)])
def test_a_stream_may_be_refused(stream, world, fault, status):
    world.faults.add("GET /subscribe", fault, times=1)

    with pytest.raises(InvalidStatus) as caught, connect(f"{stream.url}/subscribe"):
        pass
    with connect(f"{stream.url}/subscribe"):
        pass

    assert caught.value.response.status_code == status
    assert world.counts["GET /subscribe"] == 2
