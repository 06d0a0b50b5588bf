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

from bot.networks import Later, NetworkError, Refused, RefusedReason, Unsure
from bot.networks.x_rows import problems, read
from bot.networks.x_text import fit

_DETAIL_MOST = 300  # characters: a sentence, not somebody's HTML page
_ID_MOST = 64
_SECRET_LEAST = 8
_LONGEST_WAIT = timedelta(hours=25)  # X's longest window is a day
_WINDOWS = ("x-rate-limit", "x-user-limit-24hour", "x-app-limit-24hour")
_STALE = re.compile(r"'since_id' must be .{0,100}larger than (\d{1,19})")

_REFUSALS: tuple[tuple[str, RefusedReason], ...] = (
    ("not been mentioned or otherwise engaged", "not summoned"),
    ("reply to this conversation is not allowed", "not summoned"),
    ("quoting this post is not allowed", "not summoned"),
    ("duplicate content", "duplicate"),
    ("deleted or not visible", "parent gone"),
    ("too long", "too long"),
    ("not authorized to delete", "not ours"),
)
_SPENT = ("creditsdepleted", "problems/credits", "spend limit", "spend cap")
_CAUSES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.PAYMENT_REQUIRED: "out of credit",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.TOO_MANY_REQUESTS: "rate limit",
}
# The words were fine, only not now or not there: a wrong address, a gateway.
_NOT_ABOUT_THE_WORDS = {
    *(_CAUSES.keys() - {HTTPStatus.FORBIDDEN}),
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.GONE,
}
_DEFINITE = range(400, 500)


class Stale(Later):
    """X no longer answers from as far back as we asked, and names the id from which it would."""

    def __init__(self, since_id: str, detail: str) -> None:
        super().__init__(None, "server error", detail)
        self.since_id = since_id


def of_read(response: requests.Response, secrets: Iterable[str]) -> Later:
    """Why a reading call failed."""
    detail = _sentence(response, secrets)
    stale = _STALE.search(_everything(response)) if response.status_code == HTTPStatus.BAD_REQUEST else None
    return Stale(str(int(stale[1]) + 1), detail) if stale else _later(response, detail)


def of_write(response: requests.Response, secrets: Iterable[str]) -> NetworkError:
    """What became of a reply that was to be said, or to be taken away."""
    detail, status = _sentence(response, secrets), response.status_code
    if status not in _DEFINITE or status == HTTPStatus.REQUEST_TIMEOUT:
        return Unsure(detail)
    if status in _NOT_ABOUT_THE_WORDS:
        return _later(response, detail)
    for words, reason in _REFUSALS:
        if words in detail.lower():
            return Refused(reason, detail)
    return _later(response, detail) if status == HTTPStatus.FORBIDDEN else Refused("invalid", detail)


def names_fields(response: requests.Response, word: str) -> bool:
    """Whether X says that it does not know `tweet.fields` (or `post.fields`)."""
    return response.status_code == HTTPStatus.BAD_REQUEST and f"{word}.fields".encode() in response.content


def _sentence(response: requests.Response, secrets: Iterable[str]) -> str:
    """What X said, in its own words, with the id by which its support finds the call."""
    problem = _problem(response)
    first = next(iter(problems(problem)), {})
    candidates = (problem.get("detail"), first.get("detail"), first.get("message"), problem.get("title"))
    said = next((words for words in candidates if isinstance(words, str) and words), _phrase(response))
    for secret in secrets:
        if len(secret) >= _SECRET_LEAST:  # a made-up one of a few letters would tear words apart
            said = said.replace(secret, "…")
    transaction = re.sub(r"[^A-Za-z0-9+/=_-]", "", response.headers.get("x-transaction-id", ""))[:_ID_MOST]
    marks = f"HTTP {response.status_code}" + (f", x-transaction-id {transaction}" if transaction else "")
    return f"{' '.join(fit(said).split())[:_DETAIL_MOST]} ({marks})"


def _everything(response: requests.Response) -> str:
    """All the sentences of an answer: the one that matters may stand in `errors[]`, below a general one."""
    problem = _problem(response)
    said = [problem.get("detail"), *(one.get("message") for one in problems(problem))]
    return "\n".join(words for words in said if isinstance(words, str))


def _problem(response: requests.Response) -> Mapping[str, Any]:
    """The answer as X's problem object; empty if it is an array, or a gateway's HTML."""
    try:
        return read(response.content)
    except ValueError:
        return {}


def _phrase(response: requests.Response) -> str:
    try:
        return f"X answered {HTTPStatus(response.status_code).phrase}"
    except ValueError:
        return "X gave no reason"


def _later(response: requests.Response, detail: str) -> Later:
    problem = _problem(response)
    kind = f"{problem.get('title')} {problem.get('type')} {problem.get('detail')}".lower()
    cause = _CAUSES.get(response.status_code, "server error")
    if cause in {"forbidden", "rate limit"} and any(words in kind for words in _SPENT):
        cause = "out of credit"
    return Later(_reset(response) if cause == "rate limit" else None, cause, detail)


def _reset(response: requests.Response) -> datetime | None:
    """When the window that ran out opens again: of 15 minutes or of 24 hours, whichever is spent."""
    known = [
        (response.headers.get(f"{window}-remaining", "0").strip() == "0", reset)
        for window in _WINDOWS
        if (reset := _epoch(response.headers.get(f"{window}-reset", "")))
    ]
    resets = [reset for spent, reset in known if spent] or [reset for _, reset in known]
    said_at = _date(response.headers.get("Date", ""))
    if said_at:
        resets = [min(reset, said_at + _LONGEST_WAIT) for reset in resets]
    return max(resets, default=None)


def _epoch(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[0-9]{9,10}", text.strip()) else None


def _date(text: str) -> datetime | None:
    try:
        said = parsedate_to_datetime(text)
    except ValueError:
        return None
    return said if said.tzinfo else said.replace(tzinfo=UTC)
