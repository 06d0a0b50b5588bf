"""A server's rows as posts and people."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.mastodon.ids import PostContext, sort_key, unpack_context
from bot.networks.mastodon.parsing import Viewer, parse_media, parse_post, parse_profile
from bot.networks.values import AccountIdentity, Media, Post, UnreadableRow
from sandbox.mastodon import Media as Attached

VIEWER = Viewer(
    AccountIdentity("mastodon", "acmebrew@brews.example", "acmebrew", "Acme"), "1", "brews.example"
)


def nowhere(row):
    return None, row["uri"]


# What a person sees


def test_a_handle_always_has_its_domain(here):
    far, near = here.hear_one(), here.hear_one(handle="tom")

    assert [far.author_id, near.author_id] == ["maria@remote.example", "tom@brews.example"]
    profiles = here.network.people([far.author_id, near.author_id])
    assert [one.handle for one in profiles] == ["maria@remote.example", "tom@brews.example"]


def test_the_id_is_the_address_that_is_the_same_on_every_server(here):
    post = here.hear_one()

    assert post.id.startswith("https://remote.example/")
    context = unpack_context(post.reply_context)
    assert (context.server, context.acct) == ("brews.example", "maria@remote.example")
    assert here.world.status(context.id).uri == post.id


def test_the_account_is_told_apart_from_those_of_other_servers(here):
    me = here.network.account()

    assert (me.id, me.handle, me.server) == ("acmebrew@brews.example", "acmebrew", "brews.example")


@pytest.mark.parametrize(
    ("text", "under", "told"),
    [
        ("@acmebrew hi", None, ("explicit", "@acmebrew hi", ())),
        ("hi @acmebrew@brews.example!", None, ("explicit", "hi @acmebrew!", ())),
        ("@acmebrew @tom thanks", "ours", ("implicit", "thanks", ("acmebrew@brews.example", "tom@brews.example"))),
        ("@acmebrew thanks @acmebrew", "ours", ("explicit", "thanks @acmebrew", ("acmebrew@brews.example",))),
        ("@tom @acmebrew and you?", "toms", ("implicit", "and you?", ("tom@brews.example", "acmebrew@brews.example"))),
        ("@acmebrew", "ours", ("explicit", "@acmebrew", ())),
        ("@acmebrew @nobody hi", "ours", ("implicit", "@nobody hi", ("acmebrew@brews.example",))),
    ],
)  # fmt: skip
def test_handles_that_a_composer_puts_in_front_are_kept_apart(here, text, under, told):
    parents = {
        "ours": here.world.post("acmebrew", "tea!"),
        "toms": here.world.post("tom", "tea?"),
        None: None,
    }
    parent = parents[under]

    post = here.hear_one(text, reply_to=parent.id if parent else None)

    assert (post.summons, post.text, post.addressed) == told


def test_whom_a_post_answers(here):
    ours, theirs = here.world.post("acmebrew", "tea!"), here.world.post("tom", "tea?")

    assert here.hear_one("@acmebrew yes", reply_to=ours.id).answers is None
    assert here.hear_one("@tom @acmebrew yes", reply_to=theirs.id).answers == "tom@brews.example"
    assert here.hear_one("@acmebrew yes", reply_to=theirs.id).answers == ""
    assert here.hear_one("@acmebrew more", "tom", reply_to=theirs.id).answers is None


def test_a_quote_of_ours_is_told(here):
    ours = here.world.post("acmebrew", "tea!")
    theirs = here.world.post("tom", "tea?")

    quote, other = here.hear_one(quotes=ours.id), here.hear_one(quotes=theirs.id)

    assert (quote.quotes_us, quote.quoted, quote.quoted_handle) == (True, ours.uri, "acmebrew@brews.example")
    assert (other.quotes_us, other.quoted_handle) == (False, "tom@brews.example")


def test_pictures_come_with_their_descriptions_and_polls_with_their_answers(here):
    post = here.hear_one(
        media=[
            Attached("https://remote.example/a.png", alt="a teapot"),
            Attached("https://remote.example/b.mp4", kind="gifv"),
            Attached("http://remote.example/c.png"),
            Attached("https://remote.example/d.ogg", kind="audio"),
        ],
        poll=["tea", "coffee"],
    )

    assert post.media == (
        Media("photo", "https://remote.example/a.png", "a teapot"),
        Media("gif", "https://remote.example/b.mp4"),
        Media("photo", None),
        Media("media", "https://remote.example/d.ogg"),
        Media("poll", choices=("tea", "coffee")),
    )


def test_an_edit_is_the_same_post_in_a_newer_version(here):
    before = here.hear_one("@acmebrew helo")
    here.world.edit(before.id, "@acmebrew hello", spoiler="tea")
    (after,) = here.heard()

    assert (after.id, after.latest_id, after.order_key) == (before.id, before.latest_id, before.order_key)
    assert (after.text, after.content_warning, after.edit_keeps_id) == ("@acmebrew hello", "tea", True)
    assert after.version_key > before.version_key


def test_a_language_with_a_region_is_its_language(here):
    assert here.hear_one(lang="zh-TW").lang == "zh"
    assert here.hear_one(lang="not a language").lang is None


# Ids and contexts


@pytest.mark.parametrize(
    "ids",
    [
        ["9", "10", "99", "100", "117700924381986820"],
        ["01M8M5VYX50000000000000004", "01M8M5VYXN0000000000000005"],
        ["2026-11-29T17:32:57.689Z/mention/b", "2026-11-29T17:32:58.000Z/mention/a"],
    ],
)
def test_ids_sort_as_text_as_their_servers_sort_them(ids):
    assert [sort_key(one) for one in ids] == sorted(sort_key(one) for one in ids)


@given(st.builds(PostContext, st.text(), st.text(), st.text(), st.text(), st.text()))
def test_a_context_comes_back_as_it_was(context):
    assert unpack_context(context.pack()) == context


@given(st.text() | st.sampled_from(["[]", "{}", '{"id": 1}', "null", '{"other": "1"}']))
def test_what_is_no_context_is_none(text):
    assert unpack_context(text) is None


# Whatever comes down the wire

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ROW = {
    "id": "7",
    "uri": "https://remote.example/7",
    "created_at": "2026-11-20T10:00:00.000Z",
    "content": "<p>hi</p>",
    "visibility": "public",
    "account": {"id": "3", "acct": "maria@remote.example"},
}
odd_rows = st.dictionaries(
    st.sampled_from(
        [*ROW, "url", "edited_at", "spoiler_text", "language", "mentions", "media_attachments", "poll", "quote", "reblog",
         "in_reply_to_id", "in_reply_to_account_id"]
    ),
    json_values | st.sampled_from(["\ud800", "\x00", "https://a b", [{}], [{"id": None}], {"quoted_status": {}}]),
)  # fmt: skip


@given(odd_rows)
def test_whatever_a_server_sends_is_a_post_or_a_row_that_is_kept(row):
    post = parse_post({**ROW, **row}, VIEWER, lambda found: (None, str(found.get("uri"))))

    assert isinstance(post, Post | UnreadableRow)
    json.dumps(post.text if isinstance(post, Post) else post.raw).encode()
    parse_profile(row, VIEWER)
    parse_media(row)


def test_a_whole_row_is_a_post():
    post = parse_post(ROW, VIEWER, nowhere)

    assert (post.text, post.visibility, post.summons) == ("hi", "public", "none")


@pytest.mark.parametrize("missing", ["id", "uri", "created_at", "account"])
def test_what_a_post_cannot_do_without(missing):
    row = parse_post({**ROW, missing: None}, VIEWER, nowhere)

    assert isinstance(row, UnreadableRow)
    assert row.error


def test_a_profile_without_a_handle_is_none():
    assert parse_profile({}, VIEWER) is None
    assert parse_profile({"acct": "Tom"}, VIEWER).id == "tom@brews.example"
