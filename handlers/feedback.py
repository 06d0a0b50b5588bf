"""How a handler answers a person: one plain sentence for whatever the ledger refuses, where they look."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import BoltResponse, Respond
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import home_tab
from bot.slack.blocks.elements import Block
from bot.slack.blocks.replies.composer import build_refusal_modal
from bot.slack.blocks.text import unescape
from bot.slack.errors import SlackError
from bot.slack.respond import try_respond
from bot.slack.sender_permissions import PermissionUnknownError
from models import Card, TicketGroup
from models.core.base import RuleBrokenError
from models.core.database import BusyError, is_disk_full

log = logging.getLogger(__name__)

Body = dict[str, Any]

LEDGER_TIMEOUT_SECONDS = 2.0  # seconds a handler waits for the ledger: Slack gives it three
LEDGER_BUSY_TEXT = "Heard's database is busy right now, so nothing was changed. Please try again in a moment."
LEDGER_UNREACHABLE_TEXT = (
    "Heard's database can't be reached right now, so nothing was changed. Please try again in a minute; "
    "if that doesn't help, tell your admin."
)
DISK_FULL_TEXT = (
    "The disk that holds Heard's database is full, so nothing was changed. Please tell your admin; "
    "`/mentions open` and `/mentions stats` still work."
)
SLACK_SLOW_TEXT = "Slack was too slow. If nothing opened, please press the button again."
INTERNAL_ERROR_TEXT = (
    "Something went wrong, and nothing was changed. Please try again; if that doesn't help, tell your admin."
)
CARD_PENDING_TEXT = "This thread's card is still being posted. Please try again in a few seconds."
SHARED_CARD_TEXT = (
    "This card shows several mentions, so I can't tell which one you mean. Press *Reply* or *Claim one…*: "
    "the one that you pick gets a card and a thread of its own."
)

user_names: dict[
    str, str
] = {}  # Slack ids → names, as Slack's own payloads told them; only for plain sentences


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted, the conversation that they look at, and the key of this very act.

    A press that arrives twice (Slack sent it again, or somebody replays it) has the same key.
    """

    id: str
    channel: str | None
    thread_ts: str | None
    key: str = ""
    is_at_home: bool = False  # it was pressed in the Home tab, where no message can be whispered


def to_plain_text(sentence: str) -> str:
    """`sentence` where Slack shows `<@U1>` and backticks as they are, such as in an error at an input."""
    known = re.sub(r"<@(\w+)>", _user_name, sentence).replace("`", "")
    return unescape(re.sub(r"<!subteam\^\w+>", "a group of teammates", known))


def _user_name(token: re.Match[str]) -> str:
    name = user_names.get(token[1])
    return f"@{name}" if name is not None else "a teammate"


def error_text(error: Exception) -> str:
    """What to tell the person about `error`."""
    if isinstance(error, RuleBrokenError):
        return str(error)
    if isinstance(error, PermissionUnknownError):
        return str(error)
    if isinstance(error, BusyError):
        return LEDGER_BUSY_TEXT
    if isinstance(error, OperationalError):
        log.error("can't reach the database: %s", type(error.orig).__name__)
        return DISK_FULL_TEXT if is_disk_full(error) else LEDGER_UNREACHABLE_TEXT
    log.error("a handler failed", exc_info=error)
    return INTERNAL_ERROR_TEXT


def send_private_text(ctx: BotContext, who: Actor, respond: Respond | None, sentence: str) -> None:
    """Say `sentence` (mrkdwn) to that one person, beside the request."""
    send_private_answer(ctx, who, respond, text=sentence)


def send_private_answer(
    ctx: BotContext,
    who: Actor,
    respond: Respond | None,
    *,
    text: str,
    blocks: Sequence[Block] | None = None,
    in_place: bool = False,
) -> None:
    """Show something to that one person, `in_place` of what they pressed or below; beside the request.

    Slack gives a press three seconds, and an address that does not answer would use them up. What a person is
    told comes in the order in which it was said.
    """
    ctx.queue_answer(
        who.id,
        lambda: send_private_answer_now(ctx, who, respond, text=text, blocks=blocks, in_place=in_place),
    )


def send_private_answer_now(
    ctx: BotContext,
    who: Actor,
    respond: Respond | None,
    *,
    text: str,
    blocks: Sequence[Block] | None = None,
    in_place: bool = False,
) -> None:
    """Show it by `response_url`; where that does not work, as an ephemeral message, or in the Home tab.

    It may come twice where Slack took the first and did not say so.
    """
    if respond is not None and try_respond(
        respond, text=text, blocks=blocks, response_type="ephemeral", replace_original=in_place
    ):
        return
    if who.is_at_home:
        home_tab.show(ctx, who.id, notice=text)
    elif who.channel is not None:
        shown = list(blocks) if blocks is not None else None
        try:
            ctx.slack.post_ephemeral(who.channel, who.id, text, shown, thread_ts=who.thread_ts)
        except SlackError as error:
            log.warning("could not send a private answer: %s", error)


def no_card_text(session: Session, channel: str, thread_ts: str, otherwise: str) -> str:
    """What to say in a thread of `channel` that is no ticket's card, as far as the ledger knows."""
    if TicketGroup.find_by_message(session, channel, thread_ts) is not None:
        return SHARED_CARD_TEXT
    return CARD_PENDING_TEXT if Card.is_any_being_posted(session, channel) else otherwise


# --- refused before a handler has a look --------------------------------------------------------------------


def send_refusal(
    ctx: BotContext, body: Body, who: Actor, respond: Respond | None, sentence: str
) -> BoltResponse:
    """Say it where they look, and nothing else; what they typed stays in its window."""
    kind = body.get("type")
    if "command" in body:
        return BoltResponse(status=200, body={"response_type": "ephemeral", "text": sentence})
    if kind == "view_submission":
        return BoltResponse(status=200, body=_modal_refusal(body["view"], sentence))
    if kind == "block_suggestion":
        return BoltResponse(status=200, body={"options": []})
    if kind == "block_actions" and (body.get("view") or {}).get("type") == "modal":
        ctx.run_in_background(lambda: _push_refusal(ctx, body, sentence))
    elif kind != "view_closed":
        send_private_text(ctx, who, respond, sentence)
    return BoltResponse(status=200, body="")


def _modal_refusal(view: Body, sentence: str) -> Body:
    """The answer to a submit: at the first input, so that what is typed stays; else in place of the modal."""
    inputs = [block["block_id"] for block in view.get("blocks") or [] if block.get("type") == "input"]
    if inputs:
        return refuse_submit(inputs[0], sentence)
    return refuse_submit(None, sentence)


def _push_refusal(ctx: BotContext, body: Body, sentence: str) -> None:
    try:
        ctx.slack.push_view(str(body.get("trigger_id")), build_refusal_modal(sentence))
    except SlackError as error:
        log.info("could not show an error in a modal: %s", error)


def refuse_submit(block: str | None, sentence: str) -> Body:
    """Have the modal stay open and say `sentence` at its input `block`; else say it in place of the modal."""
    if block is None:
        return {"response_action": "update", "view": build_refusal_modal(sentence)}
    return {"response_action": "errors", "errors": {block: to_plain_text(sentence)}}
