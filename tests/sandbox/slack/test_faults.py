"""Faults and limits, as the real client feels them."""

import threading
import time
from http.client import RemoteDisconnected

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from sandbox.slack import SlackServer

CUT = (ConnectionResetError, RemoteDisconnected)


def post(client, text="x"):
    return client.chat_postMessage(channel="C0MENTIONS", text=text)


@pytest.fixture
def messages(slack):
    return slack.world.channel("mentions").messages


def test_an_answer_lost_after_the_effect(slack, client, messages):
    slack.world.faults.lost_after("chat.postMessage")

    with pytest.raises(CUT):
        post(client)
    assert len(messages) == 1
    post(client)
    assert [call.status for call in slack.world.calls] == [0, 200]


def test_a_call_lost_before_the_effect(slack, client, messages):
    slack.world.faults.lost_before("chat.postMessage")

    with pytest.raises(CUT):
        post(client)
    assert messages == []


def test_the_sdks_own_retry_posts_a_lost_message_twice(slack, messages):
    slack.world.faults.lost_after("chat.postMessage")

    post(WebClient(token="xoxb-test", base_url=slack.url))
    assert len(messages) == 2


def test_an_error_by_name(slack, client, messages):
    slack.world.faults.error("chat.postMessage", "fatal_error", times=2)

    for _ in range(2):
        with pytest.raises(SlackApiError, match="fatal_error"):
            post(client)
    assert post(client)["ok"]
    assert len(messages) == 1


@pytest.mark.parametrize(("after", "left"), [(False, 0), (True, 1)])
def test_a_500_before_or_after_the_effect(slack, client, messages, after, left):
    slack.world.faults.http_500("chat.postMessage", after=after)

    with pytest.raises(SlackApiError) as refused:
        post(client)
    assert refused.value.response.status_code == 500
    assert len(messages) == left


def test_a_429_with_retry_after(slack, client):
    slack.world.faults.rate_limited("chat.postMessage", retry_after=7)

    with pytest.raises(SlackApiError) as refused:
        post(client)
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"


def test_the_sdks_rate_limit_handler_waits_as_told(slack, messages):
    client = WebClient(token="xoxb-test", base_url=slack.url, retry_handlers=[RateLimitErrorRetryHandler()])
    slack.world.faults.rate_limited("chat.postMessage", retry_after=0)

    post(client)
    assert len(messages) == 1


def test_slowness_is_felt_as_a_timeout_after_the_effect(slack, messages):
    slack.world.faults.slow("chat.postMessage", seconds=60)
    client = WebClient(token="xoxb-test", base_url=slack.url, retry_handlers=[], timeout=1)

    with pytest.raises(TimeoutError):
        post(client)
    assert len(messages) == 1


def test_a_slow_call_does_not_hold_up_the_server():
    with SlackServer() as slack:
        slack.world.faults.slow("api.test", seconds=3600)
        client = WebClient(base_url=slack.url, retry_handlers=[])
        answered = []
        waiting = threading.Thread(target=lambda: answered.append(client.api_test()))
        waiting.start()
        slack.world.until(lambda: slack.world.calls)
    waiting.join()

    assert answered[0]["ok"]


def test_down_is_down_until_it_is_up(slack, client, messages):
    slack.world.faults.down()

    for _ in range(2):
        with pytest.raises(CUT):
            post(client)
    slack.world.faults.up()
    post(client)
    assert len(messages) == 1


def test_faults_are_cleared(slack, client):
    slack.world.faults.error("chat.postMessage", "fatal_error", times=None)
    slack.world.faults.drop(5)
    slack.world.faults.clear()

    assert post(client)["ok"]
    assert slack.world.faults.take_delivery("drop") is False


def test_a_response_url_can_fail_too(slack, bot, ana):
    slack.world.faults.lost_after("response_url")
    failures = []

    @bot.command("/mentions")
    def answer(ack, respond):
        ack()
        try:
            respond("hello")
        except CUT as cut:
            failures.append(cut)

    outcome = ana.command("/mentions")
    slack.world.until(lambda: outcome.answers)
    slack.world.until(lambda: slack.world.calls[-1].done)
    assert slack.world.calls[-1].status == 0


def test_limits_are_off_until_enforced(slack, client, messages):
    for _ in range(10):
        post(client)

    assert len(messages) == 10


def test_a_channel_takes_a_burst_and_then_one_a_second(slack, client):
    now = time.time()
    slack.world.clock = lambda: now
    slack.world.limits.enforce = True
    slack.world.limits.burst = 2
    slack.world.add_channel("C1", "elsewhere")

    post(client)
    post(client)
    with pytest.raises(SlackApiError) as refused:
        post(client)
    assert refused.value.response["error"] == "ratelimited"
    assert refused.value.response.headers["Retry-After"] == "1"
    client.chat_postMessage(channel="C1", text="another channel has its own pace")

    slack.world.clock = lambda: now + 1
    post(client)


def test_updates_are_counted_for_the_whole_workspace(slack, client, card):
    here, there = card(), card()
    now = time.time()
    slack.world.clock = lambda: now
    slack.world.limits.enforce = True
    slack.world.limits.updates_per_minute = 2

    for message in (here, there):
        client.chat_update(channel="C0MENTIONS", ts=message.ts, text="x")
    with pytest.raises(SlackApiError) as refused:
        client.chat_update(channel="C0MENTIONS", ts=here.ts, text="y")
    assert refused.value.response.headers["Retry-After"] == "60"
    assert slack.world.calls[-1].status == 429


def test_sixteen_calls_are_served_at_once(slack, client):
    slack.world.faults.slow("api.test", seconds=3600, times=16)
    threads = [threading.Thread(target=client.api_test) for _ in range(16)]
    for thread in threads:
        thread.start()
    slack.world.until(lambda: len(slack.world.calls) == 16)
    assert post(client)["ok"]
    slack._stopping.set()
    for thread in threads:
        thread.join()
