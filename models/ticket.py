"""Our work on one author's exchange with us in one conversation, turn by turn."""

from datetime import datetime, timedelta
from enum import StrEnum

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

from models import reply as delivery
from models.author import Author
from models.base import Base, Key, RuleBrokenError, escaped
from models.event import HEARD, Event
from models.mention import Mention, rank
from models.reply import Reply
from models.reply import State as Delivery


class State(StrEnum):
    """Where a ticket stands. All but the first two are outcomes."""

    WAITING = "waiting"
    SNOOZED = "snoozed"
    ANSWERED = "answered"
    NO_REPLY_NEEDED = "no reply needed"
    NOT_ABOUT_US = "not about us"


OPEN = (State.WAITING, State.SNOOZED)
CANARY = "canary"  # the network of test mentions: nobody made them, and they count nowhere
_IS_OPEN = "state IN (" + ", ".join(f"'{state}'" for state in OPEN) + ")"

# Why nobody has to answer. The last ones are given by Heard itself, never picked.
REASONS = ("thanks", "not a question", "duplicate", "spam", "language", "other")
DELETED = "deleted"
OUTSIDE = "outside Heard"
HANDED_OFF = "handed off"

# What opens a turn: they speak, we speak again, or somebody says that it is not over.
MENTION = "mention"
FOLLOW_UP = "follow up"
REOPENED = "reopened"


class TakenError(RuleBrokenError):
    """Somebody else has this ticket, or has answered it."""


class MovedOnError(RuleBrokenError):
    """The conversation went on since the composer was opened."""


class OnItsWayError(RuleBrokenError):
    """A reply is being sent, and nobody can stop it."""


class Turn(Base):
    """One round of a ticket: they speak (or we speak again), and we answer once."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("ticket_id", "number"), Index(None, "asked_at"))

    id: Mapped[Key]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    number: Mapped[int]
    opened_by: Mapped[str]  # MENTION, FOLLOW_UP or REOPENED
    asked_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    outcome: Mapped[str | None]
    reason: Mapped[str | None]


class Ticket(Base):
    """One author, one conversation, one account of ours.

    `revision` rises with whatever the card shows, and `drawn_revision` follows once Slack shows it.
    `target_post_id` is the post that the next reply goes to. `waiting_since` is when the customer
    posted what still waits, not when we saw it.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("network", "account_id", "conversation_id", "author_id"),
        CheckConstraint("state IN (" + ", ".join(f"'{state}'" for state in State) + ")", name="state"),
        Index("ix_tickets_state", "state", "due_at"),
        Index(None, "author_id"),
        # Who waits, the longest first.
        Index(
            "ix_tickets_open",
            "waiting_since",
            "id",
            sqlite_where=text(_IS_OPEN),
            postgresql_where=text(_IS_OPEN),
        ),
        # The board's work list: small, however many tickets there are.
        Index(
            "ix_tickets_stale",
            "id",
            sqlite_where=text("drawn_revision < revision"),
            postgresql_where=text("drawn_revision < revision"),
        ),
    )

    id: Mapped[Key]
    network: Mapped[str]
    account_id: Mapped[str]
    conversation_id: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    channel: Mapped[str]
    state: Mapped[str] = mapped_column(default=State.WAITING)
    reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    owner: Mapped[str | None]
    claimed_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    turn: Mapped[int] = mapped_column(default=1)
    target_post_id: Mapped[str]
    opened_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    waiting_since: Mapped[datetime]
    due_at: Mapped[datetime | None]
    first_reply_at: Mapped[datetime | None]
    first_reply_by: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
    drawn_revision: Mapped[int] = mapped_column(default=0)

    author: Mapped[Author] = relationship(lazy="raise")

    @classmethod
    def is_open(cls) -> ColumnElement[bool]:
        """The condition that a ticket waits, in words rather than values: else SQLite cannot use the index.

        https://www.sqlite.org/partialindex.html#queries_using_partial_indexes
        """
        return cls.state.in_([literal_column(f"'{state}'") for state in OPEN])

    @classmethod
    def hold(cls, session: Session, ticket_id: int) -> "Ticket":
        """That ticket, as it is now, and nobody else's to change until the transaction ends."""
        query = (
            select(cls).where(cls.id == ticket_id).with_for_update().execution_options(populate_existing=True)
        )
        return session.scalars(query).one()

    @classmethod
    def hold_if_free(cls, session: Session, ticket_id: int) -> "Ticket | None":
        """That ticket, held; None if somebody else has it in hand just now.

        Workers pass over what another one works at, instead of queueing for it.
        https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
        """
        query = select(cls).where(cls.id == ticket_id).with_for_update(skip_locked=True)
        return session.scalar(query.execution_options(populate_existing=True))

    def live_reply(self, session: Session) -> Reply | None:
        """The reply that holds the turn at hand."""
        return Reply.live(session, self.id, self.turn)

    def unsettled(self, session: Session) -> list[Reply]:
        """Replies of any turn that are on their way and have not arrived, oldest first."""
        query = select(Reply).where(Reply.ticket_id == self.id, Reply.state.in_(delivery.ON_ITS_WAY))
        return list(session.scalars(query.order_by(Reply.id)))

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

    def release(self, session: Session, *, by: str, at: datetime) -> None:
        """Give it back to the queue."""
        if self.owner is None:
            raise RuleBrokenError("Nobody has this one.")
        if self.owner != by:
            raise TakenError(f"<@{self.owner}> has this one; only they can release it.")
        self._refuse_while_on_the_wire(session)
        self.owner = self.claimed_at = None
        self._log(session, "release", by=by, at=at)

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
    ) -> Reply:
        """Submit `text` as the answer of `turn` to `to_post_id`, both as its author saw them."""
        self._check_turn(session, turn, to_post_id)
        if turn > self.turn:
            self._open_turn(session, FOLLOW_UP, asked_at=at)
            self._log(session, FOLLOW_UP, by=by, at=at)
        draft = self.draft(session, text=text, by=by, at=at, key=key, source="composer")
        self._let_go(session, draft, by=by, at=at, undo_until=undo_until, by_hand=by_hand)
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
        self._let_go(session, draft, by=by, at=at, undo_until=undo_until, by_hand=by_hand)

    def _let_go(
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
        try:
            with session.begin_nested():
                if by_hand is None:
                    draft.move(session, Delivery.HELD, at=at, by=by, act="reply submitted", due_at=undo_until)
                else:
                    draft.hand_off(session, at=at, by=by, why=by_hand)
        except IntegrityError as error:  # the unique index on (ticket, turn) has the last word
            raise TakenError("Somebody has answered this one a moment ago.") from error
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
        author: str | None = None,
    ) -> Reply:
        """Keep `text` as a draft of `by` for the turn and target at hand.

        It holds no turn and goes nowhere until somebody submits it.
        """
        draft = Reply(
            ticket_id=self.id,
            turn=self.turn,
            text=text,
            actor=by,
            author=author,
            source=source,
            key=key,
            to_post_id=self.target_post_id,
            created_at=at,
            state=Delivery.DRAFT,
            fence=0,
            tries=0,
            looks=0,
            was_handed_off=False,
        )
        session.add(draft)
        session.flush()
        return draft

    def undo(self, session: Session, *, by: str, at: datetime, reply_id: int | None = None) -> Reply:
        """Stop the reply that waits (`reply_id`, else the latest), if it still waits.

        Its words come back to their author.
        """
        unsettled = [reply for reply in self.unsettled(session) if reply_id in {None, reply.id}]
        pending = [reply for reply in unsettled if reply.state in delivery.PENDING]
        if not pending:
            if unsettled or self.live_reply(session):
                raise OnItsWayError("Too late to undo: the reply is on its way or already public.")
            raise RuleBrokenError("There is nothing to undo: no reply is waiting to be sent.")
        pending[-1].move(session, Delivery.CANCELLED, at=at, by=by, act="undo")
        self.revision += 1
        return pending[-1]

    def spoken(self, session: Session, reply: Reply, *, at: datetime) -> None:
        """`reply` is public since `at`: its turn is answered, unless they spoke again since."""
        if self.first_reply_at is None:
            self.first_reply_at, self.first_reply_by = at, reply.actor
        reason = HANDED_OFF if reply.state == Delivery.CONFIRMED else None
        if reply.turn == self.turn:
            self._close(session, State.ANSWERED, by=reply.actor, at=at, reason=reason, log=False)
            self._ask_again(session, self._heard_since(session, reply), at=at)
        else:
            self._close_turn(session, reply.turn, State.ANSWERED, by=reply.actor, at=at, reason=reason)
        self.revision += 1

    def answered_outside(self, session: Session, *, post_id: str, to_post_id: str, at: datetime) -> None:
        """Our account answered `to_post_id` by hand at `at`, outside Heard. A waiting reply becomes a draft.

        Our own posts are read more than once and long after: what was said before the turn at hand began, or
        has ended a turn already, says nothing about it; what they asked since is not answered by it.
        """
        if self.state not in OPEN or at < self._turn(session, self.turn).asked_at:
            return
        if self._is_known(session, State.ANSWERED, post_id):
            return
        live = self.live_reply(session)
        if live is not None and live.state not in delivery.PENDING:
            return
        if live is not None:
            live.move(session, Delivery.CANCELLED, at=at, act="answered outside", reason=OUTSIDE)
        if self.first_reply_at is None:
            self.first_reply_at = at
        self._close(session, State.ANSWERED, by=HEARD, at=at, reason=OUTSIDE, post_id=post_id, to=to_post_id)
        self._ask_again(session, [post for post in self._posts(session) if post.posted_at > at], at=at)

    def withdrawn(self, session: Session, reply: Reply, *, by: str, at: datetime) -> None:
        """Our public reply was deleted: the ticket waits again."""
        reply.move(session, Delivery.WITHDRAWN, at=at, by=by, act="delete public reply")
        if reply.turn == self.turn and self.state == State.ANSWERED:
            self._wait_again(session, by=by, at=at, act=None)
        self.revision += 1

    # --- outcomes ---------------------------------------------------------------------------------------

    def no_reply_needed(self, session: Session, *, by: str, at: datetime, reason: str) -> list[Reply]:
        """Nobody has to answer, because of `reason`. Returns the replies that this stopped."""
        return self._give_outcome(session, State.NO_REPLY_NEEDED, by=by, at=at, reason=reason)

    def not_about_us(self, session: Session, *, by: str, at: datetime) -> list[Reply]:
        """It only looked like a mention. Returns the replies that this stopped."""
        return self._give_outcome(session, State.NOT_ABOUT_US, by=by, at=at, reason=None)

    def snooze(self, session: Session, *, until: datetime, by: str, at: datetime) -> None:
        """Come back at `until`."""
        self._must_be_open()
        self._refuse_while_on_the_wire(session)
        self.state, self.snoozed_until = State.SNOOZED, until
        self._log(session, "snooze", by=by, at=at, until=until.isoformat())

    def wake(self, session: Session, *, at: datetime) -> None:
        """The snooze is over."""
        if self.state == State.SNOOZED:
            self._wait_again(session, by=HEARD, at=at, act="snooze ended")

    def reopen(self, session: Session, *, by: str, at: datetime) -> None:
        """Whatever ended it, it waits again; what was answered stays answered, and a new turn begins."""
        if self.state == State.WAITING:
            raise RuleBrokenError("This one is open already.")
        if self.state == State.SNOOZED or self.live_reply(session) is None:
            self._wait_again(session, by=by, at=at, act="reopen")
            return
        self._refuse_while_on_the_wire(session)
        self._open_turn(session, REOPENED, asked_at=at)
        self._log(session, "reopen", by=by, at=at)

    # --- the customer goes on ---------------------------------------------------------------------------

    def hear(self, session: Session, *, post_id: str, posted_at: datetime, owed_for: timedelta) -> None:
        """Its author spoke again. An open turn without a reply takes it in; else a new turn begins.

        Posts come in any order, and the clock starts at the first one. The event is the caller's, who writes
        one for each post of a page.
        """
        self.opened_at = min(self.opened_at, posted_at)
        turn = self._turn(session, self.turn)
        if self.state in OPEN and turn.opened_by != FOLLOW_UP and self.live_reply(session) is None:
            turn.asked_at = min(turn.asked_at, posted_at)
            self.due_at = min(self.due_at or posted_at + owed_for, posted_at + owed_for)
            target = session.scalar(
                select(Mention).where(Mention.ticket_id == self.id, Mention.post_id == self.target_post_id),
            )
            if target is None or target.deleted_at or target.rank < rank(posted_at, post_id):
                self.target_post_id = post_id
            self._clear(waiting_since=turn.asked_at)
        else:
            self.target_post_id = post_id
            self._open_turn(session, MENTION, asked_at=posted_at)
            self.due_at = posted_at + owed_for

    def lose(self, session: Session, mention: Mention, *, at: datetime) -> None:
        """Its author deleted `mention`. With nothing left to answer, no reply is needed."""
        if mention.deleted_at is None:
            mention.erase(at)
            self._log(session, "post deleted", by=HEARD, at=at, post_id=mention.post_id)
            session.flush()
        for reply in self.unsettled(session):
            if reply.state in delivery.PENDING and reply.to_post_id == mention.post_id:
                reply.move(session, Delivery.CANCELLED, at=at, act="post deleted", reason=DELETED)
        left = self._posts(session)
        if left:
            self.target_post_id = left[-1].post_id
        self.close_if_gone(session, at=at)

    def close_if_gone(self, session: Session, *, at: datetime) -> None:
        """With all its posts deleted and nothing on the wire, no reply is needed."""
        on_the_wire = any(reply.state in delivery.ON_THE_WIRE for reply in self.unsettled(session))
        if self.state in OPEN and not on_the_wire and not self._posts(session):
            self._close(session, State.NO_REPLY_NEEDED, by=HEARD, at=at, reason=DELETED)

    # --- how it is done ---------------------------------------------------------------------------------

    def _must_be_open(self) -> None:
        if self.state not in OPEN:
            raise RuleBrokenError(f"This one is closed: {self.state}. Reopen it first.")

    def _check_turn(self, session: Session, turn: int, to_post_id: str) -> None:
        """Refuse an answer to something that is not the question any more."""
        live = self.live_reply(session)
        if live is not None and turn <= self.turn:
            raise TakenError(f"<@{live.actor}> has answered this one already: “{escaped(live.text)}”")
        if turn > self.turn:
            may_follow_up = live is not None and live.state in delivery.SPOKEN and turn == self.turn + 1
            if not may_follow_up or to_post_id != self.target_post_id:
                raise MovedOnError("This conversation has changed since you opened the composer.")
        elif self.state not in OPEN:
            who = "Heard" if self.closed_by in {None, HEARD} else f"<@{self.closed_by}>"
            raise TakenError(
                f"{who} closed this one meanwhile ({escaped(self.reason or self.state)}). Reopen it first."
            )
        elif turn != self.turn or to_post_id != self.target_post_id:
            raise MovedOnError("They wrote again since you began to write. Read it, then send again.")

    def _refuse_while_on_the_wire(self, session: Session) -> None:
        for reply in self.unsettled(session):
            if reply.state in delivery.ON_THE_WIRE:
                raise OnItsWayError(
                    f"Not now: <@{reply.actor}>'s reply is {reply.state}, "
                    "and nobody can say yet whether it is public.",
                )

    def _give_outcome(
        self, session: Session, outcome: State, *, by: str, at: datetime, reason: str | None
    ) -> list[Reply]:
        self._must_be_open()
        self._refuse_while_on_the_wire(session)
        stopped = self.unsettled(session)
        for reply in stopped:
            reply.move(session, Delivery.CANCELLED, at=at, by=by, reason=outcome.value)
        self._close(session, outcome, by=by, at=at, reason=reason)
        return stopped

    def _own(self, session: Session, act: str, *, by: str, at: datetime) -> None:
        before, self.owner, self.claimed_at = self.owner, by, at
        self._log(session, act, by=by, at=at, **({"from": before} if before else {}))

    def _open_turn(self, session: Session, opened_by: str, *, asked_at: datetime) -> None:
        """Begin the next round: the clock starts at `asked_at`."""
        self.turn += 1
        session.add(Turn(ticket_id=self.id, number=self.turn, opened_by=opened_by, asked_at=asked_at))
        self._clear(waiting_since=asked_at)
        if opened_by != MENTION:
            self.due_at = None  # a first reply is owed to who asks, not to who is asked again
        session.flush()

    def _ask_again(self, session: Session, since: list[Mention], *, at: datetime) -> None:
        """The turn that has just been answered is not the last one, if they spoke `since`."""
        if since:
            self._open_turn(session, MENTION, asked_at=since[0].posted_at)
            self._log(session, "asked again", by=HEARD, at=at, post_id=since[0].post_id)

    def _heard_since(self, session: Session, reply: Reply) -> list[Mention]:
        """What the author of `reply` cannot have read: the log tells the order, whatever the clocks say."""
        here = select(Event.post_id).where(Event.ticket_id == self.id)
        submitted = here.with_only_columns(func.min(Event.id)).where(Event.reply_id == reply.id)
        unread = here.where(Event.act == MENTION, Event.id > submitted.scalar_subquery())
        posts = set(session.scalars(unread))
        return [post for post in self._posts(session) if post.post_id in posts]

    def _wait_again(self, session: Session, *, by: str, at: datetime, act: str | None) -> None:
        """The turn at hand is open again, its clock where it was."""
        turn = self._turn(session, self.turn)
        turn.closed_at = turn.closed_by = turn.outcome = turn.reason = None
        self._clear(waiting_since=turn.asked_at)
        if act is not None:
            self._log(session, act, by=by, at=at)

    def _clear(self, *, waiting_since: datetime) -> None:
        self.state, self.waiting_since = State.WAITING, waiting_since
        self.reason = self.closed_at = self.closed_by = self.snoozed_until = None
        self.revision += 1

    def _close(
        self,
        session: Session,
        outcome: State,
        *,
        by: str,
        at: datetime,
        reason: str | None,
        log: bool = True,
        **data: str,
    ) -> None:
        self.state, self.reason, self.closed_at, self.closed_by = outcome, reason, at, by
        self.snoozed_until = None
        self._close_turn(session, self.turn, outcome, by=by, at=at, reason=reason)
        if log:
            self._log(session, outcome.value, by=by, at=at, reason=reason, **data)
        else:
            self.revision += 1

    def _close_turn(
        self, session: Session, number: int, outcome: State, *, by: str, at: datetime, reason: str | None
    ) -> None:
        turn = self._turn(session, number)
        turn.closed_at, turn.closed_by, turn.outcome, turn.reason = at, by, outcome, reason

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
