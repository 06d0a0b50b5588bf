"""What the buttons and the dialog of mutes carry, see `bot/slack/blocks/values.py`. Pure."""

from dataclasses import dataclass

from bot.slack.blocks.values import ModalValue, Value

IN_TRACKS, IN_MUTES = "tracks", "mutes"  # the lists in which a mute stands


@dataclass(frozen=True, slots=True)
class MuteValue(Value):
    """What is to be muted: the conversation or the author of a `ticket`, an `author`, or `words`."""

    kind: str
    ticket: int | None = None
    author: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class MuteModalValue(ModalValue):
    """The dialog about it. `channel` is where they asked, `url` Slack's address for answers there.

    `shown` is the digest of the words whose effect its reader has seen.
    """

    key: str
    kind: str
    ticket: int | None = None
    author: int | None = None
    channel: str | None = None
    url: str | None = None
    shown: str = ""


@dataclass(frozen=True, slots=True)
class UnmuteValue(Value):
    """A mute, and the list and page on which it stands."""

    mute: int
    page: int = 0
    place: str = IN_TRACKS


@dataclass(frozen=True, slots=True)
class MutedPageValue(Value):
    """A page of what was muted, from 0: by one `mute`, or by all."""

    page: int = 0
    mute: int | None = None


@dataclass(frozen=True, slots=True)
class ShowMutedValue(Value):
    """A muted ticket, and the page of which list it stands on."""

    ticket: int
    page: int = 0
    mute: int | None = None


@dataclass(frozen=True, slots=True)
class LeaveOutValue(Value):
    """Something more that a track could leave out: `words` or a `handle`, as proposed for a `ticket`.

    `revision` is that of the track for which it was proposed.
    """

    track: int
    revision: int
    ticket: int
    words: str = ""
    handle: str = ""
