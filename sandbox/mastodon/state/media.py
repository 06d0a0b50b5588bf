"""Uploaded pictures: checked as a server checks them, and kept until a post shows them.

https://docs.joinmastodon.org/methods/media/
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.mastodon.state.publishing_rules import RejectedError

SIZE_LIMIT = 16_777_216
MATRIX_LIMIT = 33_177_600
DESCRIPTION_LIMIT = 1500
ATTACHMENTS_LIMIT = 4
KINDS = {"image/jpeg": "image", "image/png": "image", "image/gif": "image"}
_ORPHANS_LIVE = timedelta(days=1)


@dataclass(slots=True, eq=False)
class UploadedMedia:
    """A file of an account. `kind` is image, or gifv for a GIF that moves; `status_id` the post with it."""

    id: str
    owner: str
    data: bytes
    content_type: str
    kind: str
    alt: str
    at: datetime
    is_ready: bool = True
    status_id: str | None = None


def sniff(data: bytes) -> str | None:
    """Return the content type by the bytes themselves; None if it is none that the server takes."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/gif" if data[:6] in {b"GIF87a", b"GIF89a"} else None


class MediaLibrary:
    """All that was uploaded. Not thread-safe: hold the world's lock. `slow` ones are not ready at first."""

    def __init__(self) -> None:
        self.uploads: dict[str, UploadedMedia] = {}
        self.processes_animations = True  # in the background: they are ready when asked for a second time

    def add(self, owner: str, data: bytes, alt: str, *, media_id: str, at: datetime) -> UploadedMedia:
        """Keep a file. Raises RejectedError if the server does not take it."""
        content_type = sniff(data)
        if not data:
            raise RejectedError(422, "Validation failed: File can't be blank")
        if content_type is None:
            raise RejectedError(422, "Validation failed: File content type is invalid, File is invalid")
        if len(data) > SIZE_LIMIT:
            raise RejectedError(422, "Validation failed: File must be less than 16 MB")
        if len(alt) > DESCRIPTION_LIMIT:
            raise RejectedError(
                422, f"Validation failed: Description is too long (maximum is {DESCRIPTION_LIMIT} characters)"
            )
        moves = content_type == "image/gif" and data.count(b"\x21\xf9\x04") > 1
        made = UploadedMedia(media_id, owner, data, content_type, "gifv" if moves else "image", alt, at)
        made.is_ready = not (moves and self.processes_animations)
        self.uploads[media_id] = made
        return made

    def find(self, media_id: str, owner: str, *, at: datetime) -> UploadedMedia | None:
        """Return a file of that account that no post shows yet."""
        found = self.uploads.get(media_id)
        if found is None or found.owner != owner or found.status_id or at - found.at > _ORPHANS_LIVE:
            return None
        return found

    def take(self, ids: list[str], owner: str, *, at: datetime) -> list[UploadedMedia]:
        """Return the files that a post is to show. Raises RejectedError if it cannot."""
        if len(ids) > ATTACHMENTS_LIMIT:
            raise RejectedError(422, "Validation failed: Cannot attach more than 4 files")
        found = [self.find(one, owner, at=at) for one in ids]
        if missing := [one for one, upload in zip(ids, found, strict=True) if upload is None]:
            raise RejectedError(
                422,
                f"Validation failed: Media {', '.join(missing)} not found or attached to another post",
            )
        taken = [one for one in found if one is not None]
        if len(taken) > 1 and any(one.kind != "image" for one in taken):
            raise RejectedError(
                422, "Validation failed: Cannot attach a video to a post that already contains images"
            )
        if any(not one.is_ready for one in taken):
            words = "Cannot attach files that have not finished processing. Try again in a moment!"
            raise RejectedError(422, f"Validation failed: {words}")
        return taken
