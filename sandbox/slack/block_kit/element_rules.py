"""Rules for block elements (https://docs.slack.dev/reference/block-kit/block-elements)."""

import re
from collections.abc import Callable

from sandbox.slack.block_kit.check import EITHER, PLAIN, Check, confirm, option

Rule = Callable[[Check], None]

COMMON = {"type", "action_id"}
SELECT = COMMON | {"placeholder", "confirm", "focus_on_load"}
MULTI = SELECT | {"max_selected_items"}
TYPED = COMMON | {"placeholder", "initial_value", "focus_on_load", "dispatch_action_config"}
SOURCES = ("users", "conversations", "channels")


def button(check: Check) -> None:
    check.only(
        COMMON
        | {
            "text",
            "url",
            "value",
            "style",
            "confirm",
            "accessibility_label",
            "visible_to_user_ids",
            "agent_prompt",
        }
    )
    check.need("text")
    check.text("text", 75)
    check.string("url", 3000)
    check.string("value", 2000)
    check.string("accessibility_label", 75)
    check.one_of("style", ("primary", "danger"))
    check.child("confirm", confirm)


def overflow(check: Check) -> None:
    check.only(COMMON | {"options", "confirm"})
    check.need("options")
    for choice in check.each("options", 5):
        option(choice, url=True)
    check.child("confirm", confirm)


def static_select(check: Check) -> None:
    check.only(SELECT | {"options", "option_groups", "initial_option"})
    _options(check, (PLAIN,))
    _initial(check, "initial_option")
    _select(check)


def multi_static_select(check: Check) -> None:
    check.only(MULTI | {"options", "option_groups", "initial_options"})
    _options(check, (PLAIN,))
    _initials(check)
    _select(check)


def external_select(check: Check) -> None:
    check.only(MULTI | {"min_query_length", "initial_option", "initial_options"})
    check.number("min_query_length", 0, 150)
    check.child("initial_option", option)
    for initial in check.each("initial_options", 100):
        option(initial)
    _select(check)


def choices(initial: str) -> Rule:
    """Return the rule for radio buttons or checkboxes."""

    def rule(check: Check) -> None:
        check.only(COMMON | {"options", initial, "confirm", "focus_on_load"})
        check.need("options")
        for choice in check.each("options", 10):
            option(choice, EITHER)
        _initial(check, initial) if initial == "initial_option" else _initials(check)
        check.child("confirm", confirm)

    return rule


def listed(check: Check) -> None:
    """Check a select of users, channels or conversations."""
    many = check.node["type"].startswith("multi_")
    source = next(source for source in SOURCES if source in check.node["type"])
    initial = f"initial_{source}" if many else f"initial_{source.removesuffix('s')}"
    extra = {"filter", "default_to_current_conversation"} if source == "conversations" else set()
    check.only((MULTI if many else SELECT | {"response_url_enabled"}) | {initial} | extra)
    _select(check)


def plain_text_input(check: Check) -> None:
    check.only(TYPED | {"multiline", "min_length", "max_length"})
    check.number("min_length", 0, 3000)
    check.number("max_length", 1, 3000)
    least, most = check.node.get("min_length") or 0, check.node.get("max_length") or 3000
    if isinstance(least, int) and isinstance(most, int) and least > most:
        check.say("must be less than or equal to max_length", "min_length")
    check.string("initial_value", min(most, 3000) if isinstance(most, int) else 3000)
    check.flag("multiline", "focus_on_load")
    check.text("placeholder", 150)
    check.child("dispatch_action_config", _dispatch)


def other_input(check: Check) -> None:
    """Check an email, URL, number or file input."""
    check.only(
        TYPED | {"is_decimal_allowed", "min_value", "max_value", "filetypes", "max_files"}
        if check.node["type"] in {"number_input", "file_input"}
        else TYPED
    )
    check.text("placeholder", 150)


def datepicker(check: Check) -> None:
    check.only(SELECT | {"initial_date"})
    _spelt(check, "initial_date", r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", "YYYY-MM-DD")
    _select(check)


def timepicker(check: Check) -> None:
    check.only(SELECT | {"initial_time", "timezone"})
    _spelt(check, "initial_time", r"(?:[01]\d|2[0-3]):[0-5]\d", "HH:mm")
    check.string("timezone", 255, 1)
    _select(check)


def datetimepicker(check: Check) -> None:
    """Check a date and time picker: a Unix time of ten digits, without a placeholder."""
    check.only((SELECT | {"initial_date_time"}) - {"placeholder"})
    check.number("initial_date_time", 1_000_000_000, 9_999_999_999)
    check.child("confirm", confirm)


def free(check: Check) -> None:
    """Accept an element whose properties are not checked here."""


ELEMENTS: dict[str, Rule] = {
    "button": button,
    "overflow": overflow,
    "static_select": static_select,
    "multi_static_select": multi_static_select,
    "external_select": external_select,
    "multi_external_select": external_select,
    "radio_buttons": choices("initial_option"),
    "checkboxes": choices("initial_options"),
    **{f"{prefix}{source}_select": listed for prefix in ("", "multi_") for source in SOURCES},
    "plain_text_input": plain_text_input,
    **dict.fromkeys(("email_text_input", "url_text_input", "number_input", "file_input"), other_input),
    "rich_text_input": free,
    "datepicker": datepicker,
    "timepicker": timepicker,
    "datetimepicker": datetimepicker,
    "workflow_button": free,
    "feedback_buttons": free,
    "icon_button": free,
}
MODAL_ONLY = {"email_text_input", "url_text_input", "number_input", "file_input"}
INPUT_ONLY = MODAL_ONLY | {"plain_text_input", "rich_text_input"}
NOT_INPUT = {"button", "overflow", "workflow_button", "feedback_buttons", "icon_button"}
CONTEXT_ACTIONS = {"feedback_buttons", "icon_button"}
IN_ACTIONS = ELEMENTS.keys() - INPUT_ONLY - CONTEXT_ACTIONS
IN_INPUT = ELEMENTS.keys() - NOT_INPUT


def element(check: Check, allowed: set[str]) -> None:
    """Check one element, where only `allowed` types are valid."""
    kind = check.node.get("type")
    if kind not in allowed:
        check.say(f"unsupported type: {kind}" if kind else "missing required field: type", "type")
        return
    check.string("action_id", 255, 1)
    ELEMENTS[kind](check)


def _spelt(check: Check, key: str, pattern: str, form: str) -> None:
    if check.has(key) and not re.fullmatch(pattern, str(check.node[key])):
        check.say(f"must be of the form {form}", key)


def _select(check: Check) -> None:
    check.text("placeholder", 150)
    check.child("confirm", confirm)
    check.number("max_selected_items", 1, 100)


def _options(check: Check, kinds: tuple[str, ...]) -> None:
    if check.has("options") is check.has("option_groups"):
        check.say("must provide exactly one of: options, option_groups")
    for choice in check.each("options", 100):
        option(choice, kinds)
    for group in check.each("option_groups", 100):
        group.need("label", "options")
        group.text("label", 75)
        for choice in group.each("options", 100):
            option(choice, kinds)


def _initial(check: Check, key: str) -> None:
    if check.has(key) and check.node[key] not in _known(check):
        check.say("must match one of the options", key)


def _initials(check: Check) -> None:
    for initial in check.each("initial_options", 100):
        if initial.node not in _known(check):
            initial.say("must match one of the options")


def _known(check: Check) -> list[object]:
    groups = [group for group in check.node.get("option_groups") or [] if isinstance(group, dict)]
    return [*(check.node.get("options") or []), *(o for group in groups for o in group.get("options") or [])]


def _dispatch(check: Check) -> None:
    check.only(("trigger_actions_on",))
    for index, name in enumerate(check.node.get("trigger_actions_on") or []):
        if name not in {"on_enter_pressed", "on_character_entered"}:
            check.say(f"unsupported value: {name}", f"trigger_actions_on/{index}")
