"""The digest: first who waits, then how the day or week went, what people suffer from, and thanks. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.slack.blocks.commands.open_list import HANDLE, packed
from bot.slack.blocks.commands.stats import compared, counts, first_reply
from bot.slack.blocks.elements import Block, context, duration, permalink, persons, section
from bot.slack.blocks.issues.ranking import remaining
from bot.slack.blocks.replies import unsettled
from bot.slack.blocks.replies.unsettled import apart
from bot.slack.blocks.text import date_token, fit, inert, linked, quote
from models.reports.counts import FIRST, FIRST_OPEN
from models.reports.digest import Problem, Thanks
from models.reports.open_tickets import Entry, Listing
from models.reports.report import Report
from models.slack.notice import said_in
from models.tickets.state import State

LISTED = 10  # who waits, by name
WORDS = 200  # characters of each thanks
TITLE = 80  # characters of an issue's title


@dataclass(frozen=True, slots=True)
class Digest:
    """All that it tells. `unread` are sentences about networks that do not answer."""

    waiting: Listing  # the longest wait first
    unread: Sequence[str]
    periods: Sequence[tuple[str, Report]]  # the "day", and on its day the "week"
    problems: Sequence[Problem]
    thanks: Sequence[Thanks]
    titles: Mapping[str, str]
    url: str
    target: timedelta  # within which a first reply is owed
    at: datetime
    to_tell: tuple[int, int] = (0, 0)  # fixed issues, and people who do not know of it yet

    @property
    def is_quiet(self) -> bool:
        """Nobody waits, nothing was heard, thanked or added to an issue, and that is known to be all."""
        told = (self.waiting.total, self.unread, self.problems, self.thanks)
        return not (any(told) or any(report.now.heard for _, report in self.periods))


def headline(digest: Digest) -> str:
    """How many are unanswered: what everybody wants to know."""
    need = apart(digest.waiting.stuck)
    count = f"{digest.waiting.total:,} unanswered{f', {need}' if need else ''}"
    return f"{count}, as far as I know" if digest.unread else count


def blocks(digest: Digest) -> list[Block]:
    """The message."""
    made = [section(_lead(digest))]
    if digest.waiting.first:
        lines = [_line(digest, one) for one in digest.waiting.first]
        more = digest.waiting.total - len(lines)
        if more > 0:
            lines.append(f"… and {more:,} more: `/mentions open`")
        made += packed(lines)
    made += [context(f":warning: {sentence}") for sentence in digest.unread]
    made += [section(_period(name, report, digest.target)) for name, report in digest.periods]
    if digest.problems:
        made.append(section(f"*What people suffer from*: {_problems(digest.problems)}"))
    if digest.to_tell[1]:
        made.append(context(remaining(*digest.to_tell)))
    if digest.thanks:
        made.append(section("*Thanks worth reading*"))
        for one in digest.thanks:
            made += [quote(one.words, WORDS) | {"block_id": said_in(one.post_id)}, context(_who(digest, one))]
    return made


def _lead(digest: Digest) -> str:
    total = digest.waiting.total
    if total == 0 and not digest.unread:
        return ":white_check_mark: *0 unanswered.* Everybody who spoke to us has an outcome."
    mark = ":large_orange_circle:" if total else ":grey_question:"
    first = "what needs a person first" if digest.waiting.stuck.total else "the longest wait first"
    names = f", {first}:" if total > 1 else ":" if total else "."
    return f"{mark} *{headline(digest)}*{names}"


def _line(digest: Digest, one: Entry) -> str:
    owner = f"<@{one.owner}> has it" if one.owner else "nobody has it"
    title = digest.titles.get(one.network, one.network)
    mark, standing = "", ""
    if one.state == State.SNOOZED and one.snoozed_until is not None and not one.needs_person:
        mark, standing = ":zzz: ", f", snoozed until {date_token(one.snoozed_until)}"
    elif one.reply is not None or one.is_answered:
        mark, words = unsettled.told(one, title)
        mark, standing = mark if one.needs_person else "", f", {words}"
    if unsettled.is_late(one, digest.at):
        mark = unsettled.LATE
    waited = f"{duration(digest.at - one.since)}, " if one.is_open else ""
    who = _linked(digest, one.handle, one.channel, one.ts)
    return f"• {mark}{who} on {title}: {waited}{owner}{standing}"


def _who(digest: Digest, one: Thanks) -> str:
    title = digest.titles.get(one.network, one.network)
    return f"{_linked(digest, one.handle, one.channel, one.ts)} on {title}"


def _linked(digest: Digest, handle: str | None, channel: str | None, ts: str | None) -> str:
    return linked(fit(handle, HANDLE) if handle else None, permalink(digest.url, channel, ts))


def _period(name: str, report: Report, target: timedelta) -> str:
    """In the very words of `/mentions stats`, so that whoever compares the two finds the same."""
    times, speed = report.now.times, [*first_reply(report, target)]
    if times[FIRST_OPEN] == times[FIRST]:  # somebody is always there
        speed = speed[:1]
    heading = f"*The {name}*: {report.now.period.label}"
    return "\n".join([heading, counts(report.now), compared(report.before), *speed])


def _problems(problems: Sequence[Problem]) -> str:
    return ", ".join(f"“{inert(fit(one.title, TITLE))}” ({persons(one.people)})" for one in problems)
