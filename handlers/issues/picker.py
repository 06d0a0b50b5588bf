"""What the field offers in which an issue is picked, in whichever modal it stands."""

import json
from typing import Any

from slack_bolt import Ack, App

from bot.context import BotContext
from bot.slack.blocks.issues import picker as face
from bot.slack.blocks.text import one_line
from bot.slack.typed_text import read_slack_text
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from models.issues.suggestions import Suggestion, SuggestionTarget, list_options

Body = dict[str, Any]


def register(app: App, ctx: BotContext) -> None:
    """Listen for somebody who opens the field or types in it.

    https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
    """

    @app.options(face.PICK_ACTION_ID)
    def suggestion(ack: Ack, body: Body) -> None:
        origin = json.loads(body["view"]["private_metadata"])
        sought = SuggestionTarget(ticket=origin.get("ticket"), issue=origin.get("issue"))
        typed = one_line(read_slack_text(body.get("value")).text)
        found = ctx.read_with_timeout(lambda: _matching_options(ctx, sought, typed), LEDGER_TIMEOUT_SECONDS)
        ack(
            options=face.build_options(found or [])
        )  # an error would show no more, and not let them go on typing


def _matching_options(ctx: BotContext, sought: SuggestionTarget, typed: str) -> list[Suggestion]:
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        return list_options(session, sought, typed, at=ctx.now(), limit=face.OPTIONS_MAX)
