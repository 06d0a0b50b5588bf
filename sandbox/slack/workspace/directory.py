"""Who is in the workspace and in which conversations."""

import itertools
import time
from collections.abc import Callable
from typing import Any

from sandbox.slack.errors import SlackError
from sandbox.slack.workspace import event_payloads as events
from sandbox.slack.workspace.app import SUBSCRIPTIONS, SlackApp
from sandbox.slack.workspace.call_log import Delivery
from sandbox.slack.workspace.changes import Changes
from sandbox.slack.workspace.channel import Channel
from sandbox.slack.workspace.user import User

Json = dict[str, Any]
SLACKBOT = "USLACKBOT"


class Directory(Changes):
    """Users and conversations. Methods that name a channel raise SlackError `channel_not_found`."""

    def __init__(self, app: SlackApp | None = None) -> None:
        super().__init__()
        self.app = app or SlackApp()
        self.clock: Callable[[], float] = time.time
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages_tab, self.messages_tab_read_only = True, False  # under `app_home` in the manifest
        self.subscriptions = set(SUBSCRIPTIONS.split())
        self.tell_bot: Callable[[Json], Delivery | None] = lambda _event: None
        self._last_ts = 0
        self._ids = itertools.count(1)

    def now(self) -> float:
        """Seconds since 1970, by this world's clock."""
        return self.clock()

    def next_ts(self) -> str:
        """Return a timestamp that no message has yet."""
        with self.lock:
            self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def user(self, user: str) -> User:
        """Return a user by ID, handle or full name. Raises SlackError `user_not_found`."""
        for known in self.users.values():
            if user in {known.id, known.name, known.real_name}:
                return known
        raise SlackError("user_not_found")

    def channel(self, channel: "str | Channel") -> Channel:
        """Return a conversation by ID, `#name` or name. Raises SlackError `channel_not_found`."""
        if isinstance(channel, Channel):
            return channel
        known = self.channels.get(channel) or next(
            (c for c in self.channels.values() if c.name == channel.removeprefix("#")), None
        )
        if known is None:
            raise SlackError("channel_not_found")
        return known

    # --- users ---------------------------------------------------------------------------------

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
        """Add a guest, who is only in `channels`; `is_single` makes it a single-channel guest."""
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
        """Add a user of another organisation, and share `channels` with it (Slack Connect)."""
        user = User(user_id, real_name, name, team_id)
        with self.lock:
            for channel in map(self.channel, channels):
                self.connect(channel, team_id)
            ours = [self.app.user_id in self.channel(one).members for one in channels]
            user.is_stranger = not any(ours)
        return self._add_visitor(user, channels)

    def connect(self, channel: "str | Channel", team_id: str) -> None:
        """Share a channel with another organisation."""
        with self.lock:
            place = self.channel(channel)
            if team_id not in place.connected:
                place.connected.append(team_id)
        self.changed("channel", place.id)

    def disconnect(self, channel: "str | Channel", team_id: str) -> None:
        """Stop sharing a channel with another organisation."""
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
        """Add a channel; without `members` all members join it, and the bot too."""
        with self.lock:
            everybody = {one.id for one in self.users.values() if self.is_member(one)}
            channel = Channel(channel_id, name, int(self.now()), is_private=private)
            channel.members = everybody if members is None else set(members)
            self.channels[channel_id] = channel
        self.changed("channel", channel_id)
        return channel

    def is_member(self, user: User) -> bool:
        """Say whether `user` can open every public channel, which guests and outsiders cannot."""
        is_guest = user.is_restricted or user.is_ultra_restricted
        return not is_guest and not user.deleted and user.team_id == self.app.team_id

    def sees(self, user: str, channel: Channel) -> bool:
        """Say whether `user` can read a conversation: as a participant, or by joining a public channel."""
        known = self.users.get(user)
        is_open = channel.kind == "channel" and known is not None and self.is_member(known)
        return user in channel.members or is_open

    def deactivate(self, user: str) -> None:
        """Deactivate an account: it stays listed, leaves every channel and cannot sign in. Raises SlackError.

        https://docs.slack.dev/reference/objects/user-object#fields
        """
        with self.lock:
            self.user(user).deleted = True
            for channel in self.channels.values():
                if not channel.is_im:
                    channel.members.discard(user)
        self.changed("user", user=user)

    def direct(self, users: set[str]) -> Channel:
        """Return the direct conversation of exactly these users; open it if there is none."""
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
        """Say whether this is the app's Messages tab and only the app can write there."""
        return channel.is_im and self.app.user_id in channel.members and self.messages_tab_read_only

    def join(self, channel: "str | Channel", user: str) -> None:
        """Add a user to a channel."""
        with self.lock:
            place = self.channel(channel)
            place.members.add(user)
            self._tell(place, events.membership("member_joined_channel", place, user, self.next_ts()))
        self.changed("channel", place.id)

    def remove(self, channel: "str | Channel", user: str) -> None:
        """Take a user (the bot, for example) out of a channel. The event comes first, as at Slack."""
        with self.lock:
            place = self.channel(channel)
            self._tell(place, events.membership("member_left_channel", place, user, self.next_ts()))
            place.members.discard(user)
        self.changed("channel", place.id)

    def archive(self, channel: "str | Channel", *, undo: bool = False) -> None:
        """Archive a channel, or `undo` that."""
        with self.lock:
            place = self.channel(channel)
            place.is_archived = not undo
            kind = "channel_unarchive" if undo else "channel_archive"
            self._tell(place, events.about_channel(kind, place, SLACKBOT, self.next_ts()))
        self.changed("channel", place.id)

    def delete_channel(self, channel: "str | Channel") -> None:
        """Delete a channel with everything in it."""
        with self.lock:
            place = self.channel(channel)
            self._tell(place, events.about_channel("channel_deleted", place, SLACKBOT, self.next_ts()))
            del self.channels[place.id]
        self.changed("channel", place.id)

    def _tell(self, place: Channel, event: Json) -> None:
        if self.app.user_id in place.members and event["type"] in self.subscriptions:
            self.tell_bot(event)
