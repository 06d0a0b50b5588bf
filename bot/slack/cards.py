"""Ledger → Slack: every ticket's card shows the ticket as it is, and every notice is told.

Level-triggered: a card whose ticket changed ten times is redrawn once. Slack has no idempotency
(https://github.com/slackapi/slack-api-specs/issues/10), so a message is declared before it is posted, carries
a key in its metadata, and after a doubtful call is looked for before it is posted again.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, aliased

from bot.context import BotContext
from bot.notices import clock_set_back
from bot.runtime import crash_points
from bot.slack import group_cards, private_access, private_cards
from bot.slack.blocks import notification_text
from bot.slack.blocks.elements import permalink
from bot.slack.blocks.groups.card import build_pointer
from bot.slack.blocks.tickets import card as face
from bot.slack.blocks.tickets.twins import build_pointer as build_joined_pointer
from bot.slack.call_budget import (
    UPDATE_LIMIT_KEY,
    blocked_channels,
    is_free,
    is_free_condition,
    limit_key,
    reserve_call,
)
from bot.slack.card_failures import record_failure
from bot.slack.card_loader import load_post_reference, load_view
from bot.slack.client import Posted, is_direct_message
from bot.slack.errors import SlackError, SlackLaterError, SlackRefusedError
from bot.slack.lost_messages import (
    POST_VISIBILITY_DELAY,
    LeaseLostError,
    RowLease,
    find_posted,
    retry_find_later,
)
from bot.slack.membership import MEMBERSHIP_WAIT_SECONDS, MembershipKind, access_of
from bot.slack.slack_call import BLOCKS_REJECTED_ERRORS, SLACK_CALL_LEASE, Shown, SlackCall
from models import Card, Notice, Reply, Ticket, TicketGroup
from models.core.database import BusyError
from models.grouping.card_place import find_place, join_place_of
from models.slack.notice import CARD_LINK
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import NO_CHANNEL, TicketState

log = logging.getLogger(__name__)

BATCH_MAX_ROWS = 50
PROFILE_RETRY_SECONDS = 5.0  # until Slack is asked again who somebody is

INTERNAL_ERROR_RETRY_DELAY = timedelta(minutes=1)  # until what broke on our side is tried again


def run_due(ctx: BotContext) -> float:
    """Draw and tell all that can be drawn and told now. Gives the seconds until more can be (at most 2)."""
    clock_set_back.repair(ctx)
    private_cards.place_waiting(ctx)
    waits: dict[str, datetime] = {}
    _run_batches(ctx, waits, TicketGroup, group_cards.list_stale, group_cards.begin)
    _run_batches(ctx, waits, Card, _stale_cards, _begin_card)
    _run_batches(ctx, waits, Notice, _unsent_notices, _begin_notice)
    if ctx.stop.is_set():
        return 0.0
    at = ctx.now()  # drawing took its time, too
    return max(min([2.0, *((until - at).total_seconds() for until in waits.values())]), 0.0)


def _run_batches(
    ctx: BotContext,
    waits: dict[str, datetime],
    table: type[Shown],
    listed: Callable[[BotContext, Collection[str]], list[tuple[int, str]]],
    job: Callable[[BotContext, int], SlackCall | float | None],
) -> None:
    """Do what is listed, a batch at a time, as long as it gets on.

    `waits` holds the budgets that are spent, and until when; what needs one of them is not listed
    again, so that a busy channel does not stand in the way of the others.
    """
    gets_on = True
    while gets_on:
        gets_on = False
        for row_id, budget in listed(ctx, waits):
            if ctx.stop.is_set():
                return
            if budget not in waits:
                done, wait = _run_safely(ctx, table, row_id, job)
                if wait > 0:
                    waits[budget] = ctx.now() + timedelta(seconds=wait)
                gets_on |= done or wait > 0


def _run_safely(
    ctx: BotContext,
    table: type[Shown],
    row_id: int,
    job: Callable[[BotContext, int], SlackCall | float | None],
) -> tuple[bool, float]:
    """Do one; what breaks on our side is put aside, for it must not hold up the others."""
    try:
        return _execute(ctx, job(ctx, row_id), table)
    except (BusyError, DBAPIError):
        raise
    except Exception:
        log.exception("%s %s can't be shown; continuing with the others", table.__name__.lower(), row_id)
        _postpone(ctx, table, row_id)
        return False, 0.0


def _postpone(ctx: BotContext, table: type[Shown], row_id: int) -> None:
    """Come back to it in a while; a card is known by its ticket here, and may not exist yet."""
    with ctx.db.write() as session:
        until = ctx.now() + INTERNAL_ERROR_RETRY_DELAY
        row: Shown
        if table is Card:
            ticket = Ticket.lock(session, row_id)
            row = Card.of_ticket(session, ticket.id, ticket.channel)
        else:
            found = session.get_one(table, row_id, with_for_update=True)
            assert isinstance(found, Shown)
            row = found
        row.not_before, row.leased_until, row.failure = until, None, "Heard could not build it"


def _stale_cards(ctx: BotContext, spent: Collection[str]) -> list[tuple[int, str]]:
    """Tickets whose card is missing or old, each with the budget that it needs, if that is not `spent`.

    First those with an open undo window, then the longest waiting. A ticket in a group has no card of its
    own; one that had before becomes a line that points to the group's card, once that is there.
    """
    at, channel = ctx.now(), func.coalesce(Card.channel, Ticket.channel)
    held = select(Reply.id).where(Reply.ticket_id == Ticket.id, Reply.state == DeliveryState.HELD).exists()
    query = (
        select(Ticket.id, channel.label("channel"), Card.ts)
        .outerjoin(Card, Card.ticket_id == Ticket.id)
        .outerjoin(TicketGroup, TicketGroup.id == Ticket.group_id)
        .where(Ticket.drawn_revision < Ticket.revision, is_free_condition(Card, at))
        .where(or_(Ticket.group_id.is_(None), TicketGroup.ts.is_not(None) & ~Ticket.has_no_card()))
        .where(Ticket.has_or_gets_card())  # of what is muted, one that is there, or may be, is redrawn
        .where(or_(Card.ts.is_not(None), channel.not_in(blocked_channels(spent))))
        .order_by(held.desc(), Ticket.waiting_since, Ticket.id)
        .limit(BATCH_MAX_ROWS)
    )
    if UPDATE_LIMIT_KEY in spent:
        query = query.where(Card.ts.is_(None))
    with ctx.db.read() as session:
        return [(row.id, limit_key(row.channel, posts=row.ts is None)) for row in session.execute(query)]


def _unsent_notices(ctx: BotContext, spent: Collection[str]) -> list[tuple[int, str]]:
    """Notices that can be told, each with the budget that it needs, if that is not `spent`.

    One for a thread, or with a link to a card, waits until that card is there, and one for a thread until
    those before it are told.
    """
    earlier = aliased(Notice)
    before = select(earlier.id).where(
        earlier.ticket_id == Notice.ticket_id, earlier.ts.is_(None), earlier.id < Notice.id
    )
    query, place, thread = join_place_of(select(Notice.id), Notice.ticket_id)
    query, _, linked = join_place_of(query, Notice.card_of, 1)
    channel = func.coalesce(place, Notice.channel, ctx.settings.slack_channel)
    query = (
        query.add_columns(channel.label("channel"))
        .where(
            Notice.ts.is_(None),
            is_free_condition(Notice, ctx.now()),
            channel.not_in(blocked_channels(spent)),
        )
        .where(or_(Notice.ticket_id.is_(None), thread.is_not(None)), ~before.exists())
        .where(or_(Notice.card_of.is_(None), linked.is_not(None)))
        .order_by(Notice.id)
        .limit(BATCH_MAX_ROWS)
    )
    with ctx.db.read() as session:
        return [(row.id, limit_key(row.channel, posts=True)) for row in session.execute(query)]


# --- taking -------------------------------------------------------------------------------------------------


def _begin_card(ctx: BotContext, ticket_id: int) -> SlackCall | float | None:
    """Lease the card and draw it; a number is how long to wait for the budget."""
    with ctx.db.write() as session:
        at = ctx.now()
        ticket = Ticket.lock(session, ticket_id)
        card = Card.of_ticket(session, ticket.id, ticket.channel)
        has_none = card.ts is None and card.placing_since is None
        is_hidden = has_none and (
            ticket.channel == NO_CHANNEL
            or ticket.state == TicketState.MUTED
            or ticket.group_id is not None
            or ticket.joined_to is not None
        )
        if ticket.drawn_revision >= ticket.revision or not is_free(card, at) or is_hidden:
            return None
        # After the ticket and before the budget, as everywhere.
        group = TicketGroup.lock(session, ticket.group_id) if ticket.group_id is not None else None
        wait = reserve_call(ctx, session, card.channel, posts=card.ts is None, at=at)
        if wait > 0:
            return wait
        doubtful, is_plain = card.placing_since, card.failure in BLOCKS_REJECTED_ERRORS
        card.leased_until = at + SLACK_CALL_LEASE
        if card.ts is None:
            card.placing_since = doubtful or at
        session.flush()
        view = load_view(session, ticket, ctx.networks)
        if view.other_card is not None:
            place = find_place(session, view.other_card.ticket_id)
            other = replace(view.other_card, url=permalink(ctx.slack.workspace, *place))
            view = replace(view, other_card=other)
        if view.pictures_of == card.pictures_refused:
            view = replace(view, shows_pictures=False)
        blocks = face.build_plain_card(view) if is_plain else face.build_card(view)
        if group is not None:  # what the group's card shows of it has changed, too
            group.change(at)
            blocks = build_pointer(view, permalink(ctx.slack.workspace, group.channel, group.ts))
        if ticket.joined_to is not None:
            where = find_place(session, ticket.joined_to)
            blocks = build_joined_pointer(view.title, permalink(ctx.slack.workspace, *where))
        return SlackCall(
            row_id=card.id,
            ticket_id=ticket.id,
            key=card.key,
            limit_key=limit_key(card.channel, posts=card.ts is None),
            channel=card.channel,
            ts=card.ts,
            thread_ts=None,
            doubtful_since=doubtful,
            until=at + SLACK_CALL_LEASE,
            revision=ticket.revision,
            text=face.summary_text(view),
            blocks=blocks,
            is_plain=is_plain,
            is_private=ticket.is_private,
            pictures_of=None if is_plain or group is not None else view.pictures_of,
        )


def _begin_notice(ctx: BotContext, notice_id: int) -> SlackCall | float | None:
    """Lease a notice; a number is how long to wait for the budget."""
    with ctx.db.write() as session:
        at = ctx.now()
        notice = session.get_one(Notice, notice_id, with_for_update=True)
        place, thread_ts = find_place(session, notice.ticket_id)
        if notice.ts is not None or not is_free(notice, at) or (notice.ticket_id and thread_ts is None):
            return None
        channel = place or notice.channel or ctx.settings.slack_channel
        wait = reserve_call(ctx, session, channel, posts=True, at=at)
        if wait > 0:
            return wait
        doubtful, is_plain = notice.placing_since, notice.failure in BLOCKS_REJECTED_ERRORS
        notice.leased_until, notice.placing_since = at + SLACK_CALL_LEASE, doubtful or at
        return SlackCall(
            row_id=notice.id,
            ticket_id=notice.ticket_id,
            key=notice.key,
            limit_key=limit_key(channel, posts=True),
            channel=channel,
            ts=None,
            thread_ts=thread_ts,
            doubtful_since=doubtful,
            until=at + SLACK_CALL_LEASE,
            revision=0,
            text=_notification_text(ctx, session, notice, is_plain=is_plain),
            blocks=None if is_plain else notice.blocks,
            is_plain=is_plain,
            is_private=notice.ticket_id is not None and session.get_one(Ticket, notice.ticket_id).is_private,
        )


def _notification_text(ctx: BotContext, session: Session, notice: Notice, *, is_plain: bool) -> str:
    """A notice's text for notifications: with the words that its blocks quote and the customer's own.

    One that is told without its blocks (`is_plain`) is seen in its thread, right below the customer's words.
    """
    if notice.ticket_id is None or is_plain:
        return notification_text.build_text(with_card_link(ctx, session, notice), notice.blocks)
    ticket = session.get_one(Ticket, notice.ticket_id)
    return notification_text.build_text(
        notice.text, notice.blocks, load_post_reference(session, ticket, ctx.network_titles)
    )


def with_card_link(ctx: BotContext, session: Session, notice: Notice) -> str:
    """The text of a notice, with a link to the card that it points to, if it does."""
    if notice.card_of is None:
        return notice.text
    url = permalink(ctx.slack.workspace, *find_place(session, notice.card_of))
    return notice.text.replace(CARD_LINK, f"<{url}|Open the card>" if url else "the card", 1)


# --- calling ------------------------------------------------------------------------------------------------


def _execute(ctx: BotContext, job: SlackCall | float | None, table: type[Shown]) -> tuple[bool, float]:
    """Make one call and record what came of it: whether it was done, and how long its budget is spent."""
    if job is None or isinstance(job, float):
        return False, job or 0.0
    crash_points.reach("card declared")
    try:
        posted = _update_or_post(ctx, table, job)
    except SlackError as error:
        return False, record_failure(ctx, table, job, error)
    except LeaseLostError:
        return False, 0.0
    if posted is None:
        retry_find_later(ctx, table, job)
        return False, 0.0
    crash_points.reach("card placed")
    _record_shown(ctx, table, job, posted)
    return True, 0.0


def _update_or_post(ctx: BotContext, table: type[Shown], job: SlackCall) -> Posted | None:
    """Update, adopt or post.

    None, and so another try in a moment, if a doubtful message is neither in sight nor old enough to be given
    up. Raises `LeaseLostError` if somebody else has it in hand by now, and `SlackRefusedError` before any
    call if what is not public would not be shown in a private channel.
    """
    if job.is_private:
        private_access.check_private(ctx, job.channel)
    if job.ts is not None:
        ctx.slack.update(job.channel, job.ts, job.text, job.blocks or [], key=job.key)
        return Posted(job.channel, job.ts)
    if job.doubtful_since is not None:
        lease = RowLease(ctx, table, job)
        found = find_posted(ctx, job, lease)
        if found is not None:
            return Posted(job.channel, found)
        if ctx.now() - job.doubtful_since < POST_VISIBILITY_DELAY:
            return None
        lease.renew()
    if is_direct_message(job.channel):
        _check_member(ctx, job.channel)
    return ctx.slack.post(job.channel, job.text, job.blocks, key=job.key, thread_ts=job.thread_ts)


def _check_member(ctx: BotContext, user: str) -> None:
    """Raise unless `user` may be told directly: a reminder quotes customers, and they may be a guest by now.

    `SlackRefusedError` has it told in the channel instead, `SlackLaterError` later.
    """
    access = access_of(ctx, user, wait_seconds=MEMBERSHIP_WAIT_SECONDS)
    if access.kind is MembershipKind.UNKNOWN:
        raise SlackLaterError(PROFILE_RETRY_SECONDS, "Slack does not say who that is")
    if not access.is_member:
        raise SlackRefusedError("not_a_member")


# --- recording ----------------------------------------------------------------------------------------------


def _record_shown(ctx: BotContext, table: type[Shown], job: SlackCall, posted: Posted) -> None:
    at = ctx.now()
    with ctx.db.write() as session:
        if job.ticket_id is not None and table is Card:  # the ticket first, as everywhere
            drawn = Ticket.drawn_revision < job.revision
            there = update(Ticket).where(Ticket.id == job.ticket_id, drawn)
            session.execute(there.values(drawn_revision=job.revision))
            _record_first_shown(session, job.ticket_id, at)
        if table is TicketGroup:
            group_cards.record_shown(session, job, at)
        row = session.get_one(table, job.row_id, with_for_update=True)
        assert isinstance(row, Shown)
        if isinstance(row, TicketGroup):
            distance = group_cards.redraw_distance(ctx)
            row.mark_posted(posted.ts, job.revision, at=at, distance=distance)
        elif isinstance(row, Card):
            row.mark_posted(posted.ts, at=at)
        else:
            row.ts, row.posted_in, row.leased_until, row.failure = posted.ts, posted.channel, None, None


def _record_first_shown(session: Session, ticket_id: int, at: datetime) -> None:
    """Write down when its card was in Slack for the first time, unless that was before we noted it."""
    was_there = select(Card.id).where(Card.ticket_id == ticket_id, Card.drawn_at.is_not(None)).exists()
    first = update(Ticket).where(Ticket.id == ticket_id, Ticket.shown_at.is_(None), ~was_there)
    session.execute(first.values(shown_at=at))
