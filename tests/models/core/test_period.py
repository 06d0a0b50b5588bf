"""What people type after `stats`, and which moments they mean by it."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.core.account_filter import AccountFilter
from models.core.period import NameLookup, Period, PeriodError, StatsQuery, parse_period, parse_stats_query

LISBON, BERLIN = ZoneInfo("Europe/Lisbon"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
FERN = AccountFilter("fernpress", (("x", "98"), ("masto", "7")))
KNOWN = NameLookup(
    person={"ana": "U0ANA", "fernpress": "U0FERN"}.get,
    channel={"support": "C0SUPPORT"}.get,
    networks={"x": "X", "masto": "Mastodon"},
    account=lambda handle: FERN if handle.lower() == "fernpress" else None,
    handles=("acme", "fernpress"),
)
ZONES = st.sampled_from(sorted(name for name in available_timezones() if "/" in name)).map(ZoneInfo)


def ask(text: str, zone: ZoneInfo = LISBON, now: datetime = NOW) -> StatsQuery:
    return parse_stats_query(text, zone=zone, now=now, known=KNOWN)


def refused(text: str) -> str:
    with pytest.raises(PeriodError) as told:
        ask(text)
    return str(told.value)


@pytest.mark.parametrize(
    ("text", "first", "last", "label"),
    [
        ("", date(2026, 11, 20), date(2026, 11, 26), "20 to 26 November 2026, Europe/Lisbon"),
        ("7d", date(2026, 11, 20), date(2026, 11, 26), "20 to 26 November 2026, Europe/Lisbon"),
        ("today", date(2026, 11, 26), date(2026, 11, 26), "26 November 2026, Europe/Lisbon"),
        ("30D", date(2026, 10, 28), date(2026, 11, 26), "28 October to 26 November 2026, Europe/Lisbon"),
        ("2026-10", date(2026, 10, 1), date(2026, 10, 31), "October 2026, Europe/Lisbon"),
        ("2025", date(2025, 1, 1), date(2025, 12, 31), "2025, Europe/Lisbon"),
        ("2026-10-03", date(2026, 10, 3), date(2026, 10, 3), "3 October 2026, Europe/Lisbon"),
        (
            "2026-10-01..2026-10-15",
            date(2026, 10, 1),
            date(2026, 10, 15),
            "1 to 15 October 2026, Europe/Lisbon",
        ),
        (
            "2026-10-01 .. 2026-10-15",
            date(2026, 10, 1),
            date(2026, 10, 15),
            "1 to 15 October 2026, Europe/Lisbon",
        ),
        (
            "2026-02..2026-03",
            date(2026, 2, 1),
            date(2026, 3, 31),
            "1 February to 31 March 2026, Europe/Lisbon",
        ),
        ("2026-11", date(2026, 11, 1), date(2026, 11, 26), "1 to 26 November 2026, Europe/Lisbon"),
        ("last week", date(2026, 11, 16), date(2026, 11, 22), "16 to 22 November 2026, Europe/Lisbon"),
        (
            "for last\u00a0Week.",
            date(2026, 11, 16),
            date(2026, 11, 22),
            "16 to 22 November 2026, Europe/Lisbon",
        ),
        ("this week", date(2026, 11, 23), date(2026, 11, 26), "23 to 26 November 2026, Europe/Lisbon"),
        ("past week", date(2026, 11, 20), date(2026, 11, 26), "20 to 26 November 2026, Europe/Lisbon"),
        ("last month", date(2026, 10, 1), date(2026, 10, 31), "October 2026, Europe/Lisbon"),
        ("this year", date(2026, 1, 1), date(2026, 11, 26), "1 January to 26 November 2026, Europe/Lisbon"),
        ("last year", date(2025, 1, 1), date(2025, 12, 31), "2025, Europe/Lisbon"),
        ("last 2 weeks", date(2026, 11, 13), date(2026, 11, 26), "13 to 26 November 2026, Europe/Lisbon"),
        (
            "the last 30 days",
            date(2026, 10, 28),
            date(2026, 11, 26),
            "28 October to 26 November 2026, Europe/Lisbon",
        ),
        ("october", date(2026, 10, 1), date(2026, 10, 31), "October 2026, Europe/Lisbon"),
        ("in December", date(2025, 12, 1), date(2025, 12, 31), "December 2025, Europe/Lisbon"),
        ("Oct 2025", date(2025, 10, 1), date(2025, 10, 31), "October 2025, Europe/Lisbon"),
        ("*2026\u201110*,", date(2026, 10, 1), date(2026, 10, 31), "October 2026, Europe/Lisbon"),
        (
            "from 2026-10-01 to 2026-10-15",
            date(2026, 10, 1),
            date(2026, 10, 15),
            "1 to 15 October 2026, Europe/Lisbon",
        ),
    ],
)
def test_a_period_is_the_days_that_its_words_say(text: str, first: date, last: date, label: str) -> None:
    period = ask(text).period

    assert (period.first, period.last, period.label) == (first, last, label)


def test_filters_stand_in_any_order() -> None:
    for text in ("<@U1|ana> 30d <#C1|support> x", "X <#C1> 30d <@U1>"):
        asked = ask(text)
        assert (asked.person, asked.channel, asked.network) == ("U1", "C1", "x")
        assert len(asked.period.days) == 30
    assert ask("@ana #support Mastodon") == StatsQuery(ask("").period, "U0ANA", "C0SUPPORT", "masto")
    assert ask("of <@U1|ana>, in #support, last week on X") == StatsQuery(
        ask("last week").period, "U1", "C0SUPPORT", "x"
    )


def test_a_handle_of_ours_is_an_account_rather_than_a_teammates_name() -> None:
    asked = ask("for @FernPress, on mastodon and <@U1|ana>")

    assert (asked.account, asked.network, asked.person) == (FERN, "masto", "U1")
    assert ask("@fernpress @FERNPRESS 30d").account == FERN
    assert ask("@ana").account is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-13", "There is no day or month “2026-13”"),
        ("2026-02-30", "no day or month “2026-02-30”"),
        ("2026-10-15..2026-10-01", "swap the dates, `2026-10-01..2026-10-15`"),
        ("2027-01", "“2027-01” is in the future: today is 26 November 2026 in Europe/Lisbon"),
        ("0d", "use 1d to 3660d"),
        ("99999999d", "use 1d to 3660d"),
        ("1999", "too long ago or too long"),
        ("7d 30d", "two periods"),
        ("last week this week", "two periods"),
        ("last 3 moons", "Unknown word “last”"),
        ("7d..", "don't understand the period “7d..”"),
        ("2026-10-01..", "don't understand"),
        ("..", "don't understand"),
        ("@nobody", "I don't know anyone called “@nobody”"),
        ("@nobody", "Our accounts: @acme, @fernpress."),
        ("#nowhere", "No mentions are shown in “#nowhere”"),
        ("<@U1> <@U2>", "Use only one of each kind: person"),
        ("@fernpress @acme", "I don't know anyone called “@acme”"),
        ("banana", "Unknown word “banana”. Use a period"),
        ("<!channel>", "Unknown word “&lt;!channel&gt;”"),
    ],
)
def test_what_cannot_be_counted_gets_a_sentence_with_what_to_type(text: str, said: str) -> None:
    sentence = refused(text)

    assert said in sentence
    assert "`" in sentence or "pick" in sentence or "1d to" in sentence


def test_clocks_that_change_neither_lose_nor_double_an_hour() -> None:
    hours = {day: _hours(day) for day in ("2026-03-28", "2026-03-29", "2026-10-25", "2026-10-26")}

    assert hours == {"2026-03-28": 24, "2026-03-29": 23, "2026-10-25": 25, "2026-10-26": 24}


def _hours(day: str) -> float:
    period = parse_period(day, zone=BERLIN, now=NOW)
    return (period.until - period.since) / timedelta(hours=1)


@given(ZONES, st.dates(date(2007, 1, 1), date(2026, 10, 1)), st.integers(1, 40))
def test_days_follow_one_another_without_a_gap(zone: ZoneInfo, first: date, length: int) -> None:
    last = first + timedelta(days=length - 1)
    whole = Period(first, last, zone, NOW)
    single = [Period(day, day, zone, NOW) for day in whole.days]

    assert len(single) == length
    assert (single[0].since, single[-1].until) == (whole.since, whole.until)
    assert [one.until for one in single[:-1]] == [one.since for one in single[1:]]
    assert whole.before.until == whole.since


@given(ZONES, st.datetimes(datetime(2007, 1, 1), datetime(2026, 10, 1)), st.integers(1, 400))  # noqa: DTZ001
def test_the_last_days_end_now_and_the_ones_before_at_the_same_time_of_day(
    zone: ZoneInfo, moment: datetime, length: int
) -> None:
    now = moment.replace(tzinfo=UTC)
    period = parse_period(f"{length}d", zone=zone, now=now)

    assert period.until == now
    assert period.since.astimezone(zone).date() == now.astimezone(zone).date() - timedelta(days=length - 1)
    assert len(period.before.days) == length
    assert period.before.until <= period.since


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_question_or_a_sentence(text: str) -> None:
    with suppress(PeriodError):
        ask(text)
