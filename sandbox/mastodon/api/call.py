"""One request at its endpoint, and lists page by page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.mastodon.api.http_messages import Answer, ApiError, Request, as_json
from sandbox.mastodon.state.ids import sort_key
from sandbox.mastodon.state.statuses import Account, Status
from sandbox.mastodon.state.world import MastodonWorld

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Call:
    """A request with its path. `me` is the account of its credentials, `key` what the path names."""

    world: MastodonWorld
    me: Account
    request: Request
    key: str

    def status(self) -> Status:
        """The post in the path. Raises ApiError 404 if it is not there, or hidden from us."""
        found = self.world.index.find(self.key) if not self.key.startswith("http") else None
        if found is None or not self.world.sees(self.me, found):
            raise ApiError(404, "Record not found")
        return found

    def page(
        self,
        rows: Sequence[Row],
        id_of: Callable[[Row], str],
        to_json: Callable[[Row], Any],
        *,
        limit: int,
        most: int,
    ) -> Answer:
        """Return a page of `rows` (oldest first), newest first, as Mastodon pages.

        `since_id` gives the newest rows above it, `min_id` those just above it. Without the setting the
        response has no Link header. https://docs.joinmastodon.org/api/guidelines/#pagination
        """
        params = self.request.params
        asked = params.get("limit") or ""
        size = min(int(asked), most) if asked.isdigit() and int(asked) else limit
        max_id, since_id, min_id = (params.get(name) for name in ("max_id", "since_id", "min_id"))
        if not self.world.flavour.honours_min_id:
            min_id = None
        found = [
            row
            for row in rows
            if (max_id is None or _border(id_of(row)) < _border(max_id))
            and (since_id is None or sort_key(id_of(row)) > sort_key(since_id))
            and (min_id is None or sort_key(id_of(row)) > sort_key(min_id))
        ]
        shown = (found[:size] if min_id is not None else found[-size:])[::-1]
        headers = {}
        if shown and self.world.link_headers:
            base = f"http://{self.request.headers.get('host', 'localhost')}{self.request.path}?"
            ends = (("max_id", shown[-1], "next"), ("min_id", shown[0], "prev"))
            links = [f'<{base}{urlencode({name: id_of(row)})}>; rel="{rel}"' for name, row, rel in ends]
            headers["link"] = ", ".join(links)
        return as_json(200, [to_json(row) for row in shown], headers)


def _border(server_id: str) -> tuple[int, str]:
    """What `max_id` compares. Of Hollo's `time/kind/uuid` the time alone: what shares it is left out.

    https://github.com/fedify-dev/hollo/blob/main/src/api/v1/notifications.ts
    """
    moment, slash, _ = server_id.partition("/")
    return (0, moment) if slash else sort_key(server_id)
