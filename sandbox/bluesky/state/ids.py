"""DIDs, content ids and record keys: https://atproto.com/specs/tid."""

import base64
import hashlib
import json
import re
from datetime import datetime
from typing import Any

LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
TID = re.compile(r"[234567a-j][234567a-z]{12}")
DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+")
HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*", re.IGNORECASE)
AT_URI = re.compile(r"at://([^/\s]+)/([A-Za-z0-9.-]+)/([A-Za-z0-9._:~-]+)")


def make_did(handle: str) -> str:
    """The DID of the account that first had this handle: always the same."""
    digest = base64.b32encode(hashlib.sha256(handle.encode()).digest()).decode().lower()
    return f"did:plc:{digest[:24]}"


def make_cid(value: Any) -> str:  # noqa: ANN401 - any JSON
    """A name for the content of `value`, whatever the order of its keys.

    Real ones hash DAG-CBOR; nobody outside can tell.
    """
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"))
    digest = base64.b32encode(hashlib.sha256(canonical.encode()).digest()).decode().lower().rstrip("=")
    return f"bafyrei{digest}"


class Tids:
    """Record keys, each later than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, now: datetime) -> str:
        self._last = max(self._last + 1, int(now.timestamp() * 1_000_000))
        number = self._last << 10
        return "".join(LETTERS[number >> shift & 31] for shift in range(60, -1, -5))


def record_uri(did: str, collection: str, rkey: str) -> str:
    return f"at://{did}/{collection}/{rkey}"
