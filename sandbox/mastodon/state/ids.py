"""Ids as each server makes them, and how they sort."""

import itertools
import uuid
from datetime import UTC, datetime

from sandbox.mastodon.state.flavours import IdKind

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FIRST_SERIAL = 95  # so that a test soon meets an id with one more digit


class Ids:
    """Makes ids. Those of posts hold the time that the post claims; Mastodon's notifications count up."""

    def __init__(self, kind: IdKind) -> None:
        self._kind = kind
        self._serial = itertools.count(_FIRST_SERIAL)
        self._count = itertools.count(1)

    def account(self) -> str:
        return self.post(datetime(2025, 1, 1, tzinfo=UTC))

    def post(self, at: datetime) -> str:
        """Return the id of a post with that time; ids of one millisecond count up."""
        milliseconds, number = int(at.timestamp() * 1000), next(self._count)
        if self._kind == "digits":
            return str((milliseconds << 16) + number % 65_536)
        if self._kind == "ulid":
            return _base32(milliseconds, 10) + _base32(number, 16)
        return _uuid7(milliseconds, number)

    def notification(self, kind: str, at: datetime) -> str:
        if self._kind == "digits":
            return str(next(self._serial))
        made = self.post(at)
        if self._kind == "ulid":
            return made
        return f"{at.astimezone(UTC).isoformat(timespec='milliseconds').replace('+00:00', 'Z')}/{kind}/{made}"


def sort_key(made: str) -> tuple[int, str]:
    """Order ids as their server does: numbers by their value, all others as text."""
    return (len(made), made) if made.isdigit() else (0, made)


def _base32(number: int, length: int) -> str:
    text = ""
    for _ in range(length):
        text = _CROCKFORD[number % 32] + text
        number //= 32
    return text


def _uuid7(milliseconds: int, number: int) -> str:
    whole = (
        (milliseconds << 80) | (7 << 76) | ((number >> 32 & 0xFFF) << 64) | (2 << 62) | (number & 0xFFFFFFFF)
    )
    return str(uuid.UUID(int=whole))
