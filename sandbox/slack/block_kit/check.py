"""Checks of one JSON node: its properties, and the composition objects inside."""

from collections.abc import Callable, Iterable
from typing import Any

Json = dict[str, Any]
Problem = tuple[str, str]  # JSON pointer, Slack's message
PLAIN, MRKDWN = "plain_text", "mrkdwn"
EITHER = (PLAIN, MRKDWN)


class Check:
    """A node to check, and the list of problems that all nodes of one document share."""

    def __init__(self, node: Any, pointer: str, problems: list[Problem]) -> None:  # noqa: ANN401 - any JSON
        self.pointer, self.problems = pointer, problems
        self.node: Json = node if isinstance(node, dict) else {}
        self.sound = isinstance(node, dict)
        if not self.sound:
            self.say("must provide an object")

    def say(self, words: str, key: str = "") -> None:
        self.problems.append((f"{self.pointer}/{key}" if key else self.pointer, words))

    def at(self, key: str | int, node: Any) -> "Check":  # noqa: ANN401 - any JSON
        return Check(node, f"{self.pointer}/{key}", self.problems)

    def has(self, key: str) -> bool:
        return self.node.get(key) is not None

    def only(self, keys: Iterable[str]) -> None:
        """Refuse properties that Slack does not know here."""
        for key in self.node.keys() - set(keys):
            self.say(f"invalid additional property: {key}")

    def need(self, *keys: str) -> bool:
        missing = [key for key in keys if not self.has(key)]
        for key in missing:
            self.say(f"missing required field: {key}")
        return not missing

    def string(self, key: str, most: int, least: int = 0) -> None:
        if not self.has(key):
            return
        value = self.node[key]
        if not isinstance(value, str):
            self.say("must be a string", key)
            return
        self.length(len(value), most, least, key, "characters")

    def number(self, key: str, least: int, most: int) -> None:
        value = self.node.get(key)
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, int):
            self.say("must be an integer", key)
        elif not least <= value <= most:
            self.say(f"must be between {least} and {most}", key)

    def flag(self, *keys: str) -> None:
        for key in keys:
            if self.has(key) and not isinstance(self.node[key], bool):
                self.say("must be a boolean", key)

    def one_of(self, key: str, allowed: Iterable[str]) -> None:
        choices = list(allowed)
        if self.has(key) and self.node[key] not in choices:
            self.say(f"must be one of: {', '.join(choices)}", key)

    def each(self, key: str, most: int, least: int = 1) -> list["Check"]:
        """Check the length of an array and return its members."""
        if not self.has(key):
            return []
        value = self.node[key]
        if not isinstance(value, list):
            self.say("must be an array", key)
            return []
        self.length(len(value), most, least, key, "items")
        return [
            Check(item, f"{self.pointer}/{key}/{index}", self.problems) for index, item in enumerate(value)
        ]

    def child(self, key: str, rule: "Callable[[Check], None]") -> None:
        if self.has(key):
            child = self.at(key, self.node[key])
            if child.sound:
                rule(child)

    def text(self, key: str, most: int, kinds: tuple[str, ...] = (PLAIN,)) -> None:
        """Check a text object that may be absent."""
        self.child(key, lambda child: text_object(child, most, kinds))

    def length(self, size: int, most: int, least: int, key: str, unit: str) -> None:
        if size > most:
            words = f"must be less than {most + 1} characters" if unit == "characters" else _many(most)
            self.say(words, key)
        if size < least:
            words = f"must be more than {least - 1} characters" if unit == "characters" else _few(least)
            self.say(words, key)


def _many(most: int) -> str:
    return f"no more than {most} items allowed"


def _few(least: int) -> str:
    return f"must contain at least {least} item{'s' if least > 1 else ''}"


def text_object(check: Check, most: int, kinds: tuple[str, ...]) -> None:
    """Check https://docs.slack.dev/reference/block-kit/composition-objects/text-object."""
    kind = check.node.get("type")
    if kind not in kinds:
        check.say(f"must be one of: {', '.join(kinds)}" if kind else "missing required field: type", "type")
    check.only(("type", "text", "emoji") if kind == PLAIN else ("type", "text", "verbatim"))
    check.flag("emoji", "verbatim")
    check.need("text")
    check.string("text", most, 1)


def confirm(check: Check) -> None:
    """Check https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object."""
    check.only(("title", "text", "confirm", "deny", "style"))
    check.need("title", "text", "confirm", "deny")
    check.text("title", 100)
    check.text("text", 300, EITHER)
    check.text("confirm", 30)
    check.text("deny", 30)
    check.one_of("style", ("primary", "danger"))


def option(check: Check, kinds: tuple[str, ...] = (PLAIN,), *, url: bool = False) -> None:
    """Check https://docs.slack.dev/reference/block-kit/composition-objects/option-object."""
    check.only(("text", "value", "description", *(("url",) if url else ())))
    check.need("text", "value")
    check.text("text", 75, kinds)
    check.string("value", 150)
    check.text("description", 75, kinds)
    check.string("url", 3000)
