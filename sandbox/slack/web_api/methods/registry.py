"""The table of Web API methods, and helpers that they share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Args
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]
Handler = Callable[[SlackWorld, Args], Json]
Token = Literal["bot", "app", "none"]


@dataclass(frozen=True)
class Method:
    """One method: its function, the scope and kind of token it needs, and its calls per minute."""

    name: str
    run: Handler
    scope: str = ""
    per_minute: int | None = None
    token: Token = "bot"  # noqa: S105 - a kind of token


METHODS: dict[str, Method] = {}


def method(
    name: str,
    *,
    scope: str = "",
    per_minute: int | None = None,
    token: Token = "bot",  # noqa: S107 - a kind of token
) -> Callable[[Handler], Handler]:
    """Return a decorator that adds a function to the table."""

    def enter(run: Handler) -> Handler:
        METHODS[name] = Method(name, run, scope, per_minute, token)
        return run

    return enter


def want_scope(world: SlackWorld, scope: str) -> None:
    """Raise SlackError `missing_scope` if the app was installed without it (https://docs.slack.dev/reference/scopes)."""
    if scope and scope not in world.scopes:
        raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(world.scopes)))


def place(world: SlackWorld, args: Args, *, member: bool = False) -> Channel:
    """Return the channel of the call. Raises SlackError if the bot cannot see it."""
    channel = world.channel(args.need("channel"))
    inside = world.app.user_id in channel.members
    if not inside and (channel.is_private or channel.is_im or channel.is_mpim):
        raise SlackError("channel_not_found")
    if member and not inside:
        raise SlackError("not_in_channel")
    return channel


def page(items: list[Any], args: Args, most: int = 1000, usual: int = 100) -> tuple[list[Any], str]:
    """Return one page of a list, and the cursor of the next page."""
    limit = min(args.number("limit", usual) or usual, most)
    cursor = args.text("cursor").removeprefix("offset:")
    if cursor and not cursor.isdigit():
        raise SlackError("invalid_cursor")
    start = int(cursor or 0)
    following = f"offset:{start + limit}" if start + limit < len(items) else ""
    return items[start : start + limit], following
