"""A chart in each of its three forms: within what Slack takes, and never saying what was not measured."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack import chart_images
from bot.slack.blocks.chart import Chart, alt_text, build_native_block, render_text
from sandbox.slack.block_kit.validator import check_message

DAYS = tuple(f"{day} Oct" for day in range(1, 32))
SPEED = Chart(
    "First reply by day",
    "line",
    DAYS[:4],
    (("median", (4.0, None, 6.5, 5.0)), ("p90", (9.0, None, 1_200.4, 8.0))),
    "minutes",
    "mean",
)
VOLUME = Chart("Volume by day", "bar", DAYS[:3], (("heard", (3.0, 0.0, 12.0)),), "mentions")

texts = st.text(max_size=60)
values = st.none() | st.floats(min_value=0, max_value=1e9, allow_nan=False)


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    names = draw(st.lists(texts, max_size=400))
    series = draw(
        st.lists(st.tuples(texts, st.tuples(*[values] * min(len(names), 3))), min_size=1, max_size=8)
    )
    whole = tuple((name, tuple((few * 200)[: len(names)] if few else ())) for name, few in series)
    kind = draw(st.sampled_from(["line", "bar", "area"]))
    return Chart(draw(texts), kind, tuple(names), whole, draw(texts), draw(st.sampled_from(["sum", "mean"])))


@given(charts())
def test_whatever_is_measured_slack_takes_it_or_there_is_nothing_to_draw(chart: Chart) -> None:
    text = render_text(chart)

    if "no data yet" not in text:
        assert check_message([build_native_block(chart)]) == []
    assert len(text) < 4_000
    assert len(alt_text(chart)) < 3_000
    assert chart_images.render_svg(chart).endswith("</svg>")


def test_a_day_without_a_reply_is_left_out_instead_of_counted_as_zero() -> None:
    (median, _) = build_native_block(SPEED)["chart"]["series"]

    assert [point["label"] for point in median["data"]] == ["1 Oct", "3 Oct", "4 Oct"]
    assert "2 Oct" not in render_text(SPEED)


def test_more_days_than_slack_shows_become_weeks_and_the_title_says_so() -> None:
    month = replace(VOLUME, categories=DAYS, series=(("heard", tuple(float(day) for day in range(1, 32))),))

    block = build_native_block(month)

    assert block["title"] == "Volume by day (by week)"
    assert block["chart"]["axis_config"]["categories"][0] == "1 Oct – 7 Oct"
    assert [point["value"] for point in block["chart"]["series"][0]["data"]] == [28, 77, 126, 175, 90]


def test_a_mean_of_a_week_is_of_the_days_that_have_a_value() -> None:
    values = (None, 2.0, 4.0, *[None] * 28)
    month = replace(SPEED, categories=DAYS, series=(("median", values),))

    assert [point["value"] for point in build_native_block(month)["chart"]["series"][0]["data"]] == [3.0]


def test_in_characters_one_series_is_bars_and_several_are_a_table() -> None:
    assert render_text(VOLUME).splitlines() == [
        "Volume by day, mentions",
        "1 Oct  ██████ 3",
        "2 Oct   0",
        "3 Oct  ████████████████████████ 12",
    ]
    assert render_text(SPEED).splitlines()[1:3] == ["       median    p90", "1 Oct       4      9"]


def test_who_does_not_see_it_hears_the_most_the_least_and_the_last() -> None:
    assert alt_text(VOLUME) == (
        "Volume by day, mentions: heard highest 12 (3 Oct), lowest 0 (2 Oct), latest 12."
    )


def test_a_picture_is_a_png_with_its_words_in_it() -> None:
    with_words = chart_images.render_png(SPEED)
    without = chart_images.render_png(replace(SPEED, title="", unit=""))

    assert with_words is not None
    assert with_words.startswith(b"\x89PNG")
    assert with_words != without


@pytest.mark.parametrize("title", ["<script>&\"'", "\ufffe", "名前 👩‍👩‍👧"])
def test_nobodys_words_break_a_picture(title: str) -> None:
    drawn = chart_images.render_png(replace(VOLUME, title=title, series=((title, (1.0, 2.0, 3.0)),)))

    assert drawn is None or drawn.startswith(b"\x89PNG")
