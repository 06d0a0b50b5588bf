"""One issue at a time: marked as fixed, reopened, and its people told one by one.

The *Reply* beside each person is the very button of a card, so that the composer and all its rules hold.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import fix_followup, issue_view
from bot.slack.blocks.issues import issue as face
from bot.slack.blocks.issues import ranking as asking
from bot.slack.blocks.text import mrkdwn_literal, one_line
from bot.slack.respond import BoundedRespond
from bot.slack.typed_text import read_slack_text
from handlers.feedback import (
    Actor,
    open_modal,
    parse_actor,
    run_and_report,
    send_private_answer,
    write_session,
)
from handlers.tickets.dialogs import ack_modal, run_submitted
from models import Author, Issue, ProcessedRequest
from models.issues.fix_followup import reconcile_reports

Body = dict[str, Any]
IssueAction = Callable[[BotContext, Session, Issue, Actor], None]


def register(app: App, ctx: BotContext) -> None:
    """Listen for the buttons of an issue."""

    def on(action: str, verb: IssueAction | None, *, in_place: bool) -> None:
        def press(ack: Ack, body: Body, respond: Respond) -> None:
            ack()
            who, value = parse_actor(body), json.loads(body["actions"][0]["value"])
            at_place = in_place and body.get("container", {}).get("is_ephemeral", False)

            def do() -> str | None:
                if verb is not None:
                    _change_issue(ctx, who, value["i"], verb)
                now, moved = build_issue_answer(ctx, value["i"], value.get("p", 0))
                send_private_answer(ctx, who, respond, in_place=at_place, **now)
                return moved

            run_and_report(ctx, who, respond, do)

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
        run_and_report(ctx, parse_actor(body), respond, lambda: _open_skip_modal(ctx, body, value))

    @app.view(asking.SKIP_CALLBACK_ID)
    def skip(ack: Ack, body: Body, view: Body) -> None:
        who = parse_actor(body)
        refused = run_submitted(ctx, who, lambda: _skip(ctx, who, view))
        ack_modal(ack, asking.WHY_BLOCK, refused)
        if refused is None:
            ctx.run_in_background(lambda: refresh_list(ctx, who, json.loads(view["private_metadata"])))


def build_issue_answer(ctx: BotContext, issue_id: int, page: int) -> tuple[dict[str, Any], str | None]:
    """What remains of an issue, once it is noted who was told; and a sentence, if that is another one."""
    at = ctx.now()
    with write_session(ctx) as session:
        issue, moved = Issue.lock(session, issue_id), None
        if issue.id != issue_id:
            gone = session.get_one(Issue, issue_id)
            moved = (
                f"“{mrkdwn_literal(gone.title)}” is a part of “{mrkdwn_literal(issue.title)}” now, "
                f"which you see here."
            )
        reconcile_reports(session, issue.id, at=at)
        view = issue_view.load_view(session, issue, page=page, at=at)
        blocks = face.build_blocks(view, url=ctx.slack.workspace)
    return {"text": face.summary_text(view.standing), "blocks": blocks}, moved


def _change_issue(ctx: BotContext, who: Actor, issue_id: int, verb: IssueAction) -> None:
    """Do `verb` on the issue, once a press; not on what it was merged into, which they did not look at."""
    with write_session(ctx) as session:
        issue = Issue.lock(session, issue_id)
        if issue.id == issue_id and ProcessedRequest.claim_key(session, who.key, at=ctx.now()):
            verb(ctx, session, issue, who)


def _fix(ctx: BotContext, session: Session, issue: Issue, who: Actor) -> None:
    issue.fix(session, by=who.id, at=ctx.now())
    fix_followup.announce_fixed(ctx, session, issue, at=ctx.now())


def _reopen(ctx: BotContext, session: Session, issue: Issue, who: Actor) -> None:
    issue.reopen(session, by=who.id, at=ctx.now())
    fix_followup.announce_reopened(ctx, session, issue, who.id, at=ctx.now())


# --- skipping -----------------------------------------------------------------------------------------------


def _open_skip_modal(ctx: BotContext, body: Body, value: dict[str, Any]) -> str | None:
    with ctx.db.read(1.0) as session:
        author = session.get(Author, value["a"])
    handle = author.handle if author is not None else None
    where = body.get("response_url")
    view = asking.build_skip_modal(
        value["i"], value["a"], handle, key=uuid.uuid4().hex, page=value["p"], url=where
    )
    return open_modal(ctx, body["trigger_id"], view)


def _skip(ctx: BotContext, who: Actor, view: Body) -> None:
    origin = json.loads(view["private_metadata"])
    reason = one_line(read_slack_text(view["state"]["values"][asking.WHY_BLOCK]["value"].get("value")).text)
    with write_session(ctx) as session:
        if ProcessedRequest.claim_key(session, f"modal {origin['key']}", at=ctx.now()):
            issue = Issue.lock(session, origin["issue"])
            issue.skip(session, origin["author"], reason=reason, by=who.id, at=ctx.now())


def refresh_list(ctx: BotContext, who: Actor, origin: dict[str, Any]) -> None:
    """Have the list that the modal was opened from show it."""
    if origin.get("url"):
        now, _ = build_issue_answer(ctx, origin["issue"], origin["page"])
        send_private_answer(ctx, who, BoundedRespond(response_url=origin["url"]), in_place=True, **now)
