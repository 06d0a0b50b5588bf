"""Every column of a ticket except its indexes: data only, no behaviour."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from models.core.base import BigKey, Key
from models.tickets.state import TicketState


class TicketColumns:
    """The columns of the table `tickets`. All times are UTC; people are Slack user ids.

    `revision` rises with whatever the card shows, and `drawn_revision` follows once Slack shows it.
    """

    id: Mapped[Key]
    network: Mapped[str]
    account_id: Mapped[str]
    track_id: Mapped[int | None] = mapped_column(BigKey)  # the track whose post opened it
    conversation_id: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    channel: Mapped[str]  # in Slack, where its card is shown; `NO_CHANNEL` if it is to be shown nowhere yet
    is_private: Mapped[bool] = mapped_column(default=False, server_default=false())  # not everybody sees it
    group_id: Mapped[int | None] = mapped_column(BigKey)  # the `TicketGroup` on whose card it is shown
    keeps_card: Mapped[bool] = mapped_column(default=False, server_default=false())  # it joins no group
    joined_to: Mapped[int | None] = mapped_column(BigKey)  # the ticket that has its posts, as a twin of it
    same_as: Mapped[int | None] = mapped_column(
        BigKey
    )  # a twin of it that it could not be joined to any more
    revision: Mapped[int] = mapped_column(default=1)
    drawn_revision: Mapped[int] = mapped_column(default=0)

    # Its state, and how it was closed.
    state: Mapped[str] = mapped_column(default=TicketState.WAITING)
    reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    mute_id: Mapped[int | None] = mapped_column(BigKey)  # while it is muted: by which row of `mutes`
    snoozed_until: Mapped[datetime | None]
    back_at: Mapped[datetime | None]  # when it waits again unless the customer has answered us by then

    # The current turn, and the post that the next reply goes to.
    turn: Mapped[int] = mapped_column(default=1)
    target_post_id: Mapped[str]

    # When the customer posted what still waits (not when Heard saw it), and when a first reply is due.
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    waiting_since: Mapped[datetime]
    due_at: Mapped[datetime | None]

    # The stages that reports measure, beside `opened_at` and `seen_at`.
    shown_at: Mapped[datetime | None]  # when its card appeared in Slack
    first_claimed_at: Mapped[datetime | None]
    first_reply_at: Mapped[datetime | None]
    first_reply_by: Mapped[str | None]
    first_reply_open: Mapped[int | None]  # seconds of office hours from `opened_at` to the first reply

    # The claim. `active_at` is when the owner last did something on this ticket.
    owner: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    active_at: Mapped[datetime | None]

    # When the reminder job looks at it next, and which reminders the current turn has had (`ReminderLevel`).
    nudge_at: Mapped[datetime | None]
    nudges: Mapped[int] = mapped_column(default=0, server_default="0")

    # A soft lock: who has the composer open, its key, since when, and until when the lock counts.
    composer: Mapped[str | None]
    composing_key: Mapped[str | None]
    composing_since: Mapped[datetime | None]
    composing_until: Mapped[datetime | None]

    # What needs us first: points without those for waiting, and their reasons (models/tickets/priorities.py).
    # None until they are computed, and on test mentions.
    priority: Mapped[int | None]
    priority_reasons: Mapped[list[Any] | None]
