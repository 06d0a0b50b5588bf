"""Small modals that ask before something is done: why no reply is needed, to whom, whether really."""

import uuid

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack.blocks import dialogs
from bot.slack.blocks.text import one_line, truncate
from bot.slack.blocks.values import DeletionValue, MenuValue, ReasonValue, TicketModalValue, TicketValue
from bot.slack.membership import MembershipKind, access_if_known
from handlers.door import Act, door, why_may_not_send
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, Actor
from handlers.tickets import assignee
from models import Reply, Ticket
from models.core.base import RuleBrokenError
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState

NOT_YOURS_TO_STOP_TEXT = "A colleague's reply is being sent here, and as a guest you can't stop it."
MODAL_LOOKUP_TIMEOUT_SECONDS = 1.0  # seconds in which a question is to know what it asks about


@door.press("no_reply_needed", value=TicketValue)
def ask_reason(act: Act[TicketValue]) -> str | None:
    """Ask why nobody has to answer."""
    value, key = act.value, uuid.uuid4().hex
    return act.open_modal(
        dialogs.build_reason_modal(
            value.ticket, handle=value.handle, key=key, turn=value.turn, post_id=value.post_id
        )
    )


@door.submit(dialogs.REASON_CALLBACK_ID, value=ReasonValue, at=dialogs.REASON_BLOCK)
def give_reason(act: Act[ReasonValue]) -> None:
    """Close the ticket, unless there is something on it that they have not seen."""
    picked = act.view["state"]["values"][dialogs.REASON_BLOCK]["value"]["selected_option"]["value"]
    words = shorten_reason(act.typed(dialogs.TEXT_BLOCK).text)
    with act.change_once() as session:
        ticket = Ticket.lock(session, act.value.ticket)
        ticket.check_seen(turn=act.value.turn, post_id=act.value.post_id)
        reason = f"{picked}: {words}" if words else picked
        close_ticket(act.ctx, session, ticket, who=act.who, reason=reason)


def open_assign_modal(act: Act[MenuValue]) -> str | None:
    """Ask to whom the ticket goes."""
    return act.open_modal(dialogs.build_assign_modal(act.value.ticket, key=uuid.uuid4().hex))


@door.submit(dialogs.ASSIGN_CALLBACK_ID, value=TicketModalValue, at=dialogs.ASSIGNEE_BLOCK)
def assign(act: Act[TicketModalValue]) -> None:
    """Give the ticket to whom they picked, if that is somebody who can act on it."""
    picked = act.view["state"]["values"][dialogs.ASSIGNEE_BLOCK]["value"]["selected_user"]
    with act.ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, act.value.ticket)
        channel, is_private = ticket.channel, ticket.is_private
    assignee.check_assignable(act.ctx, picked, channel=channel, is_private=is_private)
    with act.change_once() as session:
        ticket = Ticket.lock(session, act.value.ticket)
        assign_ticket(act.ctx, session, ticket, to=picked, by=act.who.id)


def open_delete_modal(act: Act[MenuValue]) -> str | None:
    """Ask whether a public reply is really to be deleted; in general words if the ledger is slow."""
    ctx, value, key = act.ctx, act.value, uuid.uuid4().hex
    assert value.reply is not None
    reply_id = value.reply
    about = ctx.read_with_timeout(lambda: _load_deletion(ctx, reply_id), MODAL_LOOKUP_TIMEOUT_SECONDS)
    return act.open_modal(dialogs.build_delete_modal(value.ticket, reply_id, key=key, about=about))


@door.submit(dialogs.DELETE_CALLBACK_ID, value=DeletionValue, at=None)
def delete(act: Act[DeletionValue]) -> None:
    """Request the deletion of the reply on the network.

    Raises `RuleBrokenError` if the person may not send here.
    """
    ctx, value = act.ctx, act.value
    refused = why_may_not_send(ctx, act.who, value.ticket)
    if refused is not None:
        raise RuleBrokenError(refused)
    with act.change_once() as session:
        ticket = Ticket.lock(session, value.ticket)
        reply = session.get_one(Reply, value.reply, populate_existing=True)
        ticket.request_deletion(session, reply, by=act.who.id, at=ctx.now())


# --- what is done -------------------------------------------------------------------------------------------


def shorten_reason(typed: str) -> str:
    """A reason as its giver sees it, short enough for a card's line."""
    return truncate(one_line(typed), dialogs.REASON_MAX_CHARS)


def close_ticket(ctx: BotContext, session: Session, ticket: Ticket, *, who: Actor, reason: str) -> None:
    """Give the outcome "no reply needed"."""
    stopped = ticket.close_no_reply_needed(session, by=who.id, at=ctx.now(), reason=reason)
    notify_stopped(ctx, session, stopped, who, "no reply needed")


def notify_stopped(ctx: BotContext, session: Session, stopped: list[Reply], who: Actor, outcome: str) -> None:
    """An outcome stopped somebody's reply: they are told in the thread.

    Raises `RuleBrokenError` if it is a guest's outcome and a colleague's reply, which only members stop.
    """
    is_colleagues = any(reply.actor != who.id for reply in stopped)
    if is_colleagues and access_if_known(ctx, who.id).kind is MembershipKind.NAMED_GUEST:
        raise RuleBrokenError(NOT_YOURS_TO_STOP_TEXT)
    for reply in stopped:
        thread_notices.post(session, thread_notices.STOPPED, reply, at=ctx.now(), by=who.id, outcome=outcome)


def assign_ticket(ctx: BotContext, session: Session, ticket: Ticket, *, to: str, by: str) -> None:
    """Assign the ticket to `to` and tell them. The caller has run `check_assignable`."""
    ticket.assign(session, to=to, by=by, at=ctx.now())
    if to != by:
        thread_notices.post(session, thread_notices.ASSIGNED, ticket, at=ctx.now(), to=to, by=by)


def _load_deletion(ctx: BotContext, reply_id: int) -> dialogs.ReplyDeletion:
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        reply = session.get_one(Reply, reply_id)
        ticket = session.get_one(Ticket, reply.ticket_id)
        return dialogs.ReplyDeletion(
            text=reply.text,
            actor=reply.actor,
            title=ctx.network_titles.get(reply.network_on(ticket), reply.network_on(ticket)),
            is_by_hand=reply.state == DeliveryState.CONFIRMED,
            state=ticket.state,
            reopens=reply.turn == ticket.turn and ticket.state == TicketState.ANSWERED,
        )
