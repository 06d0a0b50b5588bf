"""What the app offers in a select that asks it while somebody types.

https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select
"""

from sandbox.slack.block_kit.check import Check, Json, option
from sandbox.slack.block_kit.interactive_elements import Part, options, words
from sandbox.slack.delivery.transport import Answer
from sandbox.slack.errors import SlackError
from sandbox.slack.workspace.view import View

LEAST = 3  # characters until the app is asked, unless `min_query_length` says otherwise
MOST = 100
EXTERNAL = {"external_select", "multi_external_select"}
Place = tuple[str, str, str, str]  # who, in which message or view, block_id, action_id


class Offers:
    """The options that each person was offered last in each select. Callers hold the world's lock."""

    def __init__(self) -> None:
        self._kept: dict[Place, list[Json]] = {}

    def keep(self, place: Place, offer: Json) -> None:
        self._kept[place] = options(offer)

    def find(self, place: Place, wanted: object) -> Json | None:
        """Return an offered option by itself, by value or by label."""
        for one in self._kept.get(place, []):
            if wanted in (one, one["value"], words(one["text"])):
                return one
        return None


def place_of(user: str, surface: object, part: Part) -> Place:
    name = surface.id if isinstance(surface, View) else str(getattr(surface, "ts", ""))
    return (user, name, *part.key)


def is_enough(part: Part, typed: str) -> bool:
    """Say whether so much was typed that the app is asked."""
    least = part.element.get("min_query_length")
    return len(typed) >= (LEAST if least is None else int(least))


def offered(answer: Answer) -> Json:
    """Return the answer's `options` or `option_groups`. Raises SlackError for what Slack would not show."""
    body = answer.json() if answer.ok else None
    problems: list[tuple[str, str]] = []
    check = Check(body, "", problems)
    if check.has("options") is check.has("option_groups"):
        raise SlackError("invalid_options")
    for one in check.each("options", MOST, 0):
        option(one)
    for group in check.each("option_groups", MOST, 0):
        group.need("label", "options")
        group.text("label", 75)
        for one in group.each("options", MOST):
            option(one)
    if problems:
        raise SlackError("invalid_options", problems=problems)
    key = "options" if check.has("options") else "option_groups"
    return {key: check.node[key]}
