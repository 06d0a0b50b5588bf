"""Replies: to whom, for whose eyes, frozen once, sent once."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.networks.errors import Later, Refused, Unsure
from bot.networks.mastodon.api import Login
from bot.networks.values import RepeatRule
from sandbox.mastodon import FLAVOURS, MastodonServer, MastodonWorld
from tests.bot.networks.mastodon.conftest import Here, target

KINDS = pytest.mark.parametrize("here", FLAVOURS, indirect=True)
AT = datetime(2026, 11, 20, tzinfo=UTC)
STATUSES = "POST /api/v1/statuses"
OURS = {"public": "public", "unlisted": "unlisted", "private": "followers", "direct": "direct"}
ORDER = [*OURS]


def freeze(here, text, to, key="k"):
    return here.network.freeze(text, to, key, at=AT, account_id=here.us)


def publish(here, text, to, key="k"):
    return here.network.publish(text, to, key, account_id=here.us, frozen=freeze(here, text, to, key))


@KINDS
@pytest.mark.parametrize("visibility", ORDER)
def test_a_reply_is_seen_by_no_more_people_than_the_post(here, visibility):
    post = here.hear_one(visibility=visibility)
    assert post.visibility == OURS[visibility]

    publish(here, "Hello!", target(post))

    (reply,) = here.replies(post)
    assert (reply.visibility, reply.text) == (visibility, "@maria@remote.example Hello!")
    assert [here.world.people[one].acct for one in reply.mentions] == ["maria@remote.example"]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([*FLAVOURS]),
    st.sampled_from(ORDER),
    st.sampled_from(ORDER),
    st.sampled_from([None, *OURS.values()]),
    st.sampled_from(
        [
            "Hello!",
            "@tom too",
            ".@tom",
            "hi @someone",
            "@@tom",
            "a@tom",
            "@maria",
            "with @maria@remote.example",
        ]
    ),
)
def test_neither_the_default_nor_the_ledger_nor_the_words_ever_widen_a_reply(
    kind, visibility, default, told, text
):
    with MastodonServer(MastodonWorld(flavour=FLAVOURS[kind])) as server:
        server.world.change_user("acmebrew", default_visibility=default)
        here = Here(server)
        post = here.hear_one(visibility=visibility)
        to = target(post) if told is None else target(post, visibility=told)
        try:
            publish(here, text, to)
        except Refused:
            assert here.replies(post) == []
            return
        (reply,) = here.replies(post)
        at_least = [visibility, default] + [name for name, ours in OURS.items() if ours == told]

        assert reply.visibility == max(at_least, key=ORDER.index)
        if reply.visibility in {"private", "direct"}:
            assert [here.world.people[one].acct for one in reply.mentions] == ["maria@remote.example"]


@pytest.mark.parametrize("default", ORDER)
@pytest.mark.parametrize("visibility", ORDER)
def test_what_the_composer_says_is_what_the_server_gets(here, visibility, default):
    here.world.change_user("acmebrew", default_visibility=default)
    here.network = here.restarted()
    post = here.hear_one(visibility=visibility)
    said = here.network.reply_visibility(target(post))

    publish(here, "Hello!", target(post, visibility=said))

    (reply,) = here.replies(post)
    assert OURS[reply.visibility] == said
    assert ORDER.index(reply.visibility) == max(ORDER.index(visibility), ORDER.index(default))


def test_a_default_that_was_narrowed_since_the_composer_was_opened_stops_the_reply(here):
    post = here.hear_one()
    said = here.network.reply_visibility(target(post))
    here.world.change_user("acmebrew", default_visibility="private")
    here.network = here.restarted()

    with pytest.raises(Refused, match="Fewer people would see"):
        publish(here, "Hello!", target(post, visibility=said))
    assert here.calls(STATUSES) == 0


@pytest.mark.parametrize("where", ["post", "account"])
def test_where_nobody_says_who_sees_it_nothing_is_sent(here, where):
    if where == "account":
        here.world.change_user("acmebrew", default_visibility="mutuals_only")
        here.network = here.restarted()
        post = here.hear_one()
    else:
        post = here.hear_one(visibility="local")
        assert (post.visibility, post.no_reply_because is not None) == ("direct", True)

    with pytest.raises(Refused):
        freeze(here, "Hello!", target(post))
    assert here.calls(STATUSES) == 0


@KINDS
def test_warning_and_language_go_along_as_they_are(here):
    post = here.hear_one(spoiler="food & drink", lang="de")
    assert (post.content_warning, post.lang) == ("food & drink", "de")

    publish(here, "Hallo!", target(post))

    (reply,) = here.replies(post)
    assert (reply.spoiler, reply.language) == ("food & drink", "de")


def test_without_a_language_none_is_made_up(here):
    post = here.hear_one(lang=None)

    assert "language" not in json.loads(freeze(here, "Hello!", target(post)))


def test_others_whom_the_reply_is_to_mention_stand_in_front_and_are_allowed(here):
    post = here.hear_one("@acmebrew and @tom, hi")
    to = target(post, mentioned=("tom@brews.example",))

    publish(here, "Hello!", to)

    (reply,) = here.replies(post)
    assert reply.text == "@maria@remote.example @tom@brews.example Hello!"
    assert here.network.reply_prefix(to) == "@maria@remote.example @tom@brews.example "


def test_a_follow_up_to_our_own_post_names_nobody(here):
    post = here.hear_one()
    ours = publish(here, "Hello!", target(post))
    page, _ = here.network.refresh([ours.post_id], account_id=here.us)

    publish(here, "And welcome!", target(page.posts[0]), "k2")

    assert here.world.replies_to(ours.post_id)[0].text == "And welcome!"


def test_mentions_that_were_not_meant_are_refused_by_mastodon(here):
    post = here.hear_one()

    with pytest.raises(Refused) as refused:
        publish(here, "ask @tom", target(post))
    assert (refused.value.reason, here.replies(post)) == ("invalid", [])


# Frozen


def test_what_is_frozen_is_what_is_sent_byte_for_byte(here):
    post = here.hear_one()
    frozen = freeze(here, "Hello 🙂 <b>", target(post))
    here.world.change_user("acmebrew", default_visibility="direct")

    here.network.publish("something else", target(post), "k", account_id=here.us, frozen=frozen)

    sent = [each for each in here.world.requests if each.endpoint == STATUSES]
    assert [(each.body["status"], each.idempotency_key) for each in sent] == [
        ("@maria@remote.example Hello 🙂 <b>", "k")
    ]
    assert json.loads(frozen)["visibility"] == "public"


@KINDS
def test_freezing_writes_nothing(here):
    post = here.hear_one()
    freeze(here, "Hello!", target(post))

    assert here.calls(STATUSES) == 0


def test_a_post_that_was_edited_since_it_was_shown_is_not_answered_blindly(here):
    post = here.hear_one("@acmebrew is it open?")
    here.world.edit(post.id, "@acmebrew is it closed?")

    with pytest.raises(Refused) as refused:
        freeze(here, "Yes!", target(post))

    assert "edited" in refused.value.detail
    (again,) = here.heard()
    assert freeze(here, "No!", target(again))


@KINDS
def test_a_post_that_is_gone_is_refused_before_anything_is_sent(here):
    post = here.hear_one()
    here.world.delete(post.id)

    with pytest.raises(Refused) as refused:
        freeze(here, "Hello!", target(post))
    assert (refused.value.reason, here.calls(STATUSES)) == ("parent gone", 0)


def test_a_post_that_goes_between_the_look_and_the_call_is_refused(here):
    post = here.hear_one()
    frozen = freeze(here, "Hello!", target(post))
    here.world.delete(post.id)

    with pytest.raises(Refused) as refused:
        here.network.publish("Hello!", target(post), "k", account_id=here.us, frozen=frozen)
    assert refused.value.reason == "parent gone"


# An account on another server than the one that heard


def test_an_account_on_another_server_answers_with_that_servers_own_number(serve):
    here, there = serve(), serve("gotosocial", domain="tea.example", handle="acmetea")
    post = here.hear_one()
    there.world.let_find(here.world.status(post.id), "maria@remote.example")

    published = publish(there, "Hello from tea!", target(post))

    (reply,) = there.world.replies_to(post.id)
    assert there.world.status(reply.reply_to).uri == post.id
    assert reply.reply_to != here.world.status(post.id).id
    assert "tea.example" in published.url


def test_an_edit_that_the_other_server_knows_and_ours_has_not_read_is_no_surprise(serve):
    here, there = serve(), serve("gotosocial", domain="tea.example", handle="acmetea")
    post = here.hear_one("@acmebrew is it open?")
    there.world.let_find(here.world.status(post.id), "maria@remote.example")
    freeze(there, "Yes!", target(post))
    there.world.edit(post.id, "@acmebrew is it closed?")

    with pytest.raises(Refused) as refused:
        freeze(there, "Yes!", target(post))

    assert "edited" in refused.value.detail
    here.world.edit(post.id, "@acmebrew is it closed?")
    again = next(one for one in here.heard() if one.id == post.id)
    assert freeze(there, "No!", target(again))


def test_a_post_that_the_other_server_cannot_fetch_is_refused(serve):
    here, there = serve(), serve(domain="tea.example", handle="acmetea")
    post = here.hear_one()

    with pytest.raises(Refused) as refused:
        freeze(there, "Hello!", target(post))
    assert refused.value.reason == "parent gone"


# What goes wrong


@pytest.mark.parametrize(
    ("kind", "posted"),
    [
        ("redirect_301", 0),
        ("redirect_302", 0),
        ("redirect_308", 0),
        ("html_before", 0),
        ("html_after", 1),
        ("garbled", 1),
        ("truncated", 1),
        ("reset_before", 0),
        ("reset", 1),
        ("answer_lost_before", 0),
        ("answer_lost_after", 1),
        ("server_error_before", 0),
        ("server_error_after", 1),
        ("maintenance", 0),
    ],
)
def test_where_nobody_knows_a_reading_tells_and_nothing_is_sent_again(here, kind, posted):
    post = here.hear_one()
    since = here.world.clock()
    here.world.faults.add(STATUSES, kind, times=1)

    with pytest.raises(Unsure):
        publish(here, "Hello!", target(post))

    frozen = freeze(here, "Hello!", target(post))
    found = here.network.find_reply(target(post), "Hello!", since, account_id=here.us, frozen=frozen)
    assert (found is not None, len(here.replies(post))) == (bool(posted), posted)
    assert here.calls(STATUSES) == 1


@pytest.mark.parametrize(
    ("kind", "cause"),
    [("rate_limited", "rate limit"), ("unauthorized", "unauthorized"), ("forbidden", "forbidden")],
)
def test_what_was_certainly_not_sent_comes_later(here, kind, cause):
    post = here.hear_one()
    here.world.faults.add(STATUSES, kind, times=1)

    with pytest.raises(Later) as failed:
        publish(here, "Hello!", target(post))
    assert (failed.value.cause, here.replies(post)) == (cause, [])


@pytest.mark.parametrize("status", [b"404 Not Found", b"405 Method Not Allowed", b"422 Unprocessable Entity"])
def test_a_gateways_page_says_nothing_about_the_words(here, raw, status):
    post = here.hear_one()
    frozen = freeze(here, "Hello!", target(post))
    here.network._api._login = Login(raw(status), SecretStr(here.token))
    here.network._identity.last = replace(here.network._identity.last, login=here.network._api._login)

    with pytest.raises(Later) as failed:
        here.network.publish("Hello!", target(post), "k", account_id=here.us, frozen=frozen)
    assert failed.value.cause == "server error"


def test_what_the_server_says_is_told_without_our_token(here):
    post = here.hear_one()
    here.world.grants.revoke(here.token)

    with pytest.raises(Later) as failed:
        here.network.mentions(here.start, account_id=here.us).__next__()
    assert here.token not in failed.value.detail + repr(here.network)
    assert "access token is invalid" in failed.value.detail
    assert post


@KINDS
def test_too_long_is_refused_before_it_is_sent(here):
    post = here.hear_one(spoiler="tea")
    room = here.network.max_length - here.network.length("", target(post))

    with pytest.raises(Refused) as refused:
        freeze(here, "x" * (room + 1), target(post))
    assert refused.value.reason == "too long"
    publish(here, "x" * room, target(post))
    assert len(here.replies(post)) == 1


# Repeats


def lost(here):
    """A reply whose answer was lost, and what was frozen."""
    post = here.hear_one()
    frozen = freeze(here, "Hello!", target(post))
    here.world.faults.add(STATUSES, "answer_lost_after", times=1)
    with pytest.raises(Unsure):
        here.network.publish("Hello!", target(post), "k", account_id=here.us, frozen=frozen)
    return post, frozen


def test_mastodon_answers_a_repeat_with_the_first_post(here):
    post, frozen = lost(here)

    again = here.network.repeat(target(post), "k", account_id=here.us, frozen=frozen)

    (reply,) = here.replies(post)
    assert again.post_id == reply.uri


def test_after_a_deletion_a_repeat_resurrects_nothing_and_says_nothing(here):
    post, frozen = lost(here)
    here.world.delete(here.replies(post)[0].id)

    with pytest.raises(Unsure):
        here.network.repeat(target(post), "k", account_id=here.us, frozen=frozen)
    assert here.replies(post) == []


FAULTY = replace(FLAVOURS["mastodon"], idempotency="500 although posted")


@pytest.mark.parametrize("here", [FAULTY], indirect=True)
def test_a_500_to_a_repeat_says_nothing(here):
    post, frozen = lost(here)

    with pytest.raises(Unsure):
        here.network.repeat(target(post), "k", account_id=here.us, frozen=frozen)
    assert len(here.replies(post)) == 1


@pytest.mark.parametrize(
    ("here", "may"),
    [
        ("mastodon", True),
        (replace(FLAVOURS["mastodon"], version="4.6.0"), True),
        (replace(FLAVOURS["mastodon"], version="4.5.9"), False),
        (replace(FLAVOURS["mastodon"], version="4.7.0"), False),
        (replace(FLAVOURS["mastodon"], version="4.6.2+glitch"), False),
        (replace(FLAVOURS["mastodon"], version="4.6.0-rc.1"), False),
        (replace(FLAVOURS["mastodon"], source_url="https://github.com/glitch-soc/mastodon"), False),
        (replace(FLAVOURS["mastodon"], source_url=""), False),
        ("gotosocial", False),
        ("hollo", False),
        ("akkoma", False),
        ("pixelfed", False),
    ],
    indirect=["here"],
)
def test_only_known_releases_of_mastodon_proper_may_be_sent_the_same_twice(here, may):
    rule = RepeatRule(looks=2, earliest=timedelta(seconds=60), latest=timedelta(minutes=50))
    assert here.network.repeat_rule(account_id=here.us) == (rule if may else None)
    assert here.network.repeat_rule(account_id="other@brews.example") is None
    if not may:
        post = here.hear_one()
        with pytest.raises(Unsure):
            here.network.repeat(
                target(post), "k", account_id=here.us, frozen=freeze(here, "Hi", target(post))
            )
        assert here.replies(post) == []


# Looking for our reply


@KINDS
@pytest.mark.parametrize(
    "text", ["Hello!", "two\n\nparagraphs", "a < b &amp; c", "see https://acme.example/a?b=c&d", "  x  "]
)
def test_a_reply_is_found_by_its_words_in_a_new_process_too(here, text):
    post = here.hear_one()
    since = here.world.clock()
    frozen = freeze(here, text, target(post))
    published = here.network.publish(text, target(post), "k", account_id=here.us, frozen=frozen)

    for network in (here.network, here.restarted()):
        found = network.find_reply(target(post), text, since, account_id=here.us, frozen=frozen)
        assert found == published
        other = network.find_reply(target(post), "Other words", since, account_id=here.us, frozen=frozen)
        assert other is None


def test_a_reply_is_found_although_the_servers_clock_is_a_minute_slow(here):
    post = here.hear_one()
    since = here.world.clock()
    here.world.clock = lambda: since - timedelta(minutes=1)
    published = publish(here, "Hello!", target(post))

    assert here.network.find_reply(target(post), "Hello!", since, account_id=here.us) == published


def test_words_at_the_end_of_another_reply_are_not_the_reply(here):
    post = here.hear_one()
    since = here.world.clock()
    publish(here, "Oh, hello! Hello!", target(post))

    assert here.network.find_reply(target(post), "Hello!", since, account_id=here.us) is None


def test_where_the_ledger_has_no_handle_the_author_is_named_all_the_same(here):
    post = here.hear_one()

    publish(here, "Hello!", target(post, author_handle=""))

    assert here.replies(post)[0].text == "@maria@remote.example Hello!"


def test_a_direct_reply_may_hold_an_address_for_mail(here):
    post = here.hear_one(visibility="direct")

    publish(here, "Write to help@acme.example", target(post))

    assert here.replies(post)[0].visibility == "direct"


def test_a_reply_is_found_although_its_post_was_deleted_since(here):
    post = here.hear_one()
    since = here.world.clock()
    frozen = freeze(here, "Hello!", target(post))
    published = here.network.publish("Hello!", target(post), "k", account_id=here.us, frozen=frozen)
    here.world.delete(post.id)

    assert (
        here.network.find_reply(target(post), "Hello!", since, account_id=here.us, frozen=frozen) == published
    )


def test_a_look_that_does_not_reach_far_enough_is_no_look(here, monkeypatch):
    monkeypatch.setattr("bot.networks.mastodon.timelines._PAGES_MAX", 1)
    post = here.hear_one()
    since = here.world.clock()
    for number in range(50):
        here.world.post("acmebrew", str(number))

    with pytest.raises(Later):
        here.network.find_reply(target(post), "Hello!", since, account_id=here.us)


@KINDS
def test_our_reply_is_deleted_in_a_new_process_too(here):
    post = here.hear_one()
    published = publish(here, "Hello!", target(post))

    here.restarted().delete(published.post_id, account_id=here.us)
    here.restarted().delete(published.post_id, account_id=here.us)

    assert here.replies(post) == []
