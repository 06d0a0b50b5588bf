"""The buttons of a card that change the ticket at once: Claim, Undo, Reopen and what is behind the dots."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.blocks.values import MenuValue, ReplyValue, TicketValue
from bot.slack.membership import NOT_YOUR_REPLY, MembershipKind, access_if_known
from handlers.door import Act, door
from handlers.feedback import Actor
from handlers.issues import add
from handlers.mutes import offers
from handlers.tickets import author_history, dialogs, snooze
from handlers.tickets.dialogs import notify_stopped
from models import Ticket
from models.core.base import RuleBrokenError

AnyTicketValue = TypeVar("AnyTicketValue", TicketValue, ReplyValue, MenuValue)
ALREADY_YOURS_TEXT = "This ticket is already yours."


@door.press("claim", value=TicketValue, refreshes_home=True)
def claim(act: Act[TicketValue]) -> str | None:
    """Make the ticket theirs."""
    with _locked(act) as (session, ticket):
        return claim_ticket(act.ctx, session, ticket, by=act.who.id)


@door.press("release", value=TicketValue, refreshes_home=True)
def release(act: Act[TicketValue]) -> None:
    """Give it back to everybody."""
    with _locked(act) as (session, ticket):
        _release(act, session, ticket)


@door.press("take_over", value=TicketValue, refreshes_home=True)
def take_over(act: Act[TicketValue]) -> str | None:
    """Make a colleague's ticket theirs."""
    with _locked(act) as (session, ticket):
        return _take_over(act, session, ticket)


@door.press("reopen", value=TicketValue, refreshes_home=True)
def reopen(act: Act[TicketValue]) -> None:
    """Have it wait again."""
    with _locked(act) as (session, ticket):
        sla_policy = act.ctx.sla_policy(session, ticket.channel)
        ticket.reopen(session, by=act.who.id, at=act.ctx.now(), sla_policy=sla_policy)


@door.press("undo", value=ReplyValue, refreshes_home=True)
def undo(act: Act[ReplyValue]) -> str | None:
    """Stop the reply that waits."""
    with _locked(act) as (session, ticket):
        return undo_reply(act.ctx, session, ticket, act.who, act.value.reply)


@door.press("more", value=MenuValue, refreshes_home=True)
def more(act: Act[MenuValue]) -> str | None:
    """Do what was chosen behind the dots, or ask about it first."""
    opener = _MODAL_OPENERS.get(act.value.choice)
    if opener is not None:
        return opener(act)
    with _locked(act) as (session, ticket):
        said = _OVERFLOW_ACTIONS[act.value.choice](act, session, ticket)
    if act.value.choice == "not_about_us":
        offers.offer(act, act.value.ticket)
    return said


door.acknowledge("open_on_network", "open_composer_on_network")


@contextmanager
def _locked(act: Act[AnyTicketValue]) -> Iterator[tuple[Session, Ticket]]:
    """The ticket, held, in the transaction of this very act."""
    with act.change_once() as session:
        yield session, Ticket.lock(session, act.value.ticket)


def undo_reply(
    ctx: BotContext, session: Session, ticket: Ticket, who: Actor, reply_id: int | None = None
) -> str | None:
    """Stop the pending reply; its author sees the text again at the next *Reply*.

    Returns a sentence for `who`. Raises `RuleBrokenError` with a sentence if they may not stop it, or if
    there is nothing to stop.
    """
    waiting = ticket.live_reply(session)
    if waiting is not None and waiting.actor != who.id:  # from memory alone: undo must not wait for Slack
        senders = ctx.policy(session, ticket.channel).senders
        refused = ctx.sender_permissions.why_not_if_known(ctx, who.id, ticket.channel, senders)
        if refused is not None:
            raise RuleBrokenError(refused)
        if access_if_known(ctx, who.id).kind is MembershipKind.NAMED_GUEST:
            raise RuleBrokenError(NOT_YOUR_REPLY)
    reply = ticket.undo(session, by=who.id, at=ctx.now(), reply_id=reply_id)
    if reply.actor != who.id:
        return f"Undone: nothing was published. The text is kept for <@{reply.actor}>."
    return "Undone: nothing was published. Your text is kept; press *Reply* to see it."


def claim_ticket(ctx: BotContext, session: Session, ticket: Ticket, *, by: str) -> str | None:
    """Make the ticket theirs; a sentence if it is already."""
    had = ticket.owner == by
    ticket.claim(session, by=by, at=ctx.now())
    return ALREADY_YOURS_TEXT if had else None


def take_over_ticket(ctx: BotContext, session: Session, ticket: Ticket, *, by: str) -> str | None:
    """Make a colleague's ticket theirs; a sentence if it is already."""
    had = ticket.owner == by
    ticket.take_over(session, by=by, at=ctx.now())
    return ALREADY_YOURS_TEXT if had else None


def _release(act: Act[AnyTicketValue], session: Session, ticket: Ticket) -> None:
    ticket.release(session, by=act.who.id, at=act.ctx.now())


def _take_over(act: Act[AnyTicketValue], session: Session, ticket: Ticket) -> str | None:
    return take_over_ticket(act.ctx, session, ticket, by=act.who.id)


def _not_about_us(act: Act[AnyTicketValue], session: Session, ticket: Ticket) -> None:
    stopped = ticket.close_not_about_us(session, by=act.who.id, at=act.ctx.now())
    notify_stopped(act.ctx, session, stopped, act.who, "not about us")


# What is behind the dots: done at once, or asked about first in a modal.
_OVERFLOW_ACTIONS: dict[str, Callable[[Act[MenuValue], Session, Ticket], str | None]] = {
    "not_about_us": _not_about_us,
    "release": _release,
    "take_over": _take_over,
}
_MODAL_OPENERS: dict[str, Callable[[Act[MenuValue]], str | None]] = {
    "assign": dialogs.open_assign_modal,
    "unsay": dialogs.open_delete_modal,
    "history": lambda act: author_history.open_from_card(act.ctx, act.who, act.trigger_id, act.value.ticket),
    "add_to_issue": lambda act: add.open_add_modal(act.ctx, act.trigger_id, act.value.ticket),
    "snooze": lambda act: snooze.open_snooze_modal(act.ctx, act.who, act.trigger_id, act.value.ticket),
}
