"""What a *Reply* button carries, so that a composer can open while the ledger is slow. Pure."""

from bot.slack.blocks.elements import Block, button
from bot.slack.blocks.replies.audience import UNKNOWN_VISIBILITY
from bot.slack.blocks.values import TicketValue
from models import Author, Ticket


def build_reply_button(
    ticket: Ticket,
    author: Author,
    account: str,
    account_id: str | None = None,
    network: str | None = None,
) -> Block:
    """A Reply button of its own, for a message in the ticket's thread; the rest as in `reply_value`."""
    value = reply_value(ticket, author, account, None, account_id=account_id, network=network)
    return button("Reply", "reply", value, style="primary")


def reply_value(
    ticket: Ticket,
    author: Author,
    account: str,
    latest: str | None,
    *,
    account_id: str | None = None,
    visibility: str | None = None,
    network: str | None = None,
) -> TicketValue:
    """Returns what a button that leads to a composer carries; `latest` is the version of the post shown.

    `account` is our handle, of the account `account_id` (None: the ticket's), and `network` where its target
    is (None: where it began). `visibility` is the post's; None: only what the ticket says is known.
    """
    return TicketValue(
        ticket.id,
        turn=ticket.turn,
        post_id=ticket.target_post_id,
        handle=author.handle,
        account=account,
        network=network or ticket.network,
        latest=latest,
        account_id=account_id,
        visibility=visibility or (UNKNOWN_VISIBILITY if ticket.is_private else "public"),
    )
