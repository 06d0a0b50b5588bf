"""*Close all* of a shared card: lists what it closes, asks why, and can be undone for some seconds."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.context import BotContext
from bot.slack import group_cards
from bot.slack.blocks.groups import card as face
from bot.slack.blocks.groups import modals
from bot.slack.blocks.groups.group_view import LISTED_MAX
from bot.slack.blocks.groups.values import CloseAllValue, GroupValue
from handlers.door import Act, door
from handlers.feedback import LEDGER_BUSY_TEXT, send_private_text
from handlers.groups.group_card import MODAL_LOOKUP_TIMEOUT_SECONDS, NONE_WAITING_TEXT
from models import TicketGroup
from models.grouping import closing
from models.tickets.state import TicketState

Body = dict[str, Any]


@door.press(face.CLOSE_ACTION_ID, value=GroupValue)
def ask(act: Act[GroupValue]) -> str | None:
    """List what would be closed, and ask why."""
    group_id, key = act.value.group, uuid.uuid4().hex
    view = act.ctx.read_with_timeout(
        lambda: _build_question(act.ctx, group_id, key), MODAL_LOOKUP_TIMEOUT_SECONDS
    )
    if view is None:
        return LEDGER_BUSY_TEXT
    return act.open_modal(view) if view else NONE_WAITING_TEXT


@door.submit(modals.CLOSE_CALLBACK_ID, value=CloseAllValue, at=modals.REASON_BLOCK)
def close(act: Act[CloseAllValue]) -> None:
    """Close those that were listed and are still as they were."""
    ctx, value = act.ctx, act.value
    reason = act.view["state"]["values"][modals.REASON_BLOCK]["value"]["selected_option"]["value"]
    with act.change_once() as session:
        at = ctx.now()
        closed, left = closing.close_all(
            session,
            value.group,
            {int(ticket_id): digest for ticket_id, digest in value.seen.items()},
            reason=reason,
            by=act.who.id,
            at=at,
            undo_until=at + timedelta(seconds=ctx.settings.undo_seconds),
            key=value.key,
        )
        channel = session.get_one(TicketGroup, value.group).channel
    if left:
        sentence = (
            f"{closed} closed. {left} changed since you opened the list, so {_they(left)} left as before."
        )
        send_private_text(ctx, replace(act.who, channel=channel), act.respond, sentence)


@door.press(re.compile(f"^{face.UNDO_ACTION}_"), value=GroupValue)
def undo(act: Act[GroupValue]) -> str | None:
    """Have those that were closed wait again."""
    with act.change_once() as session:
        waiting, left = closing.undo_close_all(
            session, act.value.group, act.value.key, by=act.who.id, at=act.ctx.now()
        )
    if not left:
        return None
    return f"{waiting} reopened. {left} changed since, so {_they(left)} left as before."


def _they(count: int) -> str:
    return "it was" if count == 1 else "they were"


def _build_question(ctx: BotContext, group_id: int, key: str) -> Body:
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        rows = group_cards.load_rows(ctx, session, group_id, limit=LISTED_MAX, only_waiting=True)
        waiting = group_cards.count_states(session, group_id).get(TicketState.WAITING, 0)
        seen = closing.digest_posts(session, [row.ticket_id for row in rows])
    if not rows:
        return {}
    value = CloseAllValue(group_id, key, {str(ticket_id): digest for ticket_id, digest in seen.items()})
    return modals.build_close_modal(rows, waiting, value, undo_seconds=ctx.settings.undo_seconds)
