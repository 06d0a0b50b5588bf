"""Our work on one author's exchange with us in one conversation, turn by turn."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from models.core.audit_event import BREACH_ACT, HEARD_ACTOR, Event
from models.core.base import Base, MovedOnError, OnItsWayError, RuleBrokenError, TakenError
from models.core.fingerprint import compute_fingerprint
from models.core.mrkdwn import escape_mrkdwn
from models.sources.author import Author
from models.sources.mention import Mention
from models.tickets import reply as delivery
from models.tickets import unconnected_accounts
from models.tickets.ownership import OwnershipMixin
from models.tickets.pause import Pause
from models.tickets.reminders import ReminderLevel
from models.tickets.reply import DeliveryState, Reply
from models.tickets.sla import SlaPolicy
from models.tickets.state import (
    ANSWERED_OUTSIDE,
    HANDED_OFF,
    NO_LONGER_SHOWN,
    OPEN_STATES,
    POST_DELETED,
    TicketState,
)
from models.tickets.teammate import Teammate, strip_sign_off
from models.tickets.turn import (
    OPENED_BY_FOLLOW_UP,
    OPENED_BY_MENTION,
    OPENED_BY_NO_ANSWER,
    OPENED_BY_REOPENING,
    Turn,
)

THREAD_SOURCES = {"thread", "shortcut"}  # written without a composer, which shows what is kept
CANARY_NETWORK = "canary"  # the network of test mentions: nobody made them, and they count nowhere
UNFILLED_CONDITION = "first_reply_at IS NOT NULL AND first_reply_open IS NULL"
_OPEN_CONDITION = "state IN (" + ", ".join(f"'{state}'" for state in OPEN_STATES) + ")"


class Ticket(OwnershipMixin, Base):
    """One author, one conversation, one account of ours.

    `revision` rises with whatever the card shows, and `drawn_revision` follows once Slack shows it.
    `target_post_id` is the post that the next reply goes to. `waiting_since` is when the customer
    posted what still waits, not when we saw it.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("network", "account_id", "conversation_id", "author_id"),
        CheckConstraint("state IN (" + ", ".join(f"'{state}'" for state in TicketState) + ")", name="state"),
        Index("ix_tickets_state", "state", "due_at"),
        Index(None, "author_id"),
        # A period's figures; and what no figure can be told of yet.
        Index(None, "opened_at"),
        Index(
            "ix_tickets_uncounted",
            "id",
            sqlite_where=text(UNFILLED_CONDITION),
            postgresql_where=text(UNFILLED_CONDITION),
        ),
        # What the clock decides: few tickets have any of these.
        *(
            Index(
                f"ix_tickets_{name}",
                name,
                sqlite_where=text(f"{name} IS NOT NULL"),
                postgresql_where=text(f"{name} IS NOT NULL"),
            )
            for name in ("composing_until", "back_at", "nudge_at")
        ),
        # Who waits, with all that a list is chosen and ordered by: thousands may wait, and a row is long.
        Index(
            "ix_tickets_open",
            "state",
            "due_at",
            "waiting_since",
            "id",
            "owner",
            "channel",
            "network",
            sqlite_where=text(_OPEN_CONDITION),
            postgresql_where=text(_OPEN_CONDITION),
        ),
        # The board's work list: small, however many tickets there are.
        Index(
            "ix_tickets_stale",
            "id",
            sqlite_where=text("drawn_revision < revision"),
            postgresql_where=text("drawn_revision < revision"),
        ),
    )

    network: Mapped[str]
    account_id: Mapped[str]
    conversation_id: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    channel: Mapped[str]
    reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    snoozed_until: Mapped[datetime | None]
    back_at: Mapped[datetime | None]  # when it waits again, if they have not answered us by then
    turn: Mapped[int] = mapped_column(default=1)
    target_post_id: Mapped[str]
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    waiting_since: Mapped[datetime]
    due_at: Mapped[datetime | None]
    first_reply_at: Mapped[datetime | None]
    first_reply_by: Mapped[str | None]
    # Where the minutes went, beside `opened_at` (their post), `seen_at` and `first_reply_at`.
    shown_at: Mapped[datetime | None]  # its card was in Slack
    first_reply_open: Mapped[int | None]  # seconds of office hours from their post to our first reply
    drawn_revision: Mapped[int] = mapped_column(default=0)

    author: Mapped[Author] = relationship(lazy="raise")

    @classmethod
    def is_open(cls) -> ColumnElement[bool]:
        """The condition that a ticket waits, in words rather than values: else SQLite cannot use the index.

        https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
        """
        return cls.state.in_([literal_column(f"'{state}'") for state in OPEN_STATES])

    @classmethod
    def lock(cls, session: Session, ticket_id: int) -> "Ticket":
        """That ticket, as it is now, and nobody else's to change until the transaction ends."""
        query = (
            select(cls).where(cls.id == ticket_id).with_for_update().execution_options(populate_existing=True)
        )
        return session.scalars(query).one()

    @classmethod
    def lock_if_free(cls, session: Session, ticket_id: int) -> "Ticket | None":
        """That ticket, held; None if somebody else has it in hand just now.

        Workers pass over what another one works at, instead of queueing for it.
        https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
        """
        query = select(cls).where(cls.id == ticket_id).with_for_update(skip_locked=True)
        return session.scalar(query.execution_options(populate_existing=True))

    def live_reply(self, session: Session) -> Reply | None:
        """The reply that holds the turn at hand."""
        return Reply.live(session, self.id, self.turn)

    # --- answering --------------------------------------------------------------------------------------

    def reply(
        self,
        session: Session,
        *,
        text: str,
        by: str,
        at: datetime,
        turn: int,
        to_post_id: str,
        undo_until: datetime,
        key: str,
        by_hand: str | None = None,
        **more: Any,  # noqa: ANN401 - columns
    ) -> Reply:
        """Submit `text` as the answer of `turn` to `to_post_id`, both as its author saw them.

        `more` is what else the reply's row holds: its `sign_off`, which `text` ends with, or `wait_seconds`.
        """
        self._check_turn(session, turn, to_post_id)
        self._follow_up(session, turn, by=by, at=at)
        draft = self.draft(session, text=text, by=by, at=at, key=key, source="composer", **more)
        self._queue_draft(session, draft, by=by, at=at, undo_until=undo_until, by_hand=by_hand)
        return draft

    def submit(
        self,
        session: Session,
        draft: Reply,
        *,
        by: str,
        at: datetime,
        undo_until: datetime,
        by_hand: str | None = None,
    ) -> None:
        """Let a draft go out as the answer of the turn that it was written for.

        It is held until `undo_until`; or, where the network's API is known to refuse it (`by_hand` says why),
        handed off at once, to be posted by a person. Raises `MovedOnError` when the conversation went on
        meanwhile, and `TakenError` when the turn is answered; neither changes anything.
        """
        self._check_turn(session, draft.turn, draft.to_post_id)
        self._follow_up(session, draft.turn, by=by, at=at)
        self._queue_draft(session, draft, by=by, at=at, undo_until=undo_until, by_hand=by_hand)

    def _follow_up(self, session: Session, turn: int, *, by: str, at: datetime) -> None:
        """We speak once more after our answer: that opens `turn`."""
        if turn > self.turn:
            self._open_turn(session, OPENED_BY_FOLLOW_UP, asked_at=at)
            self._log(session, OPENED_BY_FOLLOW_UP, by=by, at=at)

    @property
    def next_turn(self) -> int:
        """The turn of whatever is written now: the one at hand, or once it is answered the one after it."""
        return self.turn + 1 if self.state == TicketState.ANSWERED else self.turn

    def _queue_draft(
        self,
        session: Session,
        draft: Reply,
        *,
        by: str,
        at: datetime,
        undo_until: datetime,
        by_hand: str | None,
    ) -> None:
        """Start a draft on its way; the turn has been checked, and the database checks it again."""
        Pause.raise_if_paused(session)
        if by_hand is None:
            unconnected_accounts.raise_if_unconnected(session, self.network, self.account_id)
        try:
            with session.begin_nested():
                if by_hand is None:
                    draft.move(
                        session, DeliveryState.HELD, at=at, by=by, act="reply submitted", due_at=undo_until
                    )
                else:
                    draft.hand_off(session, at=at, by=by, why=by_hand)
        except IntegrityError as error:  # the unique index on (ticket, turn) has the last word
            raise TakenError("Somebody has answered this one a moment ago.") from error
        self._clear_composer()
        self.back_at = None
        self.record_activity(by=by, at=at)
        if self.owner != by:
            self._own(session, "take over" if self.owner else "claim", by=by, at=at)
        self.revision += 1

    def draft(
        self,
        session: Session,
        *,
        text: str,
        by: str,
        at: datetime,
        key: str,
        source: str,
        turn: int | None = None,
        **more: Any,  # noqa: ANN401 - columns
    ) -> Reply:
        """Keep `text` as a draft of `by` for `turn` (if None, the one at hand) and the target at hand.

        It holds no turn and goes nowhere until somebody submits it. `more` is what else its row holds:
        `author` (whose words they are, if not the actor's), `sign_off`, `said_channel` and `said_ts`.
        """
        self.record_activity(by=by, at=at)
        last = Reply.last(session, self.id, by) if source in THREAD_SOURCES else None
        if last is not None and last.is_returned:
            self._keep_as_draft(session, last, at=at)
        own = strip_sign_off(text, more.get("sign_off"))
        draft = Reply(
            essence=compute_fingerprint(own, self.participant_names(session)),
            ticket_id=self.id,
            turn=turn or self.turn,
            text=text,
            actor=by,
            source=source,
            key=key,
            to_post_id=self.target_post_id,
            created_at=at,
            state=DeliveryState.DRAFT,
            fence=0,
            tries=0,
            looks=0,
            was_handed_off=False,
            **more,
        )
        session.add(draft)
        session.flush()
        return draft

    def participant_names(self, session: Session) -> list[str]:
        """What the customer and our teammates are called: not what makes a reply one of its kind."""
        author = session.get_one(Author, self.author_id)
        teammates = session.scalars(select(Teammate.name))
        return [name for name in (author.name, author.handle, *teammates) if name]

    def undo(self, session: Session, *, by: str, at: datetime, reply_id: int | None = None) -> Reply:
        """Stop the reply that waits (`reply_id`, else the latest), if it still waits.

        Its words come back to their author.
        """
        unsettled = [reply for reply in self.unsettled(session) if reply_id in {None, reply.id}]
        pending = [reply for reply in unsettled if reply.state in delivery.PENDING_STATES]
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
        """Stop a reply that has not left, because of `why`: its words are its author's again, as a draft.

        Raises `OvertakenError` if it is not held or queued: what may be public stays what it is.
        """
        if reply.state not in delivery.PENDING_STATES:
            raise delivery.OvertakenError(f"That reply is {reply.state} already.")
        reply.move(session, DeliveryState.CANCELLED, at=at, reason=why)
        self.handle_stopped_reply(session, reply)
        if not reply.is_last(session):
            self._keep_as_draft(session, reply, at=at)

    def _keep_as_draft(self, session: Session, reply: Reply, *, at: datetime) -> None:
        """Keep what came back as a draft: *Reply* shows only what its author wrote last."""
        self.draft(
            session,
            text=reply.text,
            by=reply.actor,
            at=at,
            key=f"{reply.key} kept",
            source="kept",
            author=reply.author,
            sign_off=reply.sign_off,
        )

    def handle_stopped_reply(self, session: Session, reply: Reply) -> None:
        """A reply that was to go out does not: a turn that only this reply opened is taken back with it."""
        self.revision += 1
        turn = self._turn(session, self.turn)
        if (
            reply.turn != self.turn
            or turn.opened_by != OPENED_BY_FOLLOW_UP
            or self.state != TicketState.WAITING
        ):
            return
        session.delete(turn)
        self.turn -= 1
        before = self._turn(session, self.turn)
        self.state, self.reason = before.outcome or TicketState.ANSWERED, before.reason
        self.closed_at, self.closed_by = before.closed_at, before.closed_by
        self.waiting_since = before.asked_at

    def handle_published_reply(self, session: Session, reply: Reply, *, at: datetime) -> None:
        """`reply` is public since `at`: its turn is answered, unless they spoke again since."""
        if self.first_reply_at is None:
            self.first_reply_at, self.first_reply_by = at, reply.actor
        reason = HANDED_OFF if reply.state == DeliveryState.CONFIRMED else None
        if reply.turn == self.turn:
            self._close(session, TicketState.ANSWERED, by=reply.actor, at=at, reason=reason, log=False)
            if reply.wait_seconds is not None:
                self.back_at = at + timedelta(seconds=reply.wait_seconds)
            self._open_missed_turn(session, self._posts_since(session, reply), at=at)
        else:
            self._close_turn(session, reply.turn, TicketState.ANSWERED, by=reply.actor, at=at, reason=reason)
        self.revision += 1

    def record_outside_answer(self, session: Session, *, post_id: str, to_post_id: str, at: datetime) -> None:
        """Our account answered `to_post_id` by hand at `at`, outside Heard. A waiting reply becomes a draft.

        Our own posts are read more than once and long after: what was said before the turn at hand began, or
        has ended a turn already, says nothing about it; what they asked since is not answered by it.
        """
        if self.state not in OPEN_STATES or at < self._turn(session, self.turn).asked_at:
            return
        if self._is_known(session, TicketState.ANSWERED, post_id):
            return
        live = self.live_reply(session)
        if live is not None and live.state not in delivery.PENDING_STATES:
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

    def reopen_without_answer(self, session: Session, *, at: datetime) -> bool:
        """We waited for a word from them and none came: it is our turn again. False if it is not so."""
        if self.back_at is None or self.back_at > at or self.state != TicketState.ANSWERED:
            return False
        self._open_turn(session, OPENED_BY_NO_ANSWER, asked_at=at)
        self._log(session, OPENED_BY_NO_ANSWER, by=HEARD_ACTOR, at=at)
        self.restart_owner_clock(at)
        return True

    def request_deletion(self, session: Session, reply: Reply, *, by: str, at: datetime) -> None:
        """Have our public reply deleted on the network; `withdrawn` once that is done."""
        if self.live_reply(session) is not reply and reply.turn == self.turn:
            raise RuleBrokenError("That reply is not public any more.")
        reply.request_deletion(session, by=by, at=at)
        self.revision += 1

    def handle_withdrawn_reply(self, session: Session, reply: Reply, *, by: str, at: datetime) -> None:
        """Our public reply was deleted: the ticket waits again."""
        reply.move(session, DeliveryState.WITHDRAWN, at=at, by=by, act="delete public reply")
        if reply.turn == self.turn and self.state == TicketState.ANSWERED:
            self._wait_again(session, by=by, at=at, act=None)
            self.nudges |= ReminderLevel.HALF | ReminderLevel.OVERDUE  # what was promised was kept once
        self.revision += 1

    # --- outcomes ---------------------------------------------------------------------------------------

    def check_seen(self, *, turn: int | None, post_id: str | None) -> None:
        """Refuse to close what somebody has not read; `turn` and `post_id` are what they saw, if known."""
        if turn is not None and post_id is not None and (turn, post_id) != (self.turn, self.target_post_id):
            raise MovedOnError("This conversation has changed since you opened this. Read it, then close it.")

    def close_no_reply_needed(self, session: Session, *, by: str, at: datetime, reason: str) -> list[Reply]:
        """Nobody has to answer, because of `reason`. Returns the replies that this stopped."""
        return self._give_outcome(session, TicketState.NO_REPLY_NEEDED, by=by, at=at, reason=reason)

    def close_not_about_us(self, session: Session, *, by: str, at: datetime) -> list[Reply]:
        """It only looked like a mention. Returns the replies that this stopped."""
        return self._give_outcome(session, TicketState.NOT_ABOUT_US, by=by, at=at, reason=None)

    def snooze(self, session: Session, *, until: datetime, by: str, at: datetime, promise: SlaPolicy) -> None:
        """Come back at `until`; what is owed to them is owed from then on, so that it is not late at once."""
        self._must_be_open()
        self._refuse_while_on_the_wire(session)
        self.state, self.snoozed_until = TicketState.SNOOZED, until
        self._restart_due_time(promise.due(until))
        self.nudge_at = None
        self._log(session, "snooze", by=by, at=at, until=until.isoformat())

    def wake(self, session: Session, *, at: datetime) -> None:
        """The snooze is over."""
        if self.state == TicketState.SNOOZED:
            self._wait_again(session, by=HEARD_ACTOR, at=at, act="snooze ended")
            self.restart_owner_clock(at)

    def reopen(self, session: Session, *, by: str, at: datetime, promise: SlaPolicy | None = None) -> None:
        """Whatever ended it, it waits again; what was answered stays answered, and a new turn begins.

        With `promise` it is not late at once: what was due meanwhile is due from now on.
        """
        if self.state == TicketState.WAITING:
            raise RuleBrokenError("This one is open already.")
        if self.state == TicketState.SNOOZED or self.live_reply(session) is None:
            if promise is not None and (
                self.state == TicketState.SNOOZED or (self.due_at and self.due_at < at)
            ):
                self._restart_due_time(promise.due(at))
            self._wait_again(session, by=by, at=at, act="reopen")
            self.restart_owner_clock(at)
            return
        self._refuse_while_on_the_wire(session)
        self._open_turn(session, OPENED_BY_REOPENING, asked_at=at)
        self._log(session, "reopen", by=by, at=at)
        self.restart_owner_clock(at)

    # --- the customer goes on ---------------------------------------------------------------------------

    def add_post(
        self, session: Session, *, post_id: str, posted_at: datetime, order_key: str, promise: SlaPolicy
    ) -> None:
        """Its author spoke again. An open turn without a reply takes it in; else a new turn begins.

        Posts come in any order, and the clock starts at the first one. The event is the caller's, who writes
        one for each post of a page.
        """
        if posted_at < self.opened_at:
            self.opened_at, self.first_reply_open = posted_at, None
        turn = self._turn(session, self.turn)
        if (
            self.state in OPEN_STATES
            and turn.opened_by != OPENED_BY_FOLLOW_UP
            and self.live_reply(session) is None
        ):
            turn.asked_at = min(turn.asked_at, posted_at)
            target = session.scalar(
                select(Mention).where(Mention.ticket_id == self.id, Mention.post_id == self.target_post_id),
            )
            is_newer = target is None or target.deleted_at or target.rank < (posted_at, order_key)
            if is_newer:
                self.target_post_id = post_id
            # What is recorded stays, whatever is promised by now: only an earlier post is due earlier.
            if self.due_at is None or not is_newer or self.state == TicketState.SNOOZED:
                due_at = promise.due(posted_at)
                self.due_at = min(self.due_at or due_at, due_at)
            self._reset_wait(waiting_since=turn.asked_at)
            self.nudge_at = promise.half_time(turn.asked_at)
        else:
            self.target_post_id = post_id
            self._open_turn(session, OPENED_BY_MENTION, asked_at=posted_at)
            self.due_at, self.nudge_at = promise.due(posted_at), promise.half_time(posted_at)

    # --- what the network does not show, see models/tickets/not_shown.py ------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Whether it has no outcome yet."""
        return self.state in OPEN_STATES

    def update_target(self, session: Session) -> None:
        """The next reply goes to the newest post whose words are there."""
        left = self._posts(session)
        if left and self.target_post_id != left[-1].post_id:
            self.target_post_id = left[-1].post_id
            self.revision += 1

    def is_gone(self, session: Session) -> bool:
        """Whether each of its posts was given up."""
        posts = session.scalars(select(Mention).where(Mention.ticket_id == self.id)).all()
        return bool(posts) and all(one.is_lost for one in posts)

    def close_if_gone(self, session: Session, *, title: str, at: datetime) -> list[Reply]:
        """With all its posts lost and nothing on the wire, no reply is needed. Returns what this stopped.

        `title` is what people call the network.
        """
        unsettled = self.unsettled(session)
        on_the_wire = any(reply.state in delivery.MAYBE_SENT_STATES for reply in unsettled)
        if self.state not in OPEN_STATES or on_the_wire or not self.is_gone(session):
            return []
        for reply in unsettled:
            reply.move(
                session, DeliveryState.CANCELLED, at=at, act="post no longer shown", reason=NO_LONGER_SHOWN
            )
            self.handle_stopped_reply(session, reply)
        if self.state in OPEN_STATES:
            reason = f"{NO_LONGER_SHOWN} on {title}"
            self._close(session, TicketState.NO_REPLY_NEEDED, by=HEARD_ACTOR, at=at, reason=reason)
        return unsettled

    def reopen_if_restored(self, session: Session, *, at: datetime, promise: SlaPolicy) -> bool:
        """A post of theirs is shown again: wait, if it was closed because none was. Whether it was.

        What was due meanwhile is due from now on, so that it is not late at once.
        """
        reason = self.reason or ""
        was_given_up = reason == POST_DELETED or reason.startswith(NO_LONGER_SHOWN)
        if self.state != TicketState.NO_REPLY_NEEDED or self.closed_by != HEARD_ACTOR or not was_given_up:
            return False
        if self.due_at is not None and self.due_at < at:
            self._restart_due_time(promise.due(at))
        self._wait_again(session, by=HEARD_ACTOR, at=at, act="waits again")
        self.restart_owner_clock(at)
        return True

    # --- what is owed -----------------------------------------------------------------------------------

    def record_breach(self, session: Session, *, at: datetime) -> bool:
        """Write down that nobody answered in time, once a turn; False if that is not so, or known."""
        if self.due_at is None or at <= self.due_at or self.nudges & ReminderLevel.OVERDUE:
            return False
        self.nudges |= ReminderLevel.OVERDUE
        data = {"turn": self.turn, "due": self.due_at.isoformat()}
        Event.record(session, BREACH_ACT, at=at, ticket_id=self.id, data=data)
        return True

    def _restart_due_time(self, due_at: datetime) -> None:
        """The clock begins anew, if one runs: an answer is owed by `due_at`."""
        if self.due_at is not None:
            self.due_at = due_at
        self.nudges = 0

    # --- how it is done ---------------------------------------------------------------------------------

    def _check_turn(self, session: Session, turn: int, to_post_id: str) -> None:
        """Refuse an answer to something that is not the question any more."""
        live = self.live_reply(session)
        if live is not None and turn <= self.turn:
            raise TakenError(f"<@{live.actor}> has answered this one already: “{escape_mrkdwn(live.text)}”")
        if turn > self.turn:
            may_follow_up = (
                live is not None and live.state in delivery.PUBLIC_STATES and turn == self.turn + 1
            )
            if not may_follow_up or to_post_id != self.target_post_id:
                raise MovedOnError("This conversation has changed since you opened the composer.")
        elif self.state not in OPEN_STATES:
            who = "Heard" if self.closed_by in {None, HEARD_ACTOR} else f"<@{self.closed_by}>"
            raise TakenError(
                f"{who} closed this one meanwhile ({escape_mrkdwn(self.reason or self.state)}). Reopen "
                f"it first."
            )
        elif turn != self.turn or to_post_id != self.target_post_id:
            raise MovedOnError("They wrote again since you began to write. Read it, then send again.")

    def _give_outcome(
        self, session: Session, outcome: TicketState, *, by: str, at: datetime, reason: str | None
    ) -> list[Reply]:
        self._must_be_open()
        self._refuse_while_on_the_wire(session)
        stopped = self.unsettled(session)
        for reply in stopped:
            reply.move(session, DeliveryState.CANCELLED, at=at, by=by, reason=outcome.value)
        self._close(session, outcome, by=by, at=at, reason=reason)
        return stopped

    def _open_turn(self, session: Session, opened_by: str, *, asked_at: datetime) -> None:
        """Begin the next round: the clock starts at `asked_at`."""
        self.turn += 1
        session.add(Turn(ticket_id=self.id, number=self.turn, opened_by=opened_by, asked_at=asked_at))
        self._reset_wait(waiting_since=asked_at)
        self.nudges = 0
        if opened_by != OPENED_BY_MENTION:
            self.due_at = None  # a first reply is owed to who asks, not to who is asked again
        session.flush()

    def _open_missed_turn(self, session: Session, since: list[Mention], *, at: datetime) -> None:
        """The turn that has just been answered is not the last one, if they spoke `since`."""
        if since:
            asked_at = since[0].posted_at
            if self.due_at is not None:  # as long after that as it was owed to them before
                self.due_at = asked_at + (self.due_at - self.waiting_since)
            self._open_turn(session, OPENED_BY_MENTION, asked_at=asked_at)
            self._log(session, "asked again", by=HEARD_ACTOR, at=at, post_id=since[0].post_id)

    def _posts_since(self, session: Session, reply: Reply) -> list[Mention]:
        """What the author of `reply` cannot have read: the log tells the order, whatever the clocks say."""
        here = select(Event.post_id).where(Event.ticket_id == self.id)
        submitted = here.with_only_columns(func.min(Event.id)).where(Event.reply_id == reply.id)
        unread = here.where(Event.act == OPENED_BY_MENTION, Event.id > submitted.scalar_subquery())
        posts = set(session.scalars(unread))
        return [post for post in self._posts(session) if post.post_id in posts]

    def _wait_again(self, session: Session, *, by: str, at: datetime, act: str | None) -> None:
        """The turn at hand is open again, its clock where it was."""
        turn = self._turn(session, self.turn)
        turn.closed_at = turn.closed_by = turn.outcome = turn.reason = turn.answered_open = None
        self._reset_wait(waiting_since=turn.asked_at)
        if act is not None:
            self._log(session, act, by=by, at=at)

    def _reset_wait(self, *, waiting_since: datetime) -> None:
        self.state, self.waiting_since, self.nudge_at = TicketState.WAITING, waiting_since, waiting_since
        self.reason = self.closed_at = self.closed_by = self.snoozed_until = self.back_at = None
        self.revision += 1

    def _close(
        self,
        session: Session,
        outcome: TicketState,
        *,
        by: str,
        at: datetime,
        reason: str | None,
        log: bool = True,
        **data: str,
    ) -> None:
        self.state, self.reason, self.closed_at, self.closed_by = outcome, reason, at, by
        self.snoozed_until = self.back_at = self.nudge_at = None
        if outcome == TicketState.ANSWERED:
            self.record_breach(session, at=at)
        self._close_turn(session, self.turn, outcome, by=by, at=at, reason=reason)
        if log:
            self._log(session, outcome.value, by=by, at=at, reason=reason, **data)
        else:
            self.revision += 1

    def _close_turn(
        self,
        session: Session,
        number: int,
        outcome: TicketState,
        *,
        by: str,
        at: datetime,
        reason: str | None,
    ) -> None:
        turn = self._turn(session, number)
        turn.closed_at, turn.closed_by, turn.outcome, turn.reason = at, by, outcome, reason
        turn.answered_open = None

    def _posts(self, session: Session) -> list[Mention]:
        """What its author said and did not take back, oldest first."""
        query = select(Mention).where(Mention.ticket_id == self.id, Mention.deleted_at.is_(None))
        return sorted(session.scalars(query), key=lambda mention: mention.rank)

    def _is_known(self, session: Session, act: str, post_id: str) -> bool:
        """Whether `post_id` has led to `act` before."""
        query = select(Event.id).where(Event.ticket_id == self.id, Event.act == act, Event.post_id == post_id)
        return session.scalar(query.limit(1)) is not None

    def _turn(self, session: Session, number: int) -> Turn:
        return session.scalars(select(Turn).where(Turn.ticket_id == self.id, Turn.number == number)).one()
