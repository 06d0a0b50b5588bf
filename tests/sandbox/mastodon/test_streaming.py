"""Server-sent events, as a client meets them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests


@contextmanager
def listening(server, path, **query) -> Iterator[Iterator[str]]:
    """The lines of a stream, from its first one on."""
    headers = {"Authorization": "Bearer token"}
    url = server.url + path
    with requests.get(url, params=query, headers=headers, stream=True, timeout=120) as response:
        lines = response.iter_lines(chunk_size=1, decode_unicode=True)
        assert response.status_code == 200
        assert next(lines) == ":)"
        yield lines


def next_event(lines):
    """The next event and what comes with it."""
    name = next(line for line in lines if line.startswith("event: ")).removeprefix("event: ")
    data = next(line for line in lines if line.startswith("data: ")).removeprefix("data: ")
    return name, data


def test_a_mention_an_edit_and_a_deletion_are_told_at_once(server, world):
    with listening(server, "/api/v1/streaming/user") as lines:
        world.post("bo", "I like tea")
        post = world.post("ana@books.example", "@acmebrew hi", visibility="direct")
        name, data = next_event(lines)
        assert (name, json.loads(data)["status"]["uri"]) == ("notification", post.uri)

        world.edit(post.id, "@acmebrew hello")
        assert next_event(lines)[0] == "status.update"

        world.delete(post.id)
        assert next_event(lines) == ("delete", post.id)


def test_a_hashtag_brings_public_posts_alone(server, world):
    with listening(server, "/api/v1/streaming/hashtag", tag="Fern") as lines:
        world.post("bo", "#fern for friends", visibility="private")
        world.post("bo", "#farn")
        post = world.post("bo", "#Fern")
        name, data = next_event(lines)

    assert (name, json.loads(data)["id"]) == ("update", post.id)


def test_a_stream_that_lies_dead_stays_open_without_a_word(server, world):
    world.faults.add("GET /api/v1/streaming/user", "stream_silent", times=1)
    with listening(server, "/api/v1/streaming/user") as lines:
        world.post("ana@books.example", "@acmebrew hi")

        assert next(lines) == ":thump"


def test_a_stream_that_ends_ends(server, world):
    world.faults.add("GET /api/v1/streaming/user", "stream_ended", times=1)
    with listening(server, "/api/v1/streaming/user") as lines:
        assert list(lines) == []


@pytest.mark.parametrize("server", ["gotosocial", "hollo"], indirect=True)
def test_other_servers_have_no_event_streams(ask):
    assert ask("GET", "/api/v1/streaming/user").status_code == 404


def test_a_client_that_leaves_is_forgotten(server, world):
    with listening(server, "/api/v1/streaming/user"):
        assert len(world._observers) == 1

    server.stop()
    assert world._observers == []
