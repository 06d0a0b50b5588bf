"""The inner events that Slack sends to the bot (https://docs.slack.dev/reference/events)."""

from typing import Any

from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.message import Message

Json = dict[str, Any]


def posted(channel: Channel, message: Message) -> Json:
    return channel.json_of(message, metadata=True) | _place(channel, message.ts)


def mentioned(channel: Channel, message: Message) -> Json:
    """Return the `app_mention` that accompanies the `message` event, with the same ts."""
    kept = ("user", "ts", "client_msg_id", "text", "team", "thread_ts", "parent_user_id", "blocks", "files")
    shape = {key: value for key, value in channel.json_of(message).items() if key in kept}
    return {"type": "app_mention", **shape, "channel": channel.id, "event_ts": message.ts}


def changed(channel: Channel, message: Message, previous: Json, at: str) -> Json:
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": channel.json_of(message),
        "previous_message": previous,
        "hidden": True,
        "ts": at,
    } | _place(channel, at)


def deleted(channel: Channel, message: Message, previous: Json, at: str) -> Json:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": previous,
        "deleted_ts": message.ts,
        "hidden": True,
        "ts": at,
    } | _place(channel, at)


def reaction(kind: str, message: Message, name: str, user: str, at: str) -> Json:
    """Return `reaction_added` or `reaction_removed`."""
    return {
        "type": kind,
        "user": user,
        "reaction": name,
        "item_user": message.user,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "event_ts": at,
    }


def membership(kind: str, channel: Channel, user: str, at: str) -> Json:
    """Return `member_joined_channel` or `member_left_channel`."""
    return {
        "type": kind,
        "user": user,
        "channel": channel.id,
        "channel_type": channel.id[0],
        "event_ts": at,
    }


def about_channel(kind: str, channel: Channel, user: str, at: str) -> Json:
    """Return `channel_archive`, `channel_unarchive` or `channel_deleted`."""
    return {"type": kind, "channel": channel.id, "user": user, "event_ts": at}


def _place(channel: Channel, at: str) -> Json:
    return {"channel": channel.id, "channel_type": channel.kind, "event_ts": at}
