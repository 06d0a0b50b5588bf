"""What happens to messages in a card's thread: an owner shows life, and a public text outlives its message.

Nothing of what teammates tell each other is kept.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.membership import MembershipKind, access_if_known
from handlers.door import change_once, door, report, write_session
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, Actor
from models import Card, Reply, Ticket
from models.tickets.delivery_state import LIVE_STATES, DeliveryState

Body = dict[str, Any]


@door.event("message")
def overhear(ctx: BotContext, event: Body) -> None:
    """Note that an owner is there, or that a message whose words are public was edited or deleted."""
    kind = event.get("subtype")
    if kind in {"message_changed", "message_deleted"}:
        _handle_change(ctx, event, is_gone=kind == "message_deleted")
    elif event.get("user") and not event.get("bot_id") and event.get("thread_ts"):
        _record_activity(ctx, event)


def _record_activity(ctx: BotContext, event: Body) -> None:
    """Somebody says something in the thread: if the ticket is theirs, they are at it."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        card = Card.find_by_message(session, event["channel"], event["thread_ts"])
        if card is None or session.get_one(Ticket, card.ticket_id).owner != event["user"]:
            return
    if (
        access_if_known(ctx, event["user"]).kind is MembershipKind.OUTSIDER
    ):  # a guest by now: let the claim run out
        return
    with write_session(ctx) as session:
        Ticket.lock(session, card.ticket_id).record_activity(by=event["user"], at=ctx.now())


def _handle_change(ctx: BotContext, event: Body, *, is_gone: bool) -> None:
    """A message whose words are public, or on their way, was edited or deleted: they stay as they are."""
    before = event.get("previous_message") or {}
    ts = before.get("ts") or event.get("deleted_ts")
    if not is_gone and (event.get("message") or {}).get("text") == before.get("text"):
        return  # Slack tells of a link that was unfolded as of an edit
    user, channel = before.get("user"), event["channel"]
    if not user or not ts:
        return
    key = f"changed {channel} {ts} {event.get('event_ts')}"
    who = Actor(user, channel, before.get("thread_ts"), key)
    report(ctx, who, None, lambda: _notify_unchanged(ctx, who, ts, is_gone=is_gone))


def _notify_unchanged(ctx: BotContext, who: Actor, ts: str, *, is_gone: bool) -> str | None:
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        reply = _reply_of_message(session, who.channel or "", ts)
    if reply is None:
        return None
    with change_once(ctx, who):
        pass
    what = "deleted" if is_gone else "changed"
    if reply.state in {DeliveryState.HELD, DeliveryState.QUEUED}:
        return f"You {what} that message, but its text will go out as shown. *Undo* on the card stops it."
    return (
        f"You {what} that message; the public text is unchanged. On the card, *Follow up* adds to it and "
        "⋯ *Delete public reply* deletes it."
    )


def _reply_of_message(session: Session, channel: str, ts: str) -> Reply | None:
    """The reply whose words that message holds, if it went out or is about to."""
    query = select(Reply).where(
        Reply.said_ts == ts, Reply.said_channel == channel, Reply.state.in_(LIVE_STATES)
    )
    return session.scalars(query.order_by(Reply.id.desc()).limit(1)).first()
