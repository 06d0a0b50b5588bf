"""Issues: a ticket is added to one from its card or its thread, and `/mentions issues` ranks them."""

import json
import logging
import uuid
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import fix_followup
from bot.slack.blocks.elements import count_people
from bot.slack.blocks.issues import ranking as face
from bot.slack.blocks.issues.picker import read_picked
from bot.slack.blocks.text import mrkdwn_literal, one_line, sanitize
from bot.slack.errors import SlackError
from bot.slack.typed_text import read_slack_text
from handlers.commands.slash_command import CommandAnswer, SlashCommand
from handlers.feedback import (
    LEDGER_TIMEOUT_SECONDS,
    Actor,
    open_modal,
    parse_actor,
    run_and_report,
    send_private_answer,
    write_session,
)
from handlers.tickets.dialogs import ack_modal, run_submitted
from models import Issue, ProcessedRequest, Ticket
from models.core.base import RuleBrokenError
from models.core.command_words import strip_marks
from models.issues.queries import (
    count_to_notify,
    find_issues,
    list_fixed_issues,
    list_reporters,
    rank_open_issues,
)
from models.issues.suggestions import SuggestionTarget, has_candidates

log = logging.getLogger(__name__)

Body = dict[str, Any]
MODAL_LOOKUP_TIMEOUT_SECONDS = 1.0  # seconds in which the modal is to know what there is
ISSUE_USAGE = "Say what they suffer from: `@Heard issue export loses rows`."


def register(app: App, ctx: BotContext) -> None:
    """Listen for the modal that adds a ticket, and for the pages of the list."""

    @app.view(face.ADD_CALLBACK_ID)
    def add(ack: Ack, body: Body, view: Body) -> None:
        who = parse_actor(body)
        ack_modal(ack, face.TITLE_BLOCK, run_submitted(ctx, who, lambda: _add_to_issue(ctx, who, view)))

    @app.action("remove_from_issue")
    def remove(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = parse_actor(body), json.loads(body["actions"][0]["value"])
        run_and_report(ctx, who, respond, lambda: _remove(ctx, who, body["view"], value))

    def turn(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        who, value = parse_actor(body), json.loads(body["actions"][0]["value"])

        def do() -> None:
            send_private_answer(ctx, who, respond, in_place=True, **build_list_answer(ctx, **value))

        run_and_report(ctx, who, respond, do)

    for side in ("a", "b"):
        app.action(f"issues_page_{side}")(turn)


# --- from the card ------------------------------------------------------------------------------------------


def open_add_modal(ctx: BotContext, who: Actor, trigger_id: str, ticket_id: int) -> str | None:
    """Open the modal that asks what the ticket is about; if the ledger is slow, without what is known."""
    del who
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


def _add_to_issue(ctx: BotContext, who: Actor, view: Body) -> None:
    """Add it once, however often the submit arrives."""
    origin, values = json.loads(view["private_metadata"]), view["state"]["values"]
    issue_id = read_picked(view)
    title = one_line(read_slack_text(values[face.TITLE_BLOCK]["value"].get("value")).text)
    if issue_id is None and not title:
        raise RuleBrokenError("Pick an issue, or type what they suffer from.")
    if issue_id is not None and title:
        raise RuleBrokenError("Either pick an issue or type a new one: a ticket is added to one at a time.")
    with write_session(ctx) as session:
        if not ProcessedRequest.claim_key(session, f"modal {origin['key']}", at=ctx.now()):
            return
        ticket = Ticket.lock(session, origin["ticket"])
        if issue_id is not None:
            if session.get(Issue, issue_id) is None:
                raise RuleBrokenError("That issue is gone. Type its name to open it anew.")
        else:
            issue_id = Issue.open_or_find(session, title, by=who.id, at=ctx.now()).id
        add_ticket(ctx, session, Issue.lock_shared(session, issue_id), ticket, by=who.id)


def add_ticket(ctx: BotContext, session: Session, issue: Issue, ticket: Ticket, *, by: str) -> bool:
    """Add `ticket` to `issue`, and tell its fixer of who came with it after the fix. Whether it is new."""
    report = issue.add(session, ticket, by=by, at=ctx.now())
    if report is not None and report.is_reported_again:
        fix_followup.announce_recurrence(ctx, session, issue, ticket, at=ctx.now())
    return report is not None


def _remove(ctx: BotContext, who: Actor, view: Body, value: dict[str, Any]) -> str | None:
    with write_session(ctx) as session:
        if not ProcessedRequest.claim_key(session, who.key, at=ctx.now()):
            return None
        ticket = Ticket.lock(session, value["t"])
        issue = session.get_one(Issue, Issue.resolve_merged(session, value["i"]))
        issue.remove(session, ticket, by=who.id, at=ctx.now())
    key = json.loads(view["private_metadata"])["key"]
    try:
        ctx.slack.update_view(view["id"], _build_view(ctx, value["t"], key))
    except SlackError as error:
        log.info("the list of a ticket's issues could not be redrawn: %s", error)
    return None


# --- from the thread ----------------------------------------------------------------------------------------


def add_from_thread(ctx: BotContext, session: Session, ticket: Ticket, *, words: str, by: str) -> str:
    """Add the ticket to the issue called `words`; without words, say what it belongs to."""
    title = one_line(words)
    if not title:
        known = ", ".join(f"“{mrkdwn_literal(issue.title)}”" for issue in Issue.of(session, ticket.id))
        return f"This one belongs to {known}. {ISSUE_USAGE}" if known else ISSUE_USAGE
    issue = Issue.lock_shared(session, Issue.open_or_find(session, title, by=by, at=ctx.now()).id)
    new = add_ticket(ctx, session, issue, ticket, by=by)
    session.flush()
    count = len(list_reporters(session, issue))
    reported = f"{count_people(count)} {'has' if count == 1 else 'have'}"
    begun = "Added to" if new else "This one belongs to"
    return (
        f"{begun} the issue “{mrkdwn_literal(issue.title)}”{'' if new else ' already'}: {reported} "
        f"reported it."
    )


# --- /mentions issues ---------------------------------------------------------------------------------------


def handle_issues(ctx: BotContext, asked: SlashCommand) -> CommandAnswer:
    """What people suffer from, ranked; what was fixed; or the one that is called so."""
    words = one_line(sanitize(asked.rest))
    kind = "open" if not words else "fixed" if strip_marks(words).casefold() == "fixed" else "found"
    return build_list_answer(ctx, k=kind, w=words if kind == "found" else "", p=0)


def build_list_answer(ctx: BotContext, *, k: str, w: str, p: int) -> CommandAnswer:
    """Page `p` of the list of kind `k`, with the words `w`."""
    at = ctx.now()
    with ctx.db.read(LEDGER_TIMEOUT_SECONDS) as session:
        mended = list_fixed_issues(session, at=at) if k != "found" else []
        if k == "fixed":
            found = mended
        else:
            found = find_issues(session, w, at=at) if k == "found" else rank_open_issues(session, at=at)
    if not found and k == "found":
        return {"text": f"No issue is called “{mrkdwn_literal(w)}”. `/mentions issues` lists them all."}
    if not found and k == "fixed":
        return {"text": face.NO_FIXED_ISSUES_TEXT}
    if not found and not mended:
        return {"text": face.NO_ISSUES_TEXT}
    blocks = face.build_issue_list(found, page=p, kind=k, words=w, to_tell=count_to_notify(mended))
    return {"text": f"Issues: {len(found)}", "blocks": blocks}
