"""All that the card of a group of tickets shows, and what its modals list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from models import GroupClosing, TicketGroup
from models.slack.ticket_group import GroupKind
from models.sources.handles import write_handle
from models.tickets.state import TicketState

ROWS_SHOWN_MAX = 5  # tickets whose words stand on the card
NAMES_SHOWN_MAX = 10  # people who posted the same words
UNDO_BUTTONS_MAX = 3
LISTED_MAX = 100  # tickets that a menu offers (Slack's limit for options) and that *Close all* lists
ROWS_PER_PAGE = 15  # of *Show all*


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One ticket of a group. `words` is what the author wrote; all texts are unescaped."""

    ticket_id: int
    name: str | None
    handle: str | None
    profile: str  # the address of their profile; empty if there is none
    words: str
    url: str
    posted_at: datetime
    matched: str
    network_title: str
    state: str = TicketState.WAITING
    why_first: str = ""  # the reasons of its priority, mrkdwn
    composer: str | None = None  # the Slack id of who is writing a reply
    network: str | None = None

    @property
    def at_handle(self) -> str:
        """Their handle as people write it there; `handle` must be set."""
        return write_handle(self.handle or "", self.network)

    @property
    def label(self) -> str:
        """Who wrote it."""
        handle = self.at_handle if self.handle else ""
        return " ".join(part for part in (self.name or "", handle) if part) or "Somebody"


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group and its tickets: how many there are by state, and the first of those that wait."""

    group: TicketGroup
    counts: Mapping[str, int]
    rows: tuple[GroupRow, ...]
    title: str  # of the networks, as people read them
    closings: tuple[GroupClosing, ...] = ()  # each *Close all* that can be undone, the newest first
    answers_us: bool = False  # each of them answers a post of ours

    @property
    def total(self) -> int:
        """All tickets that are still in the group."""
        return sum(self.counts.values())

    @property
    def waiting(self) -> int:
        """Those that wait."""
        return self.counts.get(TicketState.WAITING, 0)

    @property
    def muted(self) -> int:
        """Those that nobody wants to see a card of."""
        return self.counts.get(TicketState.MUTED, 0)

    @property
    def left(self) -> int:
        """Those that left it for a card of their own."""
        return max(self.group.joined - self.total, 0)

    @property
    def kind(self) -> GroupKind:
        """Why they share a card."""
        return GroupKind(self.group.kind)
