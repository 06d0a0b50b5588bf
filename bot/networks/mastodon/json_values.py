"""Reading a server's JSON without believing it: an empty value where it wrote something else."""

from datetime import UTC, datetime

from bot.networks.json_values import JsonObject
from models.core.normalize import sanitize


def get_text(row: JsonObject, name: str) -> str:
    """A string, safe to store; empty if it is none."""
    value = row.get(name)
    return sanitize(value) if isinstance(value, str) else ""


def get_id(row: JsonObject, name: str = "id") -> str:
    """An id of any shape, as text; empty if there is none."""
    value = row.get(name)
    return str(value) if type(value) is int else get_text(row, name)


def get_time(row: JsonObject, name: str) -> datetime | None:
    """A time in ISO 8601, as UTC; None if it is none."""
    return parse_time(get_text(row, name))


def parse_time(text: str) -> datetime | None:
    """A time in ISO 8601, as UTC; without a zone it counts as UTC. None if it is none."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
