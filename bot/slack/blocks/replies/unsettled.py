"""What a list says about a reply that has not arrived, so that nobody takes a customer for served. Pure."""

from datetime import datetime

from bot.slack.blocks.elements import count_noun
from bot.slack.blocks.replies.delivery import failure_text, waiting_reason
from bot.slack.blocks.text import date_token
from models.reports.open_tickets import StuckCounts, TicketEntry, UnsettledReply
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState

DATE_TIME_FORMAT = "{date_short_pretty} {time}"
LATE_EMOJI = ":red_circle: "


def reply_status(one: TicketEntry, title: str) -> tuple[str, str]:
    """A mark and a few words, mrkdwn, about the reply of `one` on the network called `title`."""
    reply = one.reply
    if reply is None or reply.state in {DeliveryState.HELD, DeliveryState.SENDING}:
        return ":hourglass_flowing_sand: ", "a reply is on its way"
    return _STATUS_EMOJI[DeliveryState(reply.state)], _STATUS_TEXTS[DeliveryState(reply.state)](reply, title)


def due_text(one: TicketEntry, at: datetime) -> str:
    """When an answer is or was due, in each reader's own zone; nothing where none is owed.

    Of what sleeps, until when it does.
    """
    if one.state == TicketState.SNOOZED and one.snoozed_until is not None:
        return f"snoozed until {date_token(one.snoozed_until, DATE_TIME_FORMAT)}"
    if one.due_at is None or not one.is_open:
        return ""
    return f"{'was due' if is_late(one, at) else 'due'} {date_token(one.due_at, DATE_TIME_FORMAT)}"


def is_late(one: TicketEntry, at: datetime) -> bool:
    """Whether an answer was due before `at`, and nothing that goes on by itself brings it."""
    if one.state != TicketState.WAITING or one.due_at is None:
        return False
    return one.due_at < at and not one.is_reply_moving


def stuck_text(stuck: StuckCounts) -> str:
    """How many of a list need a person, and for what: `2 need a person (1 to check, 1 held back)`."""
    return f"{stuck.total:,} {_need_text(stuck)}" if stuck.total else ""


def stuck_replies_text(stuck: StuckCounts) -> str:
    """The same as a sentence by itself, as of now."""
    return (
        f"Right now {count_noun(stuck.total, 'reply', 'replies')} {_need_text(stuck)}: see `/mentions open`."
    )


def _need_text(stuck: StuckCounts) -> str:
    kinds = ((stuck.asked, "to check"), (stuck.by_hand, "to post by hand"), (stuck.held_back, "held back"))
    which = ", ".join(f"{number:,} {what}" for number, what in kinds if number)
    return f"{'needs' if stuck.total == 1 else 'need'} a person ({which})"


# --- by state -----------------------------------------------------------------------------------------------


def _asked_text(reply: UnsettledReply, title: str) -> str:
    sent = date_token(reply.at, DATE_TIME_FORMAT)
    return f"*Did it post?* {title} didn't confirm <@{reply.actor}>'s reply ({sent})"


def _manual_text(_reply: UnsettledReply, title: str) -> str:
    return f"*Post it by hand* on {title}, then press *I posted it*"


def _checking_text(reply: UnsettledReply, title: str) -> str:
    return f"{title} didn't confirm <@{reply.actor}>'s reply; checking"


def _queued_text(reply: UnsettledReply, title: str) -> str:
    if reply.reason is None:
        return "a reply is on its way"
    if not reply.needs_person:
        return f"a reply is waiting: {waiting_reason(reply.reason, title)}"
    why = failure_text(reply.reason, title, reply.detail or "")
    return f"*Held back* since {date_token(reply.written_at, DATE_TIME_FORMAT)}: {why}"


_STATUS_TEXTS = {
    DeliveryState.ASKED: _asked_text,
    DeliveryState.HANDED_OFF: _manual_text,
    DeliveryState.UNSURE: _checking_text,
    DeliveryState.QUEUED: _queued_text,
}
_STATUS_EMOJI = {
    DeliveryState.ASKED: ":question: ",
    DeliveryState.HANDED_OFF: ":arrow_upper_right: ",
    DeliveryState.UNSURE: ":grey_question: ",
    DeliveryState.QUEUED: ":hourglass: ",
}
