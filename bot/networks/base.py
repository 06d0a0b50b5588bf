"""What every network is to Heard: the classes `Reader`, `Publisher` and `Links`.

A network's own dicts, clients and quirks stay in its own file. What crosses into the rest of Heard are the
frozen values of `values.py`; what fails is one of `Refused`, `Later` and `Unsure`, in `errors.py`. A new
network subclasses `Network`, and `Publisher` too if Heard may post there, and overrides what it can do; every
default says "not supported". How its file is found and set up: `bot/networks/registry.py`.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from bot.networks.answerable import Answerable, ReplyAllowed, ReplyByHandOnly
from bot.networks.charges import NO_PRICES, ChargeLog, Price
from bot.networks.errors import Later, Refused, SearchRefusedError, StreamNotOffered, Unsure
from bot.networks.pictures import PictureSender, UploadedPicture
from bot.networks.streams import StreamEvent, StreamWish
from bot.networks.values import (
    Absence,
    AccountIdentity,
    AuthorProfile,
    Position,
    Post,
    PostPage,
    PublishedReply,
    RateLimitStatus,
    ReadKind,
    RepeatRule,
    ReplyTarget,
    SearchRequest,
    Visibility,
)
from models.sources.no_account import NO_ACCOUNT_ID

NO_CONTEXTS: Mapping[str, str] = {}


class Reader:
    """What Heard can read on a network. Reading calls raise `Later` and nothing else.

    A call that reads as somebody names the account that it is for, as `account_id`, and raises `WrongAccount`
    without calling the network if the credentials that it would use belong to another one. Nothing here
    sleeps or reads a clock.
    """

    index_delay = timedelta(minutes=15)  # by how much posts may be listed late: readings overlap by it
    search_delay = timedelta(minutes=1)  # how old a post may be before a search finds it
    search_window: timedelta | None = None  # how far back a search reaches; None: as far as it is asked to
    profile_lifetime = timedelta(hours=24)  # how long a profile is shown without asking for it again
    posts_per_refresh = 20  # posts that one call of `refresh` may ask for
    posts_per_search_page = 100  # posts that one page of `search` has at most
    prices: Mapping[str, Price] = NO_PRICES  # what is billed, by kind of charge

    @property
    def charges(self) -> ChargeLog:
        """What calls were billed and is not in the ledger yet."""
        log: ChargeLog = self.__dict__.setdefault("_charges", ChargeLog())
        return log

    def note_charge(self, account_id: str, kind: str, ids: Sequence[str] = ()) -> None:
        """Note that a call of that account was billed: for the resources `ids`, or for itself.

        Whoever records the call's answer records that, too. A kind without a price is not billed.
        """
        if (price := self.prices.get(kind)) is not None:
            self.charges.add(account_id, kind, price, ids)

    def usd_of(self, kind: str) -> float | None:
        """Return what one unit of that kind of charge costs; None if it is not billed."""
        price = self.prices.get(kind)
        return None if price is None else float(price.usd)

    def position_at(self, moment: datetime) -> Position:
        """Return the position of a reading that begins at `moment` (UTC)."""
        return Position(moment.isoformat())

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """Yield what was said to us after `after` (with the network's own overlap), newest page first.

        Raises `Later`, as here, where the network has no such call.
        """
        raise Later(None, "forbidden", "Heard cannot read mentions there.")

    def search(
        self, query: str, after: Position, *, account_id: str, before: Position | None = None
    ) -> Iterator[PostPage]:
        """Yield what was said anywhere after `after` that matches `query`, newest page first.

        `before` is the other end: the `lowest` of a page, which the search does not reach. Raises `Later`.
        """
        raise Later(None, "forbidden", "Heard cannot search there.")

    @classmethod
    def search_text(cls, wanted: Sequence[SearchRequest]) -> str:
        """Return the `query` of `search` and `count_matches` that finds what any of `wanted` asks for.

        It may find more, as a network's search has its own idea of a word: what matches is decided by Heard.
        Raises `SearchRefusedError` if the network cannot search for that, or not for so much at once.
        """
        del wanted
        raise SearchRefusedError("Heard cannot search there.")

    def count_matches(self, query: str, since: datetime, *, account_id: str) -> int | None:
        """Return how many posts since `since` (UTC) the network says match `query`, without reading them.

        None if the network has no such call. Raises `Later`.
        """
        return None

    def own_posts(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """Yield what our account posted after `after`, by whatever means, newest page first.

        Raises `Later`, as here, where the network has no such call.
        """
        raise Later(None, "forbidden", "Heard cannot read our own posts there.")

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """Return the profiles of `ids`, in as few calls as the network allows; who is gone is left out."""
        return ()

    def refresh(
        self, ids: Sequence[str], *, account_id: str, contexts: Mapping[str, str] = NO_CONTEXTS
    ) -> tuple[PostPage, Mapping[str, Absence]]:
        """Return the posts `ids` as that account sees them now, and which of them are not there, and how.

        An id that is in neither was not answered for: it says nothing, as a failed call does. A newer version
        of a post that was asked for is that post. `contexts` has the `reply_context` of each id that the
        ledger has one for.
        """
        return PostPage(()), {}

    def later_parts(self, of: ReplyTarget, *, account_id: str) -> PostPage:
        """Return the further parts of a thread that the author of the post `of` began with it.

        As far as one call shows them: they may call nobody, and then no list of mentions has them.
        """
        return PostPage(())

    @property
    def stream_address(self) -> str | None:
        """Where the account's live stream is, without secrets; None if there is none. Asks nobody."""
        return None

    def stream(
        self, wish: StreamWish, *, account_id: str, stop: threading.Event
    ) -> Generator[StreamEvent, None, None]:
        """Hold a live stream open and yield what it says; end within a second after `stop` is set.

        The first event comes once the stream is open, then at least one every ten seconds. Raises `Later` if
        it cannot be opened, ends, or lies dead: not a byte for longer than the network's own file says, with
        its source. `StreamNotOffered` if that server has none. A stream is never the only source: see
        `bot/networks/streams.py`.
        """
        raise StreamNotOffered("Heard knows no stream there.")

    def describe_stream(self, wish: StreamWish) -> str | None:
        """Return what `stream` does for `wish`, a sentence about the network; None: nothing special."""
        del wish
        return None

    def rate_limit_status(self, reading: ReadKind) -> RateLimitStatus | None:
        """Return what is left of the rate limit on such calls; None if the network never said."""
        return None


class Publisher(PictureSender, ABC):
    """What Heard can post on a network, and how it finds out what became of it.

    Every call names the account that it is for, as `Reader` does, and is never retried in here.
    """

    def freeze(
        self,
        text: str,
        to: ReplyTarget,
        key: str,
        *,
        at: datetime,
        account_id: str,
        pictures: Sequence[UploadedPicture] = (),
    ) -> str:
        """Return the whole request that `publish` will send, in the network's own form; empty: it needs none.

        The ledger keeps it before the first call, so that every call for this reply says and shows exactly
        the same. It may read what the reply needs, and see if it would be refused. Raises `Refused`, `Later`.
        """
        del text, to, key, at, account_id, pictures
        return ""

    @abstractmethod
    def publish(
        self, text: str, to: ReplyTarget, key: str, *, account_id: str, frozen: str = ""
    ) -> PublishedReply:
        """Post `text` under `to`, once, seen by no more people than `to` is.

        `key` is stable over tries, for networks that honour one; `frozen` is what `freeze` returned. Raises
        `Refused`, `Later` and `Unsure`.
        """

    def repeat_rule(self, *, account_id: str) -> RepeatRule | None:
        """Return when a reply that may be public may be sent once more; None: never by itself."""
        del account_id
        return None

    def repeat(self, to: ReplyTarget, key: str, *, account_id: str, frozen: str) -> PublishedReply:
        """Send exactly `frozen` once more, so that the network cannot make two posts of it.

        Called at most once a reply, within its `repeat_rule`. Raises `Refused`, `Later` and `Unsure`, after
        all of which the reply may still be public.
        """
        raise Unsure("Heard sends nothing twice there.")

    @abstractmethod
    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str, frozen: str = ""
    ) -> PublishedReply | None:
        """Return our own reply under `to`, if there is one: the same words, or any if `text` is None.

        `frozen` is what `freeze` returned, if there was a call. None counts as a look that found nothing.
        Raises `Later` if it could not look.
        """

    def delete(self, post_id: str, *, account_id: str) -> None:
        """Delete our own post. One that is gone already is fine: the call may be repeated.

        Raises `Later`: it is still there, or only a person can mend what is in the way. `Refused`: the
        network will not do it, for the post is not ours. `Unsure`: nobody knows, so repeat it.
        """
        raise Refused("invalid", "Heard cannot delete posts there.")


class Links(ABC):
    """Where a person finds a post, a profile and the page to reply by hand, and what fits into a post."""

    max_length = 10_000  # in the network's own counting, see `length`
    handle_sign = "@"  # what people write in front of a handle there

    @abstractmethod
    def post_link(self, post_id: str, handle: str | None) -> str:
        """Return the public address of a post."""

    def profile_link(self, handle: str) -> str:
        """Return the public address of somebody's profile, empty if there is none."""
        return ""

    def post_id_at(self, address: str) -> str | None:
        """Return the id of the post at that address of the network; None if it is no post's.

        Where Heard cannot see our own posts, people give the link of what they posted by hand, and the post
        is looked at with `refresh`.
        """
        del address
        return None

    def thread_title(self, reply_context: str) -> str | None:
        """Return what a post is a part of, from its `Post.reply_context`, such as the story of a comment."""
        del reply_context
        return None

    def reply_link(self, post_id: str, text: str) -> str:
        """Return an address where a person can post `text` under the post by hand."""
        return self.post_link(post_id, None)

    def reply_page(self, post_id: str, text: str, *, url: str, context: str) -> str:
        """Return the same for a post with that `url` and `reply_context`; empty if there is no such page."""
        del url, context
        return self.reply_link(post_id, text)

    def reply_visibility(self, to: ReplyTarget) -> Visibility:
        """Return who can see a reply to `to`: whoever sees the post, or fewer people."""
        return to.visibility

    def reply_prefix(self, to: ReplyTarget) -> str:
        """Return what the network needs in front of the words of a reply to `to`, such as its handle.

        `publish` puts it there by itself; the composer shows and counts it.
        """
        del to
        return ""

    def length(self, text: str, to: ReplyTarget | None = None) -> int:
        """Return how long the network counts `text`; if its rules disagree, by the one that counts less.

        As a reply to `to`, with all that the network counts besides the words.
        """
        return len((self.reply_prefix(to) if to is not None else "") + text)

    def why_too_long(self, text: str, to: ReplyTarget | None = None) -> str | None:
        """Return a sentence if `text` fits `max_length` but breaks another limit of the network's."""
        del text, to
        return None

    def length_upper_bound(self, text: str, to: ReplyTarget | None = None) -> int:
        """Return the same by the rule that counts more: up to `max_length` the text certainly fits."""
        return self.length(text, to)


class Network(Reader, Links):
    """One network, as one account sees it. It is a `Publisher` too where Heard may post.

    Other credentials may be put in place at any time. A network is asked whom they belong to once when they
    change, not with every call.
    """

    name: str  # how the ledger knows it
    title: str  # how people know it
    connection: str = ""  # whose credentials: empty, the environment's; else the id of their row
    preset_rank = 1  # where one of several networks is to be chosen, the lowest is preset
    stored_account_id: str | None = None  # the account that those are for, as the ledger says
    seen_account_id: str | None = None  # the account that `account` named last
    has_credentials: bool = True  # False: nobody has connected an account yet, so every call raises `Later`
    needs_account: bool = True  # False: nobody signs in there; see `PublicNetwork`

    @abstractmethod
    def account(self) -> AccountIdentity:
        """Return who we are there; asked once, then remembered as long as the credentials stay the same.

        Raises `Later`.
        """

    def check_account(self) -> AccountIdentity:
        """Ask the network anew who we are, for a person who wants to know whether the credentials work.

        Raises `Later`.
        """
        return self.account()

    def expected_account_id(self) -> str | None:
        """Return whose account it probably is, without any call; None if that is not known yet."""
        return self.stored_account_id or self.seen_account_id

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Return whether the API will let us answer `post`, as far as one can know without trying."""
        del author
        if isinstance(self, Publisher):
            if post.no_reply_because is not None:
                return ReplyByHandOnly(post.no_reply_because)
            return ReplyAllowed()
        return ReplyByHandOnly(
            f"Heard does not post on {self.title}, so someone has to post the reply by hand."
        )

    def how_to_connect(self) -> str:
        """Return how somebody connects another account ("that account"), with settings named in `…`."""
        return "To connect it, set that account's credentials and restart Heard."

    def advice(self) -> tuple[str, ...]:
        """Return what somebody who sets this account up should know and no call finds out, as sentences."""
        return ()


class PublicNetwork(Network):
    """A network that anybody may read, where Heard has no account: it is there as soon as its file is.

    No call is made before a track needs it. Tracks have no account (`Track.account_id` is None); what the
    ledger keeps per account (cursors, tickets, alarms) names `NO_ACCOUNT_ID`. No row of `accounts` has that
    id, so nobody is offered it, asked to connect it or told that it is missing. It is no `Publisher`.
    """

    needs_account = False

    def account(self) -> AccountIdentity:
        """Return what stands for the account that Heard does not have there: `NO_ACCOUNT_ID`, no handle."""
        return AccountIdentity(self.name, NO_ACCOUNT_ID, "", self.title)

    def expected_account_id(self) -> str:
        """Return `NO_ACCOUNT_ID`."""
        return NO_ACCOUNT_ID

    def how_to_connect(self) -> str:
        """Return that there is nothing to connect."""
        return f"{self.title} needs no account."


ReadCall = Literal["mentions", "search", "own_posts", "people", "refresh", "stream", "feed"]


def supports(network: Reader | type[Reader], call: ReadCall) -> bool:
    """Return whether the network's own file has that reading call."""
    kind = network if isinstance(network, type) else type(network)
    return getattr(kind, call, None) is not getattr(Reader, call, None)
