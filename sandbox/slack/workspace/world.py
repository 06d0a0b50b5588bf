"""The workspace: everything that is true in the stand-in, behind one lock."""

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sandbox.slack.block_kit.interactive_elements import with_ids
from sandbox.slack.errors import SlackError
from sandbox.slack.faults import Faults
from sandbox.slack.people.external_select import Offers
from sandbox.slack.workspace import event_payloads
from sandbox.slack.workspace.app import SCOPES, SUBSCRIPTIONS, SlackApp
from sandbox.slack.workspace.call_log import Call, Delivery
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.file import Files
from sandbox.slack.workspace.message import Json, Message
from sandbox.slack.workspace.rate_limits import Limits
from sandbox.slack.workspace.response_urls import ResponseUrls
from sandbox.slack.workspace.trigger_ids import Triggers
from sandbox.slack.workspace.user import User
from sandbox.slack.workspace.view_stack import Views

T = TypeVar("T")

SLACKBOT = "USLACKBOT"


@dataclass(frozen=True)
class Change:
    """One change of the world: what sort, and the ids that say where."""

    kind: str
    channel: str = ""
    ts: str = ""
    user: str = ""


class SlackWorld:
    """Channels, users, messages, views and logs. Public methods take the lock themselves; hold it to read."""

    def __init__(self, app: SlackApp | None = None) -> None:
        self.app = app or SlackApp()
        self.lock = threading.RLock()
        self.clock: Callable[[], float] = time.time
        self.limits, self.faults = Limits(), Faults()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.views, self.files = Views(self.now), Files()
        self.triggers, self.response_urls = Triggers(), ResponseUrls()
        self.offers = Offers()
        self.shortcuts: dict[str, str] = {}  # what the menu says → callback_id, as the app's manifest has it
        self.escape_commands = True  # `should_escape` in the manifest
        self.messages_tab, self.messages_tab_read_only = True, False  # under `app_home` in the manifest
        self.custom_emoji = {"team-logo"}  # what the workspace added itself: a picture, and no character
        self.usergroups: dict[str, list[str]] = {}
        self.paid_plan = False
        self.scopes, self.subscriptions = set(SCOPES.split()), set(SUBSCRIPTIONS.split())
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.troubles: list[tuple[str, str]] = []  # who was shown which error of Slack's own
        self.address = ""  # where the server listens, once there is one
        self.open_socket: Callable[[], str] = str
        self.tell_bot: Callable[[Json], Delivery | None] = lambda _event: None
        self._news = threading.Condition(self.lock)
        self._watchers: list[Callable[[Change], None]] = []
        self._last_ts = self._version = 0
        self._ids = itertools.count(1)
        self._settle()

    # --- looking -------------------------------------------------------------------------------

    def now(self) -> float:
        return self.clock()

    def user(self, user: str) -> User:
        """Return a member by id, handle or full name."""
        for known in self.users.values():
            if user in {known.id, known.name, known.real_name}:
                return known
        raise SlackError("user_not_found")

    def channel(self, channel: "str | Channel") -> Channel:
        """Return a conversation by id, `#name` or name."""
        if isinstance(channel, Channel):
            return channel
        known = self.channels.get(channel) or next(
            (c for c in self.channels.values() if c.name == channel.removeprefix("#")), None
        )
        if known is None:
            raise SlackError("channel_not_found")
        return known

    def message(self, channel: str, ts: str) -> Message:
        message = self.channel(channel).find(ts)
        if message is None:
            raise SlackError("message_not_found")
        return message

    def on_change(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call back after each change, the lock held: be quick. Returns what ends it."""
        with self.lock:
            self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def changed(self, kind: str, channel: str = "", ts: str = "", user: str = "") -> None:
        """Tell all who watch or wait."""
        with self.lock:
            for watcher in list(self._watchers):
                watcher(Change(kind, channel, ts, user))
            self._version += 1
            self._news.notify_all()

    def until(self, condition: Callable[[], T], seconds: float = 5.0) -> T:
        """Wait until `condition` returns something true, and return that; else TimeoutError."""
        value = self.wait(condition, seconds)
        if not value:
            raise TimeoutError(f"not within {seconds} s: {condition}")
        return value

    def wait(self, condition: Callable[[], T], seconds: float) -> T:
        """Wait like `until`, and return the last value either way. The condition may call Slack itself."""
        deadline = time.monotonic() + seconds
        while True:
            seen = self._version
            value = condition()
            left = deadline - time.monotonic()
            if value or left <= 0:
                return value
            with self._news:  # the condition may look at more than this world, hence not for long
                self._news.wait_for(lambda: self._version != seen, min(left, 0.05))  # noqa: B023 - called here

    def trouble(self, user: str, words: str) -> None:
        """Record that somebody was shown an error of Slack's own."""
        with self.lock:
            self.troubles.append((user, words))
        self.changed("trouble", user=user)

    def install(self, manifest: Json) -> None:
        """Take scopes, events, shortcuts and switches from an app manifest, and nothing beyond it."""
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

    # --- people and places -----------------------------------------------------------------------

    def add_user(self, user_id: str, real_name: str, name: str, *, is_bot: bool = False) -> User:
        """Add a member, who joins every public channel."""
        with self.lock:
            bot_id = self.app.bot_id if user_id == self.app.user_id else None
            self.users[user_id] = User(user_id, real_name, name, self.app.team_id, is_bot, bot_id=bot_id)
            for channel in self.channels.values():
                if channel.kind == "channel":
                    channel.members.add(user_id)
        self.changed("user", user=user_id)
        return self.users[user_id]

    def add_guest(
        self, user_id: str, real_name: str, name: str, channels: set[str], *, is_single: bool = False
    ) -> User:
        """Add a guest, who is in `channels` alone: one, for a single-channel guest."""
        return self._add_visitor(
            User(
                user_id,
                real_name,
                name,
                self.app.team_id,
                is_restricted=True,
                is_ultra_restricted=is_single,
            ),
            channels,
        )

    def add_outsider(self, user_id: str, real_name: str, name: str, team_id: str, channels: set[str]) -> User:
        """Add somebody of another organisation, and so connect their `channels` with it (Slack Connect)."""
        user = User(user_id, real_name, name, team_id)
        with self.lock:
            for channel in map(self.channel, channels):
                self.connect(channel, team_id)
            ours = [self.app.user_id in self.channel(one).members for one in channels]
            user.is_stranger = not any(ours)
        return self._add_visitor(user, channels)

    def connect(self, channel: "str | Channel", team_id: str) -> None:
        """Let another organisation into a channel."""
        with self.lock:
            place = self.channel(channel)
            if team_id not in place.connected:
                place.connected.append(team_id)
        self.changed("channel", place.id)

    def disconnect(self, channel: "str | Channel", team_id: str) -> None:
        """Let another organisation out of a channel again."""
        with self.lock:
            place = self.channel(channel)
            place.connected = [one for one in place.connected if one != team_id]
        self.changed("channel", place.id)

    def _add_visitor(self, user: User, channels: set[str]) -> User:
        with self.lock:
            self.users[user.id] = user
            for channel in channels:
                self.channel(channel).members.add(user.id)
        self.changed("user", user=user.id)
        return user

    def add_channel(
        self, channel_id: str, name: str, *, private: bool = False, members: set[str] | None = None
    ) -> Channel:
        """Add a channel; without `members` everybody is in it, the bot too."""
        with self.lock:
            everybody = {one.id for one in self.users.values() if self.is_member(one)}
            channel = Channel(channel_id, name, int(self.now()), is_private=private)
            channel.members = everybody if members is None else set(members)
            self.channels[channel_id] = channel
        self.changed("channel", channel_id)
        return channel

    def is_member(self, user: User) -> bool:
        """Say whether somebody may look into every public channel: neither guests nor outsiders may."""
        is_guest = user.is_restricted or user.is_ultra_restricted
        return not is_guest and not user.deleted and user.team_id == self.app.team_id

    def sees(self, user: str, channel: Channel) -> bool:
        """Say whether somebody may read a conversation: they are in it, or could join it with one click."""
        known = self.users.get(user)
        is_open = channel.kind == "channel" and known is not None and self.is_member(known)
        return user in channel.members or is_open

    def deactivate(self, user: str) -> None:
        """Take somebody's account away: it stays known, is in no channel any more, and cannot sign in.

        https://docs.slack.dev/reference/objects/user-object#fields
        """
        with self.lock:
            self.user(user).deleted = True
            for channel in self.channels.values():
                if not channel.is_im:
                    channel.members.discard(user)
        self.changed("user", user=user)

    def direct(self, users: set[str]) -> Channel:
        """Return the direct conversation of exactly these members, opening it if there is none."""
        with self.lock:
            for channel in self.channels.values():
                if channel.kind in {"im", "mpim"} and channel.members == users:
                    return channel
            number, pair = next(self._ids), len(users) <= 2
            channel = Channel(f"{'D' if pair else 'G'}{number:010d}", f"dm-{number}", int(self.now()))
            channel.is_im, channel.is_mpim, channel.members = pair, not pair, set(users)
            self.channels[channel.id] = channel
        self.changed("channel", channel.id)
        return channel

    def is_read_only(self, channel: Channel) -> bool:
        """Say whether this is the app's own Messages tab, in which nobody but the app may write."""
        return channel.is_im and self.app.user_id in channel.members and self.messages_tab_read_only

    def join(self, channel: "str | Channel", user: str) -> None:
        with self.lock:
            place = self.channel(channel)
            place.members.add(user)
            self._tell(place, event_payloads.membership("member_joined_channel", place, user, self.next_ts()))
        self.changed("channel", place.id)

    def remove(self, channel: "str | Channel", user: str) -> None:
        """Take a member (the bot, say) out of a channel; who leaves is told by name only, as Slack does."""
        with self.lock:
            place = self.channel(channel)
            self._tell(place, event_payloads.membership("member_left_channel", place, user, self.next_ts()))
            place.members.discard(user)
        self.changed("channel", place.id)

    def archive(self, channel: "str | Channel", *, undo: bool = False) -> None:
        with self.lock:
            place = self.channel(channel)
            place.is_archived = not undo
            kind = "channel_unarchive" if undo else "channel_archive"
            self._tell(place, event_payloads.about_channel(kind, place, SLACKBOT, self.next_ts()))
        self.changed("channel", place.id)

    def delete_channel(self, channel: "str | Channel") -> None:
        with self.lock:
            place = self.channel(channel)
            self._tell(
                place, event_payloads.about_channel("channel_deleted", place, SLACKBOT, self.next_ts())
            )
            del self.channels[place.id]
        self.changed("channel", place.id)

    # --- messages --------------------------------------------------------------------------------

    def next_ts(self) -> str:
        """Return a timestamp that no message has yet."""
        with self.lock:
            self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def post(self, channel: "str | Channel", user: str, text: str, **more: Any) -> Message:  # noqa: ANN401 - Message's own fields
        """Put a message into a channel, and tell the bot if it is in there."""
        with self.lock:
            place = self.channel(channel)
            message = self._new(place, user, text, **more)
            place.messages.append(message)
            self._tell(place, event_payloads.posted(place, message))
            if f"<@{self.app.user_id}>" in text and user != self.app.user_id and not place.is_im:
                self._tell(place, event_payloads.mentioned(place, message))
        self.changed("message", place.id, message.ts, user)
        return message

    def whisper(self, channel: "str | Channel", to: str, text: str, **more: Any) -> Message:  # noqa: ANN401 - as above
        """Show a message to one person only."""
        with self.lock:
            place = self.channel(channel)
            message = self._new(place, self.app.user_id, text, ephemeral_to=to, **more)
            place.ephemerals.append(message)
        self.changed("ephemeral", place.id, message.ts, to)
        return message

    def edit(self, message: Message, **content: Any) -> Message:  # noqa: ANN401 - as above
        """Replace parts of a message, and tell the bot."""
        with self.lock:
            place = self.channel(message.channel)
            before = place.json_of(message)
            if "blocks" in content:
                content["blocks"] = with_ids(content["blocks"])
            for name, value in content.items():
                setattr(message, name, value)
            if not message.ephemeral_to:
                self._tell(place, event_payloads.changed(place, message, before, self.next_ts()))
        self.changed("message", place.id, message.ts)
        return message

    def delete(self, message: Message) -> None:
        """Remove a message; a parent with replies leaves a tombstone, as Slack's does."""
        with self.lock:
            place = self.channel(message.channel)
            if message.ephemeral_to:
                place.ephemerals.remove(message)
                message.deleted = True
            elif place.replies(message.ts):
                self._bury(message)
            else:
                self._erase(place, message)
        self.changed("message", place.id, message.ts)

    def react(self, message: Message, name: str, user: str, *, remove: bool = False) -> None:
        with self.lock:
            users = message.reactions.setdefault(name, [])
            if (user in users) is not remove:
                raise SlackError("no_reaction" if remove else "already_reacted")
            users.remove(user) if remove else users.append(user)
            if not users:
                del message.reactions[name]
            kind = "reaction_removed" if remove else "reaction_added"
            place = self.channel(message.channel)
            self._tell(place, event_payloads.reaction(kind, message, name, user, self.next_ts()))
        self.changed("message", place.id, message.ts)

    # --- inside ----------------------------------------------------------------------------------

    def _settle(self) -> None:
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

    def _bury(self, message: Message) -> None:
        stone: Json = {
            "subtype": "tombstone",
            "user": SLACKBOT,
            "bot_id": None,
            "app_id": None,
            "metadata": None,
        }
        self.edit(message, **stone, text="This message was deleted.", blocks=[], attachments=[])

    def _erase(self, place: Channel, message: Message) -> None:
        before = place.json_of(message)
        place.messages.remove(message)
        message.deleted = True
        self._tell(place, event_payloads.deleted(place, message, before, self.next_ts()))

    def _tell(self, place: Channel, event: Json) -> None:
        if self.app.user_id in place.members and event["type"] in self.subscriptions:
            self.tell_bot(event)
