"""Ids of any shape, and what Heard keeps of a post to answer it. Pure.

Mastodon's are digits that sort by length, then as text; GoToSocial's are ULIDs; Hollo's notifications are
`time/mention/uuid`: https://docs.joinmastodon.org/api/guidelines/#id
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from bot.networks.values import Position

_ID_POSITION_PREFIX = "id:"
_LENGTH_DIGITS = 3  # of the length that is put in front of a number


def sort_key(server_id: str) -> str:
    """Return what sorts as the server sorts `server_id`, as plain text."""
    if server_id.isascii() and server_id.isdigit():
        return f"{len(server_id):0{_LENGTH_DIGITS}}{server_id}"
    return server_id


def page_border(server_id: str) -> str:
    """Return the `max_id` of the page below that id, which may list the id and its neighbours once more.

    Hollo compares the time alone, which ids have in milliseconds and rows more exactly: all rows of the same
    millisecond would be left out. https://github.com/fedify-dev/hollo/blob/main/src/api/v1/notifications.ts
    """
    moment, slash, rest = server_id.partition("/")
    try:
        after = datetime.fromisoformat(moment) + timedelta(milliseconds=1) if slash else None
    except (ValueError, OverflowError):
        after = None
    if after is None:
        return server_id
    return f"{after.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}/{rest}"


def position_above(server_id: str) -> Position:
    """Return the position of a reading of what lies above that id."""
    return Position(_ID_POSITION_PREFIX + server_id)


def id_of_position(position: Position) -> str | None:
    """Return the id above which a reading begins; None if it begins at a time."""
    return position.removeprefix(_ID_POSITION_PREFIX) if position.startswith(_ID_POSITION_PREFIX) else None


@dataclass(frozen=True, slots=True)
class PostContext:
    """What one server calls a post: kept as `Post.reply_context`.

    `id` and `account` are that server's ids of the post and of its author, `acct` the author's handle with
    domain; `edited` is the time of the last edit, empty if there was none.
    """

    server: str
    id: str
    account: str
    acct: str
    edited: str = ""

    def pack(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def unpack_context(text: str) -> PostContext | None:
    """Return what `pack` wrote; None if it is something else."""
    try:
        found = json.loads(text)
        return PostContext(**{name: str(value) for name, value in found.items()})
    except (ValueError, TypeError, AttributeError):
        return None
