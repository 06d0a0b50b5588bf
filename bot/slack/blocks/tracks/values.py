"""What the buttons and the modal of tracks carry, see `bot/slack/blocks/values.py`. Pure."""

from dataclasses import dataclass

from bot.slack.blocks.values import ModalValue, Value


@dataclass(frozen=True, slots=True)
class TrackValue(Value):
    """A track in the list of them, and the page on which it is listed."""

    track: int
    page: int = 0


@dataclass(frozen=True, slots=True)
class NewTrackValue(Value):
    """The words with which the modal for a new track begins; empty: those are for the reader to type."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class TrackModalValue(ModalValue):
    """The modal in which a track is added or edited.

    `track`, `revision` and `network` are of the one that is edited, as its reader saw it. `url` is Slack's
    address for answers: of the command, or of the list that `page` is a page of. `channel` is where they
    asked. `tried` is the digest of what *Try it* has told the price of.
    """

    key: str
    track: int | None = None
    revision: int | None = None
    network: str | None = None
    channel: str | None = None
    url: str | None = None
    page: int = 0
    tried: str = ""


@dataclass(frozen=True, slots=True)
class FeedModalValue(ModalValue):
    """The modal in which a feed's track is added or edited; the fields are those of `TrackModalValue`.

    `network` is the one that reads feeds.
    """

    key: str
    network: str
    track: int | None = None
    revision: int | None = None
    channel: str | None = None
    url: str | None = None
    page: int = 0
