"""Our public answer and its way out: the delivery machine.

Every move is one conditional UPDATE on (state, fence). Whoever loses the race learns it from the row count
and does nothing; whoever wins has raised the fence, so that a late worker cannot write over what came after.
"""

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import set_committed_value

from models.core import log_after_commit
from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import Base, Key, RuleBrokenError
from models.slack.reaction import Reaction
from models.tickets.delivery_state import (
    HAND_OFF_REMINDER_DELAY,
    HELD_BACK_REASONS,
    LIVE_STATES,
    PUBLIC_STATES,
    RETURNED_STATES,
    STATE_EMOJI,
    STUCK_STATES,
    TRANSITIONS,
    UNSETTLED_STATES,
    WARNING_STATES,
    DeliveryState,
)
from models.tickets.teammate import strip_sign_off

log = logging.getLogger(__name__)


def _state_condition(states: Iterable[DeliveryState]) -> str:
    """The condition that a row is in one of `states`, as SQL."""
    return "state IN (" + ", ".join(f"'{state}'" for state in states) + ")"


def _partial_index(name: str, condition: str, *columns: str) -> Index:
    """An index over the few rows that fulfil `condition`."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class OvertakenError(RuleBrokenError):
    """Somebody or something else moved this reply first."""


class Reply(Base):
    """One answer, in the exact words that go out, and all that is known about where it got to.

    `fence` rises with every move. `key` stays the same over tries, for networks that honour one. `actor` is
    the Slack user whose act sends it; `author` is whose words they are, where that is somebody else.
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

    id: Mapped[Key]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    turn: Mapped[int]
    state: Mapped[str] = mapped_column(default=DeliveryState.DRAFT)
    fence: Mapped[int] = mapped_column(default=0)
    key: Mapped[str] = mapped_column(unique=True)
    text: Mapped[str]  # exactly as it goes out, `sign_off` at its end
    sign_off: Mapped[str | None]
    essence: Mapped[str] = mapped_column(default="", server_default="")  # see models/core/fingerprint.py
    digest: Mapped[str]
    actor: Mapped[str]
    author: Mapped[str | None]
    approver: Mapped[str | None]
    source: Mapped[str]
    to_post_id: Mapped[str]
    said_channel: Mapped[str | None]  # the Slack message that its words come from, if they do
    said_ts: Mapped[str | None]
    wait_seconds: Mapped[int | None]  # how long after it the ticket comes back, if they stay silent
    unsay_by: Mapped[str | None]  # who wants it deleted on the network
    sent_to: Mapped[str | None]  # the version of that post which it was sent to
    created_at: Mapped[datetime]
    # When the next thing is due in the state at hand: the undo window's end, the next try, the end of the
    # lease, the next look, the next nudge, the next try to delete it.
    due_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]
    worker: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    was_handed_off: Mapped[bool] = mapped_column(default=False)
    looks: Mapped[int] = mapped_column(default=0)
    settled_at: Mapped[datetime | None]
    post_id: Mapped[str | None]
    post_url: Mapped[str | None]
    reason: Mapped[str | None]
    detail: Mapped[str | None]

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - columns
        super().__init__(**values)
        self.digest = hashlib.sha256(self.text.encode()).hexdigest()

    @classmethod
    def is_given_back(cls) -> ColumnElement[bool]:
        """The condition that the words are their author's again, so spelled that its index can be used.

        https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
        """
        return cls.state.in_([literal_column(f"'{state}'") for state in RETURNED_STATES])

    @classmethod
    def needs_a_person(cls) -> ColumnElement[bool]:
        """The condition that it goes no further by itself: asked about, to be posted by hand, or held back.

        So spelled that its index can be used, see `is_given_back`.
        """
        waits = cls.state.in_([literal_column(f"'{state}'") for state in STUCK_STATES])
        return waits & ((cls.state != DeliveryState.QUEUED) | cls.reason.in_(HELD_BACK_REASONS))

    @classmethod
    def still_waits(cls) -> ColumnElement[bool]:
        """Returns the SQL condition that a reply is on its way or being deleted: other times are history."""
        return or_(cls.state.in_(UNSETTLED_STATES), cls.unsay_by.is_not(None))

    @classmethod
    def live(cls, session: Session, ticket_id: int, turn: int) -> "Reply | None":
        """The reply that holds this turn, if one does."""
        query = select(cls).where(cls.ticket_id == ticket_id, cls.turn == turn, cls.state.in_(LIVE_STATES))
        return session.scalar(query)

    @classmethod
    def unsettled(cls, session: Session, ticket_id: int) -> "list[Reply]":
        """Replies of any turn of that ticket that are on their way and have not arrived, oldest first."""
        query = select(cls).where(cls.ticket_id == ticket_id, cls.state.in_(UNSETTLED_STATES))
        return list(session.scalars(query.order_by(cls.id)))

    @classmethod
    def last(cls, session: Session, ticket_id: int, actor: str) -> "Reply | None":
        """What `actor` wrote last for this ticket."""
        query = select(cls).where(cls.ticket_id == ticket_id, cls.actor == actor)
        return session.scalar(query.order_by(cls.id.desc()).limit(1))

    @classmethod
    def last_returned(cls, session: Session, ticket_id: int, actor: str) -> "Reply | None":
        """What `actor` last wrote for this ticket, if it came back to them instead of going out."""
        last = cls.last(session, ticket_id, actor)
        return last if last is not None and last.state in RETURNED_STATES else None

    @classmethod
    def last_returned_text(cls, session: Session, ticket_id: int, actor: str) -> str | None:
        """The words of it."""
        kept = cls.last_returned(session, ticket_id, actor)
        return kept.words if kept is not None else None

    @property
    def is_returned(self) -> bool:
        """Whether it was to go out, and its words are its author's again."""
        return self.state in RETURNED_STATES and self.state != DeliveryState.DRAFT

    def is_last(self, session: Session) -> bool:
        """Whether its actor has written nothing for this ticket since: only the last words come back."""
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
        """Go to `to`, if the table allows it and nobody was faster; write down who did it.

        Raises `OvertakenError` when the row is not where this copy of it says.
        """
        if to not in TRANSITIONS[DeliveryState(self.state)] or self._never_left():
            raise OvertakenError(f"That reply is {self.state} already.")
        values = {"due_at": None, **changes, "state": to, "fence": self.fence + 1}
        here = update(Reply).where(Reply.id == self.id, Reply.state == self.state, Reply.fence == self.fence)
        moved = session.execute(here.values(**values).execution_options(synchronize_session=False))
        if moved.rowcount != 1:  # type: ignore[attr-defined]
            raise OvertakenError("Somebody else was faster with that reply.")
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
        """Have the log say where it is now: ids and states, nobody's words."""
        level = logging.WARNING if to in WARNING_STATES else logging.INFO
        fields = {"ticket_id": self.ticket_id, "reply_id": self.id, "state": to.value, "tries": self.tries}
        why = [one for one in (act, reason) if one]
        said = f"reply %(reply_id)s of ticket %(ticket_id)s: %(state)s{' (%(why)s)' if why else ''}"
        log_after_commit.add_line(
            session, log, level, said, fields | ({"why": ", ".join(why)} if why else {})
        )

    def update_reaction(self, session: Session) -> None:
        """Have the Slack message that its words come from show what became of them.

        Several people may have proposed the same message: what one of them keeps private does not hide that
        another's is public, or on its way.
        """
        if self.said_channel is not None and self.said_ts is not None:
            here = select(Reply.state).where(
                Reply.said_ts == self.said_ts, Reply.said_channel == self.said_channel, Reply.id != self.id
            )
            others = here.where(Reply.state.in_(LIVE_STATES)).order_by(Reply.id.desc()).limit(1)
            live = None if self.state in LIVE_STATES else session.scalar(others)
            Reaction.set_wanted(
                session, self.said_channel, self.said_ts, STATE_EMOJI[DeliveryState(live or self.state)]
            )

    def _must_be(self, state: DeliveryState) -> None:
        """Refuse what the table allows only from `state`: several rows of it lead to the same place."""
        if self.state != state:
            raise OvertakenError(f"That reply is {self.state} already.")

    @property
    def is_moving(self) -> bool:
        """Whether it is on its way, or looked for, and nobody has to do anything about it."""
        if self.state == DeliveryState.QUEUED:
            return self.reason is None
        return self.state in {DeliveryState.HELD, DeliveryState.SENDING, DeliveryState.UNSURE}

    @property
    def words(self) -> str:
        """What its author typed."""
        return strip_sign_off(self.text, self.sign_off)

    def _never_left(self) -> bool:
        """Whether it was stopped before anybody could say it: nobody can see such a reply later after all."""
        return self.state == DeliveryState.CANCELLED and not self.may_be_public

    @property
    def may_be_public(self) -> bool:
        """Whether it was ever tried, or given to a person to post."""
        return self.tries > 0 or self.was_handed_off

    # --- towards the wire -------------------------------------------------------------------------------

    def release(self, session: Session, *, at: datetime) -> None:
        """The undo window is over."""
        self._must_be(DeliveryState.HELD)
        self.move(session, DeliveryState.QUEUED, at=at, due_at=at, released_at=at)

    def take(
        self, session: Session, *, worker: str, at: datetime, lease_until: datetime, to: str | None = None
    ) -> None:
        """Declare the intent to send it, under version `to` of the post.

        Committed before any socket opens; `lease_until` bounds the call.
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
        """Provably nothing was sent: try again at `until`."""
        self._must_be(DeliveryState.SENDING)
        self.move(session, DeliveryState.QUEUED, at=at, due_at=until, reason=reason, detail=detail)

    def refuse(self, session: Session, *, at: datetime, reason: str, detail: str) -> None:
        """A definite no: the words go back to their author."""
        self.move(session, DeliveryState.REFUSED, at=at, reason=reason, detail=detail)

    def mark_unsure(self, session: Session, *, at: datetime, look_at: datetime, detail: str) -> None:
        """Nobody can say whether it is public: look at `look_at`, and never send again by itself."""
        self.move(session, DeliveryState.UNSURE, at=at, due_at=look_at, looks=0, detail=detail)

    def hand_off(self, session: Session, *, at: datetime, why: str, by: str = HEARD_ACTOR) -> None:
        """A person has to post it by hand; remind them if nobody has seen it by then."""
        nudge_at = at + HAND_OFF_REMINDER_DELAY
        self.move(
            session, DeliveryState.HANDED_OFF, at=at, by=by, due_at=nudge_at, detail=why, was_handed_off=True
        )

    # --- in doubt ---------------------------------------------------------------------------------------

    def record_lookup(self, session: Session, *, next_at: datetime | None, counts: bool = True) -> None:
        """A look did not show it (or, with `counts` off, said nothing): come back at `next_at`."""
        here = update(Reply).where(Reply.id == self.id, Reply.state == self.state, Reply.fence == self.fence)
        session.execute(here.values(looks=self.looks + int(counts), due_at=next_at))
        session.refresh(self)

    def ask_person(self, session: Session, *, at: datetime, nudge_at: datetime) -> None:
        """Every look was in vain: a person has to decide."""
        self.move(session, DeliveryState.ASKED, at=at, due_at=nudge_at)

    def send_again(self, session: Session, *, at: datetime, by: str) -> None:
        """A person saw that it is not there, and one more look that succeeded agrees."""
        self._must_be(DeliveryState.ASKED)
        self.move(session, DeliveryState.QUEUED, at=at, by=by, act="send again", due_at=at, reason=None)

    def discard(self, session: Session, *, at: datetime, by: str) -> None:
        """A person gives it up; should it be seen later after all, it counts as published."""
        self._must_be(DeliveryState.ASKED)
        self.move(session, DeliveryState.CANCELLED, at=at, by=by, act="discard")

    # --- taken back ---------------------------------------------------------------------------------------

    def request_deletion(self, session: Session, *, by: str, at: datetime) -> None:
        """Somebody wants it deleted on the network: due at once, until it is gone there."""
        if self.state not in PUBLIC_STATES:
            raise OvertakenError(f"That reply is {self.state}, so there is nothing public to delete.")
        if self.unsay_by is not None:
            raise OvertakenError("That reply is being deleted already.")
        if self.post_id is None:
            raise RuleBrokenError(
                "I have not seen where that reply is, so I cannot delete it. Delete it there by hand."
            )
        self.unsay_by, self.due_at, self.reason = by, at, None
        Event.record(session, "delete asked", at=at, by=by, ticket_id=self.ticket_id, reply_id=self.id)
