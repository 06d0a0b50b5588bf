"""A composer that is open: a colleague takes it over, or its author closes it. What they typed is kept."""

import logging
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack.blocks.replies.composer import (
    ACCOUNT_ACTION_ID,
    COMPOSER_CALLBACK_ID,
    PLACE_ACTION_ID,
    REPLY_BLOCK,
    REPLY_INPUT,
    TAKE_OVER_ACTION_ID,
    ComposerContent,
    build_composer_modal,
)
from bot.slack.blocks.replies.pictures import PickedPictures
from bot.slack.blocks.values import NoValue, Origin
from bot.slack.errors import SlackError
from handlers.door import Act, door, write_session
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, Actor
from handlers.replies import pictures
from handlers.replies.composer import (
    build_composer_content,
    build_notice,
    chosen_account_id,
    chosen_network,
    composing_text,
    pictures_place,
    shown_to,
)
from handlers.replies.reply_text import text_hash
from models import Reply, Ticket
from models.tickets import answer_as, kept_drafts

log = logging.getLogger(__name__)

Body = dict[str, Any]


@door.press(TAKE_OVER_ACTION_ID, value=NoValue)
def take_over(act: Act[NoValue]) -> None:
    """Have them write from here on; the card and the other one's thread say so."""
    ctx, who, origin = act.ctx, act.who, act.modal(Origin)
    typed = act.typed(REPLY_BLOCK, REPLY_INPUT).text
    with act.change_once() as session:
        at = ctx.now()
        ticket = Ticket.lock(session, origin.ticket)
        live = ticket.live_reply(session)
        target = ticket.find_target(session, chosen_network(act.view, origin))
        accounts = answer_as.load_accounts(session, ticket, target=target)
        account = answer_as.pick_account(accounts, chosen_account_id(act.view, origin))
        if origin.turn <= ticket.turn and (live is not None or ticket.closed_at is not None):
            # They were faster: there is nothing left to take over.
            notice: str | None = kept_drafts.why_cannot_reply(ticket, live)
        else:
            notice = build_notice(
                ctx, session, ticket, who, account, target=target, is_only_draft=origin.only_draft
            )
            before = ticket.take_over_composing(session, by=who.id, key=origin.key, at=at)
            if before is not None:
                thread_notices.post(
                    session, thread_notices.COMPOSING_TAKEN_OVER, ticket, at=at, before=before, by=who.id
                )
        asked = build_composer_content(
            ctx,
            session,
            ticket,
            typed,
            account=account,
            accounts=accounts,
            target=target,
            notice=notice,
            pictures_of=pictures_place(origin),
            picked=pictures.read_picked(act.view, origin),
        )
    _redraw(act, shown_to(origin, target, account), asked)


@door.press(ACCOUNT_ACTION_ID, PLACE_ACTION_ID, value=NoValue)
def choose(act: Act[NoValue]) -> None:
    """Show the composer for the account and the place that were chosen; what was typed stays.

    On another network another account is preset, and another post is answered.
    """
    ctx, who, origin = act.ctx, act.who, act.modal(Origin)
    typed = act.typed(REPLY_BLOCK, REPLY_INPUT).text
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        ticket = session.get_one(Ticket, origin.ticket)
        target = ticket.find_target(session, chosen_network(act.view, origin))
        accounts = answer_as.load_accounts(session, ticket, target=target)
        account = answer_as.pick_account(accounts, chosen_account_id(act.view, origin))
        kept = session.get(Reply, origin.draft) if origin.draft is not None else None
        is_anothers = ticket.composer is not None and ticket.composing_key != origin.key
        asked = build_composer_content(
            ctx,
            session,
            ticket,
            typed,
            account=account,
            accounts=accounts,
            target=target,
            notice=build_notice(
                ctx,
                session,
                ticket,
                who,
                account,
                target=target,
                is_only_draft=origin.only_draft,
                kept=kept,
            ),
            writing=composing_text(ticket) if is_anothers else None,
            pictures_of=pictures_place(origin),
            picked=pictures.read_picked(act.view, origin),
        )
    _redraw(act, shown_to(origin, target, account), asked)


def _redraw(act: Act[NoValue], origin: Origin, asked: ComposerContent) -> None:
    show_composer(act.ctx, act.view["id"], build_composer_modal(origin, asked))


def show_composer(ctx: BotContext, view_id: str, view: Body) -> None:
    """Draw an open composer anew."""
    try:
        ctx.slack.update_view(view_id, view)
    except SlackError as error:
        log.info("could not update an open composer: %s", error)


@door.closed(COMPOSER_CALLBACK_ID, value=Origin)
def close(act: Act[Origin]) -> None:
    """Note that nobody writes there any more; what was typed is kept, where Slack tells us."""
    typed = act.typed(REPLY_BLOCK, REPLY_INPUT).text.strip()
    with write_session(act.ctx) as session:
        ticket = Ticket.lock(session, act.value.ticket)
        ticket.stop_composing(key=act.value.key)
        picked = pictures.read_picked(act.view, act.value)
        is_new = typed != Reply.last_returned_text(session, ticket.id, act.who.id)
        if typed and (is_new or pictures.is_changed(session, act.value, picked)):
            account_id, network = chosen_account_id(act.view, act.value), chosen_network(act.view, act.value)
            shown = replace(act.value, network=network)
            keep_draft(
                act.ctx,
                session,
                ticket,
                act.who,
                origin=shown,
                words=typed,
                account_id=account_id,
                picked=picked,
                all_pictures=True,
            )


def keep_draft(
    ctx: BotContext,
    session: Session,
    ticket: Ticket,
    who: Actor,
    *,
    origin: Origin,
    words: str,
    account_id: str | None,
    picked: PickedPictures,
    all_pictures: bool = False,
) -> Reply | None:
    """Keep what was typed as a draft of its author, written as that account (None: the ticket's).

    It is for the network that `origin` names, and has the pictures that are to go along (`all_pictures`:
    those that were taken out, too). None if the very same is kept already.
    """
    if not picked.alts and not picked.files and picked.kept is None:
        same = text_hash(words)
    else:
        same = text_hash(f"{words} {sorted(picked.alts.items())} {picked.files} {sorted(picked.kept or ())}")
    draft = kept_drafts.keep_draft(
        session,
        ticket,
        words,
        by=who.id,
        at=ctx.now(),
        request_key=f"kept {origin.key} {same}",
        replaces=origin.draft,
        author=origin.author,
        account_id=account_id,
        network=origin.network,
    )
    if draft is not None:
        pictures.keep(ctx, session, draft, origin=origin, picked=picked, all_of_them=all_pictures)
    return draft
