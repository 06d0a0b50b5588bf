"""One issue at a time: marked as fixed, reopened, and its people told one by one.

The *Reply* beside each person is the very button of a card, so that the composer and all its rules hold.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import fix_followup, issue_view
from bot.slack.blocks.issues import issue as face
from bot.slack.blocks.issues import ranking as asking
from bot.slack.blocks.text import mrkdwn_literal, one_line
from bot.slack.blocks.values import IssueValue, RenameValue, ReporterValue, SkipValue
from bot.slack.private_access import read_access_of
from bot.slack.respond import BoundedRespond
from handlers.door import Act, RepeatedError, door, write_session
from handlers.feedback import Actor, send_private_answer
from models import Author, Issue
from models.issues.fix_followup import reconcile_reports

IssueChange = Callable[[BotContext, Session, Issue, Actor], None]


def _redraw(act: Act[IssueValue], verb: IssueChange | None = None, *, in_place: bool = True) -> str | None:
    """Do `verb` on the issue, once a press, and show it: in place where only who pressed sees the message.

    Nothing is done on what it was merged into, which they did not look at.
    """
    ctx, value = act.ctx, act.value
    if verb is not None:
        with suppress(RepeatedError), act.change_once() as session:
            issue = Issue.lock(session, value.issue)
            if issue.id == value.issue:
                verb(ctx, session, issue, act.who)
    now, moved = build_issue_answer(ctx, act.who.id, value.issue, value.page)
    is_own = act.body.get("container", {}).get("is_ephemeral", False)
    act.answer(in_place=in_place and is_own, **now)
    return moved


@door.press("open_issue", value=IssueValue)
def show(act: Act[IssueValue]) -> str | None:
    """Show an issue below."""
    return _redraw(act, in_place=False)


@door.press("refresh_issue", "issue_page_a", "issue_page_b", value=IssueValue)
def turn(act: Act[IssueValue]) -> str | None:
    """Show it as it is now, or another page."""
    return _redraw(act)


@door.press("fix_issue", value=IssueValue)
def fix(act: Act[IssueValue]) -> str | None:
    """Mark it as fixed."""
    return _redraw(act, _fix)


@door.press("reopen_issue", value=IssueValue)
def reopen(act: Act[IssueValue]) -> str | None:
    """Reopen it."""
    return _redraw(act, _reopen)


def build_issue_answer(
    ctx: BotContext, reader: str, issue_id: int, page: int
) -> tuple[dict[str, Any], str | None]:
    """What `reader` sees of an issue, once it is noted who was told.

    And a sentence, if that is another one.
    """
    at, access = ctx.now(), read_access_of(ctx, reader)
    with write_session(ctx) as session:
        issue, moved = Issue.lock(session, issue_id), None
        if issue.id != issue_id:
            gone = session.get_one(Issue, issue_id)
            moved = (
                f"“{mrkdwn_literal(gone.title)}” is now part of “{mrkdwn_literal(issue.title)}”, which you "
                "see here."
            )
        reconcile_reports(session, issue.id, at=at)
        view = issue_view.load_view(session, issue, page=page, at=at, access=access)
        blocks = face.build_blocks(view, url=ctx.slack.workspace)
    return {"text": face.summary_text(view.standing), "blocks": blocks}, moved


def _fix(ctx: BotContext, session: Session, issue: Issue, who: Actor) -> None:
    issue.fix(session, by=who.id, at=ctx.now())
    fix_followup.announce_fixed(ctx, session, issue, at=ctx.now())


def _reopen(ctx: BotContext, session: Session, issue: Issue, who: Actor) -> None:
    issue.reopen(session, by=who.id, at=ctx.now())
    fix_followup.announce_reopened(ctx, session, issue, who.id, at=ctx.now())


# --- skipping -----------------------------------------------------------------------------------------------


@door.press("skip_telling", value=ReporterValue)
def ask_why(act: Act[ReporterValue]) -> str | None:
    """Ask why somebody need not be told."""
    value, key = act.value, uuid.uuid4().hex
    with act.ctx.db.read(1.0) as session:
        author = session.get(Author, value.author)
    handle = author.handle if author is not None else None
    where = act.body.get("response_url")
    return act.open_modal(
        asking.build_skip_modal(value.issue, value.author, handle, key=key, page=value.page, url=where)
    )


@door.submit(asking.SKIP_CALLBACK_ID, value=SkipValue, at=asking.WHY_BLOCK)
def skip(act: Act[SkipValue]) -> None:
    """Note that they need not be told, and why."""
    reason = one_line(act.typed(asking.WHY_BLOCK).text)
    with suppress(RepeatedError), act.change_once() as session:
        issue = Issue.lock(session, act.value.issue)
        issue.skip(session, act.value.author, reason=reason, by=act.who.id, at=act.ctx.now())
    act.ctx.run_in_background(lambda: refresh_list(act.ctx, act.who, act.value))


def refresh_list(ctx: BotContext, who: Actor, origin: SkipValue | RenameValue) -> None:
    """Have the list that the modal was opened from show it."""
    if origin.url:
        now, _ = build_issue_answer(ctx, who.id, origin.issue, origin.page)
        send_private_answer(
            ctx, who, BoundedRespond(response_url=origin.url, patience=ctx.patience), in_place=True, **now
        )
