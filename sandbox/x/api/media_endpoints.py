"""Uploading pictures, in one call, and describing them.

https://docs.x.com/x-api/media/upload-media and https://docs.x.com/x-api/media/create-media-metadata
"""

import base64
import binascii

from sandbox.x.api.call import Call
from sandbox.x.api.json_rows import Row
from sandbox.x.api.problems import invalid_request, plain
from sandbox.x.state import request_log
from sandbox.x.state.uploads import ALT_MAX_CHARS, LIVES

_CATEGORIES = {"tweet_image", "dm_image", "subtitles"}


def upload(call: Call) -> Row:
    body = call.body
    if not isinstance(body, dict) or not isinstance(body.get("media"), str):
        raise invalid_request({"message": "$.media: is missing but it is required"})
    if body.get("media_category") not in _CATEGORIES:
        raise invalid_request({"message": f"$.media_category: must be one of {sorted(_CATEGORIES)}"})
    try:
        data = base64.b64decode(body["media"], validate=True)
    except binascii.Error:
        raise invalid_request({"message": "$.media: is not base64"}) from None
    made = call.world.upload(call.me, data)
    if made is None:
        raise invalid_request({"message": "media type unrecognized, or the file is too large."})
    call.world.journal.wrote(request_log.CREATE)
    seconds = int(LIVES.total_seconds())
    row = {"id": made.id, "media_key": f"3_{made.id}", "size": len(data), "expires_after_secs": seconds}
    return {"data": row}


def describe(call: Call) -> Row:
    body = call.body
    found = None
    if isinstance(body, dict):
        found = call.world.uploads.find(body.get("id"), call.me.id, call.now)
    if found is None:
        raise plain(400, "Media not found.")
    text = ((body.get("metadata") or {}).get("alt_text") or {}).get("text")
    if not isinstance(text, str) or not 0 < len(text) <= ALT_MAX_CHARS:
        raise invalid_request(
            {"message": f"$.metadata.alt_text.text: must have 1 to {ALT_MAX_CHARS} characters"}
        )
    found.alt = text
    return {"data": {"id": found.id, "associated_metadata": {"alt_text": {"text": text}}}}
