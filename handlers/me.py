"""`/mentions me`: what a teammate wants to be called in public, and how they sign."""

import json
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from bot.blocks import questions
from bot.blocks.text import escape, plain
from bot.desk import Desk
from bot.slack import SlackError
from handlers.courtesy import PATIENCE, SLOW, person, sentence_for, spelled, tell, writing
from models import Event, Teammate
from models.base import RuleBrokenError
from models.teammate import Style, sign_off

Body = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Listen for what was chosen."""

    @app.view(questions.ME)
    def chosen(ack: Ack, body: Body, view: Body) -> None:
        channel = json.loads(view["private_metadata"])["channel"]
        who, values = replace(person(body), channel=channel), view["state"]["values"]
        name = plain(values[questions.NAME_BLOCK]["value"]["value"] or "")
        style = Style(values[questions.STYLE_BLOCK]["value"]["selected_option"]["value"])
        try:
            _choose(desk, who.id, name, style)
        except Exception as error:  # noqa: BLE001 - the modal stays open, with what was typed
            ack(response_action="errors", errors={questions.NAME_BLOCK: spelled(sentence_for(error))})
            return
        ack()
        sign = sign_off(name, style)
        as_what = f"sign with “{escape(sign)}”" if sign else "do not sign"
        tell(desk, who, None, f"In public you are {escape(name)} now, and {as_what}.")


def ask(desk: Desk, ack: Ack, command: Body) -> None:
    """Open the modal with what is known."""
    try:
        with desk.db.read(PATIENCE) as session:
            known = session.get(Teammate, command["user_id"])
            name, style = (known.name, Style(known.style)) if known is not None else ("", Style.NAME)
        ack()
        view = questions.me(name, style, channel=command["channel_id"], is_on=desk.settings.sign_offs)
        desk.slack.open_view(command["trigger_id"], view)
    except SlackError:
        tell(desk, person(command), None, SLOW)
    except Exception as error:  # noqa: BLE001 - a person asked, a person gets a sentence
        ack(response_type="ephemeral", text=sentence_for(error))


def _choose(desk: Desk, user: str, name: str, style: Style) -> None:
    words = " ".join(name.split())
    if not words or not any(letter.isalnum() for letter in words):
        raise RuleBrokenError("Write the name that people may know you by.")
    with writing(desk) as session:
        at = desk.now()
        Teammate.choose(session, user, name=words, style=style, at=at)
        Event.record(session, "public name", at=at, by=user, data={"name": words, "style": style.value})
