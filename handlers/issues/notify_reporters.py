"""One issue at a time: marked as fixed, reopened, and its people told one by one.

The *Reply* beside each person is the very button of a card, so that the composer and all its rules hold.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import fix_followup
from bot.slack.blocks.issues import issue as face
from bot.slack.blocks.issues import ranking as asking
from bot.slack.blocks.text import inert, one_line
from bot.slack.respond import BoundedRespond
from bot.slack.typed_text import read_slack_text
from handlers.feedback import Person, answer, attempt, opened, person, writing
from handlers.tickets.dialogs import against, at_input
from models import Author, Inbound, Issue
from models.issues.fix_followup import settle

Body = dict[str, Any]
Verb = Callable[[Desk, Session, Issue, Person], None]


def register(app: App, desk: Desk) -> None:
    """Listen for the buttons of an issue."""

    def on(action: str, verb: Verb | None, *, in_place: bool) -> None:
        def press(ack: Ack, body: Body, respond: Respond) -> None:
            ack()
            who, value = person(body), json.loads(body["actions"][0]["value"])
            at_place = in_place and body.get("container", {}).get("is_ephemeral", False)

            def do() -> str | None:
                if verb is not None:
                    _change(desk, who, value["i"], verb)
                now, moved = shown(desk, value["i"], value.get("p", 0))
                answer(desk, who, respond, in_place=at_place, **now)
                return moved

            attempt(desk, who, respond, do)

        app.action(action)(press)

    on("open_issue", None, in_place=False)
    on("refresh_issue", None, in_place=True)
    on("issue_page_a", None, in_place=True)
    on("issue_page_b", None, in_place=True)
    on("fix_issue", _fix, in_place=True)
    on("reopen_issue", _reopen, in_place=True)

    @app.action("skip_telling")
    def ask_why(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        attempt(desk, person(body), respond, lambda: _ask_why(desk, body, value))

    @app.view(asking.SKIP)
    def skip(ack: Ack, body: Body, view: Body) -> None:
        who = person(body)
        refused = against(desk, who, lambda: _skip(desk, who, view))
        at_input(ack, asking.WHY_BLOCK, refused)
        if refused is None:
            desk.aside(lambda: follow(desk, who, json.loads(view["private_metadata"])))


def shown(desk: Desk, issue_id: int, page: int) -> tuple[dict[str, Any], str | None]:
    """What remains of an issue, once it is noted who was told; and a sentence, if that is another one."""
    at = desk.now()
    with writing(desk) as session:
        issue, moved = Issue.hold(session, issue_id), None
        if issue.id != issue_id:
            gone = session.get_one(Issue, issue_id)
            moved = f"“{inert(gone.title)}” is a part of “{inert(issue.title)}” now, which you see here."
        settle(session, issue.id, at=at)
        view = face.read(session, issue, page=page, at=at)
        blocks = face.face(view, url=desk.slack.workspace)
    return {"text": face.summary(view.standing), "blocks": blocks}, moved


def _change(desk: Desk, who: Person, issue_id: int, verb: Verb) -> None:
    """Do `verb` on the issue, once a press; not on what it was merged into, which they did not look at."""
    with writing(desk) as session:
        issue = Issue.hold(session, issue_id)
        if issue.id == issue_id and Inbound.is_new(session, who.key, at=desk.now()):
            verb(desk, session, issue, who)


def _fix(desk: Desk, session: Session, issue: Issue, who: Person) -> None:
    issue.fix(session, by=who.id, at=desk.now())
    fix_followup.announce(desk, session, issue, at=desk.now())


def _reopen(desk: Desk, session: Session, issue: Issue, who: Person) -> None:
    issue.reopen(session, by=who.id, at=desk.now())
    fix_followup.reopened(desk, session, issue, who.id, at=desk.now())


# --- skipping -----------------------------------------------------------------------------------------------


def _ask_why(desk: Desk, body: Body, value: dict[str, Any]) -> str | None:
    with desk.db.read(1.0) as session:
        author = session.get(Author, value["a"])
    handle = author.handle if author is not None else None
    where = body.get("response_url")
    view = asking.skip(value["i"], value["a"], handle, key=uuid.uuid4().hex, page=value["p"], url=where)
    return opened(desk, body["trigger_id"], view)


def _skip(desk: Desk, who: Person, view: Body) -> None:
    origin = json.loads(view["private_metadata"])
    reason = one_line(read_slack_text(view["state"]["values"][asking.WHY_BLOCK]["value"].get("value")).text)
    with writing(desk) as session:
        if Inbound.is_new(session, f"modal {origin['key']}", at=desk.now()):
            issue = Issue.hold(session, origin["issue"])
            issue.skip(session, origin["author"], reason=reason, by=who.id, at=desk.now())


def follow(desk: Desk, who: Person, origin: dict[str, Any]) -> None:
    """Have the list that the modal was opened from show it."""
    if origin.get("url"):
        now, _ = shown(desk, origin["issue"], origin["page"])
        answer(desk, who, BoundedRespond(response_url=origin["url"]), in_place=True, **now)
