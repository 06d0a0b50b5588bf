"""Who may change tracks and settings, and mute words: every member, unless ADMINS names people."""

from bot.context import BotContext
from models.core.base import RuleBrokenError

NAMED_MAX = 5  # people named in one sentence


def may_change(ctx: BotContext, user: str) -> bool:
    """Whether that member may change tracks and the settings of channels."""
    return ctx.settings.admins is None or user in ctx.settings.admins


def require_admin(ctx: BotContext, user: str, *, to: str = "change tracks") -> None:
    """Raise `RuleBrokenError` if that member may not; `to` is what they want, for the sentence."""
    if not may_change(ctx, user):
        raise RuleBrokenError(only_admins_text(ctx, to=to))


def only_admins_text(ctx: BotContext, *, to: str) -> str:
    """Who may do that, in one sentence to somebody who may not."""
    named = [f"<@{one}>" for one in (ctx.settings.admins or ())]
    more = f" and {len(named) - NAMED_MAX} others" if len(named) > NAMED_MAX else ""
    return f"Only {', '.join(named[:NAMED_MAX])}{more} can {to} (`ADMINS` in Heard's settings)."
