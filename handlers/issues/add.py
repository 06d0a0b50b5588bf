"""Issues: a ticket is added to one from its card or its thread, and `/mentions issues` ranks them."""

import json
import logging
import uuid
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import fix_followup
from bot.slack.blocks.elements import persons
from bot.slack.blocks.issues import ranking as face
from bot.slack.blocks.issues.picker import picked
from bot.slack.blocks.text import clean, inert, one_line
from bot.slack.client import SlackError
from bot.slack.typed_text import read_slack_text
from handlers.commands.slash_command import Answer, Asked
from handlers.feedback import PATIENCE, Person, answer, attempt, opened, person, writing
from handlers.tickets.dialogs import against, at_input
from models import Inbound, Issue, Ticket
from models.core.base import RuleBrokenError
from models.core.command_words import bare
from models.issues.queries import fixed, named, people, ranked, to_tell
from models.issues.suggestions import Sought, is_any

log = logging.getLogger(__name__)

Body = dict[str, Any]
GLANCE = 1.0  # seconds in which the modal is to know what there is
HOW = "Say what they suffer from: `@Heard issue export loses rows`."


def register(app: App, desk: Desk) -> None:
    """Listen for the modal that adds a ticket, and for the pages of the list."""

    @app.view(face.ADD)
    def add(ack: Ack, body: Body, view: Body) -> None:
        who = person(body)
        at_input(ack, face.TITLE_BLOCK, against(desk, who, lambda: _submit(desk, who, view)))

    @app.action("remove_from_issue")
    def remove(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        attempt(desk, who, respond, lambda: _remove(desk, who, body["view"], value))

    def turn(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])

        def do() -> None:
            answer(desk, who, respond, in_place=True, **listing(desk, **value))

        attempt(desk, who, respond, do)

    for side in ("a", "b"):
        app.action(f"issues_page_{side}")(turn)


# --- from the card ------------------------------------------------------------------------------------------


def ask(desk: Desk, who: Person, trigger_id: str, ticket_id: int) -> str | None:
    """Open the modal that asks what the ticket is about; if the ledger is slow, without what is known."""
    del who
    view = desk.glance(lambda: _view(desk, ticket_id, uuid.uuid4().hex), GLANCE)
    if view is None:
        view = face.add(ticket_id, (), is_any=None, key=uuid.uuid4().hex)
    return opened(desk, trigger_id, view)


def _view(desk: Desk, ticket_id: int, key: str) -> dict[str, Any]:
    with desk.db.read(PATIENCE) as session:
        known = Issue.of(session, ticket_id)
        others = is_any(session, Sought(ticket=ticket_id))
    return face.add(ticket_id, known, is_any=others, key=key)


def _submit(desk: Desk, who: Person, view: Body) -> None:
    """Add it once, however often the submit arrives."""
    origin, values = json.loads(view["private_metadata"]), view["state"]["values"]
    issue_id = picked(view)
    title = one_line(read_slack_text(values[face.TITLE_BLOCK]["value"].get("value")).text)
    if issue_id is None and not title:
        raise RuleBrokenError("Pick an issue, or type what they suffer from.")
    if issue_id is not None and title:
        raise RuleBrokenError("Either pick an issue or type a new one: a ticket is added to one at a time.")
    with writing(desk) as session:
        if not Inbound.is_new(session, f"modal {origin['key']}", at=desk.now()):
            return
        ticket = Ticket.hold(session, origin["ticket"])
        if issue_id is not None:
            if session.get(Issue, issue_id) is None:
                raise RuleBrokenError("That issue is gone. Type its name to open it anew.")
        else:
            issue_id = Issue.open_or_find(session, title, by=who.id, at=desk.now()).id
        join(desk, session, Issue.point_at(session, issue_id), ticket, by=who.id)


def join(desk: Desk, session: Session, issue: Issue, ticket: Ticket, *, by: str) -> bool:
    """Add `ticket` to `issue`, and tell its fixer of who came with it after the fix. Whether it is new."""
    report = issue.add(session, ticket, by=by, at=desk.now())
    if report is not None and report.is_again:
        fix_followup.again(desk, session, issue, ticket, at=desk.now())
    return report is not None


def _remove(desk: Desk, who: Person, view: Body, value: dict[str, Any]) -> str | None:
    with writing(desk) as session:
        if not Inbound.is_new(session, who.key, at=desk.now()):
            return None
        ticket = Ticket.hold(session, value["t"])
        issue = session.get_one(Issue, Issue.end_of(session, value["i"]))
        issue.remove(session, ticket, by=who.id, at=desk.now())
    key = json.loads(view["private_metadata"])["key"]
    try:
        desk.slack.update_view(view["id"], _view(desk, value["t"], key))
    except SlackError as error:
        log.info("the list of a ticket's issues could not be redrawn: %s", error)
    return None


# --- from the thread ----------------------------------------------------------------------------------------


def from_thread(desk: Desk, session: Session, ticket: Ticket, *, words: str, by: str) -> str:
    """Add the ticket to the issue called `words`; without words, say what it belongs to."""
    title = one_line(words)
    if not title:
        known = ", ".join(f"“{inert(issue.title)}”" for issue in Issue.of(session, ticket.id))
        return f"This one belongs to {known}. {HOW}" if known else HOW
    issue = Issue.point_at(session, Issue.open_or_find(session, title, by=by, at=desk.now()).id)
    new = join(desk, session, issue, ticket, by=by)
    session.flush()
    count = len(people(session, issue))
    reported = f"{persons(count)} {'has' if count == 1 else 'have'}"
    begun = "Added to" if new else "This one belongs to"
    return f"{begun} the issue “{inert(issue.title)}”{'' if new else ' already'}: {reported} reported it."


# --- /mentions issues ---------------------------------------------------------------------------------------


def issues(desk: Desk, asked: Asked) -> Answer:
    """What people suffer from, ranked; what was fixed; or the one that is called so."""
    words = one_line(clean(asked.rest))
    kind = "open" if not words else "fixed" if bare(words).casefold() == "fixed" else "found"
    return listing(desk, k=kind, w=words if kind == "found" else "", p=0)


def listing(desk: Desk, *, k: str, w: str, p: int) -> Answer:
    """Page `p` of the list of kind `k`, with the words `w`."""
    at = desk.now()
    with desk.db.read(PATIENCE) as session:
        mended = fixed(session, at=at) if k != "found" else []
        if k == "fixed":
            found = mended
        else:
            found = named(session, w, at=at) if k == "found" else ranked(session, at=at)
    if not found and k == "found":
        return {"text": f"No issue is called “{inert(w)}”. `/mentions issues` lists them all."}
    if not found and k == "fixed":
        return {"text": face.NONE_FIXED}
    if not found and not mended:
        return {"text": face.NONE_YET}
    blocks = face.issue_list(found, page=p, kind=k, words=w, to_tell=to_tell(mended))
    return {"text": f"Issues: {len(found)}", "blocks": blocks}
