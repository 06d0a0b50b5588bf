"""Answers that only the asker sees, and *Share to channel* under them."""

import json
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.context import Desk
from bot.slack import ephemeral_answers
from bot.slack.ephemeral_answers import Asker, Told
from handlers.commands.slash_command import Asked
from handlers.feedback import attempt, person

Body = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Listen for the button."""

    @app.action(ephemeral_answers.SHARE)
    def share(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, key = person(body), json.loads(body["actions"][0]["value"])["k"]
        posts = lambda: ephemeral_answers.share(desk, who.id, key, press=who.key)  # noqa: E731 - two lines below
        desk.aside(lambda: attempt(desk, who, respond, posts))


def show(desk: Desk, asked: Asked, told: Told) -> None:
    """Answer a command that was acknowledged already; takes longer than Slack waits."""
    ephemeral_answers.answer(desk, Asker(asked.user, asked.channel, asked.respond), told)
