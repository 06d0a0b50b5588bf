"""`/mentions pause` and `resume`: no reply leaves, drafts stay, the channel is told."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack.sender_permissions import PermissionUnknownError
from handlers.door import RepeatedError, change_once
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, Actor
from models import Notice, Pause, Reply, Ticket
from models.tickets.delivery_state import MAYBE_SENT_STATES, PENDING_STATES, DeliveryState


def pause_or_resume(ctx: BotContext, word: str, who: Actor) -> str:
    """Pause, or go on; what the person who asked reads."""
    by, channel = who.id, ctx.settings.slack_channel
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        senders = ctx.policy(session, channel).senders
    try:
        refused = ctx.sender_permissions.why_not(ctx, by, channel, senders)
    except PermissionUnknownError:
        if word != "pause":  # while Slack does not answer nobody may speak, but anybody may fall silent
            raise
        refused = None
    if refused is not None:
        return refused
    try:
        with change_once(ctx, who) as session:
            return _pause(ctx, session, by) if word == "pause" else _resume(ctx, session, by)
    except RepeatedError:
        return "That was already done."


def _pause(ctx: BotContext, session: Session, by: str) -> str:
    at = ctx.now()
    if not Pause.begin(session, by=by, at=at):
        return "All public replies are already paused. `/mentions resume` starts them again."
    stopped = _stop_pending(ctx, session, by)
    gone = session.scalars(select(Reply.id).where(Reply.state.in_(MAYBE_SENT_STATES))).all()
    said = f":double_vertical_bar: <@{by}> *paused all public replies* until someone runs `/mentions resume`."
    if stopped:
        said += (
            f" {stopped} that had not gone out went back to "
            f"{'its author' if stopped == 1 else 'their authors'}."
        )
    if gone:
        said += f" {len(gone)} {'was' if len(gone) == 1 else 'were'} already being sent."
    Notice.enqueue(session, said, at=at, channel=ctx.settings.slack_channel)
    return "Paused. Drafts are kept, and the channel has been told."


def _stop_pending(ctx: BotContext, session: Session, by: str) -> int:
    """Every reply that has not left comes back to its author."""
    at, stopped = ctx.now(), 0
    pending = (
        select(Reply.id, Reply.ticket_id).where(Reply.state.in_(PENDING_STATES)).order_by(Reply.ticket_id)
    )
    for reply_id, ticket_id in session.execute(pending).all():
        ticket = Ticket.lock(session, ticket_id)
        reply = session.get_one(Reply, reply_id, populate_existing=True)
        if reply.state in PENDING_STATES:
            reply.move(session, DeliveryState.CANCELLED, at=at, by=by, reason="paused")
            ticket.handle_stopped_reply(session, reply)
            thread_notices.post(session, thread_notices.PAUSED, reply, at=at, by=by)
            stopped += 1
    return stopped


def _resume(ctx: BotContext, session: Session, by: str) -> str:
    at = ctx.now()
    if not Pause.end(session, by=by, at=at):
        return "Replies are not paused."
    said = f":arrow_forward: <@{by}> *resumed public replies*. Replies that were stopped are drafts now."
    Notice.enqueue(session, said, at=at, channel=ctx.settings.slack_channel)
    return "Resumed. The channel has been told."
