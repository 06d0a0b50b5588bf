"""Emoji that say what became of somebody's words: put on in Slack's own time."""

import pytest

from bot.slack import reactions
from bot.slack.errors import SlackError, SlackLaterError, SlackUnsureError
from models.slack.reaction import Reaction
from tests.bot.room import CHANNEL, Room


def want(here: Room, ts: str, emoji: str) -> None:
    with here.ctx.db.write() as session:
        Reaction.set_wanted(session, CHANNEL, ts, emoji)


def fails(here: Room, monkeypatch: pytest.MonkeyPatch, error: SlackError) -> list[str]:
    asked: list[str] = []

    def react(_channel: str, ts: str, _emoji: str) -> None:
        asked.append(ts)
        raise error

    monkeypatch.setattr(here.ctx.slack, "react", react)
    return asked


def test_while_slack_asks_to_slow_down_nothing_is_asked_of_it(
    here: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(here, "1.1", "postbox")
    want(here, "1.2", "postbox")
    asked = fails(here, monkeypatch, SlackLaterError(30, "Slack's rate limit is reached"))

    for _ in range(10):
        reactions.run_due(here.ctx)
        here.clock.pass_by(2)
    assert asked == ["1.1"]

    here.clock.pass_by(10)
    reactions.run_due(here.ctx)
    assert asked == ["1.1", "1.1"]


def test_trouble_of_slacks_that_lasts_some_minutes_leaves_no_wrong_emoji(
    here: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(here, "1.1", "postbox")
    with monkeypatch.context() as trouble:
        fails(here, trouble, SlackUnsureError("Slack answered 503"))
        for _ in range(60):
            reactions.run_due(here.ctx)
            here.clock.pass_by(5)

    shown: list[str] = []
    monkeypatch.setattr(here.ctx.slack, "react", lambda _channel, ts, emoji: shown.append(f"{ts} {emoji}"))
    for _ in range(60):
        reactions.run_due(here.ctx)
        here.clock.pass_by(5)

    assert shown == ["1.1 postbox"]
