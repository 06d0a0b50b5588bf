"""Faults between a client and the local Bluesky."""

import pytest
import requests

PUT = "POST com.atproto.repo.putRecord"


@pytest.mark.parametrize(
    ("kind", "landed"),
    [
        ("answer_lost_before", 0),
        ("reset_before", 0),
        ("answer_lost_after", 1),
        ("reset", 1),
        ("truncated", 1),
    ],
)
def test_an_answer_is_lost_before_or_after_the_effect(brand, world, kind, landed):
    world.faults.add(PUT, kind, times=1)

    with pytest.raises(requests.RequestException):
        brand.put()

    assert len(world.posts_by("acmebrew.test")) == landed
    assert brand.put().ok


@pytest.mark.parametrize(
    ("kind", "status", "landed"),
    [
        ("server_error_before", 500, 0),
        ("bad_gateway", 502, 0),
        ("rate_limited", 429, 0),
        ("unauthorized", 401, 0),
        ("expired_token", 400, 0),
        ("invalid_token", 400, 0),
        ("server_error_after", 500, 1),
        ("html", 200, 1),
        ("garbled", 200, 1),
    ],
)
def test_an_answer_says_what_the_fault_wants(brand, world, kind, status, landed):
    world.faults.add(PUT, kind, times=1)

    answer = brand.put()

    assert (answer.status_code, len(world.posts_by("acmebrew.test"))) == (status, landed)
    if kind in {"html", "garbled"}:
        with pytest.raises(requests.JSONDecodeError):
            answer.json()


def test_a_redirect_writes_nothing(brand, world):
    world.faults.add(PUT, "redirected", times=1)
    record = {"text": "x", "createdAt": "2026-03-01T12:00:00Z"}
    body = {"repo": brand.did, "collection": "app.bsky.feed.post", "record": record}

    answer = requests.post(
        f"{brand.server.url}/xrpc/com.atproto.repo.putRecord",
        json=body,
        headers=brand.headers,
        allow_redirects=False,
        timeout=120,
    )

    assert (answer.status_code, world.posts_by("acmebrew.test")) == (302, [])


def test_a_port_that_is_down_refuses_connections_until_it_is_up_again(brand, world):
    world.faults.add("*", "down")
    with pytest.raises(requests.ConnectionError):
        brand.notifications()

    world.faults.clear()

    assert brand.notifications()["notifications"] == []


def test_rows_can_be_missing_repeated_and_late(brand, world, clock):
    mention = world.post("ana.test", "@acmebrew.test hello")
    listing = "GET app.bsky.notification.listNotifications"

    def uris():
        return [row["uri"] for row in brand.notifications()["notifications"]]

    for kind, seen in (("left_out", []), ("repeated", [mention.uri] * 2), ("late_index", [])):
        world.faults.add(listing, kind, times=1)
        assert uris() == seen
    world.faults.add(listing, "late_index", seconds=60)
    clock.forward(seconds=61)
    assert uris() == [mention.uri]


def test_a_fault_that_does_not_exist_is_refused(world):
    with pytest.raises(ValueError, match="no such fault"):
        world.faults.add("*", "gremlins")
    with pytest.raises(ValueError, match="no endpoint"):
        world.faults.add("GET app.bsky.feed.nothing", "down")
