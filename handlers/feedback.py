"""How a handler answers a person: one plain sentence for whatever the ledger refuses, where they look."""

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from slack_bolt import Respond
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.runtime import crash_points
from bot.slack import home_tab
from bot.slack.blocks.elements import Block
from bot.slack.blocks.text import unescape
from bot.slack.errors import SlackError
from bot.slack.permissions import PermissionUnknownError
from bot.slack.respond import try_respond
from models import Card, Ticket
from models.core.base import RuleBrokenError
from models.core.database import BusyError, is_disk_full

log = logging.getLogger(__name__)

LEDGER_TIMEOUT_SECONDS = 2.0  # seconds a handler waits for the ledger: Slack gives it three
LEDGER_BUSY_TEXT = (
    "Heard's ledger is busy just now, so nothing was changed. Please press it again in a moment."
)
LEDGER_UNREACHABLE_TEXT = (
    "Heard's ledger cannot be reached just now, so nothing was changed. Please try again in a minute; "
    "if it stays, tell your admin."
)
DISK_FULL_TEXT = (
    "The disk that holds Heard's database is full, so nothing was changed. Please tell your admin; "
    "`/mentions open` and `/mentions stats` still work."
)
SLACK_SLOW_TEXT = "Slack was too slow just now. If nothing opened, please press the button once more."
INTERNAL_ERROR_TEXT = (
    "Something went wrong here, and nothing was changed. Please try once more; if it stays, tell your admin."
)
CARD_PENDING_TEXT = (
    "The card of this thread is only just being put here, and I do not know it yet. "
    "Please try again in a few seconds."
)

_user_names: dict[
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


def parse_actor(body: Mapping[str, Any]) -> Actor:
    """Who sent this press, submit or command."""
    user = body.get("user")
    if not isinstance(user, Mapping):
        return Actor(str(body.get("user_id", "")), body.get("channel_id"), None)
    _user_names[str(user["id"])] = str(user.get("name") or user.get("username") or "a teammate")
    container = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
    message = body.get("message") or {}
    thread_ts = message.get("thread_ts") or container.get("thread_ts")
    is_at_home = (body.get("view") or {}).get("type") == "home"
    return Actor(str(user["id"]), channel, thread_ts, _press_key(body), is_at_home)


def _press_key(body: Mapping[str, Any]) -> str:
    """What is the same only in two copies of one press: Slack hands out a trigger once, at one moment."""
    action = (body.get("actions") or [{}])[0]
    option = action.get("selected_option") or {}
    parts = (
        body.get("trigger_id"),
        body["user"]["id"],
        (body.get("container") or {}).get("message_ts"),
        action.get("action_id"),
        action.get("action_ts"),
        action.get("value") or option.get("value"),
    )
    return "press " + hashlib.sha256(repr(parts).encode()).hexdigest()


def to_plain_text(sentence: str) -> str:
    """`sentence` where Slack shows `<@U1>` and backticks as they are, such as in an error at an input."""
    known = re.sub(r"<@(\w+)>", _user_name, sentence).replace("`", "")
    return unescape(re.sub(r"<!subteam\^\w+>", "a group of teammates", known))


def _user_name(token: re.Match[str]) -> str:
    name = _user_names.get(token[1])
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
        log.error("the ledger cannot be reached: %s", type(error.orig).__name__)
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
            log.warning("could not tell somebody a sentence: %s", error)


def why_may_not_send(ctx: BotContext, who: Actor, ticket_id: int) -> str | None:
    """Why `who` may not speak in public about that ticket; asked with no transaction open.

    Raises `UnknownStandingError` if Slack does not say.
    """
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        channel = session.get_one(Ticket, ticket_id).channel
    return ctx.sender_permissions.why_not(ctx, who.id, channel)


def no_card_text(session: Session, channel: str, otherwise: str) -> str:
    """What to say in a thread of `channel` that is no card's, as far as the ledger knows."""
    return CARD_PENDING_TEXT if Card.is_any_being_posted(session, channel) else otherwise


def open_modal(ctx: BotContext, trigger_id: str, view: dict[str, Any]) -> str | None:
    """Open a modal; a sentence if Slack does not let us any more."""
    try:
        ctx.slack.open_view(trigger_id, view)
    except SlackError:
        return SLACK_SLOW_TEXT
    return None


@contextmanager
def write_session(ctx: BotContext) -> Iterator[Session]:
    """Give a session for what a teammate did; committed at the end, within the time that Slack gives us."""
    with ctx.db.write(LEDGER_TIMEOUT_SECONDS) as session:
        yield session
        crash_points.reach("press written")
    crash_points.reach("press kept")


def run_and_report(
    ctx: BotContext,
    who: Actor,
    respond: Respond | None,
    verb: Callable[[], str | None],
    *,
    comes_again: bool = False,
) -> None:
    """Do `verb`; say what it returns, or why it could not be done. Either way the loops have a look.

    What `comes_again` by itself is not given up because the ledger is busy: `BusyError` is raised.
    """
    try:
        sentence = verb()
    except Exception as error:  # a person acted, a person gets a sentence
        if comes_again and isinstance(error, BusyError):
            raise
        sentence = error_text(error)
    ctx.wake_loops()
    if sentence is not None:
        send_private_text(ctx, who, respond, sentence)
