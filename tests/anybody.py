"""Where there is no Slack to ask: everybody may speak."""

from bot.context import Desk
from bot.slack.permissions import Standing


class Anybody(Standing):
    """Knows everybody, and lets them send."""

    def why_not(self, desk: Desk, user: str, channel: str) -> str | None:
        return None
