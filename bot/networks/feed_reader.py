"""A network that is read from addresses which people give: what the schedule of feeds needs of it.

An address may hold secrets (a token in its query, a private path). It is kept as given, and shown with
`shown_address` only.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.networks.base import PublicNetwork
from bot.networks.errors import Later
from bot.networks.values import Position, PostPage


class AddressError(Exception):
    """Heard cannot listen to that; the message is a sentence for the person who typed it, without secrets."""


class HostBusyLater(Later):
    """Nothing was asked, as the host is busy or wants to be left alone: no failure. `at` is always set."""


class FeedGoneLater(Later):
    """The feed's server says that it was taken away on purpose: asking again is pointless."""


@dataclass(frozen=True, slots=True)
class FeedReading:
    """One complete reading of a feed.

    `page` has the entries that the document lists, newest first, and the next `position`; no entry if nothing
    has changed. Its `has_gap` says that the document shows nothing of what was listed before. `new_ids` are
    those of its posts that the reading before did not show. `fresh_for` is how long the publisher wants
    nobody to ask again. `moved_to` is the address where the feed has been long enough to be read there from
    now on, None if it stays. `is_page`: the address is a page's, and `moved_to` the feed that it names.
    """

    page: PostPage
    new_ids: frozenset[str]
    title: str
    fresh_for: timedelta = timedelta()
    moved_to: str | None = None
    is_page: bool = False


@dataclass(frozen=True, slots=True)
class FeedChoice:
    """A feed that was found behind an address: where it is, its title (may be empty), and its format."""

    address: str
    title: str
    kind: str


@dataclass(frozen=True, slots=True)
class FeedsFound:
    """What is behind an address: the feed itself, then as it was read, or those that a page names."""

    choices: tuple[FeedChoice, ...]
    reading: FeedReading | None = None


@dataclass(frozen=True, slots=True)
class FeedPreset:
    """A site whose feed's address is made from a few words: `hint` says which."""

    name: str
    title: str
    hint: str


class FeedReader(PublicNetwork):
    """A network whose posts are the entries of feeds. Any number of threads may call it."""

    usual_interval: timedelta  # between two readings, where a track has none of its own
    reading_seconds = 30.0  # that one reading takes at most

    @classmethod
    @abstractmethod
    def read_address(cls, typed: str) -> str:
        """Return the address that somebody typed in its one spelling. Asks nobody. Raises `AddressError`."""

    @classmethod
    @abstractmethod
    def shown_address(cls, address: str) -> str:
        """Return the address for people and logs, with `…` for what may be secret."""

    @classmethod
    @abstractmethod
    def secrets_of(cls, address: str) -> list[str]:
        """Return what of the address must not be in a log, in every spelling."""

    @classmethod
    @abstractmethod
    def presets(cls) -> tuple[FeedPreset, ...]:
        """Return the sites for which `preset_address` can make an address."""

    @classmethod
    @abstractmethod
    def preset_address(cls, name: str, typed: str) -> str:
        """Return the address that the preset called `name` makes of `typed`. Raises `AddressError`."""

    @classmethod
    @abstractmethod
    def read_opml(cls, body: bytes) -> list[tuple[str, str]]:
        """Return title and address, as written there, of each feed in a list that a reader exported (OPML).

        Raises `AddressError` if it is no such list.
        """

    @abstractmethod
    def feed(
        self,
        address: str,
        after: Position,
        *,
        source: str,
        at: datetime,
        whole: bool = False,
        wait_seconds: float = 0,
    ) -> FeedReading:
        """Read the feed at `address`, at the time `at`, if its host is free within `wait_seconds`.

        `source` begins the ids of its posts, and must stay the same for ever. An empty `after` begins anew;
        `whole` has all entries listed even if nothing has changed. Raises `Later`, `HostBusyLater` and
        `FeedGoneLater`; a document that is no feed, or that lists nothing any more, is a `Later` too.
        """

    @abstractmethod
    def find_feeds(self, address: str, *, at: datetime) -> FeedsFound:
        """Return the feed at `address`, or those that the page there names; none if it names none.

        Raises `Later`.
        """

    @abstractmethod
    def look_at(self, link: str) -> str | None:
        """Look once at the page that a link of a person leads to, and return its title, None if it has none.

        Raises `Later` if it cannot be seen, `AddressError` if Heard does not read such an address.
        """
