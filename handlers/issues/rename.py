"""*Rename or merge…* in an issue: another title, or that it is the same as another one."""

import uuid
from contextlib import suppress
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import fix_followup
from bot.slack.blocks.issues import merge as face
from bot.slack.blocks.issues import ranking as listed
from bot.slack.blocks.issues.picker import PICK_BLOCK, read_picked
from bot.slack.blocks.text import one_line
from bot.slack.blocks.values import IssueValue, RenameValue
from handlers.door import Act, InputError, RepeatedError, door
from handlers.feedback import LEDGER_BUSY_TEXT
from handlers.issues.add import MODAL_LOOKUP_TIMEOUT_SECONDS
from handlers.issues.notify_reporters import refresh_list
from models import Issue
from models.core.base import RuleBrokenError
from models.core.mrkdwn import escape_mrkdwn
from models.issues.merge import merge_issues, refuse_if_merged
from models.issues.suggestions import SuggestionTarget, has_candidates
from models.issues.title import title_key


@door.press(face.RENAME_ID, value=IssueValue)
def ask(act: Act[IssueValue]) -> str | None:
    """Ask for another title, or which other issue it is."""
    ctx, value, where = act.ctx, act.value, act.body.get("response_url")
    view = ctx.read_with_timeout(
        lambda: _build_view(ctx, value.issue, page=value.page, url=where), MODAL_LOOKUP_TIMEOUT_SECONDS
    )
    return LEDGER_BUSY_TEXT if view is None else act.open_modal(view)


def _build_view(ctx: BotContext, issue_id: int, *, page: int, url: str | None) -> dict[str, Any]:
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        issue = session.get_one(Issue, Issue.resolve_merged(session, issue_id))
        others = has_candidates(session, SuggestionTarget(issue=issue.id))
    return face.build_rename_modal(issue, is_any=others, key=uuid.uuid4().hex, page=page, url=url)


@door.submit(
    face.RENAME_ID,
    value=RenameValue,
    at=lambda act: listed.TITLE_BLOCK if read_picked(act.view) is None else PICK_BLOCK,
)
def rename_or_merge(act: Act[RenameValue]) -> None:
    """Rename it or merge it, and show it so where the modal was opened."""
    with suppress(RepeatedError):
        _rename_or_merge(act)
    act.ctx.run_in_background(lambda: refresh_list(act.ctx, act.who, act.value))


def _rename_or_merge(act: Act[RenameValue]) -> None:
    ctx, who, origin, into = act.ctx, act.who, act.value, read_picked(act.view)
    title = one_line(act.typed(listed.TITLE_BLOCK).text)
    unchanged = origin.title == title
    with act.change_once() as session:
        if into is not None:
            if not unchanged and not _is_title_of(session, title, origin.issue, into):
                raise InputError(
                    listed.TITLE_BLOCK,
                    "Either rename it, or choose the issue to merge it into (that one keeps its title). "
                    f"To merge, put back “{escape_mrkdwn(origin.title)}”.",
                )
            done = merge_issues(session, origin.issue, into, by=who.id, at=ctx.now())
            fix_followup.announce_merged(ctx, session, done, by=who.id, at=ctx.now())
            return
        refuse_if_merged(session, origin.issue)
        issue = Issue.lock(session, origin.issue)
        if unchanged:
            raise RuleBrokenError(
                "Nothing was changed. Type another title, or choose the issue to merge it into."
            )
        issue.rename(session, title, by=who.id, at=ctx.now())


def _is_title_of(session: Session, title: str, *issues: int) -> bool:
    """Whether one of `issues` is called that: somebody who types it and then picks it means the same."""
    found = session.scalar(select(Issue.id).where(Issue.name == title_key(title)))
    return found is not None and Issue.resolve_merged(session, found) in {
        Issue.resolve_merged(session, one) for one in issues
    }
