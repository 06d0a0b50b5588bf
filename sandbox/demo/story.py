"""The demo's story: who takes part and what they say, read from the TOML files in `data/`."""

import tomllib
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from sandbox.x import Media

DATA = Path(__file__).with_name("data")
CHANNEL = "C0MENTIONS"  # where the bot posts its cards
PRIVATE_CHANNEL = "C0PRIVATE"  # where mentions that are not public may go


class Entry(BaseModel):
    """One table of a file. A key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Text = Annotated[str, StringConstraints(min_length=1)]
Handle = Annotated[str, StringConstraints(pattern=r"^\w[\w.@-]{0,60}$")]  # of any network
Network = Literal["x", "mastodon", "bluesky", "forum"]


class Brand(Entry):
    """The accounts that the team answers for: `handle` on X and on `mastodon_server`, another on Bluesky."""

    handle: Handle
    mastodon_server: Text
    bluesky_handle: Handle
    forum: Text  # where people talk about the brand and others like it; it has feeds
    name: Text
    tagline: Text


class Customer(Entry):
    """A user of a network. On Mastodon a handle without a server is one of the brand's own server."""

    handle: Handle
    name: Text
    followers: NonNegativeInt
    verified: bool = False
    network: Network = "x"


class People(Entry):
    """`people.toml`. `team` maps the names that the other files use to Slack user IDs."""

    brand: Brand
    team: dict[str, str]
    customers: tuple[Customer, ...]

    def customer(self, handle: str) -> Customer:
        """Return the customer with this handle. Raises StopIteration if there is none."""
        return next(one for one in self.customers if one.handle == handle)


def _people(info: ValidationInfo) -> People:
    assert isinstance(info.context, People)
    return info.context


def _slack_id(name: str, info: ValidationInfo) -> str:
    team = _people(info).team
    if name not in team:
        raise ValueError(f"{name!r} is not one of the team: {', '.join(team)}")
    return team[name]


def _known(handle: str, info: ValidationInfo) -> str:
    if all(one.handle != handle for one in _people(info).customers):
        raise ValueError(f"{handle!r} is no customer of people.toml")
    return handle


# A name of the team in the file, a Slack user ID once read.
Member = Annotated[str, AfterValidator(_slack_id)]
Author = Annotated[str, AfterValidator(_known)]


class ThreadNote(Entry):
    """What a teammate wrote in a card's thread, `minutes` after the card."""

    by: Member
    minutes: PositiveFloat
    text: Text


class PastMention(Entry):
    """One mention and what became of it. `ago` counts back from now, `minutes` from the post."""

    ago: timedelta
    author: Author
    text: Text
    ending: Literal["answered", "no reply needed", "not about us", "waiting"] = "waiting"
    by: Member = ""
    minutes: PositiveFloat = 0
    reply: str = ""
    reason: str = ""
    claimed_by: Member = ""
    issue: str = ""
    by_name_only: bool = False  # names the brand without its handle: X's API then takes no reply
    follow_up: str = ""  # what the same author posts later in the same conversation
    follow_up_ago: timedelta = timedelta()
    media: tuple[Media, ...] = ()
    warning: str = ""  # a content warning, on Mastodon
    thread: tuple[ThreadNote, ...] = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {"answered": "reply", "no reply needed": "reason"}.get(self.ending)
        if self.ending != "waiting" and not (self.by and self.minutes):
            raise ValueError(f"{self.ending!r} needs `by` and `minutes`")
        if needed and not getattr(self, needed):
            raise ValueError(f"{self.ending!r} needs a `{needed}`")
        if self.issue and not (self.by or self.claimed_by):
            raise ValueError("an `issue` needs the teammate who added it: `by` or `claimed_by`")
        if self.follow_up and self.ending != "answered":
            raise ValueError("a `follow_up` needs a reply to follow")
        return self


class ForumComment(Entry):
    """A comment below a topic of the forum."""

    author: Author
    text: Text


class FreshPost(Entry):
    """A post from shortly before the demo starts. `title` and `comments` are of the forum."""

    ago: timedelta
    author: Author
    text: Text
    media: tuple[Media, ...] = ()
    poll: tuple[str, ...] = ()
    warning: str = ""
    title: str = ""
    comments: tuple[ForumComment, ...] = ()


class AuthorNote(Entry):
    """A note about an author, for the team alone."""

    ago: timedelta
    by: Member
    author: Author
    text: Text


class Fix(Entry):
    """The moment an issue was marked as fixed."""

    ago: timedelta
    by: Member
    issue: Text


class ChannelPost(Entry):
    """What a teammate said in another channel."""

    minutes_ago: NonNegativeInt
    channel: Text
    by: Member
    text: Text


class OtherNetworks(Entry):
    """`other_networks.toml`: what happened on Mastodon and Bluesky before the demo starts."""

    mentions: tuple[PastMention, ...]
    fresh: tuple[FreshPost, ...]


class ForumTalk(Entry):
    """`forum.toml`: the topics of the forum before the demo starts."""

    fresh: tuple[FreshPost, ...]


class TwoWeeks(Entry):
    """`two_weeks.toml`: everything that happened before the demo starts."""

    mentions: tuple[PastMention, ...]
    notes: tuple[AuthorNote, ...]
    fixes: tuple[Fix, ...]
    fresh: tuple[FreshPost, ...]
    small_talk: tuple[ChannelPost, ...]

    @model_validator(mode="after")
    def _fixes_what_was_reported(self) -> Self:
        reported = {one.issue for one in self.mentions}
        unknown = [one.issue for one in self.fixes if one.issue not in reported]
        if unknown:
            raise ValueError(f"fixed, but reported by nobody: {unknown}")
        return self


class NewCustomer(Customer):
    """A customer who has not spoken yet, and what they will post."""

    text: Text
    warning: str = ""
    title: str = ""  # of a topic, on the forum


class NewCustomers(Entry):
    """`new_customers.toml`, in the order in which they post."""

    posts: tuple[NewCustomer, ...]


class Command(Entry):
    """A command that the message box completes, with a hint of what it does."""

    command: Text
    hint: Text


class Suggestions(Entry):
    """`suggestions.toml`: what the page offers to type."""

    ideas: dict[Network | Literal["hackernews"], Annotated[tuple[Text, ...], Field(min_length=1)]]
    commands: tuple[Command, ...]


class Story(Entry):
    """The six files together."""

    people: People
    two_weeks: TwoWeeks
    other_networks: OtherNetworks
    forum: ForumTalk
    new_customers: NewCustomers
    suggestions: Suggestions


@cache
def load_story(folder: Path = DATA) -> Story:
    """Read and check the story in `folder`; read once per folder.

    Raises `OSError` if a file is missing, `tomllib.TOMLDecodeError` if one is not TOML, and
    `pydantic.ValidationError` if an entry is incomplete or names somebody who is not in `people.toml`.
    """
    people = _read(People, folder / "people.toml", None)
    return Story(
        people=people,
        two_weeks=_read(TwoWeeks, folder / "two_weeks.toml", people),
        other_networks=_read(OtherNetworks, folder / "other_networks.toml", people),
        forum=_read(ForumTalk, folder / "forum.toml", people),
        new_customers=_read(NewCustomers, folder / "new_customers.toml", people),
        suggestions=_read(Suggestions, folder / "suggestions.toml", people),
    )


Table = TypeVar("Table", bound=Entry)


def _read(kind: type[Table], path: Path, people: People | None) -> Table:
    given: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return kind.model_validate(given, context=people)
