"""Where there is no Slack to ask: everybody may speak."""

from bot.context import BotContext
from bot.slack.sender_permissions import SenderPermissions


class Anybody(SenderPermissions):
    """Knows everybody, and lets them send."""

    def why_not(self, ctx: BotContext, user: str, channel: str, senders: object) -> str | None:
        return None
