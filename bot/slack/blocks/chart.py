"""A chart, before anybody knows how it will be shown: by Slack itself, as a picture, or in characters. Pure.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.slack.blocks.elements import Block
from bot.slack.blocks.text import clean, fit, literal, one_line

TITLE, LABEL, AXIS = 50, 20, 50  # characters that Slack takes
CATEGORIES, SERIES = 20, 6
A_MESSAGE = 2  # charts that Slack takes in one message: vercel/chat#696
ALT = 1_900  # characters of a picture's words; Slack takes 2,000
WEEK = 7
A_HUNDRED = 100  # from here on nobody reads what is behind the point
BAR = 24  # characters of the longest bar
_EIGHTHS = " ▏▎▍▌▋▊▉"

Value = float | None
"""What was measured; None where there was nothing to measure, which is not 0."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Series of values over named categories.

    More categories than Slack shows are taken for days and folded into weeks: their values are added, or,
    where adding makes no sense (`folds` is "mean"), averaged.
    """

    title: str
    kind: Literal["line", "bar", "area"]
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[Value, ...]], ...]
    unit: str
    folds: Literal["sum", "mean"] = "sum"


# --- as Slack draws it --------------------------------------------------------------------------------------


def native(chart: Chart) -> Block:
    """Slack's own block. What nobody has a value for is left out: Slack wants a value for each category."""
    whole = fitted(chart)
    data = [
        {
            "name": name,
            "data": [
                {"label": label, "value": value or 0}
                for label, value in zip(whole.categories, values, strict=True)
            ],
        }
        for name, values in whole.series
    ]
    axes = {"categories": list(whole.categories)} | ({"y_label": whole.unit} if whole.unit else {})
    drawn = {"type": whole.kind, "series": data, "axis_config": axes}
    return {"type": "data_visualization", "title": whole.title, "chart": drawn}


def pictured(chart: Chart, file_id: str) -> Block:
    """A picture of it that was uploaded, with words for who does not see it."""
    alt = fit(spoken(chart), ALT)
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": alt}


def is_empty(chart: Chart) -> bool:
    """Whether there is nothing to draw."""
    return not any(value is not None for _, values in chart.series for value in values)


def fitted(chart: Chart) -> Chart:
    """`chart` within Slack's limits: days as weeks, each name short enough and different from the others."""
    whole = _without_gaps(_folded(chart))
    most = whole.series[:SERIES]
    names = _distinct([name for name, _ in most])
    return replace(
        whole,
        title=fit(one_line(clean(whole.title)), TITLE) or "Chart",
        categories=tuple(_distinct(whole.categories)),
        series=tuple((name, values) for name, (_, values) in zip(names, most, strict=True)),
        unit=fit(one_line(clean(whole.unit)), AXIS),
    )


def _without_gaps(chart: Chart) -> Chart:
    """`chart` without the categories for which no series has a value."""
    kept = [
        place
        for place in range(len(chart.categories))
        if any(values[place] is not None for _, values in chart.series)
    ]
    return replace(
        chart,
        categories=tuple(chart.categories[place] for place in kept),
        series=tuple((name, tuple(values[place] for place in kept)) for name, values in chart.series),
    )


def _folded(chart: Chart) -> Chart:
    """`chart` with at most as many categories as Slack shows, and its title says what became one."""
    if len(chart.categories) <= CATEGORIES:
        return chart
    weeks = -(-len(chart.categories) // (WEEK * CATEGORIES))
    size = weeks * WEEK
    starts = range(0, len(chart.categories), size)
    said = " (by week)" if weeks == 1 else f" (by {weeks} weeks)"
    return replace(
        chart,
        title=fit(one_line(chart.title), TITLE - len(said)) + said,
        categories=tuple(_span(chart.categories[start : start + size]) for start in starts),
        series=tuple(
            (name, tuple(_together(values[start : start + size], chart.folds) for start in starts))
            for name, values in chart.series
        ),
    )


def _span(names: Sequence[str]) -> str:
    whole = f"{names[0]} – {names[-1]}" if len(names) > 1 else names[0]
    return whole if len(whole) <= LABEL else names[0]


def _together(values: Sequence[Value], how: str) -> Value:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return sum(known) / (len(known) if how == "mean" else 1)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names in the room that a label has, none of them twice: Slack refuses that."""
    seen: dict[str, None] = {}
    for name in names:
        whole = one_line(clean(name)) or "–"
        short, number = fit(whole, LABEL), 2
        while short in seen:
            tail = f" {number}"
            short, number = fit(whole, LABEL - len(tail)) + tail, number + 1
        seen[short] = None
    return list(seen)


# --- in words and characters --------------------------------------------------------------------------------


def spoken(chart: Chart) -> str:
    """One line for who does not see it: the most, the least and the last of each series. Not escaped."""
    whole = fitted(chart)
    if is_empty(chart):
        return f"{whole.title}: nothing yet."
    head = f"{whole.title}, {whole.unit}" if whole.unit else whole.title
    return f"{head}: {'; '.join(_told(name, values, whole.categories) for name, values in whole.series)}."


def _told(name: str, values: Sequence[Value], categories: Sequence[str]) -> str:
    known = [(value, place) for place, value in enumerate(values) if value is not None]
    if not known:
        return f"{name} nothing"
    most, least, last = max(known, key=lambda one: one[0]), min(known, key=lambda one: one[0]), known[-1]
    if most[0] == least[0]:
        return f"{name} {number(most[0])} throughout"
    return (
        f"{name} at most {number(most[0])} ({categories[most[1]]}), at least {number(least[0])} "
        f"({categories[least[1]]}), at last {number(last[0])}"
    )


def as_text(chart: Chart) -> str:
    """A small table in letters of one width, with bars where there is one series. Not escaped."""
    whole = fitted(chart)
    head = f"{whole.title}, {whole.unit}" if whole.unit else whole.title
    if is_empty(chart):
        return f"{head}\nnothing yet"
    rows = _bars(whole) if len(whole.series) == 1 else _table(whole)
    return "\n".join([head, *rows])


def in_characters(chart: Chart) -> Block:
    """`as_text` as a block, whose letters all have one width."""
    table = {"type": "rich_text_preformatted", "elements": [literal(as_text(chart))]}
    return {"type": "rich_text", "elements": [table]}


def _bars(chart: Chart) -> list[str]:
    ((_, values),) = chart.series
    wide = max(len(name) for name in chart.categories)
    most = max((value for value in values if value is not None), default=0) or 1
    return [
        f"{name:<{wide}}  {bar((value or 0) / most)} {_cell(value)}"
        for name, value in zip(chart.categories, values, strict=True)
    ]


def _table(chart: Chart) -> list[str]:
    columns = [[name, *map(_cell, values)] for name, values in chart.series]
    widths = [max(map(len, column)) for column in columns]
    wide = max(len(name) for name in chart.categories)
    return [
        "  ".join([f"{name:<{wide}}", *(f"{column[row]:>{width}}" for column, width in pairs)])
        for row, name in enumerate(["", *chart.categories])
        for pairs in [list(zip(columns, widths, strict=True))]
    ]


def bar(share: float, length: int = BAR) -> str:
    """So much of a bar of that length in characters."""
    eighths = round(min(max(share, 0.0), 1.0) * length * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def number(value: float) -> str:
    """A figure as people write it: `1,204`, `0.5`."""
    whole = abs(value) >= A_HUNDRED or value == int(value)
    return f"{value:,.0f}" if whole else f"{value:,.1f}"


def _cell(value: Value) -> str:
    return "–" if value is None else number(value)
