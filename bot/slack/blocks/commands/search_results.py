"""What a search found: ten places with their words, who said them, and what became of it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, permalink
from bot.slack.blocks.text import date_element, line_block, link_element, quote_block, text_element, truncate
from bot.slack.blocks.values import SearchValue
from models.reports.search import SearchHit, SearchPage
from models.sources.handles import write_handle
from models.tickets.delivery_state import PUBLIC_STATES, DeliveryState
from models.tickets.state import TicketState

QUOTE_MAX_CHARS = 300  # characters of one place
MORE_ACTION_ID = "search_more"


def build_blocks(
    page: SearchPage,
    typed: str,
    titles: Mapping[str, str],
    *,
    url: str,
    is_first: bool,
    words: str | None = None,
    accounts: Sequence[str] = (),
    tracks: Sequence[int] = (),
) -> list[Block]:
    """The blocks of one page; `typed` is what was looked for, `url` the workspace's address.

    `accounts` are the handles of ours in it and `tracks` its tracks, `words` is what stands beside them.
    """
    is_filtered = bool(accounts or tracks)
    if not page.found and is_filtered:
        start = "Nothing found" if is_first else "Nothing before that"
        return [_filter_line(start, words, accounts, tracks)]
    if not page.found:
        return [
            line_block(
                "No results for " if is_first else "No more results for ",
                text_element(typed, "bold"),
                ".",
            )
        ]
    head = (
        line_block("Newest first: ", text_element(typed, "bold"))
        if is_first
        else line_block("Older: ", text_element(typed, "bold"))
    )
    if is_filtered:
        head = _filter_line("Newest first" if is_first else "Further back", words, accounts, tracks)
    blocks = [head, *(_result_block(one, titles, url) for one in page.found)]
    if page.more is None:
        return [*blocks, context_block("End of results.")]
    value = SearchValue(typed, page.more.mention, page.more.reply)
    return [*blocks, {"type": "actions", "elements": [button("More", MORE_ACTION_ID, value)]}]


def _filter_line(start: str, words: str | None, accounts: Sequence[str], tracks: Sequence[int]) -> Block:
    """Says that only accounts or tracks of ours were looked at: a customer may have the same handle."""
    parts: list[Any] = [start]
    for handle in accounts:
        parts += [" for " if len(parts) == 1 else " or ", text_element(f"@{handle}", "bold")]
    if accounts:
        parts.append(" (our account)" if len(accounts) == 1 else " (our accounts)")
    for place, track in enumerate(tracks):
        parts += [" or " if place else " in track ", text_element(str(track), "bold")]
    if words:
        parts += [": ", text_element(words, "bold")]
    return line_block(*parts)


def _result_block(one: SearchHit, titles: Mapping[str, str], url: str) -> Block:
    """Who said it, when, where that stands, and the words, which Slack does not parse."""
    who = text_element(write_handle(one.handle, one.network) if one.handle else "somebody", "bold")
    parts: list[Any] = [who, f" on {titles.get(one.network, one.network)}  ·  "]
    if one.by is not None:
        parts = [{"type": "user", "user_id": one.by}, _our_verb(one), *parts]
    parts += [date_element(one.at), "  ·  ", *state_elements(one.state, one.reason, one.closed_by, one.owner)]
    parts += [", no account"] if one.has_no_account else []
    card = permalink(url, one.channel, one.ts)
    parts += ["  ·  ", link_element(card, f"card #{one.ticket_id}") if card else f"#{one.ticket_id}"]
    head = line_block(*parts)
    return head | {"elements": [*head["elements"], *quote_block(one.text, QUOTE_MAX_CHARS)["elements"]]}


def _our_verb(one: SearchHit) -> str:
    if one.delivery in PUBLIC_STATES:
        return " replied to "
    return " replied (deleted since) to " if one.delivery == DeliveryState.WITHDRAWN else " is replying to "


def state_elements(state: str, reason: str | None, closed_by: str | None, owner: str | None) -> list[Any]:
    """How a ticket ended, or who has it, as pieces of a line of rich text."""
    if state in {TicketState.WAITING, TicketState.SNOOZED}:
        assigned = [", assigned to ", {"type": "user", "user_id": owner}] if owner else [", unassigned"]
        return [state, *assigned]
    why = f" ({truncate(reason, 80)})" if reason else ""
    by = [" by ", {"type": "user", "user_id": closed_by}] if closed_by not in {None, "heard"} else []
    return [f"{state}{why}", *by]
