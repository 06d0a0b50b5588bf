"""Replies that may or may not be public: looked for, then asked about.

The bot sends one again only where its network makes one post of both (`repeat.py`), and once at most.
"""

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.sightings import is_other_reply, record_published
from bot.networks.base import Network
from bot.networks.errors import Later, NetworkError, Refused, WrongAccount
from bot.networks.values import PublishedReply, RepeatRule, ReplyTarget
from bot.notices import network_alarms, thread_notices
from bot.publish import account_check, repeat
from bot.publish.locked_reply import PublishJob, as_publisher, build_publish_job, lock_if_due, lock_reply
from bot.runtime import crash_points, pace
from models import Reply, Ticket
from models.tickets.delivery_state import DeliveryState

log = logging.getLogger(__name__)

LOOKUP_LEASE = timedelta(seconds=12)  # nobody else looks meanwhile; longer than a whole call
REMINDER_MIN_DELAY = timedelta(minutes=15)
REMINDER_MAX_DELAY = timedelta(days=1)
LOOKUP_GRACE = timedelta(minutes=2)  # past the last planned look, for a network that cannot be read
CATCH_UP_INTERVAL = timedelta(seconds=15)  # between two looks that come late
NO_DEADLINE = datetime.max.replace(tzinfo=UTC)


def handle_expired_lease(ctx: BotContext, reply_id: int) -> None:
    """Its lease ended without a word: the worker died, before the call or after it."""
    with ctx.db.write() as session:
        ticket, reply = lock_if_due(ctx, session, reply_id, DeliveryState.SENDING)
        _record_unsure(ctx, session, ticket, reply, "the bot stopped while it was sending")


def mark_unsure(ctx: BotContext, job: PublishJob, detail: str) -> None:
    """Nobody can say whether the call got through; `detail` is what is known of it."""
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, job.reply_id)
        if reply.fence == job.fence:
            _record_unsure(ctx, session, ticket, reply, detail)


def _record_unsure(ctx: BotContext, session: Session, ticket: Ticket, reply: Reply, detail: str) -> None:
    at = ctx.now()
    first = timedelta(seconds=ctx.settings.reconcile_seconds[0])
    reply.mark_unsure(session, at=at, look_at=at + first, detail=detail)
    ticket.revision += 1
    title, known = ctx.networks[reply.network_on(ticket)].title, (reply.detail or "no answer").rstrip(".")
    thread_notices.post(session, thread_notices.UNSURE, reply, at=at, network=title, detail=known)


def look_for_reply(ctx: BotContext, reply_id: int) -> None:
    """Read our own posts. Only looks that could be made count; after the last one a person is asked."""
    with ctx.db.write() as session:
        ticket, reply = lock_if_due(ctx, session, reply_id, DeliveryState.UNSURE)
        job = build_publish_job(session, ticket, reply)
        reply.record_lookup(
            session, next_at=ctx.now() + LOOKUP_LEASE, counts=False
        )  # nobody else looks meanwhile
    network = ctx.networks.for_account(job.network, job.account_id)
    try:
        seen = as_publisher(network).find_reply(
            job.target, job.text, job.started_at, account_id=job.account_id, frozen=job.frozen or ""
        )
    except WrongAccount:  # it stays in doubt, and no person is asked what nobody could look for
        _reschedule_lookup(ctx, job, ctx.now() + account_check.NOT_CONNECTED_RETRY_DELAY, asks=False)
    except NetworkError as error:
        log.warning("reply %s: a check failed: %s", reply_id, error)
        _reschedule_lookup(ctx, job, error.at if isinstance(error, Later) else None)
    else:
        crash_points.reach("look made")
        _record_lookup(ctx, network, job, seen)


def _record_lookup(ctx: BotContext, network: Network, job: PublishJob, seen: PublishedReply | None) -> None:
    if seen is not None and confirm_sighting(ctx, job, seen):
        return
    # Whatever was seen, nothing is sent on top of it.
    rule = as_publisher(network).repeat_rule(account_id=job.account_id) if seen is None else None
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, job.reply_id)
        if (reply.state, reply.fence) != (DeliveryState.UNSURE, job.fence):
            return
        at, plan = ctx.now(), ctx.settings.reconcile_seconds
        repeats = rule is not None and repeat.is_due(session, ticket, reply, rule, network, at=at)
        if repeats:
            reply.record_lookup(session, next_at=at + repeat.REPEAT_LEASE)
            repeat.record(session, reply, at=at)
        elif reply.looks + 1 < len(plan):
            reply.record_lookup(session, next_at=_next_lookup_at(job.started_at, plan, reply.looks, at))
        else:
            reply.record_lookup(session, next_at=at)
            _ask_team(session, network, ticket, reply, job.target, at=at)
    if rule is not None and repeats:
        _repeat(ctx, network, job, rule, at + repeat.REPEAT_LEASE)


def _repeat(
    ctx: BotContext, network: Network, job: PublishJob, rule: RepeatRule, lease_until: datetime
) -> None:
    """Send it once more, which the ledger has noted; if that settles nothing, the looks go on."""
    published = repeat.send(ctx, network, job, rule, lease_until)
    if published is not None:
        record_answer(ctx, job, published)
        return
    with ctx.db.write() as session:
        _ticket, reply = lock_reply(session, job.reply_id)
        if (reply.state, reply.fence) != (DeliveryState.UNSURE, job.fence):
            return
        at, plan = ctx.now(), ctx.settings.reconcile_seconds
        is_more_planned = reply.looks < len(plan)  # else one more, as it may be there by now
        next_at = (
            _next_lookup_at(job.started_at, plan, reply.looks - 1, at)
            if is_more_planned
            else at + CATCH_UP_INTERVAL
        )
        reply.record_lookup(session, next_at=next_at, counts=False)


def _next_lookup_at(started_at: datetime, plan: tuple[float, ...], looks: int, at: datetime) -> datetime:
    """When to look again after `looks` + 1 looks: as planned from the send on.

    Looks that could not be made put the later ones off; they catch up, so that the question comes in time.
    """
    gap = timedelta(seconds=plan[looks + 1] - plan[looks])
    planned = started_at + timedelta(seconds=plan[looks + 1])
    return min(at + gap, max(at + min(gap, CATCH_UP_INTERVAL), planned))


def record_answer(ctx: BotContext, job: PublishJob, published: PublishedReply) -> None:
    """The network says so. An answer that comes late settles what was in doubt, or given up, meanwhile."""
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, job.reply_id)
        if reply.state == DeliveryState.QUEUED:  # sent again by a person: stop it, it is there
            reply.move(session, DeliveryState.CANCELLED, at=ctx.now(), act="a late answer came")
        network = ctx.networks[reply.network_on(ticket)]
        record_published(session, network, ticket, reply, published, at=ctx.now(), act=None)
        network_alarms.record_success(
            ctx, session, network, "publishing", account_id=job.account_id, at=ctx.now()
        )
        crash_points.reach("reply settled")


def confirm_sighting(ctx: BotContext, job: PublishJob, seen: PublishedReply) -> bool:
    """Take `seen` for this reply, unless it is known to be another one in the same words."""
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, job.reply_id)
        if is_other_reply(session, ticket, reply, seen):
            return False
        record_published(session, ctx.networks[reply.network_on(ticket)], ticket, reply, seen, at=ctx.now())
    return True


def _ask_team(
    session: Session, network: Network, ticket: Ticket, reply: Reply, to: ReplyTarget, *, at: datetime
) -> None:
    """Have a person decide: the question stands on the card, for the whole channel to see."""
    reply.ask_person(session, at=at, nudge_at=at + REMINDER_MIN_DELAY)
    ticket.revision += 1
    thread_notices.post(
        session, thread_notices.QUESTION, reply, at=at, network=network.title, recipient=to.author_handle
    )


def ask_after_refusal(
    session: Session, network: Network, ticket: Ticket, reply: Reply, refused: Refused, *, at: datetime
) -> None:
    """It was not sent again, which says nothing about the try before: a person has to decide once more.

    It is looked for from when it was first sent.
    """
    reply.mark_unsure(session, at=at, look_at=at, detail=refused.detail)
    reply.ask_person(session, at=at, nudge_at=at + REMINDER_MIN_DELAY)
    reply.sent_at = reply.released_at or reply.created_at
    ticket.revision += 1
    thread_notices.post(
        session,
        thread_notices.NOT_SENT_AGAIN,
        reply,
        at=at,
        network=network.title,
        detail=refused.detail,
    )


def _reschedule_lookup(
    ctx: BotContext, job: PublishJob, not_before: datetime | None, *, asks: bool = True
) -> None:
    """A look that could not be made says nothing: count it not, and make it when the network allows.

    `asks`: a person is asked once the last planned look is two minutes past.
    """
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, job.reply_id)
        if (reply.state, reply.fence) != (DeliveryState.UNSURE, job.fence):
            return
        at = ctx.now()
        end = job.started_at + timedelta(seconds=ctx.settings.reconcile_seconds[-1]) + LOOKUP_GRACE
        soon = max(
            at + timedelta(seconds=15),
            min(not_before or at, end if asks else NO_DEADLINE, at + pace.RATE_WINDOW),
        )
        reply.record_lookup(session, next_at=soon, counts=False)
        if at >= end and asks:
            _ask_team(session, ctx.networks[reply.network_on(ticket)], ticket, reply, job.target, at=at)


def look_once_more(ctx: BotContext, reply_id: int) -> bool | None:
    """Look once more for a reply that a person was asked about.

    True: it is there, and is published now. False: the network answered and does not show it. None: the look
    could not be made, also because there are no keys for its network any more.
    """
    with ctx.db.read() as session:
        reply = session.get_one(Reply, reply_id)
        ticket = session.get_one(Ticket, reply.ticket_id)
        job = build_publish_job(session, ticket, reply)
    if job.network not in ctx.networks:
        return None
    network = ctx.networks.for_account(job.network, job.account_id)
    try:
        seen = as_publisher(network).find_reply(
            job.target, job.text, job.started_at, account_id=job.account_id, frozen=job.frozen or ""
        )
    except NetworkError:
        return None
    return seen is not None and confirm_sighting(ctx, job, seen)


def _reminder_delay(asked: Reply, at: datetime) -> timedelta:
    """How long until it is asked about again: ever longer, since whoever ignored two is probably away."""
    return min(max(at - (asked.sent_at or at), REMINDER_MIN_DELAY), REMINDER_MAX_DELAY)


def remind(ctx: BotContext, reply_id: int) -> None:
    """Nobody answered the question yet: look once more, then ask again."""
    with ctx.db.write() as session:
        _ticket, asked = lock_if_due(ctx, session, reply_id, DeliveryState.ASKED)
        at = ctx.now()
        asked.record_lookup(
            session, next_at=at + _reminder_delay(asked, at), counts=False
        )  # nobody else asks meanwhile
    if look_once_more(ctx, reply_id):
        return
    with ctx.db.write() as session:
        ticket, reply = lock_reply(session, reply_id)
        if reply.state == DeliveryState.ASKED:
            title = ctx.networks[reply.network_on(ticket)].title
            thread_notices.post(session, thread_notices.QUESTION_AGAIN, reply, at=ctx.now(), network=title)
