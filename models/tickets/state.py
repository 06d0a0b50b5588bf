"""Where a ticket can stand, and why it may be over."""

from enum import StrEnum


class TicketState(StrEnum):
    """Where a ticket stands. All but the first two are outcomes."""

    WAITING = "waiting"
    SNOOZED = "snoozed"
    ANSWERED = "answered"
    NO_REPLY_NEEDED = "no reply needed"
    NOT_ABOUT_US = "not about us"


OPEN_STATES = (TicketState.WAITING, TicketState.SNOOZED)

# Why nobody has to answer. The last ones are given by Heard itself, never picked.
CLOSE_REASONS = ("thanks", "not a question", "duplicate", "spam", "language", "other")
POST_DELETED = "deleted"  # as older versions of Heard called what a network did not show
NO_LONGER_SHOWN = "no longer shown"  # before "on" and the network's title
ANSWERED_OUTSIDE = "outside Heard"
HANDED_OFF = "handed off"
