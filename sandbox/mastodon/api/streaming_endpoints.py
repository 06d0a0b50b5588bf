"""Server-sent events of what is new for an account, or under a hashtag.

https://docs.joinmastodon.org/methods/streaming/
"""

import json
import queue
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.mastodon.api import json_rows
from sandbox.mastodon.api.call import Call
from sandbox.mastodon.api.http_messages import Answer, ApiError
from sandbox.mastodon.state.statuses import Status
from sandbox.mastodon.state.world import Change

Event = tuple[str, Any]


def health(call: Call) -> Answer:
    _check_streams(call)
    return Answer(200, b"OK", {"content-type": "text/plain"})


def user(call: Call) -> Answer:
    """What our account is told, and what it posts."""

    def events(change: Change) -> Iterator[Event]:
        about = call.world.index.find(change.id)
        if change.kind == "delete":
            yield "delete", change.id
        elif about is not None and change.kind == "edit" and _concerns(call, about):
            yield "status.update", json_rows.status(call.world, about)
        elif about is not None and change.kind in {"post", "repost"}:
            if about.account_id == call.me.id:
                yield "update", json_rows.status(call.world, about)
            for one in call.world.notifications:
                if one.status_id == change.id and one.to == call.me.id:
                    yield "notification", json_rows.notification(call.world, one)

    return _stream(call, events)


def hashtag(call: Call) -> Answer:
    """Public posts with a hashtag."""
    tag = (call.request.params.get("tag") or "").lower()
    if not tag:
        raise ApiError(400, "Missing tag name parameter")

    def events(change: Change) -> Iterator[Event]:
        about = call.world.index.find(change.id)
        if change.kind == "delete":
            yield "delete", change.id
        elif about is not None and about.visibility == "public" and tag in about.tags:
            name = "status.update" if change.kind == "edit" else "update"
            yield name, json_rows.status(call.world, about)

    return _stream(call, events)


def _concerns(call: Call, about: Status) -> bool:
    return call.me.id in {about.account_id, *about.mentions}


def _check_streams(call: Call) -> None:
    if not call.world.flavour.has_event_streams:
        raise ApiError(404, "Not found")


def _stream(call: Call, events: Callable[[Change], Iterator[Event]]) -> Answer:
    """Return a response without end: its events are put in a queue as things change."""
    _check_streams(call)
    made: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def note(change: Change) -> None:
        with call.world.lock:
            for name, payload in events(change):
                text = payload if isinstance(payload, str) else json.dumps(payload)
                made.put(f"event: {name}\ndata: {text}\n\n".encode())

    headers = {"content-type": "text/event-stream", "cache-control": "private, no-store"}
    return Answer(200, b":)\n", headers, stream=made, ended=call.world.on_change(note))
