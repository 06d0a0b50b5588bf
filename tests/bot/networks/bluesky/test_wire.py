"""What each fault of the wire means for a reply, and that none of them makes two of it."""

from datetime import UTC, datetime

import pytest

from bot.networks.errors import Later, Refused, Unsure
from bot.networks.http_client import CallLimits
from tests.bot.networks.bluesky.core import frozen, only
from tests.bot.networks.stages import target

PUT = "POST com.atproto.repo.putRecord"


def send(stage, post, body):
    return stage.network.publish("Until ten!", target(post), "key-1", account_id=stage.us, frozen=body)


@pytest.fixture
def post(stage):
    stage.says("maria", "@acmebrew hello")
    return only(stage)


@pytest.mark.parametrize(
    "fault",
    [
        "answer_lost_before",
        "reset_before",
        "server_error_before",
        "bad_gateway",
        "answer_lost_after",
        "reset",
        "server_error_after",
        "truncated",
        "garbled",
        "html",
    ],
)
def test_a_doubtful_answer_is_settled_by_one_look_and_one_repeat(stage, post, fault):
    body = frozen(stage, post)
    stage.world.faults.add(PUT, fault, times=1)

    with pytest.raises(Unsure):
        send(stage, post, body)
    repeated = stage.network.repeat(target(post), "key-1", account_id=stage.us, frozen=body)

    assert [reply.uri for reply in stage.world.replies_to(post.id)] == [repeated.post_id]


def test_a_repeat_of_what_is_there_writes_nothing(stage, post):
    body = frozen(stage, post)
    stage.world.faults.add(PUT, "answer_lost_after", times=1)
    with pytest.raises(Unsure):
        send(stage, post, body)
    writes = stage.world.counts[PUT]

    stage.network.repeat(target(post), "key-1", account_id=stage.us, frozen=body)

    assert stage.world.counts[PUT] == writes


def test_a_repeat_without_a_look_is_not_made(stage, post):
    body = frozen(stage, post)
    stage.world.faults.add("GET com.atproto.repo.getRecord", "bad_gateway")

    with pytest.raises(Later):
        stage.network.repeat(target(post), "key-1", account_id=stage.us, frozen=body)

    assert stage.replies_to(post.id) == []


@pytest.mark.parametrize(
    ("fault", "cause"),
    [("rate_limited", "rate limit"), ("unauthorized", "unauthorized"), ("redirected", "server error")],
)
def test_a_refused_call_was_not_made(stage, post, fault, cause):
    body = frozen(stage, post)
    stage.world.faults.add(PUT, fault, times=1)

    with pytest.raises(Later) as later:
        send(stage, post, body)

    assert later.value.cause == cause
    assert (later.value.at is not None) == (fault == "rate_limited")
    assert stage.replies_to(post.id) == []


def test_every_call_sends_the_same_bytes(stage, post):
    body = frozen(stage, post)
    for fault in ("server_error_before", "server_error_after"):
        stage.world.faults.add(PUT, fault, times=1)
        with pytest.raises(Unsure):
            send(stage, post, body)
    send(stage, post, body)

    sent = {asked.content for asked in stage.world.journal.of(PUT)}
    assert sent == {body.encode()}
    assert b'"swapRecord":null' in body.encode()


def test_what_was_frozen_for_other_words_or_another_account_is_never_sent(stage, post):
    body = frozen(stage, post)
    other = stage.connects("acmetea")
    for text, account_id, broken in (
        ("Until nine!", stage.us, body),
        ("Until ten!", other, body),
        ("Until ten!", other, "{"),
    ):
        if account_id == stage.us:
            stage.connects("acmebrew")
        with pytest.raises(Refused):
            stage.network.publish(text, target(post), "key-1", account_id=account_id, frozen=broken)
        stage.connects("acmetea")

    assert stage.world.counts[PUT] == 0


def test_freezing_writes_nothing_and_fails_when_bluesky_cannot_be_read(stage, post):
    stage.world.faults.add("GET app.bsky.feed.getPosts", "bad_gateway", times=1)

    with pytest.raises(Later):
        frozen(stage, post)

    assert stage.world.counts[PUT] == 0


def test_a_handle_that_cannot_be_looked_up_now_puts_the_reply_off(stage, post):
    stage.world.faults.add("GET com.atproto.identity.resolveHandle", "bad_gateway", times=1)

    with pytest.raises(Later):
        frozen(stage, post, "hi @maria.test")

    assert "did:plc" in frozen(stage, post, "hi @maria.test")


def test_a_slow_server_puts_the_reply_off_before_its_worker_loses_it(stage, post):
    body = frozen(stage, post)
    stage.network._caller.limits = CallLimits(begin_seconds=-1.0)

    with pytest.raises(Later):
        frozen(stage, post)
    with pytest.raises(Later):
        stage.network.repeat(target(post), "key-1", account_id=stage.us, frozen=body)

    assert stage.world.counts[PUT] == 0


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_characters_that_bluesky_cannot_show_are_refused(stage, post, text):
    with pytest.raises(Refused) as refused:
        frozen(stage, post, text)

    assert refused.value.reason == "invalid"


def test_a_reply_to_an_edited_post_names_its_present_version(stage, post):
    stage.edits(post.id, "@acmebrew hello, please")
    with pytest.raises(Refused, match="edited the post since"):
        frozen(stage, post)
    (edited,) = stage.network.refresh([post.id], account_id=stage.us)[0].posts

    published = send(stage, edited, frozen(stage, edited))

    reference = stage.world.record(published.post_id).value["reply"]["parent"]
    assert reference["cid"] == stage.world.record(post.id).cid


def test_deleting_what_another_account_owns_is_refused_without_a_call(stage, post):
    with pytest.raises(Refused) as refused:
        stage.network.delete(post.id, account_id=stage.us)

    assert refused.value.reason == "not ours"
    assert stage.world.counts["POST com.atproto.repo.deleteRecord"] == 0


def test_a_reply_that_was_found_by_hand_may_be_older_than_our_try_by_a_slow_clock(stage, post):
    by_hand = stage.brand_says("hi there", under=post.id)

    found = stage.network.find_reply(target(post), None, datetime.now(UTC), account_id=stage.us)

    assert found.post_id == by_hand
