"""What happens to messages in a card's thread: an owner shows life, and a public text outlives its message.

Nothing of what teammates tell each other is kept.
"""

from typing import Any

from slack_bolt import App
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack.membership import Kind, access_if_known
from handlers.feedback import PATIENCE, Person, attempt, writing
from models import Card, Inbound, Reply, Ticket
from models.tickets.reply import LIVE
from models.tickets.reply import State as Delivery

Body = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Listen for messages, edits and deletions."""

    @app.event("message")
    def overheard(event: Body) -> None:
        kind = event.get("subtype")
        if kind in {"message_changed", "message_deleted"}:
            _changed(desk, event, is_gone=kind == "message_deleted")
        elif event.get("user") and not event.get("bot_id") and event.get("thread_ts"):
            _life(desk, event)


def _life(desk: Desk, event: Body) -> None:
    """Somebody says something in the thread: if the ticket is theirs, they are at it."""
    with desk.db.read(PATIENCE) as session:
        card = Card.at_place(session, event["channel"], event["thread_ts"])
        if card is None or session.get_one(Ticket, card.ticket_id).owner != event["user"]:
            return
    if access_if_known(desk, event["user"]).kind is Kind.OUTSIDER:  # a guest by now: let the claim run out
        return
    with writing(desk) as session:
        Ticket.hold(session, card.ticket_id).show_life(by=event["user"], at=desk.now())


def _changed(desk: Desk, event: Body, *, is_gone: bool) -> None:
    """A message whose words are public, or on their way, was edited or deleted: they stay as they are."""
    before = event.get("previous_message") or {}
    ts = before.get("ts") or event.get("deleted_ts")
    if not is_gone and (event.get("message") or {}).get("text") == before.get("text"):
        return  # Slack tells of a link that was unfolded as of an edit
    user, channel = before.get("user"), event["channel"]
    if not user or not ts:
        return
    who = Person(user, channel, before.get("thread_ts"))
    told = f"changed {channel} {ts} {event.get('event_ts')}"
    attempt(desk, who, None, lambda: _say_unchanged(desk, who, ts, told, is_gone=is_gone))


def _say_unchanged(desk: Desk, who: Person, ts: str, told: str, *, is_gone: bool) -> str | None:
    with desk.db.read(PATIENCE) as session:
        reply = _reply_from(session, who.channel or "", ts)
    if reply is None:
        return None
    with writing(desk) as session:
        if not Inbound.is_new(session, told, at=desk.now()):
            return None
    what = "deleted" if is_gone else "changed"
    if reply.state in {Delivery.HELD, Delivery.QUEUED}:
        return f"You {what} that message, but its words go out as shown. *Undo* on the card stops them."
    return (
        f"You {what} that message; the public text is unchanged. On the card, *Follow up* adds to it and "
        "⋯ *Delete public reply* takes it back."
    )


def _reply_from(session: Session, channel: str, ts: str) -> Reply | None:
    """The reply whose words that message holds, if it went out or is about to."""
    query = select(Reply).where(Reply.said_ts == ts, Reply.said_channel == channel, Reply.state.in_(LIVE))
    return session.scalars(query.order_by(Reply.id.desc()).limit(1)).first()
