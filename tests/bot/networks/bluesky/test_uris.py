"""at-URIs, record keys and addresses."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.bluesky import uris

AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


@given(st.integers(0, 10**10), st.text())
def test_a_key_is_a_tid_of_its_moment_and_always_the_same(milliseconds, key):
    at = AT + timedelta(milliseconds=milliseconds)
    tid = uris.make_tid(at, key)

    assert tid == uris.make_tid(at, key)
    assert abs(uris.tid_time(tid) - at) <= timedelta(milliseconds=1)


def test_keys_of_one_moment_differ_and_keys_sort_as_their_moments():
    keys = {uris.make_tid(AT, f"reply-{number}") for number in range(200)}

    assert len(keys) == 200
    assert max(keys) < uris.make_tid(AT + timedelta(milliseconds=1), "x")


def test_a_known_tid_has_its_known_time():
    assert uris.tid_time("3n3hqlge4w22h").isoformat().startswith("2026-11-29T17:29:30.4")


@pytest.mark.parametrize(
    "text",
    [
        None,
        7,
        "",
        "at://ana.test/app.bsky.feed.post/3n3hqlge4w22h",
        "at://did:plc:x/app.bsky.feed.like/3n3hqlge4w22h",
        "at://did:plc:x/app.bsky.feed.post/",
        "at://did:plc:x/app.bsky.feed.post/a/b",
        "at://did:plc:x/app.bsky.feed.post/a|b",
    ],
)
def test_what_is_no_address_of_a_post_is_none(text):
    assert uris.parse_post_uri(text) is None


def test_links_name_the_author_by_did():
    post = "at://did:plc:x/app.bsky.feed.post/3n3hqlge4w22h"

    assert uris.post_link(post) == "https://bsky.app/profile/did:plc:x/post/3n3hqlge4w22h"
    assert uris.post_link("12") == "https://bsky.app/"
