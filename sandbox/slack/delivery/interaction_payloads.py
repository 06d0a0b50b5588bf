"""The payloads of interactions and slash commands.

https://docs.slack.dev/reference/interaction-payloads and https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import copy
from typing import Any

from sandbox.slack.block_kit.interactive_elements import BY_OPTION, PRESSED, STATE, Part, held, state
from sandbox.slack.text.mrkdwn import escape
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.trigger_ids import Trigger
from sandbox.slack.workspace.user import User
from sandbox.slack.workspace.view import View
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]


class Payloads:
    """Builds what Slack sends to the bot when a person acts."""

    def __init__(self, world: SlackWorld) -> None:
        self._world = world

    def on_message(self, user: User, message: Message, part: Part, value: Any, trigger: Trigger) -> Json:  # noqa: ANN401
        """Return `block_actions` for a press in a message, without its response_url."""
        channel = self._world.channel(message.channel)
        payload = self._head("block_actions", user, trigger) | {
            "container": _container(channel, message),
            "channel": _channel(channel),
            "state": {"values": state(message.blocks, {part.key: value})},
            "actions": [self._action(part, value)],
        }
        # Slack does not store ephemeral messages, so their payloads have no `message`.
        return payload if message.ephemeral_to else payload | {"message": as_sent(channel, message)}

    def on_view(self, user: User, view: View, part: Part, value: Any, trigger: Trigger) -> Json:  # noqa: ANN401
        """Return `block_actions` for a press in a modal or Home."""
        shape = view.json(self._world.app)
        return self._head("block_actions", user, trigger) | {
            "container": {"type": "view", "view_id": view.id},
            "view": shape,
            "state": shape["state"],
            "actions": [self._action(part, value)],
        }

    def suggestion(self, user: User, surface: Message | View, part: Part, typed: str) -> Json:
        """Return `block_suggestion`: what was typed into a select that asks the app for options."""
        asked = {"action_id": part.element["action_id"], "block_id": part.block["block_id"], "value": typed}
        payload = self._head("block_suggestion", user, None) | asked
        if isinstance(surface, View):
            container = {"type": "view", "view_id": surface.id}
            return payload | {"container": container, "view": surface.json(self._world.app)}
        channel = self._world.channel(surface.channel)
        payload |= {"container": _container(channel, surface), "channel": _channel(channel)}
        return payload if surface.ephemeral_to else payload | {"message": as_sent(channel, surface)}

    def submission(self, user: User, view: View, trigger: Trigger) -> Json:
        return self._head("view_submission", user, trigger) | {
            "view": view.json(self._world.app),
            "response_urls": [],
        }

    def closing(self, user: User, view: View, *, is_cleared: bool) -> Json:
        head = self._head("view_closed", user, None)
        return head | {"view": view.json(self._world.app), "is_cleared": is_cleared}

    def shortcut(self, user: User, message: Message, callback_id: str, trigger: Trigger) -> Json:
        channel = self._world.channel(message.channel)
        return self._head("message_action", user, trigger) | {
            "callback_id": callback_id,
            "action_ts": self._world.next_ts(),
            "channel": _channel(channel),
            "message_ts": message.ts,
            "message": as_sent(channel, message),
        }

    def command(
        self, user: User, channel: Channel, typed: tuple[str, str], trigger: Trigger, response_url: str
    ) -> Json:
        """Return the form of a slash command; `typed` is (name, text)."""
        app = self._world.app
        return {
            "token": app.verification_token,
            "team_id": app.team_id,
            "team_domain": app.team_domain,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.is_im else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": typed[0],
            "text": typed[1],
            "api_app_id": app.app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": trigger.id,
        }

    def home_opened(self, user: User, channel: Channel, view: View | None) -> Json:
        event: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": channel.id,
            "tab": "home",
            "event_ts": self._world.next_ts(),
        }
        return event | ({"view": view.json(self._world.app)} if view else {})

    def _head(self, kind: str, user: User, trigger: Trigger | None) -> Json:
        app = self._world.app
        head: Json = {
            "type": kind,
            "team": {"id": app.team_id, "domain": app.team_domain},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
            "api_app_id": app.app_id,
            "token": app.verification_token,
            "enterprise": None,
            "is_enterprise_install": False,
        }
        return head | ({"trigger_id": trigger.id} if trigger else {})

    def _action(self, part: Part, value: Any) -> Json:  # noqa: ANN401 - text, option, list
        element = part.element
        action: Json = {
            "type": element["type"],
            "action_id": element["action_id"],
            "block_id": part.block["block_id"],
            "action_ts": self._world.next_ts(),
        }
        if element["type"] in STATE:
            action |= held(element, value)
        elif element["type"] in BY_OPTION:
            action["selected_option"] = copy.deepcopy(part.option)
        elif element["type"] in PRESSED:
            action |= {
                key: copy.deepcopy(element[key])
                for key in ("text", "value", "style", "url")
                if key in element
            }
        escaped: Json = _escaped(action)
        return escaped


def as_sent(channel: Channel, message: Message) -> Json:
    """Return a message as payloads have it, with plain_text escaped (bolt-python#513)."""
    escaped: Json = _escaped(channel.json_of(message))
    return escaped


def _container(channel: Channel, message: Message) -> Json:
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    return container | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def _channel(channel: Channel) -> Json:
    return {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name}


def _escaped(node: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, list):
        return [_escaped(child) for child in node]
    if not isinstance(node, dict):
        return node
    copied = {key: _escaped(child) for key, child in node.items()}
    if copied.get("type") == "plain_text" and isinstance(copied.get("text"), str):
        copied["text"] = escape(copied["text"])
    return copied
