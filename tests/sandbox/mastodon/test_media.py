"""Uploading files to the local Mastodon, by its rules."""

import json

import pytest
import requests

from sandbox.mastodon import MastodonServer

PNG, GIF = b"\x89PNG\r\n\x1a\n" + bytes(40), b"GIF89a" + b"\x21\xf9\x04" * 3
KEYS = {"Authorization": "Bearer any"}


@pytest.fixture
def server():
    with MastodonServer() as made:
        yield made


def upload(server, data=PNG, description=""):
    files = {"file": ("a.png", data, "image/png")}
    return requests.post(
        f"{server.url}/api/v2/media", files=files, data={"description": description}, headers=KEYS, timeout=20
    )


def post(server, ids):
    body = {"status": "look", "media_ids": ids}
    return requests.post(f"{server.url}/api/v1/statuses", json=body, headers=KEYS, timeout=20)


def test_a_file_is_uploaded_with_its_description_and_shown(server):
    made = upload(server, description="größer ✓").json()

    shown = post(server, [made["id"]]).json()["media_attachments"]

    assert [(one["id"], one["description"], one["type"]) for one in shown] == [
        (made["id"], "größer ✓", "image")
    ]


def test_a_file_is_shown_by_one_post_only_and_a_missing_one_by_none(server):
    media_id = upload(server).json()["id"]
    assert post(server, [media_id]).status_code == 200

    assert post(server, [media_id]).status_code == 422
    assert post(server, ["999"]).status_code == 422
    assert len(server.world.posts_by("acmebrew")) == 1


def test_an_animation_is_ready_only_after_a_while(server):
    made = upload(server, GIF)
    media_id = made.json()["id"]
    assert (made.status_code, made.json()["url"]) == (202, None)
    assert post(server, [media_id]).status_code == 422

    looks = [
        requests.get(f"{server.url}/api/v1/media/{media_id}", headers=KEYS, timeout=20).status_code
        for _ in range(2)
    ]

    assert looks == [206, 200]
    assert post(server, [media_id, upload(server).json()["id"]]).status_code == 422
    assert post(server, [media_id]).status_code == 200


@pytest.mark.parametrize(("data", "description"), [(b"", ""), (b"%PDF", ""), (PNG, "x" * 1501)])
def test_what_the_server_does_not_take_is_refused(server, data, description):
    refused = upload(server, data, description)

    assert refused.status_code == 422
    assert "Validation failed" in json.loads(refused.content)["error"]
