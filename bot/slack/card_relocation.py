"""A card whose place in Slack is gone: where it goes on, and what the team is told of it."""

from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from bot.notices.alarm_lines import CHANNEL_ALARM_KIND, lost_channel_phrase
from bot.slack.blocks.elements import section_block
from models import Alarm, Card, Notice, Ticket
from models.tickets.state import TicketState

MOVED_AT_ONCE = 500  # cards, in one transaction

# The message is there, and stays as it is: https://docs.slack.dev/reference/methods/chat.update#errors
UNEDITABLE_ERRORS = {"cant_update_message", "edit_window_closed"}


def announce_channel_moved(session: Session, channel: str, to: str, why: str, *, at: datetime) -> None:
    """What belonged to `channel` comes to `to` from now on: said there, once."""
    alarm = Alarm.raise_alarm(session, f"{CHANNEL_ALARM_KIND} {channel}", cause=why, detail=to, at=at)
    sentence = (
        f":package: {lost_channel_phrase(channel, why)} have moved here. Their old threads stayed there."
    )
    alarm.tell_once(session, sentence, at=at, channel=to)


def announce_new_card(session: Session, ticket: Ticket, why: str, *, at: datetime) -> None:
    """The card and its thread are gone, or cannot be changed: said under the new one."""
    gone = "This ticket's card was deleted in Slack, so here is a new one. Only its thread is lost."
    fixed = "Slack no longer lets me update this ticket's card, so here is a new one."
    sentence = fixed if why in UNEDITABLE_ERRORS else gone
    said = f":recycle: {sentence}"
    Notice.enqueue(session, said, blocks=[section_block(said)], at=at, ticket_id=ticket.id)


def relocate_waiting_cards(
    session: Session, channel: str, to: str, *, at: datetime, with_ticket: int
) -> None:
    """Have cards that wait to be drawn in `channel`, which is gone, drawn in `to`, after one refused call.

    Cards in another worker's hands, or that may have been posted, are left for a call of their own, as is the
    card of `with_ticket`, which the caller decides about: its ticket is locked together with the others.
    """
    is_idle = Card.placing_since.is_(None) & or_(Card.leased_until.is_(None), Card.leased_until <= at)
    waiting = (
        select(Ticket.id)
        .outerjoin(Card, Card.ticket_id == Ticket.id)
        .where(func.coalesce(Card.channel, Ticket.channel) == channel, or_(Card.id.is_(None), is_idle))
        .where(Ticket.drawn_revision < Ticket.revision, Ticket.group_id.is_(None))
        .where(Ticket.state != TicketState.MUTED, Ticket.id != with_ticket)
        .where(Ticket.is_private.is_(False))  # what is private waits for a private channel instead
        .order_by(Ticket.id)
        .limit(MOVED_AT_ONCE)
    )
    found = session.scalars(waiting).all()
    held = Ticket.lock_all(session, Ticket.id.in_([*found, with_ticket]))
    moved = [
        one for one in session.scalars(waiting) if one in held
    ]  # what is still so, now that it is locked
    options = {"synchronize_session": False}
    cards = update(Card).where(Card.ticket_id.in_(moved))
    session.execute(cards.values(ts=None, leased_until=None, channel=to), execution_options=options)
    tickets = update(Ticket).where(Ticket.id.in_(moved))
    session.execute(tickets.values(channel=to, revision=Ticket.revision + 1), execution_options=options)


def relocate_card(session: Session, card: Card, ticket: Ticket, channel: str) -> None:
    """The message or its channel is gone: the ticket gets a new card, and its thread goes on under that.

    One that is muted gets none.
    """
    card.mark_deleted()
    card.channel = ticket.channel = channel
    ticket.revision += 1
    session.flush()
    ticket.skip_card_if_muted(session)
