"""The digest: once a day, and once a week, in the channel, at a time of the team's own clocks.

The one in `SLACK_CHANNEL` tells of all tickets. A channel whose team has set when its digest comes gets one
of its own tickets.

Whichever worker comes first writes it: that it was written, or that there was nothing to say, is noted in the
transaction that tells it. After a breakdown the last one comes late; those before it never do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.jobs.stats_rollup import fill_office_times, reply_targets
from bot.notices import private_notices, reading_notices
from bot.scheduled_job import ScheduledJob
from bot.slack import home_tab
from bot.slack.blocks.commands import digest as face
from bot.slack.blocks.commands.digest import TICKETS_LISTED_MAX, Digest
from bot.slack.blocks.commands.help_text import incomplete_notes
from models import Account, ChannelSettings, Notice, ProcessedRequest
from models.core.period import Period, StatsQuery
from models.policies.channel_policy import ChannelPolicy
from models.reports import digest, open_tickets
from models.reports.open_tickets import OpenTicketFilter
from models.reports.report import build_report

CHECK_INTERVAL_SECONDS = 60.0  # seconds between two looks at the clock
DIGEST_MAX_DELAY = timedelta(days=2)  # a weekly one that is older is left out
THANKS_LIMIT, PROBLEMS_LIMIT = 3, 3
SOURCES_LIMIT = 5  # accounts, and tracks
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Edition:
    """One digest that is due: the moment that it is of, and the whole days that it tells of.

    It has happened once a row with one of its `keys`, the first, is written. A row with `moment_key`, which
    has the time as well, is there too; alone, it says that nobody wants the one of that time.
    """

    keys: tuple[str, ...]
    at: datetime
    periods: tuple[tuple[str, Period], ...]  # by name, the longest at the end
    channel: str
    is_of_all: bool  # whether it tells of the tickets of all channels

    @property
    def moment_key(self) -> str:
        """The key of this digest if it comes at this time; at another one of the same day it has another."""
        return f"{self.keys[0]} at {self.at:%Y-%m-%d %H:%M} UTC"


def write_due(ctx: BotContext) -> None:
    """Write whatever is due and was not written yet."""
    at = ctx.now()
    with ctx.db.read() as session:
        since = digest.first_cursor_at(session)
        policies = _policies_with_digest(ctx, session)
        due = {policy.channel: [*_due_editions(ctx, policy, at)] for policy in policies}
        keys = [key for editions in due.values() for one in editions for key in (one.keys[0], one.moment_key)]
        done = select(ProcessedRequest.key).where(ProcessedRequest.key.in_(keys))
        known = set(session.scalars(done))
    for editions in due.values():
        # Of a time when nobody listened there is nothing to tell.
        unwritten = (
            one
            for one in editions
            if since is not None and since < one.at and known.isdisjoint({one.keys[0], one.moment_key})
        )
        edition = next(unwritten, None)  # the weekly one tells of the day as well
        if edition is not None:
            _write_edition(ctx, edition, at)


def skip_past(ctx: BotContext, session: Session, channel: str, *, at: datetime) -> None:
    """Have the digest of that channel begin with the next one, as somebody has just set when it comes.

    That of all tickets comes late if it is late. What is left out is the one of that very time: who corrects
    the time within the day still gets it on that day.
    """
    if channel == ctx.settings.slack_channel:
        return
    for edition in _due_editions(ctx, ctx.policy(session, channel), at):
        ProcessedRequest.claim_key(session, edition.moment_key, at=at)


def _policies_with_digest(ctx: BotContext, session: Session) -> list[ChannelPolicy]:
    """Those of the default channel, and of the channels that have set when theirs comes."""
    default = ctx.settings.slack_channel
    own = (one.channel for one in ChannelSettings.with_own_digest(session))
    return [ctx.policy(session, channel) for channel in dict.fromkeys([default, *own])]


def _due_editions(ctx: BotContext, policy: ChannelPolicy, at: datetime) -> Iterator[_Edition]:
    """The last weekly one of that channel, and then the last daily one."""
    clock, weekday, zone = policy.digest_time, policy.digest_weekday, policy.zone
    if clock is None:
        return
    today = at.astimezone(zone).date()
    is_of_all = policy.channel == ctx.settings.slack_channel

    def key(kind: str, day: date) -> str:
        return f"digest of the {kind} {day}{'' if is_of_all else f' in {policy.channel}'}"

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
            keys = tuple(key(kind, today - ago * _DAY) for kind in ("week", "day"))
            yield _Edition(keys, moment(ago), periods, policy.channel, is_of_all)
    daily = (("day", days_before(last, 1)),)
    yield _Edition((key("day", today - last * _DAY),), moment(last), daily, policy.channel, is_of_all)


def _write_edition(ctx: BotContext, edition: _Edition, at: datetime) -> None:
    """Tell it, unless somebody else has or there is nothing to say; either way it is done."""
    fill_office_times(ctx)
    with ctx.db.read() as session:
        told = _read_edition(ctx, session, edition, at)
    with ctx.db.write() as session:
        if not ProcessedRequest.claim_key(session, edition.moment_key, at=at):
            return
        claimed = [ProcessedRequest.claim_key(session, key, at=at) for key in edition.keys]
        if not claimed[0]:
            return
        if not told.is_quiet:
            Notice.enqueue(
                session,
                face.headline_text(told),
                blocks=face.build_blocks(told),
                at=at,
                channel=edition.channel,
                quotes=[one.mention_id for one in told.thanks],
            )
    ctx.cards_wake.set()


def _read_edition(ctx: BotContext, session: Session, edition: _Edition, at: datetime) -> Digest:
    """The figures are those that `/mentions stats` gives of the same days."""
    channel = None if edition.is_of_all else edition.channel
    target, others = reply_targets(ctx, session, channel)
    # A digest stays where it was posted, so it lists public tickets only, also in a private channel.
    waiting = OpenTicketFilter(channels=() if channel is None else (channel,))
    _, longest = edition.periods[-1]
    return Digest(
        waiting=open_tickets.list_by_wait(session, waiting, limit=TICKETS_LISTED_MAX),
        unread=[
            *incomplete_notes(
                home_tab.unread_sources(ctx, session), ctx.network_titles, Account.handles(session)
            ),
            *reading_notices.stopped_notes(ctx, session),
        ],
        periods=tuple(
            (
                name,
                build_report(
                    session, StatsQuery(period, channel=channel), target=target, other_targets=others
                ),
            )
            for name, period in edition.periods
        ),
        problems=digest.list_problems(
            session, longest.since, longest.until, channel=channel, limit=PROBLEMS_LIMIT
        ),
        sources=digest.figures_by_source(
            session, longest, target=target, other_targets=others, limit=SOURCES_LIMIT
        )
        if edition.is_of_all
        else (),
        private=private_notices.hidden_notes(*waiting.count_hidden(session)),
        to_tell=digest.count_to_tell(session, channel=channel, at=at),
        thanks=digest.list_thanks(session, longest.since, longest.until, channel=channel, limit=THANKS_LIMIT),
        titles=ctx.network_titles,
        url=ctx.slack.workspace,
        target=None if others else target,
        at=at,
        channel=channel,
    )


JOBS = (ScheduledJob("digest", write_due, CHECK_INTERVAL_SECONDS),)
