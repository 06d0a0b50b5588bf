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

from models.core.audit_event import BREACH, HEARD, Event
from models.core.base import Base, MovedOnError, OnItsWayError, RuleBrokenError, TakenError
from models.core.fingerprint import essence
from models.core.mrkdwn import escaped
from models.sources.author import Author
from models.sources.mention import Mention, rank
from models.tickets import reply as delivery
from models.tickets import unconnected_accounts
from models.tickets.ownership import Owned
from models.tickets.pause import Pause
from models.tickets.reminders import Rung
from models.tickets.reply import Reply
from models.tickets.reply import State as Delivery
from models.tickets.sla import Promise
from models.tickets.state import DELETED, HANDED_OFF, NO_LONGER_SHOWN, OPEN, OUTSIDE, State
from models.tickets.teammate import Teammate, unsigned
from models.tickets.turn import FOLLOW_UP, MENTION, NO_ANSWER, REOPENED, Turn

FROM_THE_THREAD = {"thread", "shortcut"}  # written without a composer, which shows what is kept
CANARY = "canary"  # the network of test mentions: nobody made them, and they count nowhere
UNCOUNTED = "first_reply_at IS NOT NULL AND first_reply_open IS NULL"
_IS_OPEN = "state IN (" + ", ".join(f"'{state}'" for state in OPEN) + ")"


class Ticket(Owned, Base):
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
        # A period's figures; and what no figure can be told of yet.
        Index(None, "opened_at"),
        Index(
            "ix_tickets_uncounted",
            "id",
            sqlite_where=text(UNCOUNTED),
            postgresql_where=text(UNCOUNTED),
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
        self._follow_up(session, draft.turn, by=by, at=at)
        self._let_go(session, draft, by=by, at=at, undo_until=undo_until, by_hand=by_hand)

    def _follow_up(self, session: Session, turn: int, *, by: str, at: datetime) -> None:
        """We speak once more after our answer: that opens `turn`."""
        if turn > self.turn:
            self._open_turn(session, FOLLOW_UP, asked_at=at)
            self._log(session, FOLLOW_UP, by=by, at=at)

    @property
    def next_turn(self) -> int:
        """The turn of whatever is written now: the one at hand, or once it is answered the one after it."""
        return self.turn + 1 if self.state == State.ANSWERED else self.turn

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
        Pause.refuse(session)
        if by_hand is None:
            unconnected_accounts.refuse(session, self.network, self.account_id)
        try:
            with session.begin_nested():
                if by_hand is None:
                    draft.move(session, Delivery.HELD, at=at, by=by, act="reply submitted", due_at=undo_until)
                else:
                    draft.hand_off(session, at=at, by=by, why=by_hand)
        except IntegrityError as error:  # the unique index on (ticket, turn) has the last word
            raise TakenError("Somebody has answered this one a moment ago.") from error
        self._nobody_composes()
        self.back_at = None
        self.show_life(by=by, at=at)
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
        self.show_life(by=by, at=at)
        last = Reply.last(session, self.id, by) if source in FROM_THE_THREAD else None
        if last is not None and last.came_back:
            self._take_up(session, last, at=at)
        own = unsigned(text, more.get("sign_off"))
        draft = Reply(
            essence=essence(own, self.names(session)),
            ticket_id=self.id,
            turn=turn or self.turn,
            text=text,
            actor=by,
            source=source,
            key=key,
            to_post_id=self.target_post_id,
            created_at=at,
            state=Delivery.DRAFT,
            fence=0,
            tries=0,
            looks=0,
            was_handed_off=False,
            **more,
        )
        session.add(draft)
        session.flush()
        return draft

    def names(self, session: Session) -> list[str]:
        """What the customer and our teammates are called: not what makes a reply one of its kind."""
        author = session.get_one(Author, self.author_id)
        teammates = session.scalars(select(Teammate.name))
        return [name for name in (author.name, author.handle, *teammates) if name]

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
        reply = pending[-1]
        reply.move(session, Delivery.CANCELLED, at=at, by=by, act="undo")
        self.stopped(session, reply)
        if not reply.is_last(session):
            self._take_up(session, reply, at=at)
        return reply

    def give_back(self, session: Session, reply: Reply, *, at: datetime, why: str) -> None:
        """Stop a reply that has not left, because of `why`: its words are its author's again, as a draft.

        Raises `OvertakenError` if it is not held or queued: what may be public stays what it is.
        """
        if reply.state not in delivery.PENDING:
            raise delivery.OvertakenError(f"That reply is {reply.state} already.")
        reply.move(session, Delivery.CANCELLED, at=at, reason=why)
        self.stopped(session, reply)
        if not reply.is_last(session):
            self._take_up(session, reply, at=at)

    def _take_up(self, session: Session, reply: Reply, *, at: datetime) -> None:
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

    def stopped(self, session: Session, reply: Reply) -> None:
        """A reply that was to go out does not: a turn that only this reply opened is taken back with it."""
        self.revision += 1
        turn = self._turn(session, self.turn)
        if reply.turn != self.turn or turn.opened_by != FOLLOW_UP or self.state != State.WAITING:
            return
        session.delete(turn)
        self.turn -= 1
        before = self._turn(session, self.turn)
        self.state, self.reason = before.outcome or State.ANSWERED, before.reason
        self.closed_at, self.closed_by = before.closed_at, before.closed_by
        self.waiting_since = before.asked_at

    def spoken(self, session: Session, reply: Reply, *, at: datetime) -> None:
        """`reply` is public since `at`: its turn is answered, unless they spoke again since."""
        if self.first_reply_at is None:
            self.first_reply_at, self.first_reply_by = at, reply.actor
        reason = HANDED_OFF if reply.state == Delivery.CONFIRMED else None
        if reply.turn == self.turn:
            self._close(session, State.ANSWERED, by=reply.actor, at=at, reason=reason, log=False)
            if reply.wait_seconds is not None:
                self.back_at = at + timedelta(seconds=reply.wait_seconds)
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

    def come_back(self, session: Session, *, at: datetime) -> bool:
        """We waited for a word from them and none came: it is our turn again. False if it is not so."""
        if self.back_at is None or self.back_at > at or self.state != State.ANSWERED:
            return False
        self._open_turn(session, NO_ANSWER, asked_at=at)
        self._log(session, NO_ANSWER, by=HEARD, at=at)
        self.give_time(at)
        return True

    def unsay(self, session: Session, reply: Reply, *, by: str, at: datetime) -> None:
        """Have our public reply deleted on the network; `withdrawn` once that is done."""
        if self.live_reply(session) is not reply and reply.turn == self.turn:
            raise RuleBrokenError("That reply is not public any more.")
        reply.unsay(session, by=by, at=at)
        self.revision += 1

    def withdrawn(self, session: Session, reply: Reply, *, by: str, at: datetime) -> None:
        """Our public reply was deleted: the ticket waits again."""
        reply.move(session, Delivery.WITHDRAWN, at=at, by=by, act="delete public reply")
        if reply.turn == self.turn and self.state == State.ANSWERED:
            self._wait_again(session, by=by, at=at, act=None)
            self.nudges |= Rung.HALF | Rung.OVERDUE  # what was promised was kept once
        self.revision += 1

    # --- outcomes ---------------------------------------------------------------------------------------

    def check_seen(self, *, turn: int | None, post_id: str | None) -> None:
        """Refuse to close what somebody has not read; `turn` and `post_id` are what they saw, if known."""
        if turn is not None and post_id is not None and (turn, post_id) != (self.turn, self.target_post_id):
            raise MovedOnError("This conversation has changed since you opened this. Read it, then close it.")

    def no_reply_needed(self, session: Session, *, by: str, at: datetime, reason: str) -> list[Reply]:
        """Nobody has to answer, because of `reason`. Returns the replies that this stopped."""
        return self._give_outcome(session, State.NO_REPLY_NEEDED, by=by, at=at, reason=reason)

    def not_about_us(self, session: Session, *, by: str, at: datetime) -> list[Reply]:
        """It only looked like a mention. Returns the replies that this stopped."""
        return self._give_outcome(session, State.NOT_ABOUT_US, by=by, at=at, reason=None)

    def snooze(self, session: Session, *, until: datetime, by: str, at: datetime, promise: Promise) -> None:
        """Come back at `until`; what is owed to them is owed from then on, so that it is not late at once."""
        self._must_be_open()
        self._refuse_while_on_the_wire(session)
        self.state, self.snoozed_until = State.SNOOZED, until
        self._promise_anew(promise.due(until))
        self.nudge_at = None
        self._log(session, "snooze", by=by, at=at, until=until.isoformat())

    def wake(self, session: Session, *, at: datetime) -> None:
        """The snooze is over."""
        if self.state == State.SNOOZED:
            self._wait_again(session, by=HEARD, at=at, act="snooze ended")
            self.give_time(at)

    def reopen(self, session: Session, *, by: str, at: datetime, promise: Promise | None = None) -> None:
        """Whatever ended it, it waits again; what was answered stays answered, and a new turn begins.

        With `promise` it is not late at once: what was due meanwhile is due from now on.
        """
        if self.state == State.WAITING:
            raise RuleBrokenError("This one is open already.")
        if self.state == State.SNOOZED or self.live_reply(session) is None:
            if promise is not None and (self.state == State.SNOOZED or (self.due_at and self.due_at < at)):
                self._promise_anew(promise.due(at))
            self._wait_again(session, by=by, at=at, act="reopen")
            self.give_time(at)
            return
        self._refuse_while_on_the_wire(session)
        self._open_turn(session, REOPENED, asked_at=at)
        self._log(session, "reopen", by=by, at=at)
        self.give_time(at)

    # --- the customer goes on ---------------------------------------------------------------------------

    def hear(self, session: Session, *, post_id: str, posted_at: datetime, promise: Promise) -> None:
        """Its author spoke again. An open turn without a reply takes it in; else a new turn begins.

        Posts come in any order, and the clock starts at the first one. The event is the caller's, who writes
        one for each post of a page.
        """
        if posted_at < self.opened_at:
            self.opened_at, self.first_reply_open = posted_at, None
        turn = self._turn(session, self.turn)
        if self.state in OPEN and turn.opened_by != FOLLOW_UP and self.live_reply(session) is None:
            turn.asked_at = min(turn.asked_at, posted_at)
            target = session.scalar(
                select(Mention).where(Mention.ticket_id == self.id, Mention.post_id == self.target_post_id),
            )
            is_newer = target is None or target.deleted_at or target.rank < rank(posted_at, post_id)
            if is_newer:
                self.target_post_id = post_id
            # What is recorded stays, whatever is promised by now: only an earlier post is due earlier.
            if self.due_at is None or not is_newer or self.state == State.SNOOZED:
                due_at = promise.due(posted_at)
                self.due_at = min(self.due_at or due_at, due_at)
            self._clear(waiting_since=turn.asked_at)
            self.nudge_at = promise.half(turn.asked_at)
        else:
            self.target_post_id = post_id
            self._open_turn(session, MENTION, asked_at=posted_at)
            self.due_at, self.nudge_at = promise.due(posted_at), promise.half(posted_at)

    # --- what the network does not show, see models/tickets/not_shown.py ------------------------------------

    @property
    def is_waiting(self) -> bool:
        """Whether it has no outcome yet."""
        return self.state in OPEN

    def aim(self, session: Session) -> None:
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
        on_the_wire = any(reply.state in delivery.ON_THE_WIRE for reply in unsettled)
        if self.state not in OPEN or on_the_wire or not self.is_gone(session):
            return []
        for reply in unsettled:
            reply.move(session, Delivery.CANCELLED, at=at, act="post no longer shown", reason=NO_LONGER_SHOWN)
            self.stopped(session, reply)
        if self.state in OPEN:
            reason = f"{NO_LONGER_SHOWN} on {title}"
            self._close(session, State.NO_REPLY_NEEDED, by=HEARD, at=at, reason=reason)
        return unsettled

    def wait_since_shown_again(self, session: Session, *, at: datetime, promise: Promise) -> bool:
        """A post of theirs is shown again: wait, if it was closed because none was. Whether it was.

        What was due meanwhile is due from now on, so that it is not late at once.
        """
        reason = self.reason or ""
        was_given_up = reason == DELETED or reason.startswith(NO_LONGER_SHOWN)
        if self.state != State.NO_REPLY_NEEDED or self.closed_by != HEARD or not was_given_up:
            return False
        if self.due_at is not None and self.due_at < at:
            self._promise_anew(promise.due(at))
        self._wait_again(session, by=HEARD, at=at, act="waits again")
        self.give_time(at)
        return True

    # --- what is owed -----------------------------------------------------------------------------------

    def breach(self, session: Session, *, at: datetime) -> bool:
        """Write down that nobody answered in time, once a turn; False if that is not so, or known."""
        if self.due_at is None or at <= self.due_at or self.nudges & Rung.OVERDUE:
            return False
        self.nudges |= Rung.OVERDUE
        data = {"turn": self.turn, "due": self.due_at.isoformat()}
        Event.record(session, BREACH, at=at, ticket_id=self.id, data=data)
        return True

    def _promise_anew(self, due_at: datetime) -> None:
        """The clock begins anew, if one runs: an answer is owed by `due_at`."""
        if self.due_at is not None:
            self.due_at = due_at
        self.nudges = 0

    # --- how it is done ---------------------------------------------------------------------------------

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

    def _open_turn(self, session: Session, opened_by: str, *, asked_at: datetime) -> None:
        """Begin the next round: the clock starts at `asked_at`."""
        self.turn += 1
        session.add(Turn(ticket_id=self.id, number=self.turn, opened_by=opened_by, asked_at=asked_at))
        self._clear(waiting_since=asked_at)
        self.nudges = 0
        if opened_by != MENTION:
            self.due_at = None  # a first reply is owed to who asks, not to who is asked again
        session.flush()

    def _ask_again(self, session: Session, since: list[Mention], *, at: datetime) -> None:
        """The turn that has just been answered is not the last one, if they spoke `since`."""
        if since:
            asked_at = since[0].posted_at
            if self.due_at is not None:  # as long after that as it was owed to them before
                self.due_at = asked_at + (self.due_at - self.waiting_since)
            self._open_turn(session, MENTION, asked_at=asked_at)
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
        turn.closed_at = turn.closed_by = turn.outcome = turn.reason = turn.answered_open = None
        self._clear(waiting_since=turn.asked_at)
        if act is not None:
            self._log(session, act, by=by, at=at)

    def _clear(self, *, waiting_since: datetime) -> None:
        self.state, self.waiting_since, self.nudge_at = State.WAITING, waiting_since, waiting_since
        self.reason = self.closed_at = self.closed_by = self.snoozed_until = self.back_at = None
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
        self.snoozed_until = self.back_at = self.nudge_at = None
        if outcome == State.ANSWERED:
            self.breach(session, at=at)
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
