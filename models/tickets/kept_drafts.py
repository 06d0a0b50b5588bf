"""Words that a composer cannot send now: why not, and how they are kept as a draft of their author."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from models.slack.processed_request import ProcessedRequest
from models.tickets.delivery_state import PENDING_STATES, PUBLIC_STATES, DeliveryState
from models.tickets.reply import Reply
from models.tickets.ticket import Ticket


def why_cannot_reply(ticket: Ticket, live: Reply | None) -> str:
    """Why nothing can be written now, and what to do about it, as mrkdwn; `live` is the turn's reply."""
    if ticket.joined_to is not None:
        return ticket.joined_text
    if live is None:
        return f"This ticket is closed: {ticket.state}. Press *Reopen* on the card first."
    who = f"<@{live.actor}>"
    if live.state in PENDING_STATES:
        return f"{who}'s reply is about to go out. *Undo* on the card stops it, and then you can edit it."
    if live.state == DeliveryState.HANDED_OFF:
        return f"{who}'s reply is waiting to be posted by hand: see the card."
    if live.state in PUBLIC_STATES:
        return f"{who} has already replied. To add something, press *Follow up* on the card."
    return f"{who}'s reply was sent but not confirmed yet, so it may be public: see the card."


def keep_draft(
    session: Session,
    ticket: Ticket,
    words: str,
    *,
    by: str,
    at: datetime,
    request_key: str,
    replaces: int | None = None,
    author: str | None = None,
    account_id: str | None = None,
    network: str | None = None,
) -> Reply | None:
    """Keep what `by` typed as a draft; None if these very words are kept already.

    `request_key` names the composer and the words. The draft `replaces` is discarded; `author` is whose words
    they were, if somebody else's; `account_id` the account that they are written as (None: the ticket's);
    `network` where (None: the preset one). What was typed for a ticket that was joined to another one is kept
    there.
    """
    if not ProcessedRequest.claim_key(session, request_key, at=at):
        return None
    if ticket.joined_to is not None:
        ticket = Ticket.lock(session, ticket.joined_to)
    came_from = discard_replaced(session, replaces, by=by, at=at) if replaces is not None else {}
    draft = ticket.draft(
        session,
        text=words,
        by=by,
        at=at,
        key=uuid4().hex,
        source="composer",
        author=author,
        account_id=account_id,
        to_post_id=ticket.find_target(session, network).post_id,
        **came_from,
    )
    draft.update_reaction(session)
    return draft


def discard_replaced(session: Session, draft_id: int, *, by: str, at: datetime) -> dict[str, Any]:
    """Discard the draft that a composer began with, for what is written now takes its place.

    Gives where it came from, as columns of the new one; nothing if it is no draft of `by` any more.
    """
    draft = session.get(Reply, draft_id)
    if draft is None or draft.state != DeliveryState.DRAFT or draft.actor != by:
        return {}
    draft.move(session, DeliveryState.DISCARDED, at=at, by=by, act="draft edited")
    return {"said_channel": draft.said_channel, "said_ts": draft.said_ts}
