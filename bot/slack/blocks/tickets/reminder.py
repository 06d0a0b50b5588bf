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
        return mrkdwn_handle_link(self.handle, self.url, self.ticket.network)

    def waiting_time(self, at: datetime) -> str:
        """How long they have waited at `at`."""
        return format_duration(at - self.ticket.waiting_since)


def unclaimed_message(due_at: datetime) -> ReminderMessage:
    """In the thread: half of the time is over."""
    due = date_token(due_at)
    return _plain_message(
        f":hourglass_flowing_sand: This ticket is unassigned, and a reply is due {due}. Press *Claim* to "
        "take it."
    )


def overdue_message(one: WaitingAuthor, at: datetime) -> ReminderMessage:
    """In the channel: the time is over."""
    owner = f"Assigned to <@{one.ticket.owner}>" if one.ticket.owner else "Unassigned"
    reply = " Our reply is stuck: see the card." if one.has_reply else ""
    return _excerpt_message(
        one,
        f":red_circle: {one.who} on {one.title} has been waiting *{one.waiting_time(at)}*, "
        f"past your reply target. {owner}.{reply}",
    )


def many_overdue_message(many: Sequence[WaitingAuthor], at: datetime) -> ReminderMessage:
    """In the channel: the time is over for many at once, as after a night or a breakdown."""
    longest = _by_waiting_time(many)
    return _plain_message(
        f":red_circle: *{len(many):,} people* have been waiting past your reply target, the longest for "
        f"*{longest[0].waiting_time(at)}*: {_names_text(longest)}. `/mentions open` lists them."
    )


def group_overdue_message(waiting: int, url: str) -> ReminderMessage:
    """In the channel: the time is over for tickets that share the card at `url` (empty: not known)."""
    card = f"<{url}|a shared card>" if url else "a shared card"
    people = "1 person" if waiting == 1 else f"{waiting:,} people"
    have = "has" if waiting == 1 else "have"
    return _plain_message(
        f":red_circle: *{people}* on {card} {have} been waiting past your reply target. This is said once, "
        "though more of them may follow."
    )


def inactive_message(one: WaitingAuthor, to: str, at: datetime) -> ReminderMessage:
    """To its owner: they have it, and nothing has happened."""
    since = one.ticket.active_at or one.ticket.claimed_at or at
    late = "" if one.ticket.due_at is None or one.ticket.due_at > at else ", past your reply target"
    return _quote_message(
        one,
        f":wave: <@{to}>, {one.who}'s post on {one.title} is assigned to you. They have been waiting "
        f"{one.waiting_time(at)}{late}, with no activity for {format_duration(at - since)}. *Reply*, or "
        "*Release* it for others.",
    )


def many_inactive_message(many: Sequence[WaitingAuthor], to: str, at: datetime) -> ReminderMessage:
    """To the owner of many."""
    longest = _by_waiting_time(many)
    return _plain_message(
        f":wave: <@{to}>, {len(many):,} posts are assigned to you with no recent activity. The longest "
        "wait is "
        f"{longest[0].waiting_time(at)}: {_names_text(longest)}. *Reply*, or *Release* them for others."
    )


def claim_expired_message(one: WaitingAuthor, to: str, at: datetime) -> ReminderMessage:
    """To the backup: whoever had it stayed quiet."""
    return _quote_message(
        one,
        f":wave: {to}, {one.who} on {one.title} has been waiting {one.waiting_time(at)}. The claim expired "
        "without activity, so the ticket is unassigned now. Please make sure that someone replies.",
    )


def claims_expired_message(many: Sequence[WaitingAuthor], to: str, at: datetime) -> ReminderMessage:
    """To the backup, about many at once."""
    longest = _by_waiting_time(many)
    return _plain_message(
        f":wave: {to}, {len(many):,} claims expired without activity, so these tickets are unassigned now. "
        "The longest "
        f"wait is {longest[0].waiting_time(at)}: {_names_text(longest)}. Please make sure that someone "
        "replies."
    )


def snooze_over_message(one: WaitingAuthor, whom: str) -> ReminderMessage:
    """In the thread: it waits again."""
    return _plain_message(
        f":alarm_clock: {whom}, the snooze is over: {one.who} is waiting again. *Reply*, or *Snooze…* it "
        "again."
    )


def snoozes_over_message(many: Sequence[WaitingAuthor]) -> ReminderMessage:
    """In the channel: who waits again."""
    said = (
        ":alarm_clock: The snooze is over. Waiting again: "
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
    return f" (assigned to <@{one.ticket.owner}>)" if one.ticket.owner else ""


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
