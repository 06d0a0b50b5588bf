"""Answers that only the asker sees, and *Share to channel* under them."""

import json
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.context import BotContext
from bot.slack import ephemeral_answers
from bot.slack.ephemeral_answers import EphemeralAnswer, Requester
from handlers.commands.slash_command import SlashCommand
from handlers.feedback import parse_actor, run_and_report

Body = dict[str, Any]


def register(app: App, ctx: BotContext) -> None:
    """Listen for the button."""

    @app.action(ephemeral_answers.SHARE_ACTION_ID)
    def share(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, key = parse_actor(body), json.loads(body["actions"][0]["value"])["k"]
        posts = lambda: ephemeral_answers.share(ctx, who.id, key, press=who.key)  # noqa: E731 - two lines below
        ctx.run_in_background(lambda: run_and_report(ctx, who, respond, posts))


def show_shareable(ctx: BotContext, asked: SlashCommand, told: EphemeralAnswer) -> None:
    """Answer a command that was acknowledged already; takes longer than Slack waits."""
    ephemeral_answers.send_answer(ctx, Requester(asked.user, asked.channel, asked.respond), told)
