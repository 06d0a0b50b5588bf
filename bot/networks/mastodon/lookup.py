"""A post on our server: by what that server calls it, or by its address, which is the same everywhere."""

from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from bot.networks.errors import RequestRejected
from bot.networks.json_values import JsonObject, get_objects
from bot.networks.mastodon.api import Api
from bot.networks.mastodon.identity import Identity
from bot.networks.mastodon.ids import unpack_context
from bot.networks.mastodon.json_values import get_id, get_text
from bot.networks.mastodon.threads import Threads

_STATUSES = "/api/v1/statuses"
_BATCH_MAX = 20  # https://docs.joinmastodon.org/methods/statuses/#index


class PostLookup:
    """Finds posts of any server on ours. Safe to share between threads."""

    def __init__(self, api: Api, threads: Threads) -> None:
        self._api, self._threads = api, threads

    def local_id(self, uri: str, context: str, who: Identity) -> str | None:
        """Return what our server calls a post; None if it knows no such post. Raises `Later`.

        `context` is its `reply_context`, which is of use if our own server wrote it.
        """
        known = unpack_context(context)
        if known is not None and known.server == who.viewer.host and known.id:
            return known.id
        return self._threads.local_id(uri) or self._resolve(uri)

    def find(self, uri: str, context: str, who: Identity) -> JsonObject | None:
        """Return the post as our server shows it now; None if it does not show it. Raises `Later`."""
        local_id = self.local_id(uri, context, who)
        return None if local_id is None else self._read_one(local_id)

    def find_own(self, uri: str, who: Identity) -> JsonObject | None:
        """Return a post of ours; None if it is gone. Raises `Later`.

        The address of a post on our own server ends with its id there.
        """
        local_id = self._threads.local_id(uri)
        if local_id is None:
            parts = urlsplit(uri)
            if parts.hostname and parts.netloc.lower() == who.viewer.host:
                row = self._read_one(parts.path.rpartition("/")[2])
                if row is not None and get_text(row, "uri") == uri:
                    return row
            local_id = self._resolve(uri)
        return None if local_id is None else self._read_one(local_id)

    def read(self, local_ids: Sequence[str], who: Identity) -> dict[str, JsonObject]:
        """Return the posts with those ids that our server shows, by id. Raises `Later`."""
        if who.server.has_batch:
            rows = dict[str, JsonObject]()
            for start in range(0, len(local_ids), _BATCH_MAX):
                params = [("id[]", one) for one in local_ids[start : start + _BATCH_MAX]]
                rows |= {get_id(row): row for row in self._api.get_list(_STATUSES, params, kind="posts")}
            return rows
        found = {one: self._read_one(one) for one in local_ids}
        return {one: row for one, row in found.items() if row is not None}

    def _read_one(self, local_id: str) -> JsonObject | None:
        if not local_id:
            return None
        return self._api.find_object(f"{_STATUSES}/{quote(local_id, safe='')}", kind="posts")

    def _resolve(self, uri: str) -> str | None:
        """Let our server fetch the post from its own: https://docs.joinmastodon.org/methods/search/."""
        if urlsplit(uri).scheme not in {"http", "https"}:
            return None
        params = [("q", uri), ("type", "statuses"), ("resolve", "true"), ("limit", "1")]
        try:
            found = self._api.get_object("/api/v2/search", params, kind="search")
        except RequestRejected:
            return None
        for row in get_objects(found, "statuses"):
            if uri in {get_text(row, "uri"), get_text(row, "url")}:
                self._threads.learn([row])
                return get_id(row) or None
        return None
