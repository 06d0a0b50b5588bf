"""Uploaded pictures, until a post shows them.

https://docs.x.com/x-api/media/upload-media
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LIVES = timedelta(days=1)
IMAGE_MAX_BYTES = 5_242_880
MEDIA_MAX = 4
ALT_MAX_CHARS = 1000
_SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


@dataclass(slots=True, eq=False)
class Upload:
    """A picture of an account."""

    id: str
    owner: str
    data: bytes
    content_type: str
    at: datetime
    alt: str | None = None
    post_id: str | None = None


@dataclass(slots=True)
class Uploads:
    """All that was uploaded, by id. Not thread-safe: hold the world's lock."""

    files: dict[str, Upload] = field(default_factory=dict)

    def add(self, media_id: str, owner: str, data: bytes, at: datetime) -> Upload | None:
        """Keep a picture; None if it is none that X takes."""
        kind = next((kind for start, kind in _SIGNATURES if data.startswith(start)), None)
        if kind is None or len(data) > IMAGE_MAX_BYTES:
            return None
        made = self.files[media_id] = Upload(media_id, owner, data, kind, at)
        return made

    def find(self, media_id: object, owner: str, at: datetime) -> Upload | None:
        """Return a picture that this account has uploaded and that is not forgotten yet."""
        found = self.files.get(str(media_id))
        return found if found is not None and found.owner == owner and at - found.at <= LIVES else None
