"""Bluesky as one account sees it, through its HTTP API. Facts: https://docs.bsky.app/docs/category/http-reference.

What lists posts is in `listings`, what writes them in `publishing`.
"""

import threading
from collections.abc import Generator, Mapping, Sequence
from datetime import timedelta

from bot.networks import thread_parts
from bot.networks.answerable import Answerable, ReplyAllowed, ReplyImpossible
from bot.networks.base import NO_CONTEXTS, Network
from bot.networks.bluesky import parsing, reply_record, streaming, uris
from bot.networks.bluesky.caller import NETWORK_NAME, Caller
from bot.networks.bluesky.listings import VIEWS_PER_CALL
from bot.networks.bluesky.password_tokens import PasswordTokens
from bot.networks.bluesky.publishing import RecordPublisher
from bot.networks.bluesky.session import SessionApi, is_app_password
from bot.networks.bluesky.settings import OFFICIAL_URL, BlueskySettings
from bot.networks.bluesky.streaming import NotificationWatch, PostStream
from bot.networks.errors import Later, RequestRejected
from bot.networks.graphemes import count_graphemes
from bot.networks.http_client import CallLimits
from bot.networks.json_values import get_object, get_objects
from bot.networks.oauth2 import TokenSource
from bot.networks.streams import StreamEvent, StreamWish
from bot.networks.values import (
    Absence,
    AccountIdentity,
    AuthorProfile,
    Post,
    PostPage,
    RateLimitStatus,
    ReadKind,
    ReplyTarget,
)

_PROFILES_PER_CALL = 25  # https://docs.bsky.app/docs/api/app-bsky-actor-get-profiles
_CLOCK_TOLERANCE_SECONDS = 30.0
THREAD_DEPTH = 10  # parts of a customer's thread that are read


class BlueskyNetwork(RecordPublisher, Network):
    """Bluesky as one account. Safe to share between threads."""

    name = NETWORK_NAME
    title = "Bluesky"
    max_length = reply_record.TEXT_MAX_GRAPHEMES
    profile_lifetime = timedelta(hours=24)
    posts_per_refresh = VIEWS_PER_CALL

    def __init__(
        self,
        settings: BlueskySettings,
        limits: CallLimits | None = None,
        *,
        api: SessionApi | None = None,
        tokens: TokenSource | None = None,
    ) -> None:
        """Sign in with handle and password of `settings`, or with `tokens`, renewed by `api`.

        Nothing is called yet. Raises `ValueError` if there are neither.
        """
        self._settings = settings
        self._api = api or SessionApi(settings.url, limits or CallLimits())
        if tokens is None:
            if settings.app_password is None or not settings.handle:
                raise ValueError(settings.problem or "BLUESKY_HANDLE and BLUESKY_APP_PASSWORD not set")
            tokens = PasswordTokens(self._api, self.name, settings.identifier, settings.app_password)
        self._tokens = tokens
        silence = streaming.PUBLIC_SILENCE_MAX_SECONDS if settings.url == OFFICIAL_URL else None
        url = settings.jetstream_url
        self._posts = PostStream(url, silent_after_seconds=silence) if url else None
        super().__init__(Caller(self._api, tokens))

    def account(self) -> AccountIdentity:
        """Return who we are: the DID, and the handle as of the newest session. Raises `Later`."""
        found = self._caller.account()
        self.seen_account_id = found.id
        return found

    def check_account(self) -> AccountIdentity:
        """Return who our server says that we are now. Raises `Later`."""
        found = self.account()
        self._caller.query("com.atproto.server.getSession", {}, found.id)
        return found

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """Return the profiles of the DIDs `ids`; who is gone or deactivated is left out. Raises `Later`."""
        found, known = list[AuthorProfile](), [each for each in dict.fromkeys(ids) if uris.is_did(each)]
        for start in range(0, len(known), _PROFILES_PER_CALL):
            some = known[start : start + _PROFILES_PER_CALL]
            answer = self._caller.query("app.bsky.actor.getProfiles", {"actors": some}, None)
            rows = get_objects(answer, "profiles")
            found += [person for row in rows if (person := parsing.parse_profile(row)) is not None]
        return tuple(found)

    def refresh(
        self, ids: Sequence[str], *, account_id: str, contexts: Mapping[str, str] = NO_CONTEXTS
    ) -> tuple[PostPage, Mapping[str, Absence]]:
        """Return the posts `ids` as they are now, and which of them the AppView does not show to us.

        It never says "gone": deleted, blocked and deactivated look alike in `getPosts`.
        """
        del contexts
        me = self._caller.require_account(account_id)
        views = self.views(ids, account_id)
        posts, bad = parsing.parse_rows(views.values(), me)
        asked = [each for each in ids if uris.parse_post_uri(each)]
        absent: dict[str, Absence] = {each: "not shown" for each in asked if each not in views}
        return PostPage(posts, bad), absent

    def later_parts(self, of: ReplyTarget, *, account_id: str) -> PostPage:
        """Return the parts below a post: of an author's own thread only the first notifies us.

        Ten levels deep: https://docs.bsky.app/docs/api/app-bsky-feed-get-post-thread. Raises `Later`.
        """
        me = self._caller.require_account(account_id)
        ask = {"uri": of.post_id, "depth": THREAD_DEPTH, "parentHeight": 0}
        try:
            answer = self._caller.query("app.bsky.feed.getPostThread", ask, account_id)
        except RequestRejected:  # it is not shown any more
            return PostPage(())
        posts, _others = parsing.parse_rows(parsing.views_below(get_object(answer, "thread")), me)
        return PostPage(thread_parts.find_parts(posts, of.ids, of.author_id))

    @property
    def stream_address(self) -> str:
        """The Jetstream's, or our own server's, whose list of notifications needs none."""
        return self._settings.jetstream_url or self._settings.url

    def stream(
        self, wish: StreamWish, *, account_id: str, stop: threading.Event
    ) -> Generator[StreamEvent, None, None]:
        """Yield what a Jetstream says while there are tracks, else when a new notification is listed.

        Raises `Later`, and `StreamNotOffered` if there is no Jetstream where one should be.
        """
        me = self._caller.require_account(account_id)
        if self._posts is not None and wish.wants_text is not None:
            yield from self._posts.read(wish, me.id, stop)
        else:
            yield from NotificationWatch(self._caller, me.id).read(stop)

    def describe_stream(self, wish: StreamWish) -> str:
        """Return which of the two it is."""
        return streaming.describe(wish, self._posts)

    def rate_limit_status(self, reading: ReadKind) -> RateLimitStatus | None:
        """Return what the newest answer said; all reading calls share one window: 3,000 in five minutes."""
        del reading
        return self._caller.rate_limit

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Return whether we may answer. A gate or a block holds for a person in the app as well."""
        del author
        if post.no_reply_because is not None:
            return ReplyImpossible(post.no_reply_because)
        return ReplyAllowed()

    def length(self, text: str, to: ReplyTarget | None = None) -> int:
        """Return the number of graphemes, as the server counts them."""
        del to
        return count_graphemes(text)

    def why_too_long(self, text: str, to: ReplyTarget | None = None) -> str | None:
        """Return a sentence if the text has more bytes than a post may have."""
        del to
        return reply_record.why_too_many_bytes(len(text.encode(errors="replace")))

    def post_link(self, post_id: str, handle: str | None) -> str:
        """Return the page of a post; by its author's DID, as handles change."""
        del handle
        return uris.post_link(post_id)

    def profile_link(self, handle: str) -> str:
        """Return the page of the person with that handle or DID."""
        return uris.profile_link(handle)

    def how_to_connect(self) -> str:
        """Return how somebody connects another account."""
        if isinstance(self._tokens, PasswordTokens):
            return (
                "To connect it, set `BLUESKY_HANDLE` and `BLUESKY_APP_PASSWORD` to those of that account and "
                "restart Heard."
            )
        return "To connect it, run `python -m bot connect bluesky` and sign in as that account."

    def advice(self) -> tuple[str, ...]:
        """Return how we are signed in, where the account lives, and how far the clocks are apart."""
        account, found = self._caller.last_account, [self._tokens.status_text()]
        if account is not None:
            found.append(f"the posts of @{account.handle} are kept by {self._api.home_of(account.id)}.")
            if (state := self._api.closed.get(account.id)) is not None:
                found.append(
                    f"the account is {state}: Heard can read but not reply until it is active again."
                )
        try:
            with_app_password = is_app_password(self._caller.current_token().secret)
        except Later:
            with_app_password = None
        if with_app_password is False:
            found.append(
                "signed in with the account's own password: make an app password in Settings, Privacy and "
                "security, and use that."
            )
        return (*found, *self._clock_advice())

    def _clock_advice(self) -> tuple[str, ...]:
        offset = self._api.clock_offset
        if offset is None:
            return ()
        seconds = abs(offset.total_seconds())
        if seconds <= _CLOCK_TOLERANCE_SECONDS:
            return ("this machine's clock and Bluesky's agree.",)
        direction = "behind" if offset > timedelta(0) else "ahead of"
        return (
            f"this machine's clock is {seconds:.0f} s {direction} Bluesky's: replies carry a wrong time.",
        )
