"""Interactive elements in blocks: find them, name them, and read their values."""

import copy
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.slack.errors import NotOnScreenError

Json = dict[str, Any]

# Element → the key of its value in `state.values`, and the key of its initial value.
# https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
STATE: dict[str, tuple[str, str]] = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "file_input": ("files", "files"),
}
PRESSED = {"button", "overflow", "workflow_button", "feedback_buttons", "icon_button"}
INTERACTIVE = set(STATE) | PRESSED
BY_OPTION = {"overflow", "static_select", "radio_buttons", "checkboxes", "multi_static_select"}
TYPED = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}


@dataclass(frozen=True)
class Part:
    """Something to press or fill in: an element in its block, or one option of it."""

    block: Json
    element: Json
    label: str
    option: Json | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.block["block_id"], self.element["action_id"]


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Yield (block, element) for each interactive element, at any depth."""
    for block in blocks:
        for node in _walk(block):
            if node.get("type") in INTERACTIVE:
                yield block, node


def presses(blocks: list[Json]) -> Iterator[Part]:
    """Yield everything that a person can press or choose."""
    for block, element in elements(blocks):
        if element["type"] in BY_OPTION:
            yield from (Part(block, element, words(option["text"]), option) for option in options(element))
        else:
            yield Part(block, element, words(element.get("text") or element.get("placeholder")))


def find(blocks: list[Json], label: str, value: Any = None) -> Part:  # noqa: ANN401 - any element's value
    """Return the part with this label, and with this value if several have it. Raises NotOnScreenError."""
    candidates = list(presses(blocks))
    found = [part for part in candidates if part.label == label]
    if len(found) > 1 and value is not None:
        found = [part for part in found if (part.option or part.element).get("value") == value]
    if not found:
        raise NotOnScreenError(f"no {label!r} among {[part.label for part in candidates]}")
    return found[0]


def chosen(part: Part, value: Any = None) -> Any:  # noqa: ANN401 - any element's value
    """Return the value of a stateful element after this part is chosen."""
    kind = part.element["type"]
    if kind not in STATE or part.option is None:
        return value
    return [part.option] if STATE[kind][0] == "selected_options" else part.option


def labels(blocks: list[Json]) -> list[str]:
    """Return the labels of buttons and overflow entries, in order."""
    return [part.label for part in presses(blocks) if part.element["type"] in PRESSED]


def options(element: Json) -> list[Json]:
    grouped = [option for group in element.get("option_groups") or [] for option in group["options"]]
    return [*(element.get("options") or []), *grouped]


def words(text: Json | None) -> str:
    return str(text["text"]) if text else ""


def state(blocks: list[Json], entered: dict[tuple[str, str], Any]) -> Json:
    """Return `state.values`: the entered value of each stateful element, or its initial one."""
    values: Json = {}
    for block, element in elements(blocks):
        if element["type"] in STATE:
            slot = values.setdefault(block["block_id"], {})
            slot[element["action_id"]] = held(element, entered.get((block["block_id"], element["action_id"])))
    return values


def held(element: Json, entered: Any) -> Json:  # noqa: ANN401 - text, option, list: the element decides
    """Return one element's entry in `state.values`."""
    key, initial = STATE[element["type"]]
    many = key.endswith("s")
    value = element.get(initial) if entered is None else entered
    if value in ("", [], None):
        value = [] if many else None
    return {"type": element["type"], key: copy.deepcopy(value)}


def with_ids(blocks: list[Json]) -> list[Json]:
    """Return a copy in which every block has a block_id and every element an action_id, as at Slack."""
    blocks = copy.deepcopy(blocks)
    for block in blocks:
        if not block.get("block_id"):
            block["block_id"] = short_id()
    for _, element in elements(blocks):
        if not element.get("action_id"):
            element["action_id"] = short_id()
    return blocks


def short_id() -> str:
    return "".join(random.choices(string.ascii_letters + string.digits, k=5))  # noqa: S311 - a name, not a key


def _walk(node: Any) -> Iterator[Json]:  # noqa: ANN401 - any JSON
    if isinstance(node, dict):
        yield node
        for key, child in node.items():
            if key not in {"options", "option_groups", "confirm"}:
                yield from _walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child)
