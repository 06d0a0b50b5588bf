"""Reading Bluesky's JSON without believing it: each function returns an empty value for anything else."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

JsonObject = Mapping[str, Any]


def parse_object(content: bytes) -> JsonObject:
    """Return the JSON object in `content`. Raises `ValueError` if it is anything else."""
    try:
        found = json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004
    return found


def get_text(row: JsonObject, name: str) -> str:
    """Return a string; an empty one if it is none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def get_object(row: JsonObject, *names: str) -> JsonObject:
    """Return the object at the end of the path `names`; an empty one if there is none."""
    found: Any = row
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def get_objects(row: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects in a list; anything else in it is left out."""
    value = row.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def get_texts(row: JsonObject, name: str) -> list[str]:
    """Return the strings in a list; anything else in it is left out."""
    value = row.get(name)
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def get_count(row: JsonObject, name: str) -> int | None:
    """Return a whole number; None if it is none."""
    value = row.get(name)
    return value if type(value) is int else None


def parse_time(text: str) -> datetime | None:
    """Return the moment (UTC) that an RFC 3339 time names; None if it is none, or has no zone."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def format_time(moment: datetime) -> str:
    """Return `moment` as Bluesky writes it: UTC, in milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
