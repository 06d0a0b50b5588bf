"""A period in words and as charts."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.slack.blocks.chart import build_native_block
from bot.slack.blocks.commands import stats as face
from models.core.account_filter import AccountFilter
from models.core.period import StatsQuery, parse_period
from models.reports.counts import FIRST_REPLY, SEEN_STAGE, TIME_TO_CLAIM, PeriodCounts, TeammateCounts
from models.reports.report import StatsReport, _build_stats
from sandbox.slack.block_kit.validator import check_message

NOW = datetime(2026, 10, 16, 12, tzinfo=UTC)
PERIOD = parse_period("2026-10-01..2026-10-15", zone=ZoneInfo("Europe/Lisbon"), now=NOW)
TARGET = timedelta(minutes=30)
ALL = StatsQuery(PERIOD)


def tallies(minutes: list[int], **more: int) -> PeriodCounts:
    """So many first replies, all on the first day."""
    noon = int(PERIOD.since.timestamp()) + 12 * 3600
    told = PeriodCounts(unanswered=more.get("unanswered", 0))
    told.heard[noon] = len(minutes)
    told.outcomes["answered"][noon] = len(minutes)
    told.outcomes["waiting"][noon] = more.get("unanswered", 0)
    told.first[noon] = [60 * one for one in minutes]
    told.times[FIRST_REPLY] = told.times[TIME_TO_CLAIM] = told.times[SEEN_STAGE] = Counter(
        [60 * one for one in minutes]
    )
    return told


def report(now: PeriodCounts, before: PeriodCounts, *, is_exact: bool = True) -> StatsReport:
    zone = PERIOD.zone
    return StatsReport(
        _build_stats(now, PERIOD, zone, TARGET, is_exact=is_exact),
        _build_stats(before, PERIOD.before, zone, TARGET, is_exact=is_exact),
    )


def words(asked: StatsReport, question: StatsQuery = ALL, **names: str) -> str:
    blocks = face.build_blocks(asked, question, names=names, titles={"x": "X"}, target=TARGET)
    assert check_message(blocks) == []
    return "\n".join(
        (block.get("text") or block["elements"][0])["text"] for block in blocks if block["type"] != "actions"
    )


def test_the_median_stands_beside_the_one_before_and_who_was_never_answered() -> None:
    said = words(report(tallies([12, 10, 60], unanswered=2), tallies([18])))

    assert "*1 to 15 October 2026, Europe/Lisbon*" in said
    assert "median 12 min (was 18 min), p90 50 min, 67% within 30 min" in said
    assert "*2* still waiting for a first reply; not part of these times." in said
    assert "Previous period (16 to 30 September 2026): heard 1, answered 1, waiting 0" in said


def test_teammates_stand_by_name_and_not_by_speed() -> None:
    told = tallies([1])
    told.mates = {
        "U1": TeammateCounts(answered=1, times=Counter([60])),
        "U2": TeammateCounts(handed_off=3, times=Counter([600] * 3)),
    }

    said = words(report(told, tallies([])), U1="Zoe", U2="ana")

    assert said.index("<@U2>") < said.index("<@U1>")
    assert "<@U2>: answered 0, handed off 3, median 10 min, 100% within 30 min" in said


def test_daily_figures_say_so() -> None:
    assert "From daily figures: days are in UTC" in words(report(tallies([1]), tallies([]), is_exact=False))
    assert "From daily figures" not in words(report(tallies([1]), tallies([])))


def test_nothing_at_all_is_zeros_without_charts() -> None:
    nothing = report(PeriodCounts(), PeriodCounts())

    assert "*Heard* 0  ·  *Answered* 0  ·  *Waiting* 0" in words(nothing)
    assert "none yet" in words(nothing)
    assert face.build_charts(nothing.current) == ()


def test_a_whole_team_fits_into_what_slack_takes() -> None:
    told = tallies([1])
    told.mates = {
        f"U{number:010d}": TeammateCounts(answered=10**6, times=Counter([10**6])) for number in range(200)
    }

    assert "<@U0000000199>" in words(report(told, tallies([])))


def test_charts_are_what_slack_draws_for_a_day_and_for_years() -> None:
    for days in (1, 15, 92, 3660):
        period = parse_period(f"{days}d", zone=ZoneInfo("UTC"), now=NOW)
        told = tallies([12])
        told.heard = Counter({int(period.since.timestamp()): 5})
        told.outcomes["answered"] = Counter({int(period.since.timestamp()): 5})
        told.first.clear()
        told.first[int(period.since.timestamp())] = [720] * 5
        one = _build_stats(told, period, period.zone, TARGET, is_exact=True)
        charts = face.build_charts(one)

        assert [chart.title for chart in charts] == [
            "First reply by day, median",
            "Conversations by day and outcome",
            "When people post",
        ]
        for chart in charts:
            assert check_message([build_native_block(chart)]) == []
        assert sum(value or 0 for _, values in charts[2].series for value in values) == 5


def test_whose_figures_they_are_is_said() -> None:
    asked = replace(StatsQuery(PERIOD), person="U1", channel="C1", network="x")

    assert "for <@U1> in <#C1> on X" in words(report(tallies([1]), tallies([])), asked)
    assert face.no_results_text(asked, {}).startswith("No data for <@U1>")
    ours = StatsQuery(PERIOD, network="x", account=AccountFilter("_acme_", (("x", "99"),)))
    assert " on X for `@_acme_`" in words(report(tallies([1]), tallies([])), ours)
