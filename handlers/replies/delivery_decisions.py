"""What a person decides about a reply that nobody can be sure of, or that has to be posted by hand."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.publish import account_check, reconcile
from bot.slack.blocks.values import ReplyValue
from handlers.door import Act, change_once, door, why_may_not_send
from handlers.feedback import Actor
from models import Reply, Ticket
from models.core.base import RuleBrokenError
from models.tickets import unconnected_accounts
from models.tickets.delivery_state import DeliveryState


def _load_ticket_id(ctx: BotContext, reply_id: int) -> int:
    with ctx.db.read() as session:
        return session.get_one(Reply, reply_id).ticket_id


def _change_reply(
    ctx: BotContext,
    who: Actor,
    reply_id: int,
    expected: DeliveryState,
    verb: Callable[[Session, Ticket, Reply], object],
) -> None:
    """Do `verb` in one transaction, once a press, if the reply still is where the person saw it.

    Raises `RuleBrokenError` if it is not, and `RepeatedError`.
    """
    with change_once(ctx, who) as session:
        ticket = Ticket.lock(session, session.get_one(Reply, reply_id).ticket_id)
        reply = session.get_one(Reply, reply_id, populate_existing=True)
        if reply.state != expected:
            raise RuleBrokenError(f"That's already decided: the reply is {reply.state}.")
        verb(session, ticket, reply)
        ticket.revision += 1


@door.press("it_is_there", value=ReplyValue, in_background=True, refreshes_home=True)
def it_is_there(act: Act[ReplyValue]) -> str | None:
    """Published, on the network's sight if it shows it, else on the person's word."""
    ctx, who, reply_id = act.ctx, act.who, act.value.reply
    if reconcile.look_once_more(ctx, reply_id):
        return "Yes, I see it too. Marked as published."

    def verb(session: Session, ticket: Ticket, reply: Reply) -> None:
        at = ctx.now()
        since = reply.sent_at or at  # it was public all the while
        reply.move(session, DeliveryState.PUBLISHED, at=at, by=who.id, act="it is there", settled_at=since)
        ticket.handle_published_reply(session, reply, at=since)

    _change_reply(ctx, who, reply_id, DeliveryState.ASKED, verb)
    return "Marked as published because you say so; I can't see it."


@door.press("send_again", value=ReplyValue, in_background=True, refreshes_home=True)
def send_again(act: Act[ReplyValue]) -> str | None:
    """Queued again, but only after one more look that succeeded and did not show it."""
    ctx, who, reply_id = act.ctx, act.who, act.value.reply
    refused = why_may_not_send(ctx, who, _load_ticket_id(ctx, reply_id))
    if refused is not None:
        return refused
    seen = reconcile.look_once_more(ctx, reply_id)
    if seen is None and (not_connected := _not_connected(ctx, reply_id)) is not None:
        return not_connected
    if seen is None:
        return "I couldn't check right now, so I did not send it again. Please try in a minute."
    if seen:
        return "It was posted: I can see it now. Nothing was sent again."
    _change_reply(
        ctx,
        who,
        reply_id,
        DeliveryState.ASKED,
        lambda session, _ticket, reply: reply.send_again(session, at=ctx.now(), by=who.id),
    )
    return None


def _not_connected(ctx: BotContext, reply_id: int) -> str | None:
    """Why nobody can look for that reply or send it again, if its account is not connected.

    Raises `RuleBrokenError`, which says so, if there are no keys for its network at all.
    """
    with ctx.db.read() as session:
        reply = session.get_one(Reply, reply_id)
    account_check.check_ticket_account(ctx, reply.ticket_id, reply.account_id, reply.network)
    with ctx.db.read() as session:
        ticket = session.get_one(Ticket, reply.ticket_id)
        network = ctx.network(reply.network_on(ticket)).name
        alarm = unconnected_accounts.find_alarm(session, network, reply.account_id)
    return None if alarm is None else f"{alarm.detail} So I couldn't check, and did not send it again."


@door.press("discard", value=ReplyValue, in_background=True, refreshes_home=True)
def discard(act: Act[ReplyValue]) -> str | None:
    """Given up; the words come back, and the ticket waits on."""
    ctx, who, reply_id = act.ctx, act.who, act.value.reply
    if reconcile.look_once_more(ctx, reply_id):
        return "It was posted: I can see it now, so there is nothing to discard. Marked as published."

    def verb(session: Session, ticket: Ticket, reply: Reply) -> None:
        reply.discard(session, at=ctx.now(), by=who.id)
        network = reply.network_on(ticket)
        title = ctx.network_titles.get(network, network)
        ticket.close_if_gone(session, title=title, at=ctx.now())

    _change_reply(ctx, who, reply_id, DeliveryState.ASKED, verb)
    return "Discarded. If I see it on the network later, I'll say so here."


@door.press("not_posted", value=ReplyValue, refreshes_home=True)
def not_posted(act: Act[ReplyValue]) -> str | None:
    """Nobody posted it: the words come back, and the ticket waits on."""
    ctx, who, reply_id = act.ctx, act.who, act.value.reply

    def verb(session: Session, _ticket: Ticket, reply: Reply) -> None:
        reply.move(session, DeliveryState.CANCELLED, at=ctx.now(), by=who.id, act="I did not post it")

    _change_reply(ctx, who, reply_id, DeliveryState.HANDED_OFF, verb)
    return "The ticket is waiting again. Your text is kept; press *Reply* to see it."
