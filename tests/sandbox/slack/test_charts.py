"""data_visualization blocks: what Slack takes, and where it does not draw them yet."""

import copy

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.slack import visible
from sandbox.slack.block_kit.validator import check_blocks, check_message


def pie(**more) -> dict:
    segments = [{"label": "Answered", "value": 41}, {"label": "Waiting", "value": 2.5}]
    return {
        "type": "data_visualization",
        "title": "Outcomes",
        "chart": {"type": "pie", "segments": segments},
        **more,
    }


def plot(kind: str = "line", names=("Median",), categories=("Mon", "Tue")) -> dict:
    series = [
        {"name": name, "data": [{"label": one, "value": -place} for place, one in enumerate(categories)]}
        for name in names
    ]
    axes = {"categories": list(categories), "x_label": "Day", "y_label": "Minutes"}
    return {
        "type": "data_visualization",
        "title": "First reply",
        "chart": {"type": kind, "series": series, "axis_config": axes},
    }


@pytest.mark.parametrize("block", [pie(), pie(block_id="chart"), plot("line"), plot("bar"), plot("area")])
def test_each_kind_of_chart_is_taken(block):
    assert check_message([block]) == []


def test_a_chart_is_taken_to_its_limits():
    most = plot("bar", [f"series {n}" for n in range(6)], [f"category {n:011}" for n in range(20)])
    most["title"] = "t" * 50
    most["chart"]["axis_config"] |= {"x_label": "x" * 50, "y_label": "y" * 50}

    assert check_message([most, plot()]) == []


@pytest.mark.parametrize(
    ("where", "value", "pointer"),
    [
        (("title",), "t" * 51, "/blocks/0/title"),
        (("title",), {"type": "plain_text", "text": "t"}, "/blocks/0/title"),
        (("chart", "type"), "donut", "/blocks/0/chart/type"),
        (("chart", "segments"), [], "/blocks/0/chart/segments"),
        (("chart", "axis_config"), None, "/blocks/0/chart"),
        (("chart", "axis_config", "x_label"), "x" * 51, "/blocks/0/chart/axis_config/x_label"),
        (("chart", "axis_config", "categories"), ["Mon", "Mon"], "/blocks/0/chart/axis_config/categories"),
        (("chart", "axis_config", "categories"), ["Mon"], "/blocks/0/chart/series/0/data"),
        (
            ("chart", "axis_config", "categories", 0),
            "c" * 21,
            "/blocks/0/chart/axis_config/categories/0",
        ),
        (("chart", "series", 0, "name"), "n" * 21, "/blocks/0/chart/series/0/name"),
        (("chart", "series", 0, "data", 0, "label"), "l" * 21, "/blocks/0/chart/series/0/data/0/label"),
        (("chart", "series", 0, "data", 0, "value"), "12", "/blocks/0/chart/series/0/data/0/value"),
        (("chart", "series", 0, "data", 1, "label"), "Wed", "/blocks/0/chart/series/0/data"),
    ],
)
def test_what_slack_refuses_in_a_chart_is_named(where, value, pointer):
    block = pie() if where[-1] == "segments" else plot()
    broken = copy.deepcopy(block)
    *path, last = where
    node = broken
    for step in path:
        node = node[step]
    node[last] = value

    assert pointer in [problem for problem, _ in check_message([broken])]


def test_a_pie_has_no_empty_segment_and_few_of_them():
    empty, many = pie(), pie()
    empty["chart"]["segments"][0]["value"] = 0
    many["chart"]["segments"] = [{"label": f"part {n}", "value": 1} for n in range(7)]

    assert check_message([empty]) == [("/blocks/0/chart/segments/0/value", "must be greater than 0")]
    assert check_message([many]) == [("/blocks/0/chart/segments", "no more than 6 items allowed")]


def test_series_have_names_of_their_own_and_are_six_at_most():
    assert check_message([plot(names=("A", "A"))]) == [("/blocks/0/chart/series/1/name", "must be unique")]
    assert check_message([plot(names="ABCDEFG")]) == [
        ("/blocks/0/chart/series", "no more than 6 items allowed")
    ]


def test_a_message_has_two_charts_at_most():
    problems = check_message([plot(), pie(), plot()])

    assert problems == [("/blocks/2", "no more than 2 data_visualization blocks allowed")]


@pytest.mark.parametrize("surface", ["modal", "home"])
def test_charts_stand_in_messages_only(surface):
    assert check_blocks([pie()], surface) == [("/blocks/0/type", "unsupported type: data_visualization")]


def test_what_a_chart_shows_is_read_with_its_message():
    seen = visible({"blocks": [pie(), plot(names=("<!channel>",))]})

    assert seen.text.splitlines() == [
        "Outcomes",
        "Answered: 41",
        "Waiting: 2.5",
        "First reply",
        "<!channel>: Mon 0, Tue -1",
        "Day",
        "Minutes",
    ]
    assert seen.live == ()


def test_where_charts_are_not_rolled_out_a_message_with_one_is_refused(client, slack, ana):
    slack.world.faults.refuse_charts()

    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C0MENTIONS", text="stats", blocks=[pie()])
    assert refused.value.response["error"] == "invalid_blocks"
    assert "unsupported type: data_visualization" in str(refused.value.response["response_metadata"])
    client.chat_postMessage(channel="C0MENTIONS", text="stats")

    slack.world.faults.accept_charts()
    client.chat_postMessage(channel="C0MENTIONS", text="stats", blocks=[pie()])
    assert [len(message.blocks) for message in ana.sees("C0MENTIONS")] == [0, 1]


def test_the_fault_meets_answers_and_ephemerals_too(client, slack, bot, press, ana):
    slack.world.faults.refuse_charts()
    got = []

    @bot.action("stats")
    def answer(ack, respond):
        ack()
        got.append(respond(text="stats", blocks=[pie()]).status_code)

    press(ana, "Stats", "stats")
    slack.world.until(lambda: got)

    assert got == [400]
    with pytest.raises(SlackApiError, match="invalid_blocks"):
        client.chat_postEphemeral(channel="C0MENTIONS", user="U0ANA", text="stats", blocks=[pie()])
