"""Uploading pictures to the local X, by its rules."""

import base64
import json
import urllib.error
import urllib.request

import pytest

from sandbox.x import XServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
UPLOAD, METADATA, TWEETS = "/2/media/upload", "/2/media/metadata", "/2/tweets"


@pytest.fixture
def server():
    with XServer() as made:
        yield made


def call(server, path, body, token="any"):
    request = urllib.request.Request(
        server.url + path,
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def upload(server, data=PNG, category="tweet_image", **more):
    media = base64.b64encode(data).decode()
    return call(server, UPLOAD, {"media": media, "media_category": category}, **more)


def test_a_picture_is_uploaded_described_and_shown_once(server):
    status, body = upload(server)
    media_id = body["data"]["id"]
    assert (status, body["data"]["expires_after_secs"]) == (200, 86400)
    described = call(server, METADATA, {"id": media_id, "metadata": {"alt_text": {"text": "a kettle"}}})
    assert described[0] == 200

    made = call(server, TWEETS, {"text": "look", "media": {"media_ids": [media_id]}})

    assert made[0] == 201
    (post,) = server.world.index.posts_by(server.world.brand.id)
    assert [(one.upload, one.alt) for one in post.media] == [(media_id, "a kettle")]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n" + bytes(5_300_000)])
def test_what_is_no_picture_or_too_large_is_refused(server, data):
    assert upload(server, data)[0] == 400
    assert server.world.uploads.files == {}


def test_a_post_with_a_picture_that_x_does_not_have_is_refused_whole(server):
    assert call(server, TWEETS, {"text": "look", "media": {"media_ids": ["123"]}})[0] == 400
    assert list(server.world.index.posts_by(server.world.brand.id)) == []


def test_a_token_needs_the_scope(server):
    client = server.world.grants.add_client("heard")
    token = server.world.grants.grant(client, "tweet.read tweet.write users.read").access

    assert upload(server, token=token)[0] == 403
    assert upload(server, token=server.world.grants.grant(client).access)[0] == 200


def test_more_than_four_are_refused(server):
    ids = [upload(server)[1]["data"]["id"] for _ in range(5)]

    assert call(server, TWEETS, {"text": "look", "media": {"media_ids": ids}})[0] == 400
