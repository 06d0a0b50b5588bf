"""What `/mentions cost` answers: this month in money, and what costs most. Pure."""

from collections.abc import Mapping
from datetime import datetime

from bot.slack.blocks.commands.open_list import pack_lines
from bot.slack.blocks.elements import Block, context_block, count_noun, section_block
from bot.slack.blocks.text import mrkdwn_handle, mrkdwn_literal, truncate
from models.reports.costs import CostLine, CostReport
from models.sources.account import AccountHandles
from models.sources.cost import format_usd
from models.sources.track import MENTIONS_TRACK

LINES_SHOWN_MAX = 10
QUERY_MAX_CHARS = 80
ESTIMATE_NOTE = (
    "These are estimates: my own count of what was read and sent, at list prices or those in the settings. "
    "Your networks' invoices decide. Days and months are UTC's."
)


def build_cost_answer(
    found: CostReport,
    titles: Mapping[str, str],
    accounts: AccountHandles,
    *,
    at: datetime,
    cap: int | None,
    notes: list[str],
) -> list[Block]:
    """Build the answer. `cap` is in millionths of a dollar, None if there is none; `notes` are sentences."""
    if not found.dearest:
        nothing = f"Nothing that costs money was read or sent in {at:%B %Y}."
        return [section_block(nothing), *_cap_blocks(found, cap), context_block(ESTIMATE_NOTE)]
    shown = found.dearest[:LINES_SHOWN_MAX]
    lines = [f"• {format_usd(one.micros)}  {_label(one, titles, accounts)}" for one in shown]
    left = found.dearest[LINES_SHOWN_MAX:]
    if left:
        rest = count_noun(len(left), "other")
        lines.append(f"• {format_usd(sum(one.micros for one in left))}  {rest}")
    return [
        section_block(summary_text(found, at=at)),
        *_cap_blocks(found, cap),
        section_block(_unit_text(found)),
        section_block("*What it was spent on this month:*"),
        *pack_lines(lines),
        *(context_block(f":warning: {note}") for note in notes),
        context_block(ESTIMATE_NOTE),
    ]


def summary_text(found: CostReport, *, at: datetime) -> str:
    """Today, this month and the forecast, in one line."""
    return (
        f"*About {format_usd(found.month)} in {at:%B} so far*  ·  {format_usd(found.today)} today  ·  "
        f"about {format_usd(found.forecast)} by the end of the month if it goes on like this"
    )


def _cap_blocks(found: CostReport, cap: int | None) -> list[Block]:
    if cap is None:
        return [context_block("There is no monthly cap. `MONTHLY_CAP_USD` sets one.")]
    over = found.month - cap
    if over > 0:
        return [section_block(f"*{format_usd(over)} over the cap* of {format_usd(cap)} a month.")]
    return [section_block(f"{found.month / cap:.0%} of the cap of {format_usd(cap)} a month is used.")]


def _unit_text(found: CostReport) -> str:
    return (
        f"For each mention heard ({found.mentions:,}): {_share(found.month, found.mentions)}  ·  "
        f"for each answer published ({found.replies:,}): {_share(found.month, found.replies)}"
    )


def _share(micros: int, count: int) -> str:
    return (
        f"{format_usd(round(micros / count))} of this month's cost" if count else "nothing to divide by yet"
    )


def _label(line: CostLine, titles: Mapping[str, str], accounts: AccountHandles) -> str:
    title = mrkdwn_literal(titles.get(line.network, line.network))
    handle = accounts.handle(line.network, line.account_id)
    who = f" as {mrkdwn_handle(handle)}" if handle is not None else ""
    return f"{title}, {_what(line)}{who}"


def _what(line: CostLine) -> str:
    if line.track is None:
        return "replies, the checks around them, and tried searches"
    if line.track.kind == MENTIONS_TRACK:
        return "mentions"
    query = mrkdwn_literal(truncate(line.track.query, QUERY_MAX_CHARS))
    gone = " (removed)" if line.track.removed_at is not None else ""
    return f"track {line.track.id}, {line.track.kind} “{query}”{gone}"
