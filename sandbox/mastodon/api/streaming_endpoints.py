"""What is new for an account, or under a hashtag: as server-sent events, and over a WebSocket.

https://docs.joinmastodon.org/methods/streaming/
"""

import json
import queue
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.mastodon.api import json_rows
from sandbox.mastodon.api.call import Call
from sandbox.mastodon.api.http_messages import Answer, ApiError, Conversation
from sandbox.mastodon.state.oauth_grants import covers
from sandbox.mastodon.state.statuses import Status
from sandbox.mastodon.state.world import Change

Event = tuple[str, Any]
Events = Callable[[Change], Iterator[Event]]
_NO_TAG = "Missing tag name parameter"


def health(call: Call) -> Answer:
    _check_streams(call)
    return Answer(200, b"OK", {"content-type": "text/plain"})


def user(call: Call) -> Answer:
    """What our account is told, and what it posts."""
    return _stream(call, _user_events(call))


def hashtag(call: Call) -> Answer:
    """Public posts with a hashtag."""
    tag = call.request.params.get("tag") or ""
    if not tag:
        raise ApiError(400, _NO_TAG)
    return _stream(call, _hashtag_events(call, tag))


def websocket(call: Call) -> Answer:
    """Any number of streams: that of the query, if it names one, and those that messages subscribe to."""
    if not call.world.flavour.has_websockets:
        raise ApiError(404, "Not found")
    subscribed: dict[tuple[str, ...], Events] = {}
    conversation = Conversation(lambda text: _receive(call, conversation, subscribed, text))
    if call.request.params.get("stream"):
        _subscribe(call, conversation, subscribed, call.request.params.as_dict())

    def note(change: Change) -> None:
        with call.world.lock:
            for stream, events in tuple(subscribed.items()):
                for name, payload in events(change):
                    text = payload if isinstance(payload, str) else json.dumps(payload)
                    message = {"stream": list(stream), "event": name, "payload": text}
                    conversation.messages.put(json.dumps(message))

    return Answer(101, b"", conversation=conversation, ended=call.world.on_change(note))


def _receive(
    call: Call, conversation: Conversation, subscribed: dict[tuple[str, ...], Events], text: str
) -> None:
    """Do what a message of the client asks for; one that cannot be read is ignored."""
    try:
        asked = json.loads(text)
    except ValueError:
        return
    if not isinstance(asked, dict):
        return
    if asked.get("type") == "subscribe":
        _subscribe(call, conversation, subscribed, asked)
    elif asked.get("type") == "unsubscribe":
        subscribed.pop(_stream_name(asked), None)


def _subscribe(
    call: Call, conversation: Conversation, subscribed: dict[tuple[str, ...], Events], asked: dict[str, Any]
) -> None:
    """Add a stream, or send why not."""
    name = _stream_name(asked)
    token = call.world.grants.tokens.get(call.request.bearer or "")
    scope = "read:notifications" if name == ("user:notification",) else "read:statuses"
    why_not: dict[str, Any] | None = None
    if token is not None and not covers(token.scopes, scope):
        why_not = {"error": "Access token does not have the required scopes", "status": 401}
    elif name[0] not in {"user", "user:notification", "hashtag"}:
        why_not = {"error": "Unknown channel requested", "status": 400}
    elif name == ("hashtag", ""):
        why_not = {"error": _NO_TAG, "status": 400}
    if why_not is not None:
        conversation.messages.put(json.dumps(why_not))
    elif name[0] == "hashtag":
        subscribed[name] = _hashtag_events(call, name[1])
    else:
        subscribed[name] = _user_events(call, notifications_only=name == ("user:notification",))


def _stream_name(asked: dict[str, Any]) -> tuple[str, ...]:
    stream = str(asked.get("stream"))
    return (stream, str(asked.get("tag") or "")) if stream == "hashtag" else (stream,)


def _user_events(call: Call, *, notifications_only: bool = False) -> Events:
    def events(change: Change) -> Iterator[Event]:
        about = call.world.index.find(change.id)
        is_new = about is not None and change.kind in {"post", "repost"}
        if not notifications_only:
            yield from _timeline_events(call, change, about)
        for one in call.world.notifications if is_new else ():
            if one.status_id == change.id and one.to == call.me.id:
                yield "notification", json_rows.notification(call.world, one)

    return events


def _timeline_events(call: Call, change: Change, about: Status | None) -> Iterator[Event]:
    """What our account's own timeline shows: its posts, and edits and deletions."""
    if change.kind == "delete":
        yield "delete", change.id
    elif about is None:
        return
    elif change.kind == "edit" and call.me.id in {about.account_id, *about.mentions}:
        yield "status.update", json_rows.status(call.world, about)
    elif change.kind in {"post", "repost"} and about.account_id == call.me.id:
        yield "update", json_rows.status(call.world, about)


def _hashtag_events(call: Call, tag: str) -> Events:
    wanted = tag.lower()

    def events(change: Change) -> Iterator[Event]:
        about = call.world.index.find(change.id)
        if change.kind == "delete":
            yield "delete", change.id
        elif about is not None and about.visibility == "public" and wanted in about.tags:
            name = "status.update" if change.kind == "edit" else "update"
            yield name, json_rows.status(call.world, about)

    return events


def _check_streams(call: Call) -> None:
    if not call.world.flavour.has_event_streams:
        raise ApiError(404, "Not found")


def _stream(call: Call, events: Events) -> Answer:
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
