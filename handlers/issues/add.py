"""A ticket is added to an issue from its card or its thread, and taken out again."""

import logging
import uuid
from typing import Any

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import fix_followup
from bot.slack.blocks.elements import count_people
from bot.slack.blocks.issues import ranking as face
from bot.slack.blocks.issues.picker import read_picked
from bot.slack.blocks.text import mrkdwn_literal, one_line
from bot.slack.blocks.values import IssueOfTicketValue, TicketModalValue
from bot.slack.errors import SlackError
from handlers.door import Act, door, open_modal
from handlers.feedback import LEDGER_TIMEOUT_SECONDS
from models import Issue, Ticket
from models.core.base import RuleBrokenError
from models.issues.queries import list_reporters
from models.issues.suggestions import SuggestionTarget, has_candidates

log = logging.getLogger(__name__)

MODAL_LOOKUP_TIMEOUT_SECONDS = 1.0  # seconds in which the modal is to know what there is
ISSUE_USAGE = "Type the issue's title after `issue`, such as `@Heard issue export loses rows`."


# --- from the card ------------------------------------------------------------------------------------------


def open_add_modal(ctx: BotContext, trigger_id: str, ticket_id: int) -> str | None:
    """Open the modal that asks what the ticket is about; if the ledger is slow, without what is known."""
    view = ctx.read_with_timeout(
        lambda: _build_view(ctx, ticket_id, uuid.uuid4().hex), MODAL_LOOKUP_TIMEOUT_SECONDS
    )
    if view is None:
        view = face.build_add_modal(ticket_id, (), is_any=None, key=uuid.uuid4().hex)
    return open_modal(ctx, trigger_id, view)


def _build_view(ctx: BotContext, ticket_id: int, key: str) -> dict[str, Any]:
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        known = Issue.of(session, ticket_id)
        others = has_candidates(session, SuggestionTarget(ticket=ticket_id))
    return face.build_add_modal(ticket_id, known, is_any=others, key=key)


@door.submit(face.ADD_CALLBACK_ID, value=TicketModalValue, at=face.TITLE_BLOCK)
def add(act: Act[TicketModalValue]) -> None:
    """Add the ticket to the issue that was picked, or to the one whose title was typed.

    Raises `RuleBrokenError` if neither or both were given, or if the issue is gone.
    """
    ctx, who, issue_id = act.ctx, act.who, read_picked(act.view)
    title = one_line(act.typed(face.TITLE_BLOCK).text)
    if issue_id is None and not title:
        raise RuleBrokenError("Choose an issue, or describe the problem.")
    if issue_id is not None and title:
        raise RuleBrokenError(
            "Choose an issue or type a new one, not both: you add a ticket to one issue at a time."
        )
    with act.change_once() as session:
        ticket = Ticket.lock(session, act.value.ticket)
        if issue_id is not None:
            if session.get(Issue, issue_id) is None:
                raise RuleBrokenError("That issue no longer exists. Type its title to create it again.")
        else:
            issue_id = Issue.open_or_find(session, title, by=who.id, at=ctx.now()).id
        add_ticket(ctx, session, Issue.lock_shared(session, issue_id), ticket, by=who.id)


def add_ticket(ctx: BotContext, session: Session, issue: Issue, ticket: Ticket, *, by: str) -> bool:
    """Add `ticket` to `issue`, and tell its fixer of who came with it after the fix. Whether it is new."""
    report = issue.add(session, ticket, by=by, at=ctx.now())
    if report is not None and report.is_reported_again:
        fix_followup.announce_recurrence(ctx, session, issue, ticket, at=ctx.now())
    return report is not None


@door.press("remove_from_issue", value=IssueOfTicketValue)
def remove(act: Act[IssueOfTicketValue]) -> None:
    """Take the ticket out of the issue, and redraw the modal without it."""
    ctx, value = act.ctx, act.value
    with act.change_once() as session:
        ticket = Ticket.lock(session, value.ticket)
        issue = session.get_one(Issue, Issue.resolve_merged(session, value.issue))
        issue.remove(session, ticket, by=act.who.id, at=ctx.now())
    try:
        ctx.slack.update_view(act.view["id"], _build_view(ctx, value.ticket, act.modal(TicketModalValue).key))
    except SlackError as error:
        log.info("could not update the list of a ticket's issues: %s", error)


# --- from the thread ----------------------------------------------------------------------------------------


def add_from_thread(ctx: BotContext, session: Session, ticket: Ticket, *, words: str, by: str) -> str:
    """Add the ticket to the issue called `words`; without words, say what it belongs to."""
    title = one_line(words)
    if not title:
        known = ", ".join(f"“{mrkdwn_literal(issue.title)}”" for issue in Issue.of(session, ticket.id))
        return f"This ticket is already in {known}. {ISSUE_USAGE}" if known else ISSUE_USAGE
    issue = Issue.lock_shared(session, Issue.open_or_find(session, title, by=by, at=ctx.now()).id)
    new = add_ticket(ctx, session, issue, ticket, by=by)
    session.flush()
    count = len(list_reporters(session, issue))
    reported = f"{count_people(count)} {'has' if count == 1 else 'have'}"
    begun = "Added to" if new else "This ticket is already in"
    return f"{begun} the issue “{mrkdwn_literal(issue.title)}”: {reported} reported it."
