"""Search: its language, and its window of a week."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.x.state.ids import snowflake


@pytest.fixture
def find(client, world):
    def find(query, **params):
        found = client.search_recent_tweets(query, user_auth=True, **params)
        return [world.posts[str(post.id)].text for post in found.data or []]

    return find


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("acme", ["Acme brew is great", "I hate acme-beer"]),
        ("acme brew", ["Acme brew is great"]),
        ('"brew is"', ["Acme brew is great"]),
        ('"acme is"', []),
        ("acme -great", ["I hate acme-beer"]),
        ("@acmebrew", ["@acmebrew hello"]),
        ("acmebrew", []),
        ("from:bo", ["I hate acme-beer"]),
        ("acme -from:@BO", ["Acme brew is great"]),
        ("(hello OR hate) -is:retweet", ["I hate acme-beer", "@acmebrew hello"]),
        ("hello OR beer great", ["@acmebrew hello"]),
        ("#brew", ["nice #brew"]),
        ("-acme -hello lang:en", ["nice #brew"]),
    ],
)
def test_a_query_means_what_it_means_on_x(find, world, query, matches):
    world.post("ana", "@acmebrew hello")
    world.post("ana", "Acme brew is great")
    world.post("bo", "I hate acme-beer")
    world.post("ana", "nice #brew")
    world.repost("bo", world.post("ana", "filler").id)
    world.delete(world.post("ana", "acme brew, deleted").id)

    assert sorted(post for post in find(query) if post != "filler") == sorted(matches)


@pytest.mark.parametrize("query", ["", "(acme", "acme)", 'a "b', "meaning:life", "OR acme", "a" * 513])
def test_a_query_that_x_would_not_run(ask, query):
    answer = ask("GET", "/2/tweets/search/recent", query=query)

    assert answer.status_code == 400
    assert "query" in answer.json()["errors"][0]["parameters"]


def test_search_reaches_back_seven_days(find, world, clock):
    world.post("ana", "acme old", at=clock.now - timedelta(days=7, seconds=1))
    world.post("ana", "acme new", at=clock.now - timedelta(days=6))

    assert find("acme") == ["acme new"]


def test_a_stale_since_id_is_told_which_one_to_use(ask, find, world, clock):
    world.post("ana", "acme new")
    stale = snowflake(clock.now - timedelta(days=8))
    message = ask("GET", "/2/tweets/search/recent", query="acme", since_id=stale).json()["errors"][0][
        "message"
    ]
    start, _, suggested = message.rpartition(" ")

    assert start == (
        "'since_id' must be a tweet id created after 2026-11-13T12:01Z. "
        "Please use a 'since_id' that is larger than"
    )
    clock.pass_by(seconds=50)
    assert find("acme", since_id=int(suggested)) == ["acme new"]


def test_since_id_and_start_time_do_not_go_together(ask, world, clock):
    since = snowflake(clock.now - timedelta(days=1))
    answer = ask(
        "GET", "/2/tweets/search/recent", query="acme", since_id=since, start_time="2026-11-19T12:00:00Z"
    )

    assert answer.status_code == 400
    assert ask("GET", "/2/tweets/search/recent", query="acme", max_results=5).status_code == 400


def test_search_pages_like_the_rest(ask, world):
    said = [world.post("ana", f"acme {number}").id for number in range(25)]
    seen, token = [], {}
    while token is not None:
        page = ask("GET", "/2/tweets/search/recent", query="acme", max_results=10, **token).json()
        seen += [row["id"] for row in page["data"]]
        token = {"next_token": page["meta"]["next_token"]} if "next_token" in page["meta"] else None

    assert seen == said[::-1]


def test_counts_end_although_the_clock_goes_on(world, ask):
    now = datetime.now(UTC)
    world.post("ana", "fern one", at=now - timedelta(hours=3))
    world.post("ana", "fern two", at=now - timedelta(minutes=3))
    ticks = itertools.count()
    world.clock = lambda: now + timedelta(milliseconds=next(ticks))
    since = (now - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    cost = world.cost
    answer = ask("GET", "/2/tweets/counts/recent", query="fern", start_time=since).json()

    assert answer["meta"]["total_tweet_count"] == 2
    assert sum(row["tweet_count"] for row in answer["data"]) == 2
    assert len(answer["data"]) in {5, 6}
    assert world.cost - cost == pytest.approx(0.005)
