"""Which post a post answers and which conversation it is part of, by addresses that are the same everywhere.

Servers give a parent by their own id alone, so it is remembered from what was read, else asked for.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.networks.errors import Later
from bot.networks.json_values import JsonObject, get_objects
from bot.networks.mastodon.api import Api
from bot.networks.mastodon.ids import PostContext
from bot.networks.mastodon.json_values import get_id, get_text
from bot.networks.mastodon.parsing import Parent

_POSTS_REMEMBERED = 10_000
CALLS_PER_READING = 60  # what a flood of replies may cost; Mastodon allows 300 calls in 5 minutes


@dataclass(frozen=True, slots=True)
class _Known:
    uri: str
    conversation: str


class Threads:
    """Remembers posts of one account's server. Safe to share between threads."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()  # by local id
        self._ids: OrderedDict[str, str] = OrderedDict()  # address → local id

    def learn(self, rows: Iterable[JsonObject]) -> None:
        """Remember posts that were read."""
        with self._lock:
            for row in rows:
                self._learn(row)

    def local_id(self, uri: str) -> str | None:
        """Return what our server calls the post at `uri`, if it was read."""
        with self._lock:
            return self._ids.get(uri)

    def remember(self, uri: str, context: PostContext) -> None:
        """Remember what our server calls a post."""
        with self._lock:
            self._note_id(uri, context.id)

    def budget(self) -> "ThreadBudget":
        """Return what looks up the parents of one reading's posts, within its number of calls."""
        return ThreadBudget(self)

    def known_parent(self, row: JsonObject) -> Parent | None:
        """Return what is remembered of the parent of `row`; None if it has to be asked for."""
        parent_id, uri = get_id(row, "in_reply_to_id"), get_text(row, "uri")
        if not parent_id:
            return None, uri
        with self._lock:
            known = self._known.get(parent_id)
        return None if known is None else (known.uri, known.conversation)

    def fetch(self, row: JsonObject) -> None:
        """Read what is above the post in `row`. Raises `Later`."""
        found = self._api.find_object(f"/api/v1/statuses/{get_id(row)}/context", kind="posts")
        above = get_objects(found or {}, "ancestors")
        with self._lock:
            if above and get_id(above[0], "in_reply_to_id"):  # what lies further up is not shown to us
                self._note(get_id(above[0]), get_text(above[0], "uri"), get_text(above[0], "uri"))
            for each in above:
                self._learn(each)

    def _learn(self, row: JsonObject) -> None:
        local_id, uri, parent_id = get_id(row), get_text(row, "uri"), get_id(row, "in_reply_to_id")
        if not local_id or not uri:
            return
        self._note_id(uri, local_id)
        if not parent_id:
            self._note(local_id, uri, uri)
        elif local_id not in self._known and (parent := self._known.get(parent_id)) is not None:
            self._note(local_id, uri, parent.conversation)

    def _note(self, local_id: str, uri: str, conversation: str) -> None:
        self._known[local_id] = _Known(uri, conversation)
        if len(self._known) > _POSTS_REMEMBERED:
            self._known.popitem(last=False)

    def _note_id(self, uri: str, local_id: str) -> None:
        self._ids[uri] = local_id
        if len(self._ids) > _POSTS_REMEMBERED:
            self._ids.popitem(last=False)


class ThreadBudget:
    """Looks up parents for one reading; when its calls are used up, or fail, a post starts a conversation."""

    def __init__(self, threads: Threads) -> None:
        self._threads, self._left = threads, CALLS_PER_READING

    def parent_of(self, row: JsonObject) -> Parent:
        """Return the parent of the post in `row`."""
        known = self._threads.known_parent(row)
        if known is None and self._left > 0:
            self._left -= 1
            try:
                self._threads.fetch(row)
            except Later:
                self._left = 0
            known = self._threads.known_parent(row)
        return known or (None, get_text(row, "uri"))
