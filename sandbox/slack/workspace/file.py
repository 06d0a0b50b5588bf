"""Files: requested, uploaded, completed, then shared in messages or shown in image blocks.

https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from sandbox.slack.block_kit.check import Problem
from sandbox.slack.errors import SlackError

Json = dict[str, Any]

# Extension → (filetype, name for people, media type); anything else is BINARY.
KINDS = {
    "csv": ("csv", "CSV", "text/csv"),
    "gif": ("gif", "GIF", "image/gif"),
    "jpeg": ("jpg", "JPEG", "image/jpeg"),
    "jpg": ("jpg", "JPEG", "image/jpeg"),
    "json": ("json", "JSON", "application/json"),
    "jsonl": ("text", "Plain Text", "text/plain"),
    "pdf": ("pdf", "PDF", "application/pdf"),
    "png": ("png", "PNG", "image/png"),
    "txt": ("text", "Plain Text", "text/plain"),
    "webp": ("webp", "WebP", "image/webp"),
    "heic": ("heic", "HEIC", "image/heic"),
    "zip": ("zip", "Zip", "application/zip"),
}
BINARY = ("binary", "Binary", "application/octet-stream")
# https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
PICTURES = {"png", "jpg", "gif"}


@dataclass(eq=False)
class File:
    """One file. `data` is None until it is uploaded, `completed` is None until the upload is completed."""

    id: str
    name: str
    size: int
    upload_path: str
    user: str
    address: str  # of the server that stores its bytes
    alt_txt: str = ""
    title: str = ""
    data: bytes | None = None
    completed: float | None = None
    shares: dict[str, list[str]] = field(default_factory=dict)  # channel → timestamps of messages

    @property
    def kind(self) -> tuple[str, str, str]:
        """Slack's `filetype`, its name for people, and its media type."""
        return KINDS.get(PurePosixPath(self.name).suffix.lstrip(".").lower(), BINARY)

    @property
    def is_picture(self) -> bool:
        return self.kind[0] in PICTURES

    @property
    def path(self) -> str:
        return f"/files-pri/T-{self.id}/{quote(self.name, safe='')}"

    def json(self, *, shares: bool = False) -> Json:
        """Return the file object of https://docs.slack.dev/reference/objects/file-object."""
        filetype, pretty, mimetype = self.kind
        shape: Json = {
            "id": self.id,
            "created": int(self.completed or 0),
            "timestamp": int(self.completed or 0),
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": mimetype,
            "filetype": filetype,
            "pretty_type": pretty,
            "user": self.user,
            "size": self.size,
            "mode": "hosted",
            "is_external": False,
            "is_public": any(channel.startswith("C") for channel in self.shares),
            "url_private": f"{self.address}{self.path}",
            "url_private_download": f"{self.address}{self.path}?download=1",
        }
        if self.alt_txt:
            shape["alt_txt"] = self.alt_txt
        if shares:
            where = {channel: [{"ts": ts} for ts in stamps] for channel, stamps in self.shares.items()}
            shape["shares"] = {"public": where}
        return shape


class Files:
    """All files of the workspace. Callers hold the world's lock."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._known: dict[str, File] = {}

    def ask(self, name: str, size: int, user: str, address: str, alt_txt: str) -> File:
        """Register a file that will be uploaded, at a path that cannot be guessed."""
        path = f"/upload/v1/{secrets.token_urlsafe(24)}"
        file = File(f"F{next(self._numbers):010d}", name, size, path, user, address, alt_txt)
        self._known[file.id] = file
        return file

    def add(self, name: str, data: bytes, user: str, address: str) -> File:
        """Add a file that a person attaches to a message."""
        file = self.ask(name, len(data), user, address, "")
        file.data = data
        return file

    def get(self, file_id: str) -> File:
        """Return an uploaded file. Raises SlackError `file_not_found`."""
        file = self._known.get(file_id)
        if file is None or file.data is None:
            raise SlackError("file_not_found")
        return file

    def by_upload(self, path: str) -> File | None:
        return next((one for one in self._known.values() if one.upload_path == path), None)

    def by_path(self, path: str) -> File | None:
        return next((one for one in self._known.values() if one.completed and one.path == path), None)

    def forget(self, file: File) -> None:
        del self._known[file.id]

    def unfit_pictures(self, blocks: Any, before: float, pointer: str = "/blocks") -> list[Problem]:  # noqa: ANN401 - any JSON
        """Return a problem for each `slack_file` that is not a picture completed by `before`.

        Slack completes files asynchronously: for some seconds after the call, blocks cannot use the
        picture (python-slack-sdk#1521, #1658, #1797).
        """
        return [
            (where, "invalid slack file")
            for where, named in _slack_files(blocks, pointer)
            if not self._is_fit(named, before)
        ]

    def _is_fit(self, named: Json, before: float) -> bool:
        if bool(named.get("id")) is bool(named.get("url")):
            return False
        for file in self._known.values():
            same = file.id == named.get("id") or str(named.get("url") or " ").endswith(file.path)
            if same and file.is_picture and file.completed is not None and file.completed <= before:
                return True
        return False


def _slack_files(node: Any, pointer: str) -> Iterator[tuple[str, Json]]:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from _slack_files(child, f"{pointer}/{index}")
    elif isinstance(node, dict):
        for key, child in node.items():
            if key == "slack_file" and isinstance(child, dict):
                yield f"{pointer}/{key}", child
            else:
                yield from _slack_files(child, f"{pointer}/{key}")
