"""Everything that the page shows and switches, in one hand."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.page.event_stream import Bulletin
from sandbox.page.fault_switches import Switches
from sandbox.page.gesture_log import Gestures
from sandbox.slack import SlackServer
from sandbox.x import XServer

Json = dict[str, Any]


class BotControl(Protocol):
    """The bot, seen from outside: a process that can be started, stopped and pulled out of the wall."""

    @property
    def state(self) -> str:
        """One of starting, running, stopping, stopped, died."""
        ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def restart(self, changes: dict[str, str]) -> None:
        """Stop it and start it with `changes` among its settings; returns at once."""
        ...

    def kill(self) -> None: ...

    def tail(self, lines: int) -> list[str]: ...


class Ledger(Protocol):
    """What the bot has written down, to look at only."""

    def tickets(self, limit: int) -> list[Json]: ...

    def timeline(self, ticket_id: int) -> Json | None: ...

    def mark(self) -> int:
        """A number that rises with every act."""
        ...


class Drip(Protocol):
    """Customers who speak up by themselves, now and then."""

    running: bool

    @property
    def left(self) -> int: ...

    def next(self) -> bool:
        """Let the next one speak at once; False if all have spoken."""
        ...


@dataclass(frozen=True)
class Stage:
    """Two worlds, the bot between them, its ledger, and who hears of changes."""

    slack: SlackServer
    x: XServer
    bot: BotControl
    ledger: Ledger
    drip: Drip
    bulletin: Bulletin
    tagline: str = ""
    commands: tuple[tuple[str, str], ...] = ()  # what the message box suggests, each with a word about it
    ideas: tuple[str, ...] = ()  # what the network's box suggests to say as a customer
    gestures: Gestures = field(default_factory=Gestures)
    switches: Switches = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "switches", Switches(self.slack.world, self.x.world, self.bot.restart))
