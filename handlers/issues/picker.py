"""What the field offers in which an issue is picked, in whichever modal it stands."""

import json
from typing import Any

from slack_bolt import Ack, App

from bot.context import Desk
from bot.slack.blocks.issues import picker as face
from bot.slack.blocks.text import one_line
from bot.slack.typed_text import read_slack_text
from handlers.feedback import PATIENCE
from models.issues.suggestions import Sought, Suggestion, offer

Body = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Listen for somebody who opens the field or types in it.

    https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
    """

    @app.options(face.PICK)
    def suggestion(ack: Ack, body: Body) -> None:
        origin = json.loads(body["view"]["private_metadata"])
        sought = Sought(ticket=origin.get("ticket"), issue=origin.get("issue"))
        typed = one_line(read_slack_text(body.get("value")).text)
        found = desk.glance(lambda: _found(desk, sought, typed), PATIENCE)
        ack(options=face.options(found or []))  # an error would show no more, and not let them go on typing


def _found(desk: Desk, sought: Sought, typed: str) -> list[Suggestion]:
    with desk.db.read(PATIENCE) as session:
        return offer(session, sought, typed, at=desk.now(), limit=face.OPTIONS)
