"""The digest: once a day, and once a week, in the channel, at a time of the team's own clocks.

Whichever worker comes first writes it: that it was written, or that there was nothing to say, is noted in the
transaction that tells it. After a breakdown the last one comes late; those before it never do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.jobs.stats_rollup import fill
from bot.slack import home_tab
from bot.slack.blocks.commands import digest as face
from bot.slack.blocks.commands.digest import LISTED, Digest
from bot.slack.blocks.commands.help_text import may_be_short
from models import Inbound, Notice
from models.core.period import Period, Question
from models.issues import queries
from models.reports import digest, open_tickets
from models.reports.report import report

EVERY = 60.0  # seconds between two looks at the clock
LATE = timedelta(days=2)  # a weekly one that is older is left out
THANKS, PROBLEMS = 3, 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Edition:
    """One digest that is due: its key, the moment that it is of, and the whole days that it tells of."""

    key: str
    at: datetime
    periods: tuple[tuple[str, Period], ...]  # by name, the longest at the end


def tick(desk: Desk) -> None:
    """Write whatever is due and was not written yet."""
    at = desk.now()
    due = [*_due(desk, at)]
    with desk.db.read() as session:
        since = digest.listening_since(session)
        known = set(session.scalars(select(Inbound.key).where(Inbound.key.in_([one.key for one in due]))))
    for edition in due:
        # Of a time when nobody listened there is nothing to tell.
        if since is not None and since < edition.at and edition.key not in known:
            _write(desk, edition, at)
            return  # the weekly one tells of the day as well


def _due(desk: Desk, at: datetime) -> Iterator[_Edition]:
    """The last weekly one, and then the last daily one."""
    clock, weekday, zone = desk.settings.digest_time, desk.settings.digest_weekday, desk.settings.office.zone
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
        if at - moment(ago) < LATE:
            periods = (("day", days_before(ago, 1)), ("week", days_before(ago, 7)))
            yield _Edition(_key("week", today - ago * _DAY), moment(ago), periods)
    yield _Edition(_key("day", today - last * _DAY), moment(last), (("day", days_before(last, 1)),))


def _key(kind: str, day: date) -> str:
    return f"digest of the {kind} {day}"


def _write(desk: Desk, edition: _Edition, at: datetime) -> None:
    """Tell it, unless somebody else has or there is nothing to say; either way it is done."""
    fill(desk)
    with desk.db.read() as session:
        told = _read(desk, session, edition, at)
    with desk.db.write() as session:
        if not Inbound.is_new(session, edition.key, at=at):
            return
        if edition.key.startswith("digest of the week"):
            Inbound.is_new(
                session, _key("day", edition.at.astimezone(desk.settings.office.zone).date()), at=at
            )
        if not told.is_quiet:
            channel = desk.settings.slack_channel
            Notice.tell(
                session,
                face.headline(told),
                blocks=face.blocks(told),
                at=at,
                channel=channel,
                quotes=[one.mention_id for one in told.thanks],
            )
    desk.board_bell.set()


def _read(desk: Desk, session: Session, edition: _Edition, at: datetime) -> Digest:
    """The figures are those that `/mentions stats` gives of the same days."""
    target = timedelta(minutes=desk.settings.first_reply_minutes)
    _, longest = edition.periods[-1]
    return Digest(
        waiting=open_tickets.longest(session, limit=LISTED),
        unread=may_be_short(home_tab.unread(desk, session), desk.titles),
        periods=tuple(
            (name, report(session, Question(period), target=target)) for name, period in edition.periods
        ),
        problems=digest.problems(session, longest.since, longest.until, limit=PROBLEMS),
        to_tell=queries.to_tell(queries.fixed(session, at=at)),
        thanks=digest.thanks(session, longest.since, longest.until, limit=THANKS),
        titles=desk.titles,
        url=desk.slack.workspace,
        target=target,
        at=at,
    )
