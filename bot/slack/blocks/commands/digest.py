"""The digest: first who waits, then how the day or week went, what people suffer from, and thanks. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.slack.blocks.commands.open_list import HANDLE_MAX_CHARS, pack_lines
from bot.slack.blocks.commands.stats import brief_counts, comparison_line, counts_line, first_reply_lines
from bot.slack.blocks.elements import (
    Block,
    context_block,
    count_people,
    format_duration,
    permalink,
    section_block,
)
from bot.slack.blocks.issues.ranking import people_to_tell_text
from bot.slack.blocks.replies import unsettled
from bot.slack.blocks.replies.unsettled import stuck_text
from bot.slack.blocks.text import date_token, mrkdwn_handle_link, mrkdwn_literal, quote_block, truncate
from models.reports.counts import FIRST_REPLY, FIRST_REPLY_OFFICE
from models.reports.digest import Problem, SourceFigures, ThanksPost
from models.reports.open_tickets import Listing, TicketEntry
from models.reports.report import StatsReport
from models.slack.notice import quote_block_id
from models.tickets.state import TicketState

TICKETS_LISTED_MAX = 10  # who waits, by name
QUOTE_MAX_CHARS = 200  # characters of each thanks
ISSUE_TITLE_MAX_CHARS = 80  # characters of an issue's title
TRACK_QUERY_MAX_CHARS = 60  # characters of a track's query


@dataclass(frozen=True, slots=True)
class Digest:
    """All that it tells. `unread` are sentences about networks that do not answer."""

    waiting: Listing  # longest wait first
    unread: Sequence[str]
    periods: Sequence[tuple[str, StatsReport]]  # the "day", and on its day the "week"
    problems: Sequence[Problem]
    thanks: Sequence[ThanksPost]
    titles: Mapping[str, str]
    url: str
    target: timedelta | None  # within which a first reply is owed; None: not the same in all channels
    at: datetime
    channel: str | None = None  # whose tickets alone it tells of
    sources: Sequence[SourceFigures] = ()  # of the longest period, by account and by track
    private: Sequence[str] = ()  # how many wait besides that not everybody here may see, as sentences
    to_tell: tuple[int, int] = (0, 0)  # fixed issues, and people who do not know of it yet

    @property
    def is_quiet(self) -> bool:
        """Nobody waits, nothing was heard, thanked or added to an issue, and that is known to be all."""
        unread = self.unread if self.channel is None else ()  # the digest of all tells it
        told = (self.waiting.total, unread, self.problems, self.thanks, self.private)
        return not (any(told) or any(report.current.heard for _, report in self.periods))


def headline_text(digest: Digest) -> str:
    """How many are unanswered: what everybody wants to know."""
    need = stuck_text(digest.waiting.stuck)
    here = f" in <#{digest.channel}>" if digest.channel is not None else ""
    count = f"{digest.waiting.total:,} unanswered{here}{f', {need}' if need else ''}"
    return f"{count} that I know of" if digest.unread else count


def build_blocks(digest: Digest) -> list[Block]:
    """The message."""
    made = [section_block(_lead(digest))]
    if digest.waiting.first:
        lines = [_line(digest, one) for one in digest.waiting.first]
        more = digest.waiting.total - len(lines)
        if more > 0:
            lines.append(f"… and {more:,} more: {_open_list(digest)}")
        made += pack_lines(lines)
    made += [context_block(f":warning: {sentence}") for sentence in digest.unread]
    made += [context_block(sentence) for sentence in digest.private]
    made += [section_block(_period(name, report, digest.target)) for name, report in digest.periods]
    if digest.sources:
        made += pack_lines([f"*By account and track*, {_longest(digest)}", *_source_lines(digest)])
    if digest.problems:
        made.append(section_block(f"*Top issues*: {_problems(digest.problems)}"))
    if digest.to_tell[1]:
        made.append(context_block(people_to_tell_text(*digest.to_tell)))
    if digest.thanks:
        made.append(section_block("*Thank-yous*"))
        for one in digest.thanks:
            made += [
                quote_block(one.words, QUOTE_MAX_CHARS) | {"block_id": quote_block_id(one.post_id)},
                context_block(_author_text(digest, one)),
            ]
    return made


def _lead(digest: Digest) -> str:
    total = digest.waiting.total
    if total == 0 and not (digest.unread or digest.private):
        return f":white_check_mark: *{headline_text(digest)}.* All caught up. No one is waiting for a reply."
    mark = ":large_orange_circle:" if total else ":grey_question:"
    first = "those that need a person first" if digest.waiting.stuck.total else "longest wait first"
    names = f", {first}:" if total > 1 else ":" if total else "."
    return f"{mark} *{headline_text(digest)}*{names}"


def _open_list(digest: Digest) -> str:
    """How to see all of them."""
    return "`/mentions open`" if digest.channel is None else f"`/mentions open` with <#{digest.channel}>"


def _line(digest: Digest, one: TicketEntry) -> str:
    owner = f"assigned to <@{one.owner}>" if one.owner else "unassigned"
    title = digest.titles.get(one.network, one.network)
    mark, standing = "", ""
    if one.state == TicketState.SNOOZED and one.snoozed_until is not None and not one.needs_person:
        mark, standing = ":zzz: ", f", snoozed until {date_token(one.snoozed_until)}"
    elif one.reply is not None or one.is_answered:
        mark, words = unsettled.reply_status(one, title)
        mark, standing = mark if one.needs_person else "", f", {words}"
    if unsettled.is_late(one, digest.at):
        mark = unsettled.LATE_EMOJI
    waited = f"{format_duration(digest.at - one.since)}, " if one.is_open else ""
    who = _linked(digest, one)
    return f"• {mark}{who} on {title}: {waited}{owner}{standing}"


def _author_text(digest: Digest, one: ThanksPost) -> str:
    title = digest.titles.get(one.network, one.network)
    return f"{_linked(digest, one)} on {title}"


def _linked(digest: Digest, one: TicketEntry | ThanksPost) -> str:
    name = truncate(one.handle, HANDLE_MAX_CHARS) if one.handle else None
    return mrkdwn_handle_link(name, permalink(digest.url, one.channel, one.ts), one.network)


def _period(name: str, report: StatsReport, target: timedelta | None) -> str:
    """In the very words of `/mentions stats`, so that whoever compares the two finds the same."""
    times, speed = report.current.times, [*first_reply_lines(report, target)]
    if times[FIRST_REPLY_OFFICE] == times[FIRST_REPLY]:  # somebody is always there
        speed = speed[:1]
    heading = f"*The {name}*: {report.current.period.label}"
    return "\n".join([heading, counts_line(report.current), comparison_line(report.previous), *speed])


def _longest(digest: Digest) -> str:
    return f"the {digest.periods[-1][0]}. A post counts for every track that found it."


def _source_lines(digest: Digest) -> list[str]:
    return [f"• {_source_name(digest, one)}: {brief_counts(one.stats)}" for one in digest.sources]


def _source_name(digest: Digest, one: SourceFigures) -> str:
    if one.track is None:
        return f"{mrkdwn_literal(one.handle)} on {digest.titles.get(one.network, one.network)}"
    return f"track {one.track}, {mrkdwn_literal(truncate(one.query, TRACK_QUERY_MAX_CHARS))}"


def _problems(problems: Sequence[Problem]) -> str:
    return ", ".join(
        f"“{mrkdwn_literal(truncate(one.title, ISSUE_TITLE_MAX_CHARS))}” ({count_people(one.people)})"
        for one in problems
    )
