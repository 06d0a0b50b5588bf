"""A chart as a picture, for a Slack that draws none itself: SVG, and PNG with the extra `charts`.

Without a font at hand the renderer silently leaves out all text, so the font comes along.
"""

import logging
from collections.abc import Iterator
from xml.sax.saxutils import escape

from bot.slack.blocks.chart import Chart, ChartValue, fit_chart, format_number, is_empty

log = logging.getLogger(__name__)

IMAGE_WIDTH_PX, IMAGE_HEIGHT_PX = 720, 360
MARGIN_LEFT_PX, MARGIN_RIGHT_PX, MARGIN_TOP_PX, MARGIN_BOTTOM_PX = 62, 20, 76, 40  # around the plot
GRID_LINES = 4  # lines of the grid above the axis
SERIES_COLOURS = (
    "#2f6fde",
    "#e0803a",
    "#2b9a66",
    "#a45bd0",
    "#c9424a",
    "#5f6b7a",
)  # of the series; for any eyes
TEXT_COLOUR, MUTED_COLOUR, BACKGROUND_COLOUR = "#1d1c1d", "#616061", "#ffffff"


def render_png(chart: Chart) -> bytes | None:
    """The picture's bytes; None where nothing is installed that could draw it."""
    try:
        import font_roboto  # noqa: PLC0415 - an extra: who does not need it does without
        import resvg_py  # noqa: PLC0415
    except ImportError:
        return None
    try:
        drawn = resvg_py.svg_to_bytes(
            svg_string=render_svg(chart),
            zoom=2,
            skip_system_fonts=True,
            font_files=[font_roboto.Roboto, font_roboto.RobotoMedium],
            font_family="Roboto",
        )
    except ValueError as error:
        log.warning("could not draw a chart: %s", error)
        return None
    return bytes(drawn)


def render_svg(chart: Chart) -> str:
    """The picture on white paper, which is read on light and dark alike."""
    whole = fit_chart(chart)
    top = _axis_end(max((value or 0 for _, values in whole.series for value in values), default=0))
    size = (
        f'viewBox="0 0 {IMAGE_WIDTH_PX} {IMAGE_HEIGHT_PX}" width="{IMAGE_WIDTH_PX}" '
        f'height="{IMAGE_HEIGHT_PX}"'
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="Roboto, sans-serif">',
        f'<rect width="{IMAGE_WIDTH_PX}" height="{IMAGE_HEIGHT_PX}" rx="10" fill="{BACKGROUND_COLOUR}"/>',
        _text(20, 30, whole.title, size=16, weight=500, fill=TEXT_COLOUR),
        *_legend(whole),
        *_grid(top),
        *_category_labels(whole),
        *(
            [_text(IMAGE_WIDTH_PX / 2, IMAGE_HEIGHT_PX / 2, "no data yet", anchor="middle")]
            if is_empty(chart)
            else []
        ),
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
    fill: str = MUTED_COLOUR,
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
        yield f'<rect x="{x:.1f}" y="45" width="10" height="10" rx="2" fill="{SERIES_COLOURS[place]}"/>'
        yield _text(x + 15, 54, name, fill=TEXT_COLOUR)
        x += 7 * len(name) + 36


def _grid(top: float) -> Iterator[str]:
    for step in range(GRID_LINES + 1):
        value = top * step / GRID_LINES
        y = _y(value, top)
        yield (
            f'<line x1="{MARGIN_LEFT_PX}" x2="{IMAGE_WIDTH_PX - MARGIN_RIGHT_PX}" y1="{y:.1f}" '
            f'y2="{y:.1f}" stroke="#e4e4e4"/>'
        )
        yield _text(MARGIN_LEFT_PX - 8, y + 4, format_number(value), anchor="end")


def _category_labels(chart: Chart) -> Iterator[str]:
    """As many of the categories as have room side by side."""
    longest = max((len(name) for name in chart.categories), default=1)
    every = max(-(-longest * 7 // int(_category_width(chart))), 1)
    for place, name in enumerate(chart.categories):
        if place % every == 0:
            yield _text(_x(chart, place), IMAGE_HEIGHT_PX - MARGIN_BOTTOM_PX + 20, name, anchor="middle")


def _columns(chart: Chart, top: float) -> Iterator[str]:
    wide = _category_width(chart) * 0.76 / max(len(chart.series), 1)
    for series, (_, values) in enumerate(chart.series):
        for place, value in enumerate(values):
            x = _x(chart, place) + (series - len(chart.series) / 2) * wide
            y = _y(value or 0, top)
            high = IMAGE_HEIGHT_PX - MARGIN_BOTTOM_PX - y
            size = f'width="{wide:.1f}" height="{high:.1f}"'
            yield f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{SERIES_COLOURS[series]}"/>'


def _lines(chart: Chart, top: float) -> Iterator[str]:
    for series, (_, values) in enumerate(chart.series):
        points = [(_x(chart, place), _y(value, top)) for place, value in _known_points(values)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        colour, floor = SERIES_COLOURS[series], IMAGE_HEIGHT_PX - MARGIN_BOTTOM_PX
        if chart.kind == "area" and points:
            under = f"{points[0][0]:.1f},{floor} {line} {points[-1][0]:.1f},{floor}"
            yield f'<polygon points="{under}" fill="{colour}" fill-opacity="0.2"/>'
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)


def _known_points(values: tuple[ChartValue, ...]) -> Iterator[tuple[int, float]]:
    return ((place, value) for place, value in enumerate(values) if value is not None)


def _category_width(chart: Chart) -> float:
    """The room of one category."""
    return (IMAGE_WIDTH_PX - MARGIN_LEFT_PX - MARGIN_RIGHT_PX) / max(len(chart.categories), 1)


def _x(chart: Chart, place: int) -> float:
    return MARGIN_LEFT_PX + (place + 0.5) * _category_width(chart)


def _y(value: float, top: float) -> float:
    return (
        IMAGE_HEIGHT_PX
        - MARGIN_BOTTOM_PX
        - max(value, 0) / top * (IMAGE_HEIGHT_PX - MARGIN_TOP_PX - MARGIN_BOTTOM_PX)
    )


def _axis_end(value: float) -> float:
    """The end of the axis: a figure whose quarters are easily read."""
    size = 1.0
    while size * 10 < value:
        size *= 10
    return next(
        (
            size * step
            for step in (1, 1.2, 1.6, 2, 4, 6, 8)
            if size * step >= value and size * step >= GRID_LINES
        ),
        size * 10,
    )
