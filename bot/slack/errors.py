"""What went wrong with a call to Slack, as the three things that can be done about it."""

import errno
import http.client
import re
import socket
import ssl
import urllib.error

from slack_sdk.errors import SlackApiError

RETRY_AFTER_MAX_SECONDS = 900.0  # seconds

# An error that leaves open whether the call had its effect.
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_UNSURE_ERRORS = {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
_ERROR_NAME_PATTERN = re.compile(r"[a-z0-9_]+")

# No connection was made, so nothing can have been sent.
_NOT_CONNECTED_ERRORS = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
_UNREACHABLE_ERRNOS = {errno.EHOSTUNREACH, errno.ENETUNREACH}


class SlackError(Exception):
    """Slack did not do what it was asked."""


class SlackRefusedError(SlackError):
    """A definite no, under Slack's own name for it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class SlackLaterError(SlackError):
    """Nothing was done: ask again after so many seconds."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


class SlackUnsureError(SlackError):
    """The call may have had its effect."""


def error_from_response(error: SlackApiError) -> SlackError:
    """Which of the three an answer of Slack's is that says no."""
    response = error.response
    status = getattr(response, "status_code", 200)
    data = getattr(response, "data", response)
    name = data.get("error") if isinstance(data, dict) else None
    if status == http.client.TOO_MANY_REQUESTS or name in {"ratelimited", "rate_limited"}:
        headers = {key.lower(): value for key, value in (getattr(response, "headers", None) or {}).items()}
        return SlackLaterError(
            _retry_after_seconds(headers.get("retry-after")), "Slack's rate limit is reached"
        )
    # Of an answer that it cannot read the SDK makes an error of its own, in a sentence.
    named = isinstance(name, str) and _ERROR_NAME_PATTERN.fullmatch(name) is not None
    if status >= http.client.INTERNAL_SERVER_ERROR or not named or name in _UNSURE_ERRORS:
        return SlackUnsureError(f"Slack answered {status} {name if named else ''}".strip())
    return SlackRefusedError(str(name))


def header_value(value: str | list[str] | None) -> str:
    """One header; the SDK hands headers over as text or as a list of one."""
    if isinstance(value, list):
        value = value[0] if value else None
    return value or ""


def _retry_after_seconds(header: str | list[str] | None) -> float:
    """Read a Retry-After. Nothing that it says stops us for longer than a quarter of an hour."""
    value = header_value(header)
    try:
        seconds = float(value or 1)
    except ValueError:
        return 1.0
    return min(max(seconds, 0.1), RETRY_AFTER_MAX_SECONDS) if seconds == seconds else 1.0  # noqa: PLR0124 - not a number


def error_from_connection(error: Exception) -> SlackError:
    """A connection that was never made sent nothing; of any other failure nobody knows."""
    reason = getattr(error, "reason", error) if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, _NOT_CONNECTED_ERRORS) or getattr(reason, "errno", None) in _UNREACHABLE_ERRNOS:
        return SlackLaterError(2.0, "Slack cannot be reached")
    return SlackUnsureError(f"Slack did not answer ({type(reason).__name__})")
