"""A card whose place in Slack is gone: where it goes on, and what the team is told of it."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.notices.alarm_lines import CHANNEL_ALARM_KIND, lost_channel_phrase
from bot.slack.blocks.elements import section_block
from models import Alarm, Card, Notice, Ticket

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


def relocate_card(session: Session, card: Card, ticket: Ticket, channel: str) -> None:
    """The message or its channel is gone: the ticket gets a new card, and its thread goes on under that.

    One that is muted gets none.
    """
    card.mark_deleted()
    card.channel = ticket.channel = channel
    ticket.revision += 1
    session.flush()
    ticket.skip_card_if_muted(session)
