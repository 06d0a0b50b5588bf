"""chat.*: post, update and delete messages.

Methods raise SlackError with the names that Slack documents for each.
"""

from typing import Any

from sandbox.slack.block_kit.chart_rules import CHART
from sandbox.slack.block_kit.check import Problem
from sandbox.slack.block_kit.validator import check_message, in_slacks_words
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Args
from sandbox.slack.web_api.methods.registry import Json, method, place
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.rate_limits import TIERS
from sandbox.slack.workspace.world import SlackWorld


@method("chat.postMessage", scope="chat:write")
def post_message(world: SlackWorld, args: Args) -> Json:
    """Post to a channel (https://docs.slack.dev/reference/methods/chat.postMessage)."""
    channel = _where(world, args)
    content = said(world, args)
    metadata = _metadata(args)
    text = content.pop("text")[: world.limits.truncate_at]
    unfurl = {key: args.values[key] for key in ("unfurl_links", "unfurl_media") if args.has(key)}
    parts = [text[at : at + world.limits.split_at] for at in range(0, len(text), world.limits.split_at)]
    # A long text becomes several messages, each with all blocks (bolt-python#764, java-slack-sdk#704).
    posted = [
        world.post(
            channel,
            world.app.user_id,
            part,
            **content,
            thread_ts=args.text("thread_ts") or None,
            broadcast=args.flag("reply_broadcast"),
            metadata=metadata,
            unfurl=unfurl,
        )
        for part in parts or [""]
    ]
    return _answer(channel, posted[0])


@method("chat.update", scope="chat:write")
def update(world: SlackWorld, args: Args) -> Json:
    """Replace one of the bot's messages (https://docs.slack.dev/reference/methods/chat.update)."""
    channel = place(world, args)
    message = world.message(channel.id, args.need("ts"))
    if message.user != world.app.user_id:
        raise SlackError("cant_update_message")
    if channel.is_archived:
        raise SlackError("is_inactive")
    content = said(world, args)
    if len(content["text"]) > world.limits.split_at:
        raise SlackError("msg_too_long")
    if not args.has("attachments"):
        content.pop("attachments")
    if args.has("metadata"):
        content["metadata"] = _metadata(args)
    if not content["blocks"]:
        content["edited"] = {"user": world.app.user_id, "ts": world.next_ts()}
    world.edit(message, **content)
    return _answer(channel, message) | {"text": message.text}


@method("chat.delete", scope="chat:write", per_minute=TIERS[3])
def delete(world: SlackWorld, args: Args) -> Json:
    channel = place(world, args)
    message = world.message(channel.id, args.need("ts"))
    if message.user != world.app.user_id:
        raise SlackError("cant_delete_message")
    world.delete(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.postEphemeral", scope="chat:write", per_minute=TIERS[4])
def post_ephemeral(world: SlackWorld, args: Args) -> Json:
    channel = _where(world, args)
    user = args.need("user")
    if user not in channel.members:
        raise SlackError("user_not_in_channel")
    content = said(world, args)
    if len(content["text"]) > world.limits.truncate_at:
        raise SlackError("msg_too_long")
    text = content.pop("text")
    message = world.whisper(channel, user, text, **content, thread_ts=args.text("thread_ts") or None)
    return {"message_ts": message.ts}


@method("chat.getPermalink")
def get_permalink(world: SlackWorld, args: Args) -> Json:
    channel = place(world, args)
    message = world.message(channel.id, args.need("message_ts"))
    link = f"{world.app.team_url}archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def said(world: SlackWorld, args: Args) -> Json:
    """Return the text and blocks of a call. Raises SlackError if Slack would refuse them."""
    blocks = sound_blocks(world, args)
    attachments = args.json("attachments", "invalid_attachments") or []
    text = args.text("text")
    if not text.strip() and not blocks and not attachments:
        raise SlackError("no_text")
    mrkdwn = args.flag("mrkdwn") if args.has("mrkdwn") else True
    return {"text": text, "blocks": blocks, "attachments": attachments, "mrkdwn": mrkdwn}


def sound_blocks(world: SlackWorld, args: Args) -> list[Json]:
    """Return the blocks of a call. Raises SlackError if Slack would refuse them."""
    blocks: list[Json] = args.json("blocks", "invalid_blocks_format") or []
    problems = check_message(blocks) or _not_yet(world, blocks)
    if problems:
        words = in_slacks_words(problems)
        raise SlackError(
            "invalid_blocks",
            errors=[line.removeprefix("[ERROR] ") for line in words],
            response_metadata={"messages": words},
        )
    return blocks


def _not_yet(world: SlackWorld, blocks: list[Json]) -> list[Problem]:
    """Return problems of valid blocks under faults: no charts yet, pictures that cannot be fetched."""
    charts = [
        (f"/blocks/{index}/type", f"unsupported type: {block['type']}")
        for index, block in enumerate(blocks)
        if block["type"] == CHART and world.faults.no_charts
    ]
    pictures = [  # python-slack-sdk#1782
        (f"/blocks/{index}/image_url", "downloading image failed")
        for index, block in enumerate(blocks)
        if block["type"] == "image" and block.get("image_url") and world.faults.no_pictures
    ]
    return charts + pictures + world.files.unfit_pictures(blocks, world.now() - world.limits.file_seconds)


def _where(world: SlackWorld, args: Args) -> Channel:
    """Return the channel to post to: one that the bot is in, or the direct messages of a user ID.

    An app's direct messages are in its Messages tab, which the manifest can switch off.
    """
    named = args.need("channel")
    channel = world.direct({named, world.app.user_id}) if named in world.users else place(world, args)
    if channel.is_im and not world.messages_tab:
        raise SlackError("messages_tab_disabled")
    if channel.is_archived:
        raise SlackError("is_archived")
    if world.app.user_id not in channel.members and "chat:write.public" not in world.scopes:
        raise SlackError("not_in_channel")
    return channel


def _metadata(args: Args) -> Json | None:
    """Return message metadata; an empty object removes it (https://docs.slack.dev/messaging/message-metadata)."""
    metadata: Any = args.json("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_schema")
    if not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}


def _answer(channel: Channel, message: Message) -> Json:
    return {"channel": channel.id, "ts": message.ts, "message": channel.json_of(message, metadata=True)}
