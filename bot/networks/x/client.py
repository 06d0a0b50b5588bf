"""X, through its API v2 and tweepy, as one account sees it. Facts: https://docs.x.com/x-api.

What lists posts (mentions, searches, our own posts) is in `timelines`.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import requests

from bot.networks.answerable import Answerable, ReplyAllowed, ReplyByHandOnly, ReplyImpossible
from bot.networks.base import NO_CONTEXTS, Network, Publisher
from bot.networks.errors import Later, Refused, Unsure
from bot.networks.http_client import CallLimits, HttpStatusError
from bot.networks.json_values import JsonObject
from bot.networks.oauth2 import TokenSource
from bot.networks.values import (
    Absence,
    AccountIdentity,
    AuthorProfile,
    Post,
    PostPage,
    PublishedReply,
    RateLimitStatus,
    ReadKind,
    ReplyTarget,
    UnreadableRow,
)
from bot.networks.x import billing, errors, parsing, pictures
from bot.networks.x import ids as x_ids
from bot.networks.x import length as x_length
from bot.networks.x.picture_uploader import PictureUploader
from bot.networks.x.settings import CREDENTIALS, XSettings, secret_value
from bot.networks.x.signing import NETWORK_NAME, Signer
from bot.networks.x.timelines import OWN_POSTS_COMPLETE_BELOW, PAGE_SIZE, TimelineReader
from models.core.normalize import nfc

log = logging.getLogger(__name__)

for _talkative in ("tweepy", "oauthlib", "requests_oauthlib", "urllib3"):  # at DEBUG they log signatures
    logging.getLogger(_talkative).setLevel(logging.INFO)

_LINK_MAX_CHARS = 3000  # what Slack takes as the address of a button
_IDS_PER_LOOKUP = 100  # https://docs.x.com/x-api/posts/get-posts-by-ids
# Each of these has a window of its own: https://docs.x.com/x-api/fundamentals/rate-limits
_READ_KIND_BY_ROUTE: Mapping[str, ReadKind] = {
    "mentions": "mentions",
    "tweets": "own posts",
    "recent": "search",
    "/2/tweets/counts/recent": "counts",
    "/2/tweets": "posts",
    "/2/users": "people",
}
_USER_FIELDS = "profile_image_url,protected,public_metrics,verified"


class XNetwork(PictureUploader, TimelineReader, Network, Publisher):
    """X as one account sees it. Safe to share between threads: each has a client of its own."""

    name = NETWORK_NAME
    title = "X"
    preset_rank = 0
    max_length = 280  # weighted: https://docs.x.com/fundamentals/counting-characters
    profile_lifetime = timedelta(hours=24)  # X bills it once a UTC day, ten times what a mention costs
    posts_per_refresh = _IDS_PER_LOOKUP
    prices = billing.LIST_PRICES

    def __init__(
        self, settings: XSettings, limits: CallLimits | None = None, *, tokens: TokenSource | None = None
    ) -> None:
        """Take credentials from `settings`, which must be complete, or from `tokens` if it uses OAuth 2.0.

        Nothing is called yet.
        """
        if settings.problem:
            raise ValueError(settings.problem)
        if settings.uses_oauth2 and tokens is None:
            raise ValueError("X_CLIENT_ID needs tokens")
        self._settings, self.prices = settings, {**settings.price_list, **billing.UPLOAD_PRICES}
        self._tokens = tokens if settings.uses_oauth2 else None
        keys = [secret_value(getattr(settings, name)) for name in CREDENTIALS]
        self._limits = limits or CallLimits()
        super().__init__(Signer(keys, self._tokens, settings.api_url, self._limits))
        self._word: parsing.FieldVocabulary = "tweet"
        self._not_summoned_by: set[tuple[str, str]] = set()  # our account, and an author
        self._allowances: dict[ReadKind, RateLimitStatus] = {}
        self._allowed: str | None = None  # the account that they are for

    def account(self) -> AccountIdentity:
        """Who we are on X; `GET /2/users/me` costs nothing, but allows only 75 calls in 15 minutes.

        With OAuth 2.0 a person may connect another account while we run. A new name of the same account is
        learnt by the readings of `mentions`, so that nobody who presses a button has to wait for it.
        """
        account = self._signer.account()
        if account.id != self._allowed:  # what X left to another one says nothing
            self._allowed, self._allowances = account.id, {}
        return account

    def check_account(self) -> AccountIdentity:
        """Who X says that we are now."""
        return self._signer.check_account()

    def expected_account_id(self) -> str | None:
        """The account that X named last, else the one that the ledger or the access token names."""
        return self._signer.expected_account_id or self.stored_account_id

    def how_to_connect(self) -> str:
        """With OAuth 2.0 by a command; with the four keys by other keys and a restart."""
        if self._tokens is not None:
            return "To connect it, sign in to X as that account and run `python -m bot connect x`."
        keys = "`X_ACCESS_TOKEN` and `X_ACCESS_TOKEN_SECRET`"
        return f"To connect it, set {keys} to those of that account and restart Heard."

    def length(self, text: str, to: ReplyTarget | None = None) -> int:  # noqa: ARG002 - X adds nothing
        """The weighted length of `text`, by X's page or by its library: whichever counts less."""
        return x_length.measure(text).lower_bound

    def length_upper_bound(self, text: str, to: ReplyTarget | None = None) -> int:  # noqa: ARG002 - likewise
        """The same, whichever counts more: X does not say by which of the two it goes."""
        return x_length.measure(text).upper_bound

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """The profiles of `ids`. A profile costs ten times what a mention costs, so keep them."""
        found = []
        for some in _id_batches(ids):
            answer = self._read("/2/users", {"ids": ",".join(some), "user.fields": _USER_FIELDS})
            found += [person for row in parsing.get_rows(answer) if (person := parsing.parse_profile(row))]
        return tuple(found)

    def refresh(
        self,
        ids: Sequence[str],
        *,
        account_id: str,
        contexts: Mapping[str, str] = NO_CONTEXTS,  # noqa: ARG002 - X needs no more than ids
    ) -> tuple[PostPage, Mapping[str, Absence]]:
        """The newest versions of `ids`, and which of them X does not show to that account.

        X never says "gone": it files a suspended author's posts under `resource-not-found`, too.
        https://docs.x.com/x-api/fundamentals/response-codes-and-errors
        """
        posts, bad, chains, gone = self._look_up(ids, account_id)
        if edits := {chain[-1] for chain in chains} - {post.latest_id for post in posts.values()}:
            edited, worse, _, _ = self._look_up(sorted(edits), account_id)
            posts |= edited
            bad += worse
        here = {*posts, *(version for chain in chains for version in chain)}
        here |= {one.post_id for one in bad if one.post_id is not None}
        absent: dict[str, Absence] = {each: "not shown" for each in ids if each in gone and each not in here}
        return PostPage(tuple(posts.values()), tuple(bad)), absent

    def rate_limit_status(self, reading: ReadKind) -> RateLimitStatus | None:
        """What X's newest answer to such a call said in its headers."""
        return self._allowances.get(reading)

    def publish(
        self,
        text: str,
        to: ReplyTarget,
        key: str,  # noqa: ARG002 - X honours no key
        *,
        account_id: str,
        frozen: str = "",
    ) -> PublishedReply:
        """Reply to `to`. X may refuse it for want of a summons (https://docs.x.com/changelog, 2026-02-23)."""
        words, media_ids = nfc(text), pictures.parse_frozen(frozen)
        try:
            response = self._signer.make_call(
                lambda client, by_keys: client.create_tweet(
                    text=words,
                    in_reply_to_tweet_id=to.post_id,
                    media_ids=media_ids or None,
                    user_auth=by_keys,
                ),
                account_id,
                within=self._limits.sign_seconds,
            )
        except HttpStatusError as no:
            decision = errors.write_error(no.response, self._signer.secrets)
            if isinstance(decision, Refused) and decision.reason == "not summoned":
                self._not_summoned_by.add((account_id, to.author_id))
            raise decision from None
        return self._published(response, account_id)

    def delete(self, post_id: str, *, account_id: str) -> None:
        """Delete our post: https://docs.x.com/x-api/posts/delete-post.

        After a 404 it reads the post, because the address may be wrong; if the post is gone, it returns
        normally. Raises `Refused` if X rejects the call or the id is not valid, `Later` if X cannot do it
        now, `Unsure` if X did not confirm it.
        """
        known = x_ids.parse_id(post_id)
        if known is None:
            raise Refused("invalid", "X has no such post.")
        try:
            response = self._signer.make_call(
                lambda client, by_keys: client.delete_tweet(known, user_auth=by_keys),
                account_id,
                within=self._limits.sign_seconds,
            )
        except HttpStatusError as no:
            if no.response.status_code == HTTPStatus.NOT_FOUND and self._is_gone(known, account_id):
                return
            raise errors.write_error(no.response, self._signer.secrets) from None
        if not parsing.says_deleted(response.content):
            raise Unsure("X accepted the request but did not confirm that the post is deleted.")
        self.note_charge(account_id, billing.DELETE_CHARGE, [known])

    def find_reply(
        self,
        to: ReplyTarget,
        text: str | None,
        since: datetime,
        *,
        account_id: str,
        frozen: str = "",  # noqa: ARG002 - pictures do not help to find it
    ) -> PublishedReply | None:
        """Return our reply to `to` with that `text` (None: any text), or None if our timeline has none.

        Reads posts since `since`. Raises `Later` if X cannot be read now, or did not list all of our posts.
        """
        ask = {"max_results": PAGE_SIZE, "since_id": x_ids.since_id_for(to.post_id, since)}
        for answer, short in self.pages(
            f"/2/users/{account_id}/tweets", account_id, ask, OWN_POSTS_COMPLETE_BELOW
        ):
            for row in parsing.get_rows(answer):
                found = parsing.stable_id(row)
                if found and parsing.is_reply_to(row, to.ids, text, since):
                    return PublishedReply(found, x_ids.post_url(found, self._handle_of(account_id)))
            if short:
                raise Later(None, "server error", "X did not list all posts of our own account.")
        return None

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Whether X's API will let us answer: only if the author called us, as X judges it in the end."""
        if post.is_repost:
            return ReplyImpossible("You can't reply to a repost.")
        if author and author.protected:
            return ReplyByHandOnly("Their posts are protected, so the API can't reply to them.")
        me = self._signer.last_account.id if self._signer.last_account else ""
        if post.author_id == me:
            return ReplyAllowed()
        if post.summons == "none":
            return ReplyByHandOnly(
                "They neither mentioned nor quoted us, so X accepts no reply from its API."
            )
        if post.summons == "implicit" and (me, post.author_id) in self._not_summoned_by:
            return ReplyByHandOnly(
                "X has refused a reply to this person before, because they did not type our handle."
            )
        return ReplyAllowed()

    def reply_link(self, post_id: str, text: str) -> str:
        """X's own page for a reply, filled in as far as an address may be long."""
        # https://docs.x.com/x-for-websites/post-button/guides/web-intent
        page = "https://x.com/intent/post?"
        whole = page + urlencode({"in_reply_to": post_id, "text": text}, quote_via=quote, errors="replace")
        return whole if len(whole) <= _LINK_MAX_CHARS else page + urlencode({"in_reply_to": post_id})

    def post_link(self, post_id: str, handle: str | None) -> str:
        """The public address of a post, with or without its author's handle."""
        return x_ids.post_url(post_id, handle)

    def profile_link(self, handle: str) -> str:
        """The public address of somebody's profile."""
        return x_ids.profile_url(handle)

    def advice(self) -> tuple[str, ...]:
        """Return what X's API does not show: who owns the developer app, which decides the price."""
        # https://docs.x.com/x-api/getting-started/pricing
        who = f"@{self._signer.last_account.handle}" if self._signer.last_account else "the account"
        prices = "a mention costs 0.001 USD to read then, and otherwise 0.005."
        return (self._sign_in(), f"make sure that {who} itself owns the developer app: {prices}")

    def _sign_in(self) -> str:
        if self._tokens is not None:
            return self._tokens.status_text()
        return "signs in with OAuth 1.0a keys."

    def _is_gone(self, post_id: str, account_id: str) -> bool:
        """Whether X says that there is no such post."""
        answer = self._read("/2/tweets", {"ids": post_id}, account_id)
        return post_id in parsing.missing_ids(answer)

    def _published(self, response: requests.Response, account_id: str) -> PublishedReply:
        try:
            row = next(iter(parsing.get_rows(parsing.parse_json(response.content))), None)
        except ValueError:
            row = None
        found = x_ids.parse_id(row.get("id")) if isinstance(row, dict) else None
        if found is None:
            raise Unsure("X accepted the reply but did not return its id.")
        return PublishedReply(found, x_ids.post_url(found, self._handle_of(account_id)))

    def _handle_of(self, account_id: str) -> str | None:
        known = self._signer.known_account(account_id)
        return known.handle if known is not None else None

    def _look_up(
        self, ids: Sequence[str], account_id: str
    ) -> tuple[dict[str, Post], list[UnreadableRow], list[list[str]], set[str]]:
        """The posts `ids`, the bad rows, the edit chains that they are part of, and what X does not show."""
        posts, bad, chains, gone = dict[str, Post](), list[UnreadableRow](), list[list[str]](), set[str]()
        for some in _id_batches(ids):
            answer = self._read(
                "/2/tweets", {"ids": ",".join(some), **parsing.MEDIA_PARAMS}, account_id, fields=True
            )
            page = parsing.parse_page(answer, self._signer.require_account(account_id))
            posts |= {post.id: post for post in page.posts}
            bad += page.unreadable
            chains += [chain for row in parsing.get_rows(answer) if (chain := parsing.edit_history(row))]
            gone |= parsing.missing_ids(answer)
        return posts, bad, chains, gone

    def _read(
        self, route: str, ask: Mapping[str, Any], account_id: str | None = None, *, fields: bool = False
    ) -> JsonObject:
        """One reading call, as that account (None: whichever is connected).

        If X does not know our word for post fields, it is asked again in its other one. tweepy's own methods
        know one word only, hence its `request`.
        """
        words: list[parsing.FieldVocabulary] = (
            ["tweet", "post"] if self._word == "tweet" else ["post", "tweet"]
        )
        for word in words:
            params = {**ask, f"{word}.fields": parsing.post_fields(word)} if fields else ask
            try:
                response = self._get(route, params, account_id)
            except HttpStatusError as no:
                if fields and word == words[0] and errors.is_unknown_fields_error(no.response, word):
                    continue
                raise errors.read_error(no.response, self._signer.secrets) from None
            self._word = word
            break
        answer = _parse_answer(response)
        if not parsing.has_result(answer, str(ask["ids"]).split(",") if "ids" in ask else None):
            raise errors.empty_answer_error(response, self._signer.secrets)
        if (reading := _reading_of(route)) is not None:
            kind, billed = billing.charge_of(reading, answer)
            self.note_charge(account_id or self.expected_account_id() or "", kind, billed)
        return answer

    def _get(self, route: str, params: Mapping[str, Any], account_id: str | None) -> requests.Response:
        try:
            response = self._signer.make_call(
                lambda client, by_keys: client.request("GET", route, params=params, user_auth=by_keys),
                account_id,
            )
        except HttpStatusError as no:
            self._note_allowance(route, no.response)
            raise
        self._note_allowance(route, response)
        return response

    def _note_allowance(self, route: str, response: requests.Response) -> None:
        """Remember what the answer says is left; windows are per user and kind of call."""
        reading = _reading_of(route)
        status = errors.parse_rate_limit(response)
        if reading is not None and status is not None:
            self._allowances[reading] = status


def _reading_of(route: str) -> ReadKind | None:
    return _READ_KIND_BY_ROUTE.get(route) or _READ_KIND_BY_ROUTE.get(route.rpartition("/")[2])


def _id_batches(ids: Sequence[str]) -> Iterator[list[str]]:
    """`ids` without repeats and without what X could not know, in lots of as many as one call may ask for."""
    known = list(dict.fromkeys(each for each in ids if x_ids.parse_id(each)))
    for start in range(0, len(known), _IDS_PER_LOOKUP):
        yield known[start : start + _IDS_PER_LOOKUP]


def _parse_answer(response: requests.Response) -> JsonObject:
    try:
        answer = parsing.parse_json(response.content)
        parsing.get_rows(answer)
    except ValueError as error:
        raise Later(None, "server error", f"X sent a response that can't be read: {error}.") from error
    if kinds := sorted({str(problem.get("type"))[:100] for problem in parsing.get_problems(answer)}):
        log.info("X left something out of a response: %s", ", ".join(kinds))
    return answer
