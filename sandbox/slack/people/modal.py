"""A modal as a person uses it: fill in, press, submit, close."""

import operator
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sandbox.slack.block_kit.interactive_elements import (
    BY_OPTION,
    STATE,
    TYPED,
    Part,
    elements,
    held,
    options,
    words,
)
from sandbox.slack.block_kit.validator import MODAL, check_view
from sandbox.slack.delivery.transport import Answer
from sandbox.slack.errors import NotOnScreenError, SlackError
from sandbox.slack.people.external_select import EXTERNAL
from sandbox.slack.people.outcome import TROUBLE, Outcome, SubmitOutcome
from sandbox.slack.text.plain_text_input import as_input
from sandbox.slack.text.visible import visible
from sandbox.slack.workspace.message import Json
from sandbox.slack.workspace.view import View

if TYPE_CHECKING:
    from sandbox.slack.people.person import Person

FILES_MAX, FILE_MAX_BYTES = 10, 10_000_000
REQUIRED = "Please complete this required field."
# Picker → parser of its value, and the format that an error names.
PICKED: dict[str, tuple[Callable[[Any], object], str]] = {
    "datepicker": (date.fromisoformat, "YYYY-MM-DD"),
    "timepicker": (lambda text: datetime.strptime(text, "%H:%M"), "HH:MM"),  # noqa: DTZ007 - a time of any day
    "datetimepicker": (lambda number: datetime.fromtimestamp(operator.index(number), UTC), "a Unix time"),
}
Value = Any  # a text, an ID or a list, depending on the element


class Modal:
    """One modal. It follows `views.update`."""

    def __init__(self, person: "Person", view: View) -> None:
        self.person, self.state = person, view

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def is_open(self) -> bool:
        return self.state.is_open

    @property
    def blocks(self) -> list[Json]:
        return self.state.blocks

    @property
    def buttons(self) -> list[str]:
        return self.state.buttons

    @property
    def title(self) -> str:
        return words(self.state.given.get("title"))

    @property
    def callback_id(self) -> str:
        return self.state.callback_id

    @property
    def private_metadata(self) -> str:
        return self.state.private_metadata

    @property
    def text(self) -> str:
        """All its visible text."""
        return visible(self.state).text

    @property
    def errors(self) -> dict[str, str]:
        """The errors under its fields, by block_id."""
        return dict(self.state.errors)

    @property
    def values(self) -> Json:
        """`state.values` as a submission would send it."""
        with self.person.world.lock:
            return self.state.values()

    def value(self, field: str | None = None) -> Value:
        """Return the value of a field, by default the first text input. Raises NotOnScreenError."""
        part = self._field(field)
        shown = held(part.element, self.state.entered.get(part.key))
        return shown[STATE[part.element["type"]][0]]

    def fill(self, value: Value) -> "Modal":
        """Fill the first text input, or `{block_id, action_id or label: value}`.

        Options are named by label or value; for an external select, the app is asked first. A block with
        `dispatch_action` sends an action to the bot. Raises NotOnScreenError.
        """
        fields = value if isinstance(value, dict) else {None: value}
        for name, content in fields.items():
            self._enter(self._field(name), content)
        return self

    def attach(self, field: str, files: dict[str, bytes]) -> "Modal":
        """Upload files, by name, into a file input. Raises NotOnScreenError if it does not take them.

        https://docs.slack.dev/reference/block-kit/block-elements/file-input-element
        """
        part = self._field(field)
        endings = part.element.get("filetypes")
        for name in files:
            if endings and name.rpartition(".")[2].lower() not in endings:
                raise NotOnScreenError(f"{name} is none of {endings}")
        if len(files) > part.element.get("max_files", FILES_MAX):
            raise NotOnScreenError(f"at most {part.element['max_files']} files")
        if any(len(data) > FILE_MAX_BYTES for data in files.values()):
            raise NotOnScreenError("at most 10 MB a file")
        self._enter(part, [self.person.upload(name, data).json() for name, data in files.items()])
        self.person.world.changed("view", ts=self.id, user=self.person.id)
        return self

    def write(self, values: dict[str, Value]) -> "Modal":
        """Fill fields with typed text, which Slack escapes."""
        for name, content in values.items():
            part = self._field(name)
            is_words = part.element["type"] == "plain_text_input" and isinstance(content, str)
            self._enter(part, as_input(content) if is_words else content)
        return self

    def suggestions(self, field: str | None, typed: str = "") -> list[str]:
        """Type into an external select; return the labels that the app offers."""
        return [words(one["text"]) for one in self.offered(field, typed)]

    def offered(self, field: str | None, typed: str = "") -> list[Json]:
        """Type into an external select; return the option objects that the app offers."""
        return options(self.person.suggested(self.state, self._field(field), typed))

    def press_enter(self, field: str | None = None) -> Outcome | None:
        """Press Enter in a single-line field; with `dispatch_action` an action is sent to the bot."""
        self._must_be_open()
        part = self._field(field)
        if not part.block.get("dispatch_action") or "on_enter_pressed" not in _told_on(part.element):
            return None
        return self.person.send_press(self.state, part, self.value(field) or "")

    def press(self, label: str, value: Value = None) -> Outcome:
        """Press a button or choose an option, by its visible label. Raises NotOnScreenError."""
        return self.person.press(self.state, label, value=value)

    def submit(self) -> SubmitOutcome:
        """Press the submit button. Values that Slack's client refuses are not sent to the bot."""
        self._must_be_open()
        with self.person.world.lock:
            problems = self._unfit()
            if problems:
                self.state.errors = problems
                return SubmitOutcome(self.person, errors=problems)
        return self.person.send_submission(self)

    def close(self) -> Outcome | None:
        """Close it; the bot is notified if the view has `notify_on_close`."""
        self._must_be_open()
        return self.person.send_closing(self)

    def settle(self, answer: Answer) -> dict[str, Any]:
        """Apply the bot's response to a submission. Return the fields of a SubmitOutcome."""
        body = answer.json() if answer.ok else None
        if not answer.ok or (answer.body and not isinstance(body, dict)):
            return {"error": TROUBLE}
        with self.person.world.lock:
            try:
                settled = self._settle(body or {})
            except SlackError:
                settled = {"error": TROUBLE}
        self.person.world.changed("view", ts=self.id, user=self.person.id)
        return settled

    def _settle(self, body: Json) -> dict[str, Any]:
        views, action = self.person.world.views, body.get("response_action")
        match action:
            case "errors":
                return self._show_errors(body.get("errors"))
            case "update":
                views.update(self.state, _sound(body.get("view")))
                return {"shows": self}
            case "push":
                return {"shows": Modal(self.person, views.push_on(self.state, _sound(body.get("view"))))}
            case "clear":
                views.clear(self.person.id)
                return {"closed": True}
            case None:
                views.close(self.state)
                return {"closed": True}
        raise SlackError("invalid_arguments")

    def _show_errors(self, errors: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the bot sent
        """Show errors under their fields. Raises SlackError for an error of a block that does not exist."""
        inputs = {block["block_id"] for block in self.blocks if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
            raise SlackError("invalid_arguments")
        self.state.errors = {block: str(words) for block, words in errors.items()}
        return {"errors": dict(self.state.errors)}

    def _enter(self, part: Part, content: Value) -> None:
        self._must_be_open()
        if part.element["type"] in EXTERNAL and content is not None:
            content = self._offered(part, content)
        with self.person.world.lock:
            before = held(part.element, self.state.entered.get(part.key))
            self.state.entered[part.key] = _entry(part.element, content)
            self.state.errors.pop(part.block["block_id"], None)
        same = held(part.element, self.state.entered[part.key]) == before
        typed = part.element["type"] in TYPED
        told = part.block.get("dispatch_action") or part.block["type"] != "input"
        if told and not same and (not typed or "on_character_entered" in _told_on(part.element)):
            self.person.send_press(self.state, part, self.state.entered[part.key])

    def _offered(self, part: Part, content: Value) -> Value:
        if isinstance(content, list):
            return [self.person.option(self.state, part, one) for one in content]
        return self.person.option(self.state, part, content)

    def _field(self, name: str | None) -> Part:
        for block, element in elements(self.blocks):
            label = words(block.get("label") or element.get("placeholder"))
            if element["type"] not in STATE:
                continue
            exact = f"{block['block_id']}/{element['action_id']}"
            if name in {block["block_id"], element["action_id"], label, exact}:
                return Part(block, element, label)
            if name is None and element["type"] == "plain_text_input" and block["type"] == "input":
                return Part(block, element, label)
        raise NotOnScreenError(f"no field {name!r} in the modal {self.title!r}")

    def _must_be_open(self) -> None:
        if not self.is_open:
            raise NotOnScreenError(f"the modal {self.title!r} is closed")

    def _unfit(self) -> dict[str, str]:
        """Return the client's own errors by block_id, which prevent sending."""
        problems = {}
        for block, element in elements(self.blocks):
            if block["type"] != "input" or element["type"] not in STATE:
                continue
            entry = held(element, self.state.entered.get((block["block_id"], element["action_id"])))
            value = entry[STATE[element["type"]][0]]
            if problem := _problem(element, value, optional=bool(block.get("optional"))):
                problems[block["block_id"]] = problem
        return problems


def _told_on(element: Json) -> list[str]:
    """Return what triggers an action of a block with `dispatch_action`."""
    config = element.get("dispatch_action_config") or {}
    told: list[str] = config.get("trigger_actions_on", ["on_enter_pressed"])
    return told


def _entry(element: Json, content: Value) -> Value:
    """Return the value of an element after `content` is entered; options by label or value."""
    if content is None:
        return "" if element["type"] in TYPED else []
    if element["type"] in PICKED:
        return _picked(element["type"], content)
    if element["type"] not in BY_OPTION:
        return str(content) if element["type"] in TYPED else content
    if isinstance(content, list):
        return [_chosen(element, one) for one in content]
    return _chosen(element, content)


def _picked(kind: str, content: Value) -> Value:
    """Return the value of a date or time picker. Raises NotOnScreenError for another format."""
    read, form = PICKED[kind]
    try:
        read(content)
    except (TypeError, ValueError):
        raise NotOnScreenError(f"a {kind} takes {form}, not {content!r}") from None
    return content


def _chosen(element: Json, wanted: Value) -> Json:
    for option in options(element):
        if wanted in (option, option["value"], words(option["text"])):
            return option
    raise NotOnScreenError(f"no option {wanted!r} in {[words(o['text']) for o in options(element)]}")


def _problem(element: Json, value: Value, *, optional: bool) -> str:
    if value in (None, "", []):
        return "" if optional else REQUIRED
    if element["type"] not in TYPED:
        return ""
    most, least = element.get("max_length") or 3000, element.get("min_length") or 0
    if len(value) > most:
        return f"Must be {most} characters or fewer."
    if len(value) < least:
        return f"Must be at least {least} characters."
    return _malformed(element["type"], value)


def _malformed(kind: str, value: str) -> str:
    patterns = {
        "email_text_input": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "Please enter a valid email address."),
        "url_text_input": (r"https?://\S+", "Please enter a valid URL."),
        "number_input": (r"-?\d+(?:\.\d+)?", "Please enter a valid number."),
    }
    pattern, words_ = patterns.get(kind, (r"[\s\S]*", ""))
    return "" if re.fullmatch(pattern, value) else words_


def _sound(view: Any) -> Json:  # noqa: ANN401 - whatever the bot sent
    problems = check_view(view)
    if problems or view["type"] != MODAL:
        raise SlackError("invalid_arguments")
    sound: Json = view
    return sound
