"""Reading X's JSON without believing it: each function gives an empty value where X wrote something else."""

from typing import Any

from bot.networks.json_values import JsonObject
from bot.networks.x.text import replace_unstorable


def get_either(row: JsonObject, name: str) -> Any:  # noqa: ANN401 - whatever X wrote
    """A field by its name in the tweet vocabulary, found in either."""
    found = row.get(name)
    return found if found is not None else row.get(name.replace("tweet", "post"))


def get_text(row: JsonObject, name: str) -> str | None:
    """A string, without characters that no database takes; None if it is none."""
    value = row.get(name)
    return replace_unstorable(value) if isinstance(value, str) else None


def get_note(row: JsonObject) -> JsonObject:
    """A long post's `note_tweet`; an empty object if it has none."""
    found = get_either(row, "note_tweet")
    return found if isinstance(found, dict) else {}


def get_full_text(row: JsonObject) -> str:
    """The whole text as X wrote it: a long post's `text` is cut short. ValueError if there is none."""
    whole = get_note(row).get("text")
    found = whole if isinstance(whole, str) and whole else row.get("text")
    if not isinstance(found, str):
        raise ValueError("it has no text")  # noqa: TRY004
    return found
