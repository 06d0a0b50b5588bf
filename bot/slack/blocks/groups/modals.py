"""The modals of a shared card: which one is meant, whether all are to be closed, and the whole list. Pure."""

from collections.abc import Sequence
from typing import Any

from bot.slack.blocks.elements import Block, button, context_block, count_noun, plain_text
from bot.slack.blocks.groups.card import author_line, option_text
from bot.slack.blocks.groups.group_view import ROWS_PER_PAGE, GroupRow
from bot.slack.blocks.groups.values import CloseAllValue, GroupPageValue, PickValue
from bot.slack.blocks.text import date_token, quote_block, sanitize, text_element, truncate
from bot.slack.blocks.values import Value
from models.core.mrkdwn import escape_entities
from models.tickets.state import CLOSE_REASONS

PICK_CALLBACK_ID, CLOSE_CALLBACK_ID, LIST_CALLBACK_ID = "group_pick", "group_close_all", "group_list"
PICK_BLOCK, REASON_BLOCK = "which", "reason"
PAGE_ACTION = "group_page"
WORDS_MAX_CHARS = 80  # of each post in the list of *Close all*
PAGE_WORDS_MAX_CHARS = 300
_LINES_PER_BLOCK = 20


def build_pick_modal(rows: Sequence[GroupRow], waiting: int, value: PickValue) -> dict[str, Any]:
    """The modal that asks which of the waiting tickets is meant; `waiting` is how many there are."""
    options = [{"text": plain_text(option_text(row)), "value": str(row.ticket_id)} for row in rows]
    label = "Which one do you want to claim?" if value.claims else "Who do you want to reply to?"
    blocks: list[Block] = [
        {
            "type": "input",
            "block_id": PICK_BLOCK,
            "label": plain_text(label),
            "element": {
                "type": "static_select",
                "action_id": "value",
                "placeholder": plain_text("Most urgent first"),
                "options": options,
            },
        }
    ]
    if waiting > len(rows):
        blocks.append(context_block(f"These are the {len(rows)} most urgent of {waiting:,}."))
    then = "It gets a card of its own, and it is yours." if value.claims else "Next you write the reply."
    blocks.append(context_block(then))
    title, submit = ("Claim one", "Claim it") if value.claims else ("Reply to one", "Next")
    return _modal(title, value, blocks, callback_id=PICK_CALLBACK_ID, submit=submit)


def build_close_modal(
    rows: Sequence[GroupRow], waiting: int, value: CloseAllValue, *, undo_seconds: float
) -> dict[str, Any]:
    """The modal that lists what *Close all* closes, and asks for one reason."""
    reasons = [{"text": plain_text(one.capitalize()), "value": one} for one in CLOSE_REASONS]
    listed = f"*{count_noun(len(rows), 'mention')}* will be closed as *no reply needed*, each by itself."
    if waiting > len(rows):
        listed += f" {waiting - len(rows):,} more wait; close these first."
    undo = f" You can undo it for {undo_seconds:g} seconds, on the card." if undo_seconds else ""
    blocks: list[Block] = [
        context_block(f"{listed}{undo} Anyone who posts again reopens theirs."),
        {
            "type": "input",
            "block_id": REASON_BLOCK,
            "label": plain_text("Why?"),
            "element": {
                "type": "static_select",
                "action_id": "value",
                "options": reasons,
                "initial_option": next(one for one in reasons if one["value"] == "not a question"),
            },
        },
    ]
    starts = range(0, len(rows), _LINES_PER_BLOCK)
    blocks += [_list_block(rows[start : start + _LINES_PER_BLOCK]) for start in starts]
    return _modal(
        f"Close {count_noun(len(rows), 'mention')}",
        value,
        blocks,
        callback_id=CLOSE_CALLBACK_ID,
        submit=f"Close {len(rows)}",
    )


def build_list_modal(
    headline: str, rows: Sequence[GroupRow], total: int, value: GroupPageValue
) -> dict[str, Any]:
    """One page of all tickets of a group: who, what they wrote, and what became of it."""
    blocks: list[Block] = [context_block(f"*{escape_entities(headline)}*, those that wait first")]
    for row in rows:
        where = f"<{escape_entities(row.url)}|See it on {row.network_title}>"
        blocks += [
            author_line(row),
            quote_block(row.words, PAGE_WORDS_MAX_CHARS),
            context_block(f"{date_token(row.posted_at)}  ·  {where}  ·  #{row.ticket_id}"),
        ]
    first = value.page * ROWS_PER_PAGE
    turns = []
    if value.page:
        turns.append(button("Previous", f"{PAGE_ACTION}_a", GroupPageValue(value.group, value.page - 1)))
    if first + len(rows) < total:
        turns.append(button("Next", f"{PAGE_ACTION}_b", GroupPageValue(value.group, value.page + 1)))
    shown = f"{first + 1:,} to {first + len(rows):,} of {total:,}" if rows else "None any more"
    blocks.append(context_block(shown))
    if turns:
        blocks.append({"type": "actions", "elements": turns})
    return _modal("All of them", value, blocks, callback_id=LIST_CALLBACK_ID)


def _list_block(rows: Sequence[GroupRow]) -> Block:
    """A list of posts in rich text: one line each."""
    lines = [
        {
            "type": "rich_text_section",
            "elements": [
                text_element(truncate(row.label, 60), "bold"),
                text_element(f"  {truncate(' '.join(sanitize(row.words).split()), WORDS_MAX_CHARS)}"),
            ],
        }
        for row in rows
    ]
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_list", "style": "bullet", "elements": lines}],
    }


def _modal(
    title: str, value: Value, blocks: list[Block], *, callback_id: str, submit: str | None = None
) -> dict[str, Any]:
    made = {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": value.pack(),
        "title": plain_text(title),
        "close": plain_text("Cancel" if submit else "Close"),
        "blocks": blocks,
    }
    return made | ({"submit": plain_text(submit)} if submit else {})
