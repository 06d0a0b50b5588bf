"""What the team is told about somebody who waits: in the thread, in the channel, to one person. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.slack.blocks import notification_text
from bot.slack.blocks.elements import Block, duration, section
from bot.slack.blocks.text import date_token, linked, quote
from models.slack.notice import said_in
from models.tickets.ticket import Ticket

WORDS = 200  # characters of a post that are quoted to one person
NAMED = 5  # who is named in one line

Said = tuple[str, list[Block]]
"""A message: its sentence, which is also what is read out, and its blocks."""


@dataclass(frozen=True, slots=True)
class Waiter:
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
        return linked(self.handle, self.url)

    def waits(self, at: datetime) -> str:
        """How long they have waited at `at`."""
        return duration(at - self.ticket.waiting_since)


def nobody_has_it(due_at: datetime) -> Said:
    """In the thread: half of the time is over."""
    due = date_token(due_at)
    return _plain(
        f":hourglass_flowing_sand: Nobody has this one, and a reply is due {due}. *Claim* takes it."
    )


def overdue(one: Waiter, at: datetime) -> Said:
    """In the channel: the time is over."""
    owner = f"<@{one.ticket.owner}> has it" if one.ticket.owner else "Nobody has it"
    reply = " Our reply is stuck: the card says what it needs." if one.has_reply else ""
    return _with_words_aloud(
        one,
        f":red_circle: {one.who} on {one.title} has waited *{one.waits(at)}* for an answer, longer than we "
        f"promise. {owner}.{reply}",
    )


def all_overdue(many: Sequence[Waiter], at: datetime) -> Said:
    """In the channel: the time is over for many at once, as after a night or a breakdown."""
    longest = _longest(many)
    return _plain(
        f":red_circle: *{len(many):,} people* have waited longer for an answer than we promise, the longest "
        f"*{longest[0].waits(at)}*: {_named(longest)}. `/mentions open` lists them."
    )


def quiet(one: Waiter, to: str, at: datetime) -> Said:
    """To its owner: they have it, and nothing has happened."""
    since = one.ticket.active_at or one.ticket.claimed_at or at
    late = "" if one.ticket.due_at is None or one.ticket.due_at > at else ", longer than we promise"
    return _with_words(
        one,
        f":wave: <@{to}>, you have {one.who}'s post on {one.title}. They have waited {one.waits(at)}{late}, "
        f"and I have seen nothing happen for {duration(at - since)}. *Reply*, or *Release* it for others.",
    )


def all_quiet(many: Sequence[Waiter], to: str, at: datetime) -> Said:
    """To the owner of many."""
    longest = _longest(many)
    return _plain(
        f":wave: <@{to}>, you have {len(many):,} posts on which I have seen nothing happen; the longest has "
        f"waited {longest[0].waits(at)}: {_named(longest)}. *Reply*, or *Release* them for somebody else."
    )


def lapsed(one: Waiter, to: str, at: datetime) -> Said:
    """To the backup: whoever had it stayed quiet."""
    return _with_words(
        one,
        f":wave: {to}, {one.who} on {one.title} has waited {one.waits(at)}. Whoever had it was quiet for too "
        "long, so nobody has it now. Please see that somebody answers.",
    )


def all_lapsed(many: Sequence[Waiter], to: str, at: datetime) -> Said:
    """To the backup, about many at once."""
    longest = _longest(many)
    return _plain(
        f":wave: {to}, nobody has these {len(many):,} any more: those who had them were quiet for too long. "
        f"The longest has waited {longest[0].waits(at)}: {_named(longest)}. Please see that somebody "
        "answers."
    )


def snooze_over(one: Waiter, whom: str) -> Said:
    """In the thread: it waits again."""
    return _plain(
        f":alarm_clock: {whom}, the snooze is over: {one.who} waits again. *Reply*, or *Snooze…* on."
    )


def snoozes_over(many: Sequence[Waiter]) -> Said:
    """In the channel: who waits again."""
    said = f":alarm_clock: Snoozed no more, and waiting again: {_named(_longest(many), owners=True)}."
    return _with_words_aloud(many[0], said) if len(many) == 1 else _plain(said)


def _longest(many: Sequence[Waiter]) -> list[Waiter]:
    return sorted(many, key=lambda one: (one.ticket.waiting_since, one.ticket.id))


def _named(many: Sequence[Waiter], *, owners: bool = False) -> str:
    names = [f"{one.who}{_owner(one) if owners else ''}" for one in many[:NAMED]]
    more = [f"{len(many) - NAMED:,} more"] if len(many) > NAMED else []
    return ", ".join(names) + (f" and {more[0]}" if more else "")


def _owner(one: Waiter) -> str:
    return f" (<@{one.ticket.owner}> has it)" if one.ticket.owner else ""


def _plain(sentence: str) -> Said:
    return sentence, [section(sentence)]


def _with_words_aloud(one: Waiter, sentence: str) -> Said:
    """One line in a channel, whose link leads to the words; a notification holds them."""
    return notification_text.with_words(sentence, one.words), [section(sentence)]


def _with_words(one: Waiter, sentence: str) -> Said:
    return sentence, [section(sentence), quote(one.words, WORDS) | {"block_id": said_in(one.post_id)}]
