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
        f":package: {lost_channel_phrase(channel, why)} come here. What was said in their "
        f"threads stayed there."
    )
    alarm.tell_once(session, sentence, at=at, channel=to)


def announce_new_card(session: Session, ticket: Ticket, why: str, *, at: datetime) -> None:
    """The card and its thread are gone, or cannot be changed: said under the new one."""
    gone = "The card of this one was deleted in Slack, so this is a new one: nothing is lost but its thread."
    fixed = "Slack does not let me change the card of this one any more, so it goes on here."
    sentence = fixed if why in UNEDITABLE_ERRORS else gone
    said = f":recycle: {sentence}"
    Notice.enqueue(session, said, blocks=[section_block(said)], at=at, ticket_id=ticket.id)


def relocate_card(card: Card, ticket: Ticket, channel: str) -> None:
    """The message or its channel is gone: the ticket gets a new card, and its thread goes on under that."""
    card.mark_deleted()
    card.channel = ticket.channel = channel
    ticket.revision += 1
