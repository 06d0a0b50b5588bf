"""The exact preview of a public reply whose words come from a thread: only an act on it publishes.

A preview is a message that only its author sees, and may vanish; the draft behind it does not.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack.blocks import notification_text
from bot.slack.blocks.replies.preview import build_preview
from bot.slack.blocks.values import PreviewValue, ReplyValue
from bot.slack.errors import SlackError
from bot.slack.typed_text import SlackText
from handlers.door import Act, door, why_may_not_send, write_session
from handlers.feedback import Actor, send_private_text
from handlers.replies import pictures
from handlers.replies.composer import (
    AUTHOR_ONLY_TEXT,
    REFRESH_TIMEOUT_SECONDS,
    check_shown,
    not_shown_text,
    recheck_ticket,
)
from handlers.replies.destination import check_audience, load_destination, record_prefix
from handlers.replies.reply_text import (
    FILES_LEFT_OUT_ACT,
    ReplyText,
    find_duplicate,
    left_out_text,
    length_warning,
    load_left_out,
    load_sign_off,
    reply_text_from_draft,
    reply_text_from_typed,
)
from models import Account, Event, ProcessedRequest, Reply, Ticket
from models.core.base import MovedOnError, RuleBrokenError
from models.tickets import answer_as
from models.tickets.answer_as import UnanswerableError
from models.tickets.delivery_state import DeliveryState


@dataclass(frozen=True, slots=True)
class DraftSource:
    """Where the words of a draft come from: which Slack message, and whose it is, if somebody else's."""

    kind: str  # "thread" or "shortcut"
    channel: str
    ts: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What its author sees before anything is public."""

    text: str
    blocks: list[dict[str, Any]]
    fetching: int | None = None  # the draft whose pictures have to be fetched before it is shown


# --- made and shown -----------------------------------------------------------------------------------------


def save_draft(
    ctx: BotContext, session: Session, ticket: Ticket, who: Actor, *, typed: SlackText, source: DraftSource
) -> Preview:
    """Store the text as a draft and return its preview; a draft survives if the preview is lost.

    Raises `RuleBrokenError` with a sentence for the user if there is no text, or if it cannot be sent.
    """
    before = ticket.live_reply(session)
    target = ticket.find_target(session, before.network_on(ticket) if before is not None else None)
    accounts = answer_as.load_accounts(session, ticket, target=target)
    account = answer_as.pick_account(accounts, before.account_id if before is not None else None)
    there = load_destination(ctx, session, ticket, account.account_id, network=target.network)
    words = reply_text_from_typed(there, typed, load_sign_off(ctx, session, who.id))
    is_with_pictures = pictures.may_attach(ctx, session, ticket, there)
    typed = typed if is_with_pictures else typed.without_pictures()
    if not words.text:
        behind = f" {left_out_text(typed.left_out)}" if typed.left_out else ""
        raise RuleBrokenError(
            f"Write your text after `reply`, such as `@Heard reply Thank you, we are on it.`{behind}"
        )
    draft = ticket.draft(
        session,
        text=words.text,
        by=who.id,
        at=ctx.now(),
        key=uuid.uuid4().hex,
        source=source.kind,
        turn=ticket.next_turn,
        account_id=account.account_id,
        to_post_id=target.post_id,
        author=source.author,
        sign_off=words.sign_off,
        said_channel=source.channel,
        said_ts=source.ts,
    )
    pictures.attach(ctx, session, draft, typed.pictures)
    if typed.left_out:
        files = {"files": list(typed.left_out), "why": pictures.why_left_out(ctx, there)}
        Event.record(
            session,
            FILES_LEFT_OUT_ACT,
            at=ctx.now(),
            by=who.id,
            ticket_id=ticket.id,
            reply_id=draft.id,
            data=files,
        )
        session.flush()
    return _build_draft_preview(ctx, session, ticket, draft, words.problem)


def load_draft_previews(ctx: BotContext, session: Session, ticket: Ticket, who: Actor) -> list[Preview]:
    """What `who` has drafted for this ticket and not sent, once more."""
    query = select(Reply).where(
        Reply.ticket_id == ticket.id, Reply.actor == who.id, Reply.state == DeliveryState.DRAFT
    )
    drafts = session.scalars(query.order_by(Reply.id)).all()
    return [
        _build_draft_preview(ctx, session, ticket, draft, _problem(ctx, session, ticket, draft))
        for draft in drafts
    ]


def _problem(ctx: BotContext, session: Session, ticket: Ticket, draft: Reply) -> str | None:
    there = load_destination(ctx, session, ticket, draft.account_id, network=draft.network)
    return reply_text_from_draft(there, draft.text, draft.sign_off).problem


def _build_draft_preview(
    ctx: BotContext, session: Session, ticket: Ticket, draft: Reply, problem: str | None
) -> Preview:
    there = load_destination(ctx, session, ticket, draft.account_id, network=draft.network)
    account = Account.find(session, there.network.name, draft.account_id)
    audience = there.audience(account.at_handle.removeprefix("@") if account is not None else "us")
    target = ticket.find_target(session, draft.network)
    length, left_out = there.network.length(draft.text, there.to), load_left_out(session, draft)
    shown = pictures.load_preview_content(session, draft.id)
    before = find_duplicate(
        ctx,
        session,
        ticket,
        ReplyText(draft.text, draft.sign_off, length, None),
        turn=draft.turn,
        reader=draft.actor,
        network=draft.network,
    )
    by_hand = False
    try:
        by_hand = answer_as.load_refusal(session, target, draft.account_id) is not None
    except UnanswerableError as error:
        problem = problem or str(error)
    warnings = [before.sentence if before is not None else None, length_warning(there, draft.text)]
    blocks = build_preview(
        draft_id=draft.id,
        ticket_id=ticket.id,
        text=draft.text,
        audience=audience,
        length=length,
        max_length=there.network.max_length,
        problem=problem or (before.sentence if before is not None and before.is_refused else None),
        words_of=draft.author,
        left_out=left_out_text(*left_out) if left_out is not None else None,
        warning="\n".join(filter(None, warnings)) or None,
        is_near=before is not None,
        twin=before.quoted if before is not None else None,
        by_hand=by_hand,
        latest=target.version,
        not_shown=not_shown_text(ctx, target) if target.is_missing else None,
        pictures=shown,
    )
    kind = "public reply" if audience.is_public else "reply"
    heading = f"A preview of your {kind} on {there.network.title}:"
    is_fetching = any(one.is_pending for one in shown.shown)
    text = notification_text.build_text(heading, blocks)
    return Preview(text, blocks, fetching=draft.id if is_fetching else None)


def show_preview(ctx: BotContext, who: Actor, shown: Preview) -> None:
    """Show it to `who` alone, in the thread that they look at, once its pictures are here."""
    if shown.fetching is not None:
        draft_id = shown.fetching
        ctx.run_in_background(lambda: _show_fetched(ctx, who, draft_id))
    else:
        _show_now(ctx, who, shown)


def _show_fetched(ctx: BotContext, who: Actor, draft_id: int) -> None:
    pictures.fetch_pending(ctx, draft_id)
    with ctx.db.read() as session:
        draft = session.get_one(Reply, draft_id)
        ticket = session.get_one(Ticket, draft.ticket_id)
        if draft.state != DeliveryState.DRAFT:
            return
        shown = _build_draft_preview(ctx, session, ticket, draft, _problem(ctx, session, ticket, draft))
    _show_now(ctx, who, shown)


def _show_now(ctx: BotContext, who: Actor, shown: Preview) -> None:
    if who.channel is None:
        return
    try:
        ctx.slack.post_ephemeral(who.channel, who.id, shown.text, shown.blocks, thread_ts=who.thread_ts)
    except SlackError as error:
        sentence = f"I couldn't show you the preview ({error}). Your text is kept: press *Reply* on the card."
        send_private_text(ctx, who, None, sentence)


# --- decided ------------------------------------------------------------------------------------------------


def _load_own_draft(session: Session, value: PreviewValue | ReplyValue, who: Actor) -> tuple[Ticket, Reply]:
    """The draft behind a preview, which only its author may decide about."""
    ticket = Ticket.lock(session, value.ticket)
    draft = session.get_one(Reply, value.reply, populate_existing=True)
    if draft.actor != who.id:
        raise RuleBrokenError(AUTHOR_ONLY_TEXT)
    if draft.state != DeliveryState.DRAFT:
        raise RuleBrokenError("That's already decided: see the card.")
    return ticket, draft


@door.press("send_publicly", value=PreviewValue)
def send(act: Act[PreviewValue]) -> str | None:
    """The explicit act: the draft goes out exactly as it was shown."""
    ctx, who, value = act.ctx, act.who, act.value
    refused = why_may_not_send(ctx, who, value.ticket)
    if refused is not None:
        return _offer_draft(ctx, who, value, refused)
    ctx.read_with_timeout(lambda: _recheck(ctx, value), REFRESH_TIMEOUT_SECONDS)
    with act.change_once() as session:
        ticket, draft = _load_own_draft(session, value, who)
        before = find_duplicate(
            ctx,
            session,
            ticket,
            ReplyText(draft.text, draft.sign_off, 0, None),
            turn=draft.turn,
            reader=who.id,
            network=draft.network,
        )
        shown: Preview | None = None
        sentence: str | None = None
        if before is not None and (before.is_refused or not value.is_near_copy):
            shown = _build_draft_preview(ctx, session, ticket, draft, None)
        else:
            there = load_destination(ctx, session, ticket, draft.account_id, network=draft.network)
            is_warned = before is not None or length_warning(there, draft.text) is not None
            shown, sentence = _submit_draft(ctx, session, ticket, draft, value, is_warned=is_warned)
    ctx.wake_loops()
    if shown is not None:
        act.answer(text=shown.text, blocks=shown.blocks, in_place=True)
    else:
        act.answer(
            text="On its way. The card shows its status, with *Undo* while that's possible.", in_place=True
        )
    return sentence


def _recheck(ctx: BotContext, value: PreviewValue) -> None:
    with ctx.db.read() as session:
        draft = session.get_one(Reply, value.reply)
    recheck_ticket(ctx, value.ticket, draft.account_id, draft.network)


def _offer_draft(ctx: BotContext, who: Actor, value: PreviewValue, refused: str) -> str:
    """Not theirs to send: the draft is offered, in the thread, to those who may."""
    with write_session(ctx) as session:
        if ProcessedRequest.claim_key(session, f"offered {value.reply}", at=ctx.now()):
            _ticket, draft = _load_own_draft(session, value, who)
            thread_notices.post_draft(session, draft, at=ctx.now())
    return refused


def _submit_draft(
    ctx: BotContext,
    session: Session,
    ticket: Ticket,
    draft: Reply,
    value: PreviewValue,
    *,
    is_warned: bool,
) -> tuple[Preview | None, str | None]:
    at, target = ctx.now(), ticket.find_target(session, draft.network)
    try:
        target.check_version(draft.to_post_id, value.latest)
        check_shown(ctx, target, is_known=value.is_not_shown)
        there = load_destination(ctx, session, ticket, draft.account_id, network=draft.network)
        check_audience(there, visibility=value.visibility, warning=value.warning, prefix=value.prefix)
        by_hand = answer_as.load_refusal(session, target, draft.account_id)
        if by_hand is None:
            pictures.check_preview(session, there, draft.id, value.pictures)
        draft.visibility, draft.content_warning = there.visibility, target.content_warning
        record_prefix(session, draft, there, at=at)
        ticket.submit(
            session,
            draft,
            by=draft.actor,
            at=at,
            undo_until=at + timedelta(seconds=ctx.settings.undo_seconds),
            by_hand=by_hand,
        )
    except MovedOnError as error:
        draft.turn, draft.to_post_id, draft.network = ticket.next_turn, target.post_id, target.network
        accounts = answer_as.load_accounts(session, ticket, target=target)
        draft.account_id = answer_as.pick_account(accounts, draft.account_id).account_id
        return _build_draft_preview(ctx, session, ticket, draft, None), f"{error} Here is your preview again."
    if is_warned:
        Event.record(session, "sent anyway", at=at, by=draft.actor, ticket_id=ticket.id, reply_id=draft.id)
    return None, None


@door.press("keep_private", value=ReplyValue)
def keep_private(act: Act[ReplyValue]) -> None:
    """Discard the draft."""
    with act.change_once() as session:
        _ticket, draft = _load_own_draft(session, act.value, act.who)
        draft.move(session, DeliveryState.DISCARDED, at=act.ctx.now(), by=act.who.id, act="kept private")
    act.answer(text="Kept private. Nothing was published.", in_place=True)
