"""The dialog that mutes: opened from an offer, a command or a thread; checked, done once, and told."""

import hashlib
import uuid
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack.blocks.elements import count_noun
from bot.slack.blocks.mutes import dialog as face
from bot.slack.blocks.mutes import mute_list as names
from bot.slack.blocks.mutes.dialog import MuteDialog, MuteForm
from bot.slack.blocks.mutes.offers import MUTE_ACTION_IDS
from bot.slack.blocks.mutes.values import MuteModalValue, MuteValue
from bot.slack.blocks.text import mrkdwn_literal, one_line, truncate
from handlers.access import bounded_respond
from handlers.door import Act, InputError, RepeatedError, door
from handlers.feedback import LEDGER_BUSY_TEXT, LEDGER_TIMEOUT_SECONDS, send_private_answer
from handlers.tracks.admins import require_admin
from handlers.tracks.form import searchable_networks
from models import Author, Ticket
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_entities
from models.mutes import foresight, mute_rules
from models.mutes.mute_rules import MuteDraft, MuteEffect, MuteRuleError
from models.reports.mute_list import describe_mute
from models.sources.mute import AUTHOR_MUTE, EVERY_NETWORK, WORDS_MUTE
from models.tracks.query import parse_query, warnings

MODAL_LOOKUP_TIMEOUT_SECONDS = 1.5  # of the three seconds that the trigger of a modal lives
MUTE_WORDS = "mute words"  # what only ADMINS may, for the sentence


@door.press(*MUTE_ACTION_IDS.values(), value=MuteValue)
def ask(act: Act[MuteValue]) -> str | None:
    """Open the dialog about it."""
    view = build(
        act.ctx,
        act.value,
        user=act.who.id,
        channel=act.who.channel,
        url=act.body.get("response_url"),
    )
    return LEDGER_BUSY_TEXT if view is None else act.open_modal(view)


def build(
    ctx: BotContext, value: MuteValue, *, user: str, channel: str | None, url: str | None
) -> dict[str, Any] | None:
    """The dialog for `user`, asked for in `channel`; None if the ledger is too slow.

    Raises `RuleBrokenError` if they may not mute that, or if the words cannot be muted.
    """
    carried = MuteModalValue(uuid.uuid4().hex, value.kind, value.ticket, value.author, channel, url)
    if value.kind == WORDS_MUTE:
        require_admin(ctx, user, to=MUTE_WORDS)
        form = MuteForm(value.words)
        if not value.words:
            return face.build_mute_modal(carried, form, MuteDialog(networks=_networks(ctx)))
        draft = mute_rules.words(value.words)
        return ctx.read_with_timeout(lambda: _shown(ctx, carried, form, draft), MODAL_LOOKUP_TIMEOUT_SECONDS)
    return ctx.read_with_timeout(lambda: _build_about_one(ctx, carried, user), MODAL_LOOKUP_TIMEOUT_SECONDS)


@door.submit(
    face.MUTE_CALLBACK_ID,
    value=MuteModalValue,
    at=lambda act: face.WORDS_BLOCK if act.value.kind == WORDS_MUTE else face.WHY_BLOCK,
)
def mute(act: Act[MuteModalValue]) -> dict[str, Any] | None:
    """Mute it, once. Words are shown first with what they would have muted.

    Raises `InputError` at the words, and `RuleBrokenError` if it cannot be muted.
    """
    ctx, carried = act.ctx, act.value
    form = _read_form(act)
    draft = None
    if carried.kind == WORDS_MUTE:
        require_admin(ctx, act.who.id, to=MUTE_WORDS)
        draft = _words_draft(ctx, form)
        if _digest(draft) != carried.shown:
            view = ctx.read_with_timeout(
                lambda: _shown(ctx, carried, form, draft), MODAL_LOOKUP_TIMEOUT_SECONDS
            )
            if view is None:
                raise InputError(face.WORDS_BLOCK, LEDGER_BUSY_TEXT)
            return {"response_action": "update", "view": view}
    try:
        with act.change_once() as session:
            what = draft or _draft_of(session, carried)
            said = _mute(act, session, replace(what, channel=carried.channel, why=form.why or None))
    except RepeatedError:
        return None
    _tell(act, said)
    return None


def _mute(act: Act[MuteModalValue], session: Session, draft: MuteDraft) -> str:
    """Mute it, tell whose replies that stopped, and return what the person is told."""
    ctx, by, at = act.ctx, act.who.id, act.ctx.now()
    effect = mute_rules.mute(session, draft, by=by, at=at)
    for reply in effect.cancelled:
        thread_notices.post(session, thread_notices.STOPPED, reply, at=at, by=by, outcome="muted")
    return _done_text(ctx, session, effect)


def _done_text(ctx: BotContext, session: Session, effect: MuteEffect) -> str:
    assert effect.mute is not None
    name = names.mute_name(describe_mute(session, effect.mute), ctx.network_titles)
    closed = len(effect.closed)
    parts = [
        f":mute: Muted: {mrkdwn_literal(name)} (mute {effect.mute.id}).",
        f"{count_noun(closed, 'open ticket')} {'is' if closed == 1 else 'are'} closed." if closed else "",
        face.kept_text(effect.kept),
        "`/mentions muted` shows what it hides. To undo it, use `/mentions tracks`.",
    ]
    return " ".join(filter(None, parts))


def _tell(act: Act[MuteModalValue], said: str) -> None:
    """Say it where they asked for the dialog."""
    carried = act.value
    who = replace(act.who, channel=carried.channel)
    respond = bounded_respond(act.ctx, {"response_url": carried.url}) if carried.url else None
    send_private_answer(act.ctx, who, respond, text=said)


# --- what it is about ---------------------------------------------------------------------------------------


def _build_about_one(ctx: BotContext, carried: MuteModalValue, user: str) -> dict[str, Any]:
    """The dialog about a conversation or an author, with what it closes."""
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        draft = _draft_of(session, carried)
        mute_rules.check_new(session, draft)
        effect = mute_rules.preview(session, draft, by=user, at=ctx.now())
        author = _author(session, carried)
    title = ctx.network_titles.get(draft.network, draft.network)
    told = MuteDialog(author.handle or "", title, effect)
    return face.build_mute_modal(carried, MuteForm(), told)


def _draft_of(session: Session, carried: MuteModalValue) -> MuteDraft:
    if carried.kind == AUTHOR_MUTE:
        return mute_rules.author_of(_author(session, carried))
    if carried.ticket is None:
        raise MuteRuleError("A conversation is muted from one of its cards.")
    return mute_rules.conversation_of(session.get_one(Ticket, carried.ticket))


def _author(session: Session, carried: MuteModalValue) -> Author:
    author_id = carried.author
    if author_id is None:
        author_id = session.get_one(Ticket, carried.ticket).author_id
    return session.get_one(Author, author_id)


# --- words --------------------------------------------------------------------------------------------------


def _shown(ctx: BotContext, carried: MuteModalValue, form: MuteForm, draft: MuteDraft) -> dict[str, Any]:
    """The dialog again, with what these words would have muted."""
    at = ctx.now()
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        mute_rules.check_new(session, draft)
        foreseen = foresight.foresee_words(session, draft, at=at)
    told = MuteDialog(
        networks=_networks(ctx),
        foreseen=foreseen,
        warnings=[escape_entities(one) for one in warnings(parse_query(draft.value))],
    )
    return face.build_mute_modal(replace(carried, shown=_digest(draft)), form, told)


def _words_draft(ctx: BotContext, form: MuteForm) -> MuteDraft:
    known = {name for name, _ in _networks(ctx)}
    network = form.network if form.network in known else EVERY_NETWORK
    try:
        return mute_rules.words(form.words, network)
    except RuleBrokenError as error:
        raise InputError(face.WORDS_BLOCK, str(error)) from None


def _read_form(act: Act[MuteModalValue]) -> MuteForm:
    network = act.view["state"]["values"].get(face.NETWORK_BLOCK, {}).get("value", {})
    chosen = (network.get("selected_option") or {}).get("value")
    why = truncate(one_line(act.typed(face.WHY_BLOCK).text), mute_rules.WHY_MAX_CHARS)
    return MuteForm(act.typed(face.WORDS_BLOCK).text, str(chosen or ""), why)


def _networks(ctx: BotContext) -> list[tuple[str, str]]:
    """Where words can be muted: only what is searched for comes without addressing us."""
    return searchable_networks(ctx)


def _digest(draft: MuteDraft) -> str:
    return hashlib.sha256(f"{draft.network}\n{draft.value}".encode()).hexdigest()[:16]
