"""Into which private channel the card of a private ticket goes, and how it leaves one that is lost.

`bot/slack/private_cards.py` asks Slack what is private and decides; nothing here takes a channel on trust.
"""

import uuid
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from models.core.audit_event import Event
from models.slack.card import Card
from models.slack.home_tab import HomeTab
from models.slack.notice import Notice
from models.sources.track import Track
from models.tickets.state import NO_CHANNEL
from models.tickets.ticket import Ticket

EMPTIED_TEXT = (
    ":lock: The post that was shown here is not public, and this is not a private channel of Heard's, so its "
    "text was removed. Its card waits for a private channel."
)


class WaitingAccount(NamedTuple):
    """An account with private tickets that have no channel; `track_id` is that of its mentions, if known.

    `channel` is where that track shows, which need not be private; `NO_CHANNEL` if it has none of its own.
    """

    network: str
    account_id: str
    tickets: int
    track_id: int | None
    channel: str


def list_waiting_accounts(session: Session) -> list[WaitingAccount]:
    """Returns the accounts whose private tickets wait for a private channel."""
    query = (
        select(Ticket.network, Ticket.account_id, func.count(Ticket.id))
        .where(Ticket.is_private, Ticket.channel == NO_CHANNEL)
        .group_by(Ticket.network, Ticket.account_id)
        .order_by(Ticket.network, Ticket.account_id)
    )
    found = []
    for network, account_id, count in session.execute(query).all():
        track = Track.find_mentions(session, network, account_id)
        channel = track.channel if track is not None else None
        track_id = track.id if track is not None else None
        found.append(WaitingAccount(network, account_id, count, track_id, channel or NO_CHANNEL))
    return found


def move_in(session: Session, account: WaitingAccount, *, at: datetime, limit: int) -> int:
    """Give `limit` of the private tickets of that account that wait its channel. Returns how many it were.

    The caller has asked Slack: the channel is private.
    """
    query = select(Ticket.id).where(
        Ticket.is_private,
        Ticket.channel == NO_CHANNEL,
        Ticket.network == account.network,
        Ticket.account_id == account.account_id,
    )
    ids = session.scalars(query.order_by(Ticket.id).limit(limit)).all()
    for ticket_id in ids:
        ticket = Ticket.lock(session, ticket_id)
        if ticket.channel != NO_CHANNEL:
            continue
        ticket.channel = account.channel
        card = session.scalar(select(Card).where(Card.ticket_id == ticket.id))
        if card is not None:
            card.channel, card.not_before = account.channel, None
        ticket.revision += 1
        data = {"channel": account.channel}
        Event.record(session, "private channel", at=at, ticket_id=ticket.id, data=data)
    return len(ids)


def list_in_channel(session: Session, channel: str, *, limit: int, after: int = 0) -> list[int]:
    """Returns the ids of private tickets shown in `channel`: the first `limit` after the id `after`."""
    query = select(Ticket.id).where(Ticket.is_private, Ticket.channel == channel, Ticket.id > after)
    return list(session.scalars(query.order_by(Ticket.id).limit(limit)))


def is_settled(session: Session, ticket: Ticket, *, at: datetime) -> bool:
    """Whether it is known which messages in Slack show that ticket, which is locked.

    That is so if no call about them is under way or in doubt.
    """
    card = select(Card.id).where(Card.ticket_id == ticket.id)
    notice = select(Notice.id).where(or_(Notice.ticket_id == ticket.id, Notice.card_of == ticket.id))
    for query, table in ((card, Card), (notice, Notice)):
        is_open = (table.leased_until > at) | (table.ts.is_(None) & table.placing_since.is_not(None))
        if session.scalar(query.where(is_open).limit(1)) is not None:
            return False
    return True


def move_out(session: Session, ticket: Ticket, *, at: datetime) -> bool:
    """Take the words of a private ticket out of its channel, which is lost; it waits for another one.

    Its card and Heard's messages about it are redrawn without words where they are. Returns False, and
    does nothing, while it is not known which messages those are. The ticket is locked.
    """
    if not is_settled(session, ticket, at=at):
        return False
    card = session.scalar(select(Card).where(Card.ticket_id == ticket.id).with_for_update())
    if card is not None:
        if card.ts is not None:
            session.add(_emptied_message(card, at))
        card.mark_deleted()
        card.channel = NO_CHANNEL
    about = or_(Notice.ticket_id == ticket.id, Notice.card_of == ticket.id)
    posted = select(Notice).where(about, Notice.ts.is_not(None))
    for notice in session.scalars(posted.order_by(Notice.id).with_for_update()):
        notice.text, notice.blocks, notice.is_stale = EMPTIED_TEXT, _blocks(), True
    elsewhere = select(Notice).where(Notice.card_of == ticket.id, Notice.ts.is_(None))
    for notice in session.scalars(elsewhere.order_by(Notice.id).with_for_update()):
        notice.drop(session)  # a reminder for where the card was
    data = {"channel": ticket.channel}
    ticket.channel = NO_CHANNEL
    ticket.revision += 1
    Event.record(session, "private channel lost", at=at, ticket_id=ticket.id, data=data)
    HomeTab.redact(session, since=ticket.seen_at)
    return True


def _emptied_message(card: Card, at: datetime) -> Notice:
    """The card's message as it is to be redrawn, by the loop that redraws what may not stay as it is."""
    return Notice(
        key=uuid.uuid4().hex,
        channel=card.channel,
        posted_in=card.channel,
        ts=card.ts,
        text=EMPTIED_TEXT,
        blocks=_blocks(),
        created_at=at,
        failures=0,
        is_stale=True,
    )


def _blocks() -> list[dict[str, object]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": EMPTIED_TEXT}}]
