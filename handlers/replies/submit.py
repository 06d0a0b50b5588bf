"""The composer's submit, held against the ledger.

Then the reply is in it and the modal closes; else the modal says why not, with the words kept.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack.blocks.replies.composer import (
    COMPOSER_CALLBACK_ID,
    REPLY_BLOCK,
    REPLY_INPUT,
    WAIT_BLOCK,
    build_composer_modal,
)
from bot.slack.blocks.replies.pictures import PickedPictures
from bot.slack.blocks.text import mrkdwn_handle
from bot.slack.blocks.values import Origin
from bot.slack.typed_text import SlackText
from handlers.door import Act, door, why_may_not_send, write_session
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, Actor, refuse_submit
from handlers.replies import pictures
from handlers.replies.composer import (
    REFRESH_TIMEOUT_SECONDS,
    build_composer_content,
    check_shown,
    chosen_account_id,
    chosen_network,
    pictures_place,
    recheck_ticket,
    shown_to,
)
from handlers.replies.composing import keep_draft
from handlers.replies.destination import check_audience, load_destination, record_prefix
from handlers.replies.picture_step import take_files
from handlers.replies.reply_text import ReplyText, find_duplicate, reply_text_from_typed
from models import Event, Mention, ReplyPicture, Ticket
from models.core.base import MovedOnError, RuleBrokenError, TakenError
from models.core.database import BusyError
from models.tickets import answer_as, kept_drafts, unconnected_accounts
from models.tickets.answer_as import AnsweringAccount, UnanswerableError
from models.tickets.pause import PausedError
from models.tickets.unconnected_accounts import AccountNotConnectedError

Body = dict[str, Any]
KEPT_AS_DRAFT_TEXT = "Your reply was not sent; it is kept as a draft."


@door.submit(COMPOSER_CALLBACK_ID, value=Origin, at=REPLY_BLOCK)
def submit(act: Act[Origin]) -> Body | None:
    """Queue the reply; or show what stands against it, or keep it as a draft."""
    ctx, who = act.ctx, act.who
    typed, wait_seconds = act.typed(REPLY_BLOCK, REPLY_INPUT), _wait_seconds(act.view)
    account_id, network = chosen_account_id(act.view, act.value), chosen_network(act.view, act.value)
    origin = replace(act.value, network=network)
    picked = pictures.read_picked(act.view, act.value)
    try:
        try:
            _check_shown_network(ctx, act.value, network)
            if picked.files:
                return take_files(act, origin, typed, picked, account_id=account_id)
            return _submit(act, typed, wait_seconds, account_id, picked)
        except MovedOnError as error:
            return _reopen_composer(ctx, who, origin, typed, str(error), account_id=account_id, picked=picked)
        except (TakenError, PausedError, AccountNotConnectedError, UnanswerableError) as error:
            _keep_draft(ctx, who, origin, typed, account_id=account_id, picked=picked)
            return refuse_submit(REPLY_BLOCK, f"{error} {KEPT_AS_DRAFT_TEXT}")
    except BusyError:
        return refuse_submit(
            REPLY_BLOCK,
            "Heard's database is busy right now. Nothing was sent; your text is still here. Please try "
            "again.",
        )


def _check_shown_network(ctx: BotContext, origin: Origin, network: str) -> None:
    """Refuse a reply on another network than the composer showed. Raises `MovedOnError`."""
    if network != origin.network:
        title = ctx.network_titles.get(network, network)
        raise MovedOnError(f"Check how this goes out on {title}, then send again.")


def _wait_seconds(view: Body) -> int | None:
    """After how long the ticket is to come back if they do not answer."""
    picked = (view["state"]["values"].get(WAIT_BLOCK) or {}).get("value") or {}
    option = picked.get("selected_option")
    return int(option["value"]) if option else None


def _submit(
    act: Act[Origin],
    typed: SlackText,
    wait_seconds: int | None,
    account_id: str | None,
    picked: PickedPictures,
) -> Body | None:
    ctx, who, origin = act.ctx, act.who, act.value
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        there = load_destination(ctx, session, ticket, account_id, network=origin.network)
    words = reply_text_from_typed(there, typed, origin.sign)
    if words.problem is not None:
        raise RuleBrokenError(words.problem)
    ctx.read_with_timeout(
        lambda: recheck_ticket(ctx, origin.ticket, account_id, origin.network), REFRESH_TIMEOUT_SECONDS
    )
    refused = why_may_not_send(ctx, who, origin.ticket)
    if refused is not None or origin.only_draft:  # what it said it would do, whoever may send by now
        return _offer_draft(ctx, who, origin, typed, refused, account_id=account_id, picked=picked)
    warned = _build_warning(ctx, who, origin, typed, words, account_id=account_id, picked=picked)
    if warned is not None:
        return warned
    with act.change_once() as session:
        _queue_reply(
            ctx,
            session,
            who,
            origin,
            words,
            account_id=account_id,
            wait_seconds=wait_seconds,
            picked=picked,
        )
    return None


def _queue_reply(
    ctx: BotContext,
    session: Session,
    who: Actor,
    origin: Origin,
    words: ReplyText,
    *,
    account_id: str | None,
    wait_seconds: int | None,
    picked: PickedPictures,
) -> None:
    at = ctx.now()
    ticket = Ticket.lock(session, origin.ticket)
    came_from: dict[str, Any] = {}
    if origin.draft is not None:
        came_from = kept_drafts.discard_replaced(session, origin.draft, by=who.id, at=at)
    target = ticket.find_target(session, origin.network)
    target.check_version(origin.post_id, origin.latest)
    check_shown(ctx, target, is_known=origin.not_shown)
    _check_place(session, ticket, target, origin)
    account = _answering_account(session, ticket, target, origin, account_id)
    account.raise_if_impossible()
    there = load_destination(ctx, session, ticket, account.account_id, network=origin.network)
    check_audience(there, visibility=origin.visibility, warning=origin.warning, prefix=origin.prefix)
    going = [] if account.refusal else pictures.check(session, there, origin, picked)
    reply = ticket.reply(
        session,
        text=words.text,
        by=who.id,
        at=at,
        turn=origin.turn,
        to_post_id=origin.post_id,
        undo_until=at + timedelta(seconds=ctx.settings.undo_seconds),
        key=origin.key,
        by_hand=account.refusal,
        account_id=account.account_id,
        author=origin.author,
        sign_off=words.sign_off,
        wait_seconds=wait_seconds,
        visibility=there.visibility,
        content_warning=target.content_warning,
        **came_from,
    )
    record_prefix(session, reply, there, at=at)
    only = {one.id for one in going} if not account.refusal else None
    ReplyPicture.copy(session, origin.pictures_of, reply.id, at=at, only=only, alts=picked.alts)
    if origin.anyway == words.text_hash:
        Event.record(session, "sent anyway", at=at, by=who.id, ticket_id=ticket.id, reply_id=reply.id)


def _check_place(session: Session, ticket: Ticket, target: Mention, origin: Origin) -> None:
    """Refuse to answer on another network than the composer showed: its twin may have left the ticket.

    Raises `MovedOnError`.
    """
    elsewhere = [one.post_id for one in ticket.targets(session) if one is not target]
    if target.network != origin.network or origin.post_id in elsewhere:
        raise MovedOnError("This conversation has changed since you opened the composer.")


def _answering_account(
    session: Session, ticket: Ticket, target: Mention, origin: Origin, account_id: str | None
) -> AnsweringAccount:
    """The account that was chosen, as the target concerns it.

    Raises `MovedOnError` if the composer has not shown yet what follows from the choice.
    """
    accounts = answer_as.load_accounts(session, ticket, target=target)
    preset = ticket.account_id if target.network == ticket.network else accounts[0].account_id
    wanted = account_id or preset
    account = answer_as.pick_account(accounts, wanted)
    if account.account_id == wanted:
        is_shown = wanted == (origin.account or preset) or origin.account is None
        if not is_shown:
            raise MovedOnError(f"Check how this goes out as {mrkdwn_handle(account.name)}, then send again.")
        return account
    if account_id is None:  # opened while the ledger was slow
        raise MovedOnError(
            f"This reply would go out as {mrkdwn_handle(account.name)}. Check it, then send again."
        )
    refusal = answer_as.load_refusal(session, target, wanted)
    if refusal is None and unconnected_accounts.find_alarm(session, target.network, wanted) is None:
        raise MovedOnError("That account is no longer connected. Choose again, then send again.")
    return AnsweringAccount(wanted, None, is_connected=False, refusal=refusal)


# --- who may, and what was said before ----------------------------------------------------------------------


def _offer_draft(
    ctx: BotContext,
    who: Actor,
    origin: Origin,
    typed: SlackText,
    refused: str | None,
    *,
    account_id: str | None,
    picked: PickedPictures,
) -> Body | None:
    """Not theirs to send: the words become a draft, which the thread offers to those who may."""
    with write_session(ctx) as session:
        ticket = Ticket.lock(session, origin.ticket)
        ticket.stop_composing(key=origin.key)
        draft = keep_draft(
            ctx,
            session,
            ticket,
            who,
            origin=origin,
            words=typed.text.strip(),
            account_id=account_id,
            picked=picked,
        )
        if draft is not None:
            thread_notices.post_draft(session, draft, at=ctx.now())
    return None if origin.only_draft else refuse_submit(REPLY_BLOCK, f"{refused} {KEPT_AS_DRAFT_TEXT}")


def _build_warning(
    ctx: BotContext,
    who: Actor,
    origin: Origin,
    typed: SlackText,
    words: ReplyText,
    *,
    account_id: str | None,
    picked: PickedPictures,
) -> Body | None:
    """The composer once more, with what speaks against these words; None if nothing does.

    That is a reply of ours that says the same, or a length that the network may refuse.
    """
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        before = find_duplicate(
            ctx, session, ticket, words, turn=origin.turn, reader=who.id, network=origin.network
        )
        if before is not None and before.is_refused:
            return refuse_submit(REPLY_BLOCK, before.sentence)
        notice = "\n".join(filter(None, [before.sentence if before is not None else None, words.warning]))
        is_known = origin.anyway == words.text_hash and (before is None or origin.near)
        if not notice or is_known:
            return None
        twin = before.quoted if before is not None else None
        target = ticket.find_target(session, origin.network)
        accounts = answer_as.load_accounts(session, ticket, target=target)
        account = answer_as.pick_account(accounts, account_id or ticket.account_id)
        asked = build_composer_content(
            ctx,
            session,
            ticket,
            typed.text,
            account=account,
            accounts=accounts,
            target=target,
            notice=notice,
            twin=twin,
            pictures_of=pictures_place(origin),
            picked=picked,
        )
        shown = shown_to(origin, target, account)
        warned = replace(shown, anyway=words.text_hash, near=before is not None)
        return {"response_action": "update", "view": build_composer_modal(warned, asked)}


# --- the conversation went on -------------------------------------------------------------------------------


def _reopen_composer(
    ctx: BotContext,
    who: Actor,
    origin: Origin,
    typed: SlackText,
    sentence: str,
    *,
    account_id: str | None,
    picked: PickedPictures,
) -> Body:
    """Show what is new, keep what was typed, and ask again."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        live = ticket.live_reply(session)
        closed = (
            kept_drafts.why_cannot_reply(ticket, live)
            if live is not None or ticket.closed_at is not None
            else None
        )
        if closed is None:
            target = ticket.find_target(session, origin.network)
            accounts = answer_as.load_accounts(session, ticket, target=target)
            account = answer_as.pick_account(accounts, account_id or ticket.account_id)
            fresh = replace(
                origin,
                account=account.account_id,
                by_hand=account.refusal is not None,
                turn=ticket.turn,
                network=target.network,
                post_id=target.post_id,
                latest=target.version,
                not_shown=target.is_missing,
            )
            asked = build_composer_content(
                ctx,
                session,
                ticket,
                typed.text,
                account=account,
                accounts=accounts,
                target=target,
                notice=f":warning: {sentence}",
                pictures_of=pictures_place(origin),
                picked=picked,
            )
            if origin.pictures_of is not None and pictures.has_pending(session, origin.pictures_of):
                waiting = origin.pictures_of
                ctx.run_in_background(lambda: pictures.fetch_pending(ctx, waiting))
    if closed is not None:
        _keep_draft(ctx, who, origin, typed, account_id=account_id, picked=picked)
        return refuse_submit(REPLY_BLOCK, f"{sentence} {closed} {KEPT_AS_DRAFT_TEXT}")
    return {"response_action": "update", "view": build_composer_modal(fresh, asked)}


def _keep_draft(
    ctx: BotContext,
    who: Actor,
    origin: Origin,
    typed: SlackText,
    *,
    account_id: str | None,
    picked: PickedPictures,
) -> None:
    """What was typed is kept as a draft of its author, whatever became of it."""
    with write_session(ctx) as session:
        ticket = Ticket.lock(session, origin.ticket)
        ticket.stop_composing(key=origin.key)
        keep_draft(
            ctx,
            session,
            ticket,
            who,
            origin=origin,
            words=typed.text.strip(),
            account_id=account_id,
            picked=picked,
        )
