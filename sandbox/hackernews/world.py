"""The people of a local Hacker News and what they write: stories, polls and comments."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sandbox.hackernews.faults import Faults
from sandbox.hackernews.markup import to_html

FIRST_ID = 44_000_000
CALLS_KEPT_MAX = 400
EDITABLE_FOR = timedelta(hours=2)  # https://news.ycombinator.com/newsfaq.html


class NotPossibleError(ValueError):
    """Hacker News does not let anybody do that; the message says why."""


@dataclass(frozen=True, slots=True)
class Item:
    """A story, a poll or a comment. `text` is as it was typed; `indexed_at` is when the search finds it."""

    id: int
    kind: Literal["story", "poll", "comment"]
    author: str
    at: datetime
    indexed_at: datetime
    title: str = ""
    url: str = ""
    text: str = ""
    parent_id: int | None = None
    story_id: int = 0
    is_gone: bool = False  # deleted by its author, or dead: the search does not say which

    @property
    def html(self) -> str:
        """The text as the API has it."""
        return to_html(self.text)


@dataclass(frozen=True, slots=True)
class Call:
    """A line of the server's log."""

    at: datetime
    endpoint: str
    status: int | None  # None: no answer


@dataclass(slots=True)
class HackerNewsWorld:
    """Everything that was written. Thread-safe.

    `index_delay` says how much later the search finds what is written from now on.
    """

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    index_delay: timedelta = timedelta()
    faults: Faults = field(default_factory=Faults)
    counts: Counter[str] = field(default_factory=Counter)  # calls, by endpoint
    _items: dict[int, Item] = field(default_factory=dict)
    requests: list["Call"] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _observers: list[Callable[[], None]] = field(default_factory=list)

    def submit(
        self, author: str, title: str, *, url: str = "", text: str = "", at: datetime | None = None
    ) -> Item:
        """Post a story; one with a `text` and no `url` is an Ask HN."""
        return self._add(author, at, kind="story", title=title, url=url, text=text)

    def poll(self, author: str, title: str, *, text: str = "") -> Item:
        """Post a poll."""
        return self._add(author, None, kind="poll", title=title, text=text)

    def comment(self, author: str, under: int, text: str, *, at: datetime | None = None) -> Item:
        """Comment on the story or comment with the id `under`. Raises `NotPossibleError` if it is gone."""
        with self.lock:
            parent = self._items[under]
            if parent.is_gone:
                raise NotPossibleError("Nobody can reply to what is deleted.")
            return self._add(author, at, kind="comment", text=text, parent_id=under, story_id=parent.story_id)

    def edit(self, item_id: int, text: str) -> None:
        """Change the text. Raises `NotPossibleError` after two hours."""
        with self.lock:
            item = self._items[item_id]
            if self.clock() - item.at > EDITABLE_FOR:
                raise NotPossibleError("It was written more than two hours ago.")
            self._items[item_id] = replace(item, text=text)
        self._tell()

    def delete(self, item_id: int) -> None:
        """Delete an item, or let moderators kill it: to a reader of the search it is the same."""
        with self.lock:
            self._items[item_id] = replace(self._items[item_id], is_gone=True)
        self._tell()

    def item(self, item_id: int) -> Item | None:
        """Return the item with that id; None if there never was one."""
        with self.lock:
            return self._items.get(item_id)

    def items(self) -> list[Item]:
        """Return all items, the oldest first."""
        with self.lock:
            return sorted(self._items.values(), key=lambda one: one.id)

    def replies_to(self, item_id: int) -> list[Item]:
        """Return what stands directly under an item."""
        return [one for one in self.items() if one.parent_id == item_id and not one.is_gone]

    def indexed(self) -> list[Item]:
        """Return what the search can find now, the newest first."""
        now = self.clock()
        found = [one for one in self.items() if not one.is_gone and one.indexed_at <= now]
        return sorted(found, key=lambda one: (int(one.at.timestamp()), one.id), reverse=True)

    def index_now(self) -> None:
        """Let the search find everything that was written so far."""
        with self.lock:
            now = self.clock()
            self._items = {
                key: replace(one, indexed_at=min(one.indexed_at, now)) for key, one in self._items.items()
            }
        self._tell()

    def on_change(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call `observer` whenever something was written, edited or deleted; returns what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def hit(self, item: Item) -> dict[str, Any]:
        """Return an item as the search lists it."""
        story = self.item(item.story_id) or item
        kinds = {"Ask HN": "ask_hn", "Show HN": "show_hn"}
        tags = [item.kind, f"author_{item.author}", f"story_{item.story_id}"]
        tags += [tag for start, tag in kinds.items() if item.title.startswith(f"{start}:")]
        made: dict[str, Any] = {
            "objectID": str(item.id),
            "author": item.author,
            "created_at": f"{item.at:%Y-%m-%dT%H:%M:%SZ}",
            "created_at_i": int(item.at.timestamp()),
            "story_id": item.story_id,
            "_tags": tags,
        }
        if item.kind == "comment":
            more: dict[str, Any] = {
                "comment_text": item.html,
                "parent_id": item.parent_id,
                "story_title": story.title,
                "story_url": story.url or None,
            }
            return made | more
        below = [one for one in self.items() if one.story_id == item.id and one.id != item.id]
        more = {"title": item.title, "url": item.url or None, "points": 1, "num_comments": len(below)}
        return made | more | ({"story_text": item.html} if item.text else {})

    def as_item(self, item: Item) -> dict[str, Any]:
        """Return an item with all that stands below it, as `/api/v1/items/ID` does."""
        return {
            "id": item.id,
            "type": item.kind,
            "author": item.author,
            "created_at": f"{item.at:%Y-%m-%dT%H:%M:%S}.000Z",
            "created_at_i": int(item.at.timestamp()),
            "title": item.title or None,
            "url": item.url or None,
            "text": item.html or None,
            "points": None if item.kind == "comment" else 1,
            "parent_id": item.parent_id,
            "story_id": item.story_id,
            "options": [],
            "children": [self.as_item(one) for one in self.replies_to(item.id)],
        }

    def note(self, endpoint: str, status: int | None) -> None:
        """Add a call to the log."""
        with self.lock:
            self.requests.append(Call(self.clock(), endpoint, status))
            del self.requests[:-CALLS_KEPT_MAX]

    def authors(self) -> Iterator[str]:
        """Yield everybody who wrote anything, each once."""
        yield from dict.fromkeys(one.author for one in self.items())

    def _add(self, author: str, at: datetime | None, **given: Any) -> Item:  # noqa: ANN401 - fields of `Item`
        with self.lock:
            number, now = FIRST_ID + len(self._items), self.clock()
            item = Item(number, author=author, at=at or now, indexed_at=now + self.index_delay, **given)
            item = replace(item, story_id=item.story_id or number)
            self._items[number] = item
        self._tell()
        return item

    def _tell(self) -> None:
        for observer in tuple(self._observers):
            observer()
