"""Uploading files.

https://docs.joinmastodon.org/methods/media/
"""

from typing import Any

from sandbox.mastodon.api.call import Call
from sandbox.mastodon.api.http_messages import Answer, ApiError, as_json
from sandbox.mastodon.state.media import UploadedMedia
from sandbox.mastodon.state.publishing_rules import RejectedError


def upload(call: Call) -> Answer:
    """Keep a file; 202 while the server still works on it."""
    form, files = call.request.multipart
    try:
        made = call.world.upload(call.me, files.get("file", b""), form.get("description", ""))
    except RejectedError as no:
        raise ApiError(no.status, no.words) from None
    return as_json(200 if made.is_ready else 202, _row(call, made))


def show(call: Call) -> Answer:
    """A file that no post shows yet; 206 while the server works on it, which it has done by the next time."""
    found = call.world.media.find(call.key, call.me.id, at=call.world.clock())
    if found is None:
        raise ApiError(404, "Record not found")
    answer = as_json(200 if found.is_ready else 206, _row(call, found))
    found.is_ready = True
    return answer


def _row(call: Call, one: UploadedMedia) -> dict[str, Any]:
    address = f"https://{call.world.domain}/media/{one.id}"
    return {
        "id": one.id,
        "type": one.kind,
        "url": address if one.is_ready else None,
        "preview_url": address,
        "description": one.alt or None,
        "meta": {},
        "blurhash": None,
    }
