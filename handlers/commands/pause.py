"""`/mentions pause` and `resume`: no reply leaves, drafts stay, the channel is told."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import thread_notices
from bot.slack.permissions import UnknownStandingError
from handlers.feedback import writing
from models import Inbound, Notice, Pause, Reply, Ticket
from models.tickets.reply import ON_THE_WIRE, PENDING
from models.tickets.reply import State as Delivery


def turn(desk: Desk, word: str, *, by: str, key: str | None) -> str:
    """Pause, or go on; what the person who asked reads. `key` is the same in copies of one command."""
    try:
        refused = desk.standing.why_not(desk, by, desk.settings.slack_channel)
    except UnknownStandingError:
        if word != "pause":  # while Slack does not answer nobody may speak, but anybody may fall silent
            raise
        refused = None
    if refused is not None:
        return refused
    with writing(desk) as session:
        if key is not None and not Inbound.is_new(session, f"silence {key}", at=desk.now()):
            return "That was done already."
        return _pause(desk, session, by) if word == "pause" else _resume(desk, session, by)


def _pause(desk: Desk, session: Session, by: str) -> str:
    at = desk.now()
    if not Pause.begin(session, by=by, at=at):
        return "All public replies are paused already. `/mentions resume` lets them go out again."
    stopped = _stop_what_waits(desk, session, by)
    gone = session.scalars(select(Reply.id).where(Reply.state.in_(ON_THE_WIRE))).all()
    said = f":double_vertical_bar: <@{by}> *paused all public replies*: none leaves until `/mentions resume`."
    if stopped:
        said += f" {stopped} that waited came back to {'its author' if stopped == 1 else 'their authors'}."
    if gone:
        said += f" {len(gone)} {'was' if len(gone) == 1 else 'were'} on the way already."
    Notice.tell(session, said, at=at, channel=desk.settings.slack_channel)
    return "Paused. Drafts stay, and the channel is told."


def _stop_what_waits(desk: Desk, session: Session, by: str) -> int:
    """Every reply that has not left comes back to its author."""
    at, stopped = desk.now(), 0
    pending = select(Reply.id, Reply.ticket_id).where(Reply.state.in_(PENDING)).order_by(Reply.ticket_id)
    for reply_id, ticket_id in session.execute(pending).all():
        ticket = Ticket.hold(session, ticket_id)
        reply = session.get_one(Reply, reply_id, populate_existing=True)
        if reply.state in PENDING:
            reply.move(session, Delivery.CANCELLED, at=at, by=by, reason="paused")
            ticket.stopped(session, reply)
            thread_notices.paused(session, reply, by, at=at)
            stopped += 1
    return stopped


def _resume(desk: Desk, session: Session, by: str) -> str:
    at = desk.now()
    if not Pause.end(session, by=by, at=at):
        return "Nothing is paused."
    said = f":arrow_forward: <@{by}> *resumed public replies*. What was stopped waits as drafts."
    Notice.tell(session, said, at=at, channel=desk.settings.slack_channel)
    return "Resumed. The channel is told."
