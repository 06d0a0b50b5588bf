"""Uploaded files, until and after a record names them.

As seen on PDS 0.5.35: the upload says what a file is by its bytes; a post with a picture that is too large
is refused, not the upload, unless that is over about 5 MB.
https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/embed/images.json
"""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any

UPLOAD_MAX_BYTES = 5_242_880
IMAGE_MAX_BYTES, IMAGES_MAX = 2_000_000, 4
_SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))


@dataclass(frozen=True, slots=True)
class Blob:
    """A file by the hash of its bytes."""

    cid: str
    mime_type: str
    data: bytes

    def json(self) -> dict[str, Any]:
        """The reference that a record has."""
        return {
            "$type": "blob",
            "ref": {"$link": self.cid},
            "mimeType": self.mime_type,
            "size": len(self.data),
        }


@dataclass(slots=True)
class Blobs:
    """The files of all accounts, by account and name. Not thread-safe: hold the world's lock."""

    files: dict[tuple[str, str], Blob] = field(default_factory=dict)

    def add(self, did: str, data: bytes, said: str) -> Blob:
        """Keep a file; `said` is the content type that its client says, which its bytes overrule."""
        mime_type = next((kind for start, kind in _SIGNATURES if data.startswith(start)), said)
        digest = base64.b32encode(hashlib.sha256(data).digest()).decode().lower().rstrip("=")
        made = Blob(f"bafkrei{digest}", mime_type, data)
        self.files[did, made.cid] = made
        return made

    def find(self, did: str, cid: str) -> Blob | None:
        return self.files.get((did, cid))
