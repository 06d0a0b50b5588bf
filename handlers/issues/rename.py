"""*Rename or merge…* in an issue: another title, or that it is the same as another one."""

import json
import uuid
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import fix_followup
from bot.slack.blocks.issues import merge as face
from bot.slack.blocks.issues import ranking as listed
from bot.slack.blocks.issues.picker import PICK_BLOCK, picked
from bot.slack.blocks.text import one_line
from bot.slack.typed_text import read_slack_text
from handlers.feedback import BUSY, Person, attempt, opened, person, writing
from handlers.issues.add import GLANCE
from handlers.issues.notify_reporters import follow
from handlers.tickets.dialogs import against, at_input
from models import Inbound, Issue
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escaped
from models.issues.issue import name_of
from models.issues.merge import merge, refuse_if_gone
from models.issues.suggestions import Sought, is_any

Body = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Listen for the button, and for the modal's submit."""

    @app.action(face.ASK)
    def ask(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        attempt(desk, person(body), respond, lambda: _ask(desk, body, value))

    @app.view(face.ASK)
    def submit(ack: Ack, body: Body, view: Body) -> None:
        who = person(body)
        field = listed.TITLE_BLOCK if picked(view) is None else PICK_BLOCK

        def do() -> None:
            nonlocal field
            try:
                _submit(desk, who, view)
            except _AtTheTitle:
                field = listed.TITLE_BLOCK
                raise

        refused = against(desk, who, do)
        at_input(ack, field, refused)
        if refused is None:
            desk.aside(lambda: follow(desk, who, json.loads(view["private_metadata"])))


class _AtTheTitle(RuleBrokenError):  # noqa: N818 - where the sentence stands, rather than what it says
    """What was typed does not go with what was picked."""


def _ask(desk: Desk, body: Body, value: dict[str, Any]) -> str | None:
    where = body.get("response_url")
    view = desk.glance(lambda: _view(desk, value["i"], page=value.get("p", 0), url=where), GLANCE)
    return BUSY if view is None else opened(desk, body["trigger_id"], view)


def _view(desk: Desk, issue_id: int, *, page: int, url: str | None) -> dict[str, Any]:
    with desk.db.read(GLANCE) as session:
        issue = session.get_one(Issue, Issue.end_of(session, issue_id))
        others = is_any(session, Sought(issue=issue.id))
    return face.ask(issue, is_any=others, key=uuid.uuid4().hex, page=page, url=url)


def _submit(desk: Desk, who: Person, view: Body) -> None:
    """Rename it or merge it, once however often the submit arrives."""
    origin, into = json.loads(view["private_metadata"]), picked(view)
    title = one_line(read_slack_text(view["state"]["values"][listed.TITLE_BLOCK]["value"].get("value")).text)
    unchanged = origin["title"] == title
    with writing(desk) as session:
        if not Inbound.is_new(session, f"modal {origin['key']}", at=desk.now()):
            return
        if into is not None:
            if not unchanged and not _means(session, title, origin["issue"], into):
                raise _AtTheTitle(
                    "Either give it another title or pick the issue that it is the same as, "
                    f"whose title stays. To make the two one, put back “{escaped(origin['title'])}”."
                )
            done = merge(session, origin["issue"], into, by=who.id, at=desk.now())
            fix_followup.merged(desk, session, done, by=who.id, at=desk.now())
            return
        refuse_if_gone(session, origin["issue"])
        issue = Issue.hold(session, origin["issue"])
        if unchanged:
            raise RuleBrokenError(
                "Nothing was changed: type another title, or pick the issue that it is the same as."
            )
        issue.rename(session, title, by=who.id, at=desk.now())


def _means(session: Session, title: str, *issues: int) -> bool:
    """Whether that is what one of `issues` is called: whoever typed it and then picked it means the same."""
    found = session.scalar(select(Issue.id).where(Issue.name == name_of(title)))
    return found is not None and Issue.end_of(session, found) in {
        Issue.end_of(session, one) for one in issues
    }
