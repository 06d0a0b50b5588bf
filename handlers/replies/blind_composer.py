"""The composer that opens while the ledger is slow: from what its button carries, and the words on the card.

The submit is held against the ledger anyway.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.values import ReplyTarget, Visibility
from bot.slack.blocks.replies.audience import UNKNOWN_VISIBILITY, Audience
from bot.slack.blocks.replies.composer import ComposerContent, build_composer_modal, build_refusal_modal
from bot.slack.blocks.values import Origin, TicketValue
from models.slack.notice import quote_block_id
from models.tickets.incoming_post import VISIBILITIES

Body = dict[str, Any]


def build_without_ledger(ctx: BotContext, seen: TicketValue | None, body: Body, key: str) -> Body:
    """The composer without the ledger: from what the button carries, and the words on the card itself."""
    if seen is None or seen.network is None or seen.post_id is None:
        return build_refusal_modal(
            "Heard's database is slow right now. Please press *Edit* again in a moment; your text is kept."
        )
    network = ctx.network(seen.network)
    origin = Origin(
        seen.ticket,
        seen.turn or 0,
        seen.post_id,
        key,
        seen.network,
        latest=seen.latest,
        account=seen.account_id,
    )
    asked = ComposerContent(
        audience=_audience_as_seen(network, seen, seen.post_id, ctx.now()),
        words=_quoted_text(body.get("message") or {}, seen.post_id),
        max_length=network.max_length,
        notice=(
            ":hourglass: The database is slow right now. You can still write; Heard checks your reply "
            "when you send it."
        ),
    )
    return build_composer_modal(origin, asked)


def _audience_as_seen(network: Network, seen: TicketValue, post_id: str, at: datetime) -> Audience:
    """Whom a reply reaches, as far as the button says; the submit is held against the ledger."""
    account = (seen.account or "us") if network.needs_account else ""
    audience = Audience(network.title, account, seen.handle or None, network=network.name)
    if seen.visibility not in VISIBILITIES:
        return replace(audience, visibility=UNKNOWN_VISIBILITY)
    visibility = cast("Visibility", seen.visibility)
    to = ReplyTarget(post_id, "", seen.handle or "", at, visibility=visibility)
    reached = network.reply_visibility(to)
    prefix = network.reply_prefix(to)
    return replace(audience, visibility=reached, prefix=prefix, is_narrowed=reached != visibility)


def _quoted_text(message: Body, post_id: str) -> str | None:
    """The words of that post, as the customer's card shows them."""
    for block in message.get("blocks") or []:
        if block.get("block_id") == quote_block_id(post_id):
            return "".join(part.get("text", "") for one in block["elements"] for part in one["elements"])
    return None
