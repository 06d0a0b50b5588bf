"""Who may change what we listen for, and mute words: every member, unless the setting ADMINS names people."""

from bot.context import BotContext
from models.core.base import RuleBrokenError

NAMED_MAX = 5  # people named in one sentence


def may_change(ctx: BotContext, user: str) -> bool:
    """Whether that member may add, edit, pause and remove tracks."""
    return ctx.settings.admins is None or user in ctx.settings.admins


def require_admin(ctx: BotContext, user: str, *, to: str = "change tracks") -> None:
    """Raise `RuleBrokenError` if that member may not; `to` is what they want, for the sentence."""
    if may_change(ctx, user):
        return
    named = [f"<@{one}>" for one in (ctx.settings.admins or ())]
    more = f" and {len(named) - NAMED_MAX} others" if len(named) > NAMED_MAX else ""
    raise RuleBrokenError(
        f"Only {', '.join(named[:NAMED_MAX])}{more} can {to} (`ADMINS` in Heard's settings)."
    )
