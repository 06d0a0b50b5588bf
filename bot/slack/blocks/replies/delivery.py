"""A reply on its card: what became of it, in words and buttons. Pure."""

from typing import Any

from bot.networks.base import Network
from bot.networks.errors import USAGE_CAP_PHRASE
from bot.networks.pictures import PROCESSING_CAUSE
from bot.slack.blocks.elements import Block, button, context_block
from bot.slack.blocks.text import date_token, mrkdwn_handle, quote_block
from bot.slack.blocks.values import ReplyValue
from models import Reply
from models.core.mrkdwn import escape_entities
from models.reports.open_tickets import UnsettledReply
from models.tickets.delivery_state import PENDING_STATES, PUBLIC_STATES, DeliveryState

TIME_FORMAT = "{time_secs}"
DATE_TIME_FORMAT = "{date_short_pretty} at {time_secs}"  # for what may be on another day
QUOTE_MAX_CHARS = 600  # characters of our own reply on the card


def build_blocks(reply: Reply, *, title: str, account: str, names_account: bool = False) -> list[Block]:
    """The line that says where the reply is, and its words. `account` is empty where Heard has none.

    `names_account`: once it is public the line says as which account it went out, too.
    """
    return [
        context_block(_status_line(reply, title, account, names_account=names_account)),
        quote_block(reply.text, QUOTE_MAX_CHARS),
    ]


def _status_line(reply: Reply, title: str, handle: str, *, names_account: bool) -> str:
    account = f"*{mrkdwn_handle(handle)}*"
    sign_in = f"Sign in to {title}{f' as {account}' if handle else ''}"
    who, due = f"<@{reply.actor}>", date_token(reply.due_at or reply.created_at, TIME_FORMAT)
    on_its_way = f":outbox_tray: {who}'s reply is on its way to {title}."
    why = waiting_reason(reply.reason or "", title, reply.detail or "")
    again = date_token(reply.due_at or reply.created_at, DATE_TIME_FORMAT)
    waits = f":hourglass: {who}'s reply is waiting: {why}. Next try: {again}."
    as_account = f" as {account}" if names_account else ""
    spoken = f"{as_account}{_settled_text(reply)}{_reply_link(reply, title)}"
    lines = {
        DeliveryState.HELD: f":outbox_tray: {who}'s reply goes out at {due} as {account}. *Undo* stops it.",
        DeliveryState.QUEUED: waits if reply.reason else on_its_way,
        DeliveryState.SENDING: on_its_way,
        DeliveryState.UNSURE: (f":grey_question: {title} didn't confirm {who}'s reply. Checking."),
        DeliveryState.ASKED: _unsure_text(reply, title),
        DeliveryState.HANDED_OFF: (
            f":arrow_upper_right: {who}'s reply must be posted by hand. {sign_in}, "
            f"then press *Open on {title}*, post it, and press *I posted it*."
        ),
        DeliveryState.PUBLISHED: f":white_check_mark: {who} answered{spoken}",
        DeliveryState.CONFIRMED: f":white_check_mark: {who} answered by hand{spoken}",
    }
    if reply.unsay_by is not None and reply.state in PUBLIC_STATES:
        waits = f" {waiting_reason(reply.reason, title)}, so" if reply.reason else ""
        return f":wastebasket: <@{reply.unsay_by}> asked to delete {who}'s reply:{waits} it is still public."
    return lines[DeliveryState(reply.state)]


def waiting_reason(cause: str, title: str, detail: str = "") -> str:
    """A cause of `Later` in plain words, and what someone has to do if that fits into a few words."""
    return failure_text(cause, title, detail) + (
        "" if _is_usage_cap(cause, detail) else _REMEDY_TEXTS.get(cause, "")
    )


def failure_text(cause: str, title: str, detail: str = "") -> str:
    """The same alone; its `detail` tells a cap that is used up from money that is."""
    if _is_usage_cap(cause, detail):
        return f"{title}'s {USAGE_CAP_PHRASE} is used up"
    said = {
        "unreachable": f"{title} can't be reached",
        "rate limit": f"{title} asks us to slow down",
        "unauthorized": f"{title} has rejected our keys",
        "out of credit": f"Your {title} API credit has run out",
        "forbidden": f"{title} is temporarily refusing our requests",
        "server error": f"{title} is having problems",
        PROCESSING_CAUSE: f"{title} is still processing a picture",
        "other account": f"Heard is connected to {title} as another account",
    }
    return said.get(cause, escape_entities(cause))


_REMEDY_TEXTS = {
    "unauthorized": "; someone needs to renew them",
    "out of credit": "; someone needs to top it up",
}


def _is_usage_cap(cause: str, detail: str) -> bool:
    return cause == "out of credit" and USAGE_CAP_PHRASE in detail.lower()


def lookups_text(lookups: int) -> str:
    """What `lookups` completed checks for an unconfirmed reply found: nothing; no period at its end."""
    if not lookups:
        return "I couldn't look there"
    return f"I can't find it (checked {'once' if lookups == 1 else f'{lookups:,} times'})"


def _unsure_text(reply: Reply, title: str) -> str:
    sent = date_token(reply.sent_at or reply.created_at, DATE_TIME_FORMAT)
    return (
        f":question: *Did it post?* {title} didn't confirm <@{reply.actor}>'s reply sent {sent}. "
        f"{lookups_text(reply.looks)}. Please check on {title}, then decide."
    )


def _settled_text(reply: Reply) -> str:
    return f" {date_token(reply.settled_at)}" if reply.settled_at is not None else ""


def _reply_link(reply: Reply, title: str) -> str:
    return f"  ·  <{escape_entities(reply.post_url)}|See our reply on {title}>" if reply.post_url else ""


def build_buttons(
    reply: Reply | UnsettledReply,
    network: Network | None,
    title: str,
    to_post_id: str,
    *,
    post_url: str = "",
    post_context: str = "",
) -> list[dict[str, Any]]:
    """What can be done about this reply; `post_url` and `post_context` are of the post that it answers."""
    value = ReplyValue(reply.ticket_id, reply.id)
    if reply.state in PENDING_STATES:
        return [button("Undo", "undo", value, style="danger")]
    if reply.state == DeliveryState.ASKED:
        return [
            button("It was posted", "it_is_there", value),
            button("Send again", "send_again", value),
            button("Discard", "discard", value, style="danger"),
        ]
    if reply.state == DeliveryState.HANDED_OFF:
        return [
            *_open_on_network(
                reply, network, title, to_post_id, post_url=post_url, post_context=post_context
            ),
            button("I posted it", "posted", value),
            button("I did not post it", "not_posted", value),
        ]
    return []


def _open_on_network(
    reply: Reply | UnsettledReply,
    network: Network | None,
    title: str,
    to_post_id: str,
    *,
    post_url: str,
    post_context: str,
) -> list[dict[str, Any]]:
    """The network's own composer, with the words filled in where it can."""
    if network is None:
        return []
    url = network.reply_page(to_post_id, reply.text, url=post_url, context=post_context)
    if not url:
        return []
    return [button(f"Open on {title}", "open_composer_on_network", url=url, style="primary")]
