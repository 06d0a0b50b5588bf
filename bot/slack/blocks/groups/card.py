"""The card of a group of tickets as a Slack message. Pure; `bot.slack.group_cards` gathers what is shown.

Customers' words stand only in rich_text elements, as on every card (blocks/tickets/card.py).
"""

from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, count_noun, plain_text
from bot.slack.blocks.groups.group_view import (
    LISTED_MAX,
    NAMES_SHOWN_MAX,
    UNDO_BUTTONS_MAX,
    GroupRow,
    GroupView,
)
from bot.slack.blocks.groups.values import GroupPageValue, GroupValue
from bot.slack.blocks.text import (
    date_token,
    isolate_name,
    line_block,
    link_element,
    mrkdwn_literal,
    quote_block,
    text_element,
    truncate,
)
from bot.slack.blocks.tickets.account_names import author_text
from bot.slack.blocks.tickets.card_view import CardView
from bot.slack.blocks.values import TicketValue
from models.core.mrkdwn import escape_entities
from models.slack.ticket_group import GroupKind
from models.tickets.state import TicketState

ROW_MAX_CHARS = 280  # characters of each ticket's words
COPIED_MAX_CHARS = 1_200  # of the words that many posted
REPLY_ACTION_ID, CLAIM_ACTION_ID = "group_reply", "group_claim"
CLOSE_ACTION_ID, UNDO_ACTION, SHOW_ACTION_ID = "group_close", "group_undo", "group_show"
OWN_CARD_ACTION_ID = "own_card"


def build_card(view: GroupView) -> list[Block]:
    """The message in blocks."""
    blocks = [line_block(text_element(headline(view), "bold")), context_block(_status_line(view))]
    if view.rows:
        blocks += _copies(view) if view.kind == GroupKind.COPIES else _rows(view)
        more = view.waiting - len(view.rows)
        if more > 0 and view.kind != GroupKind.COPIES:
            blocks.append(context_block(f"And {more:,} more. *Show all* lists them."))
    return [*blocks, *_actions(view)]


def build_plain_card(view: GroupView) -> list[Block]:
    """The card with nothing that Slack might refuse, for when it refuses the full one."""
    text = f"{headline(view)}, {view.waiting:,} waiting"
    return [{"type": "section", "text": plain_text(text)}, *_actions(view)]


def summary_text(view: GroupView) -> str:
    """The message in one line, for notifications and screen readers."""
    return f"{headline(view)} ({view.waiting:,} waiting)"


def headline(view: GroupView) -> str:
    """What the tickets have in common, in a few words of ours."""
    joined = view.group.joined
    if view.kind == GroupKind.COPIES:
        return count_noun(joined, "near-identical post")
    if view.kind == GroupKind.CONVERSATION:
        what = "replied to our post" if view.answers_us else "in one conversation"
        return f"{joined:,} people {what}"
    over = ", over" if view.group.closed_at is not None else ""
    return f"Spike{over}: {count_noun(joined, 'mention')}"


def _status_line(view: GroupView) -> str:
    """Where, how many have which state, and why they share a card."""
    group = view.group
    counts = [
        f":large_orange_circle: *{view.waiting:,} waiting*"
        if view.waiting
        else ":large_green_circle: *0 waiting*"
    ]
    counts += [
        f"{count:,} {state}" for state, count in view.counts.items() if state != TicketState.WAITING and count
    ]
    if view.left:
        counts.append(f"{view.left:,} with {'its' if view.left == 1 else 'their'} own card")
    since = date_token(group.opened_at)
    parts = [view.title, ", ".join(counts), f"since {since}"]
    if view.kind == GroupKind.SPIKE:
        until = (
            f"it ended {date_token(group.closed_at)}"
            if group.closed_at is not None
            else "new mentions join this card until it is over"
        )
        parts.append(until)
    return "  ·  ".join(parts)


def _rows(view: GroupView) -> list[Block]:
    blocks: list[Block] = []
    for row in view.rows:
        blocks += [author_line(row), quote_block(row.words, ROW_MAX_CHARS), context_block(_about(row))]
    return blocks


def _copies(view: GroupView) -> list[Block]:
    """The words once, and who posted them."""
    first = view.rows[0]
    names: list[Any] = []
    for row in view.rows[:NAMES_SHOWN_MAX]:
        names += [text_element(", ") if names else text_element("By "), _name_element(row)]
    if view.waiting > len(view.rows[:NAMES_SHOWN_MAX]):
        names.append(text_element(f" and {view.waiting - len(view.rows[:NAMES_SHOWN_MAX]):,} more"))
    return [
        quote_block(first.words, COPIED_MAX_CHARS),
        line_block(*names),
        context_block(f"The words are those of the first: {_about(first)}"),
    ]


def author_line(row: GroupRow) -> Block:
    """Who wrote one of the posts."""
    parts: list[Any] = [text_element(isolate_name(row.name or row.handle or "Somebody"), "bold")]
    if row.handle:
        parts += [text_element("  "), link_element(row.profile, row.at_handle)]
    if row.state != TicketState.WAITING:
        parts.append(text_element(f"  {row.state}"))
    return line_block(*parts)


def _name_element(row: GroupRow) -> dict[str, Any]:
    name = row.at_handle if row.handle else isolate_name(row.name or "Somebody")
    return link_element(row.url, name)


def _about(row: GroupRow) -> str:
    parts = [
        date_token(row.posted_at),
        mrkdwn_literal(row.matched),
        f"<{escape_entities(row.url)}|See it on {row.network_title}>",
        f"#{row.ticket_id}",
    ]
    if row.why_first:
        parts.append(f"why first: {row.why_first}")
    if row.composer is not None:
        parts.insert(0, f":pencil2: <@{row.composer}> is replying")
    return "  ·  ".join(parts)


def _actions(view: GroupView) -> list[Block]:
    value, row = GroupValue(view.group.id), []
    if view.waiting:
        row += [
            button("Reply", REPLY_ACTION_ID, value, style="primary"),
            button("Claim one…", CLAIM_ACTION_ID, value),
            button(
                f"Close all {view.waiting}…" if view.waiting <= LISTED_MAX else f"Close {LISTED_MAX}…",
                CLOSE_ACTION_ID,
                value,
            ),
        ]
    for number, one in enumerate(view.closings[:UNDO_BUTTONS_MAX]):
        undone = GroupValue(view.group.id, one.key)
        row.append(button(f"Undo: reopen {len(one.closed_ids)}", f"{UNDO_ACTION}_{number}", undone))
    if view.total:
        row.append(button("Show all", SHOW_ACTION_ID, GroupPageValue(view.group.id)))
    return [{"type": "actions", "elements": row}] if row else []


def build_pointer(view: CardView, url: str) -> list[Block]:
    """What is left of a ticket's own card while the ticket is on a shared one."""
    where = f"<{url}|the shared card>" if url else "the shared card"
    who = f"{author_text(view.author)} on {escape_entities(view.title)}"
    line = f":card_index_dividers: {who} is on {where} with others who write about the same."
    own = button("Show it here again", OWN_CARD_ACTION_ID, TicketValue(view.ticket.id))
    return [context_block(line), {"type": "actions", "elements": [own]}]


def option_text(row: GroupRow) -> str:
    """One of the posts in a menu: 75 characters at most."""
    return truncate(f"{row.label}: {' '.join(row.words.split())}", 75)
