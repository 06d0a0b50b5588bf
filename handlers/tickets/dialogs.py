"""Small modals that ask before something is done: why no reply is needed, to whom, whether really."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack.blocks import dialogs
from bot.slack.blocks.replies.composer import build_refusal_modal
from bot.slack.blocks.text import one_line, truncate
from bot.slack.membership import MembershipKind, access_if_known
from bot.slack.typed_text import read_slack_text
from handlers.feedback import (
    Actor,
    error_text,
    open_modal,
    parse_actor,
    run_and_report,
    to_plain_text,
    why_may_not_send,
    write_session,
)
from handlers.tickets import assignee
from models import ProcessedRequest, Reply, Ticket
from models.core.base import RuleBrokenError
from models.tickets.delivery_state import DeliveryState
from models.tickets.state import TicketState

Body = dict[str, Any]
NOT_YOURS_TO_STOP_TEXT = "A colleague's reply is on its way here, and as a guest you cannot stop it."
TicketChange = Callable[[Session, Ticket], None]
MODAL_LOOKUP_TIMEOUT_SECONDS = 1.0  # seconds in which a question is to know what it asks about


def register(app: App, ctx: BotContext) -> None:
    """Listen for the button that asks for a reason, and for what these modals are answered."""

    @app.action("no_reply_needed")
    def ask_reason(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        seen = {"turn": value.get("n"), "post_id": value.get("p")}
        view = dialogs.build_reason_modal(value["t"], handle=value.get("h"), key=uuid.uuid4().hex, **seen)
        run_and_report(ctx, parse_actor(body), respond, lambda: open_modal(ctx, body["trigger_id"], view))

    @app.view(dialogs.REASON_CALLBACK_ID)
    def give_reason(ack: Ack, body: Body, view: Body) -> None:
        who, values = parse_actor(body), view["state"]["values"]
        picked = values[dialogs.REASON_BLOCK]["value"]["selected_option"]["value"]
        typed = read_slack_text(values.get(dialogs.TEXT_BLOCK, {}).get("value", {}).get("value"))
        words = shorten_reason(typed.text)
        reason = f"{picked}: {words}" if words else picked
        seen = json.loads(view["private_metadata"])

        def verb(session: Session, ticket: Ticket) -> None:
            ticket.check_seen(turn=seen.get("turn"), post_id=seen.get("post"))
            close_ticket(ctx, session, ticket, who=who, reason=reason)

        refused = change_ticket_once(ctx, who, view, verb)
        ack_modal(ack, dialogs.REASON_BLOCK, refused)

    @app.view(dialogs.ASSIGN_CALLBACK_ID)
    def assign(ack: Ack, body: Body, view: Body) -> None:
        who = parse_actor(body)
        picked = view["state"]["values"][dialogs.ASSIGNEE_BLOCK]["value"]["selected_user"]
        refused = run_submitted(
            ctx, who, lambda: assignee.check_assignable(ctx, picked)
        ) or change_ticket_once(
            ctx, who, view, lambda *given: assign_ticket(ctx, *given, to=picked, by=who.id)
        )
        ack_modal(ack, dialogs.ASSIGNEE_BLOCK, refused)

    @app.view(dialogs.DELETE_CALLBACK_ID)
    def unsay(ack: Ack, body: Body, view: Body) -> None:
        who, asked = parse_actor(body), json.loads(view["private_metadata"])
        refused = _send_refusal(ctx, who, asked["ticket"]) or change_ticket_once(
            ctx, who, view, lambda *given: _delete_reply(ctx, *given, who=who, reply_id=asked["reply"])
        )
        if refused is None:
            ack()
        else:  # nothing is asked there, so there is no input to say it at
            ack(response_action="update", view=build_refusal_modal(refused))


def change_ticket_once(ctx: BotContext, who: Actor, view: Body, verb: TicketChange) -> str | None:
    """Do `verb` once, however often the submit arrives; give what stands against it."""
    origin = json.loads(view["private_metadata"])

    def do() -> None:
        with write_session(ctx) as session:
            if ProcessedRequest.claim_key(session, f"modal {origin['key']}", at=ctx.now()):
                verb(session, Ticket.lock(session, origin["ticket"]))

    return run_submitted(ctx, who, do)


def run_submitted(ctx: BotContext, who: Actor, submitted: Callable[[], None]) -> str | None:
    """Do what was `submitted`; give what stands against it, for the modal stays open with what was typed."""
    refused: list[str] = []

    def do() -> None:
        try:
            submitted()
        except Exception as error:  # noqa: BLE001 - a person submitted, a person gets a sentence
            refused.append(error_text(error))

    run_and_report(ctx, who, None, do)
    return refused[0] if refused else None


def _send_refusal(ctx: BotContext, who: Actor, ticket_id: int) -> str | None:
    try:
        return why_may_not_send(ctx, who, ticket_id)
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        return error_text(error)


def ack_modal(ack: Ack, block: str, refused: str | None) -> None:
    """Close the modal; or leave it open, and say at its input what stands against it."""
    if refused is None:
        ack()
    else:
        ack(response_action="errors", errors={block: to_plain_text(refused)})


# --- what is done -------------------------------------------------------------------------------------------


def shorten_reason(typed: str) -> str:
    """A reason as its giver sees it, short enough for a card's line."""
    return truncate(one_line(typed), dialogs.REASON_MAX_CHARS)


def close_ticket(ctx: BotContext, session: Session, ticket: Ticket, *, who: Actor, reason: str) -> None:
    """Give the outcome "no reply needed"."""
    stopped = ticket.close_no_reply_needed(session, by=who.id, at=ctx.now(), reason=reason)
    notify_stopped(ctx, session, stopped, who, "no reply needed")


def notify_stopped(ctx: BotContext, session: Session, stopped: list[Reply], who: Actor, outcome: str) -> None:
    """An outcome stopped somebody's reply: they are told in the thread.

    Raises `RuleBrokenError` if it is a guest's outcome and a colleague's reply, which only members stop.
    """
    is_colleagues = any(reply.actor != who.id for reply in stopped)
    if is_colleagues and access_if_known(ctx, who.id).kind is MembershipKind.NAMED_GUEST:
        raise RuleBrokenError(NOT_YOURS_TO_STOP_TEXT)
    for reply in stopped:
        thread_notices.post(session, thread_notices.STOPPED, reply, at=ctx.now(), by=who.id, outcome=outcome)


def assign_ticket(ctx: BotContext, session: Session, ticket: Ticket, *, to: str, by: str) -> None:
    """Give the ticket to `to`, who is told. `assignee.check` has said that they can act on it."""
    ticket.assign(session, to=to, by=by, at=ctx.now())
    if to != by:
        thread_notices.post(session, thread_notices.ASSIGNED, ticket, at=ctx.now(), to=to, by=by)


def load_delete_modal(ctx: BotContext, value: Body, key: str) -> dict[str, Any]:
    """The modal that asks whether a public reply is to be deleted; in general words if the ledger is slow."""
    about = ctx.read_with_timeout(lambda: _load_deletion(ctx, value["r"]), MODAL_LOOKUP_TIMEOUT_SECONDS)
    return dialogs.build_delete_modal(value["t"], value["r"], key=key, about=about)


def _load_deletion(ctx: BotContext, reply_id: int) -> dialogs.ReplyDeletion:
    with ctx.db.read(MODAL_LOOKUP_TIMEOUT_SECONDS) as session:
        reply = session.get_one(Reply, reply_id)
        ticket = session.get_one(Ticket, reply.ticket_id)
        return dialogs.ReplyDeletion(
            text=reply.text,
            actor=reply.actor,
            title=ctx.network_titles.get(ticket.network, ticket.network),
            is_by_hand=reply.state == DeliveryState.CONFIRMED,
            state=ticket.state,
            reopens=reply.turn == ticket.turn and ticket.state == TicketState.ANSWERED,
        )


def _delete_reply(ctx: BotContext, session: Session, ticket: Ticket, *, who: Actor, reply_id: int) -> None:
    reply = session.get_one(Reply, reply_id, populate_existing=True)
    ticket.request_deletion(session, reply, by=who.id, at=ctx.now())
