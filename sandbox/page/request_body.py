"""What the page sent with a request, and errors of the local networks as sentences."""

from flask import Blueprint, request

from sandbox.page.json_replies import Json, problem, words

MAX_NAME_LENGTH = 40


def given() -> Json:
    """Return what the page sent; anything but an object counts as empty."""
    body = request.get_json()
    return body if isinstance(body, dict) else {}


def given_text(sentence: str) -> str:
    """Return the text that the page sent. Raises ValueError with `sentence` if there is none."""
    text = words(given(), "text").strip()
    if not text:
        raise ValueError(sentence)
    return text


def given_name() -> str:
    """Return the name that the page sent, on one line and not too long."""
    return " ".join(words(given(), "name").split())[:MAX_NAME_LENGTH] or "Somebody"


def answer_errors(pages: Blueprint) -> None:
    """Answer a LookupError or ValueError of a local network with its sentence."""
    for kind in (LookupError, ValueError):
        pages.register_error_handler(kind, lambda error: problem(_sentence(error)))


def _sentence(error: Exception) -> str:
    """Return the error as a sentence. A KeyError only has the missing ID."""
    return "That no longer exists." if isinstance(error, KeyError) else str(error)
