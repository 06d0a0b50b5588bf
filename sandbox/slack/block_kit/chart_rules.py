"""Rules for the data_visualization block: a pie, or bars, areas or lines over named categories.

Its shape since 16 June 2026, from https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block:

    {"type": "data_visualization", "title": "First reply", "chart": {
        "type": "line",                                             # or "bar", "area"
        "series": [{"name": "Median", "data": [{"label": "Mon", "value": 12}, …]}, …],
        "axis_config": {"categories": ["Mon", …], "x_label": "Day", "y_label": "Minutes"}}}
    {"type": "data_visualization", "title": "Outcomes", "chart": {
        "type": "pie", "segments": [{"label": "Answered", "value": 41}, …]}}

Title, categories, names and labels are plain strings. Each series has one value per category, labelled with
it; only a pie's values must be greater than 0. The docs allow 6 series or segments and 20 categories. Newer
clients say 12 (slack-morphism 2.30, CopilotKit#6342); every workspace accepts what the docs allow.
"""

import math

from sandbox.slack.block_kit.check import Check

CHART = "data_visualization"
TITLE, LABEL, AXIS = 50, 20, 50  # characters
MAX_SERIES, MAX_CATEGORIES = 6, 20  # series or segments; points of each
SERIES = ("bar", "area", "line")


def block(check: Check) -> None:
    """Check a whole block."""
    check.only(("type", "block_id", "title", "chart"))
    check.need("title", "chart")
    check.string("title", TITLE, 1)
    check.child("chart", _chart)


def _chart(check: Check) -> None:
    check.need("type")
    check.one_of("type", ("pie", *SERIES))
    if check.node.get("type") == "pie":
        _pie(check)
    elif check.node.get("type") in SERIES:
        _plot(check)


def _pie(check: Check) -> None:
    check.only(("type", "segments"))
    check.need("segments")
    for segment in check.each("segments", MAX_SERIES):
        if segment.sound:
            _point(segment)
            if _is_number(segment.node.get("value")) and segment.node["value"] <= 0:
                segment.say("must be greater than 0", "value")


def _plot(check: Check) -> None:
    check.only(("type", "series", "axis_config"))
    check.need("series", "axis_config")
    check.child("axis_config", _axes)
    axes = check.node.get("axis_config")
    wanted = axes.get("categories") if isinstance(axes, dict) else None
    names: set[str] = set()
    for series in check.each("series", MAX_SERIES):
        if not series.sound:
            continue
        _series(series, wanted)
        name = str(series.node.get("name"))
        if name in names:
            series.say("must be unique", "name")
        names.add(name)


def _series(check: Check, wanted: object) -> None:
    check.only(("name", "data"))
    check.need("name", "data")
    check.string("name", LABEL, 1)
    points = check.each("data", MAX_CATEGORIES)
    for point in points:
        if point.sound:
            _point(point)
    labels = [point.node.get("label") for point in points]
    if isinstance(wanted, list) and sorted(map(str, labels)) != sorted(map(str, wanted)):
        check.say("labels must match axis_config.categories", "data")


def _axes(check: Check) -> None:
    check.only(("categories", "x_label", "y_label"))
    check.need("categories")
    check.string("x_label", AXIS)
    check.string("y_label", AXIS)
    categories = check.node.get("categories")
    if not isinstance(categories, list):
        check.say("must be an array", "categories") if categories is not None else None
        return
    check.length(len(categories), MAX_CATEGORIES, 1, "categories", "items")
    for index, category in enumerate(categories):
        if not isinstance(category, str):
            check.say("must be a string", f"categories/{index}")
        else:
            check.length(len(category), LABEL, 1, f"categories/{index}", "characters")
    if len(set(map(str, categories))) != len(categories):
        check.say("must be unique", "categories")


def _point(check: Check) -> None:
    check.only(("label", "value"))
    check.need("label", "value")
    check.string("label", LABEL, 1)
    if check.has("value") and not _is_number(check.node["value"]):
        check.say("must be a number", "value")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
