"""Ledger → network: replies go out once.

Every step is: take (a committed transaction), call (no transaction open), record. What leads up to a call is
in `intent.py`. The database alone says
what is due; killing this process anywhere leaves a row that the next one knows what to do with.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest import missing_posts
from bot.networks.base import Network
from bot.networks.errors import Later, NetworkError, Refused, Unsure, WrongAccount
from bot.networks.pictures import PROCESSING_CAUSE
from bot.notices import clock_set_back, network_alarms, thread_notices
from bot.publish import (
    account_check,
    delete_reply,
    intent,
    manual_posting,
    picture_upload,
    reconcile,
    send_checks,
)
from bot.publish.locked_reply import (
    LEASE_MIN_REMAINING,
    PublishJob,
    TicketLockedError,
    as_publisher,
    lock_if_due,
    lock_reply,
    pictures_to_send,
    publish_limit_key,
)
from bot.runtime import crash_points, pace
from models import Mention, RateLimit, Reply, Ticket
from models.tickets import not_shown
from models.tickets.delivery_state import UNSETTLED_STATES, DeliveryState
from models.tickets.reply import OvertakenError
from models.tickets.state import OPEN_STATES

log = logging.getLogger(__name__)

BASE_RETRY_DELAY = timedelta(minutes=1)
PROCESSING_RETRY_DELAY = timedelta(seconds=3)  # until a network has worked on a picture
BATCH_MAX_REPLIES = 50
ROUND_MAX_DURATION = timedelta(
    seconds=1
)  # then the round starts over, with what is urgent: also with what was done once already
ERROR_RETRY_SECONDS = 1.0  # seconds before what broke is tried again
HELD_RETRY_SECONDS = 0.05  # until a ticket that somebody else holds is tried again

# What stops one reply stops every reply of the account.
_ACCOUNT_WIDE_CAUSES = {"rate limit", "unauthorized", "out of credit", "forbidden"}


@dataclass(frozen=True, slots=True)
class DueReply:
    """Something that is to be done about a reply, and from when on."""

    reply_id: int
    state: str
    at: datetime


def run_due(ctx: BotContext, networks: Collection[str] | None = None) -> float:
    """Do all that is due now on `networks` (all that this process has, if None).

    Returns the seconds until the next thing is due (at most 2).
    """
    clock_set_back.repair(ctx)
    ours = ctx.networks if networks is None else networks
    begun, done = ctx.now(), set[tuple[int, str]]()
    waits = [2.0]
    while True:
        coming = _upcoming(ctx, ours)
        due = [one for one in coming if one.at <= ctx.now() and (one.reply_id, one.state) not in done]
        for one in due:
            if ctx.stop.is_set():
                return 0.0
            done.add((one.reply_id, one.state))
            waits.append(_run_safely(ctx, _STEP_BY_STATE[DeliveryState(one.state)], one.reply_id))
            if ctx.now() - begun > ROUND_MAX_DURATION:  # calls take their time, and meanwhile more became due
                return 0.0
        if not due:
            break
    left = [(one.at - ctx.now()).total_seconds() for one in coming]
    waits += [
        seconds if seconds > 0 else ERROR_RETRY_SECONDS for seconds in left
    ]  # past: somebody else's, or it failed
    return min(waits)


def _upcoming(ctx: BotContext, networks: Collection[str]) -> list[DueReply]:
    """What is due or will be, the soonest first; on other networks it waits for a process that has them."""
    asked = {"now": ctx.now(), "states": list(_STEP_BY_STATE), "networks": list(networks)}
    with ctx.db.read() as session:
        rows = session.execute(_UPCOMING_QUERY, asked)
        return [DueReply(reply_id, state, at) for reply_id, state, at in rows if at is not None]


def _build_upcoming_query() -> Select[int, str, datetime | None]:
    """The query of `_upcoming`, built once: it runs again and again, and building it took longer.

    What a dead worker left on the wire comes first, then what is in doubt: however much waits to be sent.
    """
    urgency = case(
        (Reply.due_at > bindparam("now", type_=Reply.due_at.type), 3),
        (Reply.state == DeliveryState.SENDING, 0),
        (Reply.state == DeliveryState.UNSURE, 1),
        else_=2,
    )
    # What is public has a time only while it is to be deleted. Each of the two is a short piece of an index;
    # with a join, or as one condition, SQLite would rather read every ticket of the network.
    of_ticket = select(Ticket.network).where(Ticket.id == Reply.ticket_id).scalar_subquery()
    here = func.coalesce(Reply.network, of_ticket)
    to_delete = select(Reply.id).where(Reply.unsay_by.is_not(None), Reply.due_at.is_not(None))
    moving = select(Reply.id).where(Reply.state.in_(UNSETTLED_STATES)).union_all(to_delete)
    query = select(Reply.id, Reply.state, Reply.due_at).where(Reply.id.in_(moving), Reply.due_at.is_not(None))
    query = query.where(Reply.state.in_(bindparam("states", expanding=True)))
    query = query.where(here.in_(bindparam("networks", expanding=True)))
    return query.order_by(urgency, Reply.due_at, Reply.id).limit(BATCH_MAX_REPLIES)


_UPCOMING_QUERY = _build_upcoming_query()


def _run_safely(ctx: BotContext, step: Callable[[BotContext, int], None], reply_id: int) -> float:
    """Do `step`; one reply that goes wrong must not hold up the others.

    Returns the seconds until it is worth another look.
    """
    try:
        step(ctx, reply_id)
    except TicketLockedError:
        return HELD_RETRY_SECONDS
    except OvertakenError:
        log.info("reply %s was changed by another process first", reply_id)
    except Exception:
        log.exception("reply %s: %s failed; trying again later", reply_id, step.__name__)
        return ERROR_RETRY_SECONDS
    finally:
        ctx.cards_wake.set()
    return 2.0


# --- towards the wire ---------------------------------------------------------------------------------------


def _end_undo_window(ctx: BotContext, reply_id: int) -> None:
    """The undo window is over: undo loses from here on."""
    with ctx.db.write() as session:
        ticket, reply = lock_if_due(ctx, session, reply_id, DeliveryState.HELD)
        reply.release(session, at=ctx.now())
        ticket.revision += 1


def _send(ctx: BotContext, reply_id: int) -> None:
    """Upload its pictures, freeze the request, declare the intent, commit, call, record."""
    sender = send_checks.check_sender(ctx, reply_id)
    if not picture_upload.upload_missing(ctx, reply_id, sender, _record_no):
        return
    job = intent.begin_freeze(ctx, reply_id, sender)
    if job is None:
        return
    network = ctx.networks.for_account(job.network, job.account_id)
    try:
        frozen = intent.freeze(ctx, network, job)
    except (Refused, Later) as no:
        _record_no(ctx, network, job, no)
        return
    declared = intent.begin_send(ctx, job, sender, frozen)
    if declared is not None:
        _publish(ctx, network, declared)


def _publish(ctx: BotContext, network: Network, job: PublishJob) -> None:
    """Call the network for a reply whose intent is declared, and record what came of it."""
    if job.until - ctx.now() < LEASE_MIN_REMAINING:
        _requeue(ctx, job)
        return
    try:
        crash_points.reach("reply declared")
        published = as_publisher(network).publish(
            job.text, job.target, job.key, account_id=job.account_id, frozen=job.frozen or ""
        )
        crash_points.reach("reply answered")
    except (Refused, Later) as no:
        _record_no(ctx, network, job, no)
    except Unsure as unsure:
        reconcile.mark_unsure(ctx, job, unsure.detail)
    except Exception as error:
        log.exception("reply %s: the call to %s failed unexpectedly", job.reply_id, network.title)
        reconcile.mark_unsure(ctx, job, f"the call failed ({type(error).__name__})")
    else:
        reconcile.record_answer(ctx, job, published)


def _record_no(ctx: BotContext, network: Network, job: PublishJob, no: Refused | Later) -> None:
    """Provably nothing was sent, before the intent was declared or after it."""
    if isinstance(no, Refused):
        _record_refused(ctx, network, job, no)
    elif isinstance(no, WrongAccount):  # a `Later` that must not come again by itself
        account_check.handle_wrong_account(ctx, network, job, no)
    else:
        _postpone(ctx, job, no)


def _requeue(ctx: BotContext, job: PublishJob) -> None:
    """The process was held up between the intent and the call, so nothing was sent: start over."""
    with ctx.db.write() as session:
        _ticket, reply = lock_reply(session, job.reply_id)
        if reply.fence == job.fence:
            at = ctx.now()
            reply.put_off(session, at=at, until=at, reason="", detail="held up before the call")


def _record_refused(ctx: BotContext, network: Network, job: PublishJob, refused: Refused) -> None:
    """A definite no; but `duplicate` may mean that an earlier try of this very reply got there."""
    if refused.reason == "duplicate" and _is_already_public(ctx, network, job, refused):
        return
    with ctx.db.write() as session:
        attempt = intent.lock_attempt(ctx, session, job)
        if attempt is None:
            return
        ticket, reply = attempt
        at = ctx.now()
        if reply.was_unsure(session):  # an earlier try may have published it
            reconcile.ask_after_refusal(session, network, ticket, reply, refused, at=at)
            return
        reply.refuse(session, at=at, reason=refused.reason, detail=refused.detail)
        ticket.revision += 1
        if refused.reason == "not summoned":
            manual_posting.hand_off(session, ticket, reply, refused.detail, at=at)
            thread_notices.post(session, thread_notices.HANDED_OFF, reply, at=at, network=network.title)
            _tell_of_pictures(session, reply, at=at)
        elif refused.reason == "parent gone":
            mention = Mention.load(session, ticket.id, reply.to_post_id)
            not_shown.record_miss(
                session, ticket, mention, how="not shown", title=network.title, at=at, is_look=False
            )
        if refused.reason != "not summoned":  # an answer that stood in the way of an outcome is over
            ticket.close_if_gone(session, title=network.title, at=at)
            notice = _refusal_notice(ticket, refused)
            why = reply.detail or reply.reason or ""
            thread_notices.post(session, notice, reply, at=at, network=network.title, detail=why)
    if refused.reason == "parent gone":
        missing_posts.check_siblings(ctx, network, [ticket.id])


def _tell_of_pictures(session: Session, reply: Reply, *, at: datetime) -> None:
    """Name the pictures of a reply that somebody has to post by hand."""
    if pictures := pictures_to_send(session, reply.id):
        names = ", ".join(one.name for one in pictures)
        thread_notices.post(session, thread_notices.HANDED_OFF_PICTURES, reply, at=at, detail=names)


def _refusal_notice(ticket: Ticket, refused: Refused) -> thread_notices.ThreadNotice:
    """What the author of a refused reply is told."""
    if ticket.state not in OPEN_STATES:
        return thread_notices.REFUSED_WITH_NOTHING_LEFT
    is_forbidden = refused.reason == "not allowed"  # other words would be refused, too
    return thread_notices.NOT_ALLOWED if is_forbidden else thread_notices.REFUSED


def _is_already_public(ctx: BotContext, network: Network, job: PublishJob, refused: Refused) -> bool:
    """Look before believing `duplicate`. After an earlier try, not seeing it yet proves nothing."""
    try:
        seen = as_publisher(network).find_reply(
            job.target,
            job.text,
            job.target.posted_at,
            account_id=job.account_id,
            frozen=job.frozen or "",
        )
    except NetworkError:
        reconcile.mark_unsure(ctx, job, refused.detail)
        return True
    if seen is not None and reconcile.confirm_sighting(ctx, job, seen):
        return True
    if job.tries > 1:
        reconcile.mark_unsure(ctx, job, refused.detail)
    return job.tries > 1


def _postpone(ctx: BotContext, job: PublishJob, later: Later) -> None:
    """Provably nothing was said: it stays queued, and is told once why it waits."""
    with ctx.db.write() as session:
        attempt = intent.lock_attempt(ctx, session, job)
        if attempt is None:
            return
        ticket, reply = attempt
        at = ctx.now()
        if later.cause == PROCESSING_CAUSE:  # as a rule for seconds, and nobody has to know
            until = at + PROCESSING_RETRY_DELAY
            reply.put_off(session, at=at, until=until, reason=later.cause, detail=later.detail)
            return
        wait = _backoff(reply.tries, later.cause)
        until = max(pace.retry_at(later, at=at, otherwise=wait), at + wait)
        first = reply.reason != later.cause
        reply.put_off(session, at=at, until=until, reason=later.cause, detail=later.detail)
        ticket.revision += 1
        if first:
            thread_notices.post(
                session,
                thread_notices.POSTPONED,
                reply,
                at=at,
                network=ctx.networks[job.network].title,
                later=later,
                until=until,
            )
        if later.cause in _ACCOUNT_WIDE_CAUSES:
            shut_until = pace.retry_at(later, at=at, otherwise=BASE_RETRY_DELAY)
            RateLimit.pause(
                session, publish_limit_key(job.network, reply.account_id), at=at, until=shut_until
            )
        network = ctx.networks[job.network]
        network_alarms.record_failure(
            ctx, session, network, "publishing", later, account_id=job.account_id, at=at
        )


def _backoff(tries: int, cause: str) -> timedelta:
    """Wait longer with every try; what only a person can mend is tried once a minute at most.

    A blanket 403 may concern this one reply only: it waits ever longer, so that the others get their turn.
    """
    doubled: int = 2 ** min(tries, 6)
    if cause == "forbidden":
        return BASE_RETRY_DELAY * min(doubled // 2, 15)
    if cause in {"unauthorized", "out of credit"}:
        return BASE_RETRY_DELAY
    return min(timedelta(seconds=doubled), BASE_RETRY_DELAY)


_STEP_BY_STATE: dict[DeliveryState, Callable[[BotContext, int], None]] = {
    DeliveryState.SENDING: reconcile.handle_expired_lease,
    DeliveryState.HELD: _end_undo_window,
    DeliveryState.QUEUED: _send,
    DeliveryState.UNSURE: reconcile.look_for_reply,
    DeliveryState.ASKED: reconcile.remind,
    DeliveryState.HANDED_OFF: manual_posting.remind,
    DeliveryState.PUBLISHED: delete_reply.attempt,
    DeliveryState.CONFIRMED: delete_reply.attempt,
}
