"""files.*: upload in three steps, read and delete files."""

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.arguments import Args, missing
from sandbox.slack.web_api.methods.chat import sound_blocks
from sandbox.slack.web_api.methods.registry import Json, method
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.file import File
from sandbox.slack.workspace.rate_limits import TIERS
from sandbox.slack.workspace.world import SlackWorld


@method("files.getUploadURLExternal", scope="files:write", per_minute=TIERS[4])
def get_upload_url(world: SlackWorld, args: Args) -> Json:
    """Start an upload (https://docs.slack.dev/reference/methods/files.getUploadURLExternal)."""
    name, size = args.need("filename"), args.number("length", 0)
    if size < 1:
        raise missing("length")
    file = world.files.ask(name, size, world.app.user_id, world.address, args.text("alt_txt"))
    return {"upload_url": f"{file.address}{file.upload_path}", "file_id": file.id}


@method("files.completeUploadExternal", scope="files:write", per_minute=TIERS[4])
def complete_upload(world: SlackWorld, args: Args) -> Json:
    """Complete an upload, and share the files (https://docs.slack.dev/reference/methods/files.completeUploadExternal).

    Slack shares asynchronously, so the response does not say which message has the files.
    """
    files = _finished(world, args)
    places = [_place(world, channel) for channel in _channels(args)]
    thread_ts = args.text("thread_ts") or None
    if thread_ts and any(place.find(thread_ts) is None for place in places):
        raise SlackError("thread_not_found")
    comment = args.text("initial_comment")
    blocks = [] if comment else sound_blocks(world, args)
    for file in files:
        file.completed = world.now()
    for place in places:
        more: Json = {"blocks": blocks, "thread_ts": thread_ts, "files": files, "subtype": "file_share"}
        shared = world.post(place, world.app.user_id, comment, **more)
        for file in files:
            file.shares.setdefault(place.id, []).append(shared.ts)
    return {"files": [file.json() for file in files]}


@method("files.info", scope="files:read", per_minute=TIERS[4])
def info(world: SlackWorld, args: Args) -> Json:
    return {"file": world.files.get(args.need("file")).json(shares=True), "comments": []}


@method("files.delete", scope="files:write", per_minute=TIERS[3])
def delete(world: SlackWorld, args: Args) -> Json:
    """Delete one of the bot's files, and messages that have nothing else."""
    file = world.files.get(args.need("file"))
    for channel, stamps in file.shares.items():
        for ts in stamps:
            message = world.channel(channel).find(ts)
            if message is None:
                continue
            left = [one for one in message.files if one is not file]
            if left or message.text or message.blocks:
                world.edit(message, files=left)
            else:
                world.delete(message)
    world.files.forget(file)
    return {}


def _finished(world: SlackWorld, args: Args) -> list[File]:
    """Return the files of the call, with their titles set. Raises SlackError."""
    given = args.json("files", "invalid_arguments")
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise missing("files")
    files = []
    for one in given:
        file = world.files.get(str(one.get("id")))
        if file.completed is not None:
            raise SlackError("file_update_failed")
        file.title = str(one.get("title") or "")
        files.append(file)
    return files


def _channels(args: Args) -> list[str]:
    """Return the IDs of the channels to share in. A user ID is not valid: open a conversation first."""
    named = [args.text("channel_id"), *args.text("channels").split(",")]
    return list(dict.fromkeys(one.strip() for one in named if one.strip()))


def _place(world: SlackWorld, channel_id: str) -> Channel:
    channel = world.channels.get(channel_id)
    if channel is None:
        raise SlackError("channel_not_found")
    if world.app.user_id not in channel.members:
        hidden = channel.kind != "channel"
        raise SlackError("channel_not_found" if hidden else "not_in_channel")
    if channel.is_archived:
        raise SlackError("is_archived")
    if channel.is_im and not world.messages_tab:
        raise SlackError("messages_tab_disabled")
    return channel
