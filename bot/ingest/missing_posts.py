"""Looks again at posts that a network did not show to us, and writes down what follows.

When to look stands in the ledger (`Mention.look_at`), so it survives a restart. What a look says is only
taken where nothing has changed since it was asked: two workers who look at one post at once count once.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.ingest.cursors import next_poll_at
from bot.ingest.page_writer import empty_narrowed, find_addressing, notify_shown_again, to_incoming_post
from bot.ingest.pages import PollResult
from bot.ingest.sweep import sweep, sweep_start
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.values import Absence, Post, PostPage
from bot.notices import thread_notices
from bot.scheduled_job import NetworkJob
from models import Cursor, Mention, Ticket
from models.core.database import BusyError
from models.tickets import not_shown
from models.tickets.incoming_post import IngestResult, IngestTarget
from models.tickets.ingest import ingest_page, restore_mention
from models.tickets.not_shown import NotShownResult

log = logging.getLogger(__name__)

READING_NAME = "posts not shown"  # how `/metrics` calls these readings
SWEEP_MIN_INTERVAL_SECONDS = 600.0
MAX_CALLS_PER_ROUND = 20  # calls in one round, a network


@dataclass(frozen=True, slots=True)
class PostCheck:
    """A post that the network is asked for, and what the ledger knew of it then."""

    mention_id: int
    ticket_id: int
    post_id: str
    latest_id: str
    missing_since: datetime | None
    look_at: datetime | None
    reply_context: str = ""

    @classmethod
    def of_mention(cls, mention: Mention) -> "PostCheck":
        """What is asked about `mention`."""
        return cls(
            mention_id=mention.id,
            ticket_id=mention.ticket_id,
            post_id=mention.post_id,
            latest_id=mention.latest_id,
            missing_since=mention.missing_since,
            look_at=mention.look_at,
            reply_context=mention.reply_context,
        )


def contexts_of(asked: Iterable[PostCheck]) -> dict[str, str]:
    """Return what the network's own file needs to read `asked` again, as `contexts` of `Reader.refresh`."""
    return {one.latest_id: one.reply_context for one in asked if one.reply_context}


def run_due(ctx: BotContext) -> None:
    """Look at what is due, and blank what was kept for long enough."""
    for network in ctx.networks.accounts:
        try:
            _check_due(ctx, network)
        except Later as later:
            log.warning(
                "%s: checks of posts that were not shown are postponed: %s", network.title, later.detail
            )
    _blank_overdue(ctx)


def sweep_and_check(ctx: BotContext, network: Network) -> PollResult | None:
    """Read today's mentions once more, then look at those of today that are not listed any more."""
    begun = ctx.now()
    heard = sweep(ctx, network)
    if heard is None or ctx.stop.is_set():
        return heard
    since = heard.complete_since or sweep_start(begun)
    try:
        account_id = network.account().id
        with ctx.db.read() as session:
            unlisted = _unlisted(session, network, account_id, heard.listed, since=since, until=begun)
        _check_posts(ctx, network, account_id, unlisted)
    except Later as later:  # the next sweep comes within the hour
        log.warning("%s: could not check posts that are not listed: %s", network.title, later.detail)
    return heard


def check_siblings(ctx: BotContext, network: Network, ticket_ids: Sequence[int]) -> None:
    """One post of these tickets is not shown; whoever hid it may have hidden the others. Never raises."""
    try:
        account_id = network.account().id
        with ctx.db.read() as session:
            others = [
                PostCheck.of_mention(one)
                for one in not_shown.list_shown_siblings(
                    session, ticket_ids, network.name, limit=network.posts_per_refresh
                )
            ]
        _check_posts(ctx, network, account_id, others)
    except Later as later:
        log.info("%s: could not check their other posts: %s", network.title, later.detail)


# --- asking -------------------------------------------------------------------------------------------------


def _check_due(ctx: BotContext, network: Network) -> None:
    """Ask about all that is due, a lot at a time. Raises `Later` if the network does not answer."""
    if not _is_any_due(ctx, network):
        return
    account_id = network.account().id
    for _ in range(MAX_CALLS_PER_ROUND):
        if ctx.stop.is_set():
            return
        due = _due_checks(ctx, network, account_id)
        if not due:
            return
        _check_posts(ctx, network, account_id, due)


def _is_any_due(ctx: BotContext, network: Network) -> bool:
    """Ask the ledger before the network is asked who we are."""
    query = select(Mention.id).where(Mention.look_at <= ctx.now(), Mention.network == network.name)
    with ctx.db.read() as session:
        return session.scalar(query.limit(1)) is not None


def _due_checks(ctx: BotContext, network: Network, account_id: str) -> list[PostCheck]:
    """A lot of what is due, with the other posts of these tickets; nothing if the network wants a rest."""
    at, most = ctx.now(), network.posts_per_refresh
    with ctx.db.write() as session:
        cursor = Cursor.of(session, network.name, account_id, READING_NAME, at=at)
        if cursor.not_before is not None and cursor.not_before > at:
            return []
        due = list(not_shown.list_due_checks(session, network.name, account_id, at=at, limit=most))
        tickets = list(dict.fromkeys(one.ticket_id for one in due))
        if len(due) < most:
            due += not_shown.list_shown_siblings(session, tickets, network.name, limit=most - len(due))
        return [PostCheck.of_mention(one) for one in due]


def _unlisted(
    session: Session,
    network: Network,
    account_id: str,
    listed: set[str],
    *,
    since: datetime,
    until: datetime,
) -> list[PostCheck]:
    """The newest posts of that time that a whole reading did not list; a list alone proves nothing."""
    query = select(Mention).where(
        Mention.posted_at > since,
        Mention.posted_at < until,
        Mention.seen_at < until,
        Mention.network == network.name,
        Mention.account_id == account_id,
        Mention.missing_since.is_(None),
        Mention.deleted_at.is_(None),
    )
    found = session.scalars(query.order_by(Mention.posted_at.desc()).execution_options(yield_per=500))
    missing = (PostCheck.of_mention(one) for one in found if one.post_id not in listed)
    return [one for one, _ in zip(missing, range(network.posts_per_refresh), strict=False)]


def _check_posts(ctx: BotContext, network: Network, account_id: str, asked: Sequence[PostCheck]) -> None:
    """Ask about `asked` in one call and record the answer. Raises `Later`: a call that fails is no look."""
    if not asked:
        return
    at = ctx.now()
    try:
        answer = network.refresh(
            [one.latest_id for one in asked], account_id=account_id, contexts=contexts_of(asked)
        )
    except Later as later:
        with ctx.db.write() as session:
            cursor = Cursor.of(session, network.name, account_id, READING_NAME, at=at)
            cursor.fail(later.detail, at=at, again_at=next_poll_at(cursor, later, at=ctx.now()))
        raise
    with ctx.db.write() as session:
        cursor = Cursor.of(session, network.name, account_id, READING_NAME, at=at)
        cursor.reads += 1
        cursor.failing_since = cursor.failure = cursor.not_before = None
    if record_answer(ctx, network, asked, answer, account_id=account_id, at=at):
        ctx.wake_loops()


# --- recording ----------------------------------------------------------------------------------------------


def record_answer(
    ctx: BotContext,
    network: Network,
    asked: Iterable[PostCheck],
    answer: tuple[PostPage, Mapping[str, Absence]],
    *,
    account_id: str,
    at: datetime,
) -> bool:
    """Write down what the network answered that account at `at`, ticket by ticket.

    Returns whether anything has changed.
    """
    page, absent = answer
    shown = {post_id: post for post in page.posts for post_id in (post.id, post.latest_id)}
    by_ticket: dict[int, list[PostCheck]] = defaultdict(list)
    for one in asked:
        by_ticket[one.ticket_id].append(one)
    changed = False
    for ticket_id, theirs in sorted(by_ticket.items()):
        try:
            with ctx.db.write() as session:
                ticket = Ticket.lock(session, ticket_id)
                before = ticket.revision
                for one in theirs:
                    post = shown.get(one.post_id) or shown.get(one.latest_id)
                    found = post or absent.get(one.latest_id)
                    _record_one(ctx, session, network, one, found, account_id=account_id, at=at)
                changed |= ticket.revision > before
        except (BusyError, OperationalError):
            raise
        except Exception:
            log.exception("ticket %s: what %s shows could not be written down", ticket_id, network.title)
            _postpone(ctx, theirs, at=at)
    return changed


def _record_one(
    ctx: BotContext,
    session: Session,
    network: Network,
    one: PostCheck,
    found: Post | Absence | None,
    *,
    account_id: str,
    at: datetime,
) -> None:
    """One post, as it is shown, or how it is not; None: nothing was said of it. The ticket is held."""
    ticket = session.get_one(Ticket, one.ticket_id)
    mention = session.get_one(Mention, one.mention_id, populate_existing=True)
    if (mention.missing_since, mention.look_at) != (one.missing_since, one.look_at):
        return  # somebody looked meanwhile, or a reading has listed it
    if mention.ticket_id != ticket.id:
        return  # it was joined to another ticket meanwhile, or left one: the next look is for that
    if isinstance(found, Post):
        # Without a track: that the account was asked does not mean that the post concerns it.
        place = IngestTarget(
            network.name, account_id, ticket.channel, ctx.sla_policy(session, ticket.channel)
        )
        to_us = bool(find_addressing(session, network, [found]))
        post = replace(to_incoming_post(network, found, None), addresses_us=to_us)
        if mention.duplicate_of is None:
            taken = ingest_page(session, [post], place, at=ctx.now())
        else:  # `ingest_page` knows the first row of a post only
            taken = IngestResult()
            restore_mention(session, mention, post, place, taken, at=ctx.now())
        empty_narrowed(session, taken, at=ctx.now())
        notify_shown_again(session, taken, network.title, at=ctx.now())
    elif found is not None:
        lost = not_shown.record_miss(session, ticket, mention, how=found, title=network.title, at=at)
        _notify_team(session, network, ticket, lost, at=ctx.now())
    else:
        not_shown.postpone_check(mention, at=at)


def _notify_team(
    session: Session, network: Network, ticket: Ticket, lost: NotShownResult, *, at: datetime
) -> None:
    """Whoever had written an answer is told, and so is whoever has the ticket."""
    for reply in lost.stopped:
        thread_notices.post(session, thread_notices.NO_LONGER_SHOWN, reply, at=at, network=network.title)
    if lost.closed and not lost.stopped and ticket.owner is not None:
        thread_notices.post(session, thread_notices.CLOSED_AS_NOT_SHOWN, ticket, at=at, network=network.title)


def _postpone(ctx: BotContext, asked: Iterable[PostCheck], *, at: datetime) -> None:
    """What broke on our side is no look; it is not to be paid for every minute."""
    with ctx.db.write() as session:
        for one in asked:
            not_shown.postpone_check(session.get_one(Mention, one.mention_id), at=at)


def _blank_overdue(ctx: BotContext) -> None:
    """Words that were kept for nearly a day go, also where the network could not be asked meanwhile."""
    at = ctx.now()
    with ctx.db.read() as session:
        overdue = select(Mention.id, Mention.ticket_id).where(not_shown.erasure_due(at))
        found = [tuple(row) for row in session.execute(overdue.order_by(Mention.ticket_id, Mention.id))]
    for mention_id, ticket_id in found:
        with ctx.db.write() as session:
            ticket = Ticket.lock(session, ticket_id)
            mention = session.get_one(Mention, mention_id, populate_existing=True)
            if mention.missing_since is not None:
                not_shown.erase_text(session, ticket, mention, at=at)
    if found:
        ctx.cards_wake.set()


JOBS = (
    NetworkJob(
        "sweep",
        sweep_and_check,
        SWEEP_MIN_INTERVAL_SECONDS,
        trigger=CronTrigger(minute=17, timezone=UTC),
        needs="mentions",
    ),
    # X's day, by which it charges, is UTC's
    NetworkJob(
        "last sweep",
        sweep_and_check,
        SWEEP_MIN_INTERVAL_SECONDS,
        trigger=CronTrigger(hour=23, minute=50, timezone=UTC),
        needs="mentions",
    ),
)
