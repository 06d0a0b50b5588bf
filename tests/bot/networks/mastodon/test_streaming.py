"""Mastodon's stream, over a WebSocket on loopback that says what a Mastodon server would."""

import json
import threading
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.errors import Later, StreamNotOffered
from bot.networks.mastodon.server_info import parse_instance
from bot.networks.mastodon.streaming import parse_message, stream_url, subscriptions
from bot.networks.streams import StreamEvent, StreamWish
from tests.bot.networks.stream_server import stream_server

WISH = StreamWish(hashtags=frozenset({"tea", "gardening"}))


def said(event: str, payload: object, *stream: str) -> str:
    return json.dumps({"stream": stream, "event": event, "payload": json.dumps(payload)})


def mention(kind: str = "mention") -> str:
    status = {"id": "7", "uri": "https://remote.example/posts/7"}
    return said("notification", {"id": "1", "type": kind, "status": status}, "user:notification")


@pytest.mark.parametrize(
    ("message", "events"),
    [
        (mention(), [StreamEvent("mentions", post_id="https://remote.example/posts/7")]),
        (mention("quote"), [StreamEvent("mentions", post_id="https://remote.example/posts/7")]),
        (mention("favourite"), []),
        (said("notifications_merged", None, "user:notification"), [StreamEvent("mentions")]),
        (said("update", {"id": "8"}, "hashtag", "Tea"), [StreamEvent("tracks", hashtag="tea")]),
        (said("update", {"id": "8"}, "user"), []),
        (said("delete", "8", "hashtag", "tea"), []),
    ],
)
def test_a_message_says_what_to_read(message, events):
    assert list(parse_message(message, WISH)) == events


def test_a_hashtag_that_the_server_spells_otherwise_has_all_of_them_read():
    found = list(parse_message(said("update", {}, "hashtag", "thé"), WISH))

    assert {event.hashtag for event in found} == {"tea", "gardening"}


def test_a_refusal_ends_the_stream():
    with pytest.raises(Later, match="Access token does not have the required scopes") as caught:
        list(
            parse_message('{"error": "Access token does not have the required scopes", "status": 401}', WISH)
        )

    assert caught.value.cause == "unauthorized"


def test_a_token_that_the_server_repeats_in_a_refusal_is_left_out():
    refusal = json.dumps({"error": "The token token-of-ours-1234 is revoked", "status": 401})

    with pytest.raises(Later) as caught:
        list(parse_message(refusal, WISH, ["token-of-ours-1234"]))

    assert "token-of-ours-1234" not in caught.value.detail


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(json_values, json_values, json_values)
def test_whatever_a_server_sends_is_an_event_or_a_value_error(event, stream, payload):
    for message in (payload, {"event": event, "stream": stream, "payload": payload}):
        with suppress(ValueError, Later):
            list(parse_message(json.dumps(message), WISH))


@pytest.mark.parametrize(
    ("announced", "server", "url"),
    [
        ("wss://streaming.a.example", "https://a.example", "wss://streaming.a.example/api/v1/streaming"),
        ("wss://a.example/api/v1/streaming", "https://a.example", "wss://a.example/api/v1/streaming"),
        ("ws://a.example", "https://a.example", None),  # the token would go in the clear
        ("ws://127.0.0.1:5", "http://127.0.0.1:4", "ws://127.0.0.1:5/api/v1/streaming"),
        ("https://a.example", "https://a.example", None),
        ("", "https://a.example", None),
    ],
)
def test_the_token_goes_only_where_it_is_encrypted(announced, server, url):
    assert stream_url(announced, server) == url


def test_instance_documents_of_both_versions_announce_the_address():
    v2 = {"configuration": {"urls": {"streaming": "wss://a.example"}}}
    v1 = {"urls": {"streaming_api": "wss://b.example"}}

    assert [parse_instance(one, "c.example").streaming_url for one in (v2, v1, {})] == [
        "wss://a.example",
        "wss://b.example",
        "",
    ]


def test_notifications_and_hashtags_are_subscribed_to():
    assert [json.loads(one) for one in subscriptions(WISH)] == [
        {"type": "subscribe", "stream": "user:notification"},
        {"type": "subscribe", "stream": "hashtag", "tag": "gardening"},
        {"type": "subscribe", "stream": "hashtag", "tag": "tea"},
    ]


@pytest.mark.parametrize("here", ["hollo"], indirect=True)
def test_a_server_that_announces_no_streams_offers_none(here):
    with pytest.raises(StreamNotOffered, match=r"brews\.example announces no address of streams"):
        next(here.network.stream(WISH, account_id=here.us, stop=threading.Event()))


def test_the_account_is_heard_on_its_servers_stream(here):
    with stream_server() as streams:
        who = here.network._identity.get()
        announced = streams.url.removesuffix("/stream")
        here.network._identity.last = replace(who, server=replace(who.server, streaming_url=announced))
        stream = here.network.stream(WISH, account_id=here.us, stop=threading.Event())
        assert next(stream).kind == "alive"
        streams.connections.get(timeout=120).send(mention())

        assert next(stream).post_id == "https://remote.example/posts/7"
        assert here.network.stream_address == here.server.url
        request = streams.requests.get(timeout=120)
        assert (request.path, request.headers["Authorization"]) == (
            "/api/v1/streaming",
            f"Bearer {here.token}",
        )
        assert "user:notification" in streams.received.get(timeout=120)
        stream.close()


@pytest.mark.parametrize("here", ["mastodon", "gotosocial", "akkoma"], indirect=True)
def test_a_mention_and_a_hashtag_come_from_the_local_server(here):
    events, made = [], set()
    with closing(here.network.stream(WISH, account_id=here.us, stop=threading.Event())) as stream:
        for event in stream:
            if event.kind == "alive":  # once more if the server had not taken the subscriptions yet
                post = here.world.post("maria@remote.example", "@acmebrew hi")
                made.add(post.uri)
                here.world.post("tom", "a cup of #Tea")
            else:
                events.append(event)
            if {one.kind for one in events} == {"mentions", "tracks"}:
                break

    assert {event.post_id for event in events if event.kind == "mentions"} <= made
    assert {event.hashtag for event in events if event.kind == "tracks"} == {"tea"}


@pytest.mark.parametrize(
    ("fault", "cause"), [("maintenance", "server error"), ("unauthorized", "unauthorized"), ("down", None)]
)
def test_a_stream_that_the_server_refuses_is_tried_again_later(here, fault, cause):
    here.world.faults.add("GET /api/v1/streaming", fault)

    with pytest.raises(Later) as caught:
        next(here.network.stream(WISH, account_id=here.us, stop=threading.Event()))

    assert not isinstance(caught.value, StreamNotOffered)
    assert cause in {caught.value.cause, None}
