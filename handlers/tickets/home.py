"""The Home tab: opened, and what is pressed on it.

After each act there, Home is redrawn for that person, with a sentence on top if there is one to say: a press
on Home has no address to answer to.
"""

from typing import Any

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
from bot.slack.blocks.home_filter import FILTER_ACTION_ID, HomeFilterValue
from bot.slack.blocks.text import mrkdwn_handle
from bot.slack.blocks.values import NoValue, PageValue, ReplyValue
from bot.slack.private_access import NOT_A_READER, read_access_of
from handlers.door import Act, door, write_session
from handlers.feedback import Actor, error_text
from models import Author, Ticket
from models.core.base import RuleBrokenError
from models.privacy.read_access import ReadAccess
from models.reports import drafts
from models.tickets.state import TicketState

Body = dict[str, Any]
REFUSALS_SHOWN_MAX = 3  # sentences about those that could not be closed; more would hide the rest of Home


@door.event("app_home_opened")
def opened(ctx: BotContext, event: Body) -> None:
    """Draw Home for the person who opened it."""
    if event.get("tab") == "home":
        seen = (event.get("view") or {}).get("private_metadata")
        ctx.run_in_background(lambda: home_tab.show(ctx, event["user"], seen=seen))


@door.press(DISCARD_ACTION_ID, value=ReplyValue, in_background=True, refreshes_home=True)
def discard(act: Act[ReplyValue]) -> None:
    """Let go of words that did not go out."""
    with act.change_once() as session:
        drafts.discard_draft(session, act.value.reply, by=act.who.id, at=act.ctx.now())


@door.press(CLOSE_ACTION_ID, value=NoValue, in_background=True)
def close(act: Act[NoValue]) -> str:
    """Close all that are ticked, with the outcome that was chosen."""
    values = act.view["state"]["values"]
    with act.change_once():
        pass
    return _close_all(act.ctx, act.who, _selected_tickets(values), _selected_outcome(values))


@door.press(PREVIOUS_ACTION_ID, NEXT_ACTION_ID, value=PageValue, in_background=True)
def turn(act: Act[PageValue]) -> None:
    """Show another page of the queue."""
    home_tab.show(act.ctx, act.who.id, page=max(act.value.page, 0))


@door.press(FILTER_ACTION_ID, value=HomeFilterValue, in_background=True)
def choose(act: Act[HomeFilterValue]) -> None:
    """Show what waits of one track or account only, or of all again."""
    home_tab.show(act.ctx, act.who.id, page=0, chosen=act.value)


# What is ticked and chosen comes along with the button.
door.acknowledge(PICK_ACTION_ID, OUTCOME_ACTION_ID)


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
        raise RuleBrokenError("Nothing is selected. First tick the tickets to close.")
    if outcome is None:
        raise RuleBrokenError("First choose an outcome, then close them.")
    access = read_access_of(ctx, who.id)
    closing = (_close(ctx, who, ticket_id, outcome, access) for ticket_id in tickets)
    refusals = [why for why in closing if why is not None]
    closed = f"{len(tickets) - len(refusals)} closed."
    if not refusals:
        return f":white_check_mark: {closed}"
    were = "was" if len(refusals) == 1 else "were"
    more = f" … and {len(refusals) - REFUSALS_SHOWN_MAX} more." if len(refusals) > REFUSALS_SHOWN_MAX else ""
    return f":warning: {closed} {len(refusals)} {were} not: {' '.join(refusals[:REFUSALS_SHOWN_MAX])}{more}"


def _close(ctx: BotContext, who: Actor, ticket_id: int, outcome: str, access: ReadAccess) -> str | None:
    """Close one, by the rules of the buttons on its card; why not, if they are against it."""
    name = f"#{ticket_id}"
    try:
        with write_session(ctx) as session:
            ticket = Ticket.lock(session, ticket_id)
            if not access.allows(ticket):
                return f"{name}: {NOT_A_READER}"
            author = session.get_one(Author, ticket.author_id)
            name = mrkdwn_handle(author.handle, author.network) if author.handle else "somebody"
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
