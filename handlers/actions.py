"""The buttons of a card that change the ticket at once: Claim, Undo, Reopen and what is behind the dots."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot import telling
from bot.blocks import composer as modals
from bot.blocks.text import fit, plain
from bot.desk import Desk
from bot.slack import SlackError
from handlers.courtesy import SLOW, Person, attempt, person, sentence_for, spelled, writing
from models import Inbound, Reply, Ticket

Body = dict[str, Any]
Verb = Callable[[Session, Ticket, Person], str | None]


def register(app: App, desk: Desk) -> None:
    """Listen for these buttons."""

    def on(action: str, verb: Verb) -> None:
        def press(ack: Ack, body: Body, respond: Respond) -> None:
            ack()
            value = json.loads(body["actions"][0]["value"])
            change(desk, person(body), respond, value["t"], verb)

        app.action(action)(press)

    on("claim", lambda session, ticket, who: ticket.claim(session, by=who.id, at=desk.now()))
    on("reopen", lambda session, ticket, who: ticket.reopen(session, by=who.id, at=desk.now()))

    @app.action("undo")
    def take_back(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        verb: Verb = lambda session, ticket, who: undo(desk, session, ticket, who, value["r"])  # noqa: E731
        change(desk, person(body), respond, value["t"], verb)

    @app.action("more")
    def more(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["selected_option"]["value"])
        verb = {"not_about_us": _not_about_us, "release": _release}[value["do"]]
        change(desk, person(body), respond, value["t"], lambda *given: verb(desk, *given))

    @app.action("no_reply_needed")
    def ask_reason(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        value = json.loads(body["actions"][0]["value"])
        view = modals.reason(value["t"], handle=value.get("h"), key=uuid.uuid4().hex)
        attempt(desk, person(body), respond, lambda: opened(desk, body["trigger_id"], view))

    @app.view(modals.REASON)
    def give_reason(ack: Ack, body: Body, view: Body) -> None:
        who, values = person(body), view["state"]["values"]
        picked = values[modals.REASON_BLOCK]["value"]["selected_option"]["value"]
        words = in_few_words(values.get(modals.WORDS_BLOCK, {}).get("value", {}).get("value") or "")
        reason = f"{picked}: {words}" if words else picked
        origin = json.loads(view["private_metadata"])
        refusals: list[str] = []
        attempt(desk, who, None, lambda: close(desk, origin, who, reason, refusals.append))
        if refusals:
            ack(response_action="errors", errors={modals.REASON_BLOCK: spelled(refusals[0])})
        else:
            ack()

    app.action("open_on_network")(_only_a_link)
    app.action("open_composer_on_network")(_only_a_link)


def _only_a_link(ack: Ack) -> None:
    """Slack tells of presses on link buttons too, and wants them acknowledged."""
    ack()


def change(desk: Desk, who: Person, respond: Respond | None, ticket_id: int, verb: Verb) -> None:
    """Do `verb` on the ticket in one transaction, once a press, and tell what stands against it."""

    def do() -> str | None:
        with writing(desk) as session:
            if not Inbound.is_new(session, who.key, at=desk.now()):
                return None
            return verb(session, Ticket.hold(session, ticket_id), who)

    attempt(desk, who, respond, do)


def opened(desk: Desk, trigger_id: str, view: dict[str, Any]) -> str | None:
    """Open a modal; a sentence if Slack does not let us any more."""
    try:
        desk.slack.open_view(trigger_id, view)
    except SlackError:
        return SLOW
    return None


def undo(
    desk: Desk, session: Session, ticket: Ticket, who: Person, reply_id: int | None = None
) -> str | None:
    """Stop the reply that waits; the words come back to their author with the next press on Reply."""
    reply = ticket.undo(session, by=who.id, at=desk.now(), reply_id=reply_id)
    if reply.actor != who.id:
        return f"Undone: nothing was published. The words are kept for <@{reply.actor}>."
    return "Undone: nothing was published. Your words are kept, press *Reply* to see them."


def in_few_words(typed: str) -> str:
    """A reason as its giver sees it, short enough for a card's line."""
    return fit(" ".join(plain(typed).split()), modals.WORDS_MAX)


def close(
    desk: Desk, origin: dict[str, Any], who: Person, reason: str, refuse: Callable[[str], None]
) -> str | None:
    """Give the outcome "no reply needed"; what the ledger says against it goes to `refuse`."""
    try:
        with writing(desk) as session:
            if not Inbound.is_new(session, f"reason {origin['key']}", at=desk.now()):
                return None
            ticket = Ticket.hold(session, origin["ticket"])
            stopped = ticket.no_reply_needed(session, by=who.id, at=desk.now(), reason=reason)
            tell_stopped(desk, session, stopped, who, "no reply needed")
    except Exception as error:  # noqa: BLE001 - the modal stays open, with what was typed
        refuse(sentence_for(error))
    return None


def tell_stopped(desk: Desk, session: Session, stopped: list[Reply], who: Person, outcome: str) -> None:
    """An outcome stopped somebody's reply: they are told in the thread."""
    for reply in stopped:
        telling.stopped(session, reply, who.id, outcome, at=desk.now())


def _not_about_us(desk: Desk, session: Session, ticket: Ticket, who: Person) -> str | None:
    stopped = ticket.not_about_us(session, by=who.id, at=desk.now())
    tell_stopped(desk, session, stopped, who, "not about us")
    return None


def _release(desk: Desk, session: Session, ticket: Ticket, who: Person) -> str | None:
    ticket.release(session, by=who.id, at=desk.now())
    return None
