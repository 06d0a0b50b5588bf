"""The state of the Slack pane as one teammate sees it, ready to draw."""

from typing import Any

from sandbox.page.page_context import PageContext
from sandbox.page.text_runs import drawn, plain_runs, runs
from sandbox.slack import Message, Person, SlackWorld
from sandbox.slack.people.person import TURNED_OFF
from sandbox.slack.text import emoji
from sandbox.slack.text.plain_text_input import as_shown
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.file import File
from sandbox.slack.workspace.view import View

Json = dict[str, Any]
SHOWN = 120  # messages of a channel


def slack_state(context: PageContext, viewer: str, channel_id: str, thread_ts: str | None) -> Json:
    """Return all that the Slack pane shows to `viewer`. Raises SlackError for an unknown ID."""
    world = context.slack.world
    person = context.slack.person(viewer)
    with world.lock:
        channel = world.channel(channel_id)
        thread = channel.find(thread_ts) if thread_ts else None
        return {
            "me": viewer,
            "workspace": world.app.team_name,
            "app": world.app.user_id,
            "users": {one.id: _user(one) for one in world.users.values()},
            "channels": [
                _place(world, one, viewer) for one in world.channels.values() if world.sees(viewer, one)
            ],
            "channel": channel.id,
            "members": len(channel.members),
            "closed": TURNED_OFF if world.is_read_only(channel) else "",
            "shared": bool(channel.connected),
            "messages": [_message(channel, one, viewer) for one in person.sees(channel)[-SHOWN:]],
            "thread": thread and thread_ts,
            "replies": _thread(person, channel, thread),
            "modal": _view(world.views.top(viewer)),
            "depth": len(world.views.stacks.get(viewer, [])),
            "home": _view(person.home),
            "shortcuts": list(world.shortcuts),
        }


def _thread(person: Person, channel: Channel, parent: Message | None) -> list[Json]:
    if parent is None:
        return []
    return [_message(channel, one, person.id) for one in person.sees(channel, parent.ts)]


def _user(user: Any) -> Json:  # noqa: ANN401 - sandbox.slack.workspace.user.User
    return {"name": user.real_name, "handle": user.name, "bot": user.is_bot}


def _place(world: SlackWorld, channel: Channel, viewer: str) -> Json:
    """Return a line of the sidebar. `latest` is the newest message of someone else."""
    others = [one.ts for one in channel.top_level() if one.user != viewer]
    peer = next((world.users[one] for one in channel.members if one != viewer), None)
    name = peer.real_name if channel.is_im and peer else channel.name
    return {
        "id": channel.id,
        "name": name,
        "kind": channel.kind,
        "with": peer.id if channel.is_im and peer else None,
        "latest": max(others, default=""),
        "fresh": sorted(others)[-SHOWN:],
    }


def _message(channel: Channel, message: Message, viewer: str) -> Json:
    replies = [] if message.is_reply else channel.replies(message.ts)
    return {
        "ts": message.ts,
        "user": message.user,
        "runs": [] if message.blocks or not message.text else _words(message),
        "blocks": drawn(message.blocks),
        "files": [_file(one) for one in message.files],
        "summary": message.text if message.blocks else "",
        "only": message.ephemeral_to == viewer,
        "own": message.user == viewer,
        "edited": bool(message.edited),
        "tombstone": message.subtype == "tombstone",
        "reply": message.is_reply,
        "replies": len(replies),
        "repliers": list(dict.fromkeys(one.user for one in replies)),
        "last": replies[-1].ts if replies else "",
        "reactions": [
            {"name": name, "users": list(users), "runs": plain_runs(f":{name}:")}
            for name, users in message.reactions.items()
        ],
        "raw": emoji.drawn(message.text) if message.user == viewer else "",
    }


def _shown(values: Json) -> Json:
    """Return the values of a view's fields as a person sees them."""
    for held in (one for block in values.values() for one in block.values()):
        if held["type"] == "plain_text_input" and held["value"]:
            held["value"] = as_shown(held["value"])
    return values


def _file(file: File) -> Json:
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "alt": file.alt_txt,
        "kind": file.kind[1],
        "size": file.size,
        "picture": file.is_picture,
    }


def _words(message: Message) -> list[Json]:
    return runs(message.text) if message.mrkdwn else plain_runs(message.text)


def _view(view: View | None) -> Json | None:
    if view is None:
        return None
    given = view.given
    heads = {key: plain_runs(given[key]["text"]) for key in ("title", "submit", "close") if given.get(key)}
    return {
        "id": view.id,
        "hash": view.hash,
        **heads,
        "blocks": drawn(view.blocks),
        "values": _shown(view.values()),
        "errors": dict(view.errors),
    }
