"""What is promised: due times in office hours, halves of them, and clocks that stand still."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.core.office_hours import ALWAYS_OPEN, OfficeHours
from models.core.sla import SlaPolicy

MINUTE = timedelta(minutes=1)
OFFICES = [
    ALWAYS_OPEN,
    OfficeHours.parse(
        "Mon-Fri 09:00-12:30 13:30-18:00; Sat 10:00-14:00", "Europe/Berlin", "2026-12-24..2027-01-01"
    ),
    OfficeHours.parse("Mon-Sun 22:00-06:00", "America/New_York", ""),  # clocks change while people are there
    OfficeHours.parse("", "Australia/Lord_Howe", "2026-04-05"),
]
offices = st.sampled_from(OFFICES)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
lengths = st.integers(1, 3 * 24 * 60).map(lambda minutes: minutes * MINUTE)


@given(offices, moments, lengths)
@settings(deadline=None)
def test_between_the_question_and_its_due_time_lies_just_what_was_promised(
    office: OfficeHours, asked_at: datetime, within: timedelta
) -> None:
    sla_policy = SlaPolicy(office, within)

    assert office.open_time_between(asked_at, sla_policy.due(asked_at)) == within
    assert office.open_time_between(asked_at, sla_policy.half_time(asked_at)) == within / 2


@given(offices, moments, moments, lengths)
@settings(deadline=None)
def test_who_asks_earlier_is_never_due_later(
    office: OfficeHours, one: datetime, other: datetime, within: timedelta
) -> None:
    first, second = sorted((one, other))

    assert SlaPolicy(office, within).due(first) <= SlaPolicy(office, within).due(second)


@given(offices, moments, lengths, st.timedeltas(timedelta(), timedelta(days=9)))
@settings(deadline=None)
def test_half_of_it_is_the_same_from_wherever_one_looks(
    office: OfficeHours, asked_at: datetime, within: timedelta, later: timedelta
) -> None:
    sla_policy = SlaPolicy(office, within)
    due, half, at = sla_policy.due(asked_at), sla_policy.half_time(asked_at), asked_at + later

    told = sla_policy.half_before(due, at)

    assert told == half if office.open_time_between(at, half) else told == at


def test_the_clock_does_not_run_while_nobody_is_there() -> None:
    office = OfficeHours.parse("Mon-Fri 09:00-17:00", "Europe/Lisbon", "")
    friday_evening = datetime(2026, 11, 27, 16, 50, tzinfo=UTC)

    assert SlaPolicy(office, 30 * MINUTE).due(friday_evening) == datetime(2026, 11, 30, 9, 20, tzinfo=UTC)
    assert SlaPolicy(office, 30 * MINUTE).half_time(friday_evening) == datetime(
        2026, 11, 30, 9, 5, tzinfo=UTC
    )


def test_a_promise_that_no_century_can_keep_still_has_a_due_time() -> None:
    office = OfficeHours.parse("Sun 09:00-09:01", "UTC", "")
    asked_at = datetime(2026, 11, 2, tzinfo=UTC)

    assert SlaPolicy(office, timedelta(days=10)).due(asked_at) == asked_at + timedelta(days=10)


@pytest.mark.parametrize("office", OFFICES[1:3])
def test_somebody_is_there_when_it_opens(office: OfficeHours) -> None:
    closed = next(
        at
        for at in (datetime(2026, 12, 25, hour, tzinfo=UTC) for hour in range(24))
        if not office.is_open(at)
    )

    assert office.is_open(SlaPolicy(office, MINUTE).next_opening(closed))
