"""What the field offers in which an issue is picked, in whichever modal it stands."""

from bot.context import BotContext
from bot.slack.blocks.elements import Block
from bot.slack.blocks.issues import picker as face
from bot.slack.blocks.text import one_line
from bot.slack.blocks.values import Subject
from handlers.door import Act, door
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from models.issues.suggestions import Suggestion, SuggestionTarget, list_options


@door.suggest(face.PICK_ACTION_ID, value=Subject)
def suggestion(act: Act[Subject], typed: str) -> list[Block]:
    """What the field offers to somebody who opens it or types in it; nothing if the ledger is slow.

    https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
    """
    ctx, sought = act.ctx, SuggestionTarget(ticket=act.value.ticket, issue=act.value.issue)
    words = one_line(typed)
    found = ctx.read_with_timeout(lambda: _matching_options(ctx, sought, words), LEDGER_TIMEOUT_SECONDS)
    return face.build_options(found or [])  # an error would show no more, and not let them go on typing


def _matching_options(ctx: BotContext, sought: SuggestionTarget, typed: str) -> list[Suggestion]:
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        return list_options(session, sought, typed, at=ctx.now(), limit=face.OPTIONS_MAX)
