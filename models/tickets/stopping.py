"""How a reply is taken back: before it is sent (undo, stop), or deleted after it was published."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.core.base import OnItsWayError, RuleBrokenError
from models.tickets.delivery_state import PENDING_STATES, DeliveryState
from models.tickets.outcomes import OutcomesMixin
from models.tickets.reply import OvertakenError, Reply
from models.tickets.state import ReminderLevel, TicketState
from models.tickets.turn import OPENED_BY_FOLLOW_UP


class StoppingMixin(OutcomesMixin):
    """The verbs that stop a reply or have it deleted."""

    def undo(self, session: Session, *, by: str, at: datetime, reply_id: int | None = None) -> Reply:
        """Stop a pending reply (`reply_id`, else the latest): its text becomes its author's draft again.

        Returns the stopped reply. Raises `OnItsWayError` if it is being sent or public already, and
        `RuleBrokenError` if there is none.
        """
        unsettled = [reply for reply in self.unsettled(session) if reply_id in {None, reply.id}]
        pending = [reply for reply in unsettled if reply.state in PENDING_STATES]
        if not pending:
            if unsettled or self.live_reply(session):
                raise OnItsWayError("Too late to undo: the reply is on its way or already public.")
            raise RuleBrokenError("There is nothing to undo: no reply is waiting to be sent.")
        reply = pending[-1]
        reply.move(session, DeliveryState.CANCELLED, at=at, by=by, act="undo")
        self.handle_stopped_reply(session, reply)
        if not reply.is_last(session):
            self._keep_as_draft(session, reply, at=at)
        return reply

    def give_back(self, session: Session, reply: Reply, *, at: datetime, why: str) -> None:
        """Stop a pending reply for the reason `why`: its text becomes its author's draft again.

        Raises `OvertakenError` if it is neither held nor queued: what may be public must not be cancelled.
        """
        if reply.state not in PENDING_STATES:
            raise OvertakenError(f"That reply is already {reply.state}.")
        reply.move(session, DeliveryState.CANCELLED, at=at, reason=why)
        self.handle_stopped_reply(session, reply)
        if not reply.is_last(session):
            self._keep_as_draft(session, reply, at=at)

    def handle_stopped_reply(self, session: Session, reply: Reply) -> None:
        """Record that `reply` will not be sent. Removes a follow-up turn that only this reply opened."""
        self.revision += 1
        turn = self._turn(session, self.turn)
        if (
            reply.turn != self.turn
            or turn.opened_by != OPENED_BY_FOLLOW_UP
            or self.state != TicketState.WAITING
        ):
            return
        self._return_to_previous_turn(session)

    def _return_to_previous_turn(self, session: Session) -> None:
        """Remove the current turn: it is as the turn before ended."""
        session.delete(self._turn(session, self.turn))
        self.turn -= 1
        previous = self._turn(session, self.turn)
        self.state, self.reason = previous.outcome or TicketState.ANSWERED, previous.reason
        self.closed_at, self.closed_by = previous.closed_at, previous.closed_by
        self.waiting_since = previous.asked_at

    def request_deletion(self, session: Session, reply: Reply, *, by: str, at: datetime) -> None:
        """Have our public reply deleted on the network; it is `withdrawn` once that is done.

        Raises `RuleBrokenError` if it is not public any more, is being deleted already, or if Heard does not
        know where on the network it is.
        """
        if self.live_reply(session) is not reply and reply.turn == self.turn:
            raise RuleBrokenError("That reply is no longer public.")
        reply.request_deletion(session, by=by, at=at)
        self.revision += 1

    def handle_withdrawn_reply(self, session: Session, reply: Reply, *, by: str, at: datetime) -> None:
        """Record that our public reply was deleted. If it answered the current turn, the ticket waits again.

        Raises `OvertakenError` if the reply is not public.
        """
        reply.move(session, DeliveryState.WITHDRAWN, at=at, by=by, act="delete public reply")
        if reply.turn == self.turn and self.state == TicketState.ANSWERED:
            self._wait_again(session, by=by, at=at, act=None)
            # The target was met when the reply was published, so nobody is reminded of it again.
            self.nudges |= ReminderLevel.HALF | ReminderLevel.OVERDUE
        self.revision += 1
