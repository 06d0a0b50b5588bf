"""Which calls may be made now: nobody else has the row in hand, and the budget that Slack gives is not spent.

Posts count by channel, updates by workspace.

One message a second a channel, fifty updates in any minute a workspace:
https://docs.slack.dev/apis/web-api/rate-limits
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack.slack_call import Shown
from models import RateLimit

# Of the distance that Slack asks for: one call takes longer on its way than the next.
POST_SPACING_FACTOR = 1.02
UPDATE_LIMIT_KEY = "slack update"
POST_LIMIT_KEY_PREFIX = "slack post "  # and the channel


def limit_key(channel: str, *, posts: bool) -> str:
    """The budget that a call draws on: Slack counts posts by channel and updates by workspace."""
    return POST_LIMIT_KEY_PREFIX + channel if posts else UPDATE_LIMIT_KEY


def blocked_channels(spent: Collection[str]) -> list[str]:
    """The channels that take no post for now, by the budgets that are `spent`."""
    return [key.removeprefix(POST_LIMIT_KEY_PREFIX) for key in spent if key.startswith(POST_LIMIT_KEY_PREFIX)]


def reserve_call(ctx: BotContext, session: Session, channel: str, *, posts: bool, at: datetime) -> float:
    """Take one call out of its budget; else the seconds until there is one."""
    if posts:
        interval, burst = timedelta(seconds=POST_SPACING_FACTOR / ctx.settings.slack_posts_per_second), 1
    else:  # a burst counts too: so many at once, and as many more in the rest of the minute
        most = ctx.settings.slack_updates_per_minute
        burst = max(int(most / 5), 1)
        interval = timedelta(minutes=1 / (most - burst + 1))
    key = limit_key(channel, posts=posts)
    return RateLimit.take(session, key, at=at, interval=interval, burst=burst).total_seconds()


def reserve_update(ctx: BotContext, session: Session, *, at: datetime) -> float:
    """Take one update of a message out of the workspace's budget; else the seconds until there is one."""
    return reserve_call(ctx, session, "", posts=False, at=at)


def is_free_condition(table: type[Shown], at: datetime) -> Any:  # noqa: ANN401 - a condition
    """Not put off, and in nobody's hands."""
    return or_(table.not_before.is_(None), table.not_before <= at) & (
        or_(table.leased_until.is_(None), table.leased_until <= at)
    )


def is_free(row: Shown, at: datetime) -> bool:
    """The same as `_is_free_condition`, of a row at hand: another worker may have been faster."""
    return all(moment is None or moment <= at for moment in (row.not_before, row.leased_until))
