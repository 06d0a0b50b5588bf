"""Ledger → the Home tab of whoever looks at it: at once when they open it or act there, else now and then."""

import logging
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from bot.context import Desk
from bot.jobs.watchdog import read_within
from bot.slack.alarm_text import in_a_line
from bot.slack.blocks.commands.help_text import may_be_short
from bot.slack.blocks.home import MINE, WAITING, Shown, digest, home, page_of, refusal
from bot.slack.client import SlackError, SlackLaterError, SlackNoError
from bot.slack.membership import Kind, access_of
from bot.slack.user_timezone import zone_of
from models import Alarm, Cursor, Gap, Home, Pause
from models.reports import drafts, open_tickets, today

log = logging.getLogger(__name__)

EVERY = 30.0  # seconds: no Home is drawn again more often because of what happens elsewhere
AT_A_TIME = 45  # Homes: https://docs.slack.dev/reference/methods/views.publish takes 100 a minute
DAYS = 7  # of the chart
LOOKED_AT = timedelta(minutes=10)  # so long after the last sign of life nobody may be looking any more


def show(
    desk: Desk, user: str, *, notice: str | None = None, seen: str | None = None, page: int | None = None
) -> None:
    """Publish Home for `user`, who looks at it now.

    `notice` is what to tell them on top. `seen` is the private_metadata of what Slack shows them: the very
    same is not published again. `page` of the open queue is the one that they turn to, else where they were.
    Whoever is no member is shown why there is nothing to see.
    """
    refused = access_of(desk, user).refusal
    view = _drawn(desk, user, notice, page) if refused is None else refusal(refused)
    if view["private_metadata"] == seen:
        _remember(desk, user, digest(view))
        return
    try:
        desk.slack.publish_home(user, view)
    except SlackError as error:
        log.warning("a Home could not be published: %s", error)
    else:
        _remember(desk, user, digest(view))


def _drawn(desk: Desk, user: str, notice: str | None, page: int | None) -> dict[str, Any]:
    """The Home of a member as the ledger has it now; that they look at it is noted."""
    zone = zone_of(desk, user)
    desk.note(lambda session: Home.looked_at(session, user, at=desk.now()))
    with desk.db.read() as session:
        if page is None:
            known = session.get(Home, user)
            page = page_of(known.digest if known is not None else None)
        return home(read(desk, session, user, zone=zone, page=page), notice)


def refresh(desk: Desk) -> None:
    """Publish each Home anew that somebody may be looking at, if it shows something else by now.

    Slack takes a hundred a minute, and this comes twice in one; what is left over comes first the next time,
    for what stayed the same is not published.
    """
    with desk.db.read() as session:
        looked_at = Home.looked_at_since(session, desk.now() - LOOKED_AT)
    published = 0
    for one in looked_at:
        if desk.stop.is_set() or published == AT_A_TIME:
            return
        view = _view_for(desk, one)
        if view is None:
            continue
        if digest(view) == one.digest:
            if one.is_stale:
                _remember(desk, one.user_id, digest(view))
            continue
        try:
            desk.slack.publish_home(one.user_id, view)
        except SlackLaterError as later:
            log.info("Homes wait: %s", later)
            return
        except SlackError as error:
            log.warning("a Home could not be refreshed: %s", error)
            if one.is_stale and isinstance(error, SlackNoError):  # there is nobody to show it to
                _remember(desk, one.user_id, one.digest)
        else:
            published += 1
            _remember(desk, one.user_id, digest(view))


def _view_for(desk: Desk, one: Home) -> dict[str, Any] | None:
    """What that person's Home shows now; None if Slack does not say whether they are a member."""
    access = access_of(desk, one.user_id)
    if access.kind is Kind.UNKNOWN:
        return None
    if access.refusal is not None:  # no member any more
        return refusal(access.refusal)
    zone = zone_of(desk, one.user_id)
    with desk.db.read() as session:
        return home(read(desk, session, one.user_id, zone=zone, page=page_of(one.digest)))


def read(desk: Desk, session: Session, user: str, *, zone: ZoneInfo, page: int = 0) -> Shown:
    """Gather what the Home of `user` shows; their day begins at midnight in `zone`."""
    pause, at = Pause.now(session), desk.now()
    midnights = _midnights(at, zone)
    waiting = open_tickets.waiting(session, limit=WAITING, after=page * WAITING)
    if not waiting.first and waiting.total:  # others have closed what was on that page
        page = (waiting.total - 1) // WAITING
        waiting = open_tickets.waiting(session, limit=WAITING, after=page * WAITING)
    heard = today.by_day(session, midnights)
    return Shown(
        drafts=tuple(drafts.kept_for(session, user)),
        mine=open_tickets.owned(session, user, limit=MINE),
        waiting=waiting,
        unread=tuple(may_be_short(unread(desk, session), desk.titles)),
        titles=desk.titles,
        networks=desk.networks,
        url=desk.slack.workspace,
        at=at,
        pause=pause.sentence if pause is not None else None,
        broken=tuple(in_a_line(alarm, desk.titles) for alarm in Alarm.ringing(session)),
        today=today.today(session, midnights[-2], midnights[-1], heard=heard[-1]),
        week=tuple(zip(_days(midnights, zone), heard, strict=True)),
        page=page if waiting.total else 0,
    )


def unread(desk: Desk, session: Session) -> list[Cursor | Gap]:
    """What of our networks is not known to have been read, so that nobody takes it for nothing."""
    late = desk.now() - read_within(desk)
    return open_tickets.unread(session, late_before=late, networks=desk.networks)


def _midnights(at: datetime, zone: ZoneInfo) -> list[datetime]:
    """With which each of the last days began, by the clocks of `zone`, and tomorrow will."""
    day = at.astimezone(zone).date()
    days = [day + timedelta(days=number) for number in range(1 - DAYS, 2)]
    return [datetime.combine(one, time(), zone).astimezone(UTC) for one in days]


def _days(midnights: list[datetime], zone: ZoneInfo) -> list[str]:
    return [f"{midnight.astimezone(zone):%a} {midnight.astimezone(zone).day}" for midnight in midnights[:-1]]


def _remember(desk: Desk, user: str, shown: str | None) -> None:
    desk.note(lambda session: Home.shows(session, user, shown))
