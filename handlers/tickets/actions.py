"""The buttons of a card that change the ticket at once: Claim, Undo, Reopen and what is behind the dots."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack import home_tab
from bot.slack.blocks import dialogs
from bot.slack.membership import NOT_YOUR_REPLY, Kind, access_if_known
from handlers.feedback import Person, attempt, opened, person, writing
from handlers.issues import add
from handlers.tickets import author_history, snooze
from handlers.tickets.dialogs import ask_to_unsay, tell_stopped
from models import Inbound, Ticket
from models.core.base import RuleBrokenError

Body = dict[str, Any]
Verb = Callable[[Session, Ticket, Person], str | None]
YOURS = "You have this one already."


def register(app: App, desk: Desk) -> None:
    """Listen for these buttons."""

    def on(action: str, verb: Verb) -> None:
        def press(ack: Ack, body: Body, respond: Respond) -> None:
            ack()
            value = json.loads(body["actions"][0]["value"])
            change(desk, person(body), respond, value["t"], verb)

        app.action(action)(press)

    on("claim", lambda *given: _claim(desk, *given))
    on("release", lambda *given: _release(desk, *given))
    on("take_over", lambda *given: _take_over(desk, *given))
    on("reopen", lambda *given: _reopen(desk, *given))

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
        who, do = person(body), value["do"]
        if do in _ASKS:
            attempt(
                desk,
                who,
                respond,
                lambda: opened(desk, body["trigger_id"], _ASKS[do](desk, value, uuid.uuid4().hex)),
            )
        elif do in _OPENS:
            attempt(desk, who, respond, lambda: _OPENS[do](desk, who, body["trigger_id"], value["t"]))
        else:
            change(desk, who, respond, value["t"], lambda *given: _VERBS[do](desk, *given))

    app.action("open_on_network")(_only_a_link)
    app.action("open_composer_on_network")(_only_a_link)


def _only_a_link(ack: Ack) -> None:
    """Slack tells of presses on link buttons too, and wants them acknowledged."""
    ack()


def change(desk: Desk, who: Person, respond: Respond | None, ticket_id: int, verb: Verb) -> None:
    """Do `verb` on the ticket in one transaction, once a press, and tell what stands against it."""
    done: list[bool] = []

    def do() -> str | None:
        with writing(desk) as session:
            if not Inbound.is_new(session, who.key, at=desk.now()):
                return None
            told = verb(session, Ticket.hold(session, ticket_id), who)
        done.append(told is None)
        return told

    attempt(desk, who, respond, do)
    if who.is_at_home and any(done):  # else Home has been drawn anew with what was told
        desk.aside(lambda: home_tab.show(desk, who.id))


def undo(
    desk: Desk, session: Session, ticket: Ticket, who: Person, reply_id: int | None = None
) -> str | None:
    """Stop the reply that waits; the words come back to their author with the next press on Reply."""
    waiting = ticket.live_reply(session)
    if waiting is not None and waiting.actor != who.id:  # from memory alone: undo must not wait for Slack
        refused = desk.standing.why_not_if_known(desk, who.id, ticket.channel)
        if refused is not None:
            raise RuleBrokenError(refused)
        if access_if_known(desk, who.id).kind is Kind.NAMED_GUEST:
            raise RuleBrokenError(NOT_YOUR_REPLY)
    reply = ticket.undo(session, by=who.id, at=desk.now(), reply_id=reply_id)
    if reply.actor != who.id:
        return f"Undone: nothing was published. The words are kept for <@{reply.actor}>."
    return "Undone: nothing was published. Your words are kept, press *Reply* to see them."


def _claim(desk: Desk, session: Session, ticket: Ticket, who: Person) -> str | None:
    had = ticket.owner == who.id
    ticket.claim(session, by=who.id, at=desk.now())
    return YOURS if had else None


def _not_about_us(desk: Desk, session: Session, ticket: Ticket, who: Person) -> str | None:
    stopped = ticket.not_about_us(session, by=who.id, at=desk.now())
    tell_stopped(desk, session, stopped, who, "not about us")
    return None


def _release(desk: Desk, session: Session, ticket: Ticket, who: Person) -> str | None:
    ticket.release(session, by=who.id, at=desk.now())
    return None


def _reopen(desk: Desk, session: Session, ticket: Ticket, who: Person) -> str | None:
    ticket.reopen(session, by=who.id, at=desk.now(), promise=desk.promise)
    return None


def _take_over(desk: Desk, session: Session, ticket: Ticket, who: Person) -> str | None:
    had = ticket.owner == who.id
    ticket.take_over(session, by=who.id, at=desk.now())
    return YOURS if had else None


# What is behind the dots: done at once, or asked about first.
_VERBS: dict[str, Callable[[Desk, Session, Ticket, Person], str | None]] = {
    "not_about_us": _not_about_us,
    "release": _release,
    "take_over": _take_over,
}
_ASKS: dict[str, Callable[[Desk, dict[str, Any], str], dict[str, Any]]] = {
    "assign": lambda _desk, value, key: dialogs.assign(value["t"], key=key),
    "unsay": ask_to_unsay,
}
# What opens a modal that needs a look at the ledger first: by whom, with which trigger, on which ticket.
_OPENS: dict[str, Callable[[Desk, Person, str, int], str | None]] = {
    "history": author_history.from_card,
    "add_to_issue": add.ask,
    "snooze": snooze.ask,
}
