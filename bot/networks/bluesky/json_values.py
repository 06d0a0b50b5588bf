"""Reading Bluesky's JSON without believing it: each function returns an empty value for anything else."""

import json
from datetime import UTC, datetime

from bot.networks.json_values import JsonObject


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


def get_texts(row: JsonObject, name: str) -> list[str]:
    """Return the strings in a list; anything else in it is left out."""
    value = row.get(name)
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


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
