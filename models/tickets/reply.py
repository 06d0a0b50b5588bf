"""Our public answer, and its delivery to the network as a state machine.

Every move is one conditional UPDATE on (state, fence). A worker that loses the race learns it from the row
count and does nothing; the one that wins has raised the fence, so a late worker cannot overwrite what came
after. The states and moves are in `delivery_state.py`.
"""

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from models.core import log_after_commit
from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import Base, RuleBrokenError
from models.slack.reaction import Reaction
from models.slack.teammate import strip_sign_off
from models.tickets.delivery_state import (
    HAND_OFF_REMINDER_DELAY,
    HELD_BACK_REASONS,
    LIVE_STATES,
    PUBLIC_STATES,
    RETURNED_STATES,
    STUCK_STATES,
    TRANSITIONS,
    UNSETTLED_STATES,
    WARNING_STATES,
    DeliveryState,
)
from models.tickets.reply_columns import ReplyColumns
from models.tickets.ticket_columns import TicketColumns

log = logging.getLogger(__name__)


def _state_condition(states: Iterable[DeliveryState]) -> str:
    """The SQL condition that a row is in one of `states`."""
    return "state IN (" + ", ".join(f"'{state}'" for state in states) + ")"


def _partial_index(name: str, condition: str, *columns: str) -> Index:
    """An index over the few rows for which `condition` holds."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class OvertakenError(RuleBrokenError):
    """Someone, or another worker, moved this reply first, or it is not in a state that allows the move."""


class Reply(ReplyColumns, Base):
    """One answer, in the exact words that go out, and the state of its delivery.

    The columns are in `reply_columns.py`.
    """

    __tablename__ = "replies"
    __table_args__ = (
        CheckConstraint(_state_condition(DeliveryState), name="state"),
        Index(
            "uq_replies_live_turn",
            "ticket_id",
            "turn",
            unique=True,
            sqlite_where=text(_state_condition(LIVE_STATES)),
            postgresql_where=text(_state_condition(LIVE_STATES)),
        ),
        Index(None, "ticket_id", "id"),
        Index("ix_replies_due", "state", "due_at"),
        Index(None, "post_id"),
        _partial_index("ix_replies_unsay", "unsay_by IS NOT NULL", "due_at"),
        _partial_index("ix_replies_said", "said_ts IS NOT NULL", "said_ts"),
        _partial_index("ix_replies_given_back", _state_condition(RETURNED_STATES), "actor"),
        _partial_index("ix_replies_stops", _state_condition(STUCK_STATES), "ticket_id", "state", "reason"),
    )
    wait_columns = ("created_at", "due_at", "released_at", "sent_at")

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - columns
        super().__init__(**values)
        self.digest = hashlib.sha256(self.text.encode()).hexdigest()

    @classmethod
    def is_given_back(cls) -> ColumnElement[bool]:
        """Returns the SQL condition that the text is its author's again.

        The states are literals, so that SQLite can use the partial index.
        https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
        """
        return cls.state.in_([literal_column(f"'{state}'") for state in RETURNED_STATES])

    @classmethod
    def needs_a_person(cls) -> ColumnElement[bool]:
        """Returns the SQL condition that a reply needs a person: to decide, post by hand, or fix access.

        The states are literals, so that the partial index can be used, see `is_given_back`.
        """
        waits = cls.state.in_([literal_column(f"'{state}'") for state in STUCK_STATES])
        return waits & ((cls.state != DeliveryState.QUEUED) | cls.reason.in_(HELD_BACK_REASONS))

    @classmethod
    def still_waits(cls) -> ColumnElement[bool]:
        """Returns the SQL condition that a reply is on its way or being deleted: other times are history."""
        return or_(cls.state.in_(UNSETTLED_STATES), cls.unsay_by.is_not(None))

    @classmethod
    def live(cls, session: Session, ticket_id: int, turn: int) -> "Reply | None":
        """Returns the reply that holds this turn of that ticket, or None."""
        query = select(cls).where(cls.ticket_id == ticket_id, cls.turn == turn, cls.state.in_(LIVE_STATES))
        return session.scalar(query)

    @classmethod
    def unsettled(cls, session: Session, ticket_id: int) -> "list[Reply]":
        """Returns that ticket's replies that were submitted and have no final state yet, oldest first."""
        query = select(cls).where(cls.ticket_id == ticket_id, cls.state.in_(UNSETTLED_STATES))
        return list(session.scalars(query.order_by(cls.id)))

    @classmethod
    def last(cls, session: Session, ticket_id: int, actor: str) -> "Reply | None":
        """Returns the last reply or draft that `actor` wrote for that ticket, or None."""
        query = select(cls).where(cls.ticket_id == ticket_id, cls.actor == actor)
        return session.scalar(query.order_by(cls.id.desc()).limit(1))

    @classmethod
    def last_returned(cls, session: Session, ticket_id: int, actor: str) -> "Reply | None":
        """Returns what `actor` last wrote for that ticket if its text is theirs again, else None."""
        last = cls.last(session, ticket_id, actor)
        return last if last is not None and last.state in RETURNED_STATES else None

    @classmethod
    def last_returned_text(cls, session: Session, ticket_id: int, actor: str) -> str | None:
        """Returns the text of `last_returned` without the sign-off, or None."""
        kept = cls.last_returned(session, ticket_id, actor)
        return kept.words if kept is not None else None

    def network_on(self, ticket: TicketColumns) -> str:
        """Returns on which network it is, or goes out: that of `ticket`, which is its own, or of a twin."""
        return self.network or ticket.network

    @classmethod
    def erase_warning(cls, session: Session, ticket_id: int, post_id: str) -> None:
        """Erase the customer's content warning from replies to that post, and the requests that hold it.

        It becomes empty, not None: one that still waits is not sent without the warning either.
        """
        here = (cls.ticket_id == ticket_id, cls.to_post_id == post_id, cls.content_warning.is_not(None))
        session.execute(update(cls).where(*here).values(content_warning="", frozen=None))

    @property
    def is_returned(self) -> bool:
        """Whether it was submitted, and its text is its author's again."""
        return self.state in RETURNED_STATES and self.state != DeliveryState.DRAFT

    def is_last(self, session: Session) -> bool:
        """Whether its actor has written nothing for this ticket since."""
        return Reply.last(session, self.ticket_id, self.actor) is self

    def move(
        self,
        session: Session,
        to: DeliveryState,
        *,
        at: datetime,
        by: str = HEARD_ACTOR,
        act: str | None = None,
        **changes: Any,  # noqa: ANN401 - columns
    ) -> None:
        """Move it to the state `to` and record who did it. `changes` are further columns to set.

        Raises `OvertakenError` if `TRANSITIONS` does not allow the move, or if the row is no longer in the
        state that this object says.
        """
        if to not in TRANSITIONS[DeliveryState(self.state)] or self._never_left():
            raise OvertakenError(f"That reply is already {self.state}.")
        values = {"due_at": None, **changes, "state": to, "fence": self.fence + 1}
        here = update(Reply).where(Reply.id == self.id, Reply.state == self.state, Reply.fence == self.fence)
        moved = session.execute(here.values(**values).execution_options(synchronize_session=False))
        if moved.rowcount != 1:  # type: ignore[attr-defined]
            raise OvertakenError("Someone else has already acted on that reply.")
        for name, value in values.items():
            set_committed_value(self, name, value)
        self.update_reaction(session)
        self._log_move(session, DeliveryState(to), act, changes.get("reason"))
        Event.record(
            session,
            act or f"reply {to}",
            at=at,
            by=by,
            ticket_id=self.ticket_id,
            reply_id=self.id,
            text=self.text,
            post_id=self.post_id,
            data={
                "to": to.value,
                **{name: str(changes[name]) for name in ("reason", "detail", "worker") if changes.get(name)},
            },
        )

    def _log_move(self, session: Session, to: DeliveryState, act: str | None, reason: str | None) -> None:
        """Write a log line about the move, with ids and states but no text of anyone's."""
        level = logging.WARNING if to in WARNING_STATES else logging.INFO
        fields = {"ticket_id": self.ticket_id, "reply_id": self.id, "state": to.value, "tries": self.tries}
        why = [part for part in (act, reason) if part]
        message = f"reply %(reply_id)s of ticket %(ticket_id)s: %(state)s{' (%(why)s)' if why else ''}"
        log_after_commit.add_line(
            session, log, level, message, fields | ({"why": ", ".join(why)} if why else {})
        )

    def update_reaction(self, session: Session) -> None:
        """Set the emoji on the Slack message that its text comes from.

        Several people may have proposed the same message: a reply that is live decides before one that is
        not.
        """
        if self.said_channel is not None and self.said_ts is not None:
            here = select(Reply.state).where(
                Reply.said_ts == self.said_ts, Reply.said_channel == self.said_channel, Reply.id != self.id
            )
            others = here.where(Reply.state.in_(LIVE_STATES)).order_by(Reply.id.desc()).limit(1)
            live = None if self.state in LIVE_STATES else session.scalar(others)
            Reaction.show_state(session, self.said_channel, self.said_ts, live or self.state)

    def _must_be(self, state: DeliveryState) -> None:
        """Refuse a move that is allowed from `state` only, where other states lead to the same one."""
        if self.state != state:
            raise OvertakenError(f"That reply is already {self.state}.")

    @property
    def is_moving(self) -> bool:
        """Whether it is on its way or being looked for, and nobody has to do anything."""
        if self.state == DeliveryState.QUEUED:
            return self.reason is None
        return self.state in {DeliveryState.HELD, DeliveryState.SENDING, DeliveryState.UNSURE}

    @property
    def words(self) -> str:
        """The text without the sign-off, as its author typed it."""
        return strip_sign_off(self.text, self.sign_off)

    def _never_left(self) -> bool:
        """Whether it was cancelled before any attempt to send it: such a reply cannot be seen later."""
        return self.state == DeliveryState.CANCELLED and not self.may_be_public

    @property
    def may_be_public(self) -> bool:
        """Whether it was ever sent, or handed to a person to post."""
        return self.tries > 0 or self.was_handed_off

    # --- sending ------------------------------------------------------------------------------------

    def release(self, session: Session, *, at: datetime) -> None:
        """End the undo window: it is queued. Raises `OvertakenError` if it is not held."""
        self._must_be(DeliveryState.HELD)
        self.move(session, DeliveryState.QUEUED, at=at, due_at=at, released_at=at)

    def take(
        self, session: Session, *, worker: str, at: datetime, lease_until: datetime, to: str | None = None
    ) -> None:
        """Record the intent to send it, which the caller commits before it opens a socket.

        `lease_until` bounds the call; `to` is the version of the post that it answers. Raises
        `OvertakenError` if it is not queued or another worker took it.
        """
        self.move(
            session,
            DeliveryState.SENDING,
            at=at,
            due_at=lease_until,
            worker=worker,
            sent_to=to,
            sent_at=at,
            tries=self.tries + 1,
            looks=0,
        )

    def put_off(self, session: Session, *, at: datetime, until: datetime, reason: str, detail: str) -> None:
        """Queue it again until `until`, because provably nothing was sent.

        `reason` is the cause as a network's `Later` names it, `detail` its message. Raises `OvertakenError`
        if it is not being sent.
        """
        self._must_be(DeliveryState.SENDING)
        self.move(session, DeliveryState.QUEUED, at=at, due_at=until, reason=reason, detail=detail)

    def refuse(self, session: Session, *, at: datetime, reason: str, detail: str) -> None:
        """Record that the network refused it for good: the text is its author's again.

        Raises `OvertakenError` if it is not being sent.
        """
        self.move(session, DeliveryState.REFUSED, at=at, reason=reason, detail=detail)

    def mark_unsure(self, session: Session, *, at: datetime, look_at: datetime, detail: str) -> None:
        """Record that nobody knows whether it is public: look for it at `look_at`, and do not send it again.

        Raises `OvertakenError` if it is not being sent.
        """
        self.move(session, DeliveryState.UNSURE, at=at, due_at=look_at, looks=0, detail=detail)

    def hand_off(self, session: Session, *, at: datetime, why: str, by: str = HEARD_ACTOR) -> None:
        """Leave it to a person to post by hand, because of `why`.

        They are reminded after `HAND_OFF_REMINDER_DELAY`. Raises `OvertakenError` if it is neither a draft
        nor refused.
        """
        nudge_at = at + HAND_OFF_REMINDER_DELAY
        self.move(
            session, DeliveryState.HANDED_OFF, at=at, by=by, due_at=nudge_at, detail=why, was_handed_off=True
        )

    # --- unsure -----------------------------------------------------------------------------------------

    def was_unsure(self, session: Session) -> bool:
        """Whether an earlier try may have published it, so that its request must stay as it is."""
        here = (Event.ticket_id == self.ticket_id, Event.reply_id == self.id)
        query = select(Event.id).where(*here, Event.act == f"reply {DeliveryState.UNSURE}").limit(1)
        return session.scalar(query) is not None

    def record_lookup(self, session: Session, *, next_at: datetime | None, counts: bool = True) -> None:
        """Record a lookup that did not find it. The next one is at `next_at`.

        `counts` is False if the lookup failed, so that it says nothing. Changes nothing if the reply has
        moved.
        """
        here = update(Reply).where(Reply.id == self.id, Reply.state == self.state, Reply.fence == self.fence)
        session.execute(here.values(looks=self.looks + int(counts), due_at=next_at))
        session.refresh(self)

    def ask_person(self, session: Session, *, at: datetime, nudge_at: datetime) -> None:
        """Ask a person whether it is public, because no lookup found it; remind them at `nudge_at`.

        Raises `OvertakenError` if it is not unsure.
        """
        self.move(session, DeliveryState.ASKED, at=at, due_at=nudge_at)

    def send_again(self, session: Session, *, at: datetime, by: str) -> None:
        """Queue it again, because a person says that it is not public and one more lookup agrees.

        That is its second send: from now on Heard does not repeat it by itself any more. Raises
        `OvertakenError` if nobody was asked about it.
        """
        self._must_be(DeliveryState.ASKED)
        queued = {"due_at": at, "reason": None, "repeated": True}
        self.move(session, DeliveryState.QUEUED, at=at, by=by, act="send again", **queued)

    def discard(self, session: Session, *, at: datetime, by: str) -> None:
        """Cancel it, because a person says so. If it is found later, it counts as published.

        Raises `OvertakenError` if nobody was asked about it.
        """
        self._must_be(DeliveryState.ASKED)
        self.move(session, DeliveryState.CANCELLED, at=at, by=by, act="discard")

    # --- deleting ---------------------------------------------------------------------------------------

    def request_deletion(self, session: Session, *, by: str, at: datetime) -> None:
        """Have it deleted on the network, as soon as possible and until it is gone.

        Raises `OvertakenError` if it is not public or being deleted already, and `RuleBrokenError` if its
        post's id is not known.
        """
        if self.state not in PUBLIC_STATES:
            raise OvertakenError(f"That reply is {self.state}, so there is nothing public to delete.")
        if self.unsay_by is not None:
            raise OvertakenError("That reply is already being deleted.")
        if self.post_id is None:
            raise RuleBrokenError(
                "I don't know where that reply is, so I can't delete it. Please delete it on the network."
            )
        self.unsay_by, self.due_at, self.reason = by, at, None
        Event.record(session, "delete asked", at=at, by=by, ticket_id=self.ticket_id, reply_id=self.id)
