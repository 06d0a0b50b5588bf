"""The network in memory with what Mastodon and Bluesky have: requests that are frozen, handles in front, keys."""

import json
from datetime import datetime, timedelta
from typing import Any

from bot.networks.values import PublishedReply, RepeatRule, ReplyTarget
from tests.memory_network import MemoryNetwork


class KeyedNetwork(MemoryNetwork):
    """Each request is put together before it is sent, begins with a handle, and is known by its key.

    `requests` are those that came, whether answered or not. A key that is known brings the post of before.
    """

    title = "Keyed"
    rule: RepeatRule | None = RepeatRule(
        looks=2, earliest=timedelta(seconds=60), latest=timedelta(minutes=50)
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.requests: list[str] = []
        self.repeats: list[str] = []
        self.by_key: dict[str, PublishedReply] = {}

    def freeze(
        self, text: str, to: ReplyTarget, key: str, *, at: datetime, account_id: str, pictures: Any = ()
    ) -> str:
        """The whole request as JSON."""
        self._must_be(account_id)
        self._strike("freeze")
        words = self.reply_prefix(to) + text
        return json.dumps(
            {
                "text": words,
                "to": to.post_id,
                "context": to.context,
                "visibility": to.visibility,
                "warning": to.content_warning,
                "lang": to.lang,
                "key": key,
                "at": at.isoformat(),
            }
        )

    def publish(
        self, text: str, to: ReplyTarget, key: str, *, account_id: str, frozen: str = ""
    ) -> PublishedReply:
        """Post what was frozen, whatever else is said."""
        self.requests.append(frozen)
        request = json.loads(frozen)
        if (known := self.by_key.get(request["key"])) is not None:
            return known
        before = set(self._posts)
        try:
            return super().publish(request["text"], to, key, account_id=account_id)
        finally:  # also if the answer is lost
            for made in set(self._posts) - before:
                post = self._posts[made]
                self.by_key[request["key"]] = PublishedReply(post.id, post.url)

    def repeat_rule(self, *, account_id: str) -> RepeatRule | None:
        """As a test wants it."""
        del account_id
        return self.rule

    def repeat(self, to: ReplyTarget, key: str, *, account_id: str, frozen: str) -> PublishedReply:
        """The same request again."""
        self.repeats.append(frozen)
        self._must_be(account_id)
        self._strike("repeat")
        return self.publish("", to, key, account_id=account_id, frozen=frozen)

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str, frozen: str = ""
    ) -> PublishedReply | None:
        """Our reply, which has the handle in front."""
        words = json.loads(frozen)["text"] if frozen and text is not None else text
        return super().find_reply(to, words, since, account_id=account_id)

    def reply_prefix(self, to: ReplyTarget) -> str:
        """The author's handle, as Mastodon needs it to notify them."""
        return f"@{to.author_handle} "
