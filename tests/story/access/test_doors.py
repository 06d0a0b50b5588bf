"""Slack's door: what is not Slack's is turned away without effect, what is unknown is taken politely."""

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.runtime.waitress_server import BODY_MAX_BYTES
from models import Event, ProcessedRequest
from sandbox.slack.delivery.transport import Answer
from tests.story.harness import Bot, running


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url, troubles=True) as bot:
        yield bot


def form(payload: dict[str, Any]) -> str:
    """A gesture as Slack posts it."""
    return urlencode({"payload": json.dumps(payload)})


def claimed(bot: Bot) -> bytes:
    """The bytes of a Claim press that never arrived: the bot was not there."""
    _, card = bot.heard("@acmebrew hello")
    url, bot.slack.events_url = bot.slack.events_url, "http://127.0.0.1:9/slack/events"
    body = bot.ana.press(card, "Claim").body
    bot.slack.events_url = url
    return body


def quiet(bot: Bot) -> bool:
    """Whether nothing has changed: no act but the mention itself."""
    with bot.ctx.db.read() as session:
        return session.query(Event).count() == 1 and session.query(ProcessedRequest).count() == 0


def test_the_same_press_signed_well_has_its_effect(bot: Bot) -> None:
    body = claimed(bot)

    assert bot.slack.send_raw(body).status == 200

    bot.shows(bot.cards()[0], "assigned to @U0ANA")


def _forged(bot: Bot, body: bytes) -> Answer:
    return bot.slack.send_raw(body, signature="v0=" + "0" * 64)


def _of_another_body(bot: Bot, body: bytes) -> Answer:
    signed = bot.slack._http.signed(b"payload={}")
    return bot.slack.send_raw(body, headers=signed)


def _stale(bot: Bot, body: bytes) -> Answer:
    return bot.slack.send_raw(body, timestamp=int(time.time()) - 301)


def _from_the_future(bot: Bot, body: bytes) -> Answer:
    return bot.slack.send_raw(body, timestamp=int(time.time()) + 301)


def _unsigned(bot: Bot, body: bytes) -> Answer:
    return bot.slack.send_raw(body, headers={"X-Slack-Signature": ""})


def _undated(bot: Bot, body: bytes) -> Answer:
    return bot.slack.send_raw(body, headers={"X-Slack-Request-Timestamp": ""})


def _misdated(bot: Bot, body: bytes) -> Answer:
    return bot.slack.send_raw(body, headers={"X-Slack-Request-Timestamp": "yesterday"})


def _misspelled(bot: Bot, body: bytes) -> Answer:
    return bot.slack.send_raw(body, signature="v0=é")


@pytest.mark.parametrize(
    "send",
    [_forged, _of_another_body, _stale, _from_the_future, _unsigned, _undated, _misdated, _misspelled],
    ids=lambda send: send.__name__.strip("_"),
)
def test_what_slack_did_not_sign_just_now_is_401_and_has_no_effect(bot: Bot, send: Any) -> None:
    body = claimed(bot)

    assert send(bot, body).status == 401

    assert quiet(bot)


@pytest.mark.both_engines
@pytest.mark.parametrize("body", [b"payload=\xff\xfe", b'{"type": "\xe9"}', b"\x80"])
def test_a_body_that_is_no_text_is_400(bot: Bot, body: bytes) -> None:
    bot.heard("@acmebrew hello")

    assert bot.slack.send_raw(body).status == 400

    assert quiet(bot)


@pytest.mark.both_engines
def test_a_body_that_is_too_large_is_413(bot: Bot) -> None:
    bot.heard("@acmebrew hello")

    assert bot.slack.send_raw(b"payload=" + b"x" * BODY_MAX_BYTES).status in {
        413,
        None,
    }  # or hung up on while it talks

    assert quiet(bot)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"{",
        b"payload=",
        b"payload={",
        b"payload=%5B%5D",
        b"a=b",
        form({"type": "block_actions", "actions": []}).encode(),
        form({"type": "view_submission"}).encode(),
    ],
)
def test_nonsense_that_is_signed_well_does_not_break_anything(bot: Bot, body: bytes) -> None:
    bot.heard("@acmebrew hello")

    answer = bot.slack.send_raw(body)

    assert answer.status is not None
    assert quiet(bot)
    assert "Traceback" not in answer.text


ANA = {"id": "U0ANA", "name": "ana"}


@pytest.mark.parametrize(
    "payload",
    [
        {
            "type": "block_actions",
            "user": ANA,
            "actions": [{"type": "button", "action_id": "from_the_future", "block_id": "b", "value": "x"}],
        },
        {
            "type": "view_submission",
            "user": ANA,
            "view": {"type": "modal", "callback_id": "from_the_future", "state": {"values": {}}},
        },
        {"type": "view_closed", "user": ANA, "view": {"type": "modal", "callback_id": "from_the_future"}},
        {"type": "message_action", "user": ANA, "callback_id": "from_the_future"},
        {"type": "shortcut", "user": ANA, "callback_id": "from_the_future"},
        {"type": "from_the_future", "user": ANA},
    ],
    ids=lambda payload: payload["type"],
)
def test_a_gesture_that_nobody_knows_is_taken_politely(bot: Bot, payload: dict[str, Any]) -> None:
    assert bot.slack.send_raw(form({"trigger_id": "1.2", "team": {"id": "T1"}} | payload)).status == 200


@pytest.mark.parametrize("kind", ["reaction_added", "team_join", "from_the_future", "app_home_opened"])
def test_an_event_that_nobody_knows_is_taken_politely(bot: Bot, kind: str) -> None:
    event = {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": "T1",
        "event": {"type": kind, "user": "U0ANA"},
    }

    assert bot.slack.send_raw(event).status == 200


@pytest.mark.parametrize(
    "subtype", ["message_changed", "message_deleted", "channel_join", "file_share", "bot_message"]
)
def test_a_message_of_any_sort_is_taken_politely(bot: Bot, subtype: str) -> None:
    message = {"type": "message", "subtype": subtype, "channel": "C0MENTIONS", "ts": "1.2", "text": "hello"}
    event = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": message}

    assert bot.slack.send_raw(event).status == 200


def test_another_slash_command_is_not_ours(bot: Bot) -> None:
    assert bot.ana.command("/weather", "lisbon").status == 200


def test_slacks_challenge_is_answered(bot: Bot) -> None:
    assert bot.slack.verify_url()


def test_a_button_of_a_ticket_that_is_not_there_gets_a_sentence(bot: Bot) -> None:
    _, card = bot.heard("@acmebrew hello")
    pressed = bot.ana.press(card, "Claim")
    bot.shows(card, "assigned to @U0ANA")
    body = pressed.body.replace(b"%22ticket%5C%22%3A1", b"%22ticket%5C%22%3A999")
    assert body != pressed.body

    forged = bot.ana.press(card, body=body)

    assert forged.status == 200
    bot.whisper("Something went wrong, and nothing was changed")
