"""How a ticket is closed without a reply of Heard, snoozed, and made to wait again."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import MovedOnError, RuleBrokenError
from models.core.sla import SlaPolicy
from models.sources.mute import Mute
from models.tickets.answering import AnsweringMixin
from models.tickets.delivery_state import PENDING_STATES, DeliveryState
from models.tickets.reply import Reply
from models.tickets.state import ANSWERED_OUTSIDE, OPEN_STATES, TicketState
from models.tickets.turn import OPENED_BY_NO_ANSWER, OPENED_BY_REOPENING


class OutcomesMixin(AnsweringMixin):
    """The verbs that give a ticket an outcome or take it away."""

    def check_seen(self, *, turn: int | None, post_id: str | None) -> None:
        """Check that nothing changed since the person who closes it looked at it.

        `turn` and `post_id` are what they saw; either may be None if that is not known.
        Raises `MovedOnError` if the ticket has another turn or target post by now.
        """
        if turn is not None and post_id is not None and (turn, post_id) != (self.turn, self.target_post_id):
            raise MovedOnError("This conversation has changed since you opened this. Read it, then close it.")

    def close_no_reply_needed(self, session: Session, *, by: str, at: datetime, reason: str) -> list[Reply]:
        """Close it as *no reply needed* for `reason`. Returns the pending replies that this cancelled.

        Raises `RuleBrokenError` if it is closed, and `OnItsWayError` while a reply may or may not be public.
        """
        return self._give_outcome(session, TicketState.NO_REPLY_NEEDED, by=by, at=at, reason=reason)

    def close_not_about_us(self, session: Session, *, by: str, at: datetime) -> list[Reply]:
        """Close it as *not about us*. Returns the pending replies that this cancelled.

        Raises `RuleBrokenError` if it is closed, and `OnItsWayError` while a reply may or may not be public.
        """
        return self._give_outcome(session, TicketState.NOT_ABOUT_US, by=by, at=at, reason=None)

    def close_muted(
        self, session: Session, mute: Mute, *, at: datetime, post_id: str | None = None
    ) -> list[Reply]:
        """Close it as *muted*: nothing is owed to it. Returns the pending replies that this cancelled.

        `post_id` is the new post that the mute covers; None if it closes what waited already. Raises
        `RuleBrokenError` if it is closed, and `OnItsWayError` while a reply may or may not be public.
        """
        by, data = mute.created_by, {"mute": str(mute.id), "post_id": post_id}
        stopped = self._give_outcome(session, TicketState.MUTED, by=by, at=at, reason=mute.reason, **data)
        self.mute_id, self.due_at = mute.id, None
        return stopped

    def snooze(
        self, session: Session, *, until: datetime, by: str, at: datetime, sla_policy: SlaPolicy
    ) -> None:
        """Take it off the queue until `until`. The due time counts from then, so it is not overdue at once.

        Raises `RuleBrokenError` if it is closed, and `OnItsWayError` while a reply may or may not be public.
        """
        self._must_be_open()
        self._refuse_while_sending(session)
        self.leave_group(session, by=by, at=at)
        self.state, self.snoozed_until = TicketState.SNOOZED, until
        self._restart_due_time(sla_policy.due(until))
        self.nudge_at = None
        self._log(session, "snooze", by=by, at=at, until=until.isoformat())

    def wake(self, session: Session, *, at: datetime) -> None:
        """End the snooze: it waits again. Does nothing if it is not snoozed."""
        if self.state == TicketState.SNOOZED:
            self._wait_again(session, by=HEARD_ACTOR, at=at, act="snooze ended")
            self.restart_owner_clock(at)

    def reopen(self, session: Session, *, by: str, at: datetime, sla_policy: SlaPolicy | None = None) -> None:
        """Make it wait again, whatever its outcome. A turn that was answered stays so, and a new one begins.

        With `sla_policy`, a due time that has passed is counted again from `at`: it is not overdue at once.
        One that was muted, to which nothing was owed, is due from `at` on.
        Raises `RuleBrokenError` if it waits already or was joined to another ticket, and `OnItsWayError`
        while a reply may or may not be public.
        """
        if self.state == TicketState.WAITING:
            raise RuleBrokenError("This ticket is already open.")
        if self.joined_to is not None:
            raise RuleBrokenError(self.joined_text)
        self.leave_group(session, by=by, at=at)
        if self.state == TicketState.MUTED and sla_policy is not None:
            self.due_at, self.nudges = sla_policy.due(at), 0
        if self.state == TicketState.SNOOZED or self.live_reply(session) is None:
            if sla_policy is not None and (
                self.state == TicketState.SNOOZED or (self.due_at and self.due_at < at)
            ):
                self._restart_due_time(sla_policy.due(at))
            self._wait_again(session, by=by, at=at, act="reopen")
            self.restart_owner_clock(at)
            return
        self._refuse_while_sending(session)
        self._open_turn(session, OPENED_BY_REOPENING, asked_at=at, at=at)
        self._log(session, "reopen", by=by, at=at)
        self.restart_owner_clock(at)

    def undo_close(self, session: Session, *, by: str, at: datetime) -> bool:
        """Make it wait again as before it was closed as one of several: in its group, with its due time.

        Returns False, and changes nothing, if it has another state or is in no group by now.
        """
        if self.state != TicketState.NO_REPLY_NEEDED or self.group_id is None:
            return False
        self._wait_again(session, by=by, at=at, act="close undone")
        self.restart_owner_clock(at)
        return True

    def reopen_without_answer(self, session: Session, *, at: datetime) -> bool:
        """Begin a new turn because the customer has not answered us by `back_at`.

        Returns False, and changes nothing, if it is not answered or that time has not come.
        """
        if self.back_at is None or self.back_at > at or self.state != TicketState.ANSWERED:
            return False
        self._open_turn(session, OPENED_BY_NO_ANSWER, asked_at=at, at=at)
        self._log(session, OPENED_BY_NO_ANSWER, by=HEARD_ACTOR, at=at)
        self.restart_owner_clock(at)
        return True

    def record_outside_answer(self, session: Session, *, post_id: str, to_post_id: str, at: datetime) -> None:
        """Record that our account answered `to_post_id` with `post_id` at `at`, outside Heard.

        A pending reply becomes a draft. Our own posts are read more than once and long after they were
        posted, so a post from before the current turn, or one that ended a turn already, changes nothing.
        Posts of the customer from after `at` open a new turn.
        """
        if self.state not in OPEN_STATES or at < self._turn(session, self.turn).asked_at:
            return
        if self._is_known(session, TicketState.ANSWERED, post_id):
            return
        live = self.live_reply(session)
        if live is not None and live.state not in PENDING_STATES:
            return
        if live is not None:
            live.move(
                session, DeliveryState.CANCELLED, at=at, act="answered outside", reason=ANSWERED_OUTSIDE
            )
        if self.first_reply_at is None:
            self.first_reply_at = at
        self._close(
            session,
            TicketState.ANSWERED,
            by=HEARD_ACTOR,
            at=at,
            reason=ANSWERED_OUTSIDE,
            post_id=post_id,
            to=to_post_id,
        )
        self._open_missed_turn(session, [post for post in self._posts(session) if post.posted_at > at], at=at)

    def _give_outcome(
        self,
        session: Session,
        outcome: TicketState,
        *,
        by: str,
        at: datetime,
        reason: str | None,
        **data: str | None,
    ) -> list[Reply]:
        self._must_be_open()
        self._refuse_while_sending(session)
        stopped = self.unsettled(session)
        for reply in stopped:
            reply.move(session, DeliveryState.CANCELLED, at=at, by=by, reason=outcome.value)
        self._close(session, outcome, by=by, at=at, reason=reason, log=True, **data)
        return stopped

    def _wait_again(self, session: Session, *, by: str, at: datetime, act: str | None) -> None:
        """Open the current turn again; its waiting time still counts from when it was asked."""
        turn = self._turn(session, self.turn)
        turn.closed_at = turn.closed_by = turn.outcome = turn.reason = turn.answered_open = None
        self._reset_wait(waiting_since=turn.asked_at)
        if act is not None:
            self._log(session, act, by=by, at=at)

    def _restart_due_time(self, due_at: datetime) -> None:
        """Set a new due time, if there is a target at all, and clear the reminders."""
        if self.due_at is not None:
            self.due_at = due_at
        self.nudges = 0

    def _is_known(self, session: Session, act: str, post_id: str) -> bool:
        """Whether the event log has `act` for `post_id` already."""
        query = select(Event.id).where(Event.ticket_id == self.id, Event.act == act, Event.post_id == post_id)
        return session.scalar(query.limit(1)) is not None
