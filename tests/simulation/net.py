"""A network whose answers get lost, come late, or never were: as a seed decides."""

from datetime import datetime, timedelta
from random import Random

from bot.networks import Later, Published, Refused, Target, Unsure
from bot.networks.memory import Memory
from tests.simulation.stage import START, Stage
from tests.simulation.weather import Climate

WHOLE = 8.0  # seconds that a caller waits for an answer
STUCK = 60.0  # seconds that a request may be stuck somewhere, and then take effect after all


class Net(Memory):
    """The network in memory, as one meets it on a bad day; `book` is what it shows to everybody."""

    name, title = "sim", "Sim"

    def __init__(self, stage: Stage, rng: Random, climate: Climate) -> None:
        super().__init__("acmebrew", now=stage)
        self.stage, self._rng, self._climate = stage, rng, climate
        self.is_fair = False  # from some moment on nothing goes wrong any more
        self.lost = 0
        self.frozen = 0.0  # seconds that callers stood still, one after the other or side by side

    def asks(self, number: int) -> str:
        """The post of customer `number`."""
        return self.says(f"customer{number}", f"@acmebrew question {number}", at=START).id

    def book(self, text: str) -> int:
        """How often our account says just that."""
        return sum(post.text == text for post in self._ours())

    def stand_still(self, seconds: float) -> None:
        """Whoever calls this is frozen for so long, as a process on a machine that is."""
        self.frozen += seconds
        self.stage.sleep(seconds)

    # --- writing ------------------------------------------------------------------------------------------

    def publish(self, text: str, to: Target, key: str) -> Published:
        """Say it, or not; tell so, or not."""
        weather, draw = self._climate.weather, self._rng.random
        self.stage.sleep(self._rng.uniform(0.02, 1.0))
        if self.is_fair:
            return self._land(text, to)
        if draw() < weather.refused:
            self._answer(self._no())
        if draw() < weather.late:
            self.lost += 1
            self.stage.at(WHOLE + self._rng.uniform(0, self._stuck), lambda: self._land_late(text, to))
            self._answer(Unsure("no answer in time"), WHOLE)
        if draw() < weather.lost / 2:
            self.lost += 1
            self._answer(Unsure("the connection broke before"), self._rng.choice((0.1, WHOLE)))
        published = self._land(text, to)
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

    def _land(self, text: str, to: Target) -> Published:
        """It is public; perhaps for the second time."""
        if self._find(to.post_id) is None:
            raise Refused("parent gone", "The post is gone.")
        if self._climate.duplicates and any(post.text == text for post in self.replies_to(to.post_id)):
            raise Refused("duplicate", "We have said that already.")
        made = self.says("acmebrew", text, under=to.post_id, at=self.stage.now)
        return Published(made.id, made.url)

    def _land_late(self, text: str, to: Target) -> None:
        try:
            self._land(text, to)
        except Refused:
            return

    # --- reading ------------------------------------------------------------------------------------------

    def find_reply(self, to: Target, text: str | None, since: datetime) -> Published | None:
        """What our own timeline shows by now."""
        self.stage.sleep(self._rng.uniform(0.02, 3.0))
        if not self.is_fair and self._rng.random() < self._climate.weather.unread:
            at = self._rng.choice((None, self.stage.now + timedelta(seconds=self._rng.uniform(1, 400))))
            raise Later(at, "server error", "not now")
        indexed = self.stage.now - timedelta(seconds=self._climate.lag)
        for post in self.replies_to(to.post_id):
            if since <= post.posted_at <= indexed and text in {None, post.text}:
                return Published(post.id, post.url)
        return None
