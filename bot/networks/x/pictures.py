"""Pictures on X: its v2 media upload, then the alt text, then a post that names them. Pure.

tweepy 4.17 has neither endpoint, so its `request` is used. https://docs.x.com/x-api/media/upload-media and
https://docs.x.com/x-api/media/create-media-metadata
"""

import base64
import json
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import requests

from bot.networks.errors import Later, NetworkError, Refused, Unsure
from bot.networks.pictures import PROCESSING_CAUSE, Picture, PictureLimits, UploadedPicture
from bot.networks.x import parsing
from bot.networks.x.ids import parse_id

UPLOAD_PATH, METADATA_PATH = "/2/media/upload", "/2/media/metadata"
# Four pictures of 5 MB: https://docs.x.com/x-api/media/quickstart/best-practices; what is uploaded is kept
# for a day. Alt text has up to 1,000 characters: the page of POST media/metadata/create on developer.x.com.
# A GIF that moves has to be uploaded in pieces, which Heard does not do.
LIMITS = PictureLimits(max_count=4, alt_max_length=1000, lifetime=timedelta(hours=12))
_NOT_ALLOWED = "X does not let this account upload pictures"


def upload_body(picture: Picture) -> dict[str, Any]:
    """Return the body of the call that uploads a picture."""
    return {
        "media": base64.b64encode(picture.data).decode("ascii"),
        "media_category": "tweet_image",
        "media_type": picture.content_type,
    }


def metadata_body(media_id: str, alt: str) -> dict[str, Any]:
    """Return the body of the call that describes what was uploaded."""
    return {"id": media_id, "metadata": {"alt_text": {"text": alt}}}


def parse_upload(response: requests.Response) -> str:
    """Return the id of what was uploaded. Raises `Unsure`, and `Later` while X works on it."""
    try:
        answer = parsing.parse_json(response.content)
    except ValueError:
        answer = {}
    row = answer.get("data")
    found = parse_id(row.get("id")) if isinstance(row, dict) else None
    if found is None or not isinstance(row, dict):
        raise Unsure("X accepted a picture but did not return its id.")
    state = row.get("processing_info")
    if isinstance(state, dict) and state.get("state") not in {"succeeded", None}:
        raise Later(None, PROCESSING_CAUSE, "X is still processing a picture.")
    return found


def upload_error(response: requests.Response, otherwise: NetworkError) -> NetworkError:
    """Return what an answer to an upload means; nothing is public, so 403 is a no to the picture alone."""
    if response.status_code == HTTPStatus.FORBIDDEN:
        hint = "connect it again, for the scope media.write, or see the permissions of the developer app."
        return Refused("invalid", f"{_NOT_ALLOWED}: {hint} {otherwise}")
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Refused("invalid", "X says that the file is too large.")
    return otherwise


def freeze(pictures: Sequence[UploadedPicture]) -> str:
    """Return what the ledger keeps of a reply with `pictures`; empty without any."""
    return json.dumps({"media_ids": [one.media for one in pictures]}) if pictures else ""


def parse_frozen(frozen: str) -> list[str]:
    """Return the ids in what `freeze` returned. Raises `Refused` if it is anything else."""
    if not frozen:
        return []
    try:
        ids = [parse_id(one) for one in json.loads(frozen)["media_ids"]]
    except (ValueError, TypeError, KeyError):
        ids = [None]
    if None in ids or not ids:
        raise Refused("invalid", "What Heard kept of this reply can't be read. Please write it again.")
    return [one for one in ids if one is not None]
