"""Reads one address over HTTP, guarded, within 20 seconds and 2 MB, one request a host at a time."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Resolver = Callable[[str, int, float], Sequence[str]]
"""Returns every address of a host, given a port and how many seconds it may take. Raises `OSError`."""


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


class FeedGone(FetchFailed):
    """The server answered 410: the feed was taken away on purpose. Do not ask again."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server named the version that was read: sent back word for word, to hear whether there is a newer."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was read: `body` is None if it has not changed since `validators` were given (304).

    `address` is where it was found in the end, and the base of relative links. `moved_to` is where an
    unbroken chain of permanent redirects (301, 308) leads, None if there is none. `fresh_for` is for how long
    the server says that nothing new will come, at most a day; None: it does not say.
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


def system_resolver(host: str, port: int, seconds: float) -> Sequence[str]:
    """Return every address that this machine's resolver has for `host`. Raises `OSError`."""
    raise NotImplementedError


class Fetcher:
    """Reads addresses for one process: it holds a lock for each host, the resolver and the list of allowed hosts.

    It may be used by any number of threads. `allow` has `host:port` entries that may be private.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        allow: Collection[str] = (),
        resolve: Resolver = system_resolver,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        raise NotImplementedError

    def fetch(
        self, address: str, validators: Validators = Validators(), *, wait_seconds: float = 0
    ) -> Fetched:
        """Read `address`, unless it has not changed since `validators` were given.

        If the host is busy with another request, it waits `wait_seconds` for its turn. Raises `HostBusy`,
        `FeedGone`, `FetchFailed` and `AddressRefusedError`.
        """
        raise NotImplementedError

    def look_at(self, link: str) -> PageSeen:
        """Look once at the page that `link` leads to, whatever its status. Raises as `fetch` does."""
        raise NotImplementedError
