"""What the page's own requests carry, and how it says no."""

from typing import Any

from flask import Response, jsonify

Json = dict[str, Any]
LONGEST = 25_000  # what X lets a subscriber say in one post


def words(body: Json, key: str) -> str:
    """A text out of a request; anything else counts as none.

    Half a surrogate pair is replaced, as browsers do before they send: nobody could encode it further on.
    """
    value = body.get(key)
    return value[:LONGEST].encode(errors="replace").decode() if isinstance(value, str) else ""


def problem(sentence: str, status: int = 409) -> tuple[Response, int]:
    """A refusal that the page shows to whoever acted."""
    return jsonify({"error": sentence}), status
