"""`/mentions me`: what a teammate wants to be called in public, and how they sign."""

import json
import re
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from bot.context import BotContext
from bot.slack.blocks import dialogs
from bot.slack.blocks.text import mrkdwn_literal, one_line
from bot.slack.errors import SlackError
from bot.slack.typed_text import SlackText, read_slack_text
from handlers.feedback import (
    LEDGER_TIMEOUT_SECONDS,
    SLACK_SLOW_TEXT,
    Actor,
    error_text,
    parse_actor,
    send_private_text,
    to_plain_text,
    write_session,
)
from handlers.replies.reply_text import slack_only_text, unsendable_names
from models import Event, ProcessedRequest, Teammate
from models.core.base import RuleBrokenError
from models.tickets.teammate import SignOffStyle, make_sign_off

Body = dict[str, Any]
_ZERO_WIDTH_PATTERN = re.compile(
    "[\u00ad\u200b\u200e\u200f\u2060\ufeff]"
)  # but not what joins letters and emoji


def register(app: App, ctx: BotContext) -> None:
    """Listen for what was chosen."""

    @app.view(dialogs.ME_CALLBACK_ID)
    def chosen(ack: Ack, body: Body, view: Body) -> None:
        channel = json.loads(view["private_metadata"])["channel"]
        who, values = (
            replace(parse_actor(body), channel=channel, key=f"modal {view['id']}"),
            view["state"]["values"],
        )
        typed = read_slack_text(values[dialogs.NAME_BLOCK]["value"]["value"])
        name = one_line(_ZERO_WIDTH_PATTERN.sub("", typed.text))
        style = SignOffStyle(values[dialogs.STYLE_BLOCK]["value"]["selected_option"]["value"])
        try:
            _check_sign_off(typed, name)
            _save_choice(ctx, who, name, style)
        except Exception as error:  # noqa: BLE001 - the modal stays open, with what was typed
            ack(response_action="errors", errors={dialogs.NAME_BLOCK: to_plain_text(error_text(error))})
            return
        ack()
        sign = make_sign_off(name, style)
        as_what = f"sign with “{mrkdwn_literal(sign)}”" if sign else "do not sign"
        send_private_text(ctx, who, None, f"In public you are {mrkdwn_literal(name)} now, and {as_what}.")


def open_me_modal(ctx: BotContext, ack: Ack, command: Body) -> None:
    """Open the modal with what is known."""
    try:
        with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
            known = session.get(Teammate, command["user_id"])
            name, style = (
                (known.name, SignOffStyle(known.style)) if known is not None else ("", SignOffStyle.NAME)
            )
        ack()
        view = dialogs.build_me_modal(
            name, style, channel=command["channel_id"], is_on=ctx.settings.sign_offs
        )
        ctx.slack.open_view(command["trigger_id"], view)
    except SlackError:
        send_private_text(ctx, parse_actor(command), None, SLACK_SLOW_TEXT)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        ack(response_type="ephemeral", text=error_text(error))


def _check_sign_off(typed: SlackText, name: str) -> None:
    """Refuse what cannot stand under a public reply: raises `RuleBrokenError`."""
    names = unsendable_names(typed.names, name)
    if names:
        raise RuleBrokenError(f"{slack_only_text(names)}.")
    if not any(letter.isalnum() for letter in name):
        raise RuleBrokenError("Write the name that people may know you by.")


def _save_choice(ctx: BotContext, who: Actor, name: str, style: SignOffStyle) -> None:
    """Keep what was chosen, once, however often the submit arrives."""
    at, chosen = ctx.now(), {"name": name, "style": style.value}
    with write_session(ctx) as session:
        if ProcessedRequest.claim_key(session, who.key, at=at):
            Teammate.choose(session, who.id, name=name, style=style, at=at)
            Event.record(session, "public name", at=at, by=who.id, data=chosen)
