"""Posts that a network no longer shows to us, and what that means for their tickets.

Suspended, protected, blocked, withheld, deleted and one lagging replica look alike to a reader, so a first
miss is only recorded. The network is asked again after one hour and after twenty. Still not shown at both: no
reply is needed, and the text is erased. If it is shown again at any time, it is read again and the ticket
waits. A post that fewer people see than before becomes private at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from models.core.audit_event import HEARD_ACTOR, Event
from models.core.sla import SlaPolicy
from models.slack.home_tab import HomeTab
from models.slack.notice import Notice
from models.sources.also_heard import AlsoHeard
from models.sources.mention import MISSING_RECHECK_DELAYS, Mention, QuarantinedPost
from models.sources.mute import Mute
from models.tickets import priorities
from models.tickets.delivery_state import PENDING_STATES, DeliveryState
from models.tickets.incoming_post import IncomingPost, IngestResult, conversation_key, is_private
from models.tickets.reply import Reply
from models.tickets.state import NO_CHANNEL, NO_LONGER_SHOWN, OPEN_STATES
from models.tickets.ticket import Ticket

MIN_RECHECK_INTERVAL = timedelta(hours=1)  # at least between two lookups, even if the first was late
RECHECK_WINDOW = timedelta(
    days=30
)  # how long after the first miss a new post of the author has the old one looked up
NO_ANSWER_RECHECK_DELAY = timedelta(minutes=10)  # after a lookup that said nothing about this post
# The text has to be erased within 24 hours: https://docs.x.com/developer-terms/policy
ERASE_AFTER = timedelta(hours=23)


@dataclass(slots=True)
class NotShownResult:
    """The result of a lookup for a ticket: the replies that were cancelled, and whether it was closed."""

    stopped: list[Reply] = field(default_factory=list)
    closed: bool = False


def record_miss(
    session: Session,
    ticket: Ticket,
    mention: Mention,
    *,
    how: str,
    title: str,
    at: datetime,
    is_look: bool = True,
) -> NotShownResult:
    """Record that the network did not show `mention` at `at`. The caller holds the lock on `ticket`.

    `how` is the network's word: "gone" or "not shown". `title` is the network's name as people read it.
    `is_look` is False if the post was not looked up by its id (the network refused a reply to it): that can
    be a first miss, but never one of the two lookups.
    """
    if mention.missing_since is None:
        if mention.deleted_at is None:  # else an older version of Heard erased it
            mention.missing_since, mention.missing_as, mention.missed_looks = at, how, 0
            mention.look_at = at + MISSING_RECHECK_DELAYS[0]
            _record(session, ticket, mention, "post not shown", at=at, how=how)
        return NotShownResult()
    if not is_look or mention.look_at is None or mention.look_at > at:
        return NotShownResult()
    mention.missed_looks += 1
    mention.missing_as = how if how == mention.missing_as else "not shown"
    if mention.missed_looks < len(MISSING_RECHECK_DELAYS):
        mention.look_at = max(
            mention.missing_since + MISSING_RECHECK_DELAYS[mention.missed_looks], at + MIN_RECHECK_INTERVAL
        )
        ticket.revision += 1
        return NotShownResult()
    return _give_up(session, ticket, mention, title=title, at=at)


def postpone_check(mention: Mention, *, at: datetime) -> None:
    """Look again soon, because the network said neither that `mention` is there nor that it is not."""
    if mention.look_at is not None and mention.look_at <= at:
        mention.look_at = at + NO_ANSWER_RECHECK_DELAY


def erase_text(session: Session, ticket: Ticket, mention: Mention, *, at: datetime) -> None:
    """Erase the text of `mention` and every copy of it; its id and a fingerprint stay."""
    if mention.deleted_at is not None:
        return
    Notice.redact(session, mention)
    AlsoHeard.erase_words(session, mention.id)
    Reply.erase_warning(session, ticket.id, mention.post_id)
    HomeTab.redact(session, since=mention.seen_at)
    raw = update(QuarantinedPost).where(
        QuarantinedPost.network == mention.network,
        QuarantinedPost.account_id == mention.account_id,
        QuarantinedPost.post_id.in_([mention.post_id, mention.latest_id]),
    )
    session.execute(raw.values(raw=""), execution_options={"synchronize_session": False})
    mention.erase(at)
    _record(session, ticket, mention, "post blanked", at=at)
    session.flush()
    ticket.update_target(session)
    priorities.rescore(session, [ticket.id])  # its reasons quote the words


def restore(
    session: Session,
    ticket: Ticket,
    mention: Mention,
    mute: Mute | None,
    *,
    at: datetime,
    sla_policy: SlaPolicy,
) -> bool:
    """Record that the network shows `mention` again. The caller writes its text.

    `mute` is the one that covers it, if one does. Returns whether the ticket waits again: only one that Heard
    itself closed does, and that is not muted.
    """
    mention.missing_since = mention.missing_as = mention.look_at = mention.deleted_at = None
    mention.missed_looks = 0
    _record(session, ticket, mention, "post shown again", at=at)
    session.flush()
    ticket.update_target(session)
    return ticket.reopen_if_restored(session, mention.post_id, mute, at=at, sla_policy=sla_policy)


def narrow(
    session: Session,
    ticket: Ticket,
    mention: Mention,
    post: IncomingPost,
    result: IngestResult,
    *,
    at: datetime,
) -> None:
    """Record that fewer people see `mention` than before; that more do changes nothing.

    The whole ticket becomes private with it, and is listed in `result.narrowed_ids`: its messages in Slack
    are the caller's. The ticket is locked.
    """
    if not post.is_narrower_than(mention):
        return
    mention.visibility = post.visibility
    ticket.revision += 1
    data = {"visibility": post.visibility}
    Event.record(session, "post narrowed", at=at, ticket_id=ticket.id, post_id=mention.post_id, data=data)
    result.changed_ids.add(ticket.id)
    if not is_private(post.visibility):
        return
    Notice.redact(session, mention)
    AlsoHeard.erase_words(session, mention.id)
    if not ticket.is_private:
        ticket.leave_group(session, by=HEARD_ACTOR, at=at)
        ticket.is_private = True
        ticket.conversation_id = _free_conversation_id(session, ticket, post.visibility)
        result.narrowed_ids.add(ticket.id)
        ticket.same_as = None  # no other card leads to it, nor it to another
        named = update(Ticket).where(Ticket.same_as == ticket.id)
        session.execute(named.values(same_as=None, revision=Ticket.revision + 1))
        joined = select(Ticket).where(Ticket.joined_to == ticket.id).order_by(Ticket.id).with_for_update()
        for twin in session.scalars(joined):  # once it is separated it is shown in no public channel either
            twin.is_private, twin.channel = True, NO_CHANNEL
            twin.conversation_id = _free_conversation_id(session, twin, post.visibility)


def schedule_author_checks(session: Session, author_ids: Sequence[int], *, at: datetime) -> None:
    """Look up the erased posts of authors who posted again: their earlier posts may be shown again, too."""
    if not author_ids:
        return
    closed = select(Ticket.id).where(Ticket.author_id.in_(author_ids), Ticket.state.not_in(OPEN_STATES))
    given_up = update(Mention).where(
        Mention.ticket_id.in_(closed),
        Mention.missing_since > at - RECHECK_WINDOW,
        Mention.missed_looks >= len(MISSING_RECHECK_DELAYS),
    )
    session.execute(given_up.values(look_at=at), execution_options={"synchronize_session": False})


def erasure_due(at: datetime) -> ColumnElement[bool]:
    """Returns the SQL condition that a post's text has to be erased, whatever the lookups said."""
    return (
        Mention.look_at.is_not(None)
        & Mention.deleted_at.is_(None)
        & (Mention.missing_since <= at - ERASE_AFTER)
    )


def list_due_checks(
    session: Session, network: str, account_id: str, *, at: datetime, limit: int
) -> Sequence[Mention]:
    """Returns the posts of that account whose lookup is due, the longest due first."""
    query = select(Mention).where(
        Mention.look_at <= at, Mention.network == network, Mention.account_id == account_id
    )
    return session.scalars(query.order_by(Mention.look_at, Mention.id).limit(limit)).all()


def list_shown_siblings(
    session: Session, ticket_ids: Sequence[int], network: str, *, limit: int
) -> Sequence[Mention]:
    """Returns the posts of those tickets on `network` that are not known to be missing, newest first.

    An author who hid one post may have hidden all.
    """
    query = select(Mention).where(
        Mention.ticket_id.in_(ticket_ids),
        Mention.network == network,
        Mention.missing_since.is_(None),
        Mention.deleted_at.is_(None),
    )
    return session.scalars(query.order_by(Mention.id.desc()).limit(limit)).all()


def _give_up(
    session: Session, ticket: Ticket, mention: Mention, *, title: str, at: datetime
) -> NotShownResult:
    """Erase the text after both lookups, and close the ticket if all its posts are gone."""
    erase_text(session, ticket, mention, at=at)
    mention.look_at = None
    stopped = []
    for reply in ticket.unsettled(session):
        if reply.state in PENDING_STATES and reply.to_post_id == mention.post_id:
            reply.move(
                session, DeliveryState.CANCELLED, at=at, act="post no longer shown", reason=NO_LONGER_SHOWN
            )
            ticket.handle_stopped_reply(session, reply)
            stopped.append(reply)
    was_open = ticket.is_waiting
    stopped += ticket.close_if_gone(session, title=title, at=at)
    if ticket.is_waiting and ticket.is_gone(session):  # a reply is being sent: look again
        mention.look_at = at + MIN_RECHECK_INTERVAL
    ticket.revision += 1
    return NotShownResult(stopped, closed=was_open and not ticket.is_waiting)


def _record(
    session: Session, ticket: Ticket, mention: Mention, act: str, *, at: datetime, **data: str
) -> None:
    ticket.revision += 1
    Event.record(session, act, at=at, ticket_id=ticket.id, post_id=mention.post_id, data=data)


def _free_conversation_id(session: Session, ticket: Ticket, visibility: str) -> str:
    """The id of a conversation of its own: public posts that follow there have another ticket."""
    wanted = conversation_key(ticket.conversation_id, visibility)
    taken = select(Ticket.id).where(
        Ticket.network == ticket.network,
        Ticket.account_id == ticket.account_id,
        Ticket.author_id == ticket.author_id,
        Ticket.conversation_id == wanted,
    )
    return wanted if session.scalar(taken) is None else f"{wanted} {ticket.id}"
