"""Whose a ticket is, and who is writing an answer to it: the half of a ticket that teammates share out."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.audit_event import HEARD_ACTOR, Event
from models.core.base import Key, OnItsWayError, RuleBrokenError, TakenError
from models.tickets import reply as delivery
from models.tickets.reminders import ReminderLevel
from models.tickets.reply import Reply
from models.tickets.state import OPEN_STATES, TicketState

COMPOSER_OPEN_MAX = timedelta(minutes=15)  # a composer that was left open counts as closed after that


class OwnershipMixin:
    """The columns and acts of ownership. `active_at` is the owner's last sign of life on this ticket."""

    id: Mapped[Key]
    state: Mapped[str] = mapped_column(default=TicketState.WAITING)
    revision: Mapped[int] = mapped_column(default=1)
    owner: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    active_at: Mapped[datetime | None]
    first_claimed_at: Mapped[datetime | None]  # when somebody had it for the first time
    # When the clock looks at it next, and what it has said of the turn at hand so far (a `Rung`).
    nudge_at: Mapped[datetime | None]
    nudges: Mapped[int] = mapped_column(default=0, server_default="0")
    # A soft lock: who has the composer open, which one (its key), since when, and until when that counts.
    composer: Mapped[str | None]
    composing_key: Mapped[str | None]
    composing_since: Mapped[datetime | None]
    composing_until: Mapped[datetime | None]

    # --- whose it is ------------------------------------------------------------------------------------

    def claim(self, session: Session, *, by: str, at: datetime) -> None:
        """Take it. Pressing twice is harmless; somebody else's ticket stays theirs."""
        self._must_be_open()
        if self.owner == by:
            return
        if self.owner is not None:
            raise TakenError(f"<@{self.owner}> has this one already.")
        self._own(session, "claim", by=by, at=at)

    def take_over(self, session: Session, *, by: str, at: datetime) -> None:
        """Take it from whoever has it."""
        self._must_be_open()
        if self.owner != by:
            self._own(session, "take over" if self.owner else "claim", by=by, at=at)

    def assign(self, session: Session, *, to: str, by: str, at: datetime) -> None:
        """Give it to `to`, whoever has it."""
        self._must_be_open()
        if self.owner == to:
            raise RuleBrokenError(f"<@{to}> has this one already.")
        self._own(session, "assign", by=by, at=at, to=to)

    def release(self, session: Session, *, by: str, at: datetime) -> None:
        """Give it back to the queue."""
        if self.owner is None:
            raise RuleBrokenError("Nobody has this one.")
        if self.owner != by:
            raise TakenError(f"<@{self.owner}> has this one; only they can release it.")
        self._refuse_while_on_the_wire(session)
        self._disown(session, "release", by=by, at=at)

    def expire(self, session: Session, *, at: datetime) -> str | None:
        """Give it back to the queue because its owner was quiet for too long; who that was.

        Not under an open composer, and not while a reply is on its way: then somebody is at it.
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
        """`by` did something about it: if it is theirs, the claim begins anew to run."""
        if self.owner == by and (self.active_at is None or self.active_at < at):
            self.restart_owner_clock(at)

    def restart_owner_clock(self, at: datetime) -> None:
        """Its owner, if it has one, has from now on to react."""
        self.active_at = at if self.owner is not None else None
        self._reset_reminders(at)

    def _reset_reminders(self, at: datetime) -> None:
        """Whose it is has changed, or how quiet they are: the clock looks at it anew."""
        self.nudges &= ~(ReminderLevel.OWNER | ReminderLevel.LAPSED)
        self.nudge_at = at if self.state == TicketState.WAITING else None

    def _own(self, session: Session, act: str, *, by: str, at: datetime, to: str | None = None) -> None:
        before, self.owner, self.claimed_at = self.owner, to or by, at
        self.first_claimed_at = self.first_claimed_at or at
        self.restart_owner_clock(at)
        data = ({"from": before} if before else {}) | ({"to": to} if to else {})
        self._log(session, act, by=by, at=at, **data)

    def _disown(self, session: Session, act: str, *, by: str, at: datetime, **data: str) -> None:
        self.owner = self.claimed_at = self.active_at = None
        self._reset_reminders(at)
        self._log(session, act, by=by, at=at, **data)

    # --- who is writing ---------------------------------------------------------------------------------

    def is_composed(self, at: datetime) -> bool:
        """Whether somebody has the composer open."""
        return self.composing_until is not None and self.composing_until > at

    def start_composing(self, session: Session, *, by: str, key: str, at: datetime) -> bool:
        """`by` opened the composer `key`. False, and nothing changes, if somebody else is writing already."""
        if self.is_composed(at) and self.composer != by:
            return False
        self._compose(session, "compose", by=by, key=key, at=at)
        return True

    def take_over_composing(self, session: Session, *, by: str, key: str, at: datetime) -> str | None:
        """`by` writes from here on, in the composer `key`; gives who wrote until now."""
        before = self.composer if self.is_composed(at) and self.composer != by else None
        self._compose(session, "take over composing", by=by, key=key, at=at)
        return before

    def stop_composing(self, *, key: str) -> None:
        """The composer `key` is closed; any other one stays as it is."""
        if self.composing_key == key:
            self._clear_composer()

    def forget_composer(self, at: datetime) -> None:
        """Nobody can say any more whether somebody is still writing there."""
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

    # --- what every act needs ---------------------------------------------------------------------------

    def unsettled(self, session: Session) -> list[Reply]:
        """Replies of any turn that are on their way and have not arrived, oldest first."""
        return Reply.unsettled(session, self.id)

    def _must_be_open(self) -> None:
        if self.state not in OPEN_STATES:
            raise RuleBrokenError(f"This one is closed: {self.state}. Reopen it first.")

    def _refuse_while_on_the_wire(self, session: Session) -> None:
        for reply in self.unsettled(session):
            if reply.state in delivery.MAYBE_SENT_STATES:
                raise OnItsWayError(
                    f"Not now: <@{reply.actor}>'s reply is {reply.state}, "
                    "and nobody can say yet whether it is public.",
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
        """Write the act down and have the card redrawn."""
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
