"""Office hours: examples by hand, and every answer held against a count of minutes in which clocks change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.core.office_hours import ALWAYS_OPEN, OfficeHours

USUAL = "Mon-Fri 09:00-12:30 13:30-18:00; Sat 10:00-14:00"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(text: str, zone: str = "UTC", holidays: str = "") -> OfficeHours:
    return OfficeHours.parse(text, zone, holidays)


def open_on(day: str, office: OfficeHours) -> timedelta:
    """How long it is open from midnight to midnight by the clocks of its zone."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=office.zone)
    return office.open_time_between(midnight.astimezone(UTC), (midnight + DAY).astimezone(UTC))


# -- by hand: 2 November 2026 is a Monday --


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-02 10:00", 15, "2026-11-02 10:15"),
        ("2026-11-02 12:20", 15, "2026-11-02 13:35"),  # over lunch
        ("2026-11-02 12:15", 15, "2026-11-02 12:30"),  # the end, not the begin after it
        ("2026-11-06 17:50", 15, "2026-11-07 10:05"),  # Friday evening to Saturday
        ("2026-11-07 13:50", 15, "2026-11-09 09:05"),  # over the weekend
        ("2026-11-08 03:00", 15, "2026-11-09 09:15"),
        ("2026-11-08 03:00", 0, "2026-11-08 03:00"),
    ],
)
def test_time_passes_only_while_somebody_is_there(start: str, minutes: int, end: str) -> None:
    assert hours(USUAL).add_open_time(utc(start), timedelta(minutes=minutes)) == utc(end)


def test_a_span_is_open_at_its_begin_and_closed_at_its_end() -> None:
    office = hours(USUAL)

    assert [office.is_open(utc(f"2026-11-02 {at}")) for at in ("08:59", "09:00", "12:29", "12:30")] == [
        False,
        True,
        True,
        False,
    ]


def test_spans_are_by_the_clocks_of_the_zone() -> None:
    office = hours("Mon 09:00-17:00", "Asia/Kolkata")

    assert office.add_open_time(utc("2026-11-01 00:00"), MINUTE) == utc("2026-11-02 03:31")


def test_moments_may_come_in_any_zone_and_go_in_utc() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)  # the first of two

    end = hours("", "Europe/Berlin").add_open_time(start, HOUR)

    assert end == utc("2026-10-25 01:30")
    assert end.tzinfo is UTC
    assert hours("", "Europe/Berlin").open_time_between(start, start.replace(fold=1)) == HOUR


@pytest.mark.parametrize("text", ["", "  ", "Mon-Sun 00:00-24:00"])
def test_without_hours_it_is_always_open(text: str) -> None:
    assert hours(text) == ALWAYS_OPEN
    assert ALWAYS_OPEN.add_open_time(utc("2026-11-07 23:59"), 3 * DAY) == utc("2026-11-10 23:59")
    assert ALWAYS_OPEN.open_time_between(utc("2020-02-01 00:00"), utc("2026-11-08 12:34")) == utc(
        "2026-11-08 12:34"
    ) - utc("2020-02-01 00:00")


def test_nothing_lies_between_a_moment_and_an_earlier_one() -> None:
    assert ALWAYS_OPEN.open_time_between(utc("2026-11-03 00:00"), utc("2026-11-02 00:00")) == timedelta()


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mon-fri 9:00-17:00", "Mon,Tue,Wed,Thu,Fri 09:00-17:00"),
        ("Fri-Mon 09:00-17:00", "Fri,Sat,Sun,Mon 09:00-17:00"),
        ("Mon , Wed - Thu 09:00 - 17:00", "Mon,Wed,Thu 09:00-17:00"),
        ("Mon 09:00-12:00 11:00-17:00", "Mon 09:00-17:00"),
        ("Mon 09:00-12:00; Mon 12:00-17:00", "Mon 09:00-17:00"),
        ("Mon 22:00-00:00", "Mon 22:00-24:00"),
        ("Mon-Mon 09:00-17:00", "Mon 09:00-17:00"),
    ],
)
def test_the_same_hours_may_be_written_in_several_ways(text: str, same: str) -> None:
    assert hours(text) == hours(same)


def test_a_span_past_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    office = hours("Sun 22:00-06:00")

    assert open_on("2026-11-01", office) == 2 * HOUR
    assert open_on("2026-11-02", office) == 6 * HOUR
    assert open_on("2026-11-03", office) == timedelta()


def test_no_span_begins_on_a_holiday_but_one_may_last_into_it() -> None:
    office = hours("Mon-Sun 22:00-06:00", holidays="2026-12-24..2026-12-26, 2027-01-01")

    assert open_on("2026-12-24", office) == 6 * HOUR
    assert open_on("2026-12-25", office) == timedelta()
    assert open_on("2026-12-27", office) == 2 * HOUR
    assert open_on("2027-01-01", office) == 6 * HOUR


def test_holidays_alone_close_whole_days() -> None:
    office = hours("", "Europe/Berlin", "2026-12-24")

    assert open_on("2026-12-23", office) == DAY
    assert open_on("2026-12-24", office) == timedelta()


@pytest.mark.parametrize(
    ("zone", "day", "text", "long"),
    [
        ("Europe/Berlin", "2026-03-29", "Sun 00:00-24:00", 23 * HOUR),
        ("Europe/Berlin", "2026-03-29", "Sun 00:00-02:30", 2 * HOUR),
        ("Europe/Berlin", "2026-03-29", "Sun 02:30-04:00", HOUR),
        ("Europe/Berlin", "2026-03-29", "Sun 02:15-02:45", timedelta()),
        ("Europe/Berlin", "2026-03-29", "Sun 00:00-02:15 02:45-04:00", 3 * HOUR),
        ("Europe/Berlin", "2026-10-25", "Sun 00:00-24:00", 25 * HOUR),
        ("Europe/Berlin", "2026-10-25", "Sun 00:00-02:30", 3.5 * HOUR),
        ("Europe/Berlin", "2026-10-25", "Sun 02:30-04:00", 2.5 * HOUR),
        ("Europe/Berlin", "2026-10-25", "Sun 02:00-02:30 02:30-03:00", 2 * HOUR),
        ("America/New_York", "2026-03-08", "Sun 01:00-05:00", 3 * HOUR),
        ("America/New_York", "2026-11-01", "Sun 01:00-05:00", 5 * HOUR),
        ("Australia/Lord_Howe", "2026-10-04", "Sun 01:00-05:00", 3.5 * HOUR),
        ("Australia/Lord_Howe", "2026-04-05", "Sun 01:00-05:00", 4.5 * HOUR),
        ("Africa/Cairo", "2026-04-24", "Fri 00:30-02:00", HOUR),  # midnight does not exist
        ("Pacific/Apia", "2011-12-29", "Thu 12:00-24:00", 12 * HOUR),  # Friday does not
    ],
)
def test_on_the_day_of_a_change_real_time_counts(zone: str, day: str, text: str, long: timedelta) -> None:
    assert open_on(day, hours(text, zone)) == long


def test_a_span_into_a_missing_day_ends_with_the_day_before() -> None:
    office = hours("Thu 12:00-06:00", "Pacific/Apia")

    assert office.open_time_between(utc("2011-12-29 12:00"), utc("2012-01-01 00:00")) == 12 * HOUR


def test_a_span_goes_on_while_clocks_repeat_the_end_of_its_day() -> None:
    office = hours("Fri 23:50-23:40", "America/St_Johns")  # on Sunday at 00:01 it was Saturday 23:01 again

    assert office.is_open(utc("2010-11-07 02:30:30"))  # Sunday 00:00:30
    assert office.add_open_time(utc("2010-11-07 02:30:30"), 39.5 * MINUTE) == utc("2010-11-07 03:10")


# -- what cannot be read --


@pytest.mark.parametrize(
    "text",
    [
        *("nine to five", "Mon", "09:00-17:00", "Monday 09:00-17:00", "Mon 09:00", "Mon 09:00-17:00;", ";"),
        *("Mon- 09:00-17:00", "-Mon 09:00-17:00", "Mon-,Tue 09:00-17:00", "Mon-Tue-Wed 09:00-17:00"),
        *("Mon 24:00-24:00", "Mon 24:00-06:00", "Mon 09:00-24:01", "Mon 09:60-10:00", "Mon 9-17"),
        *("Mon 09:00-09:00", "Mon 09:00-10:00-11:00", "Mon 09:00-10:00,11:00-12:00", "Mon ٠٩:00-10:00"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"use days and times, such as Mon-Fri 09:00-12:30 "):
        hours(text)


@pytest.mark.parametrize(
    "zone", ["", "Europe", "Middle/Earth", "../etc", "/etc/localtime", "zone.tab", "a\0", "x" * 5000]
)
def test_an_unknown_zone_is_refused_with_an_example(zone: str) -> None:
    with pytest.raises(ValueError, match=r"^use an IANA time zone, such as Europe/Berlin$"):
        hours(USUAL, zone)


@pytest.mark.parametrize(
    "holidays",
    [
        *("Christmas", "2026-02-30", "24.12.2026", "2026-12-24,", "2026-12-24..", "..2026-12-24"),
        *("2027-01-01..2026-12-24", "2026-12-24..2062-01-01", "2026-12-24..2026-12-25..2026-12-26"),
    ],
)
def test_holidays_that_cannot_be_read_are_refused_with_an_example(holidays: str) -> None:
    with pytest.raises(ValueError, match=r"^use dates and ranges of at most a year, such as 2026-10-03, "):
        hours(USUAL, "UTC", holidays)


def test_what_is_more_than_a_century_away_is_refused() -> None:
    office = hours("Sun 09:00-09:01")

    assert office.add_open_time(utc("2026-11-02 00:00"), DAY) == utc("2054-06-07 09:01")
    with pytest.raises(ValueError, match="within a century"):
        office.add_open_time(utc("2026-11-02 00:00"), 10 * DAY)


# -- by counting minutes --


@dataclass(frozen=True)
class Change:
    """A zone, and a day near which its clocks change (or do not)."""

    zone: str
    day: date

    @cache  # noqa: B019 - a handful
    def minutes(self) -> list[tuple[datetime, datetime]]:
        """Four days to each side, minute by minute: in UTC, and what clocks show."""
        zone, begin = ZoneInfo(self.zone), datetime.combine(self.day, time(), UTC) - 4 * DAY
        moments = [begin + n * MINUTE for n in range(8 * 24 * 60)]
        return [(at, at.astimezone(zone).replace(tzinfo=None)) for at in moments]


CHANGES = [
    Change("Europe/Berlin", date(2026, 3, 29)),
    Change("Europe/Berlin", date(2026, 10, 25)),
    Change("America/New_York", date(2026, 3, 8)),
    Change("America/New_York", date(2026, 11, 1)),
    Change("Australia/Lord_Howe", date(2026, 4, 5)),
    Change("Australia/Lord_Howe", date(2026, 10, 4)),
    Change("Africa/Cairo", date(2026, 4, 24)),  # midnight is skipped
    Change("Africa/Cairo", date(2026, 10, 30)),  # midnight comes twice
    Change("America/St_Johns", date(2010, 11, 7)),  # a minute after midnight it is the day before again
    Change("Asia/Kolkata", date(2026, 3, 29)),  # never
]
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

at_night = st.integers(0, 4 * 12).map(lambda n: 5 * n)  # when clocks change
minutes_of_a_day = at_night | st.integers(0, 24 * 60 - 1)
spans = st.tuples(minutes_of_a_day, minutes_of_a_day | st.just(24 * 60)).filter(lambda one: one[0] != one[1])
groups = st.tuples(st.sets(st.integers(0, 6), min_size=1), st.lists(spans, min_size=1, max_size=3))
weeks = st.lists(groups, min_size=1, max_size=3)
changes = st.sampled_from(CHANGES)
offsets = st.integers(-3 * 24 * 60, 3 * 24 * 60)  # minutes from the day of a change


def written(week) -> str:
    return "; ".join(
        ",".join(DAYS[day] for day in sorted(days))
        + "".join(f" {a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in times)
        for days, times in week
    )


def counted(change: Change, week, holidays: set[date]) -> set[datetime]:
    """Each open minute: what lies between the first time that clocks reach a begin and the last that they do an end."""
    minutes = change.minutes()
    found: set[datetime] = set()
    for day in (change.day + n * DAY for n in range(-6, 7)):
        midnight = datetime.combine(day, time())
        for days, times in week if day not in holidays else ():
            for begin, end in times if day.weekday() in days else ():
                closes = midnight + (end if begin < end else end + 24 * 60) * MINUTE
                opens = midnight + begin * MINUTE
                first = next((n for n, (_, wall) in enumerate(minutes) if wall >= opens), len(minutes))
                last = next((n for n in reversed(range(len(minutes))) if minutes[n][1] <= closes), -1)
                over = last if minutes[last][1] == closes else last + 1
                found |= {at for at, _ in minutes[first:over]}
    return found


@given(changes, weeks, st.sets(st.integers(-3, 3), max_size=2), offsets, offsets)
@settings(deadline=None)
def test_it_agrees_with_a_count_of_minutes(change: Change, week, off: set[int], one: int, other: int) -> None:
    holidays = {change.day + n * DAY for n in off}
    office = hours(written(week), change.zone, ", ".join(map(str, holidays)))
    start, end = (change.minutes()[4 * 24 * 60 + n][0] for n in sorted((one, other)))

    opened = counted(change, week, holidays)
    minutes = sorted(at for at in opened if start <= at < end)

    assert office.open_time_between(start, end) == len(minutes) * MINUTE
    assert office.is_open(start) == (start in opened)
    if minutes:
        assert office.add_open_time(start, len(minutes) * MINUTE) == minutes[-1] + MINUTE
        assert office.add_open_time(start, MINUTE / 2) == minutes[0] + MINUTE / 2


@given(changes, weeks, st.integers(-4 * 86_400, 4 * 86_400), st.timedeltas(MINUTE / 60, 2 * DAY))
@settings(deadline=None)
def test_between_start_and_what_comes_after_lies_what_was_worked(
    change: Change, week, seconds: int, worked: timedelta
) -> None:
    office = hours(written(week), change.zone)
    start = change.minutes()[4 * 24 * 60][0] + timedelta(seconds=seconds)

    end = office.add_open_time(start, worked)

    assert office.open_time_between(start, end) == worked
    assert office.is_open(end - timedelta(microseconds=1))  # so it is the first such moment


@given(changes, weeks, st.tuples(*[st.integers(-40 * 86_400, 40 * 86_400)] * 3))
@settings(deadline=None)
def test_parts_add_up(change: Change, week, seconds: tuple[int, int, int]) -> None:
    office = hours(written(week), change.zone)
    a, b, c = (change.minutes()[4 * 24 * 60][0] + timedelta(seconds=one) for one in sorted(seconds))

    assert office.open_time_between(a, b) + office.open_time_between(b, c) == office.open_time_between(a, c)
