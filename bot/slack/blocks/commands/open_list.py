"""The list of who still waits, as `/mentions open` answers it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.slack.blocks.elements import Block, context, counted, duration, permalink, section
from bot.slack.blocks.replies import unsettled
from bot.slack.blocks.replies.unsettled import apart
from bot.slack.blocks.text import date_token, fit, linked
from models.reports.open_tickets import Entry, Listing
from models.tickets.state import State

LISTED = 40  # tickets looked up
WORDS = 3_300  # characters that a person sees of them: Slack splits a message of 4,000
SECTION = 2_900  # characters of one block, with what only Slack reads; it takes 3,000
HANDLE = 60
REPLY = 60  # characters that a line has more which says where a reply is


def open_list(
    listing: Listing,
    titles: Mapping[str, str],
    *,
    url: str,
    at: datetime,
    unknown: list[str],
    filtered: str = "",
    in_all: int = 0,
) -> list[Block]:
    """Who still waits, by when they are due.

    `unknown` are sentences about networks that do not answer, `filtered` says in words what was asked for
    (mrkdwn), `in_all` how many wait without it.
    """
    rest = _rest(filtered, in_all)
    if listing.total == 0:
        return [section(_nobody(filtered, known=not unknown)), *rest, *_warnings(unknown)]
    lines = _fitting([(_line(one, titles, url=url, at=at), one) for one in listing.first])
    shown = f", {_order(listing, len(lines))}" if listing.total > len(lines) else ""
    that = f" that {'is' if listing.total == 1 else 'are'} {filtered}" if filtered else ""
    need = apart(listing.stuck)
    blocks = [
        section(f"*{listing.total:,} waiting*{that}{shown}{f'; {need}' if need else ''}:"),
        *packed(lines),
    ]
    if listing.total > len(lines):
        blocks.append(context(f"And {listing.total - len(lines):,} more. {_NARROW}"))
    return [*blocks, *rest, *_warnings(unknown)]


def _order(listing: Listing, shown: int) -> str:
    """Which of them are shown."""
    return f"the first {shown} by due time" + (", what needs a person on top" if listing.stuck.total else "")


_NARROW = (
    "Narrow it down: `mine`, `unclaimed`, `overdue`, a `#channel`, a `@teammate` or a network, "
    "in any combination."
)


def _nobody(filtered: str, *, known: bool) -> str:
    """Nothing to list: good news only where all that there is has been read."""
    if filtered:
        return f"*0 waiting* that are {filtered}" + ("." if known else ", as far as I know.")
    if known:
        return ":white_check_mark: *0 unanswered.* Everybody who spoke to us has an outcome."
    return "*0 waiting*, as far as I know."


def _rest(filtered: str, in_all: int) -> list[Block]:
    if not filtered or not in_all:
        return []
    return [context(f"{counted(in_all, 'ticket')} open in all: `/mentions open`.")]


def _warnings(unknown: Iterable[str]) -> list[Block]:
    return [context(f":warning: {sentence}") for sentence in unknown]


def _fitting(lines: list[tuple[str, Entry]]) -> list[str]:
    """As many of the lines as a person can be shown in one message."""
    kept: list[str] = []
    seen = 0
    for text, entry in lines:
        seen += 80 + min(len(entry.handle or ""), HANDLE) + (REPLY if entry.is_answered else 0)
        if kept and seen > WORDS:
            break
        kept.append(text)
    return kept


def packed(lines: list[str]) -> list[Block]:
    """The lines in as few blocks as take them."""
    packs: list[str] = []
    for text in lines:
        if packs and len(packs[-1]) + len(text) < SECTION:
            packs[-1] += f"\n{text}"
        else:
            packs.append(text)
    return [section(one) for one in packs]


def _line(one: Entry, titles: Mapping[str, str], *, url: str, at: datetime) -> str:
    name = linked(fit(one.handle, HANDLE) if one.handle else None, permalink(url, one.channel, one.ts))
    owner = f"<@{one.owner}> has it" if one.owner else "nobody has it"
    title = titles.get(one.network, one.network)
    mark, stands = _stands(one, title, at)
    waits = f"waiting {duration(at - one.since)}" if one.is_open else ""
    told = ", ".join(part for part in (waits, stands, owner) if part)
    return f"{mark}{name} on {title}: {told}"


def _stands(one: Entry, title: str, at: datetime) -> tuple[str, str]:
    """A mark for what is late, and what is known about when, and about our reply."""
    if one.state == State.SNOOZED and one.snoozed_until is not None and not one.needs_person:
        return ":zzz: ", f"snoozed until {date_token(one.snoozed_until)}"
    if one.is_served and not one.needs_person:
        return "", unsettled.told(one, title)[1]
    late, due = unsettled.LATE if unsettled.is_late(one, at) else "", unsettled.due(one, at)
    if one.reply is None:
        return late, due
    mark, words = unsettled.told(one, title)
    return late or mark, ", ".join(part for part in (words, due) if part)
