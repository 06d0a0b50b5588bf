"""Who may change what we listen for, and settings: every member, unless the setting ADMINS names people."""

from bot.context import BotContext
from models.core.base import RuleBrokenError

NAMED_MAX = 5  # people named in one sentence


def may_change(ctx: BotContext, user: str) -> bool:
    """Whether that member may change tracks and the settings of channels."""
    return ctx.settings.admins is None or user in ctx.settings.admins


def require_admin(ctx: BotContext, user: str, *, what: str = "tracks") -> None:
    """Raise `RuleBrokenError` if that member may not change `what`."""
    if not may_change(ctx, user):
        raise RuleBrokenError(only_admins_text(ctx, what=what))


def only_admins_text(ctx: BotContext, *, what: str) -> str:
    """Who may change `what`, in one sentence to somebody who may not."""
    named = [f"<@{one}>" for one in (ctx.settings.admins or ())]
    more = f" and {len(named) - NAMED_MAX} others" if len(named) > NAMED_MAX else ""
    return f"Only {', '.join(named[:NAMED_MAX])}{more} can change {what} (`ADMINS` in Heard's environment)."
