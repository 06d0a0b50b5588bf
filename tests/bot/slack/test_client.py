"""Slack's failures over real HTTP: each is a no, a later or an unsure, and no call is ever repeated."""

import socket
from collections.abc import Callable, Iterator

import pytest

from bot.slack.client import SlackClient
from bot.slack.errors import SlackError, SlackLaterError, SlackRefusedError, SlackUnsureError
from sandbox.slack import SlackServer
from tests.bot.networks.conftest import RawServer, http
from tests.bot.room import CHANNEL, calls

POST = "chat.postMessage"


@pytest.fixture
def bot(slack: SlackServer) -> SlackClient:
    return SlackClient("xoxb-test", slack.url)


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], SlackClient]]:
    """A Slack that answers everything with the same bytes, and then hangs up."""
    servers: list[RawServer] = []

    def start(answer: bytes) -> SlackClient:
        servers.append(RawServer(lambda line, _: line.sendall(answer)))
        return SlackClient("xoxb-test", servers[-1].url + "/api/")

    yield start
    for server in servers:
        server.close()


def say(bot: SlackClient) -> str:
    return bot.post(CHANNEL, "hello", None, key="k1").ts


def test_a_post_says_where_it_is_and_carries_its_key(bot: SlackClient, slack: SlackServer) -> None:
    ts = say(bot)

    message = slack.world.message(CHANNEL, ts)
    assert message.metadata == {"event_type": "heard", "event_payload": {"card_id": "k1"}}
    assert message.unfurl == {"unfurl_links": "0", "unfurl_media": "0"} or not any(
        value in {"1", True} for value in message.unfurl.values()
    )


@pytest.mark.parametrize(
    ("fault", "given", "kind"),
    [
        ("lost_before", {}, SlackUnsureError),
        ("lost_after", {}, SlackUnsureError),
        ("http_500", {}, SlackUnsureError),
        ("http_500", {"after": True}, SlackUnsureError),
        ("rate_limited", {"retry_after": 7}, SlackLaterError),
    ],
)
def test_each_fault_is_what_it_is_and_no_call_is_repeated(bot, slack, fault, given, kind) -> None:
    getattr(slack.world.faults, fault)(POST, **given)
    with pytest.raises(SlackError) as raised:
        say(bot)

    assert type(raised.value) is kind
    assert calls(slack, POST) == 1
    if kind is SlackLaterError:
        assert raised.value.seconds == 7


@pytest.mark.parametrize("name", ["channel_not_found", "invalid_blocks", "not_in_channel", "invalid_auth"])
def test_an_error_with_a_name_is_a_definite_no(bot: SlackClient, slack: SlackServer, name: str) -> None:
    slack.world.faults.error(POST, name)
    with pytest.raises(SlackRefusedError) as raised:
        say(bot)

    assert raised.value.error == name
    assert calls(slack, POST) == 1


@pytest.mark.parametrize("name", ["fatal_error", "internal_error", "request_timeout", "service_unavailable"])
def test_an_error_on_slacks_side_leaves_it_open(bot: SlackClient, slack: SlackServer, name: str) -> None:
    slack.world.faults.error(POST, name)
    with pytest.raises(SlackUnsureError):
        say(bot)


@pytest.mark.parametrize("name", ["ratelimited", "rate_limited"])
def test_a_rate_limit_by_name_is_a_later(bot: SlackClient, slack: SlackServer, name: str) -> None:
    slack.world.faults.error(POST, name)
    with pytest.raises(SlackLaterError) as raised:
        say(bot)

    assert raised.value.seconds == 1


@pytest.mark.parametrize(
    "answer",
    [
        http("200 OK", b"<html>some proxy's page</html>"),
        http("200 OK", b'{"ok": tru'),
        http("200 OK", b"[]"),
        http("200 OK", b'{"ok": true}'),
        http("200 OK", b""),
        http("404 Not Found", b"<html>nothing here</html>"),
        http("502 Bad Gateway", b'{"ok": false, "error": "channel_not_found"}'),
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_an_answer_that_cannot_be_read_leaves_it_open(answering, answer: bytes) -> None:
    with pytest.raises(SlackUnsureError):
        say(answering(answer))


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("30", 30), ("0", 0.1), ("-5", 0.1), ("soon", 1), ("999999", 900), ("nan", 1), ("inf", 900)],
)
def test_a_wait_is_read_with_sense(answering, after: str, seconds: float) -> None:
    bot = answering(
        http("429 Too Many Requests", b'{"ok": false, "error": "ratelimited"}', f"Retry-After: {after}")
    )
    with pytest.raises(SlackLaterError) as raised:
        say(bot)

    assert raised.value.seconds == seconds


def test_a_refused_connection_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        address = f"http://127.0.0.1:{door.getsockname()[1]}/api/"
    with pytest.raises(SlackLaterError):
        say(SlackClient("xoxb-test", address))


def test_a_name_that_nobody_knows_sent_nothing() -> None:
    with pytest.raises(SlackLaterError):
        say(SlackClient("xoxb-test", "http://slack.invalid/api/"))


def test_a_message_is_found_by_its_key_in_a_channel_and_in_a_thread(
    bot: SlackClient, slack: SlackServer
) -> None:
    first = say(bot)
    for number in range(3):
        bot.post(CHANNEL, f"other {number}", None, key="k2")
    reply = bot.post(CHANNEL, "in the thread", None, key="k3", thread_ts=first).ts

    assert bot.find(CHANNEL, "k1", since=0) == [first]
    assert bot.find(CHANNEL, "k3", since=0, thread_ts=first) == [reply]
    assert bot.find(CHANNEL, "k3", since=0) == []
    assert len(bot.find(CHANNEL, "k2", since=0)) == 3


def test_of_a_direct_message_the_conversation_is_told(bot: SlackClient, slack: SlackServer) -> None:
    posted = bot.post("U0ANA", "hello", None, key="k1")

    assert posted.channel.startswith("D")
    bot.update(posted.channel, posted.ts, "hello again", [], key="k1")
    assert slack.world.message(posted.channel, posted.ts).text == "hello again"


def test_a_message_is_found_behind_pages_of_others(bot: SlackClient, slack: SlackServer) -> None:
    first = say(bot)
    for number in range(1_230):
        slack.world.post(CHANNEL, "U0ANA", f"chatter {number}")

    assert bot.find(CHANNEL, "k1", since=0) == [first]


def test_who_we_are_is_asked_once(bot: SlackClient, slack: SlackServer) -> None:
    assert bot.identity_if_known() is None
    bot.identity()
    bot.identity()

    assert bot.identity_if_known() is not None
    assert calls(slack, "auth.test") == 1
