"""Parses what a person asks statistics of: a period in their own time zone, and filters. Pure."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from models.core import period_words
from models.core.account_filter import AccountFilter, list_accounts
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_mrkdwn

PERIOD_MAX_DAYS = 3660
EARLIEST_YEAR = 2006  # the year in which Twitter began
DEFAULT_PERIOD = "7d"
EXAMPLES_HINT = "Try `yesterday`, `7d`, `2026-10` or `2026-10-01..2026-10-15`."

_MONTH_NAMES = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_LAST = re.compile(r"0*([0-9]{1,9})d")
_YEAR = re.compile(r"[0-9]{4}")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{1,2})")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)(?:\|([^>]*))?>")
_TRACK = re.compile(r"track:([0-9]{1,9})", re.IGNORECASE)
_LIKE_A_PERIOD = re.compile(r"[+-]?[0-9][0-9a-z./:-]*|[0-9-]*\.\.[0-9-]*|today|yesterday", re.IGNORECASE)


class PeriodError(RuleBrokenError):
    """The question cannot be answered.

    The message (mrkdwn) says what was understood and what to type instead.
    """


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from `first` to `last` in the local time of `zone`, cut off at `now`.

    A day has 23 hours when clocks go forward and 25 when they go back.
    """

    first: date
    last: date
    zone: ZoneInfo
    now: datetime
    back: int = 0  # days by which it lies earlier than what it is compared with

    @property
    def since(self) -> datetime:
        """The first moment of the period, in UTC."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after the period, in UTC: its last midnight, or now."""
        wall = self.now.astimezone(self.zone).replace(tzinfo=None) - timedelta(days=self.back)
        return min(
            _midnight(_day_after(self.last), self.zone), wall.replace(tzinfo=self.zone).astimezone(UTC)
        )

    @property
    def days(self) -> tuple[date, ...]:
        """Its days, in order."""
        return tuple(map(date.fromordinal, range(self.first.toordinal(), self.last.toordinal() + 1)))

    @property
    def before(self) -> "Period":
        """The period of the same length just before, cut off at the same time of day."""
        length = self.last.toordinal() - self.first.toordinal() + 1
        back = timedelta(days=length)
        return Period(self.first - back, self.last - back, self.zone, self.now, self.back + length)

    @property
    def label(self) -> str:
        """What people read: `1 to 15 October 2026, Europe/Lisbon`."""
        return f"{_format_span(self.first, self.last)}, {self.zone.key}"


@dataclass(frozen=True, slots=True)
class StatsQuery:
    """A period, and filters: one teammate (Slack id), Slack channel (id), network, account or track (id).

    None for all.
    """

    period: Period
    person: str | None = None
    channel: str | None = None
    network: str | None = None
    account: AccountFilter | None = None
    track: int | None = None


def _no_account(_handle: str) -> None:
    """No handle is one of ours."""


@dataclass(frozen=True, slots=True)
class NameLookup:
    """Looks up what a question can name: Slack ids of teammates and channels by name, titles of networks.

    And our accounts by handle, of which `handles` lists those that are connected.
    """

    person: Callable[[str], str | None]
    channel: Callable[[str], str | None]
    networks: Mapping[str, str]
    account: Callable[[str], AccountFilter | None] = _no_account
    handles: Sequence[str] = ()


def parse_stats_query(typed: str, *, zone: ZoneInfo, now: datetime, known: NameLookup) -> StatsQuery:
    """Parse the arguments of `stats`: a period and filters, in any order.

    Raises `PeriodError` if they cannot be read or name two of a kind.
    """
    period: Period | None = None
    filters: dict[str, Any] = {}
    for word in period_words.split_words(typed):
        found = _parse_filter(word, known)
        if found is not None:
            kind, name = found
            if filters.get(kind, name) != name:
                raise PeriodError(f"Use only one of each kind: {kind}, such as {_example(kind)}.")
            filters[kind] = name
            continue
        if not looks_like_period(word):
            raise PeriodError(_unknown_word_message(word, known))
        if period is not None:
            raise PeriodError(
                f"That's two periods, {period.label} and “{escape_mrkdwn(word)}”: use only one. "
                f"{EXAMPLES_HINT}"
            )
        period = parse_period(word, zone=zone, now=now)
    return StatsQuery(period or parse_period(DEFAULT_PERIOD, zone=zone, now=now), **filters)


def looks_like_period(word: str) -> bool:
    """Whether `word` is meant as a period, even if it is not a valid one."""
    named = word.lower() in period_words.NAMED_PERIODS or period_words.month_number(word) is not None
    return named or _LIKE_A_PERIOD.fullmatch(word) is not None


def parse_period(word: str, *, zone: ZoneInfo, now: datetime) -> Period:
    """Parse a period: `today`, `7d`, `2026`, `2026-10`, `2026-10-03`, `2026-10-01..2026-10-15`, `last-week`.

    Raises `PeriodError` if it cannot be read, is in the future, too long or too long ago.
    """
    low, today = word.lower(), now.astimezone(zone).date()
    if low in {"today", "yesterday"}:
        day = today if low == "today" else date.fromordinal(today.toordinal() - 1)
        return Period(day, day, zone, now)
    if low in period_words.NAMED_PERIODS:
        return _calendar_period(*low.split("-"), zone=zone, now=now)
    if (month := period_words.month_number(low)) is not None:  # the last one of that name that has begun
        low = f"{today.year - (month > today.month)}-{month:02}"
    if last := _LAST.fullmatch(low):
        length = int(last[1])
        if not 1 <= length <= PERIOD_MAX_DAYS:
            raise PeriodError(f"“{low}” is not a valid period: use 1d to {PERIOD_MAX_DAYS}d.")
        return Period(date.fromordinal(today.toordinal() - length + 1), today, zone, now)
    first, dots, end = low.partition("..")
    begin, last_day = _parse_days(first, word)
    if dots:
        until, last_day = _parse_days(end, word)
        if until < begin:
            raise PeriodError(
                f"“{escape_mrkdwn(word)}” ends before it begins: swap the dates, `{end}..{first}`.",
            )
    return _checked_period(begin, last_day, word, zone=zone, now=now)


def _calendar_period(which: str, unit: str, *, zone: ZoneInfo, now: datetime) -> Period:
    """The current week, month or year up to today, or the whole one before; weeks begin on Monday."""
    today = now.astimezone(zone).date()
    first = {
        "week": date.fromordinal(today.toordinal() - today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[unit]
    if which == "this":
        return Period(first, today, zone, now)
    last = date.fromordinal(first.toordinal() - 1)
    days = {"week": 7, "month": last.day, "year": last.timetuple().tm_yday}[unit]
    return Period(date.fromordinal(first.toordinal() - days), last, zone, now)


def _checked_period(begin: date, last: date, word: str, *, zone: ZoneInfo, now: datetime) -> Period:
    today = now.astimezone(zone).date()
    if begin > today:
        raise PeriodError(
            f"“{escape_mrkdwn(word)}” is in the future: today is {_format_span(today, today)} in "
            f"{zone.key}. {EXAMPLES_HINT}",
        )
    if begin.year < EARLIEST_YEAR or last.toordinal() - begin.toordinal() >= PERIOD_MAX_DAYS:
        raise PeriodError(
            f"“{escape_mrkdwn(word)}” is too long ago or too long: at most {PERIOD_MAX_DAYS} days. "
            f"{EXAMPLES_HINT}"
        )
    return Period(begin, min(last, today), zone, now)


def _parse_days(text: str, typed: str) -> tuple[date, date]:
    """The first and the last day of a year, a month or a day."""
    try:
        if _YEAR.fullmatch(text):
            return date(int(text), 1, 1), date(int(text), 12, 31)
        if month := _MONTH.fullmatch(text):
            year, number = int(month[1]), int(month[2])
            first = date(year, number, 1)
            return first, first.replace(day=monthrange(year, number)[1])
        if day := _DATE.fullmatch(text):
            one = date(int(day[1]), int(day[2]), int(day[3]))
            return one, one
    except ValueError:
        raise PeriodError(f"There is no day or month “{escape_mrkdwn(text)}”. {EXAMPLES_HINT}") from None
    raise PeriodError(f"I don't understand the period “{escape_mrkdwn(typed)}”. {EXAMPLES_HINT}")


def _parse_filter(word: str, known: NameLookup) -> tuple[str, str | int | AccountFilter] | None:
    """Returns the kind of filter that `word` is and what it names; None if it is none."""
    if (found_id := _parse_id(word)) is not None:
        return found_id
    if word.startswith("@") and len(word) > 1:
        return _parse_name(word, known)
    if word.startswith("#") and len(word) > 1:
        found = known.channel(word[1:])
        if found is None:
            raise PeriodError(
                f"No mentions are shown in “{escape_mrkdwn(word)}”: pick one from Slack's list as you "
                f"type #.",
            )
        return "channel", found
    for name, title in known.networks.items():
        if word.lower() in {name.lower(), title.lower()}:
            return "network", name
    return None


def _parse_id(word: str) -> tuple[str, str | int] | None:
    """A teammate or a channel as Slack writes it, or a track by its number."""
    if person := _PERSON.fullmatch(word):
        return "person", person[1]
    if channel := _CHANNEL.fullmatch(word):
        return "channel", channel[1]
    if track := _TRACK.fullmatch(word):
        return "track", int(track[1])
    return None


def _parse_name(word: str, known: NameLookup) -> tuple[str, str | AccountFilter]:
    """Slack sends teammates as `<@U1>`, so a plain handle is one of ours rather than a teammate's name."""
    account = known.account(word[1:])
    if account is not None:
        return "account", account
    found = known.person(word[1:])
    if found is None:
        raise PeriodError(
            f"I don't know anyone called “{escape_mrkdwn(word)}”: pick them from Slack's list while you "
            f"type @.{list_accounts(known.handles)}",
        )
    return "person", found


def _unknown_word_message(word: str, known: NameLookup) -> str:
    networks = ", ".join(f"`{name}`" for name in known.networks)
    return (
        f"Unknown word “{escape_mrkdwn(word)}”. Use a period such as `7d` or `2026-10`, and optionally a "
        f"person (`@ana`), a channel (`#support`), a network ({networks or 'none is connected'}), one of "
        "our accounts (`@handle`) or a track (`track:7`)."
    )


def _example(kind: str) -> str:
    return {"person": "`@ana`", "channel": "`#support`", "account": "`@fernpress`", "track": "`track:7`"}.get(
        kind, "`x`"
    )


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of `day`, also where clocks skip midnight or show it twice."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _format_span(first: date, last: date) -> str:
    """`3 October 2026`, `1 to 15 October 2026`, `October 2026`, `28 September to 3 October 2026`, `2026`."""
    if first == last:
        return _format_day(first)
    if (first.day, last) == (1, last.replace(day=monthrange(last.year, last.month)[1])):
        if (first.year, first.month) == (last.year, last.month):
            return f"{_MONTH_NAMES[first.month - 1]} {first.year}"
        if (first.year, first.month, last.month) == (last.year, 1, 12):
            return str(first.year)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} to {_format_day(last)}"
    if first.year == last.year:
        return f"{first.day} {_MONTH_NAMES[first.month - 1]} to {_format_day(last)}"
    return f"{_format_day(first)} to {_format_day(last)}"


def _format_day(day: date) -> str:
    return f"{day.day} {_MONTH_NAMES[day.month - 1]} {day.year}"
