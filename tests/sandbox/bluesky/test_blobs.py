"""Uploading files to the local Bluesky, by its rules."""

import pytest
import requests

from sandbox.bluesky import BlueskyServer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@pytest.fixture
def server():
    with BlueskyServer() as made:
        yield made


@pytest.fixture
def keys(server):
    body = {"identifier": "acmebrew.test", "password": server.world.app_password()}
    answer = requests.post(f"{server.url}/xrpc/com.atproto.server.createSession", json=body, timeout=20)
    return {"Authorization": f"Bearer {answer.json()['accessJwt']}"}


def upload(server, keys, data=PNG, kind="application/octet-stream"):
    address = f"{server.url}/xrpc/com.atproto.repo.uploadBlob"
    return requests.post(address, data=data, headers={**keys, "Content-Type": kind}, timeout=20)


def post(server, keys, *images):
    record = {
        "text": "look",
        "createdAt": "2026-11-29T10:00:00Z",
        "embed": {"$type": "app.bsky.embed.images", "images": list(images)},
    }
    body = {"repo": "acmebrew.test", "collection": "app.bsky.feed.post", "record": record}
    return requests.post(
        f"{server.url}/xrpc/com.atproto.repo.createRecord", json=body, headers=keys, timeout=20
    )


def test_a_file_is_named_by_its_bytes_and_typed_by_them(server, keys):
    first, second = (upload(server, keys).json()["blob"] for _ in range(2))

    assert first == second
    assert (first["mimeType"], first["size"]) == ("image/png", len(PNG))
    assert post(server, keys, {"image": first, "alt": ""}).status_code == 200


def test_a_record_with_a_file_that_is_not_there_or_too_large_or_undescribed_is_refused(server, keys):
    blob = upload(server, keys).json()["blob"]
    large = upload(server, keys, PNG + bytes(2_000_001)).json()["blob"]
    unknown = {**blob, "ref": {"$link": "bafkreinothere"}}

    for image in ({"image": unknown, "alt": ""}, {"image": large, "alt": ""}, {"image": blob}):
        assert post(server, keys, image).status_code == 400
    assert post(server, keys, *[{"image": blob, "alt": ""}] * 5).status_code == 400
    assert server.world.posts_by("acmebrew.test") == []


def test_a_file_over_five_megabytes_is_refused(server, keys):
    assert upload(server, keys, bytes(5_300_000)).status_code == 413
