"""Timelines and look-ups, as tweepy reads them."""

from datetime import timedelta

import pytest
import requests
import tweepy


def mentions(client, world, **params):
    return client.get_users_mentions(world.brand.id, user_auth=True, **params)


def ids(response):
    return [str(post.id) for post in response.data or []]


def test_the_brand_is_the_account_behind_every_key(client, world):
    assert client.get_me().data.username == "acmebrew"
    assert client.get_me().data.id == int(world.brand.id)


def test_mentions_come_newest_first(client, world):
    first = world.post("ana", "@acmebrew one")
    second = world.post("bo", "hello @AcmeBrew two")
    world.post("bo", "not about you, @acmebrewery")

    assert ids(mentions(client, world)) == [second.id, first.id]


def test_nothing_new_is_a_page_without_data(ask, world):
    answer = ask("GET", f"/2/users/{world.brand.id}/mentions")

    assert answer.json() == {"meta": {"result_count": 0}}


def test_pages_lose_nothing_while_new_posts_arrive(client, world):
    said = [world.post("ana", f"@acmebrew {number}").id for number in range(23)]
    seen, token = [], None
    while True:
        page = mentions(client, world, max_results=5, pagination_token=token)
        seen += ids(page)
        world.post("bo", "@acmebrew me too!")
        if not (token := page.meta.get("next_token")):
            break

    assert seen == said[::-1]


def test_tweepys_paginator_reads_to_the_end(client, world):
    for number in range(12):
        world.post("ana", f"@acmebrew {number}")
    pages = tweepy.Paginator(client.get_users_mentions, world.brand.id, max_results=5, user_auth=True)

    assert [page.meta["result_count"] for page in pages] == [5, 5, 2]


def test_since_and_until_leave_their_own_post_out(client, world):
    one, two, three = (world.post("ana", f"@acmebrew {n}").id for n in range(3))

    assert ids(mentions(client, world, since_id=one)) == [three, two]
    assert ids(mentions(client, world, until_id=three)) == [two, one]


def test_times_bound_a_timeline(client, world, clock):
    early, late = clock.now - timedelta(hours=2), clock.now - timedelta(hours=1)
    world.post("ana", "@acmebrew early", at=early)
    kept = world.post("ana", "@acmebrew late", at=late)

    assert ids(mentions(client, world, start_time=late)) == [kept.id]
    assert kept.id not in ids(mentions(client, world, end_time=late))


def test_beyond_800_mentions_there_is_an_empty_page(client, world):
    posts = [world.post("ana", f"@acmebrew {number}") for number in range(803)]
    pages = tweepy.Paginator(client.get_users_mentions, world.brand.id, max_results=100, user_auth=True)
    seen = [post for page in pages for post in ids(page)]

    assert seen == [post.id for post in posts[:2:-1]]
    assert mentions(client, world, until_id=posts[3].id).meta == {"result_count": 0}


def test_a_late_indexed_mention_appears_below_newer_ones(client, world, clock):
    late = world.post("ana", "@acmebrew late", visible_after=30)
    newer = world.post("bo", "@acmebrew newer")
    before = ids(mentions(client, world))
    clock.pass_by(seconds=31)

    assert before == [newer.id]
    assert ids(mentions(client, world)) == [newer.id, late.id]
    assert client.get_tweet(late.id).data.text == "@acmebrew late"


def test_protected_and_suspended_people_are_not_heard(client, world):
    world.add_user("shy", "Shy", protected=True)
    world.post("shy", "@acmebrew psst")
    world.post("bo", "@acmebrew buy followers")
    world.change_user("bo", suspended=True)

    assert ids(mentions(client, world)) == []


def test_an_edited_post_shows_its_last_version_once(client, world):
    first = world.post("ana", "@acmebrew helo")
    second = world.edit(first.id, "@acmebrew hello")
    page = mentions(client, world)

    assert ids(page) == [second.id]
    assert [str(each) for each in page.data[0].edit_history_tweet_ids] == [first.id, second.id]
    assert client.get_tweet(first.id).data.text == "@acmebrew helo"


def test_the_own_timeline_can_leave_out_replies_and_reposts(client, world):
    mention = world.post("ana", "@acmebrew hi")
    said = world.post("acmebrew", "We are open.")
    reply = world.publish("Hello!", reply_to=mention.id)
    repost = world.repost("acmebrew", mention.id)

    def own(**params):
        return ids(client.get_users_tweets(world.brand.id, user_auth=True, **params))

    assert own() == [repost.id, reply.id, said.id]
    assert own(exclude=["replies", "retweets"]) == [said.id]


def test_what_is_gone_is_an_errors_row_beside_the_rest(client, world):
    world.add_user("shy", "Shy", protected=True)
    good = world.post("ana", "good")
    gone, shy, bad = world.post("ana", "gone"), world.post("shy", "psst"), world.post("bo", "spam")
    world.delete(gone.id)
    world.change_user("bo", suspended=True)
    answer = client.get_tweets([good.id, gone.id, shy.id, bad.id], user_auth=True)

    assert ids(answer) == [good.id]
    assert [(error["value"], error["type"].rpartition("/")[2]) for error in answer.errors] == [
        (gone.id, "resource-not-found"),
        (shy.id, "not-authorized-for-resource"),
        (bad.id, "resource-not-found"),
    ]
    assert client.get_tweet(gone.id, user_auth=True).data is None


def test_people_are_looked_up_together(client, world):
    ana = world.user("ana")
    world.change_user("bo", suspended=True)
    answer = client.get_users(
        ids=[ana.id, world.user("bo").id, "7"], user_fields=["public_metrics"], user_auth=True
    )

    assert [user.public_metrics["followers_count"] for user in answer.data] == [120]
    assert [error["detail"] for error in answer.errors] == [
        f"User has been suspended: [{world.user('bo').id}].",
        "Could not find user with ids: [7].",
    ]
    assert client.get_user(username="ANA", user_auth=True).data.id == int(ana.id)
    assert client.get_user(username="nobody", user_auth=True).errors


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"max_results": "4"}, "max_results"),
        ({"max_results": "101"}, "max_results"),
        ({"since_id": "yesterday"}, "since_id"),
        ({"start_time": "2026-11-20"}, "start_time"),
        ({"pagination_token": "abc"}, "pagination_token"),
        ({"tweet__fields": "text,mood"}, "tweet.fields"),
        ({"tweet_fields": "text"}, "tweet_fields"),
        ({"expansions": "author"}, "expansions"),
    ],
)
def test_a_wrong_parameter_is_named(ask, world, query, parameter):
    answer = ask("GET", f"/2/users/{world.brand.id}/mentions", **query)

    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid Request"
    assert answer.json()["type"] == "https://api.twitter.com/2/problems/invalid-request"
    assert list(answer.json()["errors"][0]["parameters"]) == [parameter]


def test_more_than_a_hundred_ids_are_refused(ask):
    assert ask("GET", "/2/tweets", ids=",".join(map(str, range(1, 102)))).status_code == 400
    assert ask("GET", "/2/users").status_code == 400


def test_without_credentials_there_is_no_answer(x):
    answer = requests.get(f"{x.url}/2/users/me", timeout=120)

    assert answer.status_code == 401
    assert answer.json()["title"] == "Unauthorized"


def test_an_unknown_path_is_not_found(ask):
    assert ask("GET", "/1.1/statuses/mentions_timeline.json").status_code == 404
    assert ask("PUT", "/2/tweets").status_code == 404


def test_a_damaged_row_stays_in_its_page(ask, world):
    surrogate, blank, short = (world.post("ana", f"@acmebrew {n}").id for n in range(3))
    good = world.post("ana", "@acmebrew good").id
    world.corrupt(surrogate, lambda row: row | {"text": "@acmebrew \ud83d"})
    world.corrupt(blank, lambda row: row | {"edit_history_tweet_ids": [""]})
    world.corrupt(short, {"id": short})
    rows = ask("GET", f"/2/users/{world.brand.id}/mentions").json()["data"]

    assert [row["id"] for row in rows] == [good, short, blank, surrogate]
    assert rows[1] == {"id": short}
    assert rows[2]["edit_history_tweet_ids"] == [""]
    assert rows[3]["text"] == "@acmebrew \ud83d"
