"""Mastodon, or a server that speaks its API, as one account sees it. Facts: https://docs.joinmastodon.org/."""

import threading
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from bot.networks import thread_parts
from bot.networks.answerable import Answerable, ReplyAllowed, ReplyByHandOnly, ReplyImpossible
from bot.networks.base import NO_CONTEXTS, Network, Publisher
from bot.networks.errors import Later, Refused, StreamNotOffered, Unsure
from bot.networks.http_client import CallLimits
from bot.networks.json_values import JsonObject, get_object, get_objects
from bot.networks.mastodon import errors, reply_form, streaming
from bot.networks.mastodon import pictures as media
from bot.networks.mastodon.api import Api, Login
from bot.networks.mastodon.identity import NETWORK_NAME, Identity, missing_scopes
from bot.networks.mastodon.ids import unpack_context
from bot.networks.mastodon.json_values import get_id, get_text, get_time
from bot.networks.mastodon.length import measure
from bot.networks.mastodon.lookup import PostLookup
from bot.networks.mastodon.parsing import parse_language, parse_post, parse_profile, same_words
from bot.networks.mastodon.reply_form import ReplyForm, unpack_form
from bot.networks.mastodon.server_info import ServerInfo
from bot.networks.mastodon.settings import MEDIA_SCOPE, SCOPES, MastodonSettings
from bot.networks.mastodon.timelines import TimelineReader
from bot.networks.oauth2 import TokenSource
from bot.networks.pictures import Picture, PictureLimits, UploadedPicture
from bot.networks.streams import StreamEvent, StreamWish
from bot.networks.values import (
    Absence,
    AccountIdentity,
    AuthorProfile,
    Post,
    PostPage,
    PublishedReply,
    RateLimitStatus,
    ReadKind,
    RepeatRule,
    ReplyTarget,
    Visibility,
)
from bot.networks.websocket import read_stream

_STATUSES = "/api/v1/statuses"
_UNKNOWN_SERVER = ServerInfo("mastodon.social", kind="mastodon")
_CLOCK_TOLERANCE = timedelta(minutes=2)  # between our clock and a server's
_LINK_MAX_CHARS = 3000  # what Slack takes as the address of a button
# A server keeps a key for an hour: https://docs.joinmastodon.org/methods/statuses/#headers
_REPEAT = RepeatRule(looks=2, earliest=timedelta(seconds=60), latest=timedelta(minutes=50))


class MastodonNetwork(TimelineReader, Network, Publisher):
    """One account on one server. Safe to share between threads."""

    name = NETWORK_NAME
    title = "Mastodon"
    max_length = _UNKNOWN_SERVER.max_length  # of most servers; ours says its own when it is first called
    posts_per_refresh = 20  # https://docs.joinmastodon.org/methods/statuses/#index

    def __init__(
        self,
        settings: MastodonSettings,
        limits: CallLimits | None = None,
        *,
        tokens: TokenSource | None = None,
    ) -> None:
        """Take server and token from `tokens`, else from `settings`. Nothing is called yet."""
        login = None
        if tokens is None and settings.url and settings.access_token:
            login = Login(settings.url, settings.access_token)
        super().__init__(Api(login, tokens, limits))
        self._lookup = PostLookup(self._api, self._threads)

    def account(self) -> AccountIdentity:
        """Who we are; asked once for each token, with what our server is."""
        return self._identity.get().viewer.me

    def check_account(self) -> AccountIdentity:
        """Who our server says that we are now."""
        return self._identity.check().viewer.me

    def note_identity(self, who: Identity) -> None:
        """Take on our server's limit, and remember whom the token speaks for."""
        self.max_length, self.seen_account_id = who.server.max_length, who.viewer.me.id

    def how_to_connect(self) -> str:
        """By a command, or by other settings and a restart."""
        if self.connection:
            return (
                "To connect it, sign in to its server as that account and run "
                "`python -m bot connect mastodon --server …`."
            )
        keys = "`MASTODON_URL` and `MASTODON_ACCESS_TOKEN`"
        return f"To connect it, set {keys} to those of that account and restart Heard."

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """The profiles of `ids`, which are handles with domain; those that came with posts cost no call."""
        found = list[AuthorProfile]()
        for one in dict.fromkeys(ids):
            profile = self._profiles.take(one)
            if profile is None:
                viewer = self._identity.get().viewer
                row = self._api.find_object("/api/v1/accounts/lookup", [("acct", one)], kind="people")
                profile = None if row is None else parse_profile(row, viewer)
            if profile is not None:
                found.append(profile)
        return tuple(found)

    def refresh(
        self, ids: Sequence[str], *, account_id: str, contexts: Mapping[str, str] = NO_CONTEXTS
    ) -> tuple[PostPage, Mapping[str, Absence]]:
        """The posts `ids` as our server shows them now; it never says if others are deleted or hidden."""
        who = self._identity.require(account_id)
        local_ids = {
            one: self._lookup.local_id(one, contexts.get(one, ""), who) for one in dict.fromkeys(ids)
        }
        rows = self._lookup.read([one for one in local_ids.values() if one], who)
        self._threads.learn(rows.values())
        posts, bad = self.parse_rows([*rows.values()], who.viewer, self._threads.budget().parent_of)
        absent: dict[str, Absence] = {
            one: "not shown" for one, local_id in local_ids.items() if local_id not in rows
        }
        return PostPage(posts, bad), absent

    def later_parts(self, of: ReplyTarget, *, account_id: str) -> PostPage:
        """The parts below a post, as far as our server has them: they need not name us. Raises `Later`."""
        who = self._identity.require(account_id)
        local_id = self._lookup.local_id(of.post_id, of.context, who)
        path = f"{_STATUSES}/{quote(local_id or '', safe='')}/context"
        found = self._api.find_object(path, kind="posts") if local_id else None
        rows = get_objects(found or {}, "descendants")
        self._threads.learn(rows)
        posts, _others = self.parse_rows(rows, who.viewer, self._threads.budget().parent_of)
        return PostPage(thread_parts.find_parts(posts, of.ids, of.author_id))

    @property
    def stream_address(self) -> str | None:
        """Our server's; where its streams are, it says when it is asked what it is."""
        try:
            return self._api.login().url
        except Later:
            return None

    def stream(
        self, wish: StreamWish, *, account_id: str, stop: threading.Event
    ) -> Generator[StreamEvent, None, None]:
        """Our notifications, and posts with the hashtags of `wish` that our server gets to see.

        Raises `Later`, and `StreamNotOffered` if the server announces no streams.
        """
        who = self._identity.require(account_id)
        url = streaming.stream_url(who.server.streaming_url, who.login.url)
        if url is None:
            raise StreamNotOffered(f"{who.server.host} announces no address of streams.")
        token = who.login.token.get_secret_value()
        yield from read_stream(
            url,
            lambda message: streaming.parse_message(message, wish, [token]),
            stop=stop,
            headers={"Authorization": f"Bearer {token}"},
            subscriptions=streaming.subscriptions(wish),
        )

    def rate_limit_status(self, reading: ReadKind) -> RateLimitStatus | None:
        """What the server's newest answer to such a reading said in its headers."""
        return self._api.rate_limit_status(reading)

    @property
    def picture_limits(self) -> PictureLimits | None:
        """What our server says it takes; nothing if our token may not upload."""
        last = self._identity.last
        if last is None or MEDIA_SCOPE in missing_scopes(last.scopes, SCOPES):
            return None
        return last.server.pictures

    def upload(self, picture: Picture, *, account_id: str) -> str:
        """Upload a picture with its description: https://docs.joinmastodon.org/methods/media/#v2."""
        self._identity.require(account_id, may_ask_again=False)
        return media.upload(self._api, picture)

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
        """Return the body of the request, after a look at the post that it answers and at the pictures.

        Raises `Refused` if one is gone, the post was edited, or others would see the reply; and `Later`.
        """
        del key, at
        form = self._build_form(text, to, self._identity.require(account_id, may_ask_again=False))
        media.check_ready(self._api, pictures)
        return replace(form, media_ids=tuple(one.media for one in pictures)).pack()

    def publish(
        self, text: str, to: ReplyTarget, key: str, *, account_id: str, frozen: str = ""
    ) -> PublishedReply:
        """Post exactly what was frozen, with an Idempotency-Key, which not all servers know."""
        who = self._identity.require(account_id, may_ask_again=False)
        body = frozen or self._build_form(text, to, who).pack()
        row = self._api.write("POST", _STATUSES, body.encode(), key, errors.write_error)
        return self._published(row)

    def repeat_rule(self, *, account_id: str) -> RepeatRule | None:
        """Only on Mastodon proper, in a release that is known to keep to the key."""
        try:
            return _REPEAT if self._identity.require(account_id).server.may_repeat else None
        except Later:
            return None

    def repeat(self, to: ReplyTarget, key: str, *, account_id: str, frozen: str) -> PublishedReply:
        """Post the same with the same key: the server answers with the first post, if there is one.

        Raises `Unsure` where the server is not known to keep to the key, and what a call that writes raises.
        """
        del to
        who = self._identity.require(account_id, may_ask_again=False)
        if not frozen or not who.server.may_repeat:
            raise Unsure("Heard sends nothing twice to that server.")
        return self._published(self._api.write("POST", _STATUSES, frozen.encode(), key, errors.repeat_error))

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str, frozen: str = ""
    ) -> PublishedReply | None:
        """Return our reply to `to`, from our own posts and what is listed under it.

        Raises `Later` if a list cannot be read, or did not reach as far back as `since`.
        """
        who, form = self._identity.require(account_id), unpack_form(frozen)
        parent = form.reply_to if form else self._lookup.local_id(to.post_id, to.context, who)
        since -= _CLOCK_TOLERANCE
        own = self.own_rows(since, who)
        if own.has_gap:
            raise Later(None, "server error", "The server did not list all posts of our own account.")
        rows = [row for page in own.pages for row in page]
        if parent:
            thread = self._api.find_object(f"{_STATUSES}/{quote(parent, safe='')}/context", kind="posts")
            rows += get_objects(thread or {}, "descendants")
        for row in rows:
            if self._is_reply(row, parent, text, since, who):
                return self._published(row)
        return None

    def delete(self, post_id: str, *, account_id: str) -> None:
        """Delete our post: https://docs.joinmastodon.org/methods/statuses/#delete.

        Raises `Refused` if it is somebody else's, `Later` if that cannot be now, `Unsure` without an answer.
        """
        who = self._identity.require(account_id)
        row = self._lookup.find_own(post_id, who)
        if row is None:
            return
        if who.viewer.handle_of(get_object(row, "account")).lower() != who.viewer.me.id:
            raise Refused("not ours", "Somebody else posted that.")
        try:
            self._api.write(
                "DELETE", f"{_STATUSES}/{quote(get_id(row), safe='')}", None, None, errors.write_error
            )
        except Refused as no:
            if no.reason != "parent gone":  # a 404: it is gone already
                raise

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Whether our server will take a reply: to anything but a boost."""
        del author
        if post.is_repost:
            return ReplyImpossible("You can't reply to a boost.")
        if post.no_reply_because is not None:
            return ReplyByHandOnly(post.no_reply_because)
        return ReplyAllowed()

    def reply_visibility(self, to: ReplyTarget) -> Visibility:
        """The post's, or our account's own if it posts for fewer people by default."""
        last = self._identity.last
        return to.visibility if last is None else reply_form.narrowest(to.visibility, last.privacy)

    def reply_prefix(self, to: ReplyTarget) -> str:
        """The handles of the author and of whom the reply is to mention."""
        last = self._identity.last
        return reply_form.mention_prefix(to, [last.viewer.me.id] if last else [])

    def length(self, text: str, to: ReplyTarget | None = None) -> int:
        """How long our server counts `text`, with the handles in front and the warning of a reply to `to`."""
        last = self._identity.last
        server = last.server if last else _UNKNOWN_SERVER
        if to is None:
            return measure(text, "", server)
        return measure(self.reply_prefix(to) + text, to.content_warning or "", server)

    def post_link(self, post_id: str, handle: str | None) -> str:
        """The post's own address, which is its id."""
        del handle
        parts = urlsplit(post_id)
        is_address = parts.scheme == "https" and bool(parts.hostname) and len(post_id) <= _LINK_MAX_CHARS
        return quote(post_id, safe=":/?&=@%#+,;~!$*()-._") if is_address else self.reply_link(post_id, "")

    def profile_link(self, handle: str) -> str:
        """The profile on its own server."""
        name, _, host = handle.removeprefix("@").partition("@")
        return f"https://{quote(host, safe='.:-') or self._host}/@{quote(name, safe='.-')}"

    def reply_link(self, post_id: str, text: str) -> str:
        """The page of our own server on which one answers a post of any server; it takes no words."""
        del text
        asked = urlencode({"uri": post_id[:_LINK_MAX_CHARS]}, errors="replace")
        return f"https://{self._host}/authorize_interaction?{asked}"

    def advice(self) -> tuple[str, ...]:
        """Return how we sign in, what our server is, and what it cannot do."""
        last = self._identity.last
        if last is None:
            return (self._api.status_text(),)
        server, found = last.server, [self._api.status_text()]
        found.append(f"{server.describe()}; a post has up to {server.max_length:,} characters there.")
        if not server.searches_words:
            found.append("it has no search for words: only hashtags are found there.")
        else:
            found.append("a search for words finds authors who allow it, as far as the server has one.")
        if not server.may_repeat:
            found.append("after a lost answer a reply is looked for, and never sent again by itself.")
        if missing := missing_scopes(last.scopes, SCOPES):
            found.append(f"our token lacks {', '.join(missing)}: connect the account again.")
        return tuple(found)

    @property
    def _host(self) -> str:
        last = self._identity.last
        return last.server.host if last else _UNKNOWN_SERVER.host

    def _build_form(self, text: str, to: ReplyTarget, who: Identity) -> ReplyForm:
        parent = self._lookup.find(to.post_id, to.context, who)
        if parent is None:
            raise Refused("parent gone", "The post is gone, or its author has hidden it from us.")
        context, edited = unpack_context(to.context), get_time(parent, "edited_at")
        if context is None or context.server == who.viewer.host:
            shown = context.edited if context else None
            reply_form.check_unchanged(shown, parent, edited.isoformat() if edited else "")
        else:
            reply_form.check_unchanged_elsewhere(context.edited, parent)
        visibility = reply_form.choose_visibility(to, parent, who.privacy)
        to = replace(
            to,
            content_warning=to.content_warning or get_text(parent, "spoiler_text") or None,
            lang=to.lang or parse_language(parent),
        )
        reply_form.check_strangers(text, to, visibility, who.viewer)
        if (length := self.length(text, to)) > who.server.max_length:
            raise Refused("too long", f"{length} characters are more than {who.server.max_length}.")
        allowed = reply_form.mentioned_ids(to, parent, who.viewer) if who.server.checks_mentions else None
        return ReplyForm(
            status=self.reply_prefix(to) + text,
            reply_to=get_id(parent),
            visibility=visibility,
            warning=to.content_warning or "",
            language=to.lang,
            allowed_mentions=allowed,
        )

    def _is_reply(
        self, row: JsonObject, parent: str | None, text: str | None, since: datetime, who: Identity
    ) -> bool:
        account, at = row.get("account"), get_time(row, "created_at")
        if (
            not isinstance(account, dict)
            or get_id(account) != who.viewer.local_id
            or at is None
            or at < since
        ):
            return False
        answers = get_id(row, "in_reply_to_id")  # empty once the post that it answers is deleted
        if not parent or answers not in {parent, ""} or (not answers and text is None):
            return False
        return text is None or self._says(row, text, who)

    def _says(self, row: JsonObject, text: str, who: Identity) -> bool:
        """Whether our post has those words: as it is shown, or as it was typed."""
        post = parse_post(row, who.viewer, lambda _: (None, ""))
        if isinstance(post, Post) and same_words(post.text, text):
            return True
        source = self._api.find_object(f"{_STATUSES}/{quote(get_id(row), safe='')}/source", kind="posts")
        typed = get_text(source or {}, "text")
        return same_words(reply_form.without_prefix(typed), reply_form.without_prefix(text))

    def _published(self, row: JsonObject) -> PublishedReply:
        """Read the server's answer to a reply. Raises `Unsure` if it does not say what it posted."""
        uri, local_id = get_text(row, "uri"), get_id(row)
        if not uri or not local_id:
            raise Unsure("The server accepted the reply but did not return its address.")
        self._threads.learn([row])
        return PublishedReply(uri, get_text(row, "url") or uri)
