"""Bluesky's JSON as our values, whatever is in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.bluesky import parsing
from bot.networks.bluesky.embeds import parse_embed
from bot.networks.values import AccountIdentity, Media

ME = AccountIdentity("bluesky", "did:plc:us", "acmebrew.test", "Acme")
URI = "at://did:plc:ana/app.bsky.feed.post/3n3hqlge4w22h"
VIEW = {
    "uri": URI,
    "cid": "bafyx",
    "author": {"did": "did:plc:ana", "handle": "ana.test"},
    "record": {"text": "hello", "createdAt": "2026-03-01T12:00:00Z"},
    "indexedAt": "2026-03-01T12:00:05Z",
}


def parse(**changes):
    return parsing.parse_view(VIEW | changes, ME)


def record(**changes):
    return parse(record=VIEW["record"] | changes)


def test_a_post_that_only_names_us_in_words_calls_us():
    assert record(text="so, @AcmeBrew.test?").summons == "explicit"
    assert record(text="@acmebrew.test.example or @acmebrew.tests").summons == "none"


def test_whom_a_post_answers_is_told_by_its_parent():
    ours, other = "at://did:plc:us/app.bsky.feed.post/x", "at://did:plc:ben/app.bsky.feed.post/x"

    def answers(uri):
        ref = {"uri": uri, "cid": "b"}
        return record(reply={"root": ref, "parent": ref})

    assert (answers(ours).summons, answers(ours).answers) == ("implicit", None)
    assert (answers(other).summons, answers(other).answers) == ("none", "")
    assert answers(URI).answers is None
    assert answers(other).conversation_id == other


@pytest.mark.parametrize(
    ("created", "indexed", "expected"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:05Z", "2026-03-01T12:00:00"),
        ("2026-03-09T12:00:00Z", "2026-03-01T12:00:05Z", "2026-03-01T12:00:05"),
        ("1970-01-01T00:00:00Z", "2026-03-01T12:00:05Z", "1970-01-01T00:00:00"),
        ("yesterday", "2026-03-01T12:00:05Z", "2026-03-01T12:00:05"),
        ("2026-03-01T12:00:00", None, "2026-11-29T17:29:30"),  # without a zone: the time in the key
        ("2026-03-01T14:00:00+02:00", None, "2026-03-01T12:00:00"),
    ],
)
def test_a_post_is_dated_by_its_author_but_not_after_it_was_seen(created, indexed, expected):
    post = parse(record={"text": "x", "createdAt": created}, indexedAt=indexed)

    assert post.posted_at.isoformat().startswith(expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"uri": "at://ana.test/app.bsky.feed.post/x"},
        {"author": {}},
        {"author": {"did": "did:plc:ben"}},
        {"record": {"text": None}},
        {"record": []},
    ],
)
def test_a_row_that_breaks_the_rules_spoils_only_itself(changes):
    posts, bad = parsing.parse_rows([VIEW | changes, VIEW], ME)

    assert [post.id for post in posts] == [URI]
    assert len(bad) == 1
    assert bad[0].error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["author", "record", "embed", "viewer", "labels", "cid", "indexedAt"]), JSON)
def test_no_field_whatever_it_holds_breaks_the_reading(name, value):
    posts, bad = parsing.parse_rows([VIEW | {name: value}], ME)

    assert len(posts) + len(bad) == 1


@given(st.sampled_from(["reply", "embed", "facets", "langs", "createdAt", "text"]), JSON)
def test_no_field_of_a_record_breaks_the_reading(name, value):
    row = VIEW | {"record": VIEW["record"] | {name: value}}

    posts, bad = parsing.parse_rows([row], ME)

    assert len(posts) + len(bad) == 1


@pytest.mark.parametrize(
    ("embed", "media"),
    [
        ({}, ()),
        (
            {
                "$type": "app.bsky.embed.images#view",
                "images": [
                    {"thumb": "https://cdn.example/a", "alt": "a cup"},
                    {"thumb": "http://x/b", "alt": ""},
                ],
            },
            (Media("photo", "https://cdn.example/a", "a cup"), Media("photo")),
        ),
        (
            {"$type": "app.bsky.embed.video#view", "thumbnail": "https://cdn.example/v", "alt": "rain"},
            (Media("video", "https://cdn.example/v", "rain"),),
        ),
        (
            {
                "$type": "app.bsky.embed.external#view",
                "external": {"uri": "https://e.org/x", "title": "Menu"},
            },
            (Media("media", None, "Menu https://e.org/x"),),
        ),
        (
            {"$type": "app.bsky.embed.external#view", "external": {"uri": "https://media.tenor.com/x.gif"}},
            (Media("gif", None, "https://media.tenor.com/x.gif"),),
        ),
        ({"$type": "app.bsky.embed.hologram#view", "depth": 3}, (Media("media"),)),
        (
            {"$type": "app.bsky.embed.record#view", "record": {"uri": "at://did:plc:x/a.b.list/y"}},
            (Media("media"),),
        ),
    ],
)
def test_what_is_attached_is_told_by_kind_and_unknown_kinds_too(embed, media):
    assert parse_embed(embed).media == media


def test_a_quote_with_a_picture_is_both():
    quoted = {"uri": "at://did:plc:us/app.bsky.feed.post/x", "author": {"handle": "acmebrew.test"}}
    view = {
        "$type": "app.bsky.embed.recordWithMedia#view",
        "record": {"$type": "app.bsky.embed.record#view", "record": quoted},
        "media": {"$type": "app.bsky.embed.images#view", "images": [{"alt": "x"}]},
    }

    post = parse(embed=view)

    assert (post.quotes_us, post.quoted_handle, [one.kind for one in post.media]) == (
        True,
        "acmebrew.test",
        ["photo"],
    )


def test_a_person_without_a_valid_handle_is_called_by_their_did():
    assert parsing.parse_profile({"did": "did:plc:x", "handle": "handle.invalid"}).handle == "did:plc:x"
    assert parsing.parse_profile({"handle": "ana.test"}) is None
