"""The Home tab: opened, and what is pressed on it.

Whatever is done there, Home is drawn anew for that person, with a sentence on top where there is one to say:
a press on Home has no address to answer to.
"""

import json
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.context import Desk
from bot.slack import home_tab, thread_notices
from bot.slack.blocks.home import CLOSE, CLOSING, DISCARD, NEXT, OUTCOME, PICK, PREVIOUS
from bot.slack.blocks.text import called
from handlers.feedback import Person, person, sentence_for, writing
from models import Author, Inbound, Ticket
from models.core.base import RuleBrokenError
from models.reports import drafts
from models.tickets.state import State

Body = dict[str, Any]
REFUSALS = 3  # sentences about those that could not be closed; more would hide the rest of Home


def register(app: App, desk: Desk) -> None:
    """Listen for Home being opened, and for its buttons. All of it takes Slack more than one answer."""

    @app.event("app_home_opened")
    def opened(event: Body) -> None:
        if event.get("tab") == "home":
            seen = (event.get("view") or {}).get("private_metadata")
            desk.aside(lambda: home_tab.show(desk, event["user"], seen=seen))

    @app.action(DISCARD)
    def discard(ack: Ack, body: Body) -> None:
        ack()
        who, value = person(body), json.loads(body["actions"][0]["value"])
        desk.aside(lambda: _acted(desk, who, lambda: _discard(desk, who, value["r"])))

    @app.action(CLOSE)
    def close(ack: Ack, body: Body) -> None:
        ack()
        who, values = person(body), body["view"]["state"]["values"]
        desk.aside(
            lambda: _acted(desk, who, lambda: _close_all(desk, who, _picked(values), _outcome(values)))
        )

    def turn(ack: Ack, body: Body) -> None:
        ack()
        who, page = person(body), int(json.loads(body["actions"][0]["value"])["p"])
        desk.aside(lambda: home_tab.show(desk, who.id, page=max(page, 0)))

    app.action(PREVIOUS)(turn)
    app.action(NEXT)(turn)
    app.action(PICK)(_noted)
    app.action(OUTCOME)(_noted)


def _noted(ack: Ack) -> None:
    """What is ticked and chosen comes along with the button."""
    ack()


def _acted(desk: Desk, who: Person, verb: Callable[[], str | None]) -> None:
    """Do `verb`, once a press, and show Home with what it says, or why it could not be done."""
    try:
        with writing(desk) as session:
            if not Inbound.is_new(session, who.key, at=desk.now()):
                return
        notice = verb()
    except Exception as error:  # noqa: BLE001 - a person acted, a person gets a sentence
        notice = sentence_for(error)
    desk.nudge()
    home_tab.show(desk, who.id, notice=notice)


def _discard(desk: Desk, who: Person, reply_id: int) -> None:
    with writing(desk) as session:
        drafts.drop(session, reply_id, by=who.id, at=desk.now())


# --- one outcome for several --------------------------------------------------------------------------------


def _picked(values: Body) -> list[int]:
    """The tickets that are ticked."""
    boxes = (block.get(PICK) or {} for block in values.values())
    return [int(option["value"]) for box in boxes for option in box.get("selected_options") or []]


def _outcome(values: Body) -> str | None:
    chosen = (values.get(CLOSING) or {}).get(OUTCOME) or {}
    return (chosen.get("selected_option") or {}).get("value")


def _close_all(desk: Desk, who: Person, tickets: list[int], outcome: str | None) -> str:
    """Give each its outcome, each by itself: what one refuses does not hold up the others."""
    if not tickets:
        raise RuleBrokenError("Nothing is selected: tick the ones to close first.")
    if outcome is None:
        raise RuleBrokenError("Choose what became of them first, then close them.")
    refusals = [why for ticket_id in tickets if (why := _close(desk, who, ticket_id, outcome)) is not None]
    closed = f"{len(tickets) - len(refusals)} closed."
    if not refusals:
        return f":white_check_mark: {closed}"
    were = "was" if len(refusals) == 1 else "were"
    more = f" … and {len(refusals) - REFUSALS} more." if len(refusals) > REFUSALS else ""
    return f":warning: {closed} {len(refusals)} {were} not: {' '.join(refusals[:REFUSALS])}{more}"


def _close(desk: Desk, who: Person, ticket_id: int, outcome: str) -> str | None:
    """Close one, by the rules of the buttons on its card; why not, if they are against it."""
    name = f"#{ticket_id}"
    try:
        with writing(desk) as session:
            ticket = Ticket.hold(session, ticket_id)
            handle = session.get_one(Author, ticket.author_id).handle
            name = called(handle) if handle else "somebody"
            if outcome == State.NOT_ABOUT_US:
                stopped = ticket.not_about_us(session, by=who.id, at=desk.now())
            else:
                stopped = ticket.no_reply_needed(session, by=who.id, at=desk.now(), reason=outcome)
            for reply in stopped:
                thread_notices.stopped(session, reply, who.id, ticket.state, at=desk.now())
    except Exception as error:  # noqa: BLE001 - the others go on
        return f"{name}: {sentence_for(error)}"
    return None
