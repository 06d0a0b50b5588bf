"""The digest: once a day, and once a week, in the channel, at a time of the team's own clocks.

Whichever worker comes first writes it: that it was written, or that there was nothing to say, is noted in the
transaction that tells it. After a breakdown the last one comes late; those before it never do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.jobs.stats_rollup import fill_office_times
from bot.notices import reading_notices
from bot.scheduled_job import ScheduledJob
from bot.slack import home_tab
from bot.slack.blocks.commands import digest as face
from bot.slack.blocks.commands.digest import TICKETS_LISTED_MAX, Digest
from bot.slack.blocks.commands.help_text import incomplete_notes
from models import Account, Notice, ProcessedRequest
from models.core.period import Period, StatsQuery
from models.issues import queries
from models.reports import digest, open_tickets
from models.reports.report import build_report

CHECK_INTERVAL_SECONDS = 60.0  # seconds between two looks at the clock
DIGEST_MAX_DELAY = timedelta(days=2)  # a weekly one that is older is left out
THANKS_LIMIT, PROBLEMS_LIMIT = 3, 3
SOURCES_LIMIT = 5  # accounts, and tracks
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Edition:
    """One digest that is due: its key, the moment that it is of, and the whole days that it tells of."""

    key: str
    at: datetime
    periods: tuple[tuple[str, Period], ...]  # by name, the longest at the end


def write_due(ctx: BotContext) -> None:
    """Write whatever is due and was not written yet."""
    at = ctx.now()
    due = [*_due_editions(ctx, at)]
    with ctx.db.read() as session:
        since = digest.first_cursor_at(session)
        known = set(
            session.scalars(
                select(ProcessedRequest.key).where(ProcessedRequest.key.in_([one.key for one in due]))
            )
        )
    for edition in due:
        # Of a time when nobody listened there is nothing to tell.
        if since is not None and since < edition.at and edition.key not in known:
            _write_edition(ctx, edition, at)
            return  # the weekly one tells of the day as well


def _due_editions(ctx: BotContext, at: datetime) -> Iterator[_Edition]:
    """The last weekly one, and then the last daily one."""
    clock, weekday, zone = ctx.settings.digest_time, ctx.settings.digest_weekday, ctx.settings.office.zone
    if clock is None:
        return
    today = at.astimezone(zone).date()

    def moment(days: int) -> datetime:
        return datetime.combine(today - timedelta(days=days), clock, zone).astimezone(UTC)

    def days_before(ago: int, number: int) -> Period:
        """So many whole days, the last of them that before the digest of so many days ago."""
        end = today - (ago + 1) * _DAY
        return Period(end - (number - 1) * _DAY, end, zone, at)

    last = 0 if moment(0) <= at else 1
    if weekday is not None:
        ago = last + (today - last * _DAY - weekday * _DAY).weekday()
        if at - moment(ago) < DIGEST_MAX_DELAY:
            periods = (("day", days_before(ago, 1)), ("week", days_before(ago, 7)))
            yield _Edition(_edition_key("week", today - ago * _DAY), moment(ago), periods)
    yield _Edition(_edition_key("day", today - last * _DAY), moment(last), (("day", days_before(last, 1)),))


def _edition_key(kind: str, day: date) -> str:
    return f"digest of the {kind} {day}"


def _write_edition(ctx: BotContext, edition: _Edition, at: datetime) -> None:
    """Tell it, unless somebody else has or there is nothing to say; either way it is done."""
    fill_office_times(ctx)
    with ctx.db.read() as session:
        told = _read_edition(ctx, session, edition, at)
    with ctx.db.write() as session:
        if not ProcessedRequest.claim_key(session, edition.key, at=at):
            return
        if edition.key.startswith("digest of the week"):
            ProcessedRequest.claim_key(
                session, _edition_key("day", edition.at.astimezone(ctx.settings.office.zone).date()), at=at
            )
        if not told.is_quiet:
            channel = ctx.settings.slack_channel
            Notice.enqueue(
                session,
                face.headline_text(told),
                blocks=face.build_blocks(told),
                at=at,
                channel=channel,
                quotes=[one.mention_id for one in told.thanks],
            )
    ctx.cards_wake.set()


def _read_edition(ctx: BotContext, session: Session, edition: _Edition, at: datetime) -> Digest:
    """The figures are those that `/mentions stats` gives of the same days."""
    target = timedelta(minutes=ctx.settings.first_reply_minutes)
    _, longest = edition.periods[-1]
    return Digest(
        waiting=open_tickets.list_by_wait(session, limit=TICKETS_LISTED_MAX),
        unread=[
            *incomplete_notes(
                home_tab.unread_sources(ctx, session), ctx.network_titles, Account.handles(session)
            ),
            *reading_notices.stopped_notes(ctx, session),
        ],
        periods=tuple(
            (name, build_report(session, StatsQuery(period), target=target))
            for name, period in edition.periods
        ),
        problems=digest.list_problems(session, longest.since, longest.until, limit=PROBLEMS_LIMIT),
        sources=digest.figures_by_source(session, longest, target=target, limit=SOURCES_LIMIT),
        to_tell=queries.count_to_notify(queries.list_fixed_issues(session, at=at)),
        thanks=digest.list_thanks(session, longest.since, longest.until, limit=THANKS_LIMIT),
        titles=ctx.network_titles,
        url=ctx.slack.workspace,
        target=target,
        at=at,
    )


JOBS = (ScheduledJob("digest", write_due, CHECK_INTERVAL_SECONDS),)
