"""`/mentions me`: what a teammate wants to be called in public, and how they sign."""

import json
import re
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from bot.context import Desk
from bot.slack.blocks import dialogs
from bot.slack.blocks.text import inert, one_line
from bot.slack.client import SlackError
from bot.slack.typed_text import SlackText, read_slack_text
from handlers.feedback import PATIENCE, SLOW, Person, person, sentence_for, spelled, tell, writing
from handlers.replies.reply_text import slack_only, unspeakable
from models import Event, Inbound, Teammate
from models.core.base import RuleBrokenError
from models.tickets.teammate import Style, sign_off

Body = dict[str, Any]
_NO_WIDTH = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")  # but not what joins letters and emoji


def register(app: App, desk: Desk) -> None:
    """Listen for what was chosen."""

    @app.view(dialogs.ME)
    def chosen(ack: Ack, body: Body, view: Body) -> None:
        channel = json.loads(view["private_metadata"])["channel"]
        who, values = (
            replace(person(body), channel=channel, key=f"modal {view['id']}"),
            view["state"]["values"],
        )
        typed = read_slack_text(values[dialogs.NAME_BLOCK]["value"]["value"])
        name = one_line(_NO_WIDTH.sub("", typed.text))
        style = Style(values[dialogs.STYLE_BLOCK]["value"]["selected_option"]["value"])
        try:
            _check(typed, name)
            _choose(desk, who, name, style)
        except Exception as error:  # noqa: BLE001 - the modal stays open, with what was typed
            ack(response_action="errors", errors={dialogs.NAME_BLOCK: spelled(sentence_for(error))})
            return
        ack()
        sign = sign_off(name, style)
        as_what = f"sign with “{inert(sign)}”" if sign else "do not sign"
        tell(desk, who, None, f"In public you are {inert(name)} now, and {as_what}.")


def ask(desk: Desk, ack: Ack, command: Body) -> None:
    """Open the modal with what is known."""
    try:
        with desk.db.read(PATIENCE) as session:
            known = session.get(Teammate, command["user_id"])
            name, style = (known.name, Style(known.style)) if known is not None else ("", Style.NAME)
        ack()
        view = dialogs.me(name, style, channel=command["channel_id"], is_on=desk.settings.sign_offs)
        desk.slack.open_view(command["trigger_id"], view)
    except SlackError:
        tell(desk, person(command), None, SLOW)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        ack(response_type="ephemeral", text=sentence_for(error))


def _check(typed: SlackText, name: str) -> None:
    """Refuse what cannot stand under a public reply: raises `RuleBrokenError`."""
    names = unspeakable(typed.names, name)
    if names:
        raise RuleBrokenError(f"{slack_only(names)}.")
    if not any(letter.isalnum() for letter in name):
        raise RuleBrokenError("Write the name that people may know you by.")


def _choose(desk: Desk, who: Person, name: str, style: Style) -> None:
    """Keep what was chosen, once, however often the submit arrives."""
    at, chosen = desk.now(), {"name": name, "style": style.value}
    with writing(desk) as session:
        if Inbound.is_new(session, who.key, at=at):
            Teammate.choose(session, who.id, name=name, style=style, at=at)
            Event.record(session, "public name", at=at, by=who.id, data=chosen)
