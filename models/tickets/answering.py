"""How a turn is opened, answered and closed: the way of a reply from the composer to *answered*."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, object_session

from models.core.audit_event import BREACH_ACT, HEARD_ACTOR, Event
from models.core.base import MovedOnError, TakenError
from models.core.fingerprint import compute_fingerprint
from models.core.mrkdwn import escape_mrkdwn
from models.slack.teammate import Teammate, strip_sign_off
from models.sources.author import Author
from models.sources.mention import Mention
from models.tickets import unconnected_accounts
from models.tickets.delivery_state import PUBLIC_STATES, DeliveryState
from models.tickets.ownership import OwnershipMixin
from models.tickets.pause import Pause
from models.tickets.pictures.reply_picture import ReplyPicture
from models.tickets.reply import Reply
from models.tickets.state import HANDED_OFF, OPEN_STATES, ReminderLevel, TicketState
from models.tickets.turn import OPENED_BY_FOLLOW_UP, OPENED_BY_MENTION, Turn

THREAD_SOURCES = {"thread", "shortcut"}  # drafts from a Slack message; the composer shows kept drafts itself


def waiting_again(session: Session) -> set[int]:
    """The ids of tickets that wait again since this transaction, and have no priority yet."""
    found: set[int] = session.info.setdefault("tickets that wait again", set())
    return found


class AnsweringMixin(OwnershipMixin):
    """The verbs that draft and submit a reply, and that record what was published."""

    def live_reply(self, session: Session) -> Reply | None:
        """Returns the reply that holds the current turn, if there is one."""
        return Reply.live(session, self.id, self.turn)

    def targets(self, session: Session) -> list[Mention]:
        """Returns the posts that the next reply may go to: the preset one, then the newest of each network.

        Empty if the ledger has no post of it.
        """
        target = Mention.find(session, self.id, self.target_post_id)
        if target is None:
            return []
        elsewhere = {post.network: post for post in self._posts(session) if post.network != target.network}
        return [target, *elsewhere.values()]

    def find_target(self, session: Session, network: str | None = None) -> Mention:
        """Returns the post that the next reply on `network` goes to; the preset one if there is none.

        Raises `NoResultFound` if the ledger has no post of it.
        """
        targets = self.targets(session) or [Mention.load(session, self.id, self.target_post_id)]
        return next((post for post in targets if post.network == network), targets[0])

    @property
    def next_turn(self) -> int:
        """The turn of a reply that is written now: the current one, or the next one once that is answered."""
        return self.turn + 1 if self.state == TicketState.ANSWERED else self.turn

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
        """Create a reply and submit it as the answer of `turn` to `to_post_id`, as the composer showed them.

        `text` ends with `sign_off`. `more` holds further columns of the reply, such as `sign_off` and
        `wait_seconds`. For `undo_until`, `by_hand` and the errors raised see `submit`.
        """
        self._check_turn(session, turn, to_post_id)
        self._follow_up(session, turn, by=by, at=at)
        draft = self.draft(
            session, text=text, by=by, at=at, key=key, source="composer", to_post_id=to_post_id, **more
        )
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
        """Submit a draft as the answer of the turn that it was written for.

        It is held until `undo_until`. Where the network's API is known to refuse it, `by_hand` says why, and
        the reply is handed off at once, to be posted by a person.

        Raises `MovedOnError` if the conversation went on meanwhile, `TakenError` if the turn is answered or
        the ticket closed, `PausedError` during a pause and `AccountNotConnectedError` if its account is not
        connected. None of them changes anything.
        """
        self._check_turn(session, draft.turn, draft.to_post_id)
        self._follow_up(session, draft.turn, by=by, at=at)
        self._queue_draft(session, draft, by=by, at=at, undo_until=undo_until, by_hand=by_hand)

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
        account_id: str | None = None,
        to_post_id: str | None = None,
        **more: Any,  # noqa: ANN401 - columns
    ) -> Reply:
        """Save `text` as a draft of `by`, for `turn` (None: the current one) and a post (None: the target).

        A draft holds no turn and goes nowhere until someone submits it. `account_id` is the account of ours
        that it is written as (None: the ticket's, or the one that heard that post on another network). `more`
        holds further columns: `author` (who wrote the text, if not `by`), `sign_off`, `said_channel` and
        `said_ts`.
        """
        self.leave_group(session, by=by, at=at)
        self.record_activity(by=by, at=at)
        last = Reply.last(session, self.id, by) if source in THREAD_SOURCES else None
        if last is not None and last.is_returned:
            self._keep_as_draft(session, last, at=at)
        own_text = strip_sign_off(text, more.get("sign_off"))
        to_post_id = to_post_id or self.target_post_id
        to_post = Mention.find(session, self.id, to_post_id)
        is_elsewhere = to_post is not None and to_post.network != self.network
        heard_by = to_post.account_id if to_post is not None and is_elsewhere else self.account_id
        draft = Reply(
            essence=compute_fingerprint(own_text, self.participant_names(session)),
            ticket_id=self.id,
            network=to_post.network if to_post is not None else self.network,
            account_id=account_id or heard_by,
            turn=turn or self.turn,
            text=text,
            actor=by,
            source=source,
            key=key,
            to_post_id=to_post_id,
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
        """Returns the names of the customer and of our teammates, which a fingerprint leaves out."""
        author = session.get_one(Author, self.author_id)
        teammates = session.scalars(select(Teammate.name))
        return [name for name in (author.name, author.handle, *teammates) if name]

    def handle_published_reply(self, session: Session, reply: Reply, *, at: datetime) -> None:
        """Record that `reply` is public since `at`: its turn is answered.

        If the customer posted again before they could have read it, a new turn begins at once.
        """
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

    def record_breach(self, session: Session, *, at: datetime) -> bool:
        """Record in the event log that the due time passed without an answer, once a turn.

        Returns False if it is not overdue at `at` or the breach is recorded already.
        """
        if self.due_at is None or at <= self.due_at or self.nudges & ReminderLevel.OVERDUE:
            return False
        self.nudges |= ReminderLevel.OVERDUE
        data = {"turn": self.turn, "due": self.due_at.isoformat()}
        Event.record(session, BREACH_ACT, at=at, ticket_id=self.id, data=data)
        return True

    # --- submitting ---------------------------------------------------------------------------------------

    def _check_turn(self, session: Session, turn: int, to_post_id: str) -> None:
        """Refuse a reply to a turn or post that is no longer the current one."""
        live = self.live_reply(session)
        if live is not None and turn <= self.turn:
            raise TakenError(f"<@{live.actor}> has already replied: “{escape_mrkdwn(live.text)}”")
        if turn > self.turn:
            may_follow_up = live is not None and live.state in PUBLIC_STATES and turn == self.turn + 1
            if not may_follow_up or not self._is_target(session, to_post_id):
                raise MovedOnError("This conversation has changed since you opened the composer.")
        elif self.state not in OPEN_STATES:
            who = "Heard" if self.closed_by in {None, HEARD_ACTOR} else f"<@{self.closed_by}>"
            raise TakenError(
                f"{who} closed this ticket in the meantime ({escape_mrkdwn(self.reason or self.state)}). "
                "Reopen "
                f"it first."
            )
        elif turn != self.turn or not self._is_target(session, to_post_id):
            raise MovedOnError("They posted again while you were writing. Read it, then send again.")

    def _is_target(self, session: Session, post_id: str) -> bool:
        return post_id == self.target_post_id or any(
            post.post_id == post_id for post in self.targets(session)
        )

    def _follow_up(self, session: Session, turn: int, *, by: str, at: datetime) -> None:
        """Open `turn` if it is the one after an answered turn: then we post a second time in a row."""
        if turn > self.turn:
            self._open_turn(session, OPENED_BY_FOLLOW_UP, asked_at=at, at=at)
            self._log(session, OPENED_BY_FOLLOW_UP, by=by, at=at)

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
        """Move a draft to held or handed off. The caller has checked the turn; the database checks again."""
        Pause.raise_if_paused(session)
        if by_hand is None:
            unconnected_accounts.raise_if_unconnected(session, draft.network_on(self), draft.account_id)
        try:
            with session.begin_nested():
                if by_hand is None:
                    draft.move(
                        session, DeliveryState.HELD, at=at, by=by, act="reply submitted", due_at=undo_until
                    )
                else:
                    draft.hand_off(session, at=at, by=by, why=by_hand)
        except IntegrityError as error:  # two submits at once: the unique index on (ticket, turn) decides
            raise TakenError("Someone replied a moment ago.") from error
        self._clear_composer()
        self.back_at = None
        self.record_activity(by=by, at=at)
        if self.owner != by:
            self._own(session, "take over" if self.owner else "claim", by=by, at=at)
        self.revision += 1

    def _keep_as_draft(self, session: Session, reply: Reply, *, at: datetime) -> None:
        """Copy a stopped reply into a draft: the composer shows only what its author wrote last."""
        draft = self.draft(
            session,
            text=reply.text,
            by=reply.actor,
            at=at,
            key=f"{reply.key} kept",
            source="kept",
            author=reply.author,
            sign_off=reply.sign_off,
            account_id=reply.account_id,
            to_post_id=self.find_target(session, reply.network).post_id if reply.network else None,
        )
        ReplyPicture.copy(session, reply.id, draft.id, at=at)

    # --- turns --------------------------------------------------------------------------------------------

    def _open_turn(self, session: Session, opened_by: str, *, asked_at: datetime, at: datetime) -> None:
        """Begin the next turn; its waiting time counts from `asked_at`."""
        self.leave_group(session, by=HEARD_ACTOR, at=at)
        self.turn += 1
        session.add(Turn(ticket_id=self.id, number=self.turn, opened_by=opened_by, asked_at=asked_at))
        self._reset_wait(waiting_since=asked_at)
        self.nudges = 0
        if opened_by != OPENED_BY_MENTION:
            self.due_at = None  # only a customer's post starts a target time
        session.flush()

    def _open_missed_turn(self, session: Session, posts: list[Mention], *, at: datetime) -> None:
        """Begin the next turn for `posts` that the answer just recorded did not cover, if there are any."""
        if posts:
            asked_at = posts[0].posted_at
            if self.due_at is not None:  # the same target time as before, counted from the new post
                self.due_at = asked_at + (self.due_at - self.waiting_since)
            self._open_turn(session, OPENED_BY_MENTION, asked_at=asked_at, at=at)
            self._log(session, "asked again", by=HEARD_ACTOR, at=at, post_id=posts[0].post_id)

    def _posts_since(self, session: Session, reply: Reply) -> list[Mention]:
        """The posts that Heard ingested after `reply` was submitted, oldest first.

        The event log has the true order; the clocks of the network and of this machine may disagree.
        """
        events = select(Event.post_id).where(Event.ticket_id == self.id)
        submitted = events.with_only_columns(func.min(Event.id)).where(Event.reply_id == reply.id)
        unread = events.where(Event.act == OPENED_BY_MENTION, Event.id > submitted.scalar_subquery())
        posts = set(session.scalars(unread))
        return [post for post in self._posts(session) if post.post_id in posts]

    def _reset_wait(self, *, waiting_since: datetime) -> None:
        self.state, self.waiting_since, self.nudge_at = TicketState.WAITING, waiting_since, waiting_since
        self.reason = self.closed_at = self.closed_by = self.snoozed_until = self.back_at = None
        self.mute_id = None
        self.priority = None  # nobody kept it right while the ticket was closed, so it is computed again
        session = object_session(self)
        if session is not None:
            waiting_again(session).add(self.id)
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
        **data: str | None,
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

    def load_turn(self, session: Session, number: int) -> Turn:
        """Returns the turn of that number. Raises `NoResultFound` if it has none."""
        return self._turn(session, number)

    def _turn(self, session: Session, number: int) -> Turn:
        return session.scalars(select(Turn).where(Turn.ticket_id == self.id, Turn.number == number)).one()

    def _posts(self, session: Session) -> list[Mention]:
        """The author's posts whose text has not been erased, oldest first."""
        query = select(Mention).where(Mention.ticket_id == self.id, Mention.deleted_at.is_(None))
        return sorted(session.scalars(query), key=lambda mention: mention.rank)
