"""What a server means when its answer is not a success, as decisions. Pure.

https://docs.joinmastodon.org/api/rate-limits/ and https://docs.joinmastodon.org/methods/statuses/#create
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests
from pydantic_core import from_json

from bot.networks.errors import Later, NetworkError, Refused, RequestRejected, Unsure
from bot.networks.json_values import JsonObject
from bot.networks.mastodon.json_values import get_text, parse_time
from bot.networks.values import RateLimitStatus

_DETAIL_MAX_CHARS = 300
_SECRET_MIN_CHARS = 8
_RATE_LIMIT_WAIT_MAX = timedelta(hours=1)  # Mastodon's longest window of reading is a quarter of an hour
_CAUSE_BY_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.TOO_MANY_REQUESTS: "rate limit",
}
_REJECTED = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_CLIENT_ERRORS = range(400, 500)
_REDIRECTS = range(300, 400)
_TOO_LONG = ("character limit", "too long", "max characters", "maximum character")


def parse_json(response: requests.Response) -> Any:  # noqa: ANN401 - any JSON
    """Return the answer's JSON. Raises `ValueError` if it is none."""
    return from_json(response.content)  # which counts how deep it is: `json` runs into Python's own limit


def read_error(response: requests.Response, secrets: Iterable[str]) -> Later:
    """Why a reading call failed."""
    detail = error_detail(response, secrets)
    if response.status_code in _REJECTED:
        return RequestRejected(None, "server error", detail)
    return _build_later(response, detail)


def is_absent(response: requests.Response) -> bool:
    """Whether the server says that there is no such thing, or none for us; a page of HTML says nothing."""
    return response.status_code in _GONE and bool(_problem(response))


def write_error(response: requests.Response, secrets: Iterable[str]) -> NetworkError:
    """What became of a first call that was to post or to delete.

    A redirect is no success: followed by other clients it becomes a GET, and nothing is posted.
    """
    detail, status = error_detail(response, secrets), response.status_code
    if status not in _CLIENT_ERRORS or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unsure(detail)
    if status in _CAUSE_BY_STATUS or not _problem(response):  # the latter is a gateway, or a wrong address
        return _build_later(response, detail)
    if status in _GONE:
        return Refused("parent gone", f"The post is gone, or hidden from us. {detail}")
    if any(words in detail.lower() for words in _TOO_LONG):
        return Refused("too long", detail)
    return Refused("invalid", detail)


def repeat_error(response: requests.Response, secrets: Iterable[str]) -> NetworkError:
    """What became of a repeat: whatever the answer is, the first call may have been public.

    https://github.com/mastodon/mastodon/issues/40399: 500 although posted; 404: deleted since.
    """
    detail = error_detail(response, secrets)
    return _build_later(response, detail) if response.status_code in _CAUSE_BY_STATUS else Unsure(detail)


def error_detail(response: requests.Response, secrets: Iterable[str]) -> str:
    """What the server said, in its own words, without secrets."""
    problem = _problem(response)
    said = get_text(problem, "error_description") or get_text(problem, "error") or _status_phrase(response)
    said = hide_secrets(said, secrets)
    return f"{' '.join(said.split())[:_DETAIL_MAX_CHARS]} (HTTP {response.status_code})"


def hide_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return what a server said without `secrets`, which it may repeat."""
    for secret in secrets:
        if len(secret) >= _SECRET_MIN_CHARS:
            text = text.replace(secret, "…")
    return text


def parse_rate_limit(response: requests.Response) -> RateLimitStatus | None:
    """What the headers leave of the limit on calls of its kind; None if they do not say.

    The reset is a time in ISO 8601: https://docs.joinmastodon.org/api/rate-limits/#headers
    """
    limit, remaining = (_count(response, name) for name in ("Limit", "Remaining"))
    resets_at = _reset(response)
    if remaining is None or resets_at is None:
        return None
    return RateLimitStatus(remaining, limit or remaining, resets_at, _date(response))


def _build_later(response: requests.Response, detail: str) -> Later:
    cause = _CAUSE_BY_STATUS.get(response.status_code, "server error")
    if response.status_code in _REDIRECTS:
        detail = f"The server has moved or its address is not right: {detail}"
    return Later(_reset_within_reason(response) if cause == "rate limit" else None, cause, detail)


def _reset_within_reason(response: requests.Response) -> datetime | None:
    """When the window opens again; a 429 of Mastodon has no Retry-After."""
    resets_at, said_at = _reset(response), _date(response)
    if resets_at is None or said_at is None:
        return resets_at
    return min(resets_at, said_at + _RATE_LIMIT_WAIT_MAX)


def _reset(response: requests.Response) -> datetime | None:
    text = response.headers.get("X-RateLimit-Reset", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= len("9999999999"):  # Pleroma's and GoToSocial's
        return datetime.fromtimestamp(int(text), UTC)
    return parse_time(text)


def _count(response: requests.Response, name: str) -> int | None:
    text = response.headers.get(f"X-RateLimit-{name}", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len("999999999") else None


def _date(response: requests.Response) -> datetime | None:
    try:
        said = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _problem(response: requests.Response) -> JsonObject:
    try:
        found = parse_json(response)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _status_phrase(response: requests.Response) -> str:
    try:
        return f"The server answered {HTTPStatus(response.status_code).phrase}"
    except ValueError:
        return "The server gave no reason"
