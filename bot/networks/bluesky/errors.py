"""What Bluesky means when its answer is not a success, as decisions. Pure.

Seen on PDS 0.5.35 with AppView 0.0.280; the general form: https://atproto.com/specs/xrpc#error-responses.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import requests

from bot.networks.bluesky.json_values import get_text, parse_object
from bot.networks.errors import Later, NetworkError, Refused, RequestRejected, Unsure
from bot.networks.values import RateLimitStatus

_DETAIL_MAX_CHARS = 300
_SECRET_MIN_CHARS = 8
_RATE_LIMIT_WAIT_MAX = timedelta(hours=25)  # the longest window is a day
# A token that is over or not ours: 400, never 401. The call had no effect.
_STALE_TOKEN_ERRORS = {"ExpiredToken", "InvalidToken"}
_ACCOUNT_ERRORS = {"AccountDeactivated", "AccountTakedown", "AccountSuspended", "AccountNotFound"}
_NO_REPOSITORY = "could not find repo"  # our account is deactivated, or has moved to another server
# Nothing of the call was done: a wrong address, a proxy, a server without the method.
_NOT_DONE_STATUSES = {
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.GONE,
    HTTPStatus.NOT_IMPLEMENTED,
}


class RecordNotFound(RequestRejected):
    """The account's own server says that there is no such record."""


def error_name(response: requests.Response) -> str:
    """Return the name of the error, such as `InvalidSwap`; empty if the answer names none."""
    return _problem(response)[0]


def is_stale_token(response: requests.Response) -> bool:
    """Return whether the server does not take the token any more, so that another one may do."""
    return response.status_code == HTTPStatus.BAD_REQUEST and error_name(response) in _STALE_TOKEN_ERRORS


def read_error(response: requests.Response, secrets: Iterable[str]) -> Later:
    """Return why a reading call brought nothing.

    A 502 may be a permanent fault that looks like an outage, such as a cursor that the AppView does not know.
    """
    detail = error_detail(response, secrets)
    if _account_is_closed(response):
        return Later(None, "unauthorized", detail)
    if response.status_code == HTTPStatus.BAD_REQUEST:
        if error_name(response) == "RecordNotFound":
            return RecordNotFound(None, "server error", detail)
        return RequestRejected(None, "server error", detail)
    return _later(response, detail)


def write_error(response: requests.Response, secrets: Iterable[str]) -> NetworkError:
    """Return what a writing call that was not a success means: `Refused`, `Later` or `Unsure`."""
    status, detail = response.status_code, error_detail(response, secrets)
    name, message = _problem(response)
    if name == "InvalidSwap":
        return Unsure(
            "ALARM: Bluesky already has another post under the key of this reply, so somebody else writes as "
            f"this account with Heard's keys. {detail}"
        )
    if is_stale_token(response) or _account_is_closed(response):
        return Later(None, "unauthorized", detail)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (
        status == HTTPStatus.BAD_REQUEST and "too big" in message and "record.text" in message
    ):
        return Refused("too long", detail)
    if status == HTTPStatus.BAD_REQUEST:
        return Refused("invalid", detail)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _NOT_DONE_STATUSES:
        return Unsure(detail)
    return _later(response, detail)


def error_detail(response: requests.Response, secrets: Iterable[str]) -> str:
    """Return what the server says, as a sentence without secrets."""
    name, message = _problem(response)
    words = f"{name}: {message}" if name and message else name or message or "no reason given"
    for secret in secrets:
        if len(secret) >= _SECRET_MIN_CHARS:
            words = words.replace(secret, "***")
    words = " ".join(words.replace("\0", "").split())
    return f"Bluesky answered {response.status_code} ({words[:_DETAIL_MAX_CHARS]})."


def rate_limit(response: requests.Response) -> RateLimitStatus | None:
    """Return what the headers say is left; None if they say nothing.

    https://docs.bsky.app/docs/advanced-guides/rate-limits
    """
    remaining, limit = (_number(response, f"ratelimit-{name}") for name in ("remaining", "limit"))
    resets_at = _reset_at(response)
    if remaining is None or resets_at is None:
        return None
    return RateLimitStatus(remaining, limit or remaining, resets_at, server_time(response))


def server_time(response: requests.Response) -> datetime | None:
    """Return the server's clock at that answer (UTC); None if it does not say."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _later(response: requests.Response, detail: str) -> Later:
    causes = {
        HTTPStatus.UNAUTHORIZED: "unauthorized",
        HTTPStatus.FORBIDDEN: "forbidden",
        HTTPStatus.TOO_MANY_REQUESTS: "rate limit",
    }
    cause = causes.get(HTTPStatus(response.status_code)) if response.status_code in causes else None
    at = _reset_at(response) if cause == "rate limit" else None
    return Later(at, cause or "server error", detail)


def _account_is_closed(response: requests.Response) -> bool:
    name, message = _problem(response)
    return name in _ACCOUNT_ERRORS or (name == "InvalidRequest" and _NO_REPOSITORY in message.lower())


def _problem(response: requests.Response) -> tuple[str, str]:
    """The error's name and message; both empty if the answer is no JSON, such as a proxy's page."""
    try:
        answer = parse_object(response.content)
    except ValueError:
        return "", ""
    return get_text(answer, "error")[:100], get_text(answer, "message")


def _reset_at(response: requests.Response) -> datetime | None:
    """When the window ends (UTC), at most a day after the answer. A 429 may have `Retry-After` alone."""
    said_at = server_time(response) or datetime.now(UTC)
    seconds, epoch = _number(response, "retry-after"), _number(response, "ratelimit-reset")
    if epoch is not None and epoch < said_at.timestamp() + _RATE_LIMIT_WAIT_MAX.total_seconds():
        return datetime.fromtimestamp(epoch, UTC)
    if epoch is not None or seconds is not None:
        wait = timedelta(seconds=min(seconds or 10**9, _RATE_LIMIT_WAIT_MAX.total_seconds()))
        return said_at + wait
    return None


def _number(response: requests.Response, header: str) -> int | None:
    text = response.headers.get(header, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None  # noqa: PLR2004
