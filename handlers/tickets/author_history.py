"""Author history: opened from a card or by handle; pages, and private notes."""

import re
import uuid
from contextlib import suppress
from typing import Any

from bot.context import BotContext
from bot.slack.blocks.tickets import author_history as blocks
from bot.slack.blocks.values import AuthorValue, HistoryValue, NoteValue
from bot.slack.errors import SlackError
from bot.slack.private_access import read_access_of
from handlers.door import Act, RepeatedError, door, open_modal, write_session
from handlers.feedback import LEDGER_TIMEOUT_SECONDS, SLACK_SLOW_TEXT, Actor
from models import Note, Ticket
from models.core.base import RuleBrokenError
from models.reports import author_history as reads

Body = dict[str, Any]


@door.press(
    *(re.compile(f"^{prefix}_") for prefix in (blocks.PAGE_ACTION_PREFIX, blocks.OTHER_AUTHOR_ACTION_PREFIX)),
    value=AuthorValue,
)
def turn(act: Act[AuthorValue]) -> str | None:
    """Show another page, or another author."""
    return _redraw(act, act.value.author, act.value.page)


@door.press(blocks.DELETE_NOTE_ACTION_ID, value=NoteValue)
def delete(act: Act[NoteValue]) -> str | None:
    """Delete a note, and show the page without it."""
    with write_session(act.ctx) as session:
        note = session.get(Note, act.value.note)
        if note is not None:
            note.delete(session, by=act.who.id, at=act.ctx.now())
    return _redraw(act, act.value.author, act.value.page, ":wastebasket: Note deleted.")


@door.submit(blocks.HISTORY_CALLBACK_ID, value=HistoryValue, at=lambda act: act.value.note_block)
def add(act: Act[HistoryValue]) -> Body:
    """Save a note, once for each field, and show the page with it.

    Raises `RuleBrokenError` if nothing was typed.
    """
    words = act.typed(act.value.note_block, blocks.NOTE_INPUT).text.strip()
    if not words:
        raise RuleBrokenError("Write a note first, or press Close.")
    with suppress(RepeatedError), act.change_once() as session:
        Note.add(session, about=act.value.author, text=words, by=act.who.id, at=act.ctx.now())
    shown = build_view(act.ctx, act.who.id, act.value.author, act.value.page, notice=":memo: Note added.")
    return {"response_action": "update", "view": shown}


# --- opening ------------------------------------------------------------------------------------------------


def open_from_card(ctx: BotContext, who: Actor, trigger_id: str, ticket_id: int) -> str | None:
    """The history of the author of that ticket."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        author_id = session.get_one(Ticket, ticket_id).author_id
    return open_modal(ctx, trigger_id, build_view(ctx, who.id, author_id))


def build_view(
    ctx: BotContext,
    reader: str,
    author_id: int,
    page: int = 0,
    *,
    notice: str | None = None,
    field_key: str | None = None,
) -> Body:
    """The modal as `reader` sees it; what was typed for a note stays if its field keeps its `field_key`."""
    access = read_access_of(ctx, reader, patience=LEDGER_TIMEOUT_SECONDS)
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        known = reads.load_history(session, author_id, page, access=access)
    titles, url = ctx.network_titles, ctx.slack.workspace
    return blocks.build_history_modal(
        known, titles, url=url, reader=reader, key=field_key or uuid.uuid4().hex[:12], notice=notice
    )


# --- in the open modal --------------------------------------------------------------------------------------


def _redraw(
    act: Act[AuthorValue] | Act[NoteValue], author_id: int, page: int, notice: str | None = None
) -> str | None:
    """Show another page. A note that is being written stays in its field."""
    typed_in = act.modal(HistoryValue).key
    view = build_view(act.ctx, act.who.id, author_id, page, notice=notice, field_key=typed_in)
    try:
        act.ctx.slack.update_view(act.view["id"], view)
    except SlackError:
        return SLACK_SLOW_TEXT
    return None
