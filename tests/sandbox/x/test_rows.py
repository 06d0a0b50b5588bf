"""How a post and its people look on the wire."""

from datetime import UTC, datetime

import pytest

ALL = "created_at,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,entities,lang,note_tweet"


@pytest.fixture
def row(ask):
    def row(post, **query):
        return ask("GET", f"/2/tweets/{post.id}", **query).json()["data"]

    return row


def test_without_fields_a_post_is_three_things(row, world):
    post = world.post("ana", "hello")

    assert row(post) == {"id": post.id, "text": "hello", "edit_history_tweet_ids": [post.id]}


def test_a_reply_says_what_it_answers(row, world):
    root = world.post("acmebrew", "We are open.", at=datetime(2026, 11, 20, 9, 5, 7, 42_000, tzinfo=UTC))
    reply = world.post("ana", "thanks", reply_to=root.id)

    assert row(root, tweet__fields=ALL) == {
        "id": root.id,
        "text": "We are open.",
        "edit_history_tweet_ids": [root.id],
        "created_at": "2026-11-20T09:05:07.042Z",
        "author_id": world.brand.id,
        "conversation_id": root.id,
        "lang": "en",
    }
    told = row(reply, tweet__fields=ALL + ",display_text_range,public_metrics")
    assert told["text"] == "@acmebrew thanks"
    assert told["display_text_range"] == [10, 16]
    assert told["in_reply_to_user_id"] == world.brand.id
    assert told["referenced_tweets"] == [{"type": "replied_to", "id": root.id}]
    assert told["conversation_id"] == root.id
    assert row(root, tweet__fields="public_metrics")["public_metrics"]["reply_count"] == 1


def test_a_reply_names_everybody_of_its_parent_in_front(world):
    root = world.post("ana", "@acmebrew @bo hello")
    reply = world.post("bo", "hi both", reply_to=root.id)

    assert reply.full_text == "@ana @acmebrew hi both"
    assert world.publish("Hello!", reply_to=root.id).full_text == "@ana @bo Hello!"


def test_text_is_escaped_and_entities_count_the_escaped_text(row, world):
    post = world.post("ana", "<b>R&D</b> 🍺 @acmebrew")
    told = row(post, tweet__fields="entities")
    [mention] = told["entities"]["mentions"]

    assert told["text"] == "&lt;b&gt;R&amp;D&lt;/b&gt; 🍺 @acmebrew"
    assert told["text"][mention["start"] : mention["end"]] == "@acmebrew"
    assert (mention["username"], mention["id"]) == ("acmebrew", world.brand.id)


def test_links_leave_as_tco(row, world):
    post = world.post("ana", "see https://example.com/a?b=1&c=2, or example.org #brew $HOPS")
    told = row(post, tweet__fields="entities")
    first, second = told["entities"]["urls"]

    assert told["text"] == f"see {first['url']}, or {second['url']} #brew $HOPS"
    assert len(first["url"]) == 23
    assert first["url"].startswith("https://t.co/")
    assert first["expanded_url"] == "https://example.com/a?b=1&c=2"
    assert second["expanded_url"] == "http://example.org"
    assert told["entities"]["hashtags"][0]["tag"] == "brew"
    assert told["entities"]["cashtags"][0]["tag"] == "HOPS"


def test_a_quote_ends_in_a_link_to_what_it_quotes(row, world):
    ours = world.post("acmebrew", "We are open.")
    told = row(world.post("ana", "at last", quotes=ours.id), tweet__fields="entities,referenced_tweets")
    [link] = told["entities"]["urls"]

    assert told["text"] == f"at last {link['url']}"
    assert link["expanded_url"] == f"https://x.com/acmebrew/status/{ours.id}"
    assert told["referenced_tweets"] == [{"type": "quoted", "id": ours.id}]


def test_a_repost_repeats_the_words(row, world):
    post = world.post("ana", "@acmebrew & friends https://example.com")
    repost = world.repost("bo", post.id)
    told = row(repost, tweet__fields="referenced_tweets")

    assert told["text"].startswith("RT @ana: @acmebrew &amp; friends https://t.co/")
    assert told["referenced_tweets"] == [{"type": "retweeted", "id": post.id}]


def test_a_long_text_is_cut_and_its_note_is_whole(row, world):
    post = world.post("ana", "a" * 300 + " @acmebrew <3")
    told = row(post, tweet__fields="note_tweet,entities")

    assert told["text"] == "a" * 278 + "…"
    assert "entities" not in told
    assert told["note_tweet"]["text"] == "a" * 300 + " @acmebrew &lt;3"
    assert told["note_tweet"]["entities"]["mentions"][0]["start"] == 301


def test_a_very_long_text_is_still_a_post(row, world):
    post = world.post("ana", "@acmebrew " + "a." * 12_500)

    assert len(row(post, tweet__fields="note_tweet")["note_tweet"]["text"]) == 25_010


@pytest.mark.parametrize("text", ["", "\ud83d", "\u202eabc\u200b", "<!channel>"])
def test_anything_can_be_said(row, world, text):
    told = row(world.post("ana", text), tweet__fields=ALL)

    assert told["text"] == text.replace("<", "&lt;").replace(">", "&gt;")


def test_expansions_bring_people_posts_and_pictures(ask, world):
    gone, root = world.post("bo", "gone"), world.post("acmebrew", "We are open.")
    post = world.post("ana", "thanks", reply_to=root.id, quotes=gone.id, media=["https://example.com/1.jpg"])
    world.delete(gone.id)
    wanted = "author_id,referenced_tweets.id,referenced_tweets.id.author_id,attachments.media_keys"
    answer = ask(
        "GET", f"/2/tweets/{post.id}", expansions=wanted, user__fields="verified", media__fields="url"
    ).json()

    assert answer["data"]["author_id"] == world.user("ana").id
    assert [user["username"] for user in answer["includes"]["users"]] == ["ana", "acmebrew"]
    assert answer["includes"]["users"][0]["verified"] is False
    assert [each["id"] for each in answer["includes"]["tweets"]] == [root.id]
    assert answer["includes"]["media"][0]["url"] == "https://example.com/1.jpg"
    assert answer["includes"]["media"][0]["media_key"] == answer["data"]["attachments"]["media_keys"][0]
    assert [error["value"] for error in answer["errors"]] == [gone.id]


def test_given_entities_go_out_as_they_are(row, world):
    post = world.post("ana", "hi", entities={"mentions": "none"})

    assert row(post, tweet__fields="entities")["entities"] == {"mentions": "none"}


def test_the_new_vocabulary_renames_what_comes_out(ask, world):
    world.faults.vocabulary = "post"
    root = world.post("acmebrew", "open")
    post = world.post("ana", "a" * 300, reply_to=root.id)
    for query in (
        {"tweet__fields": "note_tweet", "expansions": "referenced_tweets.id"},
        {"post__fields": "note_post", "expansions": "referenced_posts.id"},
    ):
        answer = ask("GET", f"/2/tweets/{post.id}", **query).json()

        assert set(answer["data"]) == {"id", "text", "edit_history_post_ids", "note_post", "referenced_posts"}
        assert set(answer["includes"]) == {"posts"}
    assert set(ask("POST", "/2/tweets", json={"text": "hi"}).json()["data"]) == {
        "id",
        "text",
        "edit_history_post_ids",
    }


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"tweet__fields": "author_id"}, "tweet.fields"),
        ({"post__fields": "referenced_tweets"}, "post.fields"),
        ({"expansions": "referenced_tweets.id"}, "expansions"),
    ],
)
def test_when_the_old_vocabulary_is_dead_its_names_are_refused(ask, world, query, wrong):
    world.faults.vocabulary = "post-only"
    post = world.post("ana", "hi")
    answer = ask("GET", f"/2/tweets/{post.id}", **query)

    assert answer.status_code == 400
    assert wrong in answer.json()["errors"][0]["message"]
    assert ask("GET", f"/2/tweets/{post.id}", post__fields="author_id").json()["data"]["author_id"]
