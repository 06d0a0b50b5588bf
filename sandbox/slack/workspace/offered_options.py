"""The options that an app offered last in each select that asks it while a person types."""

from typing import Any

from sandbox.slack.block_kit.interactive_elements import Part, options, words
from sandbox.slack.workspace.view import View

Json = dict[str, Any]
SelectKey = tuple[str, str, str, str]  # user, message or view, block_id, action_id


class OfferedOptions:
    """Options by user and select. Callers hold the world's lock."""

    def __init__(self) -> None:
        self._kept: dict[SelectKey, list[Json]] = {}

    def keep(self, key: SelectKey, offer: Json) -> None:
        """Replace what was offered there."""
        self._kept[key] = options(offer)

    def find(self, key: SelectKey, wanted: object) -> Json | None:
        """Return an offered option by itself, by value or by label."""
        for one in self._kept.get(key, []):
            if wanted in (one, one["value"], words(one["text"])):
                return one
        return None


def select_key(user: str, surface: object, part: Part) -> SelectKey:
    """Return the key of a select in a message or a view, as `user` sees it."""
    name = surface.id if isinstance(surface, View) else str(getattr(surface, "ts", ""))
    return (user, name, *part.key)
