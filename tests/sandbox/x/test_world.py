"""The world behind the server."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import regex
import requests
import twitter_text
from hypothesis import given
from hypothesis import strategies as st

from sandbox.x import Change, XServer, XWorld
from sandbox.x.state.ids import Snowflakes, moment, page_token, read_token, snowflake
from sandbox.x.state.text import compose, escape, length, shown, weight

times = st.integers(1_300_000_000_000_000, 3_400_000_000_000_000).map(  # 2011 to 2077, in microseconds
    lambda micro: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)
)


@given(times)
def test_an_id_tells_its_millisecond(at):
    assert timedelta(0) <= at - moment(snowflake(at)) < timedelta(milliseconds=1)


@given(st.lists(times, max_size=20))
def test_no_two_ids_are_equal_and_later_ones_are_larger(moments):
    source = Snowflakes()
    ids = [int(source.next(at)) for at in sorted(moments)]

    assert ids == sorted(set(ids))


@given(st.integers(0, 2**63 - 1))
def test_a_page_token_finds_its_way_back(post_id):
    assert read_token(page_token(str(post_id))) == post_id


pieces = st.sampled_from(
    ["https://example.com", "example.com/a?b=c", "http", "👍🏽", "日本", "@ana", "e\u0301", "\r\n", "."]
)


newer = regex.compile(r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{RI}\ufe0f\u20e3\u200d]")
others = st.text(st.characters(codec="utf-8"), max_size=5).filter(lambda text: not newer.search(text))


@given(st.lists(pieces | others, max_size=12).map("".join))
def test_lengths_are_those_of_xs_library_but_for_emoji_that_it_does_not_know(text):
    assert length(text) == twitter_text.parse_tweet(text).weightedLength


@given(st.text("ab@&<> 日\n_", max_size=400))
def test_entities_point_at_what_they_name(text):
    composed = compose(text, to=["acmebrew"], seed="1", find=lambda handle: f"id of {handle}")
    row = shown(composed)

    for mention in row.entities["mentions"]:
        assert row.text[mention["start"] : mention["end"]] == "@" + mention["username"]
    assert row.display_range[0] == len("@acmebrew ")
    assert weight(composed.text) > 280 or row.text == "@acmebrew " + escape(text)


def test_edits_end_after_five(world):
    post = world.post("ana", "@acmebrew 0")
    for number in range(5):
        world.edit(post.id, f"@acmebrew {number + 1}")

    assert len(world.versions(post.id)) == 6
    with pytest.raises(ValueError, match="edited 5 times"):
        world.edit(post.id, "@acmebrew again")


def test_a_reply_to_an_older_version_stands_under_all(world):
    first = world.post("ana", "@acmebrew helo")
    second = world.edit(first.id, "@acmebrew hello")
    reply = world.publish("Hi!", reply_to=first.id)

    assert world.replies_to(second.id) == world.replies_to(first.id) == [reply]


def test_an_edited_reply_keeps_the_handles_in_front(world):
    mention = world.post("ana", "@acmebrew hi")
    reply = world.publish("Helo", reply_to=mention.id)

    assert world.edit(reply.id, "Hello").full_text == "@ana Hello"


def test_a_deleted_post_takes_its_versions_along(world):
    first = world.post("ana", "@acmebrew helo")
    second = world.edit(first.id, "@acmebrew hello")
    world.delete(first.id)

    assert set(world.deleted) == set(world.versions(second.id)) == {first.id, second.id}
    assert not world.posts
    assert world.replies_to(first.id) == world.conversation(first.id) == []


def test_nobody_speaks_who_is_not_there(world):
    with pytest.raises(LookupError, match="@nobody"):
        world.post("nobody", "hi")
    with pytest.raises(LookupError, match="no post 7"):
        world.post("ana", "hi", reply_to="7")
    with pytest.raises(ValueError, match="@ANA"):
        world.add_user("ANA", "Another Ana")


def test_observers_hear_of_everything(world):
    heard = []
    stop = world.on_change(heard.append)
    post = world.post("ana", "@acmebrew hi")
    edited = world.edit(post.id, "@acmebrew hello")
    repost = world.repost("bo", edited.id)
    world.delete(repost.id)
    stop()
    world.add_user("eve", "Eve")

    assert heard == [
        Change("post", post.id),
        Change("edit", edited.id),
        Change("repost", repost.id),
        Change("delete", repost.id),
    ]


def test_many_may_speak_at_once(world):
    ready = threading.Barrier(8)

    def speak():
        ready.wait()
        for number in range(50):
            world.post("ana", f"@acmebrew {number}")

    threads = [threading.Thread(target=speak) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(world.posts) == 400


def test_requests_are_written_down_without_secrets(client, ask, world):
    post = world.post("ana", "@acmebrew hi")
    client.create_tweet(text="Hello", in_reply_to_tweet_id=post.id)
    ask("GET", f"/2/users/{world.brand.id}/mentions", max_results=5)
    first, second = world.requests

    assert (first.method, first.path, first.status) == ("POST", "/2/tweets", 201)
    assert first.authorization == "OAuth ***"
    assert first.body == {"text": "Hello", "reply": {"in_reply_to_tweet_id": post.id}}
    assert "Tweepy" in first.user_agent
    assert (second.authorization, second.query) == ("Bearer ***", {"max_results": "5"})
    assert world.counts == {"POST /2/tweets": 1, "GET /2/users/:id/mentions": 1}


def test_a_stopped_server_leaves_nothing_running():
    before = set(threading.enumerate())
    x = XServer(XWorld(handle="other")).start()
    address = x.url
    with requests.Session() as idle:
        idle.get(f"{x.url}/2/users/me", timeout=120)
        x.world.faults.add("*", "down")
        x.world.faults.clear()
        idle.get(f"{x.url}/2/users/me", timeout=120)
        assert x.url == address

        x.stop()
        assert set(threading.enumerate()) == before


def test_an_edit_does_not_bring_a_late_post_forward(world, clock):
    late = world.post("ana", "@acmebrew helo", visible_after=timedelta(minutes=1))

    assert world.edit(late.id, "@acmebrew hello").visible_at == clock.now + timedelta(minutes=1)
