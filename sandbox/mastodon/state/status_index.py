"""The posts that a server keeps, by id and by address."""

from collections.abc import Iterator

from sandbox.mastodon.state.ids import sort_key
from sandbox.mastodon.state.statuses import Status


class StatusIndex:
    """Posts by id, and by the address that is the same on every server."""

    def __init__(self) -> None:
        self._by_id: dict[str, Status] = {}
        self._ids: dict[str, str] = {}  # address → id, kept after a deletion

    def put(self, status: Status) -> None:
        self._by_id[status.id] = status
        self._ids[status.uri] = self._ids[status.url] = status.id

    def remove(self, status_id: str) -> None:
        del self._by_id[status_id]

    def local_id(self, status_id: str) -> str:
        """Return the id of a post by its id or address, even of a deleted one."""
        return self._ids.get(status_id, status_id)

    def find(self, status_id: str) -> Status | None:
        """Return a post by its id or address; None if it is not there."""
        return self._by_id.get(self.local_id(status_id))

    def __iter__(self) -> Iterator[Status]:
        """All posts in the order of their ids, as the server lists them."""
        return iter(sorted(self._by_id.values(), key=lambda one: sort_key(one.id)))
