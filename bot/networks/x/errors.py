"""What X means when its answer is not a success: the error table, as decisions. Pure.

X gives no machine code for its 403s, so they are told apart by their words:
https://docs.x.com/x-api/fundamentals/response-codes-and-errors and the texts that were seen in 2026.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import requests

from bot.networks.errors import (
    USAGE_CAP_PHRASE,
    Later,
    NetworkError,
    Refused,
    RefusedReason,
    RequestRejected,
    Unsure,
)
from bot.networks.values import RateLimitStatus
from bot.networks.x.parsing import get_problems, parse_json
from bot.networks.x.text import replace_unstorable

_DETAIL_MAX_CHARS = 300  # characters: a sentence, not somebody's HTML page
_TRANSACTION_ID_MAX_CHARS = 64
_SECRET_MIN_CHARS = 8
_RATE_LIMIT_WAIT_MAX = timedelta(hours=25)  # X's longest window is a day
_EPOCH_MILLISECONDS_FROM = 10**11  # a moment that is later than this in seconds lies in the year 5138
_RATE_LIMIT_HEADER_PREFIXES = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
_SINCE_ID_TOO_OLD_PATTERN = re.compile(r"'since_id' must be .{0,100}larger than (\d{1,19})")

_REFUSAL_PHRASES: tuple[tuple[str, RefusedReason], ...] = (
    ("not been mentioned or otherwise engaged", "not summoned"),
    ("reply to this conversation is not allowed", "not summoned"),
    ("quoting this post is not allowed", "not summoned"),
    ("duplicate content", "duplicate"),
    ("deleted or not visible", "parent gone"),
    ("too long", "too long"),
    ("not authorized to delete", "not ours"),
)
_OUT_OF_CREDIT_PHRASES = ("creditsdepleted", "problems/credits", "spend limit", "spend cap")
# Seen with 403 and 429: the monthly cap on posts read, https://docs.x.com/x-api/fundamentals/post-cap
_USAGE_CAP_PHRASES = ("usage-capped", "usagecapexceeded", "usage cap")
_CAUSE_BY_STATUS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.PAYMENT_REQUIRED: "out of credit",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.TOO_MANY_REQUESTS: "rate limit",
}
# The words were fine, only not now or not there: a wrong address, a gateway.
_CONTENT_INDEPENDENT_STATUSES = {
    *(_CAUSE_BY_STATUS.keys() - {HTTPStatus.FORBIDDEN}),
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.GONE,
}
_CLIENT_ERROR_STATUSES = range(400, 500)


class SinceIdTooOld(Later):
    """X no longer answers from as far back as we asked, and names the id from which it would."""

    def __init__(self, since_id: str, detail: str) -> None:
        super().__init__(None, "server error", detail)
        self.since_id = since_id


def read_error(response: requests.Response, secrets: Iterable[str]) -> Later:
    """Why a reading call failed."""
    detail = _error_detail(response, secrets)
    stale = (
        _SINCE_ID_TOO_OLD_PATTERN.search(_all_messages(response))
        if response.status_code == HTTPStatus.BAD_REQUEST
        else None
    )
    if stale:
        return SinceIdTooOld(str(int(stale[1]) + 1), detail)
    if response.status_code == HTTPStatus.BAD_REQUEST:
        return RequestRejected(None, "server error", detail)
    return _build_later(response, detail)


def empty_answer_error(response: requests.Response, secrets: Iterable[str]) -> Later:
    """Why an answer that claims success holds neither rows nor an honest "none"."""
    what = "errors alone" if get_problems(_parse_problem(response)) else "neither rows nor a count of 0"
    return _build_later(response, f"X answered with {what}: {_error_detail(response, secrets)}")


def parse_rate_limit(response: requests.Response) -> RateLimitStatus | None:
    """What the headers of `response` leave of the limit on calls of its kind; None if they do not say.

    https://docs.x.com/x-api/fundamentals/rate-limits
    """
    limit, remaining = (_parse_count(response, name) for name in ("limit", "remaining"))
    resets_at = _parse_epoch(response.headers.get("x-rate-limit-reset", ""))
    if remaining is None or resets_at is None:
        return None
    return RateLimitStatus(
        remaining, limit or remaining, resets_at, _parse_http_date(response.headers.get("Date", ""))
    )


def _parse_count(response: requests.Response, name: str) -> int | None:
    text = response.headers.get(f"x-rate-limit-{name}", "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def write_error(response: requests.Response, secrets: Iterable[str]) -> NetworkError:
    """What became of a reply that was to be said, or to be taken away."""
    detail, status = _error_detail(response, secrets), response.status_code
    if status not in _CLIENT_ERROR_STATUSES or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unsure(detail)
    if status in _CONTENT_INDEPENDENT_STATUSES:
        return _build_later(response, detail)
    for words, reason in _REFUSAL_PHRASES:
        if words in detail.lower():
            return Refused(reason, detail)
    return _build_later(response, detail) if status == HTTPStatus.FORBIDDEN else Refused("invalid", detail)


def is_unknown_fields_error(response: requests.Response, word: str) -> bool:
    """Whether X says that it does not know `tweet.fields` (or `post.fields`)."""
    return response.status_code == HTTPStatus.BAD_REQUEST and f"{word}.fields".encode() in response.content


def _error_detail(response: requests.Response, secrets: Iterable[str]) -> str:
    """What X said, in its own words, with the id by which its support finds the call."""
    problem = _parse_problem(response)
    first = next(iter(get_problems(problem)), {})
    candidates = (problem.get("detail"), first.get("detail"), first.get("message"), problem.get("title"))
    said = next((words for words in candidates if isinstance(words, str) and words), _status_phrase(response))
    for secret in secrets:
        if len(secret) >= _SECRET_MIN_CHARS:  # a made-up one of a few letters would tear words apart
            said = said.replace(secret, "…")
    transaction = re.sub(r"[^A-Za-z0-9+/=_-]", "", response.headers.get("x-transaction-id", ""))[
        :_TRANSACTION_ID_MAX_CHARS
    ]
    marks = f"HTTP {response.status_code}" + (f", x-transaction-id {transaction}" if transaction else "")
    return f"{' '.join(replace_unstorable(said).split())[:_DETAIL_MAX_CHARS]} ({marks})"


def _all_messages(response: requests.Response) -> str:
    """All the sentences of an answer: the one that matters may stand in `errors[]`, below a general one."""
    problem = _parse_problem(response)
    said = [problem.get("detail"), *(one.get("message") for one in get_problems(problem))]
    return "\n".join(words for words in said if isinstance(words, str))


def _parse_problem(response: requests.Response) -> Mapping[str, Any]:
    """The answer as X's problem object; empty if it is an array, or a gateway's HTML."""
    try:
        return parse_json(response.content)
    except ValueError:
        return {}


def _status_phrase(response: requests.Response) -> str:
    try:
        return f"X answered {HTTPStatus(response.status_code).phrase}"
    except ValueError:
        return "X gave no reason"


def _build_later(response: requests.Response, detail: str) -> Later:
    problem = _parse_problem(response)
    told = [problem, *get_problems(problem)]
    kind = " ".join(f"{one.get('title')} {one.get('type')} {one.get('detail')}" for one in told).lower()
    cause = _CAUSE_BY_STATUS.get(response.status_code, "server error")
    if cause in {"forbidden", "rate limit"} or response.ok:
        if any(words in kind for words in _USAGE_CAP_PHRASES):
            said = (
                detail
                if USAGE_CAP_PHRASE in detail.lower()
                else f"The {USAGE_CAP_PHRASE} is reached. {detail}"
            )
            return Later(None, "out of credit", said)
        if any(words in kind for words in _OUT_OF_CREDIT_PHRASES):
            cause = "out of credit"
    return Later(_reset_at(response) if cause == "rate limit" else None, cause, detail)


def _reset_at(response: requests.Response) -> datetime | None:
    """When the window that ran out opens again: of 15 minutes or of 24 hours, whichever is spent."""
    known = [
        (response.headers.get(f"{window}-remaining", "0").strip() == "0", reset)
        for window in _RATE_LIMIT_HEADER_PREFIXES
        if (reset := _parse_epoch(response.headers.get(f"{window}-reset", "")))
    ]
    resets = [reset for spent, reset in known if spent] or [reset for _, reset in known]
    said_at = _parse_http_date(response.headers.get("Date", ""))
    if said_at:
        resets = [min(reset, said_at + _RATE_LIMIT_WAIT_MAX) for reset in resets]
    return max(resets, default=None)


def _parse_epoch(text: str) -> datetime | None:
    """A moment in seconds since 1970, or in milliseconds, as some servers write it."""
    if not re.fullmatch(r"[0-9]{9,13}", text.strip()):
        return None
    number = int(text)
    return datetime.fromtimestamp(number / 1000 if number > _EPOCH_MILLISECONDS_FROM else number, UTC)


def _parse_http_date(text: str) -> datetime | None:
    try:
        said = parsedate_to_datetime(text)
    except ValueError:
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)
