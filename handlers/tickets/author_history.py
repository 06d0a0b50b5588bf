"""Author history: opened from a card or by handle; pages, and private notes."""

import json
import re
import uuid
from typing import Any

from slack_bolt import Ack, App, Respond

from bot.context import Desk
from bot.slack.blocks.elements import packed
from bot.slack.blocks.text import called, escape
from bot.slack.blocks.tickets import author_history as blocks
from bot.slack.client import SlackError
from bot.slack.typed_text import read_slack_text
from handlers.commands.slash_command import Answer, Asked
from handlers.feedback import (
    PATIENCE,
    SLOW,
    Person,
    attempt,
    opened,
    person,
    sentence_for,
    spelled,
    tell,
    writing,
)
from models import Inbound, Note, Ticket
from models.core.base import RuleBrokenError
from models.core.command_words import spaced
from models.reports import author_history as reads

Body = dict[str, Any]
# A handle alone, at most in marks or quotation marks: `*@maria*`. An underscore at its end may be its own.
_WHOLE_HANDLE = re.compile(r"([*_~`]*)@([^\s@*~`]{1,100})[*~`]*")


def register(app: App, desk: Desk) -> None:
    """Listen for the pages, for a note that is written, and for one that is deleted."""

    def turn(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        attempt(desk, person(body), respond, lambda: _redraw(desk, body, value["a"], value.get("p", 0)))

    for name in (blocks.PAGE, blocks.OTHER):
        app.action(re.compile(f"^{name}_"))(turn)

    @app.action(blocks.DELETE)
    def delete(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        attempt(desk, who, respond, lambda: _delete(desk, who, body, value))

    @app.view(blocks.HISTORY)
    def add(ack: Ack, body: Body, view: Body) -> None:
        carried, who = json.loads(view["private_metadata"]), person(body)
        field = f"{blocks.NOTE_BLOCK} {carried['k']}"
        try:
            typed = read_slack_text(view["state"]["values"][field][blocks.NOTE_INPUT]["value"])
            _add(desk, who.id, carried, typed.text)
            shown = _view(desk, who.id, carried["a"], carried["p"], notice=":memo: Noted.")
        except Exception as error:  # noqa: BLE001 - the modal stays open, with what was typed
            ack(response_action="errors", errors={field: spelled(sentence_for(error))})
            return
        ack(response_action="update", view=shown)


# --- opening ------------------------------------------------------------------------------------------------


def from_card(desk: Desk, who: Person, trigger_id: str, ticket_id: int) -> str | None:
    """The history of the author of that ticket."""
    with desk.db.read(PATIENCE) as session:
        author_id = session.get_one(Ticket, ticket_id).author_id
    return opened(desk, trigger_id, _view(desk, who.id, author_id))


def handle_in(typed: str) -> str | None:
    """The handle, if that and nothing else was typed."""
    found = _WHOLE_HANDLE.fullmatch(spaced(typed).rstrip(".,:;!?"))
    if found is None:
        return None
    return found[2].removesuffix("_") if "_" in found[1] else found[2]


def by_handle(desk: Desk, asked: Asked, handle: str) -> Answer | None:
    """Open the history of whoever is called that; a sentence if nobody is."""
    with desk.db.read(PATIENCE) as session:
        found = reads.named(session, handle)
        near = reads.near(session, handle) if not found else []
    if not found:
        return {"text": _nobody(handle, near)}
    view = _view(desk, asked.user, found[0].id)
    asked.ack()
    try:
        desk.slack.open_view(asked.command["trigger_id"], view)
    except SlackError:
        tell(desk, asked.who, asked.respond, SLOW)
    return None


def _nobody(handle: str, near: list[str]) -> str:
    nobody = f"Nobody called {called(handle)} has spoken to us."
    if not near:
        return f"{nobody} `/mentions search` finds people by their words too."
    *some, last = [called(one) for one in near]
    meant = f"{', '.join(some)} or {last}" if some else last
    return f"{nobody} Did you mean {meant}? Type `/mentions search @{escape(near[0])}`."


def _view(
    desk: Desk, reader: str, author_id: int, page: int = 0, notice: str | None = None
) -> dict[str, Any]:
    with desk.db.read(PATIENCE) as session:
        known = reads.of_author(session, author_id, page)
    titles, url = desk.titles, desk.slack.workspace
    return blocks.history(known, titles, url=url, reader=reader, key=uuid.uuid4().hex[:12], notice=notice)


# --- in the open modal --------------------------------------------------------------------------------------


def _redraw(desk: Desk, body: Body, author_id: int, page: int, notice: str | None = None) -> str | None:
    """Show another page. A note that is being written stays in its field."""
    view = _view(desk, body["user"]["id"], author_id, page, notice)
    _keep_field(body, view)
    try:
        desk.slack.update_view(body["view"]["id"], view)
    except SlackError:
        return SLOW
    return None


def _keep_field(body: Body, view: dict[str, Any]) -> None:
    """Slack keeps what was typed in a field only if it has the same name after the redrawing."""
    carried = json.loads(body["view"]["private_metadata"])
    view["blocks"][-1]["block_id"] = f"{blocks.NOTE_BLOCK} {carried['k']}"
    view["private_metadata"] = packed(json.loads(view["private_metadata"]) | {"k": carried["k"]})


def _add(desk: Desk, user: str, carried: Body, typed: str) -> None:
    """Write it down, once for each field."""
    words = typed.strip()
    if not words:
        raise RuleBrokenError("Write the note first, or press Close.")
    with writing(desk) as session:
        at = desk.now()
        if Inbound.is_new(session, f"note {carried['k']}", at=at):
            Note.add(session, about=carried["a"], text=words, by=user, at=at)


def _delete(desk: Desk, who: Person, body: Body, value: Body) -> str | None:
    with writing(desk) as session:
        note = session.get(Note, value["n"])
        if note is not None:
            note.delete(session, by=who.id, at=desk.now())
    return _redraw(desk, body, value["a"], value["p"], ":wastebasket: That note is deleted.")
