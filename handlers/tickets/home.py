"""The Home tab: opened, and what is pressed on it.

Whatever is done there, Home is drawn anew for that person, with a sentence on top where there is one to say:
a press on Home has no address to answer to.
"""

import json
from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App

from bot.context import BotContext
from bot.notices import thread_notices
from bot.slack import home_tab
from bot.slack.blocks.home import (
    CLOSE_ACTION_ID,
    CLOSING_BLOCK,
    DISCARD_ACTION_ID,
    NEXT_ACTION_ID,
    OUTCOME_ACTION_ID,
    PICK_ACTION_ID,
    PREVIOUS_ACTION_ID,
)
from bot.slack.blocks.text import mrkdwn_handle
from handlers.feedback import Actor, error_text, parse_actor, write_session
from models import Author, ProcessedRequest, Ticket
from models.core.base import RuleBrokenError
from models.reports import drafts
from models.tickets.state import TicketState

Body = dict[str, Any]
REFUSALS_SHOWN_MAX = 3  # sentences about those that could not be closed; more would hide the rest of Home


def register(app: App, ctx: BotContext) -> None:
    """Listen for Home being opened, and for its buttons. All of it takes Slack more than one answer."""

    @app.event("app_home_opened")
    def opened(event: Body) -> None:
        if event.get("tab") == "home":
            seen = (event.get("view") or {}).get("private_metadata")
            ctx.run_in_background(lambda: home_tab.show(ctx, event["user"], seen=seen))

    @app.action(DISCARD_ACTION_ID)
    def discard(ack: Ack, body: Body) -> None:
        ack()
        who, value = parse_actor(body), json.loads(body["actions"][0]["value"])
        ctx.run_in_background(lambda: _act_and_redraw(ctx, who, lambda: _discard_draft(ctx, who, value["r"])))

    @app.action(CLOSE_ACTION_ID)
    def close(ack: Ack, body: Body) -> None:
        ack()
        who, values = parse_actor(body), body["view"]["state"]["values"]
        ctx.run_in_background(
            lambda: _act_and_redraw(
                ctx, who, lambda: _close_all(ctx, who, _selected_tickets(values), _selected_outcome(values))
            )
        )

    def turn(ack: Ack, body: Body) -> None:
        ack()
        who, page = parse_actor(body), int(json.loads(body["actions"][0]["value"])["p"])
        ctx.run_in_background(lambda: home_tab.show(ctx, who.id, page=max(page, 0)))

    app.action(PREVIOUS_ACTION_ID)(turn)
    app.action(NEXT_ACTION_ID)(turn)
    app.action(PICK_ACTION_ID)(_ack_selection)
    app.action(OUTCOME_ACTION_ID)(_ack_selection)


def _ack_selection(ack: Ack) -> None:
    """What is ticked and chosen comes along with the button."""
    ack()


def _act_and_redraw(ctx: BotContext, who: Actor, verb: Callable[[], str | None]) -> None:
    """Do `verb`, once a press, and show Home with what it says, or why it could not be done."""
    try:
        with write_session(ctx) as session:
            if not ProcessedRequest.claim_key(session, who.key, at=ctx.now()):
                return
        notice = verb()
    except Exception as error:  # noqa: BLE001 - a person acted, a person gets a sentence
        notice = error_text(error)
    ctx.wake_loops()
    home_tab.show(ctx, who.id, notice=notice)


def _discard_draft(ctx: BotContext, who: Actor, reply_id: int) -> None:
    with write_session(ctx) as session:
        drafts.discard_draft(session, reply_id, by=who.id, at=ctx.now())


# --- one outcome for several --------------------------------------------------------------------------------


def _selected_tickets(values: Body) -> list[int]:
    """The tickets that are ticked."""
    boxes = (block.get(PICK_ACTION_ID) or {} for block in values.values())
    return [int(option["value"]) for box in boxes for option in box.get("selected_options") or []]


def _selected_outcome(values: Body) -> str | None:
    chosen = (values.get(CLOSING_BLOCK) or {}).get(OUTCOME_ACTION_ID) or {}
    return (chosen.get("selected_option") or {}).get("value")


def _close_all(ctx: BotContext, who: Actor, tickets: list[int], outcome: str | None) -> str:
    """Give each its outcome, each by itself: what one refuses does not hold up the others."""
    if not tickets:
        raise RuleBrokenError("Nothing is selected: tick the ones to close first.")
    if outcome is None:
        raise RuleBrokenError("Choose what became of them first, then close them.")
    refusals = [why for ticket_id in tickets if (why := _close(ctx, who, ticket_id, outcome)) is not None]
    closed = f"{len(tickets) - len(refusals)} closed."
    if not refusals:
        return f":white_check_mark: {closed}"
    were = "was" if len(refusals) == 1 else "were"
    more = f" … and {len(refusals) - REFUSALS_SHOWN_MAX} more." if len(refusals) > REFUSALS_SHOWN_MAX else ""
    return f":warning: {closed} {len(refusals)} {were} not: {' '.join(refusals[:REFUSALS_SHOWN_MAX])}{more}"


def _close(ctx: BotContext, who: Actor, ticket_id: int, outcome: str) -> str | None:
    """Close one, by the rules of the buttons on its card; why not, if they are against it."""
    name = f"#{ticket_id}"
    try:
        with write_session(ctx) as session:
            ticket = Ticket.lock(session, ticket_id)
            handle = session.get_one(Author, ticket.author_id).handle
            name = mrkdwn_handle(handle) if handle else "somebody"
            if outcome == TicketState.NOT_ABOUT_US:
                stopped = ticket.close_not_about_us(session, by=who.id, at=ctx.now())
            else:
                stopped = ticket.close_no_reply_needed(session, by=who.id, at=ctx.now(), reason=outcome)
            for reply in stopped:
                thread_notices.post(
                    session, thread_notices.STOPPED, reply, at=ctx.now(), by=who.id, outcome=ticket.state
                )
    except Exception as error:  # noqa: BLE001 - the others go on
        return f"{name}: {error_text(error)}"
    return None
