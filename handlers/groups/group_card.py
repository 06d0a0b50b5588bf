"""The buttons of a shared card: *Reply*, *Claim one…*, *Show all*; and *Show it here again* of a ticket."""

import re
import uuid
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import group_cards
from bot.slack.blocks.groups import card as face
from bot.slack.blocks.groups import modals
from bot.slack.blocks.groups.group_view import LISTED_MAX, ROWS_PER_PAGE
from bot.slack.blocks.groups.values import GroupPageValue, GroupValue, PickValue
from bot.slack.blocks.values import TicketValue
from bot.slack.errors import SlackError
from handlers.door import Act, door
from handlers.feedback import LEDGER_BUSY_TEXT, SLACK_SLOW_TEXT
from handlers.replies.composer import Opening, build_composer, recheck_ticket
from models import Ticket, TicketGroup
from models.core.base import RuleBrokenError
from models.tickets.state import TicketState

Body = dict[str, Any]
MODAL_LOOKUP_TIMEOUT_SECONDS = 1.5  # of the three seconds that the trigger of a modal lives
NONE_WAITING_TEXT = "None of these is waiting any more."
GONE_TEXT = "This one isn't on the shared card any more: it has a card of its own, or an outcome."


@door.press(face.REPLY_ACTION_ID, value=GroupValue)
def reply(act: Act[GroupValue]) -> str | None:
    """Ask to whom the reply goes."""
    return _ask_which(act, claims=False)


@door.press(face.CLAIM_ACTION_ID, value=GroupValue)
def claim(act: Act[GroupValue]) -> str | None:
    """Ask which one they want."""
    return _ask_which(act, claims=True)


@door.submit(modals.PICK_CALLBACK_ID, value=PickValue, at=modals.PICK_BLOCK)
def pick(act: Act[PickValue]) -> Body | None:
    """Claim the ticket that was chosen, or go on to its composer.

    Raises `RuleBrokenError` if it is not in the group any more.
    """
    picked = act.view["state"]["values"][modals.PICK_BLOCK]["value"]["selected_option"]["value"]
    ticket_id = int(picked)
    if act.value.claims:
        with act.change_once() as session:
            _lock_member(session, ticket_id, act.value.group).claim(session, by=act.who.id, at=act.ctx.now())
        return None
    with act.ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, ticket_id)
        if ticket.group_id != act.value.group:
            raise RuleBrokenError(GONE_TEXT)
    view = build_composer(act.ctx, Opening(ticket_id), act.who, uuid.uuid4().hex)
    act.ctx.run_in_background(lambda: recheck_ticket(act.ctx, ticket_id))
    return {"response_action": "update", "view": view}


@door.press(face.SHOW_ACTION_ID, value=GroupPageValue)
def show_all(act: Act[GroupPageValue]) -> str | None:
    """Open the list of all its tickets."""
    view = act.ctx.read_with_timeout(
        lambda: _build_page(act.ctx, act.value.group, act.value.page), MODAL_LOOKUP_TIMEOUT_SECONDS
    )
    return LEDGER_BUSY_TEXT if view is None else act.open_modal(view)


@door.press(re.compile(f"^{modals.PAGE_ACTION}_"), value=GroupPageValue)
def turn(act: Act[GroupPageValue]) -> str | None:
    """Show another page of the list."""
    view = _build_page(act.ctx, act.value.group, act.value.page)
    try:
        act.ctx.slack.update_view(act.view["id"], view)
    except SlackError:
        return SLACK_SLOW_TEXT
    return None


@door.press(face.OWN_CARD_ACTION_ID, value=TicketValue)
def own_card(act: Act[TicketValue]) -> None:
    """Give the ticket its own card back."""
    with act.change_once() as session:
        Ticket.lock(session, act.value.ticket).leave_group(session, by=act.who.id, at=act.ctx.now())


def _ask_which(act: Act[GroupValue], *, claims: bool) -> str | None:
    """Open the menu of those that wait; a sentence if there are none."""
    value = PickValue(act.value.group, uuid.uuid4().hex, claims=claims)
    view = act.ctx.read_with_timeout(lambda: _build_pick(act.ctx, value), MODAL_LOOKUP_TIMEOUT_SECONDS)
    if view is None:
        return LEDGER_BUSY_TEXT
    return act.open_modal(view) if view else NONE_WAITING_TEXT


def _build_pick(ctx: BotContext, value: PickValue) -> Body:
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        rows = group_cards.load_rows(ctx, session, value.group, limit=LISTED_MAX, only_waiting=True)
        waiting = group_cards.count_states(session, value.group).get(TicketState.WAITING, 0)
    return modals.build_pick_modal(rows, waiting, value) if rows else {}


def _build_page(ctx: BotContext, group_id: int, page: int) -> Body:
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        group = session.get_one(TicketGroup, group_id)
        shown = group_cards.load_group_view(ctx, session, group, ctx.now())
        page = min(page, max((shown.total - 1) // ROWS_PER_PAGE, 0))
        rows = group_cards.load_rows(ctx, session, group_id, limit=ROWS_PER_PAGE, offset=page * ROWS_PER_PAGE)
    value = GroupPageValue(group_id, page)
    return modals.build_list_modal(face.headline(shown), rows, shown.total, value)


def _lock_member(session: Session, ticket_id: int, group_id: int) -> Ticket:
    ticket = Ticket.lock(session, ticket_id)
    if ticket.group_id != group_id:
        raise RuleBrokenError(GONE_TEXT)
    return ticket
