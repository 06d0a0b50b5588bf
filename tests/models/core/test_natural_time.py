"""What people type for a moment to come, in their own zone, across changes of the clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.core.base import RuleBrokenError
from models.core.natural_time import AHEAD_MAX, UnreadableTimeError, format_local, parse_time

LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 11, 26, 12, 13, tzinfo=UTC)  # a Thursday
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "Asia/Kolkata",
    )
]
zones = st.sampled_from(ZONES)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def local(text: str, now: datetime = NOW, zone: ZoneInfo = LISBON) -> str:
    return f"{parse_time(text, now=now, zone=zone).astimezone(zone):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2h", "Thu 2026-11-26 14:13"),
        ("90 min", "Thu 2026-11-26 13:43"),
        ("1h30m", "Thu 2026-11-26 13:43"),
        ("1h 30", "Thu 2026-11-26 13:43"),
        ("1.5h", "Thu 2026-11-26 13:43"),
        ("half an hour", "Thu 2026-11-26 12:43"),
        ("in 2 hours and 5 minutes", "Thu 2026-11-26 14:18"),
        ("1w", "Thu 2026-12-03 12:13"),
        ("2 days", "Sat 2026-11-28 12:13"),
        ("tomorrow", "Fri 2026-11-27 09:00"),
        ("tomorrow 9", "Fri 2026-11-27 09:00"),
        ("Tomorrow 9am", "Fri 2026-11-27 09:00"),
        ("tmrw at 9 pm", "Fri 2026-11-27 21:00"),
        ("tomorrow morning", "Fri 2026-11-27 09:00"),
        ("fri 14:30", "Fri 2026-11-27 14:30"),
        ("on friday", "Fri 2026-11-27 09:00"),
        ("thu 14:00", "Thu 2026-11-26 14:00"),  # still to come today
        ("thu 9:00", "Thu 2026-12-03 09:00"),
        ("next thu 14:00", "Thu 2026-12-03 14:00"),
        ("next monday", "Mon 2026-11-30 09:00"),
        ("next week", "Mon 2026-11-30 09:00"),
        ("eod", "Thu 2026-11-26 17:00"),
        ("today 18:00", "Thu 2026-11-26 18:00"),
        ("tonight", "Thu 2026-11-26 20:00"),
        ("14:30", "Thu 2026-11-26 14:30"),
        ("9am", "Fri 2026-11-27 09:00"),
        ("12am", "Fri 2026-11-27 00:00"),
        ("2026-12-01 10:00", "Tue 2026-12-01 10:00"),
        ("2026-12-01T10:00", "Tue 2026-12-01 10:00"),
        ("2026-12-01", "Tue 2026-12-01 09:00"),
        ("1 Dec 10am", "Tue 2026-12-01 10:00"),
        ("Dec 1", "Tue 2026-12-01 09:00"),
        ("1 Nov", "Mon 2027-11-01 09:00"),
        ("  until   fri  14:30 ", "Fri 2026-11-27 14:30"),
        # in the usual English order, and as people type it in a hurry
        ("9am tomorrow", "Fri 2026-11-27 09:00"),
        ("until 9am tomorrow please", "Fri 2026-11-27 09:00"),
        ("it until 9am tomorrow, thanks :pray:", "Fri 2026-11-27 09:00"),
        ("for 2h", "Thu 2026-11-26 14:13"),
        ("an hour from now", "Thu 2026-11-26 13:13"),
        ("3pm friday", "Fri 2026-11-27 15:00"),
        ("3pm on Friday.", "Fri 2026-11-27 15:00"),
        ("noon tomorrow", "Fri 2026-11-27 12:00"),
        ("12 noon tomorrow", "Fri 2026-11-27 12:00"),
        ("at 9 tomorrow", "Fri 2026-11-27 09:00"),
        ("9 tomorrow morning", "Fri 2026-11-27 09:00"),
        ("tomorrow at 7 in the evening", "Fri 2026-11-27 19:00"),
        ("9 o'clock tomorrow", "Fri 2026-11-27 09:00"),
        ("9 p.m. tomorrow", "Fri 2026-11-27 21:00"),
        ("tomorrow @ 9", "Fri 2026-11-27 09:00"),
        ("tomorrow - 9am", "Fri 2026-11-27 09:00"),
        ("9:30 next monday", "Mon 2026-11-30 09:30"),
        ("monday morning at 9:30", "Mon 2026-11-30 09:30"),
        ("tuesday next week 10am", "Tue 2026-12-01 10:00"),
        ("tonight at 9", "Thu 2026-11-26 21:00"),
        ("9pm tonight", "Thu 2026-11-26 21:00"),
        ("this evening", "Thu 2026-11-26 18:00"),
        ("eod friday", "Fri 2026-11-27 17:00"),
        ("end of day tomorrow", "Fri 2026-11-27 17:00"),
        ("first thing tomorrow", "Fri 2026-11-27 09:00"),
        ("the day after tomorrow", "Sat 2026-11-28 09:00"),
        ("in 2 days at 9am", "Sat 2026-11-28 09:00"),
        ("10am on the 5th", "Sat 2026-12-05 10:00"),
        ("Fri 27 Nov, 10:00", "Fri 2026-11-27 10:00"),
        ("at 9 on 1 Dec", "Tue 2026-12-01 09:00"),
        # hours and minutes with an h between them are what a clock shows, but for the few of a short wait
        ("17h30", "Thu 2026-11-26 17:30"),
        ("17 h 30", "Thu 2026-11-26 17:30"),
        ("9h30", "Fri 2026-11-27 09:30"),
        ("17h30 tomorrow", "Fri 2026-11-27 17:30"),
        ("tomorrow 3h30", "Fri 2026-11-27 03:30"),
        ("17h tomorrow", "Fri 2026-11-27 17:00"),
        ("1h30", "Thu 2026-11-26 13:43"),
        ("17h30m", "Fri 2026-11-27 05:43"),
        ("26h30", "Fri 2026-11-27 14:43"),
    ],
)
def test_what_people_write(text: str, wanted: str) -> None:
    assert local(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *(
            "9",
            "today",
            "soon",
            "5/12",
            "25:00",
            "13pm",
            "2026-02-30",
            "2 minutes ago",
            "three hours",
            "mo",
            "fri fri",
        ),
        *(
            "2h tomorrow",
            "9999-99-99",
            "9999-12-31 23:59 9",
            "<!channel>",
            "next",
            "-2h",
            "2 x",
        ),
        *(
            ".5h",
            "½h",
            "1.12.",
            "at 9",
            "9 dec 1",  # 9 December at one, or 1 December at nine?
            "midnight tomorrow",
            "12 tonight",
            "9pm in the morning",
            "fri 28 nov",  # a Saturday
            "monday or tuesday",
            "not tomorrow",
            "tomorrow 9-10",
            "2h " * 40,
        ),
    ],
)
def test_what_is_not_understood_is_refused_with_examples(text: str) -> None:
    with pytest.raises(
        UnreadableTimeError, match=r"I don't understand the time “.+”\. Try `2h`, `90 min`, "
    ) as refused:
        parse_time(text, now=NOW, zone=LISBON)
    assert "<!" not in str(refused.value)


@pytest.mark.parametrize("text", ["today 9:00", "2026-11-26", "0m", "1 Nov 2026"])
def test_what_is_past_is_refused_and_said_back(text: str) -> None:
    with pytest.raises(UnreadableTimeError, match=r"That time has passed: .+ Nov, .+ Europe/Lisbon\. Try "):
        parse_time(text, now=NOW, zone=LISBON)


@pytest.mark.parametrize("text", ["2028-01-01", "54w", "9000h", "99999w", "9999-12-31"])
def test_more_than_a_year_is_too_far(text: str) -> None:
    with pytest.raises(UnreadableTimeError, match=r"That is too far ahead: .+ The limit is one year\."):
        parse_time(text, now=NOW, zone=LISBON)


def test_nothing_typed_asks_for_a_time() -> None:
    with pytest.raises(UnreadableTimeError, match=r"^Enter a time\. Try `2h`"):
        parse_time(" ", now=NOW, zone=LISBON)


def test_a_moment_is_said_back_in_the_zone_of_whoever_typed_it() -> None:
    now = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)  # in Kolkata it is the 27th already

    assert (
        format_local(parse_time("tomorrow 9am", now=now, zone=LISBON), now, LISBON)
        == "Fri 27 Nov, 09:00 Europe/Lisbon"
    )
    kolkata = ZoneInfo("Asia/Kolkata")
    assert (
        format_local(parse_time("tomorrow 9am", now=now, zone=kolkata), now, kolkata)
        == "Sat 28 Nov, 09:00 Asia/Kolkata"
    )
    assert (
        format_local(datetime(2027, 1, 4, 9, tzinfo=UTC), now, LISBON)
        == "Mon 4 Jan 2027, 09:00 Europe/Lisbon"
    )


# --- changes of the clocks ------------------------------------------------------------------------------------


def test_a_day_later_it_is_the_same_time_and_24_hours_later_it_may_not_be() -> None:
    berlin, now = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 28, 11, 0, tzinfo=UTC)

    assert local("1d", now, berlin) == "Sun 2026-03-29 12:00"
    assert local("24h", now, berlin) == "Sun 2026-03-29 13:00"


def test_a_time_that_clocks_skip_becomes_what_they_show_instead() -> None:
    berlin, now = ZoneInfo("Europe/Berlin"), datetime(2026, 3, 28, 11, 0, tzinfo=UTC)

    assert local("tomorrow 2:30", now, berlin) == "Sun 2026-03-29 03:30"


def test_of_a_time_that_comes_twice_the_first_that_is_ahead_counts() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    at_the_first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert parse_time("2:30", now=at_the_first - timedelta(hours=9), zone=berlin) == at_the_first
    assert parse_time("2:30", now=at_the_first, zone=berlin) == at_the_first + timedelta(hours=1)


# --- in either order ------------------------------------------------------------------------------------------

DAYS = [
    *("today", "tomorrow", "tmrw", "on friday", "sat", "next monday", "this sunday", "next week"),
    *("tuesday next week", "the day after tomorrow", "2026-12-24", "24 Dec", "on Dec 24th", "the 24th"),
    *("24 December 2026", "thu 24 dec 2026", "in 3 days"),
]
TIMES = [
    *("9am", "at 9", "9:30", "at 14.30", "9 pm", "17h30", "at 17h", "noon", "eod", "at 9 in the morning"),
    *("9 o'clock", "4 in the afternoon", "12:15 am", "evening", "at 8 in the evening"),
]


@given(st.sampled_from(DAYS), st.sampled_from(TIMES), moments, zones)
def test_day_and_time_in_either_order_are_the_same_moment(
    day: str, at: str, now: datetime, zone: ZoneInfo
) -> None:
    assert moment_of(f"{day} {at}", now, zone) == moment_of(f"{at} {day}", now, zone)


def moment_of(text: str, now: datetime, zone: ZoneInfo) -> datetime | str:
    """The moment, or why it is none: it may be over, or beyond a year."""
    try:
        return parse_time(text, now=now, zone=zone)
    except UnreadableTimeError as refused:
        assert "I don't understand the time" not in str(refused), text  # noqa: PT017
        return str(refused)


BLANKS = [" ", "\u00a0", "\u2009", "\u200a", "\u202f", "\u3000", "\t", "\u200b", "\ufeff", " \u2060"]
WRAPPINGS = ["{}", "*{}*", "_{}_", "`{}`", "~{}~", "“{}”", '"{}"', "({})", "{}.", "{}!", "until {}, please"]


@given(
    st.sampled_from(DAYS),
    st.sampled_from(TIMES),
    st.sampled_from(BLANKS),
    st.sampled_from(WRAPPINGS),
    moments,
)
def test_white_space_and_marks_do_not_change_a_moment(
    day: str, at: str, blank: str, around: str, now: datetime
) -> None:
    plain = f"{day} {at}"

    typed = around.format(plain.replace(" ", blank)).upper()

    assert moment_of(typed, now, LISBON) == moment_of(plain, now, LISBON)


@given(st.integers(6, 23), st.integers(0, 59), moments, zones)
def test_hours_h_minutes_is_what_a_clock_shows(hour: int, minute: int, now: datetime, zone: ZoneInfo) -> None:
    meant = parse_time(f"{hour}:{minute:02}", now=now, zone=zone)

    for text in (f"{hour}h{minute:02}", f"{hour:02}h{minute:02}", f"{hour} h {minute:02}"):
        assert parse_time(text, now=now, zone=zone) == meant


# --- whatever is typed ----------------------------------------------------------------------------------------


@given(st.text(max_size=40) | st.from_regex(r"[a-z0-9 :.,-]{0,20}", fullmatch=True), moments, zones)
def test_whatever_is_typed_is_a_moment_within_a_year_or_a_sentence(
    text: str, now: datetime, zone: ZoneInfo
) -> None:
    try:
        at = parse_time(text, now=now, zone=zone)
    except RuleBrokenError as refused:
        assert str(refused).endswith("`2026-12-01 10:00`.")  # noqa: PT017
    else:
        assert now < at <= now + AHEAD_MAX
        assert at.tzinfo is UTC


@given(st.integers(1, 500), st.integers(1, 59), moments, zones)
def test_hours_and_minutes_are_real_time(hours: int, minutes: int, now: datetime, zone: ZoneInfo) -> None:
    wanted = now + timedelta(hours=hours, minutes=minutes)

    for text in (
        f"{hours}h{minutes}m",
        f"{hours} hours {minutes} min",
        f"in {hours} h and {minutes} minutes",
    ):
        assert parse_time(text, now=now, zone=zone) == wanted


@given(st.integers(0, 364), st.times(), moments, zones)
def test_a_date_and_time_is_what_the_clocks_of_the_zone_show_then(
    days: int, at: time, now: datetime, zone: ZoneInfo
) -> None:
    day: date = now.astimezone(zone).date() + timedelta(days=days)
    wall = datetime.combine(day, at.replace(second=0, microsecond=0))
    meant = wall.replace(tzinfo=zone).astimezone(UTC)
    is_skipped = meant.astimezone(zone).replace(tzinfo=None) != wall
    if meant <= now:
        return

    shown = parse_time(f"{wall:%Y-%m-%d %H:%M}", now=now, zone=zone).astimezone(zone).replace(tzinfo=None)

    assert shown == wall or (is_skipped and shown > wall)


@given(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), st.times(), moments, zones)
def test_a_weekday_is_within_a_week_and_that_day(day: str, at: time, now: datetime, zone: ZoneInfo) -> None:
    meant = parse_time(f"{day} {at:%H:%M}", now=now, zone=zone)

    assert now < meant <= now + timedelta(days=7, hours=2)
    assert f"{meant.astimezone(zone):%a}".lower() == day


@given(moments, moments, zones)
def test_what_is_said_back_can_be_typed(now: datetime, other: datetime, zone: ZoneInfo) -> None:
    at = now + abs(other - now) % timedelta(days=300) + timedelta(hours=30)
    at = at.replace(second=0, microsecond=0)
    shown = format_local(at, now, zone)
    said = shown.partition(" ")[2].removesuffix(f" {zone.key}")

    again = parse_time(said, now=now, zone=zone)

    assert format_local(again, now, zone) == shown
