"""What the channel is told of readings that leave something out."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import AccountIdentity, Later, Network
from bot.slack.blocks.text import mrkdwn_error, mrkdwn_handle
from models import Notice


def post_first_poll(
    ctx: BotContext,
    session: Session,
    network: Network,
    account: AccountIdentity,
    *,
    shown: int,
    left_out: int,
    has_gap: bool,
    at: datetime,
) -> None:
    """The first poll shows the newest `shown` mentions; `has_gap`: it left out more than `left_out`."""
    at_least = "at least " if has_gap else ""
    sentence = (
        f"I checked the last 24 hours of {network.title} for *{mrkdwn_handle(account.handle)}*: the newest "
        f"{shown} mentions have cards here. *{at_least}{left_out} older ones* from that day are not shown, "
        "to keep this channel readable."
    )
    Notice.enqueue(session, sentence, at=at, channel=ctx.settings.slack_channel)


def post_searched(ctx: BotContext, session: Session, network: Network) -> None:
    """A network's list had ended too early, and the rest was searched for."""
    missing = "replies to us that don't name us may be missing"
    _post_stopped_listing(ctx, session, network, f"I searched for the rest; {missing}.")


def post_not_searched(ctx: BotContext, session: Session, network: Network, later: Later) -> None:
    """A network's list had ended too early, and the rest cannot be searched for."""
    why = mrkdwn_error(later.detail)
    _post_stopped_listing(
        ctx, session, network, f"It doesn't let me search for the rest ({why}), so please check there."
    )


def _post_stopped_listing(ctx: BotContext, session: Session, network: Network, then: str) -> None:
    stopped = f"{network.title} stopped listing mentions before the last one that I already had."
    sentence = f":warning: {stopped} {then}"
    Notice.enqueue(session, sentence, at=ctx.now(), channel=ctx.settings.slack_channel)
