"""Each fault does what its name says, as a client meets it."""

import threading
import time
from email.utils import parsedate_to_datetime

import pytest
import requests
import tweepy


@pytest.fixture
def mention(world):
    return world.post("ana", "@acmebrew hi")


@pytest.fixture
def send(client, mention):
    return lambda: client.create_tweet(text="Hello", in_reply_to_tweet_id=mention.id)


def test_down_refuses_connections_until_it_is_cleared(client, send, world, mention):
    client.get_me()
    world.faults.add("*", "down")
    with pytest.raises(requests.ConnectionError) as caught:
        send()
    world.faults.clear()

    assert "refused" in str(caught.value)
    assert world.replies_to(mention.id) == []
    assert send().data["id"]


def test_down_at_one_endpoint_hangs_up(client, send, world, mention):
    world.faults.add("POST /2/tweets", "down", times=1)
    with pytest.raises(requests.ConnectionError) as caught:
        send()

    assert "refused" not in str(caught.value)
    assert world.replies_to(mention.id) == []
    assert client.get_me().data


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("answer_lost_before", (0, None, "closed connection without response")),
        ("answer_lost_after", (1, None, "closed connection without response")),
        ("reset_before", (0, None, "reset by peer")),
        ("reset", (1, None, "reset by peer")),
        ("truncated", (1, 201, "IncompleteRead")),
    ],
)
def test_a_cut_connection_is_seen_as_one(send, world, mention, kind, told):
    said, status, words = told
    world.faults.add("POST /2/tweets", kind, times=1)
    with pytest.raises(requests.RequestException) as caught:
        send()

    assert words in str(caught.value)
    assert len(world.replies_to(mention.id)) == said
    assert world.requests[-1].status == status


@pytest.mark.parametrize(("kind", "said"), [("server_error_before", 0), ("server_error_after", 1)])
def test_a_server_error_is_a_page_of_html(ask, world, mention, kind, said):
    world.faults.add("POST /2/tweets", kind, times=1)
    body = {"text": "Hello", "reply": {"in_reply_to_tweet_id": mention.id}}
    answer = ask("POST", "/2/tweets", json=body)

    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text
    assert len(world.replies_to(mention.id)) == said


def test_a_garbled_answer_is_no_json_although_it_is_whole(ask, world, mention):
    world.faults.add("POST /2/tweets", "garbled")
    answer = ask("POST", "/2/tweets", json={"text": "Hello"})

    assert answer.status_code == 201
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(
    ("kind", "shown"), [("shuffled", [1, 3, 5, 2, 4]), ("repeated", [5, 5, 4, 4, 3, 3, 2, 2, 1, 1])]
)
def test_a_page_comes_in_another_order_or_twice(ask, world, kind, shown):
    maria = world.add_user("maria", "Maria")
    for number in range(1, 6):
        world.post(maria.handle, f"@acmebrew {number}")
    world.faults.add("GET /2/users/:id/mentions", kind, times=1)
    address = f"/2/users/{world.brand.id}/mentions"
    untidy, tidy = ask("GET", address).json(), ask("GET", address).json()

    assert [int(row["text"].split()[1]) for row in untidy["data"]] == shown
    assert [int(row["text"].split()[1]) for row in tidy["data"]] == [5, 4, 3, 2, 1]
    assert untidy["meta"] == tidy["meta"]


@pytest.mark.parametrize(("kind", "errors"), [("lagging_replica", ["Not Found Error"]), ("left_out", [])])
def test_a_post_that_is_there_may_not_be_shown_once(client, world, mention, kind, errors):
    world.faults.add("GET /2/tweets", kind, times=1)

    hidden, shown = (client.get_tweets([mention.id], user_auth=True) for _ in range(2))

    assert (hidden.data, [error["title"] for error in hidden.errors]) == (None, errors)
    assert [str(post.id) for post in shown.data] == [mention.id]


def test_a_rate_limit_tells_when_it_ends(client, send, world, clock, mention):
    world.faults.add("POST *", "rate_limited", times=1, seconds=90)
    with pytest.raises(tweepy.TooManyRequests) as caught:
        send()

    assert caught.value.reset_time == int(clock.now.timestamp()) + 90
    assert caught.value.response.headers["x-rate-limit-remaining"] == "0"
    assert world.replies_to(mention.id) == []
    assert send().data["id"]


@pytest.mark.parametrize(
    ("kind", "status", "title"),
    [
        ("unauthorized", 401, "Unauthorized"),
        ("credits", 402, "CreditsDepleted"),
        ("forbidden_blanket", 403, "Forbidden"),
        ("usage_capped", 429, "UsageCapExceeded"),
        ("usage_capped_403", 403, "UsageCapExceeded"),
    ],
)
def test_a_refusal_of_the_whole_app(send, world, mention, kind, status, title):  # noqa: PLR0917 - a table
    world.faults.add("*", kind)
    with pytest.raises(tweepy.HTTPException) as caught:
        send()

    assert (caught.value.response.status_code, caught.value.response.json()["title"]) == (status, title)
    assert world.replies_to(mention.id) == []


@pytest.mark.parametrize(("kind", "keys"), [("errors_alone", ["errors"]), ("hollow", [])])
def test_a_read_that_claims_success_may_hold_nothing(ask, world, mention, kind, keys):
    world.faults.add("GET *", kind)

    answer = ask("GET", f"/2/users/{world.brand.id}/mentions")

    assert (answer.status_code, list(answer.json())) == (200, keys)


def test_its_clock_stands_in_the_head_of_every_answer(ask, world, clock):
    answer = ask("GET", "/2/users/me")

    assert parsedate_to_datetime(answer.headers["Date"]) == clock.now


def wait_until(true):
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def test_a_slow_answer_comes_after_its_effect(x, world, mention):
    world.faults.add("POST /2/tweets", "slow", seconds=300)
    body = {"text": "Hello", "reply": {"in_reply_to_tweet_id": mention.id}}
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{x.url}/2/tweets", json=body, headers={"Authorization": "Bearer t"}, timeout=0.2)

    assert len(world.replies_to(mention.id)) == 1


def test_an_effect_may_come_when_the_client_is_gone(x, world, mention):
    slow = world.faults.add("POST /2/tweets", "slow_before", times=1, seconds=300)
    body = {"text": "Hello", "reply": {"in_reply_to_tweet_id": mention.id}}
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{x.url}/2/tweets", json=body, headers={"Authorization": "Bearer t"}, timeout=0.2)

    assert world.replies_to(mention.id) == []
    slow.release()
    wait_until(lambda: world.replies_to(mention.id))


def test_slowness_passes_by_itself_or_when_it_is_cleared(client, world):
    world.faults.add("GET /2/users/me", "slow", times=1, seconds=0.05)
    assert client.get_me().data
    world.faults.add("GET /2/users/me", "slow", times=1, seconds=300)
    clearing = threading.Thread(
        target=lambda: (wait_until(lambda: not world.faults.active), world.faults.clear())
    )
    clearing.start()
    assert client.get_me().data
    clearing.join()


def test_stopping_does_not_wait_for_the_slow(x, world):
    world.faults.add("*", "slow", times=1, seconds=300)
    failures = []

    def ask():
        try:
            requests.get(f"{x.url}/2/users/me", headers={"Authorization": "Bearer t"}, timeout=120)
        except requests.ConnectionError as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: not world.faults.active)
    x.stop()
    thread.join(timeout=120)

    assert not thread.is_alive()
    assert len(failures) == 1


def test_late_indexing_hides_what_is_new_from_mentions_and_search_only(client, world, clock, mention):
    world.faults.add("*", "late_index", seconds=20)

    def seen():
        found = client.get_users_mentions(world.brand.id, user_auth=True).data or []
        searched = client.search_recent_tweets("hi", user_auth=True).data or []
        return [len(found), len(searched)]

    assert seen() == [0, 0]
    assert client.get_tweet(mention.id, user_auth=True).data
    clock.pass_by(seconds=21)
    assert seen() == [1, 1]


def test_stale_reads_hide_what_the_brand_just_said(client, world, clock, mention):
    world.faults.add("GET /2/users/:id/tweets", "stale_reads", seconds=20)
    reply = world.publish("Hello", reply_to=mention.id)

    def own():
        return [str(post.id) for post in client.get_users_tweets(world.brand.id, user_auth=True).data or []]

    assert own() == []
    clock.pass_by(seconds=21)
    assert own() == [reply.id]


def test_faults_add_up_and_are_used_up(client, world, mention):
    world.faults.add("GET /2/users/me", "server_error_after", times=2)
    world.faults.add("GET *", "unauthorized", times=1)
    for error in (tweepy.Unauthorized, tweepy.TwitterServerError):
        with pytest.raises(error):
            client.get_me()

    assert client.get_me().data
    assert world.faults.active == ()


def test_clearing_can_be_particular(world):
    kept = world.faults.add("POST /2/tweets", "reset")
    world.faults.add("POST /2/tweets", "credits")
    world.faults.add("GET *", "reset")
    world.faults.clear(kind="credits")
    world.faults.clear("GET *")

    assert world.faults.active == (kept,)


@pytest.mark.parametrize(("endpoint", "kind"), [("POST /2/tweet", "reset"), ("*", "meteor")])
def test_a_misspelt_fault_is_refused(world, endpoint, kind):
    with pytest.raises(ValueError, match="no "):
        world.faults.add(endpoint, kind)


def test_windows_are_counted_and_told(client, ask, world, clock):
    world.limits.set("GET /2/users/me", 2)
    remaining = [ask("GET", "/2/users/me").headers["x-rate-limit-remaining"] for _ in range(2)]
    with pytest.raises(tweepy.TooManyRequests) as caught:
        client.get_me()

    assert remaining == ["1", "0"]
    assert caught.value.reset_time > clock.now.timestamp()
    clock.pass_by(minutes=15, seconds=1)
    assert client.get_me().data
    assert ask("GET", "/2/tweets", ids="1").headers["x-rate-limit-limit"] == "500000"
    world.limits.factor = 1
    assert ask("GET", "/2/tweets", ids="1").headers["x-rate-limit-limit"] == "5000"
