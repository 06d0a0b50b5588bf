"""A period in figures, in words and as charts. Pure."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.slack.blocks.chart import Chart
from bot.slack.blocks.elements import Block, context, counted, duration, section
from models.core.period import Question
from models.reports.counts import CLAIM, FIRST, FIRST_OPEN, NEXT, NEXT_OPEN, OUTCOMES, STAGES, WAITING
from models.reports.report import Day, Figures, Person, Report, Times
from models.tickets.state import HANDED_OFF, State

_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BUSIEST = 3  # hours that are named
_A_SECTION = 20  # people in one: Slack takes 3,000 characters
_SPAN = 4  # hours that are one series of the chart of the week
_STEPS = ("seen", "card in Slack", "claimed", "replied")


def told(
    report: Report,
    question: Question,
    *,
    names: Mapping[str, str],
    titles: Mapping[str, str],
    target: timedelta,
    notes: Iterable[str] = (),
) -> list[Block]:
    """The whole in words; `names` are what teammates are called, by which they stand in order.

    `notes` are sentences that say what to bear in mind: a network that was not read, say.
    """
    now, before = report.now, report.before
    blocks = [
        section(f"*{now.period.label}*{_whose(question, titles)}"),
        section(f"{counts(now)}\n{compared(before)}"),
        section("\n".join([*first_reply(report, target), *_later(report)])),
        section("\n".join([_minutes(now), *_busiest(now)])),
    ]
    people = sorted(now.people, key=lambda one: (names.get(one.user, one.user).casefold(), one.user))
    lines = [_person(one, target) for one in people]
    blocks += [section("\n".join(lines[at : at + _A_SECTION])) for at in range(0, len(lines), _A_SECTION)]
    heard = f"{counted(now.heard, 'mention')}, {counted(now.tickets, 'conversation')} begun."
    blocks.append(context(f"{heard} {_how(now)}"))
    return blocks + [context(note) for note in notes]


def summary(report: Report) -> str:
    """One line, for notifications and for who hears instead of reading."""
    now = report.now
    return (
        f"{now.period.label}: heard {now.heard:,}, answered {_answered(now):,}, "
        f"waiting {now.outcomes[WAITING]:,}"
    )


def nothing(question: Question, titles: Mapping[str, str]) -> str:
    """A sentence about a filter that leaves nothing over."""
    return (
        f"I found nothing{_whose(question, titles)} in {question.period.label}. "
        "Try a longer period, such as `/mentions stats 30d`, or leave the filter out."
    )


def _whose(question: Question, titles: Mapping[str, str]) -> str:
    """` of <@U1> in <#C1> on X`."""
    parts = []
    if question.person is not None:
        parts.append(f" of what <@{question.person}> has, closed or answered first")
    if question.channel is not None:
        parts.append(f" in <#{question.channel}>")
    if question.network is not None:
        parts.append(f" on {titles.get(question.network, question.network)}")
    return "".join(parts)


def _answered(one: Figures) -> int:
    return one.outcomes[State.ANSWERED] + one.outcomes[HANDED_OFF]


def counts(now: Figures) -> str:
    """What was heard and what became of it, in one line."""
    shown = [("Heard", now.heard), ("Answered", now.outcomes[State.ANSWERED])]
    if now.outcomes[HANDED_OFF]:
        shown.append(("Handed off", now.outcomes[HANDED_OFF]))
    shown += [
        ("Waiting", now.outcomes[WAITING]),
        ("No reply needed", now.outcomes[State.NO_REPLY_NEEDED]),
        ("Not about us", now.outcomes[State.NOT_ABOUT_US]),
    ]
    return "  ·  ".join(f"*{name}* {number:,}" for name, number in shown)


def compared(before: Figures) -> str:
    """The same of the period before, in brief."""
    label = before.period.label.rpartition(",")[0]
    return (
        f"Before that ({label}): heard {before.heard:,}, answered {_answered(before):,}, "
        f"waiting {before.outcomes[WAITING]:,}"
    )


def first_reply(report: Report, target: timedelta) -> Iterable[str]:
    """How long they waited for our first reply: by the clock, and in office hours where that is known."""
    now, was = report.now, report.before.times
    first = now.times[FIRST]
    if first.median is None or first.p90 is None:
        yield f"*First reply*: none yet. {_silent(now)}"
    else:
        yield (
            f"*First reply*: median {duration(first.median)}{_was(was[FIRST])}, p90 {duration(first.p90)}, "
            f"{_share(first, target)}. {_silent(now)}"
        )
    if now.times[FIRST_OPEN].median is not None:
        yield f"In office hours: {_line(now.times[FIRST_OPEN], was[FIRST_OPEN], target)}"


def _later(report: Report) -> Iterable[str]:
    now = report.now
    if now.times[NEXT].median is not None:
        in_office = now.times[NEXT_OPEN].median
        office = f" (in office hours {duration(in_office)})" if in_office is not None else ""
        yield f"*Next reply*: {_half(now.times[NEXT])}{office}, over {now.times[NEXT].number:,}"
    if now.times[CLAIM].median is not None:
        yield f"*Claimed*: {_half(now.times[CLAIM])} after the post, over {now.times[CLAIM].number:,}"


def _line(times: Times, was: Times, target: timedelta) -> str:
    p90 = f", p90 {duration(times.p90)}" if times.p90 is not None else ""
    return f"{_half(times)}{_was(was)}{p90}, {_share(times, target)}"


def _half(times: Times) -> str:
    return f"median {duration(times.median)}" if times.median is not None else "none yet"


def _was(times: Times) -> str:
    return f" (was {duration(times.median)})" if times.median is not None else ""


def _share(times: Times, target: timedelta) -> str:
    return f"{times.within / times.number:.0%} within {duration(target)}" if times.number else "none yet"


def _silent(now: Figures) -> str:
    if now.unanswered == 0:
        return "Nobody still waits for a first reply."
    wait, are = ("waits", "is") if now.unanswered == 1 else ("wait", "are")
    return f"*{now.unanswered:,}* still {wait} for a first reply and {are} in none of these times."


def _minutes(now: Figures) -> str:
    """Where the time went, so that a slow network, a slow Slack and a busy team can be told apart."""
    steps = [
        f"{step} {duration(half)}" if (half := now.times[name].median) is not None else f"{step} –"
        for step, name in zip(_STEPS, STAGES, strict=True)
    ]
    return f"*Where the minutes went* (medians): post → {' → '.join(steps)}"


def _busiest(now: Figures) -> list[str]:
    order = sorted(range(len(now.hours)), key=lambda hour: (-now.hours[hour], hour))[:_BUSIEST]
    named = [
        f"{_WEEK[hour // 24]} {hour % 24:02d}:00 ({now.hours[hour]:,})" for hour in order if now.hours[hour]
    ]
    return [f"*Busiest hours*: {', '.join(named)}"] if named else []


def _person(one: Person, target: timedelta) -> str:
    handed = f", handed off {one.handed_off:,}" if one.handed_off else ""
    speed = f", {_half(one.took)}, {_share(one.took, target)}" if one.took.number else ""
    return f"<@{one.user}>: answered {one.answered:,}{handed}{speed}"


def _how(now: Figures) -> str:
    clock = "The clock starts when the customer posts."
    if now.is_exact:
        return clock
    return f"{clock} From daily figures: UTC days, times to within a tenth."


# --- as charts ----------------------------------------------------------------------------------------------


def charts(now: Figures) -> tuple[Chart, ...]:
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
            series=(("First reply", tuple(map(_minutes_of, now.days))),),
            unit="minutes",
            folds="mean",
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
            title="When people speak to us",
            kind="bar",
            categories=_WEEK,
            series=tuple(
                (f"{hour:02d}–{hour + _SPAN:02d}h", tuple(_spoken(now, day, hour) for day in range(7)))
                for hour in range(0, 24, _SPAN)
            ),
            unit="mentions",
        ),
    )


def _minutes_of(day: Day) -> float | None:
    return round(day.first.total_seconds() / 60, 1) if day.first is not None else None


def _spoken(now: Figures, weekday: int, hour: int) -> float:
    first = weekday * 24 + hour
    return float(sum(now.hours[first : first + _SPAN]))
