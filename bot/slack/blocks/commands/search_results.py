"""What a search found: ten places with their words, who said them, and what became of it. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks.elements import Block, button, context, permalink
from bot.slack.blocks.text import date, fit, line, link, literal, quote
from models.reports.search import Before, Found, Page
from models.tickets.reply import SPOKEN
from models.tickets.reply import State as Delivery
from models.tickets.state import State

WORDS = 300  # characters of one place
MORE = "search_more"


def found(page: Page, typed: str, titles: Mapping[str, str], *, url: str, is_first: bool) -> list[Block]:
    """The blocks of one page; `typed` is what was looked for, `url` the workspace's address."""
    if not page.found:
        return [
            line(
                "Nobody said ",
                literal(typed, "bold"),
                ", and neither did we." if is_first else " before that.",
            )
        ]
    head = (
        line("Newest first: ", literal(typed, "bold"))
        if is_first
        else line("Further back: ", literal(typed, "bold"))
    )
    blocks = [head, *(_place(one, titles, url) for one in page.found)]
    if page.more is None:
        return [*blocks, context("That is all.")]
    value = {"q": typed, "m": page.more.mention, "r": page.more.reply}
    return [*blocks, {"type": "actions", "elements": [button("More", MORE, value)]}]


def before(value: Mapping[str, Any]) -> Before:
    """Where the page begins that *More* asks for."""
    return Before(int(value["m"]), int(value["r"]))


def _place(one: Found, titles: Mapping[str, str], url: str) -> Block:
    """Who said it, when, where that stands, and the words, which Slack does not parse."""
    who = literal(f"@{one.handle}" if one.handle else "somebody", "bold")
    parts: list[Any] = [who, f" on {titles.get(one.network, one.network)}  ·  "]
    if one.by is not None:
        parts = [{"type": "user", "user_id": one.by}, _our_verb(one), *parts]
    parts += [date(one.at), "  ·  ", *standing(one.state, one.reason, one.closed_by, one.owner)]
    card = permalink(url, one.channel, one.ts)
    parts += ["  ·  ", link(card, f"card #{one.ticket_id}") if card else f"#{one.ticket_id}"]
    head = line(*parts)
    return head | {"elements": [*head["elements"], *quote(one.text, WORDS)["elements"]]}


def _our_verb(one: Found) -> str:
    if one.delivery in SPOKEN:
        return " replied to "
    return " replied, and took it back, to " if one.delivery == Delivery.WITHDRAWN else " is replying to "


def standing(state: str, reason: str | None, closed_by: str | None, owner: str | None) -> list[Any]:
    """How a ticket ended, or who has it, as pieces of a line of rich text."""
    if state in {State.WAITING, State.SNOOZED}:
        has = [", ", {"type": "user", "user_id": owner}, " has it"] if owner else [", nobody has it"]
        return [state, *has]
    why = f" ({fit(reason, 80)})" if reason else ""
    by = [" by ", {"type": "user", "user_id": closed_by}] if closed_by not in {None, "heard"} else []
    return [f"{state}{why}", *by]
