"""Lists of a server's posts, page by page: our mentions, our own posts, hashtags, what a search finds.

A reading of mentions begins 40 notifications below the newest that was read, since some come late: those that
a person accepts from the filtered ones have old ids. https://docs.joinmastodon.org/methods/notifications/
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from bot.networks.base import Reader
from bot.networks.errors import Later
from bot.networks.json_values import JsonObject, get_object, get_objects
from bot.networks.mastodon import search_query
from bot.networks.mastodon.api import Api, Params
from bot.networks.mastodon.identity import Identity, IdentityCache
from bot.networks.mastodon.ids import id_of_position, page_border, position_above, sort_key
from bot.networks.mastodon.json_values import get_id, get_text, get_time
from bot.networks.mastodon.parsing import Viewer, allows_finding, parse_post, parse_profile
from bot.networks.mastodon.profile_cache import ProfileCache
from bot.networks.mastodon.threads import Threads
from bot.networks.values import Position, Post, PostPage, ReadKind, SearchRequest, UnreadableRow

log = logging.getLogger(__name__)

_NOTIFICATIONS_PER_PAGE = 80  # the most that one call returns
_POSTS_PER_PAGE = 40
_OVERLAP_ROWS = 40  # notifications that are read again each time
_PAGES_MAX = 50
_SEARCH_PAGES_MAX = 10  # a line
_FINDS_PER_PAGE = 100
_LATE = timedelta(minutes=15)  # by how much our own posts may be listed late
_FEDERATION_DELAY = timedelta(hours=2)  # by how much a post of another server may come late
_KINDS = {"mention", "quote"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Listing:
    """Rows by pages, newest first, and whether it ended before it reached what was asked for.

    `without_id` are rows that have no place in that order.
    """

    pages: list[list[JsonObject]]
    has_gap: bool
    without_id: list[JsonObject] = field(default_factory=list)


class TimelineReader(Reader):
    """Reads lists as one account. A position is an id of a notification, or a time."""

    index_delay = _LATE
    search_delay = timedelta(minutes=1)
    posts_per_search_page = _FINDS_PER_PAGE

    def __init__(self, api: Api) -> None:
        self._api = api
        self._identity = IdentityCache(api, self.note_identity)
        self._threads = Threads(api)
        self._profiles = ProfileCache()

    def note_identity(self, who: Identity) -> None:
        """Take note of who we are."""

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What was said to us after `after`, filtered notifications included, with 40 from before it."""
        who = self._identity.require(account_id)
        listing = self._notifications(after, who)
        rows = [row for page in listing.pages for row in page]
        position = None
        if rows:
            is_enough = len(rows) > _OVERLAP_ROWS
            position = position_above(get_id(rows[_OVERLAP_ROWS])) if is_enough else after
        seen = set[str]()
        pages = [self._mentioned(page, seen) for page in (*listing.pages, listing.without_id)]
        yield from self._parse_pages(pages, who, position, has_gap=listing.has_gap)

    def search(
        self, query: str, after: Position, *, account_id: str, before: Position | None = None
    ) -> Iterator[PostPage]:
        """What hashtag timelines and, where the server has one, its search find for the lines of `query`.

        Posts whose authors do not want to be found are left out. Raises `Later`, also if the server has no
        search for words.
        """
        who = self._identity.require(account_id)
        since, until = _moment(after) - _FEDERATION_DELAY, None if before is None else _moment(before)
        found, without_id, has_gap = dict[str, JsonObject](), list[JsonObject](), False
        for line in query.split("\n"):
            listing = self._finds(line, since, who)
            has_gap |= listing.has_gap
            found |= {get_text(row, "uri"): row for page in listing.pages for row in page}
            without_id += listing.without_id
        wanted = [
            row for row in found.values() if _may_be_found(row, who.viewer) and _is_between(row, since, until)
        ]
        wanted.sort(
            key=lambda row: (get_time(row, "created_at") or _EPOCH, sort_key(get_id(row))), reverse=True
        )
        pages = [wanted[start : start + _FINDS_PER_PAGE] for start in range(0, len(wanted), _FINDS_PER_PAGE)]
        pages.append(without_id)
        newest = get_time(wanted[0], "created_at") if wanted else None
        position = Position(newest.isoformat()) if newest is not None else None
        yield from self._parse_pages(pages, who, position, has_gap=has_gap, lowest=True)

    @classmethod
    def search_text(cls, wanted: Sequence[SearchRequest]) -> str:
        """A line for each alternative of `wanted`: a hashtag, or words."""
        return search_query.build(wanted)

    def own_posts(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What our account said since a quarter of an hour before `after`."""
        who = self._identity.require(account_id)
        since = _moment(after) - _LATE
        listing = self.own_rows(since, who)
        pages = [[row for row in page if _is_between(row, since, None)] for page in listing.pages]
        pages.append(listing.without_id)
        newest = max(
            (found for page in pages for row in page if (found := get_time(row, "created_at"))), default=None
        )
        position = Position(newest.isoformat()) if newest is not None else None
        yield from self._parse_pages(pages, who, position, has_gap=listing.has_gap)

    def own_rows(self, since: datetime, who: Identity) -> _Listing:
        """Our own posts since then, newest first. Raises `Later`."""
        path = f"/api/v1/accounts/{quote(who.viewer.local_id, safe='')}/statuses"
        params = [("exclude_reblogs", "true"), ("limit", str(_POSTS_PER_PAGE))]
        return self._descend(path, params, "own posts", lambda row: _is_older(row, since))

    def _notifications(self, after: Position, who: Identity) -> _Listing:
        path, floor = "/api/v1/notifications", id_of_position(after)
        kinds = ["mention", "quote"] if who.server.notifies_of_quotes else ["mention"]
        params = [
            *(("types[]", kind) for kind in kinds),
            ("include_filtered", "true"),
            ("limit", str(_NOTIFICATIONS_PER_PAGE)),
        ]
        if floor is None:
            since = _moment(after).replace(microsecond=0)  # servers cut times off
            return self._cut(
                self._descend(path, params, "mentions", lambda row: _is_older(row, since)),
                lambda row: not _is_older(row, since),
            )
        if who.server.honours_min_id and (found := self._ascend(path, params, floor)) is not None:
            return found

        def is_below(row: JsonObject) -> bool:
            return sort_key(get_id(row)) <= sort_key(floor)

        listing = self._descend(path, params, "mentions", is_below)
        return self._cut(listing, lambda row: not is_below(row))

    def _ascend(self, path: str, params: Params, floor: str) -> _Listing | None:
        """All above `floor`, from below: `min_id` gives the page just above an id.

        When a page is not above what it was asked for, the server does not honour `min_id`: None. If there is
        more than a reading takes, the next one goes on where this one ended.
        """
        listing = _Listing([], has_gap=False)
        for _ in range(_PAGES_MAX):
            rows = self._page(path, [*params, ("min_id", floor)], "mentions", listing.without_id)
            if not rows:
                break
            if sort_key(get_id(rows[-1])) <= sort_key(floor):
                return None
            listing.pages.insert(0, rows)
            floor = get_id(rows[0])
        return listing

    def _descend(
        self, path: str, params: Params, kind: ReadKind, is_below: Callable[[JsonObject], bool]
    ) -> _Listing:
        """Pages from the newest down, until one reaches below what was asked for, or there is no more."""
        listing, seen, ask, border = _Listing([], has_gap=False), set[str](), params, ""
        for _ in range(_PAGES_MAX):
            rows = self._page(path, ask, kind, listing.without_id)
            is_full = len(rows) >= int(dict(params)["limit"])
            rows = [row for row in rows if get_id(row) not in seen]
            if not rows:
                return replace(listing, has_gap=is_full)  # a whole page of one moment, or the end
            if border and sort_key(get_id(rows[-1])) >= sort_key(border):
                return replace(listing, has_gap=True)  # the server does not honour `max_id`
            listing.pages.append(rows)
            if is_below(rows[-1]):
                return listing
            seen |= {get_id(row) for row in rows}
            border = page_border(get_id(rows[-1]))
            ask = [*params, ("max_id", border)]
        return replace(listing, has_gap=True)

    def _page(
        self, path: str, params: Params, kind: ReadKind, without_id: list[JsonObject]
    ) -> list[JsonObject]:
        """One page, newest first. Rows without an id are added to `without_id`, each once."""
        found = self._api.get_list(path, params, kind=kind)
        without_id += [row for row in found if not get_id(row) and row not in without_id]
        rows = [row for row in found if get_id(row)]
        return sorted(rows, key=lambda row: sort_key(get_id(row)), reverse=True)

    def _cut(self, listing: _Listing, keeps: Callable[[JsonObject], bool]) -> _Listing:
        return replace(listing, pages=[[row for row in page if keeps(row)] for page in listing.pages])

    def _mentioned(self, page: list[JsonObject], seen: set[str]) -> list[JsonObject]:
        """The posts of a page of notifications, each once: a mention that quotes us is told twice."""
        posts = []
        for row in page:
            post = get_object(row, "status")
            if get_text(row, "type") not in _KINDS:
                continue  # some servers do not know `types[]`
            local_id = get_id(post)
            if post and (not local_id or local_id not in seen):  # without an id it is kept as unreadable
                seen.add(local_id)
                posts.append(post)
        return posts

    def _finds(self, line: str, since: datetime, who: Identity) -> _Listing:
        if line.startswith("#"):
            path = f"/api/v1/timelines/tag/{quote(line[1:], safe='')}"
            params = [("limit", str(_POSTS_PER_PAGE))]
            return self._descend(path, params, "search", lambda row: _is_older(row, since))
        if not who.server.searches_words:
            detail = f"{who.server.describe()}, which has no search for words; hashtags are found there."
            raise Later(None, "forbidden", detail)
        return self._found(line.removeprefix("@"), since)

    def _found(self, words: str, since: datetime) -> _Listing:
        """What a search for words finds, which is paged by number: newest first, but for late posts."""
        pages = list[list[JsonObject]]()
        for number in range(_SEARCH_PAGES_MAX):
            params = [
                ("q", words),
                ("type", "statuses"),
                ("limit", str(_POSTS_PER_PAGE)),
                ("offset", str(number * _POSTS_PER_PAGE)),
            ]
            rows = get_objects(self._api.get_object("/api/v2/search", params, kind="search"), "statuses")
            if not rows or (pages and rows == pages[-1]):
                return _Listing(pages, has_gap=False)
            pages.append(rows)
            if all(_is_older(row, since) for row in rows):
                return _Listing(pages, has_gap=False)
        return _Listing(pages, has_gap=True)

    def _parse_pages(
        self,
        pages: Sequence[Sequence[JsonObject]],
        who: Identity,
        position: Position | None,
        *,
        has_gap: bool,
        lowest: bool = False,
    ) -> Iterator[PostPage]:
        """Yield pages of posts; the first has the position, the last says if there is a gap below it."""
        filled = [page for page in pages if page] or [[]]
        self._threads.learn(row for page in reversed(filled) for row in reversed(page))
        budget = self._threads.budget()
        for number, page in enumerate(filled):
            posts, bad = self.parse_rows(page, who.viewer, budget.parent_of)
            bottom = min((post.posted_at for post in posts), default=None) if lowest else None
            yield PostPage(
                posts=posts,
                unreadable=bad,
                position=position if number == 0 else None,
                lowest=None if bottom is None else Position(bottom.isoformat()),
                has_gap=has_gap and number == len(filled) - 1,
            )

    def parse_rows(
        self,
        rows: Sequence[JsonObject],
        viewer: Viewer,
        parent_of: Callable[[JsonObject], tuple[str | None, str]],
    ) -> tuple[tuple[Post, ...], tuple[UnreadableRow, ...]]:
        """Read rows as posts, and remember their authors' profiles, which come along."""
        read = [parse_post(row, viewer, parent_of) for row in rows]
        for row in rows:
            self._profiles.add(parse_profile(get_object(row, "account"), viewer))
        posts = tuple(one for one in read if isinstance(one, Post))
        return posts, tuple(one for one in read if isinstance(one, UnreadableRow))


def _may_be_found(row: JsonObject, viewer: Viewer) -> bool:
    """Whether its author lets others find the post, or speaks to us in it."""
    if any(get_id(each) == viewer.local_id for each in get_objects(row, "mentions")):
        return True
    return allows_finding(get_object(row, "account"))


def _moment(position: Position) -> datetime:
    """The time that a position names; one that is an id names none."""
    try:
        found = datetime.fromisoformat(position)
    except ValueError:
        return _EPOCH
    return found.astimezone(UTC)


def _is_older(row: JsonObject, since: datetime) -> bool:
    at = get_time(row, "created_at")
    return at is not None and at < since


def _is_between(row: JsonObject, since: datetime, until: datetime | None) -> bool:
    at = get_time(row, "created_at")
    return at is None or (at >= since and (until is None or at < until))
