"""What local accounts are told."""

from collections.abc import Iterator
from datetime import datetime

from sandbox.mastodon.state.ids import Ids
from sandbox.mastodon.state.statuses import Notification


class Notifications:
    """Notifications in the order in which they were made."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._all: list[Notification] = []

    def add(self, kind: str, to: str, by: str, status_id: str, at: datetime) -> None:
        made = self._ids.notification(kind, at)
        self._all.append(Notification(made, kind, to, by, status_id, at))

    def remove(self, status_id: str) -> None:
        self._all = [one for one in self._all if one.status_id != status_id]

    def __iter__(self) -> Iterator[Notification]:
        return iter(self._all)
