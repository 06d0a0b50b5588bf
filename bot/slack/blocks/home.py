"""The Home tab: one person's drafts and tickets, and the open queue. Pure.

A view has room for 100 blocks (https://docs.slack.dev/surfaces/app-home). Each section says how many it takes
at most. No running counts: what stays the same is not published again.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.networks.base import Network
from bot.slack.blocks.chart import Chart, build_text_block
from bot.slack.blocks.elements import (
    Block,
    button,
    context_block,
    format_duration,
    permalink,
    plain_text,
    section_block,
)
from bot.slack.blocks.home_filter import EVERYTHING, NO_FILTER, HomeFilter, HomeFilterValue, build_filter
from bot.slack.blocks.replies import delivery, unsettled
from bot.slack.blocks.replies.audience import UNKNOWN_VISIBILITY
from bot.slack.blocks.replies.unsettled import stuck_text
from bot.slack.blocks.text import (
    NO_TEXT,
    date_token,
    line_block,
    link_element,
    quote_block,
    text_element,
    truncate,
)
from bot.slack.blocks.tickets.priority_line import short_text
from bot.slack.blocks.values import PageValue, ReplyValue, TicketValue, UnreadableValueError
from models.core.mrkdwn import escape_entities
from models.core.normalize import sanitize
from models.reports.drafts import Draft
from models.reports.open_tickets import Listing, TicketEntry
from models.reports.today import TodayCounts
from models.sources.handles import write_handle
from models.tickets.state import CLOSE_REASONS, TicketState

DRAFTS_SHOWN_MAX, OWN_TICKETS_SHOWN_MAX, WAITING_PER_PAGE = 5, 8, 20  # how many of each are shown at once
ALARMS_SHOWN_MAX, ALARM_MAX_CHARS = 8, 300  # lines of what is broken, and characters of each
QUOTE_MAX_CHARS = 150  # characters of a post or a draft
OPTION_MAX_CHARS = 75  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object

DISCARD_ACTION_ID, PICK_ACTION_ID, OUTCOME_ACTION_ID, CLOSE_ACTION_ID = (
    "discard_draft",
    "pick",
    "outcome",
    "close_selected",
)
PREVIOUS_ACTION_ID, NEXT_ACTION_ID, PAGING_BLOCK = "previous_page", "next_page", "paging"
CLOSING_BLOCK = "closing"  # the block with the outcome and its button
NOT_ABOUT_US_LABEL = "Not about us"
EMPTY_TODAY = TodayCounts()


@dataclass(frozen=True, slots=True)
class HomeContent:
    """All that one person's Home shows. `unread` are sentences about networks that do not answer."""

    drafts: tuple[Draft, ...]
    mine: Listing
    waiting: Listing
    unread: tuple[str, ...]
    titles: Mapping[str, str]  # of the networks that can be spoken to
    url: str  # the workspace's
    at: datetime
    pause: str | None = None  # that no reply leaves, as a sentence
    private: tuple[str, ...] = ()  # what waits besides, where the reader sees nothing, as sentences
    alarms: tuple[str, ...] = ()  # what rings, as lines of mrkdwn
    today: TodayCounts = EMPTY_TODAY
    networks: Mapping[str, Network] = field(default_factory=dict)  # for links into them
    account_networks: Mapping[tuple[str, str], Network] = field(default_factory=dict)  # and by account
    week: tuple[tuple[str, int], ...] = ()  # what was heard, by day, today last
    page: int = 0  # of the open queue, from 0
    filter: HomeFilter = NO_FILTER  # of the open queue


# --- the whole ----------------------------------------------------------------------------------------------


def build_home(shown: HomeContent, notice: str | None = None) -> dict[str, Any]:
    """The view; `notice` is what came of the last act there.

    It carries its own digest, the page of the queue and what that is filtered by, and whether something was
    told on top.
    """
    blocks = [block for part in SECTION_BUILDERS for block in part(shown)]
    digest = f"{hashlib.sha256(json.dumps(blocks).encode()).hexdigest()} {shown.page}"
    if shown.filter.is_on:
        digest += f" {shown.filter.chosen.pack()}"
    told = [section_block(notice)] if notice is not None else []
    metadata = f"{digest} told" if told else digest
    return {"type": "home", "private_metadata": metadata, "blocks": [*told, *blocks]}


def build_refused_home(sentence: str) -> dict[str, Any]:
    """The Home of somebody who is no member: one sentence (mrkdwn)."""
    digest = f"{hashlib.sha256(sentence.encode()).hexdigest()} 0"
    return {"type": "home", "private_metadata": digest, "blocks": [section_block(sentence)]}


def view_hash(view: Mapping[str, Any]) -> str:
    """What tells two Homes apart, whatever was told on top of them."""
    return str(view["private_metadata"]).removesuffix(" told")


def page_of_hash(digest: str | None) -> int:
    """The page of the queue that a Home with that digest shows."""
    page = (digest or "").split(" ")[1:2]
    return int(page[0]) if page and page[0].isdecimal() else 0


def filter_of_hash(digest: str | None) -> HomeFilterValue:
    """What the queue of a Home with that digest is filtered by."""
    packed = (digest or "").split(" ", 2)[2:]
    with suppress(UnreadableValueError):
        return HomeFilterValue.unpack(packed[0]) if packed else EVERYTHING
    return EVERYTHING


# --- the sections -------------------------------------------------------------------------------------------


def _paused(shown: HomeContent) -> list[Block]:
    """One block at most."""
    return [section_block(f":double_vertical_bar: {shown.pause}")] if shown.pause is not None else []


def _quiet(shown: HomeContent) -> list[Block]:
    """One block, where there is nothing else."""
    told = (shown.drafts, shown.mine.total, shown.waiting.total, shown.unread, shown.alarms, shown.private)
    if any(told):
        return []
    if shown.filter.is_on:  # others may wait
        return []
    return [section_block(":sunny: *All caught up.* No one is waiting for a reply, and you have no drafts.")]


def _drafts(shown: HomeContent) -> list[Block]:
    """At most 2 + 2 * DRAFTS blocks."""
    listed = [block for one in shown.drafts[:DRAFTS_SHOWN_MAX] for block in _draft(one, shown)]
    return _section(
        "My drafts", len(shown.drafts), DRAFTS_SHOWN_MAX, listed, "They appear as you send or discard these."
    )


def _draft(one: Draft, shown: HomeContent) -> list[Block]:
    value = ReplyValue(one.entry.ticket_id, one.reply_id)
    row = [button("Edit", "edit_draft", value), button("Discard", DISCARD_ACTION_ID, value)]
    return [_quote_blocks("To ", one.entry, shown, one.words), {"type": "actions", "elements": row}]


def _mine(shown: HomeContent) -> list[Block]:
    """At most 2 + 3 * MINE blocks; what needs a person is on top."""
    listed = [block for one in shown.mine.first for block in _owned(one, shown)]
    return _section(
        "My tickets", shown.mine.total, OWN_TICKETS_SHOWN_MAX, listed, "They appear as you close these."
    )


def _owned(one: TicketEntry, shown: HomeContent) -> list[Block]:
    about = section_block(_status_text(one, shown))
    if _can_reply(one, shown):
        about |= {"accessory": button("Reply", "reply", _reply_value(one))}
    row = _decisions(one, shown)
    return [
        _quote_blocks("", one, shown, one.display_text),
        about,
        *([{"type": "actions", "elements": row}] if row else []),
    ]


def _can_reply(one: TicketEntry, shown: HomeContent) -> bool:
    return one.is_open and not one.is_answered and one.network in shown.titles


def _decisions(one: TicketEntry, shown: HomeContent) -> list[dict[str, Any]]:
    """What a person can do about a reply that goes no further by itself, as on the card."""
    reply = one.reply
    if reply is None or reply.is_moving:
        return []
    name = reply.network or one.network
    title = shown.titles.get(name, name)
    network = shown.account_networks.get((name, reply.account_id), shown.networks.get(name))
    post = {"post_url": reply.post_url, "post_context": reply.post_context}
    return delivery.build_buttons(reply, network, title, reply.to_post_id, **post)


def _reply_value(one: TicketEntry) -> TicketValue:
    """What *Reply* carries, as on the card: with it the composer opens while the ledger is slow."""
    return TicketValue(
        one.ticket_id,
        turn=one.turn,
        post_id=one.post_id,
        handle=one.handle,
        account=one.account or "us",
        network=one.network,
        visibility=UNKNOWN_VISIBILITY if one.is_private else "public",
    )


def _waiting(shown: HomeContent) -> list[Block]:
    """At most 7 + 2 * WAITING blocks."""
    if not shown.waiting.total and not shown.filter.is_on:
        return []
    listed = [block for one in shown.waiting.first for block in _selectable(one, shown)]
    need = stuck_text(shown.waiting.stuck)
    count = f"Waiting ({shown.waiting.total:,}){f': {need}' if need else ''}"
    heading: Block = {"type": "header", "text": plain_text(count)}
    menu = build_filter(shown.filter)
    if not shown.waiting.total:
        return [heading, *menu, context_block("No one waits here. Choose all to see the others.")]
    return [heading, *menu, context_block(_order_text(shown)), _closing(), *listed, *_paging(shown)]


def _order_text(shown: HomeContent) -> str:
    """How the queue is ordered."""
    first = "those that need a person first, then " if shown.waiting.stuck.total else ""
    return f"Ordered by {first}priority, which each ticket explains. Waiting adds to it; due times stay."


def _paging(shown: HomeContent) -> list[Block]:
    """The way to the pages before and after, where there are any."""
    total, first = shown.waiting.total, shown.page * WAITING_PER_PAGE
    if total <= WAITING_PER_PAGE:
        return []
    row = [button("Previous", PREVIOUS_ACTION_ID, PageValue(shown.page - 1))] if shown.page else []
    if first + WAITING_PER_PAGE < total:
        row.append(button("Next", NEXT_ACTION_ID, PageValue(shown.page + 1)))
    here = f"{first + 1:,} to {min(first + WAITING_PER_PAGE, total):,} of {total:,}."
    return [context_block(here), {"type": "actions", "block_id": PAGING_BLOCK, "elements": row}]


def _selectable(one: TicketEntry, shown: HomeContent) -> list[Block]:
    words = " ".join(sanitize(one.display_text).split()) or NO_TEXT
    said = f"{_who(one)} on {_title(one, shown)}: {words}"
    option = {
        "text": plain_text(truncate(said, OPTION_MAX_CHARS, measure=lambda text: len(escape_entities(text)))),
        "value": str(one.ticket_id),
    }
    box = {"type": "checkboxes", "action_id": PICK_ACTION_ID, "options": [option]}
    # The same name at each drawing, so that Slack keeps what is ticked.
    return [
        {
            "type": "actions",
            "block_id": f"{PICK_ACTION_ID}-{one.ticket_id}",
            "elements": [box, *_buttons(one, shown)],
        },
        context_block(_status_text(one, shown, with_owner=True) + _why_text(one)),
    ]


def _why_text(one: TicketEntry) -> str:
    """Why it stands where it does, in a line of its own."""
    why = short_text(one.priority) if one.is_open and one.state != TicketState.SNOOZED else ""
    return f"\nWhy first: {why}" if why else ""


def _buttons(one: TicketEntry, shown: HomeContent) -> list[dict[str, Any]]:
    """What the card offers as well, where it makes sense."""
    value = _reply_value(one)
    row = _decisions(one, shown)
    if _can_reply(one, shown):
        row.append(button("Reply", "reply", value))
    if one.owner is None and one.is_open:
        row.append(button("Claim", "claim", value))
    if one.is_open and not one.is_answered:
        row.append(button("No reply needed", "no_reply_needed", value))
    return row


def _closing() -> Block:
    """One outcome for all that are ticked below."""
    outcomes = [(f"No reply needed: {reason}", reason) for reason in CLOSE_REASONS]
    outcomes.append((NOT_ABOUT_US_LABEL, TicketState.NOT_ABOUT_US.value))
    select = {
        "type": "static_select",
        "action_id": OUTCOME_ACTION_ID,
        "placeholder": plain_text("Choose an outcome"),
        "options": [{"text": plain_text(label), "value": value} for label, value in outcomes],
    }
    return {
        "type": "actions",
        "block_id": CLOSING_BLOCK,
        "elements": [select, button("Close selected", CLOSE_ACTION_ID)],
    }


def _unread(shown: HomeContent) -> list[Block]:
    """One block at most."""
    notes = [*(f":warning: {one}" for one in shown.unread), *shown.private]
    return [context_block("\n".join(notes))] if notes else []


def _alarms(shown: HomeContent) -> list[Block]:
    """One block at most."""
    if not shown.alarms:
        return []
    more = (
        [f"And {len(shown.alarms) - ALARMS_SHOWN_MAX} more: `/mentions doctor`."]
        if len(shown.alarms) > ALARMS_SHOWN_MAX
        else []
    )
    lines = [f":rotating_light: {truncate(one, ALARM_MAX_CHARS)}" for one in shown.alarms[:ALARMS_SHOWN_MAX]]
    return [section_block("\n".join([*lines, *more]))]


def _today(shown: HomeContent) -> list[Block]:
    """Three blocks at most: today in figures, and the week in a chart. Nothing where nothing was heard."""
    if not any(heard for _, heard in shown.week):
        return []
    now = shown.today
    took = (
        f"  ·  *First reply* {format_duration(now.first_reply)} (median)"
        if now.first_reply is not None
        else ""
    )
    closed = f"  ·  *Closed without a reply* {now.closed:,}" if now.closed else ""
    muted = f"  ·  *Muted* {now.muted:,}" if now.muted else ""
    told = f"*Heard* {now.heard:,}  ·  *Answered* {now.answered:,}  ·  *Waiting* {now.waiting:,}"
    days, heard = zip(*shown.week, strict=True)
    chart = Chart("Heard by day", "bar", days, (("heard", tuple(map(float, heard))),), "mentions")
    heading: Block = {"type": "header", "text": plain_text("Today")}
    return [heading, section_block(told + closed + muted + took), build_text_block(chart)]


# In this order; a new one is a function here.
SECTION_BUILDERS = (_paused, _quiet, _unread, _alarms, _drafts, _mine, _waiting, _today)


# --- what they share ----------------------------------------------------------------------------------------


def _section(title: str, total: int, room: int, listed: list[Block], where: str) -> list[Block]:
    """A heading with the whole count, what is listed, and how many more there are and `where`."""
    if not total:
        return []
    heading: Block = {"type": "header", "text": plain_text(f"{title} ({total:,})")}
    more = [context_block(f"And {total - room:,} more. {where}")] if total > room else []
    return [heading, *listed, *more]


def _quote_blocks(before: str, one: TicketEntry, shown: HomeContent, words: str) -> Block:
    """Whom it is about, with the way to the card, and words of theirs or ours: shown as they are."""
    card = permalink(shown.url, one.channel, one.ts)
    name = link_element(card, _who(one)) if card else text_element(_who(one), "bold")
    head = (
        line_block(before, name, f" on {_title(one, shown)}")
        if before
        else line_block(name, f" on {_title(one, shown)}")
    )
    return head | {"elements": [*head["elements"], *quote_block(words, QUOTE_MAX_CHARS)["elements"]]}


def _who(one: TicketEntry) -> str:
    return write_handle(one.handle, one.network) if one.handle else "somebody"


def _title(one: TicketEntry, shown: HomeContent) -> str:
    return shown.titles.get(one.network, one.network)


def _status_text(one: TicketEntry, shown: HomeContent, *, with_owner: bool = False) -> str:
    """Where it stands, in our own words alone; times in each reader's own zone."""
    parts = [_waiting_text(one, _title(one, shown), shown.at)]
    if one.has_no_account:
        parts.append("no account")
    if with_owner:
        parts.append(f"assigned to <@{one.owner}>" if one.owner else "unassigned")
        card = permalink(shown.url, one.channel, one.ts)
        parts += [f"<{card}|See the card>"] if card else []
    return "  ·  ".join(parts)


def _waiting_text(one: TicketEntry, title: str, at: datetime) -> str:
    """Where our reply is, if one is under way, since when they wait, and until when one is owed."""
    if one.state == TicketState.SNOOZED and one.snoozed_until is not None and not one.needs_person:
        return f":zzz: Snoozed until {date_token(one.snoozed_until)}"
    since = f"Waiting since {date_token(one.since)}" if one.is_open else ""
    mark, words = unsettled.reply_status(one, title)
    if one.is_reply_moving and not one.needs_person:
        return f"{mark}{since}  ·  {words}"
    late, due = unsettled.LATE_EMOJI if unsettled.is_late(one, at) else "", unsettled.due_text(one, at)
    if one.reply is None:
        mark, words = "", ""
    return (late or mark) + "  ·  ".join(part for part in (words, since, due) if part)
