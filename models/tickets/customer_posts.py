"""What a ticket does when the customer posts again, or when the network no longer shows their posts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Self

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.core.audit_event import HEARD_ACTOR
from models.core.sla import SlaPolicy
from models.sources.mention import Mention
from models.sources.mute import Mute
from models.tickets.delivery_state import MAYBE_SENT_STATES, PUBLIC_STATES, DeliveryState
from models.tickets.incoming_post import IncomingPost, IngestTarget, TicketKey
from models.tickets.reply import Reply
from models.tickets.state import ANSWERED_OUTSIDE, NO_LONGER_SHOWN, OPEN_STATES, POST_DELETED, TicketState
from models.tickets.stopping import StoppingMixin
from models.tickets.turn import OPENED_BY_FOLLOW_UP, OPENED_BY_MENTION, Turn


class CustomerPostsMixin(StoppingMixin):
    """The verbs for posts that arrive, disappear (models/tickets/not_shown.py) and come back."""

    @classmethod
    def lock_of(cls, session: Session, mention: Mention) -> Self:
        """Return the ticket of `mention`, locked; it may become another one while this waits for the lock."""
        while True:
            ticket = cls.lock(session, mention.ticket_id)
            session.refresh(mention)
            if mention.ticket_id == ticket.id:
                return ticket

    @classmethod
    def lock_for_posts(
        cls, session: Session, place: IngestTarget, keys: Collection[TicketKey]
    ) -> dict[TicketKey, Self]:
        """Returns the tickets that exist for posts with these keys, locked until the transaction ends.

        One author's exchange with us in one conversation is one ticket, whichever of our accounts a post
        names; what only some people can see is another. One that was joined to another ticket is
        followed to that. Where an older Heard has opened several, it is this account's, else an open
        one, else the newest.
        """
        if not keys:
            return {}
        query = (
            select(cls)
            .where(
                cls.network == place.network,
                cls.conversation_id.in_({key.conversation_id for key in keys}),
                cls.author_id.in_({key.author_id for key in keys}),
            )
            .order_by(cls.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        best_last = sorted(
            session.scalars(query),
            key=lambda one: (one.account_id == place.account_id, one.is_waiting, one.id),
        )
        found = {TicketKey(one.conversation_id, one.author_id, one.is_private): one for one in best_last}
        return {
            key: one if one.joined_to is None else cls.lock(session, one.joined_to)
            for key, one in found.items()
        }

    def add_post(
        self, session: Session, post: IncomingPost, network: str, *, at: datetime, sla_policy: SlaPolicy
    ) -> None:
        """Add another post of the author on `network`: to an open turn without a reply, else to a new turn.

        Posts arrive in any order; the waiting time counts from the earliest one. What was muted so far begins
        with this post, which was stored at `at`: nobody was to answer those before. The caller writes the
        event, since it writes those of a whole page at once.
        """
        posted_at, post_id = post.posted_at, post.post_id
        if self._was_always_muted(session):
            self.opened_at, self.seen_at, self.first_reply_open = posted_at, at, None
        elif posted_at < self.opened_at:
            self.opened_at, self.first_reply_open = posted_at, None
        turn = self._turn(session, self.turn)
        if (
            self.state in OPEN_STATES
            and turn.opened_by != OPENED_BY_FOLLOW_UP
            and self.live_reply(session) is None
        ):
            turn.asked_at = min(turn.asked_at, posted_at)
            is_newer = self._is_newer_than_target(session, network, posted_at, post.order_key)
            if is_newer:
                self.target_post_id = post_id
            # A recorded due time stays, whatever the policy is by now; only an earlier post makes it earlier.
            if self.due_at is None or not is_newer or self.state == TicketState.SNOOZED:
                due_at = sla_policy.due(posted_at)
                self.due_at = min(self.due_at or due_at, due_at)
            self._reset_wait(waiting_since=turn.asked_at)
            self.nudge_at = sla_policy.half_time(turn.asked_at)
        else:
            self.target_post_id = post_id
            self._open_turn(session, OPENED_BY_MENTION, asked_at=posted_at, at=at)
            self.due_at, self.nudge_at = sla_policy.due(posted_at), sla_policy.half_time(posted_at)

    def add_muted_post(
        self, session: Session, post: IncomingPost, network: str, mute: Mute, *, at: datetime
    ) -> None:
        """Add another post on `network`, which `mute` covers and which came while it was closed.

        It does not wait again but is muted, by that mute now. One that had another outcome keeps it for the
        turn that had it: the post opens a turn of its own, which is muted. If another post of the page has
        opened it meanwhile, the post joins that one. The caller has written the event of the post itself.
        """
        if post.posted_at < self.opened_at and self._was_always_muted(session):
            self.opened_at, self.first_reply_open = post.posted_at, None
        if self._is_newer_than_target(session, network, post.posted_at, post.order_key):
            self.target_post_id = post.post_id
        if self.state in OPEN_STATES:
            self.revision += 1
            return
        if self.state != TicketState.MUTED:
            self.turn += 1
            opened = {"number": self.turn, "opened_by": OPENED_BY_MENTION, "asked_at": post.posted_at}
            session.add(Turn(ticket_id=self.id, **opened))
            session.flush()
            self.nudges = 0
        turn = self._turn(session, self.turn)
        self.waiting_since = turn.asked_at = min(turn.asked_at, post.posted_at)
        self._close_as_muted(session, mute, post_id=post.post_id, at=at)

    def join_wait(self, session: Session, twin: Self) -> None:
        """Wait for as long as either of them: the clock counts from the earlier post of it and `twin`.

        Who has one of them has both.
        """
        turn = self._turn(session, self.turn)
        if twin.opened_at < self.opened_at:
            self.opened_at, self.first_reply_open = twin.opened_at, None
        self.waiting_since = turn.asked_at = min(self.waiting_since, twin.waiting_since)
        self.due_at = min(filter(None, (self.due_at, twin.due_at)), default=None)
        self.nudge_at = min(filter(None, (self.nudge_at, twin.nudge_at)), default=None)
        if self.owner is None and twin.owner is not None:
            self.owner, self.claimed_at, self.active_at = twin.owner, twin.claimed_at, twin.active_at
        claims = filter(None, (self.first_claimed_at, twin.first_claimed_at))
        self.first_claimed_at = min(claims, default=None)
        self.revision += 1

    def close_as_joined(self, session: Session, *, to: int, at: datetime) -> None:
        """Close it because the ticket `to` has its posts now. Its card, if it has one, leads there."""
        reason = f"joined to #{to}"
        self._close(session, TicketState.NO_REPLY_NEEDED, by=HEARD_ACTOR, at=at, reason=reason, log=False)
        self.joined_to, self.due_at, self.owner, self.claimed_at = to, None, None, None
        session.flush()
        if session.scalar(select(type(self).has_no_card()).where(type(self).id == self.id)):
            self.drawn_revision = self.revision

    def handle_returned_posts(
        self,
        session: Session,
        posts: Sequence[Mention],
        turns: Sequence[tuple[Turn, Reply]],
        *,
        at: datetime,
        sla_policy: SlaPolicy,
    ) -> None:
        """Go on by itself with `posts`, oldest first, which another ticket had since `close_as_joined`.

        `turns` are those of the other ticket that were answered here, oldest first, each with its answer. It
        waits unless the last of them answered all of `posts`.
        """
        self.joined_to, self.keeps_card = None, True
        self.opened_at, self.first_reply_open = min(post.posted_at for post in posts), None
        session.delete(self._turn(session, self.turn))
        session.flush()
        for number, (turn, _) in enumerate(turns, 1):
            session.add(turn.copy_to(self.id, number))
        said_at = max((reply.settled_at or reply.created_at for _, reply in turns), default=None)
        waiting = [post for post in posts if said_at is None or post.posted_at > said_at]
        self.turn = len(turns)
        if turns:
            self.first_reply_at, self.first_reply_by = turns[0][1].settled_at, turns[0][1].actor
        self.target_post_id = posts[-1].post_id
        if waiting:
            self._open_turn(session, OPENED_BY_MENTION, asked_at=waiting[0].posted_at, at=at)
            self.due_at = sla_policy.due(self.waiting_since)
            self.restart_owner_clock(at)
        else:
            last = turns[-1][0]
            self.state, self.reason = TicketState.ANSWERED, last.reason
            self.closed_at, self.closed_by, self.waiting_since = last.closed_at, last.closed_by, last.asked_at
        self.revision += 1

    def handle_left_posts(self, session: Session) -> None:
        """Go on with the posts that are left, because those of somebody else belong to another ticket now.

        The clock counts from the earliest that is left. A turn that only those posts opened is removed; one
        that was answered there waits again.
        """
        session.flush()
        query = select(Mention).where(Mention.ticket_id == self.id)
        posts = sorted(session.scalars(query), key=lambda post: post.rank)
        turn = self._turn(session, self.turn)
        if posts[0].posted_at > self.opened_at:
            self.opened_at, self.first_reply_open = posts[0].posted_at, None
        here = [post for post in posts if self.turn == 1 or post.posted_at >= turn.asked_at]
        if self.is_waiting and here:
            self.waiting_since = turn.asked_at = max(turn.asked_at, here[0].posted_at)
        elif self.is_waiting and turn.opened_by == OPENED_BY_MENTION and self.live_reply(session) is None:
            self._return_to_previous_turn(session)
            drafts = update(Reply).where(Reply.ticket_id == self.id, Reply.turn > self.turn)
            session.execute(drafts.values(turn=self.turn))
        elif (
            self.state == TicketState.ANSWERED
            and self.reason != ANSWERED_OUTSIDE
            and self.live_reply(session) is None
        ):
            self._wait_again(session, by=HEARD_ACTOR, at=turn.asked_at, act=None)
        self._find_first_reply(session)
        self.update_target(session)
        self.revision += 1

    def _find_first_reply(self, session: Session) -> None:
        """Record anew which of its public replies was the first: some belong to another ticket now."""
        if self.first_reply_by is None:  # there is none, or it was made outside Heard
            return
        query = select(Reply).where(Reply.ticket_id == self.id, Reply.state.in_(PUBLIC_STATES))
        first = session.scalar(query.order_by(Reply.settled_at, Reply.id).limit(1))
        at, by = (first.settled_at, first.actor) if first is not None else (None, None)
        if at != self.first_reply_at:
            self.first_reply_at, self.first_reply_by, self.first_reply_open = at, by, None

    def wait_unmuted(self, session: Session, *, at: datetime, sla_policy: SlaPolicy) -> None:
        """Make it wait, with a card, because no mute covers it any more. It is due from `at` on."""
        self.due_at, self.nudges = sla_policy.due(at), 0
        self._wait_again(session, by=HEARD_ACTOR, at=at, act="unmuted")
        self.restart_owner_clock(at)

    @classmethod
    def close_new_muted(
        cls,
        session: Session,
        opened: Sequence[tuple[int, IncomingPost]],
        muted: Mapping[str, Mute],
        *,
        at: datetime,
    ) -> None:
        """Close the tickets just opened whose posts are all in `muted`. They get no card.

        `opened` has each post with the id of the ticket that it opened, `muted` the mutes by post id.
        """
        waiting = {ticket_id for ticket_id, post in opened if post.post_id not in muted}
        last = {ticket_id: post for ticket_id, post in opened if ticket_id not in waiting}
        for ticket_id, post in last.items():
            ticket = cls.lock(session, ticket_id)
            ticket.close_muted(session, muted[post.post_id], at=at, post_id=post.post_id)
            ticket.drawn_revision = ticket.revision

    def update_target(self, session: Session) -> None:
        """Make the newest post whose text is not erased the target of the next reply.

        It stays on the network of the target so far as long as there is one.
        """
        target, posts = Mention.find(session, self.id, self.target_post_id), self._posts(session)
        here = [post for post in posts if target is not None and post.network == target.network]
        posts = here or posts
        if posts and self.target_post_id != posts[-1].post_id:
            self.target_post_id = posts[-1].post_id
            self.revision += 1

    def is_gone(self, session: Session) -> bool:
        """Whether the network has stopped showing each of its posts, and Heard has stopped looking."""
        posts = session.scalars(select(Mention).where(Mention.ticket_id == self.id)).all()
        return bool(posts) and all(post.is_lost for post in posts)

    def close_if_gone(self, session: Session, *, title: str, at: datetime) -> list[Reply]:
        """Close it as *no reply needed* if all its posts are gone and no reply may be public.

        `title` is the network's name as people read it. Returns the pending replies that this cancelled.
        """
        unsettled = self.unsettled(session)
        is_sending = any(reply.state in MAYBE_SENT_STATES for reply in unsettled)
        if self.state not in OPEN_STATES or is_sending or not self.is_gone(session):
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

    def reopen_if_restored(
        self, session: Session, post_id: str, mute: Mute | None, *, at: datetime, sla_policy: SlaPolicy
    ) -> bool:
        """Make it wait again because that post is shown again, if Heard closed it because none was shown.

        A due time that has passed is counted again from `at`, so it is not overdue at once. Returns whether
        it was reopened; what a person closed stays closed, and what `mute` covers is muted.
        """
        reason = self.reason or ""
        was_given_up = reason == POST_DELETED or reason.startswith(NO_LONGER_SHOWN)
        if self.state != TicketState.NO_REPLY_NEEDED or self.closed_by != HEARD_ACTOR or not was_given_up:
            return False
        if mute is not None:
            self._close_as_muted(session, mute, post_id=post_id, at=at)
            return False
        if self.due_at is not None and self.due_at < at:
            self._restart_due_time(sla_policy.due(at))
        self._wait_again(session, by=HEARD_ACTOR, at=at, act="waits again")
        self.restart_owner_clock(at)
        return True

    def _close_as_muted(self, session: Session, mute: Mute, *, post_id: str, at: datetime) -> None:
        """Give it that outcome because of that post; it may be closed already."""
        by, reason = mute.created_by, mute.reason
        self._close(
            session, TicketState.MUTED, by=by, at=at, reason=reason, mute=str(mute.id), post_id=post_id
        )
        self.mute_id, self.due_at = mute.id, None
        self.skip_card_if_muted(session)

    def _was_always_muted(self, session: Session) -> bool:
        """Whether it is muted, and each of its turns is."""
        if self.state != TicketState.MUTED:
            return False
        others = select(Turn.id).where(
            Turn.ticket_id == self.id, Turn.outcome.is_distinct_from(TicketState.MUTED)
        )
        return session.scalar(others.limit(1)) is None

    def _is_newer_than_target(
        self, session: Session, network: str, posted_at: datetime, order_key: str
    ) -> bool:
        """Whether the next reply goes to that post rather than to the target so far.

        The target is on the network where the turn began: a post in a joined conversation does not change it.
        """
        target = Mention.find(session, self.id, self.target_post_id)
        if target is None or target.deleted_at is not None:
            return True
        return target.network == network and target.rank < (posted_at, order_key)
