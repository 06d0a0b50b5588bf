"""Pictures on Bluesky: uploaded as blobs, which a record then names.

https://docs.bsky.app/docs/advanced-guides/posts#images-embeds. A blob that no record names is deleted after
a while; the same bytes always get the same name, so a repeated upload changes nothing.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.networks.bluesky.json_values import get_text
from bot.networks.errors import Refused, Unsure
from bot.networks.json_values import JsonObject, get_object
from bot.networks.pictures import PictureLimits, UploadedPicture

UPLOAD_METHOD = "com.atproto.repo.uploadBlob"
# https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/embed/images.json: four, and 2 MB; it
# was 1 MB before, which a PDS of one's own may still go by. The app shows no more than 2000 pixels a side.
LIMITS = PictureLimits(
    max_count=4,
    max_bytes=1_000_000,
    max_side=2000,
    max_pixels=4_000_000,
    alt_max_length=2000,  # as in Bluesky's own app; the server takes more
    lifetime=timedelta(minutes=5),
)


def pack_blob(answer: JsonObject) -> str:
    """Return the reference in the answer to an upload, as a record has it. Raises `Refused` and `Unsure`."""
    blob = get_object(answer, "blob")
    if not get_text(get_object(blob, "ref"), "$link"):
        raise Unsure("Bluesky accepted a picture but did not return its name.")
    if not get_text(blob, "mimeType").startswith("image/"):
        raise Refused("invalid", "Bluesky does not take that file for a picture.")
    return json.dumps(blob, sort_keys=True, separators=(",", ":"))


def build_embed(pictures: Sequence[UploadedPicture]) -> dict[str, Any]:
    """Return the embed of a record that shows `pictures`."""
    images = [
        {
            "image": json.loads(one.media),
            "alt": one.alt,
            "aspectRatio": {"width": one.width, "height": one.height},
        }
        for one in pictures
    ]
    return {"$type": "app.bsky.embed.images", "images": images}
