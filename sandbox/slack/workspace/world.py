"""The workspace: its users, conversations, messages, views and logs, behind one lock."""

from collections.abc import Callable
from typing import Any

from sandbox.slack.block_kit.interactive_elements import with_ids
from sandbox.slack.errors import SlackError
from sandbox.slack.faults import Faults
from sandbox.slack.workspace import event_payloads as events
from sandbox.slack.workspace.app import SCOPES, SlackApp
from sandbox.slack.workspace.call_log import Call, Delivery
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.directory import SLACKBOT, Directory
from sandbox.slack.workspace.file import Files
from sandbox.slack.workspace.message import Json, Message
from sandbox.slack.workspace.offered_options import OfferedOptions
from sandbox.slack.workspace.rate_limits import Limits
from sandbox.slack.workspace.response_urls import ResponseUrls
from sandbox.slack.workspace.trigger_ids import Triggers
from sandbox.slack.workspace.view_stack import Views


class SlackWorld(Directory):
    """The whole workspace. Public methods take `lock` themselves; hold it while you read attributes."""

    def __init__(self, app: SlackApp | None = None) -> None:
        super().__init__(app)
        self.limits, self.faults = Limits(), Faults()
        self.views, self.files = Views(self.now), Files()
        self.triggers, self.response_urls = Triggers(), ResponseUrls()
        self.offers = OfferedOptions()
        self.shortcuts: dict[str, str] = {}  # name in the menu → callback_id, from the manifest
        self.escape_commands = True  # `should_escape` in the manifest
        self.custom_emoji = {"team-logo"}  # the workspace's own emoji, which have no character
        self.usergroups: dict[str, list[str]] = {}
        self.paid_plan = False
        self.scopes = set(SCOPES.split())
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.troubles: list[tuple[str, str]] = []  # (user, error of Slack's own that they were shown)
        self.address = ""  # the server's, once it listens
        self.open_socket: Callable[[], str] = str
        self._add_initial_members()

    def message(self, channel: str, ts: str) -> Message:
        """Return a message. Raises SlackError `channel_not_found` or `message_not_found`."""
        message = self.channel(channel).find(ts)
        if message is None:
            raise SlackError("message_not_found")
        return message

    def trouble(self, user: str, error: str) -> None:
        """Record that `user` was shown an error of Slack's own."""
        with self.lock:
            self.troubles.append((user, error))
        self.changed("trouble", user=user)

    def install(self, manifest: Json) -> None:
        """Replace scopes, events, shortcuts and switches with those of an app manifest. Raises KeyError."""
        features, settings = manifest["features"], manifest["settings"]
        home = features.get("app_home", {})
        with self.lock:
            self.scopes = set(manifest["oauth_config"]["scopes"]["bot"])
            self.subscriptions = {
                name.split(".")[0] for name in settings.get("event_subscriptions", {}).get("bot_events", [])
            }
            self.shortcuts = {one["name"]: one["callback_id"] for one in features.get("shortcuts", [])}
            self.escape_commands = any(one.get("should_escape") for one in features.get("slash_commands", []))
            self.messages_tab = bool(home.get("messages_tab_enabled"))
            self.messages_tab_read_only = bool(home.get("messages_tab_read_only_enabled"))

    # --- messages --------------------------------------------------------------------------------

    def post(self, channel: "str | Channel", user: str, text: str, **more: Any) -> Message:  # noqa: ANN401 - Message's own fields
        """Post a message, and send the bot an event if it is in the channel."""
        with self.lock:
            place = self.channel(channel)
            message = self._new(place, user, text, **more)
            place.messages.append(message)
            self._tell(place, events.posted(place, message))
            if f"<@{self.app.user_id}>" in text and user != self.app.user_id and not place.is_im:
                self._tell(place, events.mentioned(place, message))
        self.changed("message", place.id, message.ts, user)
        return message

    def whisper(self, channel: "str | Channel", to: str, text: str, **more: Any) -> Message:  # noqa: ANN401 - as above
        """Show a message to one user only (ephemeral)."""
        with self.lock:
            place = self.channel(channel)
            message = self._new(place, self.app.user_id, text, ephemeral_to=to, **more)
            place.ephemerals.append(message)
        self.changed("ephemeral", place.id, message.ts, to)
        return message

    def edit(self, message: Message, **content: Any) -> Message:  # noqa: ANN401 - as above
        """Replace fields of a message, and send the bot an event."""
        with self.lock:
            place = self.channel(message.channel)
            before = place.json_of(message)
            if "blocks" in content:
                content["blocks"] = with_ids(content["blocks"])
            for name, value in content.items():
                setattr(message, name, value)
            if not message.ephemeral_to:
                self._tell(place, events.changed(place, message, before, self.next_ts()))
        self.changed("message", place.id, message.ts)
        return message

    def delete(self, message: Message) -> None:
        """Remove a message. A parent with replies becomes a tombstone, as at Slack."""
        with self.lock:
            place = self.channel(message.channel)
            if message.ephemeral_to:
                place.ephemerals.remove(message)
                message.deleted = True
            elif place.replies(message.ts):
                self._leave_tombstone(message)
            else:
                self._erase(place, message)
        self.changed("message", place.id, message.ts)

    def react(self, message: Message, name: str, user: str, *, remove: bool = False) -> None:
        """Add a reaction, or `remove` it. Raises SlackError `already_reacted` or `no_reaction`."""
        with self.lock:
            users = message.reactions.setdefault(name, [])
            if (user in users) is not remove:
                raise SlackError("no_reaction" if remove else "already_reacted")
            users.remove(user) if remove else users.append(user)
            if not users:
                del message.reactions[name]
            kind = "reaction_removed" if remove else "reaction_added"
            place = self.channel(message.channel)
            self._tell(place, events.reaction(kind, message, name, user, self.next_ts()))
        self.changed("message", place.id, message.ts)

    # --- inside ----------------------------------------------------------------------------------

    def _add_initial_members(self) -> None:
        self.add_user(self.app.user_id, self.app.title, self.app.user_name, is_bot=True)
        self.add_user("U0ANA", "Ana Lima", "ana")
        self.add_user("U0BEN", "Ben Ode", "ben")
        self.add_channel("C0MENTIONS", "mentions")

    def _new(self, place: Channel, user: str, text: str, **more: Any) -> Message:  # noqa: ANN401 - as above
        team = self.users[user].team_id if user in self.users else self.app.team_id
        message = Message(place.id, self.next_ts(), user, text, team=team, **more)
        message.blocks = with_ids(message.blocks)
        if user == self.app.user_id:
            message.bot_id, message.app_id = self.app.bot_id, self.app.app_id
        return message

    def _leave_tombstone(self, message: Message) -> None:
        tombstone: Json = {
            "subtype": "tombstone",
            "user": SLACKBOT,
            "bot_id": None,
            "app_id": None,
            "metadata": None,
        }
        self.edit(message, **tombstone, text="This message was deleted.", blocks=[], attachments=[])

    def _erase(self, place: Channel, message: Message) -> None:
        before = place.json_of(message)
        place.messages.remove(message)
        message.deleted = True
        self._tell(place, events.deleted(place, message, before, self.next_ts()))
