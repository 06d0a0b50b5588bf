"""The figures of tickets that are muted for a part of their life."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from models.core.period import StatsQuery, parse_period
from models.mutes import mute_rules
from models.reports.counts import FIRST_REPLY
from models.reports.daily_rollup import list_changed_days, mark_events_counted
from models.reports.report import StatsReport, build_report
from tests.models.ledger import NINE, OWED, PROMISE, hear, minute, said, ticket
from tests.models.mutes.test_mutes import ANA, aside, mute, mute_author


def told(session: Session) -> StatsReport:
    period = parse_period("7d", zone=ZoneInfo("UTC"), now=minute(5000))
    return build_report(session, StatsQuery(period), target=OWED)


def answer(session: Session, to: str, at: float) -> None:
    ticket(session).record_outside_answer(session, post_id=f"9{to}", to_post_id=to, at=minute(at))
    session.flush()


def test_a_first_reply_counts_from_the_first_post_that_is_not_muted(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))
    hear(session, aside(1, text="giveaway"))
    hear(session, aside(2, minute(90), text="giveaway again"), at=minute(91))
    hear(session, aside(3, minute(1600), text="fern is broken"), at=minute(1601))
    answer(session, "3", 1610)

    now, found = ticket(session), told(session).current
    assert (now.opened_at, now.seen_at) == (minute(1600), minute(1601))
    times = found.times[FIRST_REPLY]
    assert (times.median, times.within) == (timedelta(minutes=10), 1)
    assert found.outcomes["answered"] == 1


def test_the_days_of_what_was_muted_before_are_counted_again(session: Session) -> None:
    mark_events_counted(session, 0)
    mute(session, mute_rules.words("giveaway"))
    hear(session, aside(1, text="giveaway"))
    hear(session, aside(2, minute(1600), text="fern is broken"), at=minute(1601))

    days = list_changed_days(session, 1_000, minute(5000).date())

    assert {NINE.date(), minute(1600).date()} <= set(days)


def test_what_was_answered_before_it_was_muted_keeps_its_first_reply(session: Session) -> None:
    hear(session, said(1))
    answer(session, "1", 10)
    mute_author(session)
    hear(session, said(2, minute(100)), at=minute(101))
    hear(session, said(3, minute(-5)), at=minute(102))  # found late

    found = told(session).current
    assert ticket(session).opened_at == NINE
    assert found.times[FIRST_REPLY].median == timedelta(minutes=10)
    assert (found.outcomes["muted"], found.outcomes["answered"]) == (1, 0)


def test_what_somebody_had_back_counts_from_its_first_post(session: Session) -> None:
    mute(session, mute_rules.words("giveaway"))
    hear(session, aside(1, text="giveaway"))
    ticket(session).reopen(session, by=ANA, at=minute(60), sla_policy=PROMISE)
    answer(session, "1", 70)

    assert told(session).current.times[FIRST_REPLY].median == timedelta(minutes=70)
