"""Dates of feeds, as their own zone says."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.feed.formats.dates import parse_date

TEN = datetime(2026, 11, 27, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        *[("GMT", 0), ("UT", 0), ("UTC", 0), ("Z", 0), ("+0000", 0), ("-0000", 0), ("", 0), ("WET", 0)],
        *[("CET", 1), ("CEST", 2), ("MEZ", 1), ("MESZ", 2), ("EET", 2), ("EEST", 3), ("BST", 1), ("MSK", 3)],
        *[
            ("EST", -5),
            ("EDT", -4),
            ("CST", -6),
            ("CDT", -5),
            ("MST", -7),
            ("MDT", -6),
            ("PST", -8),
            ("PDT", -7),
        ],
        *[
            ("JST", 9),
            ("KST", 9),
            ("IST", 5.5),
            ("HKT", 8),
            ("SGT", 8),
            ("AEST", 10),
            ("AEDT", 11),
            ("NZDT", 13),
        ],
        *[
            ("+0530", 5.5),
            ("+05:30", 5.5),
            ("-03:00", -3),
            ("-0330", -3.5),
            ("+01", 1),
            ("\N{MINUS SIGN}0500", -5),
        ],
        *[("GMT+2", 2), ("GMT+02:00", 2), ("GMT-0500", -5), ("UTC+2", 2), ("+0200 (CEST)", 2), ("cest", 2)],
        # RFC 2822 section 4.3 has letters of the army and unknown names count as UTC.
        *[("A", 0), ("XYZ", 0), ("+9900", 0)],
    ],
)
def test_a_zone_counts_as_it_says(zone, hours):
    assert parse_date(f"Fri, 27 Nov 2026 10:00:00 {zone}") == TEN - timedelta(hours=hours)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-27T10:00:00Z",
        "2026-11-27t10:00:00.000z",
        "2026-11-27T11:00:00+01:00",
        "2026-11-27T11:00+0100",
        "2026-11-27T15:30:00+05:30",
        "2026-11-27 10:00",
        "2026-11-27 11:00:00 CET",
        "2026-11-27T10:00:00+00:00[Etc/UTC]",
        "20261127T100000Z",
        "2026/11/27 10:00:00",
        "Fri Nov 27 10:00:00 2026",
        "Fri Nov 27 11:00:00 CET 2026",
        "Fri Nov 27 11:00:00 +0100 2026",
        "Friday, 27-Nov-26 10:00:00 GMT",
        "Friday, November 27, 2026 at 10:00 AM UTC",
        "Nov 27, 2026 10:00",
        "27 Nov 2026 10:00 GMT",
        "Fri,27 Nov 2026 10:00:00 GMT",
        "Fr, 27 Nov 2026 11:00:00 +0100",
        "Freitag, 27. November 2026 11:00 MEZ",
        "ven., 27 nov. 2026 11:00:00 +0100",
        "vendredi 27 novembre 2026 11:00 CET",
        "vie, 27 nov 2026 10:00:00 GMT",
        "1795773600",
        "1795773600000",
    ],
)
def test_a_date_is_read_in_each_of_its_spellings(written):
    assert parse_date(written) == TEN


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Fri, 27 Nov 2026 24:00:00 GMT", datetime(2026, 11, 28, tzinfo=UTC)),
        ("2026-12-31T24:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-12-31T23:59:60Z", datetime(2027, 1, 1, tzinfo=UTC)),
        ("Thu, 31 Dec 2026 23:59:60 GMT", datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-11-27", datetime(2026, 11, 27, tzinfo=UTC)),
        ("27 Nov 2026", datetime(2026, 11, 27, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("27 Nov 2026 12:15 am GMT", datetime(2026, 11, 27, 0, 15, tzinfo=UTC)),
        ("27 Nov 2026 12:15 p.m. GMT", datetime(2026, 11, 27, 12, 15, tzinfo=UTC)),
        ("1 Mai 2026 10:00 GMT", datetime(2026, 5, 1, 10, tzinfo=UTC)),
        ("3. März 2026 10:00 GMT", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("mar. 3 mars 2026 10:00 GMT", datetime(2026, 3, 3, 10, tzinfo=UTC)),
        ("mar. 4 août 2026 10:00 GMT", datetime(2026, 8, 4, 10, tzinfo=UTC)),
        ("ven. 4 déc. 2026 10:00 GMT", datetime(2026, 12, 4, 10, tzinfo=UTC)),
        ("Do, 31 Dez 2026 10:00:00 GMT", datetime(2026, 12, 31, 10, tzinfo=UTC)),
        ("27 Nov 99 10:00:00 GMT", datetime(1999, 11, 27, 10, tzinfo=UTC)),
        ("1795-11-27T10:00:00Z", datetime(1795, 11, 27, 10, tzinfo=UTC)),
        ("2100-11-27T10:00:00Z", datetime(2100, 11, 27, 10, tzinfo=UTC)),
    ],
)
def test_corners_of_a_date_are_read_as_they_are_meant(written, moment):
    assert parse_date(written) == moment


@pytest.mark.parametrize(
    "written",
    ["", "soon", "may", "12", "17958", "27/11/2026", "32 Nov 2026", "2026-13-01", "25:00", "2026-11-27T25:00:00Z",
     "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "9999-12-31T24:00:00Z", "Fri, 27 2026 10:00:00 GMT"],
)  # fmt: skip
def test_what_is_no_date_is_none(written):
    assert parse_date(written) is None


MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - Hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)


@given(MOMENTS)
def test_rfc_3339_and_rfc_822_come_back_as_the_same_moment(moment):
    assert parse_date(moment.isoformat()) == moment
    assert parse_date(format_datetime(moment)) == moment.replace(microsecond=0)


@given(st.text(max_size=200))
def test_no_text_is_an_error(text):
    moment = parse_date(text)

    assert moment is None or moment.utcoffset() == timedelta(0)
