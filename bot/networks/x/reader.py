"""What Heard reads on X: mentions, searches, our own posts, profiles. https://docs.x.com/x-api."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from bot.networks.base import (
    Absence,
    AccountIdentity,
    AuthorProfile,
    Later,
    Network,
    Position,
    Post,
    PostPage,
    RateLimitStatus,
    ReadKind,
    UnreadableRow,
)
from bot.networks.http_client import CallLimits, HttpStatusError
from bot.networks.oauth2 import TokenSource
from bot.networks.x import errors, parsing
from bot.networks.x import ids as x_ids
from bot.networks.x.json_values import JsonObject
from bot.networks.x.settings import CREDENTIALS, XSettings, secret_value
from bot.networks.x.signing import NETWORK_NAME, Signer

log = logging.getLogger(__name__)

PAGE_SIZE = 100
_IDS_PER_LOOKUP = 100  # https://docs.x.com/x-api/posts/get-posts-by-ids
# https://docs.x.com/x-api/posts/timelines/introduction: the newest 800 mentions, the newest 3,200 of our own
# posts; beyond it pages are empty. Who reads that far gets fewer: what is said meanwhile pushes the oldest
# out, at ten a second in a storm, and what is deleted or withheld leaves its place empty. So a list is only
# known to be whole while it is clearly shorter.
_MENTIONS_COMPLETE_BELOW = 400
OWN_POSTS_COMPLETE_BELOW = 3000
_PAGES_MAX = 100  # more than any timeline has, even if its pages are half full
# Each of these has a window of its own: https://docs.x.com/x-api/fundamentals/rate-limits
_READ_KIND_BY_ROUTE: Mapping[str, ReadKind] = {
    "mentions": "mentions",
    "tweets": "own posts",
    "recent": "search",
    "/2/tweets": "posts",
    "/2/users": "people",
}
_RENAME_CHECK_SECONDS, _RENAME_RETRY_SECONDS = (
    3600.0,
    60.0,
)  # seconds until we ask again what our account is called; if that failed
_USER_FIELDS = "profile_image_url,protected,public_metrics,verified"


class XReader(Network):
    """Reads X as one account. A position is the id of a post or, for a first reading, a time."""

    name = NETWORK_NAME
    title = "X"
    index_delay = x_ids.LATE_INDEX_OVERLAP
    # X's search ends half a minute ago, and what is indexed late comes later.
    search_delay = timedelta(minutes=1)
    search_window = timedelta(days=6, hours=23)  # https://docs.x.com/x-api/posts/search/introduction: a week
    profile_lifetime = timedelta(hours=24)  # X bills it once a UTC day, ten times what a mention costs
    posts_per_refresh = _IDS_PER_LOOKUP

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
        self._settings = settings
        self._tokens = tokens if settings.uses_oauth2 else None
        keys = [secret_value(getattr(settings, name)) for name in CREDENTIALS]
        self._signer = Signer(keys, self._tokens, settings.api_url, limits or CallLimits())
        self._names_until = time.monotonic() + _RENAME_CHECK_SECONDS  # when to ask again what we are called
        self._called: set[str] = set()  # other names of ours that posts told and X was asked about
        self._word: parsing.FieldVocabulary = "tweet"
        self._not_summoned_by: set[tuple[str, str]] = set()  # our account, and an author
        self._allowances: dict[ReadKind, RateLimitStatus] = {}
        self._allowed: str | None = None  # the account that they were told to

    def account(self) -> AccountIdentity:
        """Who we are on X; `GET /2/users/me` costs nothing, but allows only 75 calls in 15 minutes.

        With OAuth 2.0 a person may connect another account while we run. A new name of the same account is
        learnt by the readings of `mentions`, so that nobody who presses a button has to wait for it.
        """
        account = self._signer.account()
        if account.id != self._allowed:  # what X left to another one says nothing
            self._allowed, self._allowances = account.id, {}
        return account

    def _learn_new_name(self, me: AccountIdentity) -> None:
        """Ask again what `me` is called: once an hour, or after a post told another name."""
        if time.monotonic() < self._names_until:
            return
        try:
            self._signer.refresh_account(me.id)
        except Later as later:
            log.info("X did not say whether our account was renamed: %s", later.detail)
            self._names_until = time.monotonic() + _RENAME_RETRY_SECONDS
        else:
            self._names_until = time.monotonic() + _RENAME_CHECK_SECONDS

    def _note_names(self, answer: JsonObject, me: AccountIdentity) -> None:
        """Note that we may have been renamed, if a post calls us by a name that X was never asked about."""
        self._called.add(me.handle.lower())  # posts from before a renaming go on calling us so
        new = parsing.handles_of(answer, me.id) - self._called
        if new:
            self._called |= new
            self._names_until = 0.0

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What was said to us since a quarter of an hour before `after`; some mentions appear late."""
        me = self._signer.require_account(account_id)
        route = f"/2/users/{account_id}/mentions"
        yield from self._timeline(route, account_id, after, parsing.MEDIA_PARAMS, _MENTIONS_COMPLETE_BELOW)
        self._learn_new_name(me)

    def search(
        self, query: str, after: Position, *, account_id: str, before: Position | None = None
    ) -> Iterator[PostPage]:
        """What X's search of the last seven days finds. Costs five times what a mention costs."""
        until = {"until_id": before} if before is not None else {}
        ask = {"query": query, **until, **parsing.MEDIA_PARAMS}
        yield from self._timeline("/2/tweets/search/recent", account_id, after, ask)

    def own_posts(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        """What our account said since a quarter of an hour before `after`."""
        yield from self._timeline(
            f"/2/users/{account_id}/tweets", account_id, after, {}, OWN_POSTS_COMPLETE_BELOW
        )

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        """The profiles of `ids`. A profile costs ten times what a mention costs, so keep them."""
        found = []
        for some in _id_batches(ids):
            answer = self._read("/2/users", {"ids": ",".join(some), "user.fields": _USER_FIELDS})
            found += [person for row in parsing.get_rows(answer) if (person := parsing.parse_profile(row))]
        return tuple(found)

    def refresh(self, ids: Sequence[str], *, account_id: str) -> tuple[PostPage, Mapping[str, Absence]]:
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

    def _timeline(
        self, route: str, account_id: str, after: Position, more: Mapping[str, str], sure: int | None = None
    ) -> Iterator[PostPage]:
        me, first, lowest = self._signer.require_account(account_id), True, None
        ask = {"max_results": PAGE_SIZE, **_since_params(after), **more}
        for answer, short in self.pages(route, account_id, ask, sure):
            self._note_names(answer, me)
            page = parsing.parse_page(answer, me, first=first)
            lowest = page.lowest or lowest
            yield replace(page, has_gap=short and not _reaches(lowest, after))
            first = False

    def pages(
        self, route: str, account_id: str, ask: Mapping[str, Any], sure: int | None
    ) -> Iterator[tuple[JsonObject, bool]]:
        """Each page, and whether X may have stopped at it before it had shown all that was asked for.

        `sure` is the number of rows from which on that is possible; None: it never is.
        """
        seen: set[str] = set()
        count, stale = 0, False
        while True:
            try:
                answer = self._read(route, ask, account_id, fields=True)
            except errors.SinceIdTooOld as no:
                if stale or "since_id" not in ask:
                    raise
                ask, stale = {**ask, "since_id": no.since_id}, True
                continue
            count += len(parsing.get_rows(answer))
            token = parsing.get_meta(answer, "next_token")
            endless = token in seen or len(seen) >= _PAGES_MAX
            if token is None or endless:
                yield answer, stale or endless or (sure is not None and count >= sure)
                return
            yield answer, False
            seen.add(token)
            ask = {**ask, "pagination_token": token}

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
        reading = _READ_KIND_BY_ROUTE.get(route) or _READ_KIND_BY_ROUTE.get(route.rpartition("/")[2])
        told = errors.parse_rate_limit(response)
        if reading is not None and told is not None:
            self._allowances[reading] = told


def _since_params(after: Position) -> dict[str, str]:
    if x_ids.parse_id(after) is None:
        moment = datetime.fromisoformat(after).astimezone(UTC)
        return {"start_time": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}
    since = x_ids.id_with_overlap(after)
    return {"since_id": since} if since else {}


def _reaches(lowest: Position | None, after: Position) -> bool:
    """Whether a reading got as far as the last one: then only the overlap before that can be incomplete.

    More than 800 mentions in a quarter of an hour are no gap; the sweep finds what X listed late there.
    """
    if lowest is None or x_ids.parse_id(after) is None:
        return False
    return x_ids.order_key(lowest) <= x_ids.order_key(after)


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
        raise Later(None, "server error", f"X sent an answer that cannot be read: {error}.") from error
    if kinds := sorted({str(problem.get("type"))[:100] for problem in parsing.get_problems(answer)}):
        log.info("X left something out of an answer: %s", ", ".join(kinds))
    return answer
