"""Lists of X's posts, page by page: our mentions, our own posts, what a search finds, and where they end."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.networks.base import Reader
from bot.networks.errors import Later
from bot.networks.json_values import JsonObject
from bot.networks.values import AccountIdentity, Position, PostPage, SearchRequest
from bot.networks.x import errors, parsing, search_query
from bot.networks.x import ids as x_ids
from bot.networks.x.signing import Signer

log = logging.getLogger(__name__)

PAGE_SIZE = 100
# https://docs.x.com/x-api/posts/timelines/introduction: the newest 800 mentions, the newest 3,200 of our own
# posts; beyond it pages are empty. Who reads that far gets fewer: what is said meanwhile pushes the oldest
# out, at ten a second in a storm, and what is deleted or withheld leaves its place empty. So a list is only
# known to be whole while it is clearly shorter.
_MENTIONS_COMPLETE_BELOW = 400
OWN_POSTS_COMPLETE_BELOW = 3000
_COUNT_PAGES_MAX = 10
_PAGES_MAX = 100  # more than any timeline has, even if its pages are half full
_RENAME_CHECK_SECONDS, _RENAME_RETRY_SECONDS = (
    3600.0,
    60.0,
)  # seconds until we ask again what our account is called; if that failed


class TimelineReader(Reader):
    """Reads lists as one account. A position is the id of a post or, for a first reading, a time."""

    index_delay = x_ids.LATE_INDEX_OVERLAP
    # X's search ends half a minute ago, and what is indexed late comes later.
    search_delay = timedelta(minutes=1)
    search_window = timedelta(days=6, hours=23)  # https://docs.x.com/x-api/posts/search/introduction: a week
    posts_per_search_page = PAGE_SIZE

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self._names_until = time.monotonic() + _RENAME_CHECK_SECONDS  # when to ask again what we are called
        self._called: set[str] = set()  # names in posts about which X was asked

    def _read(
        self, route: str, ask: Mapping[str, Any], account_id: str | None = None, *, fields: bool = False
    ) -> JsonObject:
        """Make one reading call as that account (None: whichever is connected). Raises `Later`."""
        raise NotImplementedError

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What was said to us since a quarter of an hour before `after`; some mentions appear late."""
        me = self._signer.require_account(account_id)
        route = f"/2/users/{account_id}/mentions"
        yield from self._timeline(route, account_id, after, parsing.MEDIA_PARAMS, _MENTIONS_COMPLETE_BELOW)
        self._learn_new_name(me)

    def search(
        self, query: str, after: Position, *, account_id: str, before: Position | None = None
    ) -> Iterator[PostPage]:
        """What X's search of the last seven days finds. Costs five times what a mention costs."""
        until = {"until_id": before} if before is not None else {}
        ask = {"query": query, **until, **parsing.MEDIA_PARAMS}
        yield from self._timeline("/2/tweets/search/recent", account_id, after, ask)

    @classmethod
    def search_text(cls, wanted: Sequence[SearchRequest]) -> str:
        """One query for all of `wanted`, in X's words."""
        return search_query.build(wanted)

    def count_matches(self, query: str, since: datetime, *, account_id: str) -> int | None:
        """What X counts since then. One call costs as much as one post that is read."""
        # https://docs.x.com/x-api/posts/counts/introduction
        start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        ask = {"query": query, "start_time": start, "granularity": "day"}
        count, answer = 0, self._read("/2/tweets/counts/recent", ask, account_id)
        for _ in range(_COUNT_PAGES_MAX):
            count += parsing.get_count(answer)
            token = parsing.get_meta(answer, "next_token")
            if token is None:
                break
            answer = self._read("/2/tweets/counts/recent", {**ask, "next_token": token}, account_id)
        return count

    def own_posts(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What our account said since a quarter of an hour before `after`."""
        yield from self._timeline(
            f"/2/users/{account_id}/tweets", account_id, after, {}, OWN_POSTS_COMPLETE_BELOW
        )

    def _learn_new_name(self, me: AccountIdentity) -> None:
        """Ask X what `me` is called: once an hour, or after a post used another name."""
        if time.monotonic() < self._names_until:
            return
        try:
            self._signer.refresh_account(me.id)
        except Later as later:
            log.info("could not check whether our X account was renamed: %s", later.detail)
            self._names_until = time.monotonic() + _RENAME_RETRY_SECONDS
        else:
            self._names_until = time.monotonic() + _RENAME_CHECK_SECONDS

    def _note_names(self, answer: JsonObject, me: AccountIdentity) -> None:
        """Note that we may have been renamed if a post uses a name that X was not asked about yet."""
        self._called.add(me.handle.lower())  # posts from before a renaming go on calling us so
        new = parsing.handles_of(answer, me.id) - self._called
        if new:
            self._called |= new
            self._names_until = 0.0

    def _timeline(
        self, route: str, account_id: str, after: Position, more: Mapping[str, str], sure: int | None = None
    ) -> Iterator[PostPage]:
        me, first, lowest = self._signer.require_account(account_id), True, None
        ask = {"max_results": PAGE_SIZE, **_since_params(after), **more}
        for answer, short in self.pages(route, account_id, ask, sure):
            self._note_names(answer, me)
            page = parsing.parse_page(answer, me, first=first)
            lowest = page.lowest or lowest
            yield replace(page, has_gap=short and not _reaches(lowest, after))
            first = False

    def pages(
        self, route: str, account_id: str, ask: Mapping[str, Any], sure: int | None
    ) -> Iterator[tuple[JsonObject, bool]]:
        """Each page, and whether X may have stopped at it before it had shown all that was asked for.

        `sure` is the number of rows from which on that is possible; None: it never is.
        """
        seen: set[str] = set()
        count, stale = 0, False
        while True:
            try:
                answer = self._read(route, ask, account_id, fields=True)
            except errors.SinceIdTooOld as no:
                if stale or "since_id" not in ask:
                    raise
                ask, stale = {**ask, "since_id": no.since_id}, True
                continue
            count += len(parsing.get_rows(answer))
            token = parsing.get_meta(answer, "next_token")
            endless = token in seen or len(seen) >= _PAGES_MAX
            if token is None or endless:
                yield answer, stale or endless or (sure is not None and count >= sure)
                return
            yield answer, False
            seen.add(token)
            ask = {**ask, "pagination_token": token}


def _since_params(after: Position) -> dict[str, str]:
    if x_ids.parse_id(after) is None:
        moment = datetime.fromisoformat(after).astimezone(UTC)
        return {"start_time": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
    since = x_ids.id_with_overlap(after)
    return {"since_id": since} if since else {}


def _reaches(lowest: Position | None, after: Position) -> bool:
    """Whether a reading got as far as the last one: then only the overlap before that can be incomplete.

    More than 800 mentions in a quarter of an hour are no gap; the sweep finds what X listed late there.
    """
    if lowest is None or x_ids.parse_id(after) is None:
        return False
    return x_ids.order_key(lowest) <= x_ids.order_key(after)
