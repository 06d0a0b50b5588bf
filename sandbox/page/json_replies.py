"""Values of the page's requests, and its error answers."""

from typing import Any

from flask import Response, jsonify

Json = dict[str, Any]
MAX_TEXT_LENGTH = 25_000  # of a subscriber's post on X


def words(body: Json, key: str) -> str:
    """Return a text of the request; anything but a string counts as "".

    Half a surrogate pair is replaced, as browsers do: it could not be encoded later.
    """
    value = body.get(key)
    return value[:MAX_TEXT_LENGTH].encode(errors="replace").decode() if isinstance(value, str) else ""


def problem(sentence: str, status: int = 409) -> tuple[Response, int]:
    """Return an error that the page shows to the visitor."""
    return jsonify({"error": sentence}), status
