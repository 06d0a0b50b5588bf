"""Slack's rate limits, time limits and sizes. Rate limits apply only if `enforce` is set."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

# Requests per minute by tier: https://docs.slack.dev/apis/web-api/rate-limits
TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
MINUTE = 60.0


@dataclass
class Limits:
    """The limits, and how much of the rate limits is used."""

    enforce: bool = False
    posts_per_second: float = 1.0  # per channel
    burst: int = 3  # posts to a channel at once; Slack tolerates some, but does not say how many
    updates_per_minute: int = 50  # per workspace, not per channel
    trigger_seconds: float = 3.0
    answer_seconds: float = 3.0
    look_seconds: float = 3.0  # for which people look for what is to appear
    file_seconds: float = 0.0  # until blocks can use a completed picture; some seconds at Slack
    response_url_seconds: float = 1800.0
    response_url_uses: int = 5
    split_at: int = 4_000  # a longer text becomes several messages: bolt-python#764, java-slack-sdk#704
    truncate_at: int = 40_000
    retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)  # https://docs.slack.dev/apis/events-api
    _posts: dict[str, tuple[float, float]] = field(default_factory=dict)
    _windows: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def wait_to_post(self, channel: str, now: float) -> int:
        """Take one post from the channel's bucket; return the seconds to wait, 0 if it may be sent."""
        tokens, since = self._posts.get(channel, (float(self.burst), now))
        tokens = min(self.burst, tokens + (now - since) * self.posts_per_second)
        if tokens < 1:
            return max(1, math.ceil((1 - tokens) / self.posts_per_second))
        self._posts[channel] = (tokens - 1, now)
        return 0

    def wait_to_call(self, method: str, per_minute: int, now: float) -> int:
        """Count one call of the last minute; return the seconds to wait, 0 if it is allowed."""
        window = self._windows[method]
        window[:] = [at for at in window if now - at < MINUTE]
        if len(window) >= per_minute:
            return max(1, math.ceil(MINUTE - (now - window[0])))
        window.append(now)
        return 0
