"""A select that asks the app for its options while a person types.

https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
"""

from sandbox.slack.block_kit.check import Check, Json, option
from sandbox.slack.block_kit.interactive_elements import Part
from sandbox.slack.delivery.transport import Answer
from sandbox.slack.errors import SlackError

DEFAULT_MIN_QUERY_LENGTH = 3  # characters
MAX_OPTIONS = 100
EXTERNAL = {"external_select", "multi_external_select"}


def is_enough(part: Part, typed: str) -> bool:
    """Say whether enough was typed to ask the app."""
    least = part.element.get("min_query_length")
    return len(typed) >= (DEFAULT_MIN_QUERY_LENGTH if least is None else int(least))


def offered(answer: Answer) -> Json:
    """Return the answer's `options` or `option_groups`.

    Raises SlackError `invalid_options` where Slack would show an error instead.
    """
    body = answer.json() if answer.ok else None
    problems: list[tuple[str, str]] = []
    check = Check(body, "", problems)
    if check.has("options") is check.has("option_groups"):
        raise SlackError("invalid_options")
    for one in check.each("options", MAX_OPTIONS, 0):
        option(one)
    for group in check.each("option_groups", MAX_OPTIONS, 0):
        group.need("label", "options")
        group.text("label", 75)
        for one in group.each("options", MAX_OPTIONS):
            option(one)
    if problems:
        raise SlackError("invalid_options", problems=problems)
    key = "options" if check.has("options") else "option_groups"
    return {key: check.node[key]}
