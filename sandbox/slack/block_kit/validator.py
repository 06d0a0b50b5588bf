"""Finds what Slack refuses in blocks, messages and views.

Every check returns `[(json_pointer, message)]`, which is empty if Slack accepts the input.

Limits: https://docs.slack.dev/reference/block-kit/blocks and the pages of each block below it.
"""

from collections.abc import Callable
from typing import Any

from sandbox.slack.block_kit import chart_rules, rich_text_rules
from sandbox.slack.block_kit import element_rules as e
from sandbox.slack.block_kit.chart_rules import CHART
from sandbox.slack.block_kit.check import EITHER, Check, Json, Problem, text_object

MESSAGE, MODAL, HOME = "message", "modal", "home"
MOST = {MESSAGE: 50, MODAL: 100, HOME: 100}
VIEW_BYTES = 250_000
MARKDOWN_CHARACTERS = 12_000
MOST_CHARTS = 2  # per message; not in the docs, but in Slack's error (vercel/chat#696, CopilotKit#6342)
EVERYWHERE = {"section", "actions", "context", "divider", "header", "image", "input", "rich_text", "video"}
ONLY_MESSAGE = {"carousel", "container", "markdown", "plan", "task_card", "context_actions"}
# The docs list more surfaces than these blocks render on: allowed where docs and reports agree.
ONLY_MESSAGE |= {"table", "data_table", CHART, "file", "call"}
ALLOWED = {
    MESSAGE: EVERYWHERE | ONLY_MESSAGE | {"card"},
    MODAL: EVERYWHERE | {"alert"},
    HOME: EVERYWHERE | {"card"},
}


def check_message(blocks: Any, pointer: str = "/blocks") -> list[Problem]:  # noqa: ANN401 - any JSON
    """Check the blocks of a message."""
    return check_blocks(blocks, MESSAGE, pointer)


def check_view(view: Any, pointer: str = "/view") -> list[Problem]:  # noqa: ANN401 - any JSON
    """Check a modal or Home view, its blocks included."""
    problems: list[Problem] = []
    check = Check(view, pointer, problems)
    if check.sound:
        _view(check)
    return problems


def check_blocks(blocks: Any, surface: str, pointer: str = "/blocks") -> list[Problem]:  # noqa: ANN401 - any JSON
    """Check blocks for one surface: `message`, `modal` or `home`."""
    problems: list[Problem] = []
    parent, _, key = pointer.rpartition("/")
    members = Check({key: blocks}, parent, problems).each(key, MOST[surface], 0)
    for member in members:
        if member.sound:
            _block(member, surface)
    _unique_ids(members)
    _markdown_total(members)
    _few_charts(members)
    return problems


def in_slacks_words(problems: list[Problem]) -> list[str]:
    """Return the problems as lines of `response_metadata.messages`."""
    return [f"[ERROR] {words} [json-pointer:{pointer}]" for pointer, words in problems]


def _view(check: Check) -> None:
    kind = check.node.get("type")
    if kind not in {MODAL, HOME}:
        check.say(f"unsupported type: {kind}" if kind else "missing required field: type", "type")
        return
    modal = {"title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"}
    check.only(
        {"type", "blocks", "callback_id", "private_metadata", "external_id"}
        | (modal if kind == MODAL else set())
    )
    check.need("blocks", *(("title",) if kind == MODAL else ()))
    for key in ("title", "submit", "close"):
        check.text(key, 24)
    check.string("private_metadata", 3000)
    check.string("callback_id", 255)
    check.string("external_id", 255)
    check.flag("clear_on_close", "notify_on_close", "submit_disabled")
    check.problems.extend(check_blocks(check.node.get("blocks") or [], kind, f"{check.pointer}/blocks"))
    if kind == MODAL and not check.has("submit") and _has_input(check.node):
        check.say("missing required field: submit")


def _has_input(view: Json) -> bool:
    blocks = view.get("blocks")
    return isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)


def _block(check: Check, surface: str) -> None:
    kind = check.node.get("type")
    if kind not in ALLOWED[surface]:
        check.say(f"unsupported type: {kind}" if kind else "missing required field: type", "type")
        return
    check.string("block_id", 255)
    BLOCKS.get(kind, _unknown_inside)(check, surface)


def _section(check: Check, _surface: str) -> None:
    check.only(("type", "block_id", "text", "fields", "accessory", "expand"))
    if not check.has("text") and not check.has("fields"):
        check.say("missing required field: text")
    check.text("text", 3000, EITHER)
    for field in check.each("fields", 10):
        if field.sound:
            text_object(field, 2000, EITHER)
    check.child("accessory", _accessory)


def _accessory(check: Check) -> None:
    if check.node.get("type") == "image":
        _picture(check)
    else:
        e.element(check, set(e.IN_ACTIONS))


def _header(check: Check, _surface: str) -> None:
    check.only(("type", "block_id", "text", "level"))
    check.need("text")
    check.text("text", 150)


def _divider(check: Check, _surface: str) -> None:
    check.only(("type", "block_id"))


def _context(check: Check, _surface: str) -> None:
    check.only(("type", "block_id", "elements"))
    check.need("elements")
    for member in check.each("elements", 10):
        if member.node.get("type") == "image":
            _picture(member)
        elif member.sound:
            text_object(member, 3000, EITHER)


def _actions(check: Check, _surface: str) -> None:
    check.only(("type", "block_id", "elements"))
    check.need("elements")
    seen: set[str] = set()
    for member in check.each("elements", 25):
        if not member.sound:
            continue
        e.element(member, set(e.IN_ACTIONS))
        action_id = member.node.get("action_id")
        if action_id and action_id in seen:
            member.say(f'`action_id` "{action_id}" already exists for another element', "action_id")
        if action_id:
            seen.add(action_id)


def _input(check: Check, surface: str) -> None:
    check.only(("type", "block_id", "label", "element", "hint", "optional", "dispatch_action"))
    check.need("label", "element")
    check.text("label", 2000)
    check.text("hint", 2000)
    check.flag("optional", "dispatch_action")
    allowed = set(e.IN_INPUT) if surface == MODAL else set(e.IN_INPUT) - e.MODAL_ONLY
    check.child("element", lambda element: e.element(element, allowed))


def _image(check: Check, _surface: str) -> None:
    check.only(("type", "block_id", "image_url", "slack_file", "alt_text", "title"))
    _picture(check)
    check.text("title", 2000)


def _picture(check: Check) -> None:
    check.need("alt_text")
    check.string("alt_text", 2000)
    check.string("image_url", 3000, 1)
    if check.has("image_url") is check.has("slack_file"):
        check.say("must provide exactly one of: image_url, slack_file")


def _rich_text(check: Check, _surface: str) -> None:
    check.only(("type", "block_id", "elements"))
    rich_text_rules.tree(check)


def _markdown(check: Check, _surface: str) -> None:
    check.only(("type", "block_id", "text"))
    check.need("text")
    check.string("text", MARKDOWN_CHARACTERS, 1)


def _context_actions(check: Check, _surface: str) -> None:
    check.need("elements")
    for member in check.each("elements", 5):
        e.element(member, set(e.CONTEXT_ACTIONS))


def _card(check: Check, _surface: str) -> None:
    check.text("title", 150, EITHER)
    check.text("subtitle", 150, EITHER)
    check.text("body", 200, EITHER)
    for member in check.each("actions", 25):
        e.element(member, {"button"})


def _carousel(check: Check, surface: str) -> None:
    check.need("elements")
    for member in check.each("elements", 10):
        _card(member, surface)


def _alert(check: Check, _surface: str) -> None:
    check.need("text")
    check.text("text", 200, EITHER)
    check.one_of("level", ("default", "info", "warning", "error", "success"))


def _table(check: Check, _surface: str) -> None:
    check.need("rows")
    rows = check.node.get("rows")
    check.length(len(rows) if isinstance(rows, list) else 0, 100, 1, "rows", "items")
    for index, row in enumerate(rows if isinstance(rows, list) else []):
        check.length(len(row) if isinstance(row, list) else 0, 20, 1, f"rows/{index}", "items")


def _chart(check: Check, _surface: str) -> None:
    chart_rules.block(check)


def _unknown_inside(check: Check, surface: str) -> None:
    """Accept a block whose properties are not checked here."""


Rule = Callable[[Check, str], None]
BLOCKS: dict[str, Rule] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "image": _image,
    "rich_text": _rich_text,
    "markdown": _markdown,
    "context_actions": _context_actions,
    "card": _card,
    "carousel": _carousel,
    "alert": _alert,
    "table": _table,
    CHART: _chart,
}


def _unique_ids(members: list[Check]) -> None:
    seen: set[str] = set()
    for member in members:
        block_id = member.node.get("block_id")
        if block_id and block_id in seen:
            member.say(f'`block_id` "{block_id}" already exists for another block', "block_id")
        if block_id:
            seen.add(block_id)


def _markdown_total(members: list[Check]) -> None:
    texts = [member for member in members if member.node.get("type") == "markdown"]
    total = sum(len(member.node["text"]) for member in texts if isinstance(member.node.get("text"), str))
    if len(texts) > 1 and total > MARKDOWN_CHARACTERS:
        texts[-1].say(f"must be less than {MARKDOWN_CHARACTERS + 1} characters in all", "text")


def _few_charts(members: list[Check]) -> None:
    drawn = [member for member in members if member.node.get("type") == CHART]
    for member in drawn[MOST_CHARTS:]:
        member.say(f"no more than {MOST_CHARTS} {CHART} blocks allowed")
