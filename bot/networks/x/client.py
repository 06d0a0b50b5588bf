"""X, through its API v2 and tweepy: mentions in, replies out. Facts: https://docs.x.com/x-api."""

import logging
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode

import requests

from bot.networks.base import (
    Answerable,
    AuthorProfile,
    Later,
    Post,
    PublishedReply,
    Publisher,
    Refused,
    ReplyAllowed,
    ReplyByHandOnly,
    ReplyImpossible,
    ReplyTarget,
    Unsure,
)
from bot.networks.http_client import HttpStatusError
from bot.networks.x import errors, parsing
from bot.networks.x import ids as x_ids
from bot.networks.x import length as x_length
from bot.networks.x.reader import OWN_POSTS_COMPLETE_BELOW, PAGE_SIZE, XReader
from models.core.normalize import nfc

for _talkative in ("tweepy", "oauthlib", "requests_oauthlib", "urllib3"):  # at DEBUG they log signatures
    logging.getLogger(_talkative).setLevel(logging.INFO)

_LINK_MAX_CHARS = 3000  # what Slack takes as the address of a button
_SIGN_TIMEOUT_SECONDS = (
    2.5  # seconds: a reply whose token took longer to get would outlive its worker's lease
)


class XNetwork(XReader, Publisher):
    """X as one account sees it. Safe to share between threads: each has a client of its own."""

    max_length = 280  # weighted: https://docs.x.com/fundamentals/counting-characters

    def how_to_connect(self) -> str:
        """With OAuth 2.0 by a command; with the four keys by other keys and a restart."""
        if self._tokens is not None:
            return "To connect it, sign in to X as that account and run `python -m bot connect x`."
        keys = "`X_ACCESS_TOKEN` and `X_ACCESS_TOKEN_SECRET`"
        return f"To connect it, set {keys} to those of that account and restart Heard."

    def length(self, text: str) -> int:
        """The weighted length of `text`, by X's page or by its library: whichever counts less."""
        return x_length.measure(text).lower_bound

    def length_upper_bound(self, text: str) -> int:
        """The same, whichever counts more: X does not say by which of the two it goes."""
        return x_length.measure(text).upper_bound

    def publish(self, text: str, to: ReplyTarget, key: str, *, account_id: str) -> PublishedReply:  # noqa: ARG002 - X honours no key
        """Reply to `to`. X may refuse it for want of a summons (https://docs.x.com/changelog, 2026-02-23)."""
        words = nfc(text)
        try:
            response = self._signer.make_call(
                lambda client, by_keys: client.create_tweet(
                    text=words, in_reply_to_tweet_id=to.post_id, user_auth=by_keys
                ),
                account_id,
                within=_SIGN_TIMEOUT_SECONDS,
            )
        except HttpStatusError as no:
            decision = errors.write_error(no.response, self._signer.secrets)
            if isinstance(decision, Refused) and decision.reason == "not summoned":
                self._not_summoned_by.add((account_id, to.author_id))
            raise decision from None
        return self._published(response, account_id)

    def delete(self, post_id: str, *, account_id: str) -> None:
        """Take our post away: https://docs.x.com/x-api/posts/delete-post.

        A 404 may come from X, of a post that is gone, or from a wrong address, of nothing at all: then
        reading the post tells.
        """
        known = x_ids.parse_id(post_id)
        if known is None:
            raise Refused("invalid", "X has no such post.")
        try:
            response = self._signer.make_call(
                lambda client, by_keys: client.delete_tweet(known, user_auth=by_keys),
                account_id,
                within=_SIGN_TIMEOUT_SECONDS,
            )
        except HttpStatusError as no:
            if no.response.status_code == HTTPStatus.NOT_FOUND and self._is_gone(known, account_id):
                return
            raise errors.write_error(no.response, self._signer.secrets) from None
        if not parsing.says_deleted(response.content):
            raise Unsure("X took the request, but does not say that the post is gone.")

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str
    ) -> PublishedReply | None:
        """Our reply under `to` that says `text` (None: anything), read from our own timeline."""
        ask = {"max_results": PAGE_SIZE, "since_id": x_ids.since_id_for(to.post_id, since)}
        for answer, short in self.pages(
            f"/2/users/{account_id}/tweets", account_id, ask, OWN_POSTS_COMPLETE_BELOW
        ):
            for row in parsing.get_rows(answer):
                found = parsing.stable_id(row)
                if found and parsing.is_reply_to(row, to.ids, text, since):
                    return PublishedReply(found, x_ids.post_url(found, self._handle_of(account_id)))
            if short:
                raise Later(None, "server error", "X did not show all that our own account posted.")
        return None

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Whether X's API will let us answer: only if the author called us, as X judges it in the end."""
        if post.is_repost:
            return ReplyImpossible("A repost cannot be answered.")
        if author and author.protected:
            return ReplyByHandOnly("Their posts are protected, so the API does not answer them.")
        me = self._signer.last_account.id if self._signer.last_account else ""
        if post.author_id == me:
            return ReplyAllowed()
        if post.summons == "none":
            return ReplyByHandOnly(
                "They neither mentioned nor quoted us, and then X takes no replies from its API."
            )
        if post.summons == "implicit" and (me, post.author_id) in self._not_summoned_by:
            return ReplyByHandOnly(
                "X has refused a reply to this person before: they did not type our handle."
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
        """X does not tell by its API who owns the developer app, and bills by it."""
        # https://docs.x.com/x-api/getting-started/pricing
        who = f"@{self._signer.last_account.handle}" if self._signer.last_account else "the account"
        prices = "a mention costs 0.001 USD to read then, and otherwise 0.005."
        return (self._sign_in(), f"make sure that {who} itself owns the developer app: {prices}")

    def _sign_in(self) -> str:
        if self._tokens is not None:
            return self._tokens.status_text()
        also = " X_CLIENT_ID is set too, and is not used while they are." if self._settings.client_id else ""
        return f"signs in with OAuth 1.0a keys.{also}"

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
            raise Unsure("X took the reply, but did not say where it is.")
        return PublishedReply(found, x_ids.post_url(found, self._handle_of(account_id)))

    def _handle_of(self, account_id: str) -> str | None:
        known = self._signer.known_account(account_id)
        return known.handle if known is not None else None
