"""Hacker News, read through its public search, https://hn.algolia.com/api. One file: a whole network.

Nobody signs in, and nothing can be posted by an API: a reply is posted by hand on the item's page.

- `search_by_date` lists the newest first. It returns 1,000 hits of a query at most, whatever `page` says
  (https://github.com/algolia/hn-search/issues/230), so Heard never asks for a second page: each call ends
  where the one before came to.
- The index may lag: for minutes usually, 36 hours in August 2025, after which all was filled in at the old
  dates (https://github.com/algolia/hn-search/issues/248). Each reading overlaps the last one by three hours,
  in which edits come along too (two hours are allowed), and once an hour by three days.
- Words are Algolia's (https://www.algolia.com/doc/api-reference/search-api-parameters/): `typoTolerance` and
  prefixes off, `advancedSyntax` on for phrases. There is no "or", so each side is a search of its own. Words
  to leave out are left to Heard's matcher: what Algolia takes for such a word may be part of another one.
- Deleted, flagged and dead posts are not indexed (https://github.com/algolia/hn-search/issues/240); which of
  these one is, the search cannot tell.
"""

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from http import HTTPStatus
from typing import Annotated, Any, Self
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import requests
from pydantic import AfterValidator
from pydantic_settings import SettingsConfigDict

from bot.networks.base import NO_CONTEXTS, PublicNetwork
from bot.networks.errors import Later, RequestRejected, SearchRefusedError
from bot.networks.html_text import html_to_text
from bot.networks.http_client import CallLimits, HttpSession, HttpStatusError
from bot.networks.registry import NetworkSettings, Registration, register
from bot.networks.values import (
    Absence,
    AuthorProfile,
    Position,
    Post,
    PostPage,
    RateLimitStatus,
    ReadKind,
    SearchRequest,
    UnreadableRow,
)
from models.core.normalize import sanitize
from models.tracks.query import Term

PAGE_SIZE = 100
PAGES_MAX = 100  # of one search
OVERLAP = timedelta(hours=3)
DEEP_OVERLAP = timedelta(hours=72)
DEEP_EVERY_SECONDS = 3600.0
SEARCHES_MAX = 8  # of one track, one for each side of "or"
QUERY_MAX_BYTES = 500  # Algolia cuts at 512
ITEM_MAX_BYTES = 16 * 1024 * 1024  # an item comes with all that was said below it
# 10,000 calls an hour for each address (https://hn.algolia.com/api); no header says what is left of them.
WINDOW = timedelta(minutes=15)
CALLS_PER_WINDOW = 2_500
_WORD = re.compile(r"\w+")
_CUT_LINK = re.compile(r'<a href="([^"<>]*)"[^<>]*>[^<>]*\.\.\.</a>')
_FIELDS = "title,url,story_text,comment_text"


def _check_server(value: str) -> str:
    parts = urlsplit(value.strip().rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query:
        raise ValueError("it must be the address of a server, like https://hn.algolia.com")
    return parts.geturl()


class HackerNewsSettings(NetworkSettings):
    """The server with the search. Nothing has to be set."""

    model_config = SettingsConfigDict(env_prefix="HACKERNEWS_")
    url: Annotated[str, AfterValidator(_check_server)] = "https://hn.algolia.com"


class _NotFoundError(Exception):
    """The server says that there is no such item."""


@dataclass(frozen=True, slots=True)
class _Mark:
    """A position: the last reading came up to `read_to`, and the first one began at `began`, in seconds."""

    read_to: int
    began: int

    @classmethod
    def parse(cls, position: Position) -> Self:
        read_to, _, began = position.partition("/")
        moment = int(read_to) if read_to.isdecimal() else 0
        return cls(moment, int(began) if began.isdecimal() else moment)

    def moved_to(self, moment: int) -> Position:
        return Position(f"{moment}/{self.began}")


class HackerNews(PublicNetwork):
    """Stories, polls and comments by their words; a conversation is a story with all below it."""

    name, title = "hackernews", "Hacker News"
    handle_sign = ""  # people are called dang there, not @dang
    index_delay = DEEP_OVERLAP
    posts_per_search_page = PAGE_SIZE
    posts_per_refresh = 10  # a call each

    def __init__(self, settings: HackerNewsSettings, limits: CallLimits | None = None) -> None:
        self._url = settings.url
        self._limits = limits or CallLimits(max_bytes=ITEM_MAX_BYTES)
        self._deep_at = dict[str, float]()  # when each query is due to be read far back, monotonic
        self._lock = threading.Lock()
        self._window = datetime.fromtimestamp(0, UTC)  # by the server's clock: when it began,
        self._now = self._window  # the newest answer,
        self._calls = 0  # and the calls since then

    def position_at(self, moment: datetime) -> Position:
        """Return the position of a reading that begins at `moment` (UTC)."""
        return Position(str(int(moment.timestamp())))

    @classmethod
    def search_text(cls, wanted: Sequence[SearchRequest]) -> str:
        """Return the searches of one track, as JSON.

        Raises `SearchRefusedError` for more than one track, for too much of it, and for quotes of somebody.
        """
        if len(wanted) > 1:
            raise SearchRefusedError("The search of Hacker News takes one track at a time.")
        groups = wanted[0].query.alternatives
        searches = [" ".join(_term(term) for term in group) for group in groups]
        if len(searches) > SEARCHES_MAX:
            raise SearchRefusedError(
                f"Heard makes at most {SEARCHES_MAX} searches for a track on Hacker News, and this one needs "
                f"{len(searches)}, one for each side of “or”: make two tracks of it."
            )
        if any(len(one.encode(errors="replace")) > QUERY_MAX_BYTES for one in searches):
            raise SearchRefusedError("That is longer than the search of Hacker News can be: shorten it.")
        return json.dumps(searches, ensure_ascii=False)

    def search(
        self, query: str, after: Position, *, account_id: str, before: Position | None = None
    ) -> Iterator[PostPage]:
        """Yield what was written since some hours before `after`, newest page first. Raises `Later`."""
        del account_id
        mark, is_deep = _Mark.parse(after), time.monotonic() >= self._deep_at.get(query, 0.0)
        overlap = DEEP_OVERLAP if is_deep else OVERLAP
        since = max(mark.read_to - int(overlap.total_seconds()), mark.began)
        until = None if before is None else _Mark.parse(before).read_to + 1
        is_first = True
        for words in _searches(query):
            for hits, lowest, has_gap in self._hits(words, since, until):
                newest = max(map(_time_of, hits), default=0) or int(self._now.timestamp())
                position = mark.moved_to(newest) if is_first else None
                posts, unreadable = _read(hits)
                low = None if lowest is None else Position(str(lowest))
                yield PostPage(posts, unreadable, position, low, has_gap)
                is_first = False
        if is_deep:
            self._deep_at[query] = time.monotonic() + DEEP_EVERY_SECONDS

    def count_matches(self, query: str, since: datetime, *, account_id: str) -> int:
        """Return how many hits there are; one that two sides of "or" find counts twice. Raises `Later`."""
        del account_id
        moment = int(since.timestamp())
        answers = [self._search(words, moment, None, hits=1) for words in _searches(query)]
        return sum(one["nbHits"] for one in answers if type(one.get("nbHits")) is int)

    def refresh(
        self, ids: Sequence[str], *, account_id: str, contexts: Mapping[str, str] = NO_CONTEXTS
    ) -> tuple[PostPage, Mapping[str, Absence]]:
        """Return those posts as they are now, each by a call of its own. Raises `Later`."""
        del account_id
        rows, absent = list[Mapping[str, Any]](), dict[str, Absence]()
        for post_id in ids:
            try:
                item = self._get(f"/api/v1/items/{quote(post_id, safe='')}", {})
            except _NotFoundError:
                absent[post_id] = "not shown"
                continue
            if item.get("author") and (item.get("text") or item.get("title")):
                rows.append({**item, "objectID": post_id, "story_title": contexts.get(post_id, "")})
            else:
                absent[post_id] = "not shown"
        return PostPage(*_read(rows)), absent

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """Return who they are, without a call: a name is all that Hacker News shows; karma is no audience."""
        return tuple(AuthorProfile(one, one, "") for one in ids)

    def rate_limit_status(self, reading: ReadKind) -> RateLimitStatus | None:
        """Return what is left of our share of a quarter of an hour, as Heard counts it."""
        del reading
        with self._lock:
            left = max(CALLS_PER_WINDOW - self._calls, 0)
            return RateLimitStatus(left, CALLS_PER_WINDOW, self._window + WINDOW, self._now)

    def thread_title(self, reply_context: str) -> str | None:
        """Return the title of the story that a comment is about."""
        return reply_context or None

    def post_link(self, post_id: str, handle: str | None) -> str:
        """Return the page of an item, which has the form to reply to it, for comments too."""
        del handle
        return f"https://news.ycombinator.com/item?id={_escape(post_id)}"

    def post_id_at(self, address: str) -> str | None:
        """Return the id of the item at that address; a fragment names a comment on the page of another."""
        try:
            parts = urlsplit(address.strip())
        except ValueError:
            return None
        if parts.hostname != "news.ycombinator.com" or parts.path != "/item":
            return None
        number = parts.fragment or parse_qs(parts.query).get("id", [""])[0]
        return number if re.fullmatch("[0-9]{1,12}", number) else None

    def profile_link(self, handle: str) -> str:
        """Return the page of a user."""
        return f"https://news.ycombinator.com/user?id={_escape(handle)}"

    # --- the calls ------------------------------------------------------------------------------------------

    def _hits(
        self, words: str, since: int, until: int | None
    ) -> Iterator[tuple[list[Mapping[str, Any]], int | None, bool]]:
        """Yield the hits of each call, the oldest second among them, and whether older ones are out of reach.

        The second with which a call ends is asked for again, as it may have more; if it fills a whole call,
        the rest of it is out of reach.
        """
        seen, has_gap = set[str](), False
        for number in range(PAGES_MAX):
            answer = self._search(words, since, until, hits=PAGE_SIZE)
            hits = answer.get("hits")
            if not isinstance(hits, list):
                raise Later(None, "server error", "Hacker News sent a response without hits.")
            rows: list[Mapping[str, Any]] = [
                hit if isinstance(hit, dict) else {"broken": hit} for hit in hits
            ]
            new = [row for row in rows if str(row.get("objectID")) not in seen or "broken" in row]
            seen |= {str(row.get("objectID")) for row in new}
            lowest = min((moment for row in rows if (moment := _time_of(row))), default=None)
            is_over = len(rows) < PAGE_SIZE or lowest is None
            if not is_over and lowest is not None and until is not None and lowest + 1 >= until:
                has_gap, lowest = True, lowest - 1
            is_cut_off = not is_over and number == PAGES_MAX - 1
            yield new, lowest, has_gap or is_cut_off
            if is_over or lowest is None:
                return
            until = lowest + 1

    def _search(self, words: str, since: int, until: int | None, *, hits: int) -> Mapping[str, Any]:
        times = [f"created_at_i>={since}", *([f"created_at_i<{until}"] if until is not None else [])]
        ask = {
            "query": words,
            "tags": "(story,comment,poll)",
            "numericFilters": ",".join(times),
            "hitsPerPage": str(hits),
            "restrictSearchableAttributes": _FIELDS,
            "attributesToHighlight": "",
            "typoTolerance": "false",
            "queryType": "prefixNone",
            "advancedSyntax": "true",
        }
        return self._get("/api/v1/search_by_date", ask)

    def _get(self, path: str, ask: Mapping[str, str]) -> Mapping[str, Any]:
        """Return the JSON object that is the answer. Raises `Later` and `_NotFoundError`."""
        try:
            with HttpSession(self._url, self._limits) as session:
                response = session.get(self._url + path + (f"?{urlencode(ask)}" if ask else ""))
        except HttpStatusError as error:
            self._count(error.response)
            raise _decide(error.response) from error
        self._count(response)
        try:
            found = json.loads(response.content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise Later(None, "server error", "Hacker News sent a response that cannot be read.")
        return found

    def _count(self, response: requests.Response) -> None:
        now = _date_of(response)
        with self._lock:
            self._now = now
            if not self._window <= now < self._window + WINDOW:
                self._window, self._calls = now, 0
            self._calls += 1


def _searches(query: str) -> list[str]:
    """The searches of a text that `search_text` made; any other text is one search for itself."""
    try:
        found = json.loads(query)
    except ValueError:
        return [query]
    return list(map(str, found)) if isinstance(found, list) else [query]


def _term(term: Term) -> str:
    """A term in Algolia's words: at least what the term finds."""
    if term.kind == "quotes":
        raise SearchRefusedError("Nobody can quote a post on Hacker News.")
    words = " ".join(term.text.replace('"', " ").split())
    return words if _WORD.fullmatch(words) else f'"{words}"'


def _read(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[Post, ...], tuple[UnreadableRow, ...]]:
    """The posts in rows of a search or of items; deleted ones, which have no author, are left out."""
    posts, unreadable = list[Post](), list[UnreadableRow]()
    for row in rows:
        try:
            if row.get("author") is not None:
                posts.append(_post(row))
        except (KeyError, ValueError, TypeError, OverflowError) as error:
            raw = json.dumps(row, ensure_ascii=False)
            unreadable.append(
                UnreadableRow(raw, type(error).__name__, str(row.get("objectID") or "") or None)
            )
        else:
            if "broken" in row:
                unreadable.append(UnreadableRow(json.dumps(row["broken"]), "TypeError"))
    return tuple(posts), tuple(unreadable)


def _post(row: Mapping[str, Any]) -> Post:
    post_id, author = str(int(row["objectID"])), sanitize(str(row["author"]))
    words = row.get("comment_text") or row.get("story_text") or row.get("text") or ""
    parent = row.get("parent_id")
    is_comment = parent is not None
    story = str(row.get("story_id") or post_id) if is_comment else post_id
    head = () if is_comment else (_line(row.get("title")), _line(row.get("url")))
    return Post(
        HackerNews.name,
        post_id,
        post_id,
        story,
        author,
        "\n\n".join(filter(None, (*head, _text(str(words))))),
        datetime.fromtimestamp(int(row["created_at_i"]), UTC),
        f"https://news.ycombinator.com/item?id={post_id}",
        in_reply_to=str(parent) if is_comment else None,
        answers="" if is_comment else None,
        edit_keeps_id=True,
        order_key=post_id.zfill(12),
        reply_context=_line(row.get("story_title")) if is_comment else "",
    )


def _text(html: str) -> str:
    """What was typed: a link is shown cut, with the whole address in `href` alone."""
    return html_to_text(_CUT_LINK.sub(r'<a href="\1">\1</a>', html))


def _line(value: object) -> str:
    """A title or an address, in which Hacker News escapes as in HTML."""
    return " ".join(sanitize(unescape(value)).split()) if isinstance(value, str) else ""


def _time_of(row: Mapping[str, Any]) -> int:
    value = row.get("created_at_i")
    return value if type(value) is int else 0


def _escape(part: str) -> str:
    return quote(part.encode(errors="replace"), safe="")


def _date_of(response: requests.Response) -> datetime:
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError, OverflowError):
        return datetime.now(UTC)


def _decide(response: requests.Response) -> Later | _NotFoundError:
    status = response.status_code
    if status == HTTPStatus.NOT_FOUND and "/items/" in str(response.url):
        return _NotFoundError()
    detail = f"The search of Hacker News answered {status}."
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = response.headers.get("Retry-After", "")
        wait = timedelta(seconds=min(int(seconds), 3600)) if seconds.isdecimal() else None
        return Later(_date_of(response) + wait if wait else None, "rate limit", detail)
    if status == HTTPStatus.BAD_REQUEST:
        return RequestRejected(None, "server error", detail)
    return Later(None, "forbidden" if status == HTTPStatus.FORBIDDEN else "server error", detail)


register(Registration(HackerNews, HackerNewsSettings, lambda settings, _open_tokens: HackerNews(settings)))
