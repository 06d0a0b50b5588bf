"""The stream over a WebSocket, as a client meets it."""

import json

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

BEARER = {"Authorization": "Bearer token"}
ENDPOINT = "GET /api/v1/streaming"


def opened(server, query="", headers=BEARER, **more):
    address = server.url.replace("http:", "ws:") + "/api/v1/streaming" + query
    return connect(address, additional_headers=headers, **more)


def received(connection):
    message = json.loads(connection.recv(timeout=120))
    return message["stream"], message["event"], message["payload"]


def subscribe(connection, stream, **more):
    connection.send(json.dumps({"type": "subscribe", "stream": stream, **more}))
    connection.ping().wait(120)  # it is done when the answer comes


def test_the_instance_document_says_where_it_is(server, ask):
    address = server.url.replace("http:", "ws:")

    assert ask("GET", "/api/v2/instance").json()["configuration"]["urls"] == {"streaming": address}
    assert ask("GET", "/api/v1/instance").json()["urls"] == {"streaming_api": address}


def test_streams_come_as_the_client_subscribes_to_them(server, world):
    with opened(server) as connection:
        subscribe(connection, "user:notification")
        subscribe(connection, "hashtag", tag="Fern")
        world.post("bo", "I like tea")
        world.post("bo", "#fern for friends", visibility="private")
        mention = world.post("ana@books.example", "@acmebrew hi", visibility="direct")
        tagged = world.post("bo", "a #fern")

        stream, event, payload = received(connection)
        assert (stream, event) == (["user:notification"], "notification")
        assert json.loads(payload)["status"]["uri"] == mention.uri
        stream, event, payload = received(connection)
        assert (stream, event, json.loads(payload)["id"]) == (["hashtag", "Fern"], "update", tagged.id)


def test_stream_and_token_may_be_in_the_query(server, world):
    with opened(server, "?stream=user&access_token=token", headers={}) as connection:
        post = world.post("ana@books.example", "@acmebrew hi")
        assert received(connection)[:2] == (["user"], "notification")
        world.edit(post.id, "@acmebrew hello")
        assert received(connection)[1] == "status.update"
        world.delete(post.id)
        assert received(connection) == (["user"], "delete", post.id)


def test_a_subscription_ends_when_the_client_says_so(server, world):
    with opened(server, "?stream=user") as connection:
        connection.send(json.dumps({"type": "unsubscribe", "stream": "user"}))
        subscribe(connection, "user:notification")
        world.post("ana@books.example", "@acmebrew hi")

        assert received(connection)[0] == ["user:notification"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [({"stream": "hashtag"}, 400), ({"stream": "nothing"}, 400), ({"stream": "user"}, 401)],
)
def test_what_cannot_be_subscribed_to_is_an_error_message(server, world, asked, status):
    token = world.grants.grant(
        world.brand.id, frozenset({"read:notifications"} if status == 401 else {"read"})
    )
    with opened(server, headers={"Authorization": f"Bearer {token.secret}"}) as connection:
        subscribe(connection, **asked)

        assert json.loads(connection.recv(timeout=120))["status"] == status


@pytest.mark.parametrize(
    ("fault", "status"), [("maintenance", 503), ("unauthorized", 401), ("rate_limited", 429)]
)
def test_a_stream_may_be_refused(server, world, fault, status):
    world.faults.add(ENDPOINT, fault, times=1)

    with pytest.raises(InvalidStatus) as caught, opened(server):
        pass
    assert caught.value.response.status_code == status


def test_without_a_token_it_is_refused(server):
    with pytest.raises(InvalidStatus) as caught, opened(server, headers={}):
        pass
    assert caught.value.response.status_code == 401


@pytest.mark.parametrize("server", ["hollo", "pixelfed"], indirect=True)
def test_some_servers_have_none(server, ask):
    with pytest.raises(InvalidStatus), opened(server):
        pass
    assert ask("GET", "/api/v1/instance").json()["urls"] == {}


def test_an_open_stream_may_lie_dead_and_answers_no_ping(server, world):
    with opened(server, "?stream=user", ping_interval=None, close_timeout=0.01) as connection:
        world.faults.add(ENDPOINT, "stream_silent")
        world.post("ana@books.example", "@acmebrew hi")

        assert not connection.ping().wait(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(timeout=0)


def test_a_stream_that_ends_ends(server, world):
    world.faults.add(ENDPOINT, "stream_ended", times=1)
    with opened(server, "?stream=user") as connection, pytest.raises(ConnectionClosed):
        connection.recv(timeout=120)


def test_a_client_that_leaves_is_forgotten(server, world):
    with opened(server, "?stream=user"):
        assert len(world._observers) == 1

    server.stop()
    assert world._observers == []
