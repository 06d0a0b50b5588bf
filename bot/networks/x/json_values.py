"""Reading X's JSON without believing it: each function gives an empty value where X wrote something else."""

from collections.abc import Mapping
from typing import Any

from bot.networks.x.text import fit

Row = Mapping[str, Any]


def either(row: Row, name: str) -> Any:  # noqa: ANN401 - whatever X wrote
    """A field by its name in the tweet vocabulary, found in either."""
    found = row.get(name)
    return found if found is not None else row.get(name.replace("tweet", "post"))


def text(row: Row, name: str) -> str | None:
    """A string, without characters that no database takes; None if it is none."""
    value = row.get(name)
    return fit(value) if isinstance(value, str) else None


def obj(row: Row, name: str) -> Row:
    """An object; an empty one if it is none."""
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def objects(row: Row, name: str) -> list[Row]:
    """The objects in a list; anything else in it is left out."""
    value = row.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def number(row: Row, name: str) -> int | None:
    """A whole number; None if it is none."""
    value = row.get(name)
    return value if type(value) is int else None


def note(row: Row) -> Row:
    """A long post's `note_tweet`; an empty object if it has none."""
    found = either(row, "note_tweet")
    return found if isinstance(found, dict) else {}


def words(row: Row) -> str:
    """The whole text as X wrote it: a long post's `text` is cut short. ValueError if there is none."""
    whole = note(row).get("text")
    found = whole if isinstance(whole, str) and whole else row.get("text")
    if not isinstance(found, str):
        raise ValueError("it has no text")  # noqa: TRY004
    return found
