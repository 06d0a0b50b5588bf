"""`/mentions me`: what a teammate wants to be called in public, and how they sign."""

import re
from contextlib import suppress
from dataclasses import replace

from bot.context import BotContext
from bot.slack.blocks import dialogs
from bot.slack.blocks.text import mrkdwn_literal, one_line
from bot.slack.blocks.values import ChannelValue
from bot.slack.errors import SlackError
from bot.slack.typed_text import SlackText
from handlers.commands.slash_command import SlashCommand
from handlers.door import Act, RepeatedError, door
from handlers.feedback import (
    LEDGER_TIMEOUT_SECONDS,
    SLACK_SLOW_TEXT,
    error_text,
    send_private_text,
)
from handlers.replies.reply_text import slack_only_text, unsendable_names
from models import Event, Teammate
from models.core.base import RuleBrokenError
from models.slack.teammate import SignOffStyle, make_sign_off

_ZERO_WIDTH_PATTERN = re.compile(
    "[\u00ad\u200b\u200e\u200f\u2060\ufeff]"
)  # but not what joins letters and emoji


@door.submit(dialogs.ME_CALLBACK_ID, value=ChannelValue, at=dialogs.NAME_BLOCK)
def chosen(act: Act[ChannelValue]) -> None:
    """Keep the name and the sign-off that were chosen, and say so where they were asked for."""
    typed = act.typed(dialogs.NAME_BLOCK)
    name = one_line(_ZERO_WIDTH_PATTERN.sub("", typed.text))
    values = act.view["state"]["values"]
    style = SignOffStyle(values[dialogs.STYLE_BLOCK]["value"]["selected_option"]["value"])
    _check_sign_off(typed, name)
    with suppress(RepeatedError):
        _save_choice(act, name, style)
    sign = make_sign_off(name, style)
    as_what = f"your sign-off “{mrkdwn_literal(sign)}”" if sign else "you have no sign-off"
    who = replace(act.who, channel=act.value.channel)
    send_private_text(act.ctx, who, None, f"Your public name is now {mrkdwn_literal(name)}, and {as_what}.")


def open_me_modal(ctx: BotContext, asked: SlashCommand) -> None:
    """Open the modal with what is known."""
    try:
        with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
            known = session.get(Teammate, asked.user)
            name, style = (
                (known.name, SignOffStyle(known.style)) if known is not None else ("", SignOffStyle.NAME)
            )
        asked.ack()
        view = dialogs.build_me_modal(name, style, channel=asked.channel, is_on=ctx.settings.sign_offs)
        ctx.slack.open_view(asked.command["trigger_id"], view)
    except SlackError:
        send_private_text(ctx, asked.who, None, SLACK_SLOW_TEXT)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        asked.ack(response_type="ephemeral", text=error_text(error))


def _check_sign_off(typed: SlackText, name: str) -> None:
    """Refuse what cannot stand under a public reply: raises `RuleBrokenError`."""
    names = unsendable_names(typed.names, name)
    if names:
        raise RuleBrokenError(f"{slack_only_text(names)}.")
    if not any(letter.isalnum() for letter in name):
        raise RuleBrokenError("Enter the name that people may see.")


def _save_choice(act: Act[ChannelValue], name: str, style: SignOffStyle) -> None:
    at, by = act.ctx.now(), act.who.id
    with act.change_once() as session:
        Teammate.choose(session, by, name=name, style=style, at=at)
        Event.record(session, "public name", at=at, by=by, data={"name": name, "style": style.value})
