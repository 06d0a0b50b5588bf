"""Three networks that a team answers on at once, in memory: like X, like Mastodon and like Bluesky.

Each checks how it is called, and shows what the bot says there to a witness before anybody else.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bot.networks.answerable import Answerable, ReplyByHandOnly
from bot.networks.errors import Refused, Unsure
from bot.networks.values import AuthorProfile, Post, PublishedReply, RepeatRule, ReplyTarget
from tests.keyed_network import KeyedNetwork
from tests.memory_network import MemoryNetwork


@dataclass(frozen=True)
class Heard:
    """One thing that the bot said on a network: under whose key, as whom, in which words, and for whom."""

    network: str
    key: str
    post: Post
    handle: str  # of the account that said it
    text: str  # the whole of it, with what the network needs in front
    parent: Post
    at: datetime


@dataclass
class Call:
    """What is known of the calls with one key."""

    first_at: datetime
    is_unsure: bool = False
    looks: int = 0  # that found nothing since the last call
    is_seen: bool = False
    repeats: int = 0


class TeamNetwork(MemoryNetwork):
    """What the three have in common."""

    customer = "maria"
    visibilities: tuple[str, ...] = ("public",)  # that a customer's post may have

    def __init__(self, clock: Callable[[], datetime], handle: str, other: str) -> None:
        super().__init__(handle, now=clock)
        self.handle, self.other = handle, other
        self.said: list[Heard] = []
        self.broken: list[str] = []  # rules that were broken by how it was called
        self.calls: dict[str, Call] = {}
        self.witness: Callable[[Heard], None] = lambda _heard: None
        self.may_resend: Callable[[str], bool] = lambda _key: True

    @property
    def call(self) -> str:
        """How the customer calls us."""
        return f"@{self.handle}"

    # --- how it is called ---------------------------------------------------------------------------------

    def publish(
        self, text: str, to: ReplyTarget, key: str, *, account_id: str, frozen: str = ""
    ) -> PublishedReply:
        """Publish what was frozen, and note what has landed, also where the caller is not told."""
        call = self.calls.get(key)
        if call is not None and call.is_unsure and not self.may_resend(key):
            self.broken.append(f"{key} was sent again on {self.title}, and no person had asked for it")
        self.calls[key] = call = call or Call(self._now())
        call.first_at, call.is_unsure, call.looks = self._now(), False, 0
        return self._say(text, to, key, account_id, frozen)

    def repeat(self, to: ReplyTarget, key: str, *, account_id: str, frozen: str) -> PublishedReply:
        """The same request again, if the network's rule allows one."""
        rule, call = self.repeat_rule(account_id=account_id), self.calls.get(key, Call(self._now()))
        since = self._now() - call.first_at
        is_allowed = rule is not None and call.looks >= rule.looks and rule.earliest <= since <= rule.latest
        if not is_allowed or call.is_seen or call.repeats:
            found = f"after {since}, {call.looks} looks and {call.repeats} repeats"
            self.broken.append(f"{key} was repeated on {self.title} {found}, which nothing allows")
        call.repeats += 1
        self._strike("repeat")
        return self._say("", to, key, account_id, frozen)

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str, frozen: str = ""
    ) -> PublishedReply | None:
        """Our reply; a look that found nothing counts."""
        found = super().find_reply(to, text, since, account_id=account_id, frozen=frozen)
        for key, call in self.calls.items():
            if call.is_unsure and (not frozen or f'"{key}"' in frozen):
                call.looks += found is None
                call.is_seen = call.is_seen or found is not None
        return found

    def _say(self, text: str, to: ReplyTarget, key: str, account_id: str, frozen: str) -> PublishedReply:
        before = set(self._posts)
        try:
            return self._send(text, to, key, account_id, frozen)
        except Unsure:
            self.calls[key].is_unsure = True
            raise
        except Refused as no:
            if no.reason == "too long" and "characters are more than" in no.detail:
                self.broken.append(f"what the composer let pass is too long for {self.title}: {no.detail}")
            raise
        finally:
            for post in [post for post in self._posts.values() if post.id not in before]:
                self._show(key, post)

    def _send(self, text: str, to: ReplyTarget, key: str, account_id: str, frozen: str) -> PublishedReply:
        del frozen
        return MemoryNetwork.publish(self, text, to, key, account_id=account_id)

    def _show(self, key: str, post: Post) -> None:
        parent = self._find(post.in_reply_to or "")
        assert parent is not None
        [handle] = [one.handle for one in self._people.values() if one.id == post.author_id]
        self.said.append(Heard(self.name, key, post, handle, post.text, parent, self._now()))
        self.witness(self.said[-1])

    # --- what it shows ------------------------------------------------------------------------------------

    def is_public(self, post_id: str) -> bool:
        """Whether that post is there, and was not deleted since."""
        return self._find(post_id) is not None

    def post_of(self, post_id: str) -> Post:
        """That post, which is there."""
        return self._post(post_id)

    def words(self) -> list[str]:
        """What our account shows to everybody, without what the network needed in front."""
        everybody = [post for post in self._ours() if post.visibility in {"public", "unlisted"}]
        return [post.text.removeprefix(f"@{self.customer} ") for post in everybody]


class XLike(TeamNetwork):
    """Only whoever called us can be answered, and a repeat makes two posts."""

    name, title = "xlike", "Chirp"

    @property
    def call(self) -> str:
        """Both accounts by name, so that the network would let either of them answer."""
        return f"@{self.handle} @{self.other}"


class KeyedTeamNetwork(TeamNetwork, KeyedNetwork):
    """Sends exactly what was frozen, and knows a request that it gets twice by its key."""

    def _send(self, text: str, to: ReplyTarget, key: str, account_id: str, frozen: str) -> PublishedReply:
        del text
        self._must_be(account_id)
        request = json.loads(frozen)
        self.requests.append(frozen)
        if (known := self.by_key.get(key)) is not None:
            return known
        sent = replace(to, visibility=request["visibility"], content_warning=request["warning"])
        before = set(self._posts)
        try:
            return MemoryNetwork.publish(self, request["text"], sent, key, account_id=account_id)
        finally:
            for post in [post for post in self._posts.values() if post.id not in before]:
                self.by_key[key] = PublishedReply(post.id, post.url)


class MastodonLike(KeyedTeamNetwork):
    """Posts have an audience and a content warning, the author's handle stands in front and counts."""

    name, title, customer = "mastolike", "Herd", "nadia"
    max_length = 88
    visibilities = ("public", "unlisted", "followers", "followers", "direct", "direct")
    rule: RepeatRule | None = RepeatRule(2, timedelta(seconds=60), timedelta(minutes=50))


class BlueskyLike(KeyedTeamNetwork):
    """Records have keys of ours, and an author can close a thread to replies."""

    name, title, customer = "skylike", "Sky", "olga"
    max_length = 300
    rule: RepeatRule | None = RepeatRule(1, timedelta(), timedelta(seconds=60))

    def freeze(
        self, text: str, to: ReplyTarget, key: str, *, at: datetime, account_id: str, pictures: Any = ()
    ) -> str:
        """Put it together, and see that the thread is open."""
        if self.is_public(to.post_id) and self._post(to.post_id).no_reply_because:
            raise Refused("not allowed", "Its author does not let us reply.")
        return super().freeze(text, to, key, at=at, account_id=account_id, pictures=pictures)

    def reply_prefix(self, to: ReplyTarget) -> str:
        """Nothing: a record names its parent."""
        del to
        return ""

    def answerable(self, post: Post, author: AuthorProfile | None) -> Answerable:
        """Whether the thread is open."""
        if post.no_reply_because is not None:
            return ReplyByHandOnly(post.no_reply_because)
        return super().answerable(post, author)


def three(clock: Callable[[], datetime]) -> tuple[TeamNetwork, ...]:
    """The three networks, with an account of ours and another one on each."""
    return (
        XLike(clock, "acmebrew", "acmetea"),
        MastodonLike(clock, "acmeherd", "acmemugs"),
        BlueskyLike(clock, "acmesky", "acmecups"),
    )
