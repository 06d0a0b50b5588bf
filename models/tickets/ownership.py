"""Who owns a ticket, who is writing an answer to it, and the checks and records that every verb needs."""

from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import ColumnElement, and_, literal_column, or_, select, update
from sqlalchemy.orm import Session

from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import OnItsWayError, RuleBrokenError, TakenError
from models.slack.card import Card
from models.slack.ticket_group import TicketGroup
from models.tickets.delivery_state import MAYBE_SENT_STATES
from models.tickets.reply import Reply
from models.tickets.state import NO_CHANNEL, OPEN_STATES, ReminderLevel, TicketState
from models.tickets.ticket_columns import TicketColumns

COMPOSER_OPEN_MAX = timedelta(minutes=15)  # after that a composer that was left open counts as closed

_IS_SHOWN = or_(Card.ts.is_not(None), Card.placing_since.is_not(None))  # the second: it may be, or soon


class OwnershipMixin(TicketColumns):
    """The verbs that claim, assign and release a ticket, and that open and close the composer."""

    @classmethod
    def is_open(cls) -> ColumnElement[bool]:
        """Returns the SQL condition that a ticket has no outcome yet.

        The states are literals rather than parameters: else SQLite cannot use the partial index.
        https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
        """
        return cls.state.in_([literal_column(f"'{state}'") for state in OPEN_STATES])

    @classmethod
    def has_no_card(cls) -> ColumnElement[bool]:
        """Returns the SQL condition that Slack shows no card of a ticket's own, for all that we know."""
        return ~select(Card.id).where(Card.ticket_id == cls.id, _IS_SHOWN).correlate_except(Card).exists()

    @classmethod
    def has_or_gets_card(cls) -> ColumnElement[bool]:
        """Returns the SQL condition that a ticket's card is in Slack or will be.

        What is muted gets none, nor what waits for a private channel or was joined to another ticket.
        """
        gets_one = and_(cls.state != TicketState.MUTED, cls.channel != NO_CHANNEL, cls.joined_to.is_(None))
        return or_(gets_one, ~cls.has_no_card())

    @classmethod
    def lock(cls, session: Session, ticket_id: int) -> Self:
        """Return the current row of that ticket, locked until the transaction ends.

        Raises `NoResultFound` of SQLAlchemy if there is no such ticket.
        """
        query = (
            select(cls).where(cls.id == ticket_id).with_for_update().execution_options(populate_existing=True)
        )
        return session.scalars(query).one()

    @classmethod
    def lock_all(cls, session: Session, *conditions: ColumnElement[bool]) -> list[int]:
        """Lock the tickets that meet `conditions`, in the order of their ids; returns these.

        An update by itself locks rows as they lie, so two transactions could wait for each other.
        """
        return list(session.scalars(select(cls.id).where(*conditions).order_by(cls.id).with_for_update()))

    @classmethod
    def redraw_all(cls, session: Session, *conditions: ColumnElement[bool]) -> None:
        """Have the cards of the tickets that meet `conditions` redrawn."""
        session.flush()
        redrawn = update(cls).where(cls.id.in_(cls.lock_all(session, *conditions)))
        redrawn = redrawn.values(revision=cls.revision + 1)
        session.execute(redrawn.execution_options(synchronize_session=False))

    @classmethod
    def lock_if_free(cls, session: Session, ticket_id: int) -> Self | None:
        """Return that ticket, locked; None if another transaction holds it or it does not exist.

        Workers skip what another worker holds, instead of waiting for it.
        https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
        """
        query = select(cls).where(cls.id == ticket_id).with_for_update(skip_locked=True)
        return session.scalar(query.execution_options(populate_existing=True))

    # --- claims -------------------------------------------------------------------------------------------

    def claim(self, session: Session, *, by: str, at: datetime) -> None:
        """Make `by` the owner. Claiming one's own ticket again changes nothing.

        Raises `TakenError` if someone else owns it, and `RuleBrokenError` if it is closed.
        """
        self._must_be_open()
        if self.owner == by:
            return
        if self.owner is not None:
            raise TakenError(f"<@{self.owner}> already owns this ticket.")
        self._own(session, "claim", by=by, at=at)

    def take_over(self, session: Session, *, by: str, at: datetime) -> None:
        """Make `by` the owner, even if someone else owns it. Raises `RuleBrokenError` if it is closed."""
        self._must_be_open()
        if self.owner != by:
            self._own(session, "take over" if self.owner else "claim", by=by, at=at)

    def assign(self, session: Session, *, to: str, by: str, at: datetime) -> None:
        """Make `to` the owner, even if someone else owns it.

        Raises `RuleBrokenError` if it is closed or `to` owns it already.
        """
        self._must_be_open()
        if self.owner == to:
            raise RuleBrokenError(f"<@{to}> already owns this ticket.")
        self._own(session, "assign", by=by, at=at, to=to)

    def release(self, session: Session, *, by: str, at: datetime) -> None:
        """Leave it unassigned.

        Raises `RuleBrokenError` if it has no owner, `TakenError` if the owner is not `by`, and
        `OnItsWayError` while a reply of it may or may not be public.
        """
        if self.owner is None:
            raise RuleBrokenError("This ticket is unassigned.")
        if self.owner != by:
            raise TakenError(f"<@{self.owner}> owns this ticket; only they can release it.")
        self._refuse_while_sending(session)
        self._disown(session, "release", by=by, at=at)

    def expire(self, session: Session, *, at: datetime) -> str | None:
        """Leave it unassigned because its owner was inactive for too long. Returns the former owner.

        Returns None, and changes nothing, if it has no owner, does not wait, has an open composer or has a
        reply on its way: then someone is working on it.
        """
        owner = self.owner
        if (
            owner is None
            or self.state != TicketState.WAITING
            or self.is_composed(at)
            or self.unsettled(session)
        ):
            return None
        self._disown(session, "claim expired", by=HEARD_ACTOR, at=at, **{"from": owner})
        self.nudges |= ReminderLevel.LAPSED
        return owner

    def record_activity(self, *, by: str, at: datetime) -> None:
        """Note that `by` worked on it at `at`. If `by` is the owner, the claim's time starts again."""
        if self.owner == by and (self.active_at is None or self.active_at < at):
            self.restart_owner_clock(at)

    def restart_owner_clock(self, at: datetime) -> None:
        """Count the owner's inactivity from `at` on."""
        self.active_at = at if self.owner is not None else None
        self._reset_reminders(at)

    def _reset_reminders(self, at: datetime) -> None:
        """Clear the reminders about the owner, and have the reminder job look at the ticket at `at`."""
        self.nudges &= ~(ReminderLevel.OWNER | ReminderLevel.LAPSED)
        self.nudge_at = at if self.state == TicketState.WAITING else None

    def _own(self, session: Session, act: str, *, by: str, at: datetime, to: str | None = None) -> None:
        self.leave_group(session, by=by, at=at)
        former, self.owner, self.claimed_at = self.owner, to or by, at
        self.first_claimed_at = self.first_claimed_at or at
        self.restart_owner_clock(at)
        data = ({"from": former} if former else {}) | ({"to": to} if to else {})
        self._log(session, act, by=by, at=at, **data)

    def _disown(self, session: Session, act: str, *, by: str, at: datetime, **data: str) -> None:
        self.owner = self.claimed_at = self.active_at = None
        self._reset_reminders(at)
        self._log(session, act, by=by, at=at, **data)

    # --- the composer -------------------------------------------------------------------------------------

    def is_composed(self, at: datetime) -> bool:
        """Whether someone has the composer open at `at`."""
        return self.composing_until is not None and self.composing_until > at

    def start_composing(self, session: Session, *, by: str, key: str, at: datetime) -> bool:
        """Note that `by` opened the composer `key`.

        Returns False, and changes nothing, if someone else has a composer open.
        """
        if self.is_composed(at) and self.composer != by:
            return False
        self._compose(session, "compose", by=by, key=key, at=at)
        return True

    def take_over_composing(self, session: Session, *, by: str, key: str, at: datetime) -> str | None:
        """Make the composer `key` of `by` the open one. Returns who else had one open, or None."""
        former = self.composer if self.is_composed(at) and self.composer != by else None
        self._compose(session, "take over composing", by=by, key=key, at=at)
        return former

    def stop_composing(self, *, key: str) -> None:
        """Note that the composer `key` is closed. Does nothing if another one is open."""
        if self.composing_key == key:
            self._clear_composer()

    def forget_composer(self, at: datetime) -> None:
        """Close a composer that has been open for longer than `COMPOSER_OPEN_MAX`."""
        if self.composing_until is not None and self.composing_until <= at:
            self._clear_composer()

    def _compose(self, session: Session, act: str, *, by: str, key: str, at: datetime) -> None:
        self.composer, self.composing_key = by, key
        self.composing_since, self.composing_until = at, at + COMPOSER_OPEN_MAX
        self.record_activity(by=by, at=at)
        self._log(session, act, by=by, at=at)

    def _clear_composer(self) -> None:
        if self.composer is not None:
            self.revision += 1
        self.composer = self.composing_key = self.composing_since = self.composing_until = None

    # --- the card ------------------------------------------------------------------------------------------

    def leave_group(self, session: Session, *, by: str, at: datetime) -> None:
        """Give it a card of its own for good, because `by` acts on it.

        What follows on an act (undo, reminders, a thread) needs a card to be on.
        """
        self.keeps_card = True
        if self.group_id is not None:
            group_id, self.group_id = self.group_id, None
            TicketGroup.touch(session, group_id, at=at)
            self._log(session, "own card", by=by, at=at, group=str(group_id))

    def skip_card_if_muted(self, session: Session) -> None:
        """Note that nothing is to be drawn, if it is muted and Slack shows it nowhere."""
        if self.state != TicketState.MUTED or self.group_id is not None:
            return
        if session.scalar(select(Card.id).where(Card.ticket_id == self.id, _IS_SHOWN)) is None:
            self.drawn_revision = self.revision

    # --- what every verb needs ----------------------------------------------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Whether it has no outcome yet: it waits or is snoozed."""
        return self.state in OPEN_STATES

    def unsettled(self, session: Session) -> list[Reply]:
        """Returns the replies of any turn that were submitted and have no final state yet, oldest first."""
        return Reply.unsettled(session, self.id)

    @property
    def joined_text(self) -> str:
        """Why nothing can be done on it, if it was joined to another ticket; a sentence."""
        return f"This post shares a card with the same words on another network: ticket #{self.joined_to}."

    def _must_be_open(self) -> None:
        if self.joined_to is not None:
            raise RuleBrokenError(self.joined_text)
        if self.state not in OPEN_STATES:
            raise RuleBrokenError(f"This ticket is closed: {self.state}. Reopen it first.")

    def _refuse_while_sending(self, session: Session) -> None:
        for reply in self.unsettled(session):
            if reply.state in MAYBE_SENT_STATES:
                raise OnItsWayError(
                    f"Not now: <@{reply.actor}>'s reply is {reply.state}, so it may already be public.",
                )

    def _log(
        self,
        session: Session,
        act: str,
        *,
        by: str,
        at: datetime,
        post_id: str | None = None,
        **data: str | None,
    ) -> None:
        """Record `act` in the event log and have the card redrawn. Leaves out `data` that is None."""
        self.revision += 1
        Event.record(
            session,
            act,
            at=at,
            by=by,
            ticket_id=self.id,
            post_id=post_id,
            data={name: value for name, value in data.items() if value is not None},
        )
