"""The reminders that a turn can have had, as bits of one number (`Ticket.nudges`)."""

from enum import IntFlag


class ReminderLevel(IntFlag):
    """Which reminders the current turn has had. Each happens once; a new turn or a snooze clears them."""

    HALF = 1  # unassigned at half of the target time: reminded in the ticket's thread
    OVERDUE = 2  # past its due time without an answer: reminded in the channel
    OWNER = 4  # the owner is inactive: reminded in person
    LAPSED = 8  # the owner stayed inactive and lost the claim: the backup is still to be told
