"""What a list says about a reply that has not arrived, so that nobody takes a customer for served. Pure."""

from datetime import datetime

from bot.slack.blocks.elements import counted
from bot.slack.blocks.replies.delivery import what_is_wrong, why_it_waits
from bot.slack.blocks.text import date_token
from models.reports.open_tickets import Entry, Stuck, Unsettled
from models.tickets.reply import State as Delivery
from models.tickets.state import State

DAY_AND_TIME = "{date_short_pretty} {time}"
LATE = ":red_circle: "


def told(one: Entry, title: str) -> tuple[str, str]:
    """A mark and a few words, mrkdwn, about the reply of `one` on the network called `title`."""
    reply = one.reply
    if reply is None or reply.state in {Delivery.HELD, Delivery.SENDING}:
        return ":hourglass_flowing_sand: ", "a reply is on its way"
    return _MARKS[Delivery(reply.state)], _WORDS[Delivery(reply.state)](reply, title)


def due(one: Entry, at: datetime) -> str:
    """When an answer is or was due, in each reader's own zone; nothing where none is owed.

    Of what sleeps, until when it does.
    """
    if one.state == State.SNOOZED and one.snoozed_until is not None:
        return f"snoozed until {date_token(one.snoozed_until, DAY_AND_TIME)}"
    if one.due_at is None or not one.is_open:
        return ""
    return f"{'was due' if is_late(one, at) else 'due'} {date_token(one.due_at, DAY_AND_TIME)}"


def is_late(one: Entry, at: datetime) -> bool:
    """Whether an answer was due before `at`, and nothing that goes on by itself brings it."""
    if one.state != State.WAITING or one.due_at is None:
        return False
    return one.due_at < at and not one.is_served


def apart(stuck: Stuck) -> str:
    """How many of a list need a person, and for what: `2 need a person (1 to check, 1 held back)`."""
    return f"{stuck.total:,} {_need(stuck)}" if stuck.total else ""


def replies_apart(stuck: Stuck) -> str:
    """The same as a sentence by itself, as of now."""
    return f"Right now {counted(stuck.total, 'reply', 'replies')} {_need(stuck)}: see `/mentions open`."


def _need(stuck: Stuck) -> str:
    kinds = ((stuck.asked, "to check"), (stuck.by_hand, "to post by hand"), (stuck.held_back, "held back"))
    which = ", ".join(f"{number:,} {what}" for number, what in kinds if number)
    return f"{'needs' if stuck.total == 1 else 'need'} a person ({which})"


# --- by state -----------------------------------------------------------------------------------------------


def _asked(reply: Unsettled, title: str) -> str:
    sent = date_token(reply.at, DAY_AND_TIME)
    return f"*Did it post?* {title} did not say whether it took <@{reply.actor}>'s reply ({sent})"


def _by_hand(_reply: Unsettled, title: str) -> str:
    return f"*Post it by hand* on {title}, then press *I posted it*"


def _checking(reply: Unsettled, title: str) -> str:
    return f"{title} did not say whether it took <@{reply.actor}>'s reply; looking for it"


def _queued(reply: Unsettled, title: str) -> str:
    if reply.reason is None:
        return "a reply is on its way"
    if not reply.needs_person:
        return f"a reply waits: {why_it_waits(reply.reason, title)}"
    why = what_is_wrong(reply.reason, title, reply.detail or "")
    return f"*Held back* since {date_token(reply.written_at, DAY_AND_TIME)}: {why}"


_WORDS = {
    Delivery.ASKED: _asked,
    Delivery.HANDED_OFF: _by_hand,
    Delivery.UNSURE: _checking,
    Delivery.QUEUED: _queued,
}
_MARKS = {
    Delivery.ASKED: ":question: ",
    Delivery.HANDED_OFF: ":arrow_upper_right: ",
    Delivery.UNSURE: ":grey_question: ",
    Delivery.QUEUED: ":hourglass: ",
}
