"""What a server's streaming API says: that we were mentioned, or that a hashtag was used. Pure.

https://docs.joinmastodon.org/methods/streaming/#websocket; the server sends a ping every 30 s
(https://github.com/mastodon/mastodon/blob/main/streaming/index.js), and `bot/networks/websocket.py` asks for
a sign of life before it takes a stream for dead.
"""

import json
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from bot.networks.errors import Later
from bot.networks.json_values import JsonObject, get_object
from bot.networks.mastodon.errors import hide_secrets
from bot.networks.mastodon.json_values import get_text
from bot.networks.streams import StreamEvent, StreamWish

MAX_HASHTAGS = 100  # on one connection; those beyond are read by the polls alone
_MENTION_TYPES = {"mention", "quote"}
_ERROR_CAUSES = {"401": "unauthorized", "403": "forbidden", "429": "rate limit"}


def stream_url(announced: str, server_url: str) -> str | None:
    """Return where to connect, by the address that the server announces; None without a safe one.

    The token goes there, so it is encrypted wherever the server itself is.
    """
    parts = urlsplit(announced)
    allowed = {"wss"} if urlsplit(server_url).scheme == "https" else {"ws", "wss"}
    if parts.scheme not in allowed or not parts.hostname or parts.query or "@" in parts.netloc:
        return None
    return f"{announced.rstrip('/').removesuffix('/api/v1/streaming')}/api/v1/streaming"


def subscriptions(wish: StreamWish) -> list[str]:
    """Return what to send so that notifications and the hashtags of `wish` come."""
    tags = sorted(wish.hashtags)[:MAX_HASHTAGS]
    wanted = [{"stream": "user:notification"}, *({"stream": "hashtag", "tag": tag} for tag in tags)]
    return [json.dumps({"type": "subscribe", **one}) for one in wanted]


def parse_message(message: str, wish: StreamWish, secrets: Sequence[str] = ()) -> Iterator[StreamEvent]:
    """Yield what a message says. Raises `Later` if it is a refusal, `ValueError` if it cannot be read.

    `secrets` are left out of what the server says.
    """
    row = _object(message)
    if "error" in row:
        cause = _ERROR_CAUSES.get(str(row.get("status")), "server error")
        reason = hide_secrets(get_text(row, "error"), secrets)[:200]
        raise Later(None, cause, f"The server refuses the stream: {reason}.")
    event, stream = get_text(row, "event"), row.get("stream")
    if event == "notification":
        notification = _object(get_text(row, "payload"))
        if get_text(notification, "type") in _MENTION_TYPES:
            uri = get_text(get_object(notification, "status"), "uri")
            yield StreamEvent("mentions", post_id=uri or None)
    elif event == "notifications_merged":  # a person has accepted some that were filtered
        yield StreamEvent("mentions")
    elif event == "update" and isinstance(stream, list) and stream[:1] == ["hashtag"]:
        named = {str(tag).lower() for tag in stream[1:]}
        for tag in (wish.hashtags & named) or wish.hashtags:  # a server may spell it otherwise
            yield StreamEvent("tracks", hashtag=tag)


def _object(text: str) -> JsonObject:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - as for text that is no JSON
    return found
