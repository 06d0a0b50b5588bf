"""conversations.*: channels, their members and their messages."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64Error
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Args
from sandbox.slack.web_api.methods.registry import Json, method, page, place, want_scope
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.rate_limits import TIERS
from sandbox.slack.workspace.world import SlackWorld

TYPES = {"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}
MOST = 999


@method("conversations.info", per_minute=TIERS[3])
def info(world: SlackWorld, args: Args) -> Json:
    channel = place(world, args)
    want_scope(world, f"{channel.scope_prefix}:read")
    return {"channel": channel.json(world.app.user_id)}


@method("conversations.list", per_minute=TIERS[2])
def list_(world: SlackWorld, args: Args) -> Json:
    types = [kind.strip() for kind in (args.text("types") or "public_channel").split(",")]
    if set(types) - set(TYPES.values()):
        raise SlackError("invalid_types")
    me = world.app.user_id
    found = [
        channel
        for channel in world.channels.values()
        if TYPES[channel.kind] in types
        and (me in channel.members or channel.kind == "channel")
        and not (args.flag("exclude_archived") and channel.is_archived)
    ]
    for channel in found:
        want_scope(world, f"{channel.scope_prefix}:read")
    shown, cursor = page(found, args)
    return {"channels": [c.json(me) for c in shown], "response_metadata": {"next_cursor": cursor}}


@method("conversations.members", per_minute=TIERS[4])
def members(world: SlackWorld, args: Args) -> Json:
    channel = place(world, args)
    want_scope(world, f"{channel.scope_prefix}:read")
    shown, cursor = page(sorted(channel.members), args)
    return {"members": shown, "response_metadata": {"next_cursor": cursor}}


@method("conversations.join", scope="channels:join", per_minute=TIERS[3])
def join(world: SlackWorld, args: Args) -> Json:
    channel = place(world, args)
    if channel.is_archived:
        raise SlackError("is_archived")
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if world.app.user_id in channel.members:
        return {"channel": channel.json(world.app.user_id), "warning": "already_in_channel"}
    world.join(channel, world.app.user_id)
    return {"channel": channel.json(world.app.user_id)}


@method("conversations.open", per_minute=TIERS[3])
def open_(world: SlackWorld, args: Args) -> Json:
    """Open a direct conversation (https://docs.slack.dev/reference/methods/conversations.open)."""
    before = set(world.channels)
    if args.has("channel"):
        channel = place(world, args)
    else:
        users = {user.strip() for user in args.need("users").split(",")}
        if not users <= world.users.keys():
            raise SlackError("user_not_found")
        if any(world.users[user].is_bot for user in users):
            raise SlackError("cannot_dm_bot")
        want_scope(world, "im:write" if len(users) == 1 else "mpim:write")
        channel = world.direct(users | {world.app.user_id})
    whole = channel.json(world.app.user_id)
    already = {"no_op": True, "already_open": True} if channel.id in before else {}
    return {"channel": whole if args.flag("return_im") else {"id": channel.id}} | already


@method("conversations.history", per_minute=TIERS[3])
def history(world: SlackWorld, args: Args) -> Json:
    """Messages outside threads, newest first (https://docs.slack.dev/reference/methods/conversations.history)."""
    channel = place(world, args, member=True)
    want_scope(world, f"{channel.scope_prefix}:history")
    newest_first = list(reversed(_between(channel.top_level(), args)))
    shown, more = _cut(newest_first, args, lambda message, edge: message.ts < edge)
    return _said(channel, shown, args, more) | {"pin_count": 0, "channel_actions_count": 0}


@method("conversations.replies", per_minute=TIERS[3])
def replies(world: SlackWorld, args: Args) -> Json:
    """Return a parent and its replies, oldest first."""
    channel = place(world, args, member=True)
    want_scope(world, f"{channel.scope_prefix}:history")
    named = channel.find(args.need("ts"))
    parent = channel.find(named.thread_ts or named.ts) if named else None
    if parent is None:
        raise SlackError("thread_not_found")
    within = [parent, *(m for m in _between(channel.replies(parent.ts), args))]
    shown, more = _cut(within, args, lambda message, edge: message.ts > edge)
    return _said(channel, shown, args, more)


def _said(channel: Channel, shown: list[Message], args: Args, more: bool) -> Json:
    metadata = args.flag("include_all_metadata")
    answer: Json = {
        "messages": [channel.json_of(message, metadata=metadata) for message in shown],
        "has_more": more,
    }
    if more:
        cursor = b64encode(f"next_ts:{shown[-1].ts}".encode()).decode()
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _between(messages: list[Message], args: Args) -> list[Message]:
    """Return the messages between `oldest` and `latest`, with both ends if `inclusive`."""
    oldest, latest = _moment(args, "oldest", "0"), _moment(args, "latest", "Infinity")
    inclusive = args.flag("inclusive")

    def within(message: Message) -> bool:
        at = Decimal(message.ts)
        return oldest < at < latest or (inclusive and at in {oldest, latest})

    return [message for message in messages if within(message)]


def _moment(args: Args, name: str, default: str) -> Decimal:
    try:
        return Decimal(args.text(name) or default)
    except InvalidOperation:
        raise SlackError(f"invalid_ts_{name}") from None


def _cut(
    messages: list[Message], args: Args, beyond: Callable[[Message, str], bool]
) -> tuple[list[Message], bool]:
    """Return one page, and whether more follow."""
    if args.text("cursor"):
        edge = _edge(args.text("cursor"))
        messages = [message for message in messages if beyond(message, edge)]
    limit = args.number("limit", 100) or 100
    if not 0 < limit <= MOST:
        raise SlackError("invalid_limit")
    return messages[:limit], len(messages) > limit


def _edge(cursor: str) -> str:
    try:
        kind, _, edge = b64decode(cursor, validate=True).decode().partition(":")
    except (NotBase64Error, UnicodeDecodeError):
        kind, edge = "", ""
    if kind != "next_ts":
        raise SlackError("invalid_cursor")
    return edge
