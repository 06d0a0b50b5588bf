"""Repositories, as PDS 0.5.35 keeps them."""

import pytest

from tests.sandbox.bluesky.conftest import KEY, POST


def error(answer):
    return answer.status_code, answer.json()["error"]


def test_the_same_content_twice_is_one_record_and_no_commit(brand, world):
    first, again = brand.put(swapRecord=None), brand.put(swapRecord=None)

    assert "commit" in first.json()
    assert "commit" not in again.json()
    assert (again.status_code, again.json()["cid"]) == (200, first.json()["cid"])
    assert len(world.posts_by("acmebrew.test")) == 1


def test_other_content_is_refused_with_a_null_swap_and_overwrites_without(brand, world):
    brand.put("one", swapRecord=None)

    assert error(brand.put("two", swapRecord=None)) == (400, "InvalidSwap")
    assert error(brand.put("one", createdAt="2026-03-01T12:00:01Z", swapRecord=None)) == (400, "InvalidSwap")
    assert brand.put("two").status_code == 200
    assert [post.value["text"] for post in world.posts_by("acmebrew.test")] == ["two"]


def test_after_a_deletion_the_same_call_brings_the_record_back(brand, world):
    uri = brand.put(swapRecord=None).json()["uri"]
    world.delete(uri)

    assert "commit" in brand.put(swapRecord=None).json()
    assert [post.uri for post in world.posts_by("acmebrew.test")] == [uri]


def test_a_swap_with_the_old_cid_after_a_deletion_finds_null(brand, world):
    made = brand.put(swapRecord=None).json()
    assert brand.put(swapRecord=made["cid"]).ok
    world.delete(made["uri"])

    answer = brand.put(swapRecord=made["cid"])

    assert answer.json() == {"error": "InvalidSwap", "message": "Record was at null"}


def test_keys_are_tids(brand):
    assert error(brand.put(rkey="heard-42")) == (400, "InvalidRequest")


def test_creating_under_a_key_that_is_taken_is_a_500(brand):
    body = {"repo": brand.did, "collection": POST, "rkey": KEY}
    record = {"$type": POST, "text": "x", "createdAt": "2026-03-01T12:00:00Z"}
    assert brand.post("com.atproto.repo.createRecord", **body, record=record).ok

    answer = brand.post("com.atproto.repo.createRecord", **body, record=record)

    assert error(answer) == (500, "InternalServerError")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"text": "x" * 301}, "grapheme too big (maximum 300, got 301)"),
        ({"text": "x" * 3001}, "string too big (maximum 3000, got 3001)"),
        ({"text": "অ্যাপ " * 76}, "grapheme too big (maximum 300, got 304)"),
        ({"langs": ["de", "en", "fr", "it"]}, "array too big (maximum 3, got 4)"),
        ({"langs": ["not a language"]}, "Invalid language"),
        ({"createdAt": "yesterday"}, "Invalid datetime"),
        ({"createdAt": "2026-03-01T12:00:00"}, "Invalid datetime"),
        ({"facets": [{"index": {"byteStart": -1, "byteEnd": 2}, "features": []}]}, "integer too small"),
        (
            {
                "facets": [
                    {
                        "index": {"byteStart": 0, "byteEnd": 2},
                        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "nope"}],
                    }
                ]
            },
            "Invalid uri",
        ),
        ({"reply": {"root": {"uri": "at://x", "cid": "y"}}}, "Invalid at-uri"),
        ({"$type": "x.y.z"}, "Invalid $type"),
    ],
)
def test_a_broken_post_is_refused_with_the_reason(brand, world, fields, why):
    answer = brand.put(**{"text": "hello", **fields})

    assert error(answer) == (400, "InvalidRequest")
    assert why in answer.json()["message"]
    assert world.posts_by("acmebrew.test") == []


def test_a_facet_beyond_the_text_is_taken_and_shows_no_link(brand, world):
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": "https://e.org"}
    facet = {"index": {"byteStart": 0, "byteEnd": 100}, "features": [feature]}

    uri = brand.put(facets=[facet]).json()["uri"]

    with pytest.raises(ValueError, match="a facet from 0 to 100"):
        world.segments(uri)


@pytest.mark.parametrize("more", [{"text": "a\0b"}, {"text": "x" * 400, "validate": False}])
def test_some_posts_are_taken_and_never_shown(brand, more):
    uri = brand.put(**more).json()["uri"]

    assert brand.get("com.atproto.repo.getRecord", repo=brand.did, collection=POST, rkey=KEY).ok
    assert brand.get("app.bsky.feed.getPosts", uris=[uri]).json() == {"posts": []}


def test_records_are_read_without_a_login_and_missing_ones_are_named(brand, nobody):
    brand.put()
    where = {"repo": brand.did, "collection": POST}

    assert nobody.get("com.atproto.repo.getRecord", **where, rkey=KEY).json()["value"]["text"] == "hello"
    missing = nobody.get("com.atproto.repo.getRecord", **where, rkey="3kg7myimnydg2")
    assert error(missing) == (400, "RecordNotFound")


def test_own_records_are_listed_by_key_newest_first_page_by_page(brand):
    keys = [f"3kg7myimnyd{letter}2" for letter in "abc"]
    for key in keys:
        brand.put(rkey=key)
    where = {"repo": brand.did, "collection": POST, "limit": 2}

    first = brand.get("com.atproto.repo.listRecords", **where).json()
    second = brand.get("com.atproto.repo.listRecords", **where, cursor=first["cursor"]).json()

    assert [row["uri"][-13:] for row in first["records"] + second["records"]] == keys[::-1]


def test_nobody_writes_to_the_repository_of_another(brand, ana):
    brand.did = ana.did

    assert error(brand.put()) == (401, "AuthenticationRequired")


def test_a_deactivated_account_reads_and_cannot_write(brand, world):
    brand.put()
    world.deactivate("acmebrew.test")
    where = {"repo": brand.did, "collection": POST}

    assert error(brand.put("again")) == (401, "AccountDeactivated")
    assert brand.get("app.bsky.notification.listNotifications").ok
    assert error(brand.get("com.atproto.repo.getRecord", **where, rkey=KEY)) == (400, "RecordNotFound")
    assert error(brand.get("com.atproto.repo.listRecords", **where)) == (400, "InvalidRequest")


def test_deleting_twice_is_no_error_and_a_null_swap_is(brand, world):
    brand.put()
    where = {"repo": brand.did, "collection": POST, "rkey": KEY}

    assert error(brand.post("com.atproto.repo.deleteRecord", **where, swapRecord=None)) == (
        400,
        "InvalidRequest",
    )
    assert "commit" in brand.post("com.atproto.repo.deleteRecord", **where).json()
    assert brand.post("com.atproto.repo.deleteRecord", **where).json() == {}
    assert world.posts_by("acmebrew.test") == []
