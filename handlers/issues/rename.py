"""*Rename or merge…* in an issue: another title, or that it is the same as another one."""

import json
import uuid
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import fix_followup
from bot.slack.blocks.issues import merge as face
from bot.slack.blocks.issues import ranking as listed
from bot.slack.blocks.issues.picker import PICK_BLOCK, read_picked
from bot.slack.blocks.text import one_line
from bot.slack.typed_text import read_slack_text
from handlers.feedback import LEDGER_BUSY_TEXT, Actor, open_modal, parse_actor, run_and_report, write_session
from handlers.issues.add import MODAL_LOOKUP_TIMEOUT_SECONDS
from handlers.issues.notify_reporters import refresh_list
from handlers.tickets.dialogs import ack_modal, run_submitted
from models import Issue, ProcessedRequest
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_mrkdwn
from models.issues.merge import merge_issues, refuse_if_merged
from models.issues.suggestions import SuggestionTarget, has_candidates
from models.issues.title import title_key

Body = dict[str, Any]


def register(app: App, ctx: BotContext) -> None:
    """Listen for the button, and for the modal's submit."""

    @app.action(face.RENAME_ID)
    def ask(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        run_and_report(ctx, parse_actor(body), respond, lambda: _open_rename_modal(ctx, body, value))

    @app.view(face.RENAME_ID)
    def submit(ack: Ack, body: Body, view: Body) -> None:
        who = parse_actor(body)
        field = listed.TITLE_BLOCK if read_picked(view) is None else PICK_BLOCK

        def do() -> None:
            nonlocal field
            try:
                _rename_or_merge(ctx, who, view)
            except _TitleError:
                field = listed.TITLE_BLOCK
                raise

        refused = run_submitted(ctx, who, do)
        ack_modal(ack, field, refused)
        if refused is None:
            ctx.run_in_background(lambda: refresh_list(ctx, who, json.loads(view["private_metadata"])))


class _TitleError(RuleBrokenError):
    """What was typed does not go with what was picked."""


def _open_rename_modal(ctx: BotContext, body: Body, value: dict[str, Any]) -> str | None:
    where = body.get("response_url")
    view = ctx.read_with_timeout(
        lambda: _build_view(ctx, value["i"], page=value.get("p", 0), url=where), MODAL_LOOKUP_TIMEOUT_SECONDS
    )
    return LEDGER_BUSY_TEXT if view is None else open_modal(ctx, body["trigger_id"], view)


def _build_view(ctx: BotContext, issue_id: int, *, page: int, url: str | None) -> dict[str, Any]:
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        issue = session.get_one(Issue, Issue.resolve_merged(session, issue_id))
        others = has_candidates(session, SuggestionTarget(issue=issue.id))
    return face.build_rename_modal(issue, is_any=others, key=uuid.uuid4().hex, page=page, url=url)


def _rename_or_merge(ctx: BotContext, who: Actor, view: Body) -> None:
    """Rename it or merge it, once however often the submit arrives."""
    origin, into = json.loads(view["private_metadata"]), read_picked(view)
    title = one_line(read_slack_text(view["state"]["values"][listed.TITLE_BLOCK]["value"].get("value")).text)
    unchanged = origin["title"] == title
    with write_session(ctx) as session:
        if not ProcessedRequest.claim_key(session, f"modal {origin['key']}", at=ctx.now()):
            return
        if into is not None:
            if not unchanged and not _is_title_of(session, title, origin["issue"], into):
                raise _TitleError(
                    "Either give it another title or pick the issue that it is the same as, "
                    f"whose title stays. To make the two one, put back “{escape_mrkdwn(origin['title'])}”."
                )
            done = merge_issues(session, origin["issue"], into, by=who.id, at=ctx.now())
            fix_followup.announce_merged(ctx, session, done, by=who.id, at=ctx.now())
            return
        refuse_if_merged(session, origin["issue"])
        issue = Issue.lock(session, origin["issue"])
        if unchanged:
            raise RuleBrokenError(
                "Nothing was changed: type another title, or pick the issue that it is the same as."
            )
        issue.rename(session, title, by=who.id, at=ctx.now())


def _is_title_of(session: Session, title: str, *issues: int) -> bool:
    """Whether that is what one of `issues` is called: whoever typed it and then picked it means the same."""
    found = session.scalar(select(Issue.id).where(Issue.name == title_key(title)))
    return found is not None and Issue.resolve_merged(session, found) in {
        Issue.resolve_merged(session, one) for one in issues
    }
