"""What Heard relies on at Bluesky: the same tests for the local one and, in `make peers`, for the real servers."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.networks.answerable import ReplyAllowed, ReplyImpossible
from bot.networks.bluesky.facets import find_spans
from bot.networks.errors import Later, Refused, Unsure
from bot.networks.values import ReplyTarget
from tests.bot.networks.stages import target

NOW = datetime.now(UTC)


def heard(stage, after=None):
    pages = stage.network.mentions(after or stage.start, account_id=stage.us)
    return [post for page in pages for post in page.posts]


def only(stage):
    (post,) = heard(stage)
    return post


def frozen(stage, post, text="Until ten!", key="key-1", at=None):
    """The call that publishes `text` under `post`."""
    return stage.network.freeze(text, target(post), key, at=at or datetime.now(UTC), account_id=stage.us)


def publish(stage, post, text="Until ten!", key="key-1"):
    body = frozen(stage, post, text, key)
    return stage.network.publish(text, target(post), key, account_id=stage.us, frozen=body), body


# What is heard


def test_a_reply_to_us_and_a_quote_of_us_are_heard_and_say_so(stage):
    ours = stage.brand_says("We are open!")
    reply = stage.answers("maria", "wonderful", ours)
    ref = {"uri": ours, "cid": _cid(stage, ours)}
    quote = stage.posts("tom", "look at them", embed={"$type": "app.bsky.embed.record", "record": ref})

    found = {post.id: post for post in heard(stage)}

    assert (found[reply].summons, found[reply].in_reply_to) == ("implicit", ours)
    assert (found[quote].quotes_us, found[quote].quoted) == (True, ours)
    assert found[quote].quoted_handle == stage.full_handle("acmebrew")


def _cid(stage, post_id):
    page, _ = stage.network.refresh([post_id], account_id=stage.us)
    return json.loads(page.posts[0].reply_context)["cid"]


def test_a_post_dated_two_days_back_is_heard_although_newer_ones_were_read(stage):
    stage.says("maria", "@acmebrew hello")
    (page,) = stage.network.mentions(stage.start, account_id=stage.us)
    late = stage.posts("tom", "@acmebrew from my holidays", created_at=datetime.now(UTC) - timedelta(days=2))

    assert late in [post.id for post in heard(stage, page.position)]


def test_a_post_that_comes_from_the_future_is_dated_when_it_was_seen(stage):
    stage.posts("maria", "@acmebrew hello", created_at=datetime.now(UTC) + timedelta(days=400))

    assert only(stage).posted_at < datetime.now(UTC) + timedelta(minutes=5)


def test_many_posts_of_one_moment_are_all_heard(stage):
    moment = datetime.now(UTC) - timedelta(seconds=30)
    ids = {stage.posts("maria", f"@acmebrew {number}", created_at=moment) for number in range(7)}

    assert {post.id for post in heard(stage)} == ids


def test_a_mention_made_while_its_author_blocked_us_is_heard_once_they_unblock(stage):
    stage.says("maria", "@acmebrew hello")
    stage.blocks("maria")
    hidden = stage.says("maria", "@acmebrew I am still angry")
    during = [post.id for post in heard(stage)]
    stage.unblocks("maria")

    assert hidden not in during
    assert hidden in [post.id for post in heard(stage)]


def test_languages_and_pictures_come_with_a_mention(stage):
    stage.posts("maria", "@acmebrew hallo", langs=["de-CH", "fr"])

    post = only(stage)

    assert post.lang == "de-CH"
    assert json.loads(post.reply_context)["langs"] == ["de-CH", "fr"]


def test_a_person_who_cannot_be_seen_now_is_not_said_to_be_gone(stage):
    post_id = stage.says("maria", "@acmebrew hello")
    stage.deactivates("maria")
    _, away = stage.network.refresh([post_id], account_id=stage.us)
    stage.reactivates("maria")
    page, back = stage.network.refresh([post_id], account_id=stage.us)

    assert away == {post_id: "not shown"}
    assert ([post.id for post in page.posts], back) == ([post_id], {})


# What is published


def test_a_reply_has_its_thread_its_languages_its_time_and_its_key_from_the_freezing(stage):
    root = stage.posts("tom", "hello", langs=["de"])
    stage.answers("maria", "@acmebrew hallo", root, langs=["de", "fr"])
    post, at = only(stage), datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)

    body = frozen(stage, post, at=at)
    published = stage.network.publish("Until ten!", target(post), "key-1", account_id=stage.us, frozen=body)

    record = stage.record(published.post_id)
    assert (record["reply"]["root"]["uri"], record["reply"]["parent"]["uri"]) == (root, post.id)
    assert (record["langs"], record["createdAt"]) == (["de", "fr"], "2026-03-01T12:30:15.123Z")
    assert body == frozen(stage, post, at=at)
    assert published.post_id.endswith(json.loads(body)["rkey"])
    assert published.url == f"https://bsky.app/profile/{stage.us}/post/{json.loads(body)['rkey']}"


def test_a_reply_to_a_post_that_names_no_language_names_none(stage):
    stage.says("maria", "@acmebrew hello")

    assert "langs" not in json.loads(frozen(stage, only(stage)))["record"]


def test_links_handles_and_hashtags_of_a_reply_lead_where_they_say(stage):
    stage.says("maria", "@acmebrew hello")
    full = stage.full_handle("maria")
    text = f"é日本 @{full}、「https://e.org/a」。 see e.org/x, #tea @nobody-at-all.test অ্যাপ"

    published, _ = publish(stage, only(stage), text)

    record = stage.record(published.post_id)
    seen = {
        text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }
    assert record["text"] == text
    assert seen[f"@{full}"]["did"] == stage.did("maria")
    assert seen["https://e.org/a"]["uri"] == "https://e.org/a"
    assert seen["e.org/x"]["uri"] == "https://e.org/x"
    assert seen["#tea"]["tag"] == "tea"
    assert len(seen) == 4
    assert len(find_spans(text)) == 5


@pytest.mark.parametrize(
    "text",
    ["x" * 300, "অ্যাপ " * 75, "👩🏽‍🚀" * 75, "日本語" * 100, "é" * 300, "எ" * 300],
    ids=["latin", "bengali", "astronauts", "japanese", "combining", "tamil"],
)
def test_what_just_fits_by_our_counting_is_taken(stage, text):
    stage.says("maria", "@acmebrew hello")
    assert stage.network.length(text) <= 300
    assert stage.network.why_too_long(text) is None

    published, _ = publish(stage, only(stage), text)

    assert stage.record(published.post_id)["text"] == text


@pytest.mark.parametrize(
    "text", ["x" * 301, "অ্যাপ " * 76, "👨‍👩‍👧‍👦" * 121], ids=["graphemes", "bengali", "bytes"]
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(stage, text):
    stage.says("maria", "@acmebrew hello")
    post = only(stage)

    with pytest.raises(Refused) as refused:
        frozen(stage, post, text)

    assert refused.value.reason == "too long"
    assert stage.network.length(text) > 300 or stage.network.why_too_long(text)


def test_a_repeat_of_the_same_call_makes_no_second_post(stage):
    stage.says("maria", "@acmebrew hello")
    post = only(stage)
    published, body = publish(stage, post)

    again = stage.network.publish("Until ten!", target(post), "key-1", account_id=stage.us, frozen=body)
    repeated = stage.network.repeat(target(post), "key-1", account_id=stage.us, frozen=body)

    assert published == again == repeated
    assert stage.replies_to(post.id) == ["Until ten!"]


def test_a_reply_is_found_by_its_key_at_once_and_not_before_it_was_sent(stage):
    stage.says("maria", "@acmebrew hello")
    post = only(stage)
    body = frozen(stage, post)
    look = {"account_id": stage.us, "frozen": body}

    before = stage.network.find_reply(target(post), "Until ten!", NOW, **look)
    published = stage.network.publish("Until ten!", target(post), "key-1", account_id=stage.us, frozen=body)

    assert before is None
    assert stage.network.find_reply(target(post), "Until ten!", NOW, **look) == published
    stage.network.delete(published.post_id, account_id=stage.us)
    assert stage.network.find_reply(target(post), "Until ten!", NOW, **look) is None


def test_another_post_under_our_key_is_an_alarm_and_stays_as_it_is(stage):
    stage.says("maria", "@acmebrew hello")
    post, at = only(stage), datetime.now(UTC)
    first = frozen(stage, post, "Until ten!", at=at)
    second = frozen(stage, post, "Until nine!", at=at)
    published = stage.network.publish("Until ten!", target(post), "key-1", account_id=stage.us, frozen=first)

    with pytest.raises(Unsure, match="ALARM"):
        stage.network.publish("Until nine!", target(post), "key-1", account_id=stage.us, frozen=second)

    assert stage.record(published.post_id)["text"] == "Until ten!"


def test_nobody_is_answered_in_a_thread_that_is_closed_to_us(stage):
    root = stage.says("maria", "@acmebrew hello")
    post = only(stage)
    body = frozen(stage, post)
    stage.gates(root)

    assert isinstance(stage.network.answerable(only(stage), None), ReplyImpossible)
    with pytest.raises(Refused) as refused:
        frozen(stage, post, key="key-2")
    assert refused.value.reason == "not allowed"
    # Without that look the server would take the reply, and nobody would ever see it.
    stage.network.publish("Until ten!", target(post), "key-1", account_id=stage.us, frozen=body)
    assert stage.shown_under(root, "maria") == []


def test_nobody_is_answered_who_blocks_us_or_is_gone(stage):
    stage.says("maria", "@acmebrew hello")
    post = only(stage)
    assert stage.network.answerable(post, None) == ReplyAllowed()
    stage.blocks("maria")

    with pytest.raises(Refused) as refused:
        frozen(stage, post)

    assert refused.value.reason == "parent gone"


def test_a_follow_up_to_our_own_newest_reply_needs_no_waiting_for_the_appview(stage):
    stage.says("maria", "@acmebrew hello")
    post = only(stage)
    published, _ = publish(stage, post)
    ours = ReplyTarget(published.post_id, stage.us, "acmebrew", datetime.now(UTC))

    body = stage.network.freeze("And tomorrow!", ours, "key-2", at=datetime.now(UTC), account_id=stage.us)
    stage.network.publish("And tomorrow!", ours, "key-2", account_id=stage.us, frozen=body)

    reply = json.loads(body)["record"]["reply"]
    assert (reply["root"]["uri"], reply["parent"]["uri"]) == (post.id, published.post_id)


def test_a_deactivated_account_of_ours_reads_and_cannot_write(stage):
    stage.says("maria", "@acmebrew hello")
    post = only(stage)
    body = frozen(stage, post)
    stage.deactivates("acmebrew")
    try:
        with pytest.raises(Later) as later:
            stage.network.publish("Until ten!", target(post), "key-1", account_id=stage.us, frozen=body)
        with pytest.raises(Later) as look:
            stage.network.find_reply(target(post), "x", NOW, account_id=stage.us, frozen=body)
        assert [other.id for other in heard(stage)] == [post.id]
    finally:
        stage.reactivates("acmebrew")

    assert (later.value.cause, look.value.cause) == ("unauthorized", "unauthorized")
    assert stage.replies_to(post.id) == []
