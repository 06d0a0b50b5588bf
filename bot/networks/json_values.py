"""Reading a network's JSON without believing it: an empty value where it wrote something else.

How strings and times are read differs, so each network has those in its own `json_values`.
"""

from collections.abc import Mapping
from typing import Any

JsonObject = Mapping[str, Any]


def get_object(row: JsonObject, *names: str) -> JsonObject:
    """Return the object at the end of the path `names`; an empty one if there is none."""
    found: Any = row
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def get_objects(row: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects in a list; anything else in it is left out."""
    return objects_in(row.get(name))


def objects_in(value: object) -> list[JsonObject]:
    """Return the objects in what should be a list."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def get_number(row: JsonObject, name: str) -> int | None:
    """Return a whole number; None if it is none."""
    value = row.get(name)
    return value if type(value) is int else None
