"""A network whose answers get lost, come late, or never were: as a seed decides."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bot.networks.errors import Later, Refused, Unsure
from bot.networks.values import Post, PublishedReply, RepeatRule, ReplyTarget
from tests.memory_network import MemoryNetwork
from tests.simulation.stage import START, Stage
from tests.simulation.weather import Climate

OURS, OTHER = "acmebrew", "acmetea"
WHOLE = 8.0  # seconds that a caller waits for an answer
STUCK = 60.0  # seconds that a request may be stuck somewhere, and then take effect after all
KEY_LIFE = timedelta(hours=1)  # of a request; that of a record is for ever
REPEAT_RULES = {
    "none": None,
    "of the record": RepeatRule(1, timedelta(), timedelta(seconds=60)),
    "of the request": RepeatRule(2, timedelta(seconds=60), timedelta(minutes=50)),
}


class Net(MemoryNetwork):
    """The network in memory, as one meets it on a bad day; `book` is what it shows to everybody.

    The credentials of another account may be put in place at any moment. A call is made with those that are in
    place when it begins.
    """

    name, title = "sim", "Sim"

    def __init__(self, stage: Stage, rng: Random, climate: Climate) -> None:
        super().__init__(OURS, now=stage)
        self.stage, self._rng, self._climate = stage, rng, climate
        self.is_fair = False  # from some moment on nothing goes wrong any more
        self.lost = 0
        self.frozen = 0.0  # seconds that callers stood still, one after the other or side by side
        self.away = 0.0  # seconds that the account of the tickets was not connected
        self._away_since: datetime | None = None
        self.broken: list[str] = []  # rules that were broken by how it was called
        self.repeated: set[str] = set()
        self._called: dict[str, datetime] = {}  # when each key was last used
        self._by_key: dict[str, Post] = {}

    def asks(self, number: int) -> str:
        """The post of customer `number`."""
        return self.says(f"customer{number}", f"@acmebrew question {number}", at=START).id

    def book(self, text: str) -> int:
        """How often an account of ours says just that."""
        return sum(post.text == text for post in self._posts.values())

    def speakers(self, text: str) -> set[str]:
        """The accounts that say just that."""
        return {post.author_id for post in self._posts.values() if post.text == text}

    def swaps(self, handle: str) -> None:
        """Put the credentials of that account in place."""
        if self._away_since is not None:
            self.away += (self.stage.now - self._away_since).total_seconds()
        self._away_since = self.stage.now if handle != OURS else None
        self.speaks_as(handle)

    def stand_still(self, seconds: float) -> None:
        """Whoever calls this is frozen for so long, as a process on a machine that is."""
        self.frozen += seconds
        self.stage.sleep(seconds)

    # --- writing ------------------------------------------------------------------------------------------

    def publish(
        self, text: str, to: ReplyTarget, key: str, *, account_id: str, frozen: str = ""
    ) -> PublishedReply:
        """Say it, or not; tell so, or not."""
        if self._has_keys and json.loads(frozen) != {"text": text, "to": to.post_id, "key": key}:
            self.broken.append(f"it was to be said in other words than were frozen: {frozen}")
        self._called[key] = self.stage.now
        return self._say(text, to, key, account_id)

    @property
    def _has_keys(self) -> bool:
        return REPEAT_RULES[self._climate.keys] is not None

    def freeze(
        self, text: str, to: ReplyTarget, key: str, *, at: datetime, account_id: str, pictures: Any = ()
    ) -> str:
        """The request; to put it together may fail, too."""
        if not self._has_keys:
            return ""
        self.stage.sleep(self._rng.uniform(0.02, 1.0))
        self._must_be(account_id)
        if not self.is_fair and self._rng.random() < self._climate.weather.refused:
            self._answer(self._no())
        return json.dumps({"text": text, "to": to.post_id, "key": key})

    def repeat_rule(self, *, account_id: str) -> RepeatRule | None:
        """As its keys allow it."""
        del account_id
        return REPEAT_RULES[self._climate.keys]

    def repeat(self, to: ReplyTarget, key: str, *, account_id: str, frozen: str) -> PublishedReply:
        """Say it once more, or not."""
        rule = REPEAT_RULES[self._climate.keys]
        since = self.stage.now - self._called.get(key, self.stage.now)  # the first call may never have begun
        held_up = timedelta(seconds=self._climate.longest_pause)
        if rule is None or key in self.repeated or since > rule.latest + held_up:
            self.broken.append(f"{key} was repeated after {since}, which nothing allows")
        self.repeated.add(key)
        return self._say(json.loads(frozen)["text"], to, key, account_id)

    def _say(self, text: str, to: ReplyTarget, key: str, account_id: str) -> PublishedReply:
        weather, draw = self._climate.weather, self._rng.random
        self.stage.sleep(self._rng.uniform(0.02, 1.0))
        self._must_be(account_id)
        me = self._me.handle
        if self.is_fair:
            return self._land(me, text, to, key)
        if draw() < weather.refused:
            self._answer(self._no())
        if draw() < weather.late:
            self.lost += 1
            self.stage.at(
                WHOLE + self._rng.uniform(0, self._stuck), lambda: self._land_late(me, text, to, key)
            )
            self._answer(Unsure("no answer in time"), WHOLE)
        if draw() < weather.lost / 2:
            self.lost += 1
            self._answer(Unsure("the connection broke before"), self._rng.choice((0.1, WHOLE)))
        published = self._land(me, text, to, key)
        if draw() < weather.lost / 2:
            self.lost += 1
            self._answer(Unsure("the connection broke after"), self._rng.choice((0.1, WHOLE)))
        if draw() < weather.broken:
            self._answer(ValueError("an answer that nobody foresaw"))
        self._answer(None)
        return published

    @property
    def _stuck(self) -> float:
        """How long a request is stuck at most: what took effect after the last look nobody could know of."""
        return min(STUCK, self._climate.plan[-1] / 2)

    def _no(self) -> Exception:
        at = self.stage.now + timedelta(seconds=self._rng.uniform(1, 60))
        return self._rng.choice(
            (
                Later(None, "unreachable", "no connection"),
                Later(at, "rate limit", "too many"),
                Later(None, "unauthorized", "keys"),
                Later(None, "forbidden", "not permitted"),
                Refused("not summoned", "they did not call us"),
                Refused("invalid", "not like this"),
                Refused("duplicate", "said already"),
            ),
        )

    def _answer(self, error: Exception | None, after: float | None = None) -> None:
        """The answer is on its way back; now and then the one who waits for it stands still."""
        self.stage.sleep(self._rng.uniform(0.02, WHOLE - 1) if after is None else after)
        if self._rng.random() < self._climate.weather.frozen and not self.is_fair:
            self.stand_still(self._rng.uniform(4, self._rng.choice((60, 900))))
        if error is not None:
            raise error

    def _land(self, me: str, text: str, to: ReplyTarget, key: str) -> PublishedReply:
        """It is public, said by `me`; perhaps for the second time."""
        if (known := self._known(key)) is not None:
            return PublishedReply(known.id, known.url)
        if self._find(to.post_id) is None:
            raise Refused("parent gone", "The post is gone.")
        if self._climate.duplicates and any(one.text == text for one in self._said_by(me, to)):
            raise Refused("duplicate", "We have said that already.")
        made = self._by_key[key] = self.says(me, text, under=to.post_id, at=self.stage.now)
        return PublishedReply(made.id, made.url)

    def _known(self, key: str) -> Post | None:
        """The post that an earlier request with that key made, as long as the network knows it."""
        post = self._by_key.get(key) if self._has_keys else None
        if post is not None and self._climate.keys == "of the request":
            return post if self.stage.now - post.posted_at < KEY_LIFE else None
        return post

    def _land_late(self, me: str, text: str, to: ReplyTarget, key: str) -> None:
        try:
            self._land(me, text, to, key)
        except Refused:
            return

    def _said_by(self, me: str, to: ReplyTarget) -> list[Post]:
        author = self._people[me].id
        return [
            one for one in self._posts.values() if one.author_id == author and one.in_reply_to == to.post_id
        ]

    # --- reading ------------------------------------------------------------------------------------------

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str, frozen: str = ""
    ) -> PublishedReply | None:
        """What our own timeline shows by now."""
        self._must_be(account_id)
        me = self._me.handle
        self.stage.sleep(self._rng.uniform(0.02, 3.0))
        if not self.is_fair and self._rng.random() < self._climate.weather.unread:
            at = self._rng.choice((None, self.stage.now + timedelta(seconds=self._rng.uniform(1, 400))))
            raise Later(at, "server error", "not now")
        lag = 0 if self._climate.keys == "of the record" else self._climate.lag  # read by its key, at once
        indexed = self.stage.now - timedelta(seconds=lag)
        for post in self._said_by(me, to):
            if since <= post.posted_at <= indexed and text in {None, post.text}:
                return PublishedReply(post.id, post.url)
        return None
