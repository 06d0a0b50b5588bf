"""Ledger → the Home tab of whoever looks at it: at once when they open it or act there, else now and then."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import private_notices, reading_notices
from bot.notices.alarm_lines import home_line
from bot.scheduled_job import ScheduledJob
from bot.slack.blocks.commands.help_text import incomplete_notes
from bot.slack.blocks.home import (
    OWN_TICKETS_SHOWN_MAX,
    WAITING_PER_PAGE,
    HomeContent,
    build_home,
    build_refused_home,
    filter_of_hash,
    page_of_hash,
    view_hash,
)
from bot.slack.blocks.home_filter import CHOICES_MAX, EVERYTHING, FilterChoice, HomeFilter, HomeFilterValue
from bot.slack.errors import SlackError, SlackLaterError, SlackRefusedError
from bot.slack.membership import MembershipKind, access_of
from bot.slack.private_access import read_access_of
from bot.slack.user_timezone import zone_of
from models import Account, Alarm, Cursor, Gap, HomeTab, Pause, Track
from models.core.account_filter import AccountFilter
from models.privacy.read_access import PUBLIC_ONLY, ReadAccess
from models.reports import drafts, open_tickets, today
from models.reports.open_tickets import Listing, OpenTicketFilter, TicketEntry
from models.sources.track import MENTIONS_TRACK

log = logging.getLogger(__name__)

REFRESH_INTERVAL_SECONDS = (
    30.0  # seconds: no Home is drawn again more often because of what happens elsewhere
)
MAX_HOMES_PER_ROUND = 45  # Homes: https://docs.slack.dev/reference/methods/views.publish takes 100 a minute
CHART_DAYS = 7  # of the chart
VIEWING_WINDOW = timedelta(minutes=10)  # so long after the last sign of life nobody may be looking any more


def show(
    ctx: BotContext,
    user: str,
    *,
    notice: str | None = None,
    seen: str | None = None,
    page: int | None = None,
    chosen: HomeFilterValue | None = None,
) -> None:
    """Publish Home for `user`, who looks at it now.

    `notice` is what to tell them on top. `seen` is the private_metadata of what Slack shows them: the very
    same is not published again. `page` of the open queue is the one that they turn to, and `chosen` what they
    filter it by, else where they were.
    Whoever is no member is shown why there is nothing to see.
    """
    refused = access_of(ctx, user).refusal
    view = _build_view(ctx, user, notice, page, chosen) if refused is None else build_refused_home(refused)
    if view["private_metadata"] == seen:
        _record_shown(ctx, user, view_hash(view))
        return
    try:
        ctx.slack.publish_home(user, view)
    except SlackError as error:
        log.warning("could not publish Home: %s", error)
    else:
        _record_shown(ctx, user, view_hash(view))


def _build_view(
    ctx: BotContext, user: str, notice: str | None, page: int | None, chosen: HomeFilterValue | None
) -> dict[str, Any]:
    """The Home of a member as the ledger has it now; that they look at it is noted."""
    zone, access = zone_of(ctx, user), read_access_of(ctx, user)
    ctx.try_write(lambda session: HomeTab.record_view(session, user, at=ctx.now()))
    with ctx.db.read() as session:
        known = session.get(HomeTab, user)
        before = known.digest if known is not None else None
        page = page_of_hash(before) if page is None else page
        chosen = filter_of_hash(before) if chosen is None else chosen
        content = read_contents(ctx, session, user, zone=zone, page=page, chosen=chosen, access=access)
        return build_home(content, notice)


def refresh(ctx: BotContext) -> None:
    """Publish each Home again that somebody may be looking at, if it has changed.

    Slack takes a hundred a minute, and this comes twice in one; what is left over comes first the next time,
    for what stayed the same is not published.
    """
    with ctx.db.read() as session:
        looked_at = HomeTab.list_to_refresh(session, ctx.now() - VIEWING_WINDOW)
    published = 0
    for one in looked_at:
        if ctx.stop.is_set() or published == MAX_HOMES_PER_ROUND:
            return
        view = _view_for(ctx, one)
        if view is None:
            continue
        if view_hash(view) == one.digest:
            if one.is_stale:
                _record_shown(ctx, one.user_id, view_hash(view))
            continue
        try:
            ctx.slack.publish_home(one.user_id, view)
        except SlackLaterError as later:
            log.info("updates of Home are postponed: %s", later)
            return
        except SlackError as error:
            log.warning("could not refresh Home: %s", error)
            if one.is_stale and isinstance(error, SlackRefusedError):  # there is nobody to show it to
                _record_shown(ctx, one.user_id, one.digest)
        else:
            published += 1
            _record_shown(ctx, one.user_id, view_hash(view))


def _view_for(ctx: BotContext, one: HomeTab) -> dict[str, Any] | None:
    """What that person's Home shows now; None if Slack does not say whether they are a member."""
    access = access_of(ctx, one.user_id)
    if access.kind is MembershipKind.UNKNOWN:
        return None
    if access.refusal is not None:  # no member any more
        return build_refused_home(access.refusal)
    zone, readable = zone_of(ctx, one.user_id), read_access_of(ctx, one.user_id)
    with ctx.db.read() as session:
        content = read_contents(
            ctx,
            session,
            one.user_id,
            zone=zone,
            page=page_of_hash(one.digest),
            chosen=filter_of_hash(one.digest),
            access=readable,
        )
        return build_home(content)


def read_contents(
    ctx: BotContext,
    session: Session,
    user: str,
    *,
    zone: ZoneInfo,
    page: int = 0,
    chosen: HomeFilterValue = EVERYTHING,
    access: ReadAccess = PUBLIC_ONLY,
) -> HomeContent:
    """Gather what the Home of `user` shows; their day begins at midnight in `zone`.

    `page` and `chosen` are of the open queue. Of private tickets only those that `access` allows are listed,
    and without words: a Home stays as it is when somebody has left the channel.
    """
    pause, at = Pause.current(session), ctx.now()
    midnights = _midnights(at, zone)
    wanted = replace(_ticket_filter(chosen), access=access)
    waiting = open_tickets.list_by_priority(
        session, wanted, at=at, limit=WAITING_PER_PAGE, after=page * WAITING_PER_PAGE
    )
    if not waiting.first and waiting.total:  # others have closed what was on that page
        page = (waiting.total - 1) // WAITING_PER_PAGE
        waiting = open_tickets.list_by_priority(
            session, wanted, at=at, limit=WAITING_PER_PAGE, after=page * WAITING_PER_PAGE
        )
    heard, accounts = today.count_by_day(session, midnights), Account.handles(session)
    own_drafts = drafts.list_for_user(session, user, access)
    mine = open_tickets.list_owned(session, user, limit=OWN_TICKETS_SHOWN_MAX, access=access)
    return HomeContent(
        drafts=tuple(own_drafts),
        mine=_without_private_words(mine),
        waiting=_without_private_words(waiting),
        private=tuple(private_notices.hidden_notes(*wanted.count_hidden(session))),
        unread=(
            *incomplete_notes(unread_sources(ctx, session), ctx.network_titles, accounts),
            *reading_notices.stopped_notes(ctx, session),
        ),
        titles=ctx.network_titles,
        networks=ctx.networks,
        account_networks=ctx.networks.by_account,
        url=ctx.slack.workspace,
        at=at,
        pause=pause.sentence if pause is not None else None,
        alarms=tuple(home_line(alarm, ctx.network_titles, accounts) for alarm in Alarm.active(session)),
        today=today.count_today(session, midnights[-2], midnights[-1], heard=heard[-1]),
        week=tuple(zip(_day_labels(midnights, zone), heard, strict=True)),
        page=page if waiting.total else 0,
        filter=HomeFilter(_filter_choices(ctx, session), chosen),
    )


def _without_private_words(listing: Listing) -> Listing:
    """The same list; of private tickets it has neither their words nor ours."""
    return replace(
        listing, first=tuple(_without_words(one) if one.is_private else one for one in listing.first)
    )


def _without_words(one: TicketEntry) -> TicketEntry:
    reply = replace(one.reply, text="") if one.reply is not None else None
    return replace(one, words=private_notices.PRIVATE_TEXT, media=None, reply=reply)


def _ticket_filter(chosen: HomeFilterValue) -> OpenTicketFilter:
    if chosen.track is not None:
        return OpenTicketFilter(tracks=(chosen.track,))
    if chosen.network is not None and chosen.account is not None:
        key = (chosen.network, chosen.account)
        return OpenTicketFilter(accounts=(AccountFilter("", (key,)),))
    return open_tickets.ALL_OPEN


def _filter_choices(ctx: BotContext, session: Session) -> tuple[FilterChoice, ...]:
    """Our accounts, and what else Heard listens for, the newest first; nothing where there is one account."""
    accounts = [one for one in Account.all(session) if one.source is not None]
    query = select(Track.id, Track.query).where(Track.removed_at.is_(None), Track.kind != MENTIONS_TRACK)
    tracks = session.execute(query.order_by(Track.id.desc()).limit(CHOICES_MAX)).all()
    if len(accounts) + len(tracks) < 2:  # noqa: PLR2004 - to choose takes two
        return ()
    titles = ctx.network_titles
    return (
        *(
            FilterChoice(
                HomeFilterValue(network=one.network, account=one.network_id),
                f"{one.at_handle} on {titles.get(one.network, one.network)}",
            )
            for one in accounts
        ),
        *(FilterChoice(HomeFilterValue(track=one.id), f"Track {one.id}: {one.query}") for one in tracks),
    )


def unread_sources(ctx: BotContext, session: Session) -> list[Cursor | Gap]:
    """What of our networks is not known to have been read, so that nobody takes it for nothing."""
    late = ctx.now() - ctx.max_read_age
    return open_tickets.list_failing_reads(session, late_before=late, networks=ctx.networks)


def _midnights(at: datetime, zone: ZoneInfo) -> list[datetime]:
    """With which each of the last days began, by the clocks of `zone`, and tomorrow will."""
    day = at.astimezone(zone).date()
    days = [day + timedelta(days=number) for number in range(1 - CHART_DAYS, 2)]
    return [datetime.combine(one, time(), zone).astimezone(UTC) for one in days]


def _day_labels(midnights: list[datetime], zone: ZoneInfo) -> list[str]:
    return [f"{midnight.astimezone(zone):%a} {midnight.astimezone(zone).day}" for midnight in midnights[:-1]]


def _record_shown(ctx: BotContext, user: str, shown: str | None) -> None:
    ctx.try_write(lambda session: HomeTab.record_published(session, user, shown))


JOBS = (ScheduledJob("homes", refresh, REFRESH_INTERVAL_SECONDS),)
