"""Reads one address over HTTP, guarded, within 20 seconds and 2 MB, one request a host at a time."""

import base64
import http.client
import re
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from bot.networks.feed.address import AddressRefusedError, has_secrets, hidden_address, normalise_address
from bot.networks.feed.connection import Answer, CallFailedError, Target, get
from bot.networks.feed.freshness import fresh_for, retry_at
from bot.networks.feed.guard import Guard, Resolver, parse_allowed, system_resolver
from bot.networks.feed.host_turns import HostTurns, TurnRefusedError, host_key
from bot.networks.feed.page_head import read_head
from bot.networks.http_client import CallLimits

FEED_TYPES = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.7, */*;q=0.5"
)
PAGE_TYPES = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
REDIRECTS_MAX = 5
PAGE_MAX_BYTES = 500_000  # a title stands near the beginning
LIMITS = CallLimits(connect_seconds=5, call_seconds=20, max_bytes=2_000_000)
_PATIENT_WAIT_SECONDS = 5.0
_PERMANENT = frozenset({http.client.MOVED_PERMANENTLY, http.client.PERMANENT_REDIRECT})
_REDIRECTS = _PERMANENT | {http.client.FOUND, http.client.SEE_OTHER, http.client.TEMPORARY_REDIRECT}
_WITH_BODY = frozenset({http.client.OK, http.client.NON_AUTHORITATIVE_INFORMATION})
_VALIDATOR_MAX_CHARS = 1_000
_UNSENDABLE = re.compile(r"[^\x20-\x7e\x80-\xff]")


class FetchFailed(Exception):  # noqa: N818 - the decisions of a fetch, named as such
    """Nothing was read. The message is a sentence for the team that names the feed and holds no secret.

    `retry_at` (UTC) is when its server asked to be tried again, at most a day from now; None: it did not say.
    """

    def __init__(self, sentence: str, retry_at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_at = retry_at


class HostBusy(FetchFailed):
    """Nothing was asked: the host has another request at the moment, or wants to be left alone for a while.

    It is no failure of the feed: read it at `retry_at`, which is always set.
    """

    retry_at: datetime

    def __init__(self, sentence: str, retry_at: datetime) -> None:
        super().__init__(sentence, retry_at)


class FeedGone(FetchFailed):
    """The server answered 410: the feed was taken away on purpose. Do not ask again."""


@dataclass(frozen=True, slots=True)
class Validators:
    """How a server named the version that was read: sent back word for word, to hear if there is another."""

    etag: str = ""
    last_modified: str = ""


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was read: `body` is None if it has not changed since `validators` were given (304).

    `address` is where it was found in the end, and the base of relative links. `moved_to` is where an
    unbroken chain of permanent redirects (301, 308) from the beginning leads, None if there is none.
    `fresh_for` is for how long the server says that nothing new will come, at most a day; None: it does not
    say.
    """

    body: bytes | None
    content_type: str
    address: str
    moved_to: str | None
    validators: Validators
    fresh_for: timedelta | None


@dataclass(frozen=True, slots=True)
class PageSeen:
    """What a link leads to: the page's title as plain text, None if it has none, and the HTTP status."""

    title: str | None
    status: int


@dataclass(slots=True)
class _Trip:
    """One fetch, from the address that was given through its redirects."""

    given: str
    address: str
    seen: set[str]
    ends: float  # by the clock of time.monotonic
    moved_to: str | None = None
    is_permanent: bool = True  # every redirect so far
    is_allowed: bool = True  # every host so far was one that FEED_ALLOW names, or this is the first

    def failed(self, words: str, at: datetime | None = None) -> FetchFailed:
        """Return the error for a sentence about the address that was given."""
        return FetchFailed(f"{hidden_address(self.given)} {words}.", at)


class Fetcher:
    """Reads addresses for one process: it holds the hosts' turns, the resolver and what FEED_ALLOW names.

    It may be used by any number of threads. `allow` has `host:port` entries that may be private. `now` is the
    clock by which servers' dates are read. Raises `ValueError` if an entry is no `host:port`.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow: Collection[str] = (),
        resolve: Resolver = system_resolver,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        limits: CallLimits = LIMITS,
    ) -> None:
        self._user_agent = user_agent
        self._guard = Guard(parse_allowed(",".join(allow)), resolve)
        self._turns = HostTurns(now)
        self._now = now
        self._limits = limits

    def fetch(
        self, address: str, validators: Validators = NO_VALIDATORS, *, wait_seconds: float = 0
    ) -> Fetched:
        """Read `address`, unless it has not changed since `validators` were given.

        If its host is busy with another request, it waits `wait_seconds` for its turn: 0 for a loop that has
        other hosts to read, some seconds for a person who waits. Raises `HostBusy`, `FeedGone`, `FetchFailed`
        and `AddressRefusedError`.
        """
        headers = {"Accept": FEED_TYPES}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        trip = self._start(address)
        answer = self._follow(trip, headers, wait_seconds, self._limits)
        if answer.status == http.client.NOT_MODIFIED and validators != NO_VALIDATORS:
            return self._fetched(trip, answer, None, validators)
        if answer.status in _WITH_BODY:
            return self._fetched(trip, answer, answer.body, NO_VALIDATORS)
        raise self._failure(trip, answer)

    def look_at(self, link: str) -> PageSeen:
        """Look once, for a person who waits, at the page that `link` leads to, whatever its status.

        Raises `HostBusy`, `FetchFailed` and `AddressRefusedError`.
        """
        trip = self._start(link)
        limits = replace(self._limits, max_bytes=min(PAGE_MAX_BYTES, self._limits.max_bytes))
        answer = self._follow(
            trip, {"Accept": PAGE_TYPES}, _PATIENT_WAIT_SECONDS, limits, is_patient=True, cut_body=True
        )
        content_type = answer.headers.get("content-type", "")
        is_page = "html" in content_type.lower() or not content_type
        return PageSeen(read_head(answer.body, content_type).title if is_page else None, answer.status)

    def ready_at(self, address: str) -> datetime | None:
        """Return when the host of `address` may be asked (UTC); None: now. It makes no request."""
        return self._turns.ready_at(urlsplit(address).hostname or "")

    def _start(self, address: str) -> _Trip:
        first = normalise_address(address)
        return _Trip(first, first, {first}, time.monotonic() + self._limits.call_seconds)

    def _follow(
        self,
        trip: _Trip,
        headers: Mapping[str, str],
        wait_seconds: float,
        limits: CallLimits,
        *,
        is_patient: bool = False,
        cut_body: bool = False,
    ) -> Answer:
        """Ask for the address of `trip` and go where it leads, until an answer is no redirect."""
        with ExitStack() as turn:
            host = self._take_turn(turn, trip, None, wait_seconds, is_patient=is_patient)
            while True:
                answer = self._ask(trip, headers, limits, cut_body=cut_body)
                if (
                    pause := retry_at(answer.headers, self._now())
                ) and answer.status >= http.client.BAD_REQUEST:
                    self._turns.pause(host, pause)
                if answer.status not in _REDIRECTS or "location" not in answer.headers:
                    return answer
                self._step(trip, answer)
                host = self._take_turn(turn, trip, host, _PATIENT_WAIT_SECONDS, is_patient=is_patient)

    def _take_turn(
        self, turn: ExitStack, trip: _Trip, host: str | None, wait_seconds: float, *, is_patient: bool
    ) -> str:
        """Hold the turn of the host that is asked next, and only that one."""
        wanted = urlsplit(trip.address).hostname or ""
        if host is not None and host_key(host) == host_key(wanted):
            return wanted
        turn.close()
        try:
            turn.enter_context(self._turns.turn(wanted, wait_seconds, is_patient=is_patient))
        except TurnRefusedError as refused:
            why = "answers another request" if refused.is_in_use else "asks to be left alone for a while"
            raise HostBusy(
                f"{hidden_address(trip.given)} was not read: {wanted} {why}.", refused.at
            ) from None
        return wanted

    def _ask(self, trip: _Trip, headers: Mapping[str, str], limits: CallLimits, *, cut_body: bool) -> Answer:
        parts = urlsplit(trip.address)
        target = _target(parts)
        left = trip.ends - time.monotonic()
        if left <= 0:
            raise trip.failed("took too long to answer")
        limits = replace(limits, call_seconds=left, connect_seconds=min(limits.connect_seconds, left))
        sent = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate", "Connection": "close"}
        sent |= headers
        if "@" in parts.netloc:
            sent["Authorization"] = _basic(parts)
        try:
            return get(target, sent, self._guard, limits, allow_private=trip.is_allowed, cut_body=cut_body)
        except CallFailedError as error:
            raise trip.failed(str(error)) from error
        except AddressRefusedError as error:
            if trip.address == trip.given:
                raise
            raise trip.failed(
                f"leads to an address that Heard does not read: {str(error).rstrip('.')}"
            ) from None

    def _step(self, trip: _Trip, answer: Answer) -> None:
        """Move `trip` on to where `answer` redirects it. Raises `FetchFailed`."""
        before = urlsplit(trip.address)
        try:
            following = normalise_address(urljoin(trip.address, _as_sent(answer.headers["location"])))
        except (AddressRefusedError, ValueError):
            raise trip.failed("leads to something that is no address") from None
        after = urlsplit(following)
        if (
            before.scheme == "https"
            and after.scheme == "http"
            and (has_secrets(trip.given) or has_secrets(following))
        ):
            raise trip.failed("leads from https to http, where its secrets could be read on the way")
        # A sign-in belongs to the server that it was typed for; one that a redirect brings belongs to nobody.
        following = _without_user_info(following)
        if _origin(before) == _origin(after) and "@" in before.netloc:
            user_info = before.netloc.rpartition("@")[0]
            following = following.replace("://", f"://{user_info}@", 1)
        if following in trip.seen:
            raise trip.failed("leads back to itself")
        if len(trip.seen) > REDIRECTS_MAX:
            raise trip.failed(f"leads on more than {REDIRECTS_MAX} times")
        trip.seen.add(following)
        trip.is_allowed = trip.is_allowed and self._guard.is_allowed(
            before.hostname or "", _target(before).port
        )
        trip.is_permanent = trip.is_permanent and answer.status in _PERMANENT
        if trip.is_permanent:
            trip.moved_to = following
        trip.address = following

    def _fetched(self, trip: _Trip, answer: Answer, body: bytes | None, sent: Validators) -> Fetched:
        return Fetched(
            body,
            answer.headers.get("content-type", ""),
            trip.address,
            trip.moved_to,
            Validators(
                _validator(answer.headers.get("etag", "")) or sent.etag,
                _validator(answer.headers.get("last-modified", "")) or sent.last_modified,
            ),
            fresh_for(answer.headers, self._now()),
        )

    def _failure(self, trip: _Trip, answer: Answer) -> FetchFailed:
        at = retry_at(answer.headers, self._now())
        if answer.status == http.client.GONE and trip.is_permanent:
            return FeedGone(f"{hidden_address(trip.given)} was taken away for good (HTTP 410).")
        return trip.failed(_STATUS_WORDS.get(answer.status, f"answered with HTTP {answer.status}"), at)


_STATUS_WORDS = {
    304: "says that it has not changed, although it was never read (HTTP 304)",
    401: "wants a sign-in (HTTP 401)",
    403: "does not let Heard read it (HTTP 403)",
    404: "is not there (HTTP 404)",
    410: "leads to something that was taken away for good (HTTP 410)",
    429: "was asked too often (HTTP 429)",
}


def _target(parts: SplitResult) -> Target:
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname or "", port, path)


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    target = _target(parts)
    return target.scheme, target.host, target.port


def _basic(parts: SplitResult) -> str:
    """Return the header that signs in with the user info of an address: RFC 7617."""
    user_info = unquote(parts.netloc.rpartition("@")[0])
    return "Basic " + base64.b64encode(user_info.encode()).decode()


def _without_user_info(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _as_sent(location: str) -> str:
    """Undo http.client's reading of a header as Latin-1, where a server wrote UTF-8."""
    try:
        return location.encode("latin-1").decode()
    except UnicodeError:
        return location


def _validator(value: str) -> str:
    """Return a validator word for word; nothing, where it could not be sent back."""
    return "" if len(value) > _VALIDATOR_MAX_CHARS or _UNSENDABLE.search(value) else value
