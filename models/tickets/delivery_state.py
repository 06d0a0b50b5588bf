"""The states of a reply on its way to the network, and the moves between them: data only.

`TRANSITIONS` is the delivery table of docs/reference/ledger.md, row by row; `Reply.move` applies it.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class DeliveryState(StrEnum):
    """The state of a reply on its way to the network."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting approval"
    HELD = "held"
    QUEUED = "queued"
    SENDING = "sending"
    PUBLISHED = "published"
    UNSURE = "unsure"
    ASKED = "asked"
    REFUSED = "refused"
    HANDED_OFF = "handed off"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    DISCARDED = "discarded"


# The states that hold their turn: a unique index allows one such reply a turn.
LIVE_STATES = (
    DeliveryState.HELD,
    DeliveryState.QUEUED,
    DeliveryState.SENDING,
    DeliveryState.UNSURE,
    DeliveryState.ASKED,
    DeliveryState.HANDED_OFF,
    DeliveryState.PUBLISHED,
    DeliveryState.CONFIRMED,
)
PENDING_STATES = (DeliveryState.HELD, DeliveryState.QUEUED)  # can still be stopped
MAYBE_SENT_STATES = (
    DeliveryState.SENDING,
    DeliveryState.UNSURE,
    DeliveryState.ASKED,
)  # nobody can say yet whether it is public
UNSETTLED_STATES = (*PENDING_STATES, *MAYBE_SENT_STATES, DeliveryState.HANDED_OFF)
PUBLIC_STATES = (DeliveryState.PUBLISHED, DeliveryState.CONFIRMED)
# The text is its author's again, who may edit it, send it or drop it.
RETURNED_STATES = (
    DeliveryState.DRAFT,
    DeliveryState.CANCELLED,
    DeliveryState.REFUSED,
    DeliveryState.REJECTED,
    DeliveryState.SUPERSEDED,
    DeliveryState.WITHDRAWN,
)

HAND_OFF_REMINDER_DELAY = timedelta(minutes=30)

WARNING_STATES = {DeliveryState.UNSURE, DeliveryState.ASKED, DeliveryState.REFUSED, DeliveryState.HANDED_OFF}

# The states in which a reply may need a person before it goes on.
STUCK_STATES = (DeliveryState.ASKED, DeliveryState.HANDED_OFF, DeliveryState.QUEUED)
# Why a queued reply is held back, where only a person can fix it: causes of a network's `Later`.
HELD_BACK_REASONS = ("unauthorized", "out of credit", "forbidden")

# From each state, the states that a reply may move to: the delivery table of docs/reference/ledger.md.
TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        DeliveryState.DRAFT: frozenset(
            # straight to a hand-off where the network's API is known to refuse
            {
                DeliveryState.AWAITING_APPROVAL,
                DeliveryState.HELD,
                DeliveryState.HANDED_OFF,
                DeliveryState.DISCARDED,
            },
        ),
        DeliveryState.AWAITING_APPROVAL: frozenset(
            {DeliveryState.HELD, DeliveryState.REJECTED, DeliveryState.WITHDRAWN, DeliveryState.SUPERSEDED},
        ),
        DeliveryState.HELD: frozenset({DeliveryState.QUEUED, DeliveryState.CANCELLED}),
        DeliveryState.QUEUED: frozenset({DeliveryState.SENDING, DeliveryState.CANCELLED}),
        DeliveryState.SENDING: frozenset(
            {DeliveryState.PUBLISHED, DeliveryState.QUEUED, DeliveryState.REFUSED, DeliveryState.UNSURE}
        ),
        DeliveryState.UNSURE: frozenset({DeliveryState.PUBLISHED, DeliveryState.ASKED}),
        DeliveryState.ASKED: frozenset(
            {DeliveryState.PUBLISHED, DeliveryState.QUEUED, DeliveryState.CANCELLED}
        ),
        DeliveryState.REFUSED: frozenset({DeliveryState.HANDED_OFF}),
        DeliveryState.HANDED_OFF: frozenset({DeliveryState.CONFIRMED, DeliveryState.CANCELLED}),
        DeliveryState.CANCELLED: frozenset(
            {DeliveryState.PUBLISHED}
        ),  # discarded while unsure, and then seen after all
        DeliveryState.PUBLISHED: frozenset({DeliveryState.WITHDRAWN}),
        DeliveryState.CONFIRMED: frozenset({DeliveryState.WITHDRAWN}),
        DeliveryState.REJECTED: frozenset(),
        DeliveryState.WITHDRAWN: frozenset(),
        DeliveryState.SUPERSEDED: frozenset(),
        DeliveryState.DISCARDED: frozenset(),
    },
)
