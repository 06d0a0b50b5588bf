"""Figures of channels with different targets and office hours: each reply is measured by its own channel's."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from models import Ticket
from models.core.office_hours import ALWAYS_OPEN, OfficeHours
from models.core.period import StatsQuery, parse_period
from models.reports import daily_rollup, office_time
from models.reports.counts import FIRST_REPLY
from models.reports.report import StatsReport, build_report
from models.tickets.ingest import ingest_page
from tests.models.ledger import PLACE, minute, said, ticket

FAST, SLOW = "C0FAST", "C0SLOW"
TARGETS = {FAST: timedelta(minutes=5), SLOW: timedelta(minutes=60)}
ANSWERED_AFTER = {"C0MENTIONS": (10, 40), FAST: (4, 10), SLOW: (40, 70)}  # minutes


def answered(session: Session) -> None:
    """Two replies in each channel: one by its own target, and one too late for that."""
    for channel, times in ANSWERED_AFTER.items():
        for took in times:
            name = f"{channel}{took}"
            post = said(name, minute(0), author=name, conversation=name)
            ingest_page(session, [post], replace(PLACE, channel=channel), at=minute(0))
            one = ticket(session, name, name)
            one.record_outside_answer(session, post_id=f"o{name}", to_post_id=name, at=minute(took))
    session.flush()


def told(session: Session, text: str = "7d", **more) -> StatsReport:
    period = parse_period(text, zone=ZoneInfo("UTC"), now=minute(600))
    return build_report(
        session, StatsQuery(period, **more), target=timedelta(minutes=30), other_targets=TARGETS
    )


def test_each_reply_is_in_time_by_the_target_of_its_channel(session: Session) -> None:
    answered(session)

    first = told(session).current.times[FIRST_REPLY]

    assert (first.number, first.within) == (6, 3)
    plain = build_report(session, StatsQuery(told(session).current.period), target=timedelta(minutes=30))
    assert plain.current.times[FIRST_REPLY].within == 3  # 10; 4, 10; none of the slow ones
    assert plain.current.times[FIRST_REPLY].median == first.median


def test_two_channels_with_one_target_count_as_one_part(session: Session) -> None:
    answered(session)
    period = told(session).current.period
    same = dict.fromkeys(TARGETS, timedelta(minutes=60))

    found = build_report(session, StatsQuery(period), target=timedelta(minutes=30), other_targets=same)

    assert found.current.times[FIRST_REPLY].within == 1 + 2 + 1


def test_a_question_about_one_channel_has_one_target(session: Session) -> None:
    answered(session)

    found = told(session, channel="C0MENTIONS").current.times[FIRST_REPLY]

    assert (found.number, found.within) == (2, 1)


def test_a_long_period_is_measured_alike(session: Session) -> None:
    answered(session)
    today = minute(600).date()
    while (day := daily_rollup.first_uncounted_day(session, today)) is not None:
        daily_rollup.count_day(session, day, is_next=True)
        session.flush()

    found = told(session, "93d").current

    assert not found.is_exact
    assert (found.times[FIRST_REPLY].number, found.times[FIRST_REPLY].within) == (6, 3)


def test_office_hours_are_those_of_the_tickets_channel(session: Session) -> None:
    answered(session)
    closed_until = {FAST: OfficeHours.parse("Mon 09:05-17:00", "UTC", "")}
    office_time.fill_missing(session, lambda channel: closed_until.get(channel, ALWAYS_OPEN), limit=100)
    session.expire_all()

    took = {
        (one.channel, one.first_reply_open // 60)
        for one in session.query(Ticket)
        if one.first_reply_open is not None
    }
    assert took == {("C0MENTIONS", 10), ("C0MENTIONS", 40), (FAST, 0), (FAST, 5), (SLOW, 40), (SLOW, 70)}
