"""What makes Bluesky's readings come sooner: a Jetstream, or a quick look at the list of notifications.

1. While a search track exists and a Jetstream is known, all public posts are read from it
   (https://github.com/bluesky-social/jetstream). A post that names our DID wakes the mentions; one whose text
   may be for a track is fetched. After a short break it goes on where it was.
2. Otherwise nobody else's posts are read: the newest notifications are asked for every two seconds. That is
   150 of the 3,000 requests that an address may make in 5 minutes, for each account
   (https://docs.bsky.app/docs/advanced-guides/rate-limits). It needs no Jetstream, so it works on every PDS.

Neither finds a post whose author has dated it back so far that it stands below the newest ones: readings do.
"""

import json
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from bot.networks.bluesky import uris
from bot.networks.bluesky.caller import Caller
from bot.networks.bluesky.json_values import get_text
from bot.networks.bluesky.listings import REASONS
from bot.networks.errors import Later
from bot.networks.json_values import JsonObject, get_object, get_objects
from bot.networks.streams import StreamEvent, StreamWish
from bot.networks.values import RateLimitStatus
from bot.networks.websocket import DEFAULT_LIMITS, StreamLimits, read_stream

LOOK_INTERVAL_SECONDS = 2.0
SLOW_LOOK_INTERVAL_SECONDS = 8.0  # once half of the rate limit is used up: readings and replies need the rest
_LOOK_ROWS = 5
_LOOK_ROWS_MAX = 100
_KNOWN_MAX = 1000
# A cursor is a time in microseconds. It goes back a little, as Jetstream's README advises for no gaps in the
# playback; after a longer break searches fill the gap, which cost less than all posts of that time.
_REWIND_MICROSECONDS = 5_000_000
_CURSOR_MAX_AGE_SECONDS = 120.0
PUBLIC_SILENCE_MAX_SECONDS = 60.0  # the public network has many posts a second
_WRITTEN = {"create", "update"}


class PostStream:
    """All public posts of a Jetstream, compared with one account and its tracks. For one thread at a time.

    One that answers pings and brings no post for `silent_after_seconds` is dead, too; None: that may happen.
    """

    def __init__(
        self,
        url: str,
        limits: StreamLimits = DEFAULT_LIMITS,
        *,
        silent_after_seconds: float | None = None,
    ) -> None:
        """Connect to nothing yet. `url` is without `/subscribe`."""
        self._url, self._limits, self._silent_after_seconds = url, limits, silent_after_seconds
        self._time_us = 0
        self._heard_at: float | None = None  # by the monotonic clock

    @property
    def host(self) -> str:
        """The server, for people."""
        return urlsplit(self._url).hostname or self._url

    def read(self, wish: StreamWish, did: str, stop: threading.Event) -> Generator[StreamEvent, None, None]:
        """Yield what concerns `did` or `wish` until `stop` is set. Raises as `read_stream` does."""
        opened_at = time.monotonic()

        def parse(message: str) -> Iterator[StreamEvent]:
            row = json.loads(message)
            self._note_time(row)
            return parse_event(row, message, wish, did)

        for event in read_stream(self._address(), parse, stop=stop, limits=self._limits):
            yield event
            self._check_not_silent(opened_at)

    def _check_not_silent(self, opened_at: float) -> None:
        """Raises `Later` if no post has come for too long on a network where some come all the time."""
        silent = time.monotonic() - max(opened_at, self._heard_at or 0.0)
        if self._silent_after_seconds is not None and silent > self._silent_after_seconds:
            raise Later(None, "unreachable", f"{self.host} is open, but has sent no post for {silent:.0f} s.")

    def _note_time(self, row: JsonObject) -> None:
        moment = row.get("time_us")
        if type(moment) is int:
            self._time_us, self._heard_at = moment, time.monotonic()

    def _address(self) -> str:
        """Where to connect: from where the last connection ended, if that was a moment ago."""
        asked = {"wantedCollections": uris.POST_COLLECTION}
        if self._heard_at is not None and time.monotonic() - self._heard_at < _CURSOR_MAX_AGE_SECONDS:
            asked["cursor"] = str(self._time_us - _REWIND_MICROSECONDS)
        return f"{self._url}/subscribe?{urlencode(asked)}"


class NotificationWatch:
    """A look at the newest notifications every two seconds. For one thread at a time."""

    def __init__(self, caller: Caller, account_id: str) -> None:
        self._caller, self._account_id = caller, account_id
        self._rows = _LOOK_ROWS
        self._known: set[str] | None = None

    def read(self, stop: threading.Event) -> Generator[StreamEvent, None, None]:
        """Yield `mentions` for each new row, else `alive`, until `stop` is set. Raises `Later`."""
        while not stop.is_set():
            found = self._look()
            events = [StreamEvent("mentions", post_id=uri) for uri in found] or [StreamEvent("alive")]
            yield replace(events[0], bytes_read=self._caller.bytes_read)
            yield from events[1:]
            stop.wait(_interval_seconds(self._caller.rate_limit))

    def _look(self) -> list[str]:
        """Return the posts that are new; of the first look none, as everything is read then anyway."""
        ask = {"limit": self._rows, "reasons": list(REASONS), "priority": "false"}
        answer = self._caller.query("app.bsky.notification.listNotifications", ask, self._account_id)
        rows = get_objects(answer, "notifications")
        self._fit_rows(len(rows), has_more=bool(get_text(answer, "cursor")))
        shown = {str(uri) for row in rows if (uri := uris.parse_post_uri(row.get("uri")))}
        known = shown if self._known is None else self._known
        found = sorted(shown - known)
        self._known = known | shown if len(known) < _KNOWN_MAX else shown
        return found

    def _fit_rows(self, shown: int, *, has_more: bool) -> None:
        """Choose how many to ask for: the server drops likes and follows only after it has counted them."""
        if shown < _LOOK_ROWS and has_more:
            self._rows = min(self._rows * 2, _LOOK_ROWS_MAX)
        elif shown > 2 * _LOOK_ROWS:
            self._rows = max(self._rows // 2, _LOOK_ROWS)


def parse_event(row: JsonObject, message: str, wish: StreamWish, did: str) -> Iterator[StreamEvent]:
    """Yield what an event of a Jetstream means to the account `did`. `message` is `row` as it came."""
    commit = get_object(row, "commit")
    record = get_object(commit, "record")
    author = get_text(row, "did")
    uri = uris.parse_post_uri(f"at://{author}/{get_text(commit, 'collection')}/{get_text(commit, 'rkey')}")
    if uri is None or author == did or commit.get("operation") not in _WRITTEN:
        return
    if did in message:
        yield StreamEvent("mentions", post_id=str(uri) if _is_to(did, record) else None)
    if wish.wants_text is not None and wish.wants_text(get_text(record, "text")):
        yield StreamEvent("post", post_id=str(uri))


def _is_to(did: str, record: JsonObject) -> bool:
    """Whether the account is told of the post for sure: it names or quotes us, or answers us directly."""
    parts = (get_object(record, "reply", "parent"), record.get("facets"), record.get("embed"))
    return did in json.dumps(parts)


def _interval_seconds(allowance: RateLimitStatus | None) -> float:
    if allowance is not None and allowance.remaining * 2 < allowance.limit:
        return SLOW_LOOK_INTERVAL_SECONDS
    return LOOK_INTERVAL_SECONDS


def describe(wish: StreamWish, stream: PostStream | None) -> str:
    """Return what is done for `wish`, as a sentence."""
    if stream is not None and wish.wants_text is not None:
        return (
            f"the live stream reads all public posts from {stream.host}, for tracks and mentions. It may "
            "miss some: readings and searches find them."
        )
    why = "there is no track" if wish.wants_text is None else "BLUESKY_STREAM_URL is not set"
    return (
        f"the live stream looks for new notifications every {LOOK_INTERVAL_SECONDS:g} s, and reads no public "
        f"posts: {why}."
    )
