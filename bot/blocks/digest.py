"""The digest: first who waits, then how the day or week went, what people suffer from, and thanks. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.blocks.issues import remaining
from bot.blocks.parts import Block, context, counted, duration, permalink, section
from bot.blocks.text import called, date_token, escape, fit, quote
from models.digest import Problem, Thanks
from models.stats import Stats, Waiting

LISTED = 10  # who waits, by name
WORDS = 200  # characters of each thanks
TITLE = 80  # characters of an issue's title


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch in figures, and the one before it."""

    name: str  # "day" or "week"
    now: Stats
    before: Stats


@dataclass(frozen=True, slots=True)
class Digest:
    """All that it tells. `unread` are sentences about networks that do not answer."""

    total: int
    waiting: Sequence[Waiting]  # the longest first
    unread: Sequence[str]
    periods: Sequence[Period]
    problems: Sequence[Problem]
    thanks: Sequence[Thanks]
    titles: Mapping[str, str]
    url: str
    at: datetime
    to_tell: tuple[int, int] = (0, 0)  # fixed issues, and people who do not know of it yet

    @property
    def is_quiet(self) -> bool:
        """Nothing was heard, nobody waits, and as far as anybody knows that is all."""
        return not (self.total or self.unread or any(one.now.heard for one in self.periods))


def headline(digest: Digest) -> str:
    """How many are unanswered: what everybody wants to know."""
    count = f"{digest.total:,} unanswered"
    return f"{count}, as far as I know" if digest.unread else count


def blocks(digest: Digest) -> list[Block]:
    """The message."""
    made = [section(_lead(digest))]
    if digest.waiting:
        lines = [_line(digest, one) for one in digest.waiting]
        more = digest.total - len(lines)
        if more > 0:
            lines.append(f"… and {more:,} more: `/mentions open`")
        made.append(section("\n".join(lines)))
    made += [context(f":warning: {sentence}") for sentence in digest.unread]
    made += [section(_period(one)) for one in digest.periods]
    if digest.problems:
        made.append(section(f"*What people suffer from*: {_problems(digest.problems)}"))
    if digest.to_tell[1]:
        made.append(context(remaining(*digest.to_tell)))
    if digest.thanks:
        made.append(section("*Thanks worth reading*"))
        for one in digest.thanks:
            made += [quote(one.words, WORDS), context(_who(digest, one))]
    return made


def _lead(digest: Digest) -> str:
    if digest.total == 0 and not digest.unread:
        return ":white_check_mark: *0 unanswered.* Everybody who spoke to us has an outcome."
    mark = ":large_orange_circle:" if digest.total else ":grey_question:"
    names = ", the longest first:" if digest.total else "."
    return f"{mark} *{headline(digest)}*{names}"


def _line(digest: Digest, one: Waiting) -> str:
    owner = f"<@{one.owner}> has it" if one.owner else "nobody has it"
    title = digest.titles.get(one.network, one.network)
    late = ":red_circle: " if one.due_at is not None and one.due_at < digest.at else ""
    sleeps = ", snoozed" if one.state == "snoozed" else ""
    who = _linked(digest, one.handle, one.channel, one.ts)
    return f"• {late}{who} on {title}: {duration(digest.at - one.since)}, {owner}{sleeps}"


def _who(digest: Digest, one: Thanks) -> str:
    title = digest.titles.get(one.network, one.network)
    return f"{_linked(digest, one.handle, one.channel, one.ts)} on {title}"


def _linked(digest: Digest, handle: str | None, channel: str | None, ts: str | None) -> str:
    name = called(handle) if handle else "somebody"
    card = permalink(digest.url, channel, ts)
    return f"<{card}|{name}>" if card else f"*{name}*"


def _period(one: Period) -> str:
    now, before = one.now, one.before
    span = f"since {date_token(now.since, '{date_short_pretty} {time}')}"
    parts = [
        f"*The {one.name}* ({span}): heard {now.heard:,} (before: {before.heard:,})",
        f"answered {now.answered:,}",
        f"no reply needed {now.no_reply_needed:,}",
        f"not about us {now.not_about_us:,}",
        f"still waiting {now.waiting:,}",
    ]
    return f"{'  ·  '.join(parts)}\n{_speed(now, before)}"


def _speed(now: Stats, before: Stats) -> str:
    if now.median is None or now.p90 is None:
        return "First reply: none to what was said then."
    was = f" (before: {_short(before.median)} and {_short(before.p90)})" if before.median is not None else ""
    return f"First reply: median {duration(now.median)}, p90 {duration(now.p90)}{was}."


def _short(length: timedelta | None) -> str:
    return duration(length) if length is not None else "none"


def _problems(problems: Sequence[Problem]) -> str:
    return ", ".join(
        f"“{escape(fit(one.title, TITLE))}” ({counted(one.people, 'person').replace('persons', 'people')})"
        for one in problems
    )
