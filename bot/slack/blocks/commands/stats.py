"""A period in figures, in words and as charts. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.slack.blocks.chart import Chart
from bot.slack.blocks.elements import Block, context_block, count_noun, format_duration, section_block
from models.core.period import StatsQuery
from models.reports.counts import (
    FIRST_REPLY,
    FIRST_REPLY_OFFICE,
    NEXT_REPLY,
    NEXT_REPLY_OFFICE,
    OUTCOMES,
    STAGES,
    TIME_TO_CLAIM,
    WAITING_OUTCOME,
)
from models.reports.report import DayStats, DurationStats, PeriodStats, StatsReport, TeammateStats
from models.tickets.state import HANDED_OFF, TicketState

_WEEKDAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BUSIEST_HOURS_MAX = 3  # hours that are named
_PEOPLE_PER_SECTION = 20  # people in one: Slack takes 3,000 characters
_HOURS_PER_SERIES = 4  # hours that are one series of the chart of the week
_STAGE_NAMES = ("seen", "card in Slack", "claimed", "replied")


def build_blocks(
    report: StatsReport,
    question: StatsQuery,
    *,
    names: Mapping[str, str],
    titles: Mapping[str, str],
    target: timedelta | None,
    notes: Iterable[str] = (),
) -> list[Block]:
    """The whole in words; `names` are what teammates are called, by which they stand in order.

    `target` is the time within which a first reply is due; None: it is not the same in all channels.
    `notes` are sentences that say what to bear in mind: a network that was not read, say.
    """
    now, before = report.current, report.previous
    blocks = [
        section_block(f"*{now.period.label}*{_filters_text(question, titles)}"),
        section_block(f"{counts_line(now)}\n{comparison_line(before)}"),
        section_block("\n".join([*first_reply_lines(report, target), *_other_times_lines(report)])),
        section_block("\n".join([_stages_line(now), *_busiest_lines(now)])),
    ]
    people = sorted(now.people, key=lambda one: (names.get(one.user, one.user).casefold(), one.user))
    lines = [_person_line(one, target) for one in people]
    blocks += [
        section_block("\n".join(lines[at : at + _PEOPLE_PER_SECTION]))
        for at in range(0, len(lines), _PEOPLE_PER_SECTION)
    ]
    heard = f"{count_noun(now.heard, 'mention')}, {count_noun(now.tickets, 'conversation')} started."
    blocks.append(context_block(f"{heard} {_method_text(now)}"))
    return blocks + [context_block(note) for note in notes]


def summary_text(report: StatsReport) -> str:
    """One line, for notifications and for who hears instead of reading."""
    now = report.current
    return (
        f"{now.period.label}: heard {now.heard:,}, answered {_answered_count(now):,}, "
        f"waiting {now.outcomes[WAITING_OUTCOME]:,}"
    )


def no_results_text(question: StatsQuery, titles: Mapping[str, str]) -> str:
    """A sentence about a filter that leaves nothing over."""
    return (
        f"No data{_filters_text(question, titles)} for {question.period.label}. "
        "Try a longer period, such as `/mentions stats 30d`, or remove the filter."
    )


def _filters_text(question: StatsQuery, titles: Mapping[str, str]) -> str:
    """` of <@U1> in <#C1> on X for @fernpress`."""
    parts = []
    if question.person is not None:
        parts.append(f" for <@{question.person}>")
    if question.channel is not None:
        parts.append(f" in <#{question.channel}>")
    if question.network is not None:
        parts.append(f" on {titles.get(question.network, question.network)}")
    if question.account is not None:
        parts.append(f" {question.account.label}")
    if question.track is not None:
        parts.append(f" found by track {question.track}")
    return "".join(parts)


def _answered_count(one: PeriodStats) -> int:
    return one.outcomes[TicketState.ANSWERED] + one.outcomes[HANDED_OFF]


def counts_line(now: PeriodStats) -> str:
    """What was heard and what became of it, in one line."""
    shown = [("Heard", now.heard), ("Answered", now.outcomes[TicketState.ANSWERED])]
    if now.outcomes[HANDED_OFF]:
        shown.append(("Handed off", now.outcomes[HANDED_OFF]))
    shown += [
        ("Waiting", now.outcomes[WAITING_OUTCOME]),
        ("No reply needed", now.outcomes[TicketState.NO_REPLY_NEEDED]),
        ("Not about us", now.outcomes[TicketState.NOT_ABOUT_US]),
    ]
    if now.outcomes[TicketState.MUTED]:
        shown.append(("Muted", now.outcomes[TicketState.MUTED]))
    return "  ·  ".join(f"*{name}* {number:,}" for name, number in shown)


def brief_counts(now: PeriodStats) -> str:
    """The most important of the same counts, for one of several lines."""
    answered, waiting = now.outcomes[TicketState.ANSWERED], now.outcomes[WAITING_OUTCOME]
    return f"{now.heard:,} heard, {answered:,} answered, {waiting:,} waiting"


def comparison_line(before: PeriodStats) -> str:
    """The same of the period before, in brief."""
    label = before.period.label.rpartition(",")[0]
    return (
        f"Previous period ({label}): heard {before.heard:,}, answered {_answered_count(before):,}, "
        f"waiting {before.outcomes[WAITING_OUTCOME]:,}"
    )


def first_reply_lines(report: StatsReport, target: timedelta | None) -> Iterable[str]:
    """How long they waited for our first reply: by the clock, and in office hours where that is known."""
    now, was = report.current, report.previous.times
    first = now.times[FIRST_REPLY]
    if first.median is None or first.p90 is None:
        yield f"*First reply*: none yet. {_unanswered_text(now)}"
    else:
        yield (
            f"*First reply*: median {format_duration(first.median)}{_previous_text(was[FIRST_REPLY])}, "
            f"p90 {format_duration(first.p90)}, "
            f"{_share_text(first, target)}. {_unanswered_text(now)}"
        )
    if now.times[FIRST_REPLY_OFFICE].median is not None:
        yield (
            f"In office hours: {_times_line(now.times[FIRST_REPLY_OFFICE], was[FIRST_REPLY_OFFICE], target)}"
        )


def _other_times_lines(report: StatsReport) -> Iterable[str]:
    now = report.current
    if now.times[NEXT_REPLY].median is not None:
        in_office = now.times[NEXT_REPLY_OFFICE].median
        office = f" (in office hours {format_duration(in_office)})" if in_office is not None else ""
        yield (
            f"*Next reply*: {_median_text(now.times[NEXT_REPLY])}{office}, over "
            f"{now.times[NEXT_REPLY].number:,}"
        )
    if now.times[TIME_TO_CLAIM].median is not None:
        yield (
            f"*Claimed*: {_median_text(now.times[TIME_TO_CLAIM])} after the post, over "
            f"{now.times[TIME_TO_CLAIM].number:,}"
        )


def _times_line(times: DurationStats, was: DurationStats, target: timedelta | None) -> str:
    p90 = f", p90 {format_duration(times.p90)}" if times.p90 is not None else ""
    return f"{_median_text(times)}{_previous_text(was)}{p90}, {_share_text(times, target)}"


def _median_text(times: DurationStats) -> str:
    return f"median {format_duration(times.median)}" if times.median is not None else "none yet"


def _previous_text(times: DurationStats) -> str:
    return f" (was {format_duration(times.median)})" if times.median is not None else ""


def _share_text(times: DurationStats, target: timedelta | None) -> str:
    if not times.number:
        return "none yet"
    within = format_duration(target) if target is not None else "the target of their channel"
    return f"{times.within / times.number:.0%} within {within}"


def _unanswered_text(now: PeriodStats) -> str:
    if now.unanswered == 0:
        return "No one is waiting for a first reply."
    return f"*{now.unanswered:,}* still waiting for a first reply; not part of these times."


def _stages_line(now: PeriodStats) -> str:
    """Where the time went, so that a slow network, a slow Slack and a busy team can be told apart."""
    steps = [
        f"{step} {format_duration(half)}" if (half := now.times[name].median) is not None else f"{step} –"
        for step, name in zip(_STAGE_NAMES, STAGES, strict=True)
    ]
    return f"*Where the time went* (medians): post → {' → '.join(steps)}"


def _busiest_lines(now: PeriodStats) -> list[str]:
    order = sorted(range(len(now.hours)), key=lambda hour: (-now.hours[hour], hour))[:_BUSIEST_HOURS_MAX]
    named = [
        f"{_WEEKDAY_NAMES[hour // 24]} {hour % 24:02d}:00 ({now.hours[hour]:,})"
        for hour in order
        if now.hours[hour]
    ]
    return [f"*Busiest hours*: {', '.join(named)}"] if named else []


def _person_line(one: TeammateStats, target: timedelta | None) -> str:
    handed = f", handed off {one.handed_off:,}" if one.handed_off else ""
    speed = (
        f", {_median_text(one.durations)}, {_share_text(one.durations, target)}"
        if one.durations.number
        else ""
    )
    return f"<@{one.user}>: answered {one.answered:,}{handed}{speed}"


def _method_text(now: PeriodStats) -> str:
    clock = "The clock starts when the customer posts."
    if now.is_exact:
        return clock
    return f"{clock} From daily figures: days are in UTC, times are accurate to within 10%."


# --- as charts ----------------------------------------------------------------------------------------------


def build_charts(now: PeriodStats) -> tuple[Chart, ...]:
    """First reply by day, volume by day and outcome, and when in the week people speak."""
    if not now.heard and not now.tickets:
        return ()
    days = tuple(f"{one.day:%b} {one.day.day}" for one in now.days)
    if len(now.days) > 366:  # noqa: PLR2004 - then a day is one of several years
        days = tuple(f"{one.day:%b %Y} {one.day.day}" for one in now.days)
    return (
        Chart(
            title="First reply by day, median",
            kind="line",
            categories=days,
            series=(("First reply", tuple(map(_median_minutes, now.days))),),
            unit="minutes",
            aggregate="mean",
        ),
        Chart(
            title="Conversations by day and outcome",
            kind="bar",
            categories=days,
            series=tuple(
                (name.capitalize(), tuple(float(one.outcomes[place]) for one in now.days))
                for place, name in enumerate(OUTCOMES)
            ),
            unit="conversations",
        ),
        Chart(
            title="When people post",
            kind="bar",
            categories=_WEEKDAY_NAMES,
            series=tuple(
                (
                    f"{hour:02d}–{hour + _HOURS_PER_SERIES:02d}h",
                    tuple(_mention_count(now, day, hour) for day in range(7)),
                )
                for hour in range(0, 24, _HOURS_PER_SERIES)
            ),
            unit="mentions",
        ),
    )


def _median_minutes(day: DayStats) -> float | None:
    return round(day.first_reply.total_seconds() / 60, 1) if day.first_reply is not None else None


def _mention_count(now: PeriodStats, weekday: int, hour: int) -> float:
    first = weekday * 24 + hour
    return float(sum(now.hours[first : first + _HOURS_PER_SERIES]))
