"""Where there is no Slack to ask: everybody may speak."""

from bot.desk import Desk
from bot.standing import Standing


class Anybody(Standing):
    """Knows everybody, and lets them send."""

    def why_not(self, desk: Desk, user: str, channel: str) -> str | None:
        return None
