"""What the brand may say through the API, and X's words when it may not."""

import threading
from datetime import timedelta

import pytest
import requests
import tweepy

NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by "
    "the author of the post you are replying to."
)


def refusal(client, text, **params):
    with pytest.raises(tweepy.Forbidden) as caught:
        client.create_tweet(text=text, **params)
    body = caught.value.response.json()
    assert (body["title"], body["type"], body["status"]) == ("Forbidden", "about:blank", 403)
    return body["detail"]


def test_a_reply_stands_under_the_mention(client, world):
    mention = world.post("ana", "@acmebrew is the bar open?")
    answer = client.create_tweet(text="Until ten!", in_reply_to_tweet_id=mention.id)
    [reply] = world.replies_to(mention.id)

    assert answer.data["id"] == reply.id
    assert answer.data["text"] == "@ana Until ten!"
    assert answer.data["edit_history_tweet_ids"] == [""]  # recorded in a client's fixture
    assert reply.text == "Until ten!"
    assert reply.conversation_id == mention.id
    assert world.conversation(mention.id) == [mention, reply]


def test_a_post_that_names_nobody_can_not_be_answered(client, world):
    mention = world.post("ana", "acme brew is fine")

    assert refusal(client, "Thanks!", in_reply_to_tweet_id=mention.id) == NOT_SUMMONED


def test_people_can_be_left_out_of_the_front(client, world):
    mention = world.post("ana", "@acmebrew and @bo, hello")
    client.create_tweet(
        text="Hello!", in_reply_to_tweet_id=mention.id, exclude_reply_user_ids=[world.user("bo").id]
    )

    assert [reply.full_text for reply in world.replies_to(mention.id)] == ["@ana Hello!"]


def test_a_quote_of_the_brand_summons_it(client, world):
    ours = world.post("acmebrew", "We are open.")
    quote = world.post("ana", "finally", quotes=ours.id)

    assert client.create_tweet(text="Yes!", in_reply_to_tweet_id=quote.id).data["id"]


@pytest.mark.parametrize("words", ["thanks", "and what about @bo"])
def test_a_bare_reply_to_the_brand_summons_it_only_if_implicit_counts(client, world, words):
    ours = world.post("acmebrew", "We are open.")
    bare = world.post("ana", words, reply_to=ours.id)
    world.implicit_counts = False

    assert bare.summons(world.brand) == "implicit"
    assert refusal(client, "Welcome!", in_reply_to_tweet_id=bare.id) == NOT_SUMMONED
    world.implicit_counts = True
    assert client.create_tweet(text="Welcome!", in_reply_to_tweet_id=bare.id).data["id"]


def test_a_typed_handle_in_a_reply_is_explicit(client, world):
    ours = world.post("acmebrew", "We are open.")
    reply = world.post("ana", "@acmebrew when?", reply_to=ours.id)
    world.implicit_counts = False

    assert reply.full_text == "@acmebrew @acmebrew when?"
    assert reply.summons(world.brand) == "explicit"
    assert client.create_tweet(text="Now!", in_reply_to_tweet_id=reply.id).data["id"]


def test_the_brand_may_follow_up_on_itself(client, world):
    mention = world.post("ana", "@acmebrew open?")
    first = world.publish("Yes.", reply_to=mention.id)
    client.create_tweet(text="Until ten, in fact.", in_reply_to_tweet_id=first.id)

    assert [post.text for post in world.conversation(mention.id)][-1] == "Until ten, in fact."


def test_the_same_words_to_the_same_person_are_a_duplicate(client, world, clock):
    mention, again = world.post("ana", "@acmebrew open?"), world.post("ana", "@acmebrew hello?")
    other = world.post("bo", "@acmebrew open?")
    text = "Yes: https://example.com/hours"
    first = client.create_tweet(text=text, in_reply_to_tweet_id=mention.id)
    clock.pass_by(minutes=1)

    detail = "You are not allowed to create a Tweet with duplicate content."
    assert refusal(client, text, in_reply_to_tweet_id=mention.id) == detail
    assert refusal(client, text, in_reply_to_tweet_id=again.id) == detail
    assert client.create_tweet(text=text, in_reply_to_tweet_id=other.id).data["id"]
    client.delete_tweet(first.data["id"])
    assert client.create_tweet(text=text, in_reply_to_tweet_id=mention.id).data["id"]
    clock.pass_by(days=2)
    assert client.create_tweet(text=text, in_reply_to_tweet_id=mention.id).data["id"]


def test_what_is_deleted_or_hidden_can_not_be_answered(client, world):
    gone, shy = world.post("ana", "@acmebrew 1"), world.post("bo", "@acmebrew 2")
    world.delete(gone.id)
    world.change_user("bo", protected=True)

    for post in (gone, shy):
        detail = refusal(client, "Hello", in_reply_to_tweet_id=post.id)
        assert detail == "You attempted to reply to a Tweet that is deleted or not visible to you."


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("a" * 280, True),
        ("a" * 281, False),
        ("日" * 140, True),
        ("日" * 140 + "a", False),
        ("👩‍👩‍👧‍👦" * 140, True),
        ("https://example.com/" + "a" * 300 + " " + "a" * 256, True),
        ("https://example.com/" + "a" * 300 + " " + "a" * 257, False),
        ("e\u0301" * 280, True),
        (".a" * 20_000, False),
    ],
)
def test_length_is_weighted_and_handles_in_front_are_free(client, world, text, fits):
    mention = world.post("ana", "@acmebrew hi @bo")
    if fits:
        assert client.create_tweet(text=text, in_reply_to_tweet_id=mention.id).data["id"]
    else:
        detail = refusal(client, text, in_reply_to_tweet_id=mention.id)
        assert detail.startswith("Your Tweet text is too long")


def test_one_cashtag_is_the_limit(client, world):
    client.create_tweet(text="we drink $BREW")

    assert "cashtag" in refusal(client, "we drink $BREW and $HOPS")


def test_quoting_is_for_enterprise(client, world):
    post = world.post("ana", "@acmebrew hi")

    assert refusal(client, "Look", quote_tweet_id=post.id).startswith("Quoting this post is not allowed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": " "},
        {"text": "lone \ud83d"},
        {"text": "hi", "mood": "good"},
        {"text": "hi", "reply": {"in_reply_to_tweet_id": 7}},
        {"text": "hi", "reply": {"in_reply_to_tweet_id": "7", "exclude_reply_user_ids": 7}},
        {"text": "hi", "reply_settings": "nobody"},
        {"text": "hi", "reply_settings": ["verified"]},
        ["hi"],
    ],
)
def test_a_wrong_body_is_a_bad_request(ask, world, body):
    answer = ask("POST", "/2/tweets", json=body)

    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid Request"
    assert len(world.posts) == 0


def test_only_own_posts_can_be_deleted(ask, client, world):
    theirs, ours = world.post("ana", "@acmebrew hi"), world.post("acmebrew", "hi")

    assert ask("DELETE", f"/2/tweets/{theirs.id}").status_code == 403
    assert client.delete_tweet(ours.id).data == {"deleted": True}
    assert set(world.posts) == {theirs.id}


def test_of_twenty_equal_replies_at_once_one_gets_through(x, world):
    mention = world.post("ana", "@acmebrew hi")
    ready, statuses = threading.Barrier(20), []

    def reply():
        ready.wait()
        body = {"text": "Hello", "reply": {"in_reply_to_tweet_id": mention.id}}
        headers = {"Authorization": "Bearer token"}
        answer = requests.post(f"{x.url}/2/tweets", json=body, headers=headers, timeout=120)
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=reply) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201] + [403] * 19
    assert len(world.replies_to(mention.id)) == 1


def test_the_bill_follows_the_price_list(client, world, clock):
    mention = world.post("ana", "@acmebrew hi")
    brand = world.brand.id
    for _ in range(3):
        client.get_users_mentions(brand, user_auth=True)
    client.get_users_mentions(brand, user_auth=True, since_id=mention.id)
    client.get_me()
    assert world.cost == pytest.approx(0.001)
    client.get_users(ids=[world.user("ana").id], user_auth=True)
    assert world.cost == pytest.approx(0.011)
    client.create_tweet(text="Hello https://example.com", in_reply_to_tweet_id=mention.id)
    assert world.cost == pytest.approx(0.021)
    client.create_tweet(text="news")
    client.create_tweet(text="news https://example.com")
    assert world.cost == pytest.approx(0.236)
    clock.pass_by(hours=12)  # another UTC day
    client.get_users_mentions(brand, user_auth=True)
    assert world.cost == pytest.approx(0.237)
    client.get_users_mentions(
        brand, user_auth=True, expansions=["author_id"], start_time=clock.now - timedelta(days=3)
    )
    assert world.cost == pytest.approx(0.247)


def test_a_delete_is_billed_once_a_day_also_of_what_is_gone(client, world, clock):
    made = client.create_tweet(text="news")
    before = world.cost
    for _ in range(2):
        client.delete_tweet(made.data["id"])
    assert world.cost == pytest.approx(before + 0.005)
    clock.pass_by(hours=24)
    client.delete_tweet(made.data["id"])
    assert world.cost == pytest.approx(before + 0.010)
