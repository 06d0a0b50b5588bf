"""Author history: opened from a card or by handle; pages, and private notes."""

import json
import re
import uuid
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.context import BotContext
from bot.slack.blocks.elements import pack_value
from bot.slack.blocks.text import escape_entities, mrkdwn_handle
from bot.slack.blocks.tickets import author_history as blocks
from bot.slack.errors import SlackError
from bot.slack.typed_text import read_slack_text
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.feedback import (
    LEDGER_TIMEOUT_SECONDS,
    SLACK_SLOW_TEXT,
    Actor,
    error_text,
    open_modal,
    parse_actor,
    run_and_report,
    send_private_text,
    to_plain_text,
    write_session,
)
from models import Note, ProcessedRequest, Ticket
from models.core.base import RuleBrokenError
from models.core.command_words import collapse_spaces
from models.reports import author_history as reads

Body = dict[str, Any]
# A handle alone, at most in marks or quotation marks: `*@maria*`. An underscore at its end may be its own.
_HANDLE_PATTERN = re.compile(r"([*_~`]*)@([^\s@*~`]{1,100})[*~`]*")


def register(app: App, ctx: BotContext) -> None:
    """Listen for the pages, for a note that is written, and for one that is deleted."""

    def turn(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        run_and_report(
            ctx, parse_actor(body), respond, lambda: _redraw(ctx, body, value["a"], value.get("p", 0))
        )

    for name in (blocks.PAGE_ACTION_PREFIX, blocks.OTHER_AUTHOR_ACTION_PREFIX):
        app.action(re.compile(f"^{name}_"))(turn)

    @app.action(blocks.DELETE_NOTE_ACTION_ID)
    def delete(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = parse_actor(body), json.loads(body["actions"][0]["value"])
        run_and_report(ctx, who, respond, lambda: _delete_note(ctx, who, body, value))

    @app.view(blocks.HISTORY_CALLBACK_ID)
    def add(ack: Ack, body: Body, view: Body) -> None:
        carried, who = json.loads(view["private_metadata"]), parse_actor(body)
        field = f"{blocks.NOTE_BLOCK} {carried['k']}"
        try:
            typed = read_slack_text(view["state"]["values"][field][blocks.NOTE_INPUT]["value"])
            _add_note(ctx, who.id, carried, typed.text)
            shown = _build_view(ctx, who.id, carried["a"], carried["p"], notice=":memo: Noted.")
        except Exception as error:  # noqa: BLE001 - the modal stays open, with what was typed
            ack(response_action="errors", errors={field: to_plain_text(error_text(error))})
            return
        ack(response_action="update", view=shown)


# --- opening ------------------------------------------------------------------------------------------------


def open_from_card(ctx: BotContext, who: Actor, trigger_id: str, ticket_id: int) -> str | None:
    """The history of the author of that ticket."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        author_id = session.get_one(Ticket, ticket_id).author_id
    return open_modal(ctx, trigger_id, _build_view(ctx, who.id, author_id))


def parse_handle(typed: str) -> str | None:
    """The handle, if that and nothing else was typed."""
    found = _HANDLE_PATTERN.fullmatch(collapse_spaces(typed).rstrip(".,:;!?"))
    if found is None:
        return None
    return found[2].removesuffix("_") if "_" in found[1] else found[2]


def open_by_handle(ctx: BotContext, asked: SlashCommand, handle: str) -> CommandAnswer | None:
    """Open the history of whoever is called that; a sentence if nobody is."""
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        found = reads.find_authors(session, handle)
        near = reads.suggest_handles(session, handle) if not found else []
    if not found:
        return {"text": _unknown_handle_text(handle, near)}
    view = _build_view(ctx, asked.user, found[0].id)
    asked.ack()
    try:
        ctx.slack.open_view(asked.command["trigger_id"], view)
    except SlackError:
        send_private_text(ctx, asked.who, asked.respond, SLACK_SLOW_TEXT)
    return None


def _unknown_handle_text(handle: str, near: list[str]) -> str:
    nobody = f"Nobody called {mrkdwn_handle(handle)} has spoken to us."
    if not near:
        return f"{nobody} `/mentions search` finds people by their words too."
    *some, last = [mrkdwn_handle(one) for one in near]
    meant = f"{', '.join(some)} or {last}" if some else last
    return f"{nobody} Did you mean {meant}? Type `/mentions search @{escape_entities(near[0])}`."


def _build_view(
    ctx: BotContext, reader: str, author_id: int, page: int = 0, notice: str | None = None
) -> dict[str, Any]:
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        known = reads.load_history(session, author_id, page)
    titles, url = ctx.network_titles, ctx.slack.workspace
    return blocks.build_history_modal(
        known, titles, url=url, reader=reader, key=uuid.uuid4().hex[:12], notice=notice
    )


# --- in the open modal --------------------------------------------------------------------------------------


def _redraw(ctx: BotContext, body: Body, author_id: int, page: int, notice: str | None = None) -> str | None:
    """Show another page. A note that is being written stays in its field."""
    view = _build_view(ctx, body["user"]["id"], author_id, page, notice)
    _reuse_note_field(body, view)
    try:
        ctx.slack.update_view(body["view"]["id"], view)
    except SlackError:
        return SLACK_SLOW_TEXT
    return None


def _reuse_note_field(body: Body, view: dict[str, Any]) -> None:
    """Slack keeps what was typed in a field only if it has the same name after the redrawing."""
    carried = json.loads(body["view"]["private_metadata"])
    view["blocks"][-1]["block_id"] = f"{blocks.NOTE_BLOCK} {carried['k']}"
    view["private_metadata"] = pack_value(json.loads(view["private_metadata"]) | {"k": carried["k"]})


def _add_note(ctx: BotContext, user: str, carried: Body, typed: str) -> None:
    """Write it down, once for each field."""
    words = typed.strip()
    if not words:
        raise RuleBrokenError("Write the note first, or press Close.")
    with write_session(ctx) as session:
        at = ctx.now()
        if ProcessedRequest.claim_key(session, f"note {carried['k']}", at=at):
            Note.add(session, about=carried["a"], text=words, by=user, at=at)


def _delete_note(ctx: BotContext, who: Actor, body: Body, value: Body) -> str | None:
    with write_session(ctx) as session:
        note = session.get(Note, value["n"])
        if note is not None:
            note.delete(session, by=who.id, at=ctx.now())
    return _redraw(ctx, body, value["a"], value["p"], ":wastebasket: That note is deleted.")
