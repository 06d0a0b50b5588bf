"""A chart, before anybody knows how it will be shown: by Slack itself, as a picture, or in characters. Pure.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bot.slack.blocks.elements import Block
from bot.slack.blocks.text import one_line, text_element, truncate
from models.core.normalize import sanitize

TITLE_MAX_CHARS, LABEL_MAX_CHARS, AXIS_MAX_CHARS = 50, 20, 50  # characters that Slack takes
CATEGORIES_MAX, SERIES_MAX = 20, 6
CHARTS_PER_MESSAGE = 2  # charts that Slack takes in one message: vercel/chat#696
ALT_TEXT_MAX_CHARS = 1_900  # characters of a picture's words; Slack takes 2,000
DAYS_PER_WEEK = 7
WHOLE_NUMBERS_FROM = 100  # from here on nobody reads what is behind the point
BAR_MAX_CHARS = 24  # characters of the longest bar
_EIGHTH_BLOCKS = " ▏▎▍▌▋▊▉"

ChartValue = float | None
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
    series: tuple[tuple[str, tuple[ChartValue, ...]], ...]
    unit: str
    aggregate: Literal["sum", "mean"] = "sum"


# --- as Slack draws it --------------------------------------------------------------------------------------


def build_native_block(chart: Chart) -> Block:
    """Slack's own block. What nobody has a value for is left out: Slack wants a value for each category."""
    whole = fit_chart(chart)
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


def build_image_block(chart: Chart, file_id: str) -> Block:
    """A picture of it that was uploaded, with words for who does not see it."""
    alt = truncate(alt_text(chart), ALT_TEXT_MAX_CHARS)
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": alt}


def is_empty(chart: Chart) -> bool:
    """Whether there is nothing to draw."""
    return not any(value is not None for _, values in chart.series for value in values)


def fit_chart(chart: Chart) -> Chart:
    """`chart` within Slack's limits: days as weeks, each name short enough and different from the others."""
    whole = _without_gaps(_fold_days(chart))
    most = whole.series[:SERIES_MAX]
    names = _distinct_labels([name for name, _ in most])
    return replace(
        whole,
        title=truncate(one_line(sanitize(whole.title)), TITLE_MAX_CHARS) or "Chart",
        categories=tuple(_distinct_labels(whole.categories)),
        series=tuple((name, values) for name, (_, values) in zip(names, most, strict=True)),
        unit=truncate(one_line(sanitize(whole.unit)), AXIS_MAX_CHARS),
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


def _fold_days(chart: Chart) -> Chart:
    """`chart` with at most as many categories as Slack shows, and its title says what became one."""
    if len(chart.categories) <= CATEGORIES_MAX:
        return chart
    weeks = -(-len(chart.categories) // (DAYS_PER_WEEK * CATEGORIES_MAX))
    size = weeks * DAYS_PER_WEEK
    starts = range(0, len(chart.categories), size)
    said = " (by week)" if weeks == 1 else f" (by {weeks} weeks)"
    return replace(
        chart,
        title=truncate(one_line(chart.title), TITLE_MAX_CHARS - len(said)) + said,
        categories=tuple(_range_label(chart.categories[start : start + size]) for start in starts),
        series=tuple(
            (name, tuple(_combine(values[start : start + size], chart.aggregate) for start in starts))
            for name, values in chart.series
        ),
    )


def _range_label(names: Sequence[str]) -> str:
    whole = f"{names[0]} – {names[-1]}" if len(names) > 1 else names[0]
    return whole if len(whole) <= LABEL_MAX_CHARS else names[0]


def _combine(values: Sequence[ChartValue], how: str) -> ChartValue:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return sum(known) / (len(known) if how == "mean" else 1)


def _distinct_labels(names: Sequence[str]) -> list[str]:
    """The names in the room that a label has, none of them twice: Slack refuses that."""
    seen: dict[str, None] = {}
    for name in names:
        whole = one_line(sanitize(name)) or "–"
        short, number = truncate(whole, LABEL_MAX_CHARS), 2
        while short in seen:
            tail = f" {number}"
            short, number = truncate(whole, LABEL_MAX_CHARS - len(tail)) + tail, number + 1
        seen[short] = None
    return list(seen)


# --- in words and characters --------------------------------------------------------------------------------


def alt_text(chart: Chart) -> str:
    """One line for people who cannot see it: highest, lowest and latest of each series. Not escaped."""
    whole = fit_chart(chart)
    if is_empty(chart):
        return f"{whole.title}: no data yet."
    head = f"{whole.title}, {whole.unit}" if whole.unit else whole.title
    return (
        f"{head}: {'; '.join(_series_text(name, values, whole.categories) for name, values in whole.series)}."
    )


def _series_text(name: str, values: Sequence[ChartValue], categories: Sequence[str]) -> str:
    known = [(value, place) for place, value in enumerate(values) if value is not None]
    if not known:
        return f"{name}: no data"
    most, least, last = max(known, key=lambda one: one[0]), min(known, key=lambda one: one[0]), known[-1]
    if most[0] == least[0]:
        return f"{name} {format_number(most[0])} throughout"
    return (
        f"{name} highest {format_number(most[0])} ({categories[most[1]]}), lowest {format_number(least[0])} "
        f"({categories[least[1]]}), latest {format_number(last[0])}"
    )


def render_text(chart: Chart) -> str:
    """A small table in letters of one width, with bars where there is one series. Not escaped."""
    whole = fit_chart(chart)
    head = f"{whole.title}, {whole.unit}" if whole.unit else whole.title
    if is_empty(chart):
        return f"{head}\nno data yet"
    rows = _bar_lines(whole) if len(whole.series) == 1 else _table_lines(whole)
    return "\n".join([head, *rows])


def build_text_block(chart: Chart) -> Block:
    """`render_text` as a monospaced block, whose letters all have one width."""
    table = {"type": "rich_text_preformatted", "elements": [text_element(render_text(chart))]}
    return {"type": "rich_text", "elements": [table]}


def _bar_lines(chart: Chart) -> list[str]:
    ((_, values),) = chart.series
    wide = max(len(name) for name in chart.categories)
    most = max((value for value in values if value is not None), default=0) or 1
    return [
        f"{name:<{wide}}  {render_bar((value or 0) / most)} {_format_cell(value)}"
        for name, value in zip(chart.categories, values, strict=True)
    ]


def _table_lines(chart: Chart) -> list[str]:
    columns = [[name, *map(_format_cell, values)] for name, values in chart.series]
    widths = [max(map(len, column)) for column in columns]
    wide = max(len(name) for name in chart.categories)
    return [
        "  ".join([f"{name:<{wide}}", *(f"{column[row]:>{width}}" for column, width in pairs)])
        for row, name in enumerate(["", *chart.categories])
        for pairs in [list(zip(columns, widths, strict=True))]
    ]


def render_bar(share: float, length: int = BAR_MAX_CHARS) -> str:
    """So much of a bar of that length in characters."""
    eighths = round(min(max(share, 0.0), 1.0) * length * 8)
    return "█" * (eighths // 8) + _EIGHTH_BLOCKS[eighths % 8].strip()


def format_number(value: float) -> str:
    """A figure as people write it: `1,204`, `0.5`."""
    whole = abs(value) >= WHOLE_NUMBERS_FROM or value == int(value)
    return f"{value:,.0f}" if whole else f"{value:,.1f}"


def _format_cell(value: ChartValue) -> str:
    return "–" if value is None else format_number(value)
