"""Lists of Bluesky's posts: our mentions, what a search finds, our own posts, and how they end.

None of the lists is in the order in which posts arrive: each post stands where its author's clock says, so
every reading goes on to some days behind its position, which is a moment of the server's clock: how far the
last reading came. Neither a post's date nor its key says whether it is new: both are its writer's claim.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.networks.base import Reader
from bot.networks.bluesky import parsing, search_query, uris
from bot.networks.bluesky.caller import Caller
from bot.networks.bluesky.json_values import format_time, get_text, parse_time
from bot.networks.errors import Later
from bot.networks.json_values import JsonObject, get_object
from bot.networks.values import AccountIdentity, Position, PostPage, SearchRequest

PAGE_SIZE = 100
VIEWS_PER_CALL = 25  # https://docs.bsky.app/docs/api/app-bsky-feed-get-posts
REASONS = ("mention", "reply", "quote")
# A post dated two days back stands two days deep, and a mention made while its author blocked us appears only
# later, at its old place.
OVERLAP = timedelta(hours=72)
# Lifted blocks and moderation labels bring mentions back at their old places: once a day a reading goes
# this deep.
DEEP_OVERLAP = timedelta(days=14)
DEEP_EVERY_SECONDS = 24 * 3600.0
# Searches are for people (https://github.com/bluesky-social/atproto/issues/3423): one page is mostly enough.
SEARCH_OVERLAP = timedelta(hours=1)
_MENTION_PAGES_MAX = 60
_SEARCH_PAGES_MAX = 10
OWN_POSTS_PAGES_MAX = 40


class ListingReader(Reader):
    """Reads lists as one account."""

    index_delay = OVERLAP
    search_delay = timedelta(minutes=1)
    posts_per_search_page = PAGE_SIZE

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._deep_from = 0.0  # when the next deep reading of mentions is due, by the monotonic clock

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """Yield who mentioned, answered or quoted us since three days before `after`, newest page first.

        Pages are short or empty where others of our notifications stood.
        What has the same time as the last of a page is lost to the next (seen on AppView 0.0.280), so pages
        are as large as the server allows, and the next reading begins elsewhere.
        """
        me = self._caller.require_account(account_id)
        read_to, is_deep = _moment(after), time.monotonic() >= self._deep_from
        floor = read_to - (DEEP_OVERLAP if is_deep else OVERLAP)
        ask = {"limit": PAGE_SIZE, "reasons": list(REASONS), "priority": "false"}
        pages = self._pages(
            "app.bsky.notification.listNotifications", ask, "notifications", account_id, _MENTION_PAGES_MAX
        )
        for first, (rows, cursor, is_cut_off) in _numbered(pages):
            wanted = [row for row in rows if row.get("reason") in REASONS]
            views = self.views([get_text(row, "uri") for row in wanted], account_id)
            posts, bad = parsing.parse_rows((parsing.merge_view(row, views) for row in wanted), me)
            lowest = _lowest([*rows, {"indexedAt": cursor}])
            position = _position(_newest(wanted)) if first else None
            is_last = lowest is not None and lowest < floor
            has_gap = is_cut_off and not (lowest is not None and lowest <= read_to)
            yield PostPage(posts, bad, position, _position(lowest), has_gap)
            if is_last:
                break
        if is_deep:
            self._deep_from = time.monotonic() + DEEP_EVERY_SECONDS

    def search(
        self, query: str, after: Position, *, account_id: str, before: Position | None = None
    ) -> Iterator[PostPage]:
        """Yield what the search finds since an hour before `after`, newest page first.

        Several searches in one query follow each other. The AppView is asked for times, but those of small
        servers do not heed them, so what is too old or too new is left out here.
        """
        me = self._caller.require_account(account_id)
        since = _moment(after) - SEARCH_OVERLAP
        until = None if before is None else _moment(before) + timedelta(milliseconds=1)
        first = True
        for one in search_query.parse(query):
            ask: dict[str, Any] = {"q": one.words, "sort": "latest", "limit": PAGE_SIZE}
            ask |= {"since": format_time(since)} | ({"until": format_time(until)} if until else {})
            ask |= {"tag": list(one.tags)} if one.tags else {}
            pages = self._pages("app.bsky.feed.searchPosts", ask, "posts", account_id, _SEARCH_PAGES_MAX)
            for rows, _, is_cut_off in pages:
                lowest = _lowest(rows)
                wanted = [row for row in rows if _is_between(row, since, until)]
                posts, bad = parsing.parse_rows(wanted, me)
                is_last = lowest is not None and lowest < since
                position = _position(_newest(rows) or self._caller.server_time) if first else None
                yield PostPage(posts, bad, position, _position(lowest), is_cut_off and not is_last)
                first = False
                if is_last:
                    break

    @classmethod
    def search_text(cls, wanted: Sequence[SearchRequest]) -> str:
        """Return the query of one track. Raises `SearchRefusedError` for several, see `search_query`."""
        return search_query.build(wanted)

    def own_posts(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """Yield what our account posted since three days before `after`, straight from its repository."""
        me = self._caller.require_account(account_id)
        floor, first = _moment(after) - OVERLAP, True
        for rows, is_cut_off in self.own_records(floor, account_id):
            posts, bad = parsing.parse_rows((_as_view(row, me) for row in rows), me)
            now = self._caller.server_time if first and posts else None
            yield PostPage(posts, bad, _position(now), None, is_cut_off)
            first = False

    def own_records(self, floor: datetime, account_id: str) -> Iterator[tuple[list[JsonObject], bool]]:
        """Yield our own posts by their keys, newest first, until a page ends before `floor` (UTC).

        With each page, whether the reading ends there although there is more. Unlike the AppView's feed, the
        repository shows a record as soon as it is written. Raises `Later`.
        """
        ask = {"repo": account_id, "collection": uris.POST_COLLECTION, "limit": PAGE_SIZE}
        pages = self._pages("com.atproto.repo.listRecords", ask, "records", account_id, OWN_POSTS_PAGES_MAX)
        for rows, _, is_cut_off in pages:
            last = uris.parse_uri(rows[-1].get("uri")) if rows else None
            written = uris.tid_time(last.rkey) if last else None
            is_last = written is not None and written < floor
            yield rows, is_cut_off and not is_last
            if is_last:
                return

    def views(self, ids: Sequence[str], account_id: str) -> dict[str, JsonObject]:
        """Return the AppView's views of the posts `ids`; whatever it does not show to us is left out.

        Ids that are no at-URI with a DID are not asked for: they would fail the whole call. Raises `Later`.
        """
        found = dict[str, JsonObject]()
        known = [each for each in dict.fromkeys(ids) if uris.parse_post_uri(each)]
        for start in range(0, len(known), VIEWS_PER_CALL):
            some = known[start : start + VIEWS_PER_CALL]
            answer = self._caller.query("app.bsky.feed.getPosts", {"uris": some}, account_id)
            found |= {get_text(row, "uri"): row for row in _rows(answer, "posts")}
        return found

    def _pages(
        self, method: str, ask: Mapping[str, Any], name: str, account_id: str, limit: int
    ) -> Iterator[tuple[list[JsonObject], str, bool]]:
        """Yield the rows of each page, its cursor, and whether the reading ends there although there is more.

        An empty page with a cursor is not the end. At most `limit` pages, and none twice.
        """
        seen, cursor = set[str](), ""
        while True:
            answer = self._caller.query(method, {**ask, **({"cursor": cursor} if cursor else {})}, account_id)
            cursor = get_text(answer, "cursor")
            is_over = not cursor
            is_cut_off = not is_over and (cursor in seen or len(seen) + 1 >= limit)
            yield _rows(answer, name), cursor, is_cut_off
            if is_over or is_cut_off:
                return
            seen.add(cursor)


def _numbered(
    pages: Iterator[tuple[list[JsonObject], str, bool]],
) -> Iterator[tuple[bool, tuple[list[JsonObject], str, bool]]]:
    for number, page in enumerate(pages):
        yield number == 0, page


def _rows(answer: JsonObject, name: str) -> list[JsonObject]:
    """The objects of a list. Raises `Later` if the answer has no such list: it is not an empty one."""
    rows = answer.get(name)
    if not isinstance(rows, list):
        raise Later(None, "server error", f"Bluesky sent a response without {name}.")
    return [row if isinstance(row, dict) else {"uri": None, "broken": row} for row in rows]


def _moment(position: Position) -> datetime:
    """What `position` says; one that cannot be read is the beginning of time.

    Early versions wrote a second moment behind a slash.
    """
    return parse_time(position.partition("/")[0]) or datetime.fromtimestamp(0, UTC)


def _position(moment: datetime | None) -> Position | None:
    return None if moment is None else Position(format_time(moment))


def _seen_at(row: JsonObject) -> datetime | None:
    return parse_time(get_text(row, "indexedAt"))


def _lowest(rows: Sequence[JsonObject]) -> datetime | None:
    return min((moment for row in rows if (moment := _seen_at(row))), default=None)


def _newest(rows: Sequence[JsonObject]) -> datetime | None:
    return max((moment for row in rows if (moment := _seen_at(row))), default=None)


def _is_between(row: JsonObject, since: datetime, until: datetime | None) -> bool:
    seen = _seen_at(row)
    return seen is None or (seen >= since and (until is None or seen < until))


def _as_view(record: JsonObject, me: AccountIdentity) -> JsonObject:
    """A record of our own repository in the form of a view."""
    author = {"did": me.id, "handle": me.handle}
    return {
        "uri": record.get("uri"),
        "cid": record.get("cid"),
        "author": author,
        "record": get_object(record, "value"),
    }
