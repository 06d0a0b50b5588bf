"""The composer's submit, held against the ledger.

Then the reply is in it and the modal closes; else the modal says why not, with the words kept.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from slack_bolt import Ack, App
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack.blocks.replies.composer import (
    COMPOSER_CALLBACK_ID,
    REPLY_BLOCK,
    WAIT_BLOCK,
    Origin,
    build_composer_modal,
)
from bot.slack.typed_text import SlackText
from handlers.feedback import (
    LEDGER_TIMEOUT_SECONDS,
    Actor,
    error_text,
    parse_actor,
    to_plain_text,
    why_may_not_send,
    write_session,
)
from handlers.replies.composer import (
    REFRESH_TIMEOUT_SECONDS,
    build_composer_content,
    check_shown,
    check_version,
    keep_draft,
    load_target,
    read_input,
    recheck_ticket,
    replace_draft,
    why_cannot_reply,
)
from handlers.replies.reply_text import ReplyText, find_duplicate, reply_text_from_typed
from models import Event, ProcessedRequest, Ticket
from models.core.base import MovedOnError, TakenError
from models.core.database import BusyError
from models.tickets.pause import PausedError
from models.tickets.unconnected_accounts import AccountNotConnectedError

Body = dict[str, Any]
KEPT_AS_DRAFT_TEXT = "Yours was not sent; it is kept as your draft."


def register(app: App, ctx: BotContext) -> None:
    """Listen for the submit."""

    @app.view(COMPOSER_CALLBACK_ID)
    def submit(ack: Ack, body: Body, view: Body) -> None:
        who, origin = parse_actor(body), Origin.unpacked(view["private_metadata"])
        ack(**_handle_submit(ctx, who, origin, view))
        ctx.wake_loops()


def _handle_submit(ctx: BotContext, who: Actor, origin: Origin, view: Body) -> dict[str, Any]:
    try:
        return _submit(ctx, who, origin, read_input(view), _wait_seconds(view))
    except BusyError:
        return _input_error(
            "Heard's ledger is busy just now. Nothing was sent; your words are here. Press it again."
        )
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        return _input_error(error_text(error))


def _wait_seconds(view: Body) -> int | None:
    """After how long the ticket is to come back if they do not answer."""
    picked = (view["state"]["values"].get(WAIT_BLOCK) or {}).get("value") or {}
    option = picked.get("selected_option")
    return int(option["value"]) if option else None


def _submit(
    ctx: BotContext, who: Actor, origin: Origin, typed: SlackText, wait_seconds: int | None
) -> dict[str, Any]:
    words = reply_text_from_typed(ctx.network(origin.network), typed, origin.sign)
    if words.problem is not None:
        return _input_error(words.problem)
    ctx.read_with_timeout(lambda: recheck_ticket(ctx, origin.ticket), REFRESH_TIMEOUT_SECONDS)
    try:
        refused = why_may_not_send(ctx, who, origin.ticket)
        if refused is not None or origin.only_draft:  # what it said it would do, whoever may send by now
            return _offer_draft(ctx, who, origin, typed, refused)
        warned = _build_warning(ctx, who, origin, typed, words)
        if warned is not None:
            return warned
        with write_session(ctx) as session:
            _queue_reply(ctx, session, who, origin, words, wait_seconds=wait_seconds)
    except MovedOnError as error:
        return _reopen_composer(ctx, who, origin, typed, str(error))
    except (TakenError, PausedError, AccountNotConnectedError) as error:
        _keep_draft(ctx, who, origin, typed)
        return _input_error(f"{error} {KEPT_AS_DRAFT_TEXT}")
    return {}


def _input_error(sentence: str) -> dict[str, Any]:
    return {"response_action": "errors", "errors": {REPLY_BLOCK: to_plain_text(sentence)}}


def _queue_reply(
    ctx: BotContext,
    session: Session,
    who: Actor,
    origin: Origin,
    words: ReplyText,
    *,
    wait_seconds: int | None,
) -> None:
    at = ctx.now()
    if not ProcessedRequest.claim_key(session, f"composer {origin.key}", at=at):
        return  # this very submit has had its effect
    ticket = Ticket.lock(session, origin.ticket)
    came_from = replace_draft(ctx, session, who, origin)
    target = load_target(session, ticket)
    check_version(target, origin.post_id, origin.latest)
    check_shown(ctx, ticket, target, is_known=origin.not_shown)
    reply = ticket.reply(
        session,
        text=words.text,
        by=who.id,
        at=at,
        turn=origin.turn,
        to_post_id=origin.post_id,
        undo_until=at + timedelta(seconds=ctx.settings.undo_seconds),
        key=origin.key,
        by_hand=target.answerable,
        author=origin.author,
        sign_off=words.sign_off,
        wait_seconds=wait_seconds,
        **came_from,
    )
    if origin.anyway == words.text_hash:
        Event.record(session, "sent anyway", at=at, by=who.id, ticket_id=ticket.id, reply_id=reply.id)


# --- who may, and what was said before ----------------------------------------------------------------------


def _offer_draft(
    ctx: BotContext, who: Actor, origin: Origin, typed: SlackText, refused: str | None
) -> dict[str, Any]:
    """Not theirs to send: the words become a draft, which the thread offers to those who may."""
    with write_session(ctx) as session:
        ticket = Ticket.lock(session, origin.ticket)
        ticket.stop_composing(key=origin.key)
        draft = keep_draft(ctx, session, ticket, who, origin=origin, words=typed.text.strip())
        if draft is not None:
            thread_notices.post_draft(session, draft, at=ctx.now())
    return {} if origin.only_draft else _input_error(f"{refused} {KEPT_AS_DRAFT_TEXT}")


def _build_warning(
    ctx: BotContext, who: Actor, origin: Origin, typed: SlackText, words: ReplyText
) -> dict[str, Any] | None:
    """The composer once more, with what speaks against these words; None if nothing does.

    That is a reply of ours that says the same, or a length that the network may refuse.
    """
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        before = find_duplicate(ctx, session, ticket, words, turn=origin.turn, reader=who.id)
        if before is not None and before.is_refused:
            return _input_error(before.sentence)
        notice = "\n".join(filter(None, [before.sentence if before is not None else None, words.warning]))
        is_known = origin.anyway == words.text_hash and (before is None or origin.near)
        if not notice or is_known:
            return None
        twin = before.quoted if before is not None else None
        asked = build_composer_content(ctx, session, ticket, typed.text, notice=notice, twin=twin)
        warned = replace(origin, anyway=words.text_hash, near=before is not None)
        return {"response_action": "update", "view": build_composer_modal(warned, asked)}


# --- the conversation went on -------------------------------------------------------------------------------


def _reopen_composer(
    ctx: BotContext, who: Actor, origin: Origin, typed: SlackText, sentence: str
) -> dict[str, Any]:
    """Show what is new, keep what was typed, and ask again."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        live = ticket.live_reply(session)
        closed = why_cannot_reply(ticket, live) if live is not None or ticket.closed_at is not None else None
        if closed is None:
            target = load_target(session, ticket)
            fresh = replace(
                origin,
                turn=ticket.turn,
                post_id=ticket.target_post_id,
                latest=target.latest_id,
                not_shown=target.is_missing,
            )
            asked = build_composer_content(ctx, session, ticket, typed.text, notice=f":warning: {sentence}")
    if closed is not None:
        _keep_draft(ctx, who, origin, typed)
        return _input_error(f"{sentence} {closed} {KEPT_AS_DRAFT_TEXT}")
    return {"response_action": "update", "view": build_composer_modal(fresh, asked)}


def _keep_draft(ctx: BotContext, who: Actor, origin: Origin, typed: SlackText) -> None:
    """What was typed is kept as a draft of its author, whatever became of it."""
    with write_session(ctx) as session:
        ticket = Ticket.lock(session, origin.ticket)
        ticket.stop_composing(key=origin.key)
        keep_draft(ctx, session, ticket, who, origin=origin, words=typed.text.strip())
