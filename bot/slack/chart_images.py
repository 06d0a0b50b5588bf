"""A chart as a picture, for a Slack that draws none itself: SVG, and PNG with the extra `charts`.

Without a font at hand the renderer silently leaves out all text, so the font comes along.
"""

import logging
from collections.abc import Iterator
from xml.sax.saxutils import escape

from bot.slack.blocks.chart import Chart, Value, fitted, is_empty, number

log = logging.getLogger(__name__)

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 62, 20, 76, 40  # around the plot
STEPS = 4  # lines of the grid above the axis
COLOURS = ("#2f6fde", "#e0803a", "#2b9a66", "#a45bd0", "#c9424a", "#5f6b7a")  # of the series; for any eyes
INK, FAINT, PAPER = "#1d1c1d", "#616061", "#ffffff"


def png(chart: Chart) -> bytes | None:
    """The picture's bytes; None where nothing is installed that could draw it."""
    try:
        import font_roboto  # noqa: PLC0415 - an extra: who does not need it does without
        import resvg_py  # noqa: PLC0415
    except ImportError:
        return None
    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=svg(chart),
            zoom=2,
            skip_system_fonts=True,
            font_files=[font_roboto.Roboto, font_roboto.RobotoMedium],
            font_family="Roboto",
        )
    except ValueError as error:
        log.warning("a chart could not be drawn: %s", error)
        return None
    return bytes(drawn)


def svg(chart: Chart) -> str:
    """The picture on white paper, which is read on light and dark alike."""
    whole = fitted(chart)
    top = _round_up(max((value or 0 for _, values in whole.series for value in values), default=0))
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Roboto, sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="10" fill="{PAPER}"/>',
        _text(20, 30, whole.title, size=16, weight=500, fill=INK),
        *_legend(whole),
        *_grid(top),
        *_names(whole),
        *([_text(WIDTH / 2, HEIGHT / 2, "nothing yet", anchor="middle")] if is_empty(chart) else []),
        *(_columns(whole, top) if whole.kind == "bar" else _lines(whole, top)),
    ]
    return "\n".join([*parts, "</svg>"])


def _text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 12,
    weight: int = 400,
    fill: str = FAINT,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def _legend(chart: Chart) -> Iterator[str]:
    """The unit, then each series in its colour."""
    x = 20.0
    if chart.unit:
        yield _text(x, 54, chart.unit)
        x += 7 * len(chart.unit) + 16
    for place, (name, _) in enumerate(chart.series):
        yield f'<rect x="{x:.1f}" y="45" width="10" height="10" rx="2" fill="{COLOURS[place]}"/>'
        yield _text(x + 15, 54, name, fill=INK)
        x += 7 * len(name) + 36


def _grid(top: float) -> Iterator[str]:
    for step in range(STEPS + 1):
        value = top * step / STEPS
        y = _y(value, top)
        yield f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>'
        yield _text(LEFT - 8, y + 4, number(value), anchor="end")


def _names(chart: Chart) -> Iterator[str]:
    """As many of the categories as have room side by side."""
    longest = max((len(name) for name in chart.categories), default=1)
    every = max(-(-longest * 7 // int(_step(chart))), 1)
    for place, name in enumerate(chart.categories):
        if place % every == 0:
            yield _text(_x(chart, place), HEIGHT - BOTTOM + 20, name, anchor="middle")


def _columns(chart: Chart, top: float) -> Iterator[str]:
    wide = _step(chart) * 0.76 / max(len(chart.series), 1)
    for series, (_, values) in enumerate(chart.series):
        for place, value in enumerate(values):
            x = _x(chart, place) + (series - len(chart.series) / 2) * wide
            y = _y(value or 0, top)
            high = HEIGHT - BOTTOM - y
            size = f'width="{wide:.1f}" height="{high:.1f}"'
            yield f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{COLOURS[series]}"/>'


def _lines(chart: Chart, top: float) -> Iterator[str]:
    for series, (_, values) in enumerate(chart.series):
        points = [(_x(chart, place), _y(value, top)) for place, value in _known(values)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        colour, floor = COLOURS[series], HEIGHT - BOTTOM
        if chart.kind == "area" and points:
            under = f"{points[0][0]:.1f},{floor} {line} {points[-1][0]:.1f},{floor}"
            yield f'<polygon points="{under}" fill="{colour}" fill-opacity="0.2"/>'
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)


def _known(values: tuple[Value, ...]) -> Iterator[tuple[int, float]]:
    return ((place, value) for place, value in enumerate(values) if value is not None)


def _step(chart: Chart) -> float:
    """The room of one category."""
    return (WIDTH - LEFT - RIGHT) / max(len(chart.categories), 1)


def _x(chart: Chart, place: int) -> float:
    return LEFT + (place + 0.5) * _step(chart)


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - max(value, 0) / top * (HEIGHT - TOP - BOTTOM)


def _round_up(value: float) -> float:
    """The end of the axis: a figure whose quarters are easily read."""
    size = 1.0
    while size * 10 < value:
        size *= 10
    return next(
        (size * step for step in (1, 1.2, 1.6, 2, 4, 6, 8) if size * step >= value and size * step >= STEPS),
        size * 10,
    )
