"""What was muted lately, ten at a time, each with *Show as a card*. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, permalink, section_block
from bot.slack.blocks.issues.ranking import build_paging_buttons
from bot.slack.blocks.mutes.handles import at_handle
from bot.slack.blocks.mutes.values import MutedPageValue, ShowMutedValue
from bot.slack.blocks.text import date_element, line_block, link_element, quote_block, text_element, truncate
from models.reports.mute_list import MutedPage, MutedTicket

MUTED_PER_PAGE = 10
QUOTE_MAX_CHARS = 120
REASON_MAX_CHARS = 60
MUTED_PAGE_ACTION, SHOW_MUTED_ACTION_ID = "muted_page", "show_muted"
NOTHING_MUTED_TEXT = "Nothing was muted in the last 30 days."


def build_muted_list(
    page: MutedPage,
    titles: Mapping[str, str],
    *,
    url: str,
    mute_id: int | None = None,
    note: str | None = None,
) -> list[Block]:
    """One page; `mute_id` is the mute of which it is, None for all. `note` is a sentence on top, mrkdwn."""
    blocks = [] if note is None else [context_block(note)]
    by = "" if mute_id is None else f" by mute {mute_id}"
    if not page.total:
        return [
            *blocks,
            section_block(NOTHING_MUTED_TEXT if mute_id is None else f"Nothing is muted{by} any more."),
        ]
    where = f", page {page.number + 1:,} of {page.pages:,}" if page.pages > 1 else ""
    blocks.append(section_block(f"*{page.total:,} muted*{by} in the last 30 days{where}, the newest first:"))
    for one in page.tickets:
        value = ShowMutedValue(one.ticket_id, page.number, mute_id)
        show = button("Show as a card", SHOW_MUTED_ACTION_ID, value)
        blocks += [_entry(one, titles, url), {"type": "actions", "elements": [show]}]
    return [
        *blocks,
        *build_paging_buttons(
            page.number, page.pages, MUTED_PAGE_ACTION, lambda number: MutedPageValue(number, mute_id)
        ),
    ]


def _entry(one: MutedTicket, titles: Mapping[str, str], url: str) -> Block:
    """Who posted, who muted it, when and why, and the first words, which Slack does not parse."""
    parts: list[Any] = [
        text_element(at_handle(one.handle), "bold"),
        f" on {titles.get(one.network, one.network)}  ·  muted by ",
        {"type": "user", "user_id": one.muted_by},
        "  ·  ",
        date_element(one.at),
        f"  ·  {truncate(one.reason, REASON_MAX_CHARS)}  ·  ",
    ]
    card = permalink(url, one.channel, one.ts)
    parts.append(link_element(card, f"card #{one.ticket_id}") if card else f"#{one.ticket_id}")
    head = line_block(*parts)
    return head | {"elements": [*head["elements"], *quote_block(one.text, QUOTE_MAX_CHARS)["elements"]]}
