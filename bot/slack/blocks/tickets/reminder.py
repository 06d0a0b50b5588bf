"""What the team is told about somebody who waits: in the thread, in the channel, to one person. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.slack.blocks import notification_text
from bot.slack.blocks.elements import Block, format_duration, section_block
from bot.slack.blocks.text import date_token, mrkdwn_handle_link, quote_block
from models.slack.notice import quote_block_id
from models.tickets.ticket import Ticket

QUOTE_MAX_CHARS = 200  # characters of a post that are quoted to one person
NAMES_LISTED_MAX = 5  # who is named in one line

ReminderMessage = tuple[str, list[Block]]
"""A message: its sentence, which is also what is read out, and its blocks."""


@dataclass(frozen=True, slots=True)
class WaitingAuthor:
    """Somebody who waits, as a reminder shows them. `url` leads to the card, if it is known where that is."""

    ticket: Ticket
    handle: str | None
    title: str  # of the network
    words: str
    url: str
    has_reply: bool = False  # one that goes no further until a person does something
    mention_id: int | None = None  # the post that has these words
    post_id: str = ""

    @property
    def who(self) -> str:
        """Their handle, as a link to the card."""
        return mrkdwn_handle_link(self.handle, self.url)

    def waiting_time(self, at: datetime) -> str:
        """How long they have waited at `at`."""
        return format_duration(at - self.ticket.waiting_since)


def unclaimed_message(due_at: datetime) -> ReminderMessage:
    """In the thread: half of the time is over."""
    due = date_token(due_at)
    return _plain_message(
        f":hourglass_flowing_sand: Nobody has this one, and a reply is due {due}. *Claim* takes it."
    )


def overdue_message(one: WaitingAuthor, at: datetime) -> ReminderMessage:
    """In the channel: the time is over."""
    owner = f"<@{one.ticket.owner}> has it" if one.ticket.owner else "Nobody has it"
    reply = " Our reply is stuck: the card says what it needs." if one.has_reply else ""
    return _excerpt_message(
        one,
        f":red_circle: {one.who} on {one.title} has waited *{one.waiting_time(at)}* for an answer, "
        f"longer than we "
        f"promise. {owner}.{reply}",
    )


def many_overdue_message(many: Sequence[WaitingAuthor], at: datetime) -> ReminderMessage:
    """In the channel: the time is over for many at once, as after a night or a breakdown."""
    longest = _by_waiting_time(many)
    return _plain_message(
        f":red_circle: *{len(many):,} people* have waited longer for an answer than we promise, the longest "
        f"*{longest[0].waiting_time(at)}*: {_names_text(longest)}. `/mentions open` lists them."
    )


def inactive_message(one: WaitingAuthor, to: str, at: datetime) -> ReminderMessage:
    """To its owner: they have it, and nothing has happened."""
    since = one.ticket.active_at or one.ticket.claimed_at or at
    late = "" if one.ticket.due_at is None or one.ticket.due_at > at else ", longer than we promise"
    return _quote_message(
        one,
        f":wave: <@{to}>, you have {one.who}'s post on {one.title}. They have waited "
        f"{one.waiting_time(at)}{late}, "
        f"and I have seen nothing happen for {format_duration(at - since)}. *Reply*, or *Release* it "
        f"for others.",
    )


def many_inactive_message(many: Sequence[WaitingAuthor], to: str, at: datetime) -> ReminderMessage:
    """To the owner of many."""
    longest = _by_waiting_time(many)
    return _plain_message(
        f":wave: <@{to}>, you have {len(many):,} posts on which I have seen nothing happen; the longest has "
        f"waited {longest[0].waiting_time(at)}: {_names_text(longest)}. *Reply*, or *Release* them for "
        f"somebody else."
    )


def claim_expired_message(one: WaitingAuthor, to: str, at: datetime) -> ReminderMessage:
    """To the backup: whoever had it stayed quiet."""
    return _quote_message(
        one,
        f":wave: {to}, {one.who} on {one.title} has waited {one.waiting_time(at)}. Whoever had it was "
        f"quiet for too "
        "long, so nobody has it now. Please see that somebody answers.",
    )


def claims_expired_message(many: Sequence[WaitingAuthor], to: str, at: datetime) -> ReminderMessage:
    """To the backup, about many at once."""
    longest = _by_waiting_time(many)
    return _plain_message(
        f":wave: {to}, nobody has these {len(many):,} any more: those who had them were quiet for too long. "
        f"The longest has waited {longest[0].waiting_time(at)}: {_names_text(longest)}. Please see "
        f"that somebody "
        "answers."
    )


def snooze_over_message(one: WaitingAuthor, whom: str) -> ReminderMessage:
    """In the thread: it waits again."""
    return _plain_message(
        f":alarm_clock: {whom}, the snooze is over: {one.who} waits again. *Reply*, or *Snooze…* on."
    )


def snoozes_over_message(many: Sequence[WaitingAuthor]) -> ReminderMessage:
    """In the channel: who waits again."""
    said = (
        f":alarm_clock: Snoozed no more, and waiting again: "
        f"{_names_text(_by_waiting_time(many), owners=True)}."
    )
    return _excerpt_message(many[0], said) if len(many) == 1 else _plain_message(said)


def _by_waiting_time(many: Sequence[WaitingAuthor]) -> list[WaitingAuthor]:
    return sorted(many, key=lambda one: (one.ticket.waiting_since, one.ticket.id))


def _names_text(many: Sequence[WaitingAuthor], *, owners: bool = False) -> str:
    names = [f"{one.who}{_owner_text(one) if owners else ''}" for one in many[:NAMES_LISTED_MAX]]
    more = [f"{len(many) - NAMES_LISTED_MAX:,} more"] if len(many) > NAMES_LISTED_MAX else []
    return ", ".join(names) + (f" and {more[0]}" if more else "")


def _owner_text(one: WaitingAuthor) -> str:
    return f" (<@{one.ticket.owner}> has it)" if one.ticket.owner else ""


def _plain_message(sentence: str) -> ReminderMessage:
    return sentence, [section_block(sentence)]


def _excerpt_message(one: WaitingAuthor, sentence: str) -> ReminderMessage:
    """One line in a channel, whose link leads to the words; a notification holds them."""
    return notification_text.with_excerpt(sentence, one.words), [section_block(sentence)]


def _quote_message(one: WaitingAuthor, sentence: str) -> ReminderMessage:
    return sentence, [
        section_block(sentence),
        quote_block(one.words, QUOTE_MAX_CHARS) | {"block_id": quote_block_id(one.post_id)},
    ]
