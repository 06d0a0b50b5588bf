"""The states of a ticket, the reasons for which it may be closed, and the reminders that a turn has had."""

from enum import IntFlag, StrEnum


class TicketState(StrEnum):
    """The state of a ticket. All but the first two are outcomes."""

    WAITING = "waiting"
    SNOOZED = "snoozed"
    ANSWERED = "answered"
    NO_REPLY_NEEDED = "no reply needed"
    NOT_ABOUT_US = "not about us"
    MUTED = "muted"


OPEN_STATES = (TicketState.WAITING, TicketState.SNOOZED)

NO_CHANNEL = ""  # `Ticket.channel` of a private ticket without a private channel: Slack shows no card of it

# The reasons for *no reply needed* that a person picks; those below are set by Heard itself.
CLOSE_REASONS = ("thanks", "not a question", "duplicate", "spam", "wrong language", "other")
POST_DELETED = "deleted"  # what older versions of Heard wrote instead of `NO_LONGER_SHOWN`
NO_LONGER_SHOWN = "no longer shown"  # followed by "on" and the network's title
ANSWERED_OUTSIDE = "outside Heard"
HANDED_OFF = "handed off"


class ReminderLevel(IntFlag):
    """Which reminders the current turn has had, as bits of `Ticket.nudges`.

    Each happens once; a new turn or a snooze clears them.
    """

    HALF = 1  # unassigned at half of the target time: reminded in the ticket's thread
    OVERDUE = 2  # past its due time without an answer: reminded in the channel
    OWNER = 4  # the owner is inactive: reminded in person
    LAPSED = 8  # the owner stayed inactive and lost the claim: the backup is still to be told
