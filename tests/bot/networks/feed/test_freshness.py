"""When a server wants to be asked again, whatever it writes there."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.feed.freshness import LONGEST, fresh_for, retry_at
from tests.bot.networks.feed.internet import NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("value", "span"),
    [
        ("60", MINUTE),
        (" 60 ", MINUTE),
        ("0", timedelta(0)),
        ("9" * 40, DAY),
        ("Mon, 30 Nov 2026 12:01:00 GMT", MINUTE),
        ("Monday, 30-Nov-26 12:01:00 GMT", MINUTE),
        ("Mon, 30 Nov 2026 13:01:00 +0100", MINUTE),
        ("Mon Nov 30 12:01:00 2026", MINUTE),
        ("Mon, 30 Nov 2020 12:00:00 GMT", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("-60", None),
        ("1.5", None),
        ("soon", None),
        ("Mon, 99 Nov 2026 12:01:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(value, span):
    assert retry_at({"retry-after": value}, NOON) == (None if span is None else NOON + span)


@pytest.mark.parametrize(
    ("headers", "span"),
    [
        ({"cache-control": "public, max-age=60"}, MINUTE),
        ({"cache-control": 'MAX-AGE="60"'}, MINUTE),
        ({"cache-control": "s-maxage=600"}, None),
        ({"cache-control": "s-maxage=600, max-age=60"}, MINUTE),
        ({"cache-control": "max-age=600", "age": "540"}, MINUTE),
        ({"cache-control": "max-age=60", "age": "9999"}, timedelta(0)),
        ({"cache-control": "max-age=0, no-cache"}, timedelta(0)),
        ({"cache-control": "max-age=" + "9" * 30}, DAY),
        ({"cache-control": "max-age=-1"}, None),
        ({"cache-control": "no-store"}, None),
        ({"expires": "Mon, 30 Nov 2026 12:01:00 GMT"}, MINUTE),
        ({"expires": "Mon, 30 Nov 2026 10:01:00 GMT", "date": "Mon, 30 Nov 2026 10:00:00 GMT"}, MINUTE),
        ({"expires": "Mon, 30 Nov 2026 12:01:00 GMT", "cache-control": "max-age=0"}, timedelta(0)),
        ({"expires": "0"}, None),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, timedelta(0)),
        ({}, None),
    ],
)
def test_an_answer_holds_as_long_as_it_says_and_at_most_a_day(headers, span):
    assert fresh_for(headers, NOON) == span


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "cache-control", "expires", "date", "age"]), st.text(max_size=60)
    )
)
def test_no_header_breaks_the_reading_or_asks_for_more_than_a_day(headers):
    at, span = retry_at(headers, NOON), fresh_for(headers, NOON)

    assert at is None or NOON <= at <= NOON + LONGEST
    assert span is None or timedelta(0) <= span <= LONGEST
