"""Everything that the page shows and controls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.bluesky import BlueskyServer
from sandbox.feeds import ForumServer
from sandbox.hackernews import HackerNewsServer
from sandbox.mastodon import MastodonServer
from sandbox.page.event_stream import EventStream
from sandbox.page.fault_switches import Switches
from sandbox.page.gesture_log import GestureLog
from sandbox.slack import SlackServer
from sandbox.x import XServer

Json = dict[str, Any]


class BotControl(Protocol):
    """The bot's process, which can be started, stopped and killed."""

    @property
    def state(self) -> str:
        """One of starting, running, stopping, stopped, died."""
        ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def restart(self, changes: dict[str, str]) -> None:
        """Restart it with `changes` to its environment variables; return at once."""
        ...

    def kill(self) -> None: ...

    def tail(self, lines: int) -> list[str]: ...


class Ledger(Protocol):
    """Read access to the bot's database."""

    def tickets(self, limit: int) -> list[Json]: ...

    def timeline(self, ticket_id: int) -> Json | None: ...

    def mark(self) -> int:
        """Return a number that grows with every act."""
        ...


class ScriptedPosts(Protocol):
    """Customers who post by themselves now and then."""

    running: bool

    @property
    def left(self) -> int: ...

    def next(self) -> bool:
        """Let the next one post now; False if all have posted."""
        ...


@dataclass(frozen=True)
class PageContext:
    """The local Slack and networks, the bot, its database, and the stream of changes to open tabs."""

    slack: SlackServer
    x: XServer
    mastodon: MastodonServer
    bluesky: BlueskyServer
    forum: ForumServer
    hackernews: HackerNewsServer
    bot: BotControl
    ledger: Ledger
    customers: ScriptedPosts
    event_stream: EventStream
    tagline: str = ""
    commands: tuple[tuple[str, str], ...] = ()  # (command, hint) pairs that the message box suggests
    ideas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # example posts, by network
    readers: list[str] = field(default_factory=list)  # of Hacker News: names that may not have written yet
    gestures: GestureLog = field(default_factory=GestureLog)
    switches: Switches = field(init=False)

    def __post_init__(self) -> None:
        switches = Switches(
            self.slack.world,
            self.x.world,
            mastodon=self.mastodon.world,
            bluesky=self.bluesky.world,
            forum=self.forum.world,
            hackernews=self.hackernews.world,
            restart=self.bot.restart,
        )
        object.__setattr__(self, "switches", switches)
