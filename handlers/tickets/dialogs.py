"""Small modals that ask before something is done: why no reply is needed, to whom, whether really."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import thread_notices
from bot.slack.blocks import dialogs
from bot.slack.blocks.replies.composer import sorry
from bot.slack.blocks.text import fit, one_line
from bot.slack.membership import Kind, access_if_known
from bot.slack.typed_text import read_slack_text
from handlers.feedback import Person, attempt, may_not, opened, person, sentence_for, spelled, writing
from handlers.tickets import assignee
from models import Inbound, Reply, Ticket
from models.core.base import RuleBrokenError
from models.tickets.reply import State as Delivery
from models.tickets.state import State

Body = dict[str, Any]
NOT_YOURS_TO_STOP = "A colleague's reply is on its way here, and as a guest you cannot stop it."
Verb = Callable[[Session, Ticket], None]
GLANCE = 1.0  # seconds in which a question is to know what it asks about


def register(app: App, desk: Desk) -> None:
    """Listen for the button that asks for a reason, and for what these modals are answered."""

    @app.action("no_reply_needed")
    def ask_reason(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        seen = {"turn": value.get("n"), "post_id": value.get("p")}
        view = dialogs.reason(value["t"], handle=value.get("h"), key=uuid.uuid4().hex, **seen)
        attempt(desk, person(body), respond, lambda: opened(desk, body["trigger_id"], view))

    @app.view(dialogs.REASON)
    def give_reason(ack: Ack, body: Body, view: Body) -> None:
        who, values = person(body), view["state"]["values"]
        picked = values[dialogs.REASON_BLOCK]["value"]["selected_option"]["value"]
        typed = read_slack_text(values.get(dialogs.WORDS_BLOCK, {}).get("value", {}).get("value"))
        words = in_few_words(typed.text)
        reason = f"{picked}: {words}" if words else picked
        seen = json.loads(view["private_metadata"])

        def verb(session: Session, ticket: Ticket) -> None:
            ticket.check_seen(turn=seen.get("turn"), post_id=seen.get("post"))
            close(desk, session, ticket, who=who, reason=reason)

        refused = settle(desk, who, view, verb)
        at_input(ack, dialogs.REASON_BLOCK, refused)

    @app.view(dialogs.ASSIGN)
    def assign(ack: Ack, body: Body, view: Body) -> None:
        who = person(body)
        picked = view["state"]["values"][dialogs.WHOM_BLOCK]["value"]["selected_user"]
        refused = against(desk, who, lambda: assignee.check(desk, picked)) or settle(
            desk, who, view, lambda *given: give(desk, *given, to=picked, by=who.id)
        )
        at_input(ack, dialogs.WHOM_BLOCK, refused)

    @app.view(dialogs.UNSAY)
    def unsay(ack: Ack, body: Body, view: Body) -> None:
        who, asked = person(body), json.loads(view["private_metadata"])
        refused = _refused(desk, who, asked["ticket"]) or settle(
            desk, who, view, lambda *given: _unsay(desk, *given, who=who, reply_id=asked["reply"])
        )
        if refused is None:
            ack()
        else:  # nothing is asked there, so there is no input to say it at
            ack(response_action="update", view=sorry(refused))


def settle(desk: Desk, who: Person, view: Body, verb: Verb) -> str | None:
    """Do `verb` once, however often the submit arrives; give what stands against it."""
    origin = json.loads(view["private_metadata"])

    def do() -> None:
        with writing(desk) as session:
            if Inbound.is_new(session, f"modal {origin['key']}", at=desk.now()):
                verb(session, Ticket.hold(session, origin["ticket"]))

    return against(desk, who, do)


def against(desk: Desk, who: Person, submitted: Callable[[], None]) -> str | None:
    """Do what was `submitted`; give what stands against it, for the modal stays open with what was typed."""
    refused: list[str] = []

    def do() -> None:
        try:
            submitted()
        except Exception as error:  # noqa: BLE001 - a person submitted, a person gets a sentence
            refused.append(sentence_for(error))

    attempt(desk, who, None, do)
    return refused[0] if refused else None


def _refused(desk: Desk, who: Person, ticket_id: int) -> str | None:
    try:
        return may_not(desk, who, ticket_id)
    except Exception as error:  # noqa: BLE001 - a person pressed, a person gets a sentence
        return sentence_for(error)


def at_input(ack: Ack, block: str, refused: str | None) -> None:
    """Close the modal; or leave it open, and say at its input what stands against it."""
    if refused is None:
        ack()
    else:
        ack(response_action="errors", errors={block: spelled(refused)})


# --- what is done -------------------------------------------------------------------------------------------


def in_few_words(typed: str) -> str:
    """A reason as its giver sees it, short enough for a card's line."""
    return fit(one_line(typed), dialogs.WORDS_MAX)


def close(desk: Desk, session: Session, ticket: Ticket, *, who: Person, reason: str) -> None:
    """Give the outcome "no reply needed"."""
    stopped = ticket.no_reply_needed(session, by=who.id, at=desk.now(), reason=reason)
    tell_stopped(desk, session, stopped, who, "no reply needed")


def tell_stopped(desk: Desk, session: Session, stopped: list[Reply], who: Person, outcome: str) -> None:
    """An outcome stopped somebody's reply: they are told in the thread.

    Raises `RuleBrokenError` if it is a guest's outcome and a colleague's reply, which only members stop.
    """
    is_colleagues = any(reply.actor != who.id for reply in stopped)
    if is_colleagues and access_if_known(desk, who.id).kind is Kind.NAMED_GUEST:
        raise RuleBrokenError(NOT_YOURS_TO_STOP)
    for reply in stopped:
        thread_notices.stopped(session, reply, who.id, outcome, at=desk.now())


def give(desk: Desk, session: Session, ticket: Ticket, *, to: str, by: str) -> None:
    """Give the ticket to `to`, who is told. `assignee.check` has said that they can act on it."""
    ticket.assign(session, to=to, by=by, at=desk.now())
    thread_notices.assigned(session, ticket, to, by, at=desk.now())


def ask_to_unsay(desk: Desk, value: Body, key: str) -> dict[str, Any]:
    """The modal that asks whether a public reply is to be deleted; in general words if the ledger is slow."""
    about = desk.glance(lambda: _to_delete(desk, value["r"]), GLANCE)
    return dialogs.unsay(value["t"], value["r"], key=key, about=about)


def _to_delete(desk: Desk, reply_id: int) -> dialogs.ToDelete:
    with desk.db.read(GLANCE) as session:
        reply = session.get_one(Reply, reply_id)
        ticket = session.get_one(Ticket, reply.ticket_id)
        return dialogs.ToDelete(
            text=reply.text,
            actor=reply.actor,
            title=desk.titles.get(ticket.network, ticket.network),
            is_by_hand=reply.state == Delivery.CONFIRMED,
            state=ticket.state,
            reopens=reply.turn == ticket.turn and ticket.state == State.ANSWERED,
        )


def _unsay(desk: Desk, session: Session, ticket: Ticket, *, who: Person, reply_id: int) -> None:
    reply = session.get_one(Reply, reply_id, populate_existing=True)
    ticket.unsay(session, reply, by=who.id, at=desk.now())
