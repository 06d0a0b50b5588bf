"""What Slack refuses in blocks and views, and what it takes."""

import pytest

from sandbox.slack.block_kit.validator import check_blocks, check_message, check_view


def plain(text: str) -> dict:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict:
    return {"type": "mrkdwn", "text": text}


def section(**more) -> dict:
    return {"type": "section", "text": mrkdwn("x"), **more}


def actions(*elements: dict) -> dict:
    return {"type": "actions", "elements": list(elements)}


def button(**more) -> dict:
    return {"type": "button", "action_id": "b", "text": plain("Go"), **more}


def option(text: str = "One", value: str = "1", **more) -> dict:
    return {"text": plain(text), "value": value, **more}


def select(**more) -> dict:
    return {"type": "static_select", "action_id": "s", "options": [option()], **more}


def overflow(count: int) -> dict:
    return {"type": "overflow", "action_id": "o", "options": [option(value=str(n)) for n in range(count)]}


def field(element: dict | None = None, **more) -> dict:
    element = element or {"type": "plain_text_input", "action_id": "t"}
    return {"type": "input", "label": plain("Reply"), "element": element, **more}


def typed(**more) -> dict:
    return field({"type": "plain_text_input", "action_id": "t", **more})


def rich(*elements: dict, kind: str = "rich_text_section") -> dict:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(elements)}]}


def confirm(**more) -> dict:
    words = {key: plain(key) for key in ("title", "text", "confirm", "deny")}
    return button(confirm={**words, **more})


def modal(*blocks: dict, **more) -> dict:
    return {"type": "modal", "title": plain("Reply"), "submit": plain("Send"), "blocks": list(blocks), **more}


FINE = {
    "a card": [
        {"type": "header", "text": plain("x" * 150)},
        section(text=mrkdwn("x" * 3000), accessory=overflow(5)),
        section(fields=[mrkdwn("x" * 2000)] * 10, block_id="b" * 255),
        {"type": "context", "elements": [mrkdwn("a")] * 10},
        {"type": "divider"},
        {"type": "image", "image_url": "https://x.test/i.png", "alt_text": ""},
        actions(
            *(
                button(action_id=str(n), text=plain("x" * 75), value="v" * 2000, style="danger")
                for n in range(25)
            )
        ),
    ],
    "only fields": [{"type": "section", "fields": [plain("x")]}],
    "every inline part of rich text": [
        rich(
            {"type": "text", "text": "<!channel>", "style": {"bold": True}},
            {"type": "link", "url": "https://x.test", "text": "x"},
            {"type": "user", "user_id": "U0ANA"},
            {"type": "emoji", "name": "fire"},
            {"type": "broadcast", "range": "here"},
            {"type": "date", "timestamp": 1, "format": "{date}", "fallback": "then"},
        )
    ],
    "a list and a quote": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}],
                },
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "x"}]},
            ],
        }
    ],
    "pickers and selects": [
        actions(
            select(initial_option=option()),
            {"type": "users_select", "action_id": "u", "initial_user": "U0ANA"},
            {"type": "datetimepicker", "action_id": "d", "initial_date_time": 1_800_000_000},
            {"type": "datepicker", "action_id": "e", "initial_date": "2026-11-26"},
            {"type": "timepicker", "action_id": "t", "initial_time": "09:30", "timezone": "Europe/Lisbon"},
            {"type": "external_select", "action_id": "x", "min_query_length": 0},
        )
    ],
    "a dialog": [actions(confirm(text=mrkdwn("x" * 300), style="danger"))],
    "newer blocks": [
        {"type": "card", "title": plain("x" * 150), "body": mrkdwn("x" * 200)},
        {"type": "markdown", "text": "x" * 12_000},
        {"type": "data_table", "anything": ["goes"]},
    ],
}


@pytest.mark.parametrize("blocks", FINE.values(), ids=FINE.keys())
def test_what_is_right_passes(blocks):
    assert check_message(blocks) == []


WRONG = [
    ([section()] * 51, "/blocks", "no more than 50 items allowed"),
    ("words", "/blocks", "must be an array"),
    ([None], "/blocks/0", "must provide an object"),
    ([{}], "/blocks/0/type", "missing required field: type"),
    ([{"type": "fancy"}], "/blocks/0/type", "unsupported type: fancy"),
    ([{"type": "alert", "text": plain("x")}], "/blocks/0/type", "unsupported type: alert"),
    ([section(block_id="b" * 256)], "/blocks/0/block_id", "must be less than 256 characters"),
    (
        [section(block_id="b"), section(block_id="b")],
        "/blocks/1/block_id",
        '`block_id` "b" already exists for another block',
    ),
    ([{"type": "section"}], "/blocks/0", "missing required field: text"),
    ([section(text=mrkdwn(""))], "/blocks/0/text/text", "must be more than 0 characters"),
    ([section(text=mrkdwn("x" * 3001))], "/blocks/0/text/text", "must be less than 3001 characters"),
    ([section(text="words")], "/blocks/0/text", "must provide an object"),
    ([section(text={"type": "html", "text": "x"})], "/blocks/0/text/type", "must be one of"),
    ([section(text={**mrkdwn("x"), "emoji": True})], "/blocks/0/text", "invalid additional property: emoji"),
    ([section(text={"type": "mrkdwn", "text": 7})], "/blocks/0/text/text", "must be a string"),
    ([section(fields=[plain("x")] * 11)], "/blocks/0/fields", "no more than 10 items allowed"),
    ([section(fields=[plain("x" * 2001)])], "/blocks/0/fields/0/text", "must be less than 2001 characters"),
    ([section(color="red")], "/blocks/0", "invalid additional property: color"),
    ([section(accessory=overflow(6))], "/blocks/0/accessory/options", "no more than 5 items allowed"),
    (
        [section(accessory={"type": "plain_text_input"})],
        "/blocks/0/accessory/type",
        "unsupported type: plain_text_input",
    ),
    (
        [{"type": "header", "text": plain("x" * 151)}],
        "/blocks/0/text/text",
        "must be less than 151 characters",
    ),
    ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text/type", "must be one of: plain_text"),
    ([{"type": "context", "elements": [mrkdwn("a")] * 11}], "/blocks/0/elements", "no more than 10 items"),
    ([{"type": "context", "elements": []}], "/blocks/0/elements", "must contain at least 1 item"),
    ([{"type": "image", "alt_text": "x"}], "/blocks/0", "must provide exactly one of"),
    ([actions(*[button()] * 26)], "/blocks/0/elements", "no more than 25 items allowed"),
    ([actions(button(), button())], "/blocks/0/elements/1/action_id", '`action_id` "b" already exists'),
    ([actions(button(action_id="b" * 256))], "/blocks/0/elements/0/action_id", "must be less than 256"),
    ([actions(button(text=plain("x" * 76)))], "/blocks/0/elements/0/text/text", "must be less than 76"),
    ([actions(button(text=plain("")))], "/blocks/0/elements/0/text/text", "must be more than 0 characters"),
    ([actions(button(text=mrkdwn("x")))], "/blocks/0/elements/0/text/type", "must be one of: plain_text"),
    ([actions(button(value="v" * 2001))], "/blocks/0/elements/0/value", "must be less than 2001 characters"),
    ([actions(button(url="u" * 3001))], "/blocks/0/elements/0/url", "must be less than 3001 characters"),
    ([actions(button(style="default"))], "/blocks/0/elements/0/style", "must be one of: primary, danger"),
    ([actions(select(options=[option()] * 101))], "/blocks/0/elements/0/options", "no more than 100 items"),
    ([actions(select(options=None))], "/blocks/0/elements/0", "must provide exactly one of"),
    (
        [actions(select(options=[option("x" * 76)]))],
        "/blocks/0/elements/0/options/0/text/text",
        "must be less than 76",
    ),
    (
        [actions(select(options=[option(value="v" * 151)]))],
        "/blocks/0/elements/0/options/0/value",
        "must be less than 151",
    ),
    (
        [actions(select(initial_option=option("Two")))],
        "/blocks/0/elements/0/initial_option",
        "must match one of the options",
    ),
    (
        [actions(select(placeholder=plain("x" * 151)))],
        "/blocks/0/elements/0/placeholder/text",
        "must be less than 151",
    ),
    (
        [actions(confirm(title=plain("x" * 101)))],
        "/blocks/0/elements/0/confirm/title/text",
        "must be less than 101",
    ),
    (
        [actions(confirm(text=plain("x" * 301)))],
        "/blocks/0/elements/0/confirm/text/text",
        "must be less than 301",
    ),
    (
        [actions(confirm(confirm=plain("x" * 31)))],
        "/blocks/0/elements/0/confirm/confirm/text",
        "must be less than 31",
    ),
    (
        [actions(confirm(deny=None))],
        "/blocks/0/elements/0/confirm",
        "missing required field: deny",
    ),
    ([typed(max_length=3001)], "/blocks/0/element/max_length", "must be between 1 and 3000"),
    ([typed(initial_value="x" * 3001)], "/blocks/0/element/initial_value", "must be less than 3001"),
    ([typed(initial_value="xxx", max_length=2)], "/blocks/0/element/initial_value", "must be less than 3"),
    ([typed(min_length=9, max_length=2)], "/blocks/0/element/min_length", "must be less than or equal"),
    ([field(button())], "/blocks/0/element/type", "unsupported type: button"),
    ([field({"type": "url_text_input"})], "/blocks/0/element/type", "unsupported type: url_text_input"),
    ([{"type": "input", "label": plain("x")}], "/blocks/0", "missing required field: element"),
    ([{"type": "markdown", "text": "x" * 12_001}], "/blocks/0/text", "must be less than 12001 characters"),
    ([{"type": "markdown", "text": "x" * 7000}] * 2, "/blocks/1/text", "must be less than 12001"),
    ([{"type": "rich_text"}], "/blocks/0", "missing required field: elements"),
    ([rich({"type": "text", "text": ""})], "/blocks/0/elements/0/elements/0/text", "must be more than 0"),
    ([rich({"type": "blink"})], "/blocks/0/elements/0/elements/0/type", "unsupported type: blink"),
    ([rich({"type": "link"})], "/blocks/0/elements/0/elements/0", "missing required field: url"),
    (
        [rich({"type": "text", "text": "x", "style": {"big": True}})],
        "/blocks/0/elements/0/elements/0/style",
        "invalid additional property: big",
    ),
    ([rich(kind="rich_text_poem")], "/blocks/0/elements/0/type", "unsupported type: rich_text_poem"),
    (
        [rich({"type": "user", "user_id": "U1"}, kind="rich_text_preformatted")],
        "/blocks/0/elements/0/elements/0/type",
        "unsupported type: user",
    ),
]


@pytest.mark.parametrize(("blocks", "pointer", "words"), WRONG)
def test_what_is_wrong_is_pointed_at(blocks, pointer, words):
    problems = check_message(blocks)

    assert [at for at, said in problems if said.startswith(words)] == [pointer], problems


def test_a_view_may_hold_a_hundred_blocks():
    assert check_view(modal(*[section()] * 100)) == []
    assert check_view(modal(*[section()] * 101)) == [("/view/blocks", "no more than 100 items allowed")]


@pytest.mark.parametrize(
    ("view", "pointer", "words"),
    [
        ({"type": "modal", "blocks": []}, "/view", "missing required field: title"),
        (modal(title=plain("x" * 25)), "/view/title/text", "must be less than 25 characters"),
        (modal(submit=plain("x" * 25)), "/view/submit/text", "must be less than 25 characters"),
        (modal(close=plain("x" * 25)), "/view/close/text", "must be less than 25 characters"),
        (modal(title=mrkdwn("x")), "/view/title/type", "must be one of: plain_text"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata", "must be less than 3001 characters"),
        (modal(callback_id="x" * 256), "/view/callback_id", "must be less than 256 characters"),
        (modal(field(), submit=None), "/view", "missing required field: submit"),
        (modal({"type": "markdown", "text": "x"}), "/view/blocks/0/type", "unsupported type: markdown"),
        (modal(colour="red"), "/view", "invalid additional property: colour"),
        (
            {"type": "home", "blocks": [], "title": plain("x")},
            "/view",
            "invalid additional property: title",
        ),
        ({"type": "window", "blocks": []}, "/view/type", "unsupported type: window"),
        (None, "/view", "must provide an object"),
    ],
)
def test_what_is_wrong_with_a_view_is_pointed_at(view, pointer, words):
    assert check_view(view) == [(pointer, words)]


def test_some_parts_belong_to_modals_only():
    email = field({"type": "email_text_input", "action_id": "e"})
    alert = {"type": "alert", "text": plain("x" * 200), "level": "warning"}

    assert check_blocks([email, alert], "modal") == []
    assert [words for _, words in check_blocks([email, alert], "home")] == [
        "unsupported type: email_text_input",
        "unsupported type: alert",
    ]
