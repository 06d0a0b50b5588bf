"""The list of who still waits, as `/mentions open` answers it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.slack.blocks.elements import (
    Block,
    context_block,
    count_noun,
    format_duration,
    permalink,
    section_block,
)
from bot.slack.blocks.replies import unsettled
from bot.slack.blocks.replies.unsettled import stuck_text
from bot.slack.blocks.text import date_token, mrkdwn_handle_link, truncate
from bot.slack.blocks.tickets.priority_line import points_text
from models.reports.open_tickets import Listing, TicketEntry
from models.tickets.priorities import ChannelWeights
from models.tickets.state import TicketState

TICKETS_LISTED_MAX = 40  # tickets looked up
LIST_MAX_CHARS = 3_300  # characters that a person sees of them: Slack splits a message of 4,000
SECTION_MAX_CHARS = 2_900  # characters of one block, with what only Slack reads; it takes 3,000
HANDLE_MAX_CHARS = 60
REPLY_STATUS_MAX_CHARS = 60  # characters that a line has more which says where a reply is


def build_open_list(
    listing: Listing,
    titles: Mapping[str, str],
    *,
    url: str,
    at: datetime,
    unknown: list[str],
    filtered: str = "",
    is_own: bool = False,
    in_all: int = 0,
    weights: ChannelWeights | None = None,
    private: Sequence[str] = (),
) -> list[Block]:
    """Build the list of open tickets: by priority, with the points of each, if `weights` are given.

    Else it is by due time. `unknown` are sentences about networks that do not respond, `filtered` is the
    filter in words (mrkdwn), `is_own` says that it lists exactly the reader's own tickets, `in_all` is the
    number of all open tickets, `private` are sentences about tickets that the reader may not see.
    """
    rest = _rest(filtered, in_all)
    if listing.total == 0:
        return [
            section_block(_empty_text(filtered, is_own=is_own, known=not (unknown or private))),
            *rest,
            *_warnings(unknown),
            *map(context_block, private),
        ]
    told = [
        (
            _ticket_line(one, titles, url=url, at=at),
            _points_line(one, weights, at) if weights is not None else "",
            one,
        )
        for one in listing.first
    ]
    lines = _fit_lines(told)
    by = "by priority" if weights is not None else "by due time"
    shown = f", {_order_text(listing, len(lines), by)}" if listing.total > len(lines) else ""
    if weights is not None and not shown:
        shown = f", {by}"
    that = f" {filtered}" if filtered else ""
    need = stuck_text(listing.stuck)
    blocks = [
        section_block(f"*{listing.total:,} waiting*{that}{shown}{f'; {need}' if need else ''}:"),
        *pack_lines(lines),
    ]
    if weights is not None:
        blocks.append(context_block(_POINTS_NOTE))
    if listing.total > len(lines):
        blocks.append(context_block(f"And {listing.total - len(lines):,} more. {_NARROW_HINT}"))
    return [*blocks, *rest, *_warnings(unknown), *map(context_block, private)]


def _order_text(listing: Listing, shown: int, by: str) -> str:
    """Which tickets are shown."""
    return f"the first {shown} {by}" + (", those that need a person first" if listing.stuck.total else "")


_POINTS_NOTE = (
    "More points come first. All of them are listed; there is no other score. Due times stay as they are."
)
_NARROW_HINT = (
    "Narrow it down: `mine`, `unclaimed`, `overdue`, a `#channel`, a `@teammate`, a network or our "
    "`@account`, in any combination."
)


def _empty_text(filtered: str, *, is_own: bool, known: bool) -> str:
    """The sentence for an empty list; it is good news only if every network could be read."""
    if is_own:
        return "You have no open tickets" + ("." if known else " that I know of.")
    if filtered:
        return f"*0 waiting* {filtered}" + ("." if known else " that I know of.")
    if known:
        return ":white_check_mark: *0 unanswered.* All caught up. No one is waiting for a reply."
    return "*0 waiting* that I know of."


def _rest(filtered: str, in_all: int) -> list[Block]:
    if not filtered or not in_all:
        return []
    return [context_block(f"{count_noun(in_all, 'open ticket')} in total: `/mentions open`.")]


def _warnings(unknown: Iterable[str]) -> list[Block]:
    return [context_block(f":warning: {sentence}") for sentence in unknown]


def _fit_lines(lines: list[tuple[str, str, TicketEntry]]) -> list[str]:
    """As many of the lines, each with what follows it, as a person can be shown in one message."""
    kept: list[str] = []
    seen = 0
    for text, more, entry in lines:
        seen += (
            len(more)
            + 85  # of the parts of a line that hardly vary
            + min(len(entry.handle or ""), HANDLE_MAX_CHARS)
            + (REPLY_STATUS_MAX_CHARS if entry.is_answered else 0)
        )
        if kept and seen > LIST_MAX_CHARS:
            break
        kept.append(f"{text}{more}")
    return kept


def pack_lines(lines: list[str]) -> list[Block]:
    """The lines in as few blocks as take them."""
    packs: list[str] = []
    for text in lines:
        if packs and len(packs[-1]) + len(text) < SECTION_MAX_CHARS:
            packs[-1] += f"\n{text}"
        else:
            packs.append(text)
    return [section_block(one) for one in packs]


def _ticket_line(one: TicketEntry, titles: Mapping[str, str], *, url: str, at: datetime) -> str:
    name = mrkdwn_handle_link(
        truncate(one.handle, HANDLE_MAX_CHARS) if one.handle else None,
        permalink(url, one.channel, one.ts),
        one.network,
    )
    owner = f"assigned to <@{one.owner}>" if one.owner else "unassigned"
    title = titles.get(one.network, one.network)
    mark, stands = _status_text(one, title, at)
    waits = f"waiting {format_duration(at - one.since)}" if one.is_open else ""
    left = "no account" if one.has_no_account else ""
    told = ", ".join(part for part in (waits, stands, left, owner) if part)
    return f"{mark}{name} on {title}: {told}"


def _points_line(one: TicketEntry, weights: ChannelWeights, at: datetime) -> str:
    """The points of a ticket that waits, in a line below its own."""
    if not one.is_open or one.state == TicketState.SNOOZED:
        return ""
    counted = one.priority.at(one.since, at, weights.of(one.channel or ""))
    return f"\n\u2003{points_text(counted)}"


def _status_text(one: TicketEntry, title: str, at: datetime) -> tuple[str, str]:
    """A mark for what is late, and what is known about when, and about our reply."""
    if one.state == TicketState.SNOOZED and one.snoozed_until is not None and not one.needs_person:
        return ":zzz: ", f"snoozed until {date_token(one.snoozed_until)}"
    if one.is_reply_moving and not one.needs_person:
        return "", unsettled.reply_status(one, title)[1]
    late, due = unsettled.LATE_EMOJI if unsettled.is_late(one, at) else "", unsettled.due_text(one, at)
    if one.reply is None:
        return late, due
    mark, words = unsettled.reply_status(one, title)
    return late or mark, ", ".join(part for part in (words, due) if part)
