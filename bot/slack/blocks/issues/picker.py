"""The field in which somebody picks an issue: opened it offers some, typing searches them all. Pure.

A modal with it says in its private_metadata for which `ticket` or `issue` it is. What is offered comes from
`handlers.issues.picker`, whatever modal the field is in.
"""

from collections.abc import Iterable
from typing import Any

from bot.slack.blocks.elements import Block, count_people, plain_text
from bot.slack.blocks.text import truncate
from models.issues.suggestions import Suggestion

PICK_ACTION_ID, PICK_BLOCK = "pick_issue", "pick"
OPTIONS_MAX = (
    100  # https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
)
LABEL_MAX_CHARS = 75  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object


def build_picker(label: str, *, optional: bool = True) -> Block:
    """The field. Slack asks for what it offers as soon as somebody opens it."""
    element = {
        "type": "external_select",
        "action_id": PICK_ACTION_ID,
        "placeholder": plain_text("Choose or search an issue"),
        "min_query_length": 0,
    }
    return {
        "type": "input",
        "block_id": PICK_BLOCK,
        "optional": optional,
        "label": plain_text(label),
        "element": element,
    }


def build_options(found: Iterable[Suggestion]) -> list[Block]:
    """What it offers, the first `OPTIONS` of `found`."""
    return [_option(one) for one in list(found)[:OPTIONS_MAX]]


def read_picked(view: dict[str, Any]) -> int | None:
    """Which issue was picked in the submitted `view`, if any.

    The field is known by its block: that of a modal which an older Heard opened has another action_id.
    """
    for held in view["state"]["values"].get(PICK_BLOCK, {}).values():
        if (option := held.get("selected_option")) is not None:
            return int(option["value"])
    return None


def _option(one: Suggestion) -> Block:
    option = {"text": plain_text(_label(one.issue.title)), "value": str(one.issue.id)}
    about = [f"shares: {', '.join(one.shares)}"] if one.shares else []
    if one.issue.is_fixed:
        about.append("fixed")
    elif one.people:
        about.append(count_people(one.people))
    return option | {"description": plain_text(_label("; ".join(about)))} if about else option


def _label(text: str) -> str:
    return truncate(text, LABEL_MAX_CHARS, measure=lambda cut: len(cut.encode("utf-16-le")) // 2)
