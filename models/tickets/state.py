"""The states of a ticket, and the reasons for which it may be closed."""

from enum import StrEnum


class TicketState(StrEnum):
    """The state of a ticket. All but the first two are outcomes."""

    WAITING = "waiting"
    SNOOZED = "snoozed"
    ANSWERED = "answered"
    NO_REPLY_NEEDED = "no reply needed"
    NOT_ABOUT_US = "not about us"
    MUTED = "muted"


OPEN_STATES = (TicketState.WAITING, TicketState.SNOOZED)

# The reasons for *no reply needed* that a person picks; those below are set by Heard itself.
CLOSE_REASONS = ("thanks", "not a question", "duplicate", "spam", "wrong language", "other")
POST_DELETED = "deleted"  # what older versions of Heard wrote instead of `NO_LONGER_SHOWN`
NO_LONGER_SHOWN = "no longer shown"  # followed by "on" and the network's title
ANSWERED_OUTSIDE = "outside Heard"
HANDED_OFF = "handed off"
