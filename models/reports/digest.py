"""Reads what a digest shows beside the figures of all: those of each account and track, thanks, problems.

Reads only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, distinct, func, or_, select
from sqlalchemy.orm import Session

from models.core.account_filter import AccountFilter
from models.core.period import Period
from models.core.query_pipeline import open_pipeline
from models.grouping.card_place import PLACE_CHANNEL, PLACE_TS, join_place
from models.issues.issue import Issue, IssueReport
from models.issues.queries import count_to_notify, list_fixed_issues
from models.reports.counts import StatsFilter
from models.reports.report import NO_OTHER_TARGETS, PeriodStats, query_stats
from models.reports.track_list import count_by_track
from models.sources.account import Account
from models.sources.author import Author
from models.sources.cursor import Cursor
from models.sources.mention import Mention
from models.sources.track import MENTIONS_TRACK, Track
from models.tickets.state import TicketState
from models.tickets.ticket import CANARY_NETWORK, Ticket

THANKS_REASON = "thanks"  # the reason, alone or before a few words


@dataclass(frozen=True, slots=True)
class ThanksPost:
    """A post that was closed as thanks. `channel` and `ts` are its card's."""

    handle: str | None
    network: str
    words: str
    channel: str | None
    ts: str | None
    mention_id: int = 0
    post_id: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """An issue that is not fixed, and how many people were added to it in a period."""

    title: str
    people: int


def list_thanks(
    session: Session, since: datetime, until: datetime, *, channel: str | None = None, limit: int
) -> list[ThanksPost]:
    """Returns the posts that were closed as thanks from `since` to before `until`, newest first.

    With `channel` only those whose cards are in that Slack channel; so for `list_problems`.
    """
    query = (
        select(
            *(Author.handle, Ticket.network, Mention.text, PLACE_CHANNEL, PLACE_TS),
            Mention.id,
            Mention.post_id,
        )
        .select_from(Ticket)
        .join(Author, Author.id == Ticket.author_id)
        .join(Mention, Mention.is_post_of(Ticket.id, Ticket.target_post_id))
        .where(
            Ticket.state == TicketState.NO_REPLY_NEEDED,
            or_(Ticket.reason == THANKS_REASON, Ticket.reason.startswith(f"{THANKS_REASON}:")),
            Ticket.closed_at >= since,
            Ticket.closed_at < until,
            Ticket.network != CANARY_NETWORK,
            Ticket.is_private.is_(False),  # a digest stays where it was posted
            Mention.deleted_at.is_(None),
            Mention.text != "",
            *_in_channel(channel),
        )
        .order_by(Ticket.closed_at.desc(), Ticket.id.desc())
        .limit(limit)
    )
    return [ThanksPost(*row) for row in session.execute(join_place(query))]


def list_problems(
    session: Session, since: datetime, until: datetime, *, channel: str | None = None, limit: int
) -> list[Problem]:
    """Returns the open issues that most people were added to from `since` to before `until`.

    Each person counts once an issue.
    """
    people = func.count(distinct(Ticket.author_id))
    query = (
        select(Issue.title, people)
        .join(IssueReport, IssueReport.issue_id == Issue.id)
        .join(Ticket, Ticket.id == IssueReport.ticket_id)
        .where(
            IssueReport.at >= since,
            IssueReport.at < until,
            Issue.fixed_at.is_(None),
            Issue.merged_into.is_(None),
            *_in_channel(channel),
        )
        .group_by(Issue.id, Issue.title)
        .order_by(people.desc(), Issue.id)
        .limit(limit)
    )
    return [Problem(*row) for row in session.execute(query)]


def count_to_tell(session: Session, *, channel: str | None = None, at: datetime) -> tuple[int, int]:
    """Returns how many fixed issues have people still to be told, and how many people that is.

    With `channel` only people who reported the issue on a ticket of that Slack channel. Someone who was told
    on another ticket knows, whichever channel that is in.
    """
    fixed = list_fixed_issues(session, at=at)
    if channel is None:
        return count_to_notify(fixed)
    query = select(IssueReport.ticket_id).join(Ticket, Ticket.id == IssueReport.ticket_id)
    here = set(session.scalars(query.where(*_in_channel(channel))))
    people = [
        sum(
            not person.is_settled and any(place.ticket_id in here for place in person.places)
            for person in one.people
        )
        for one in fixed
    ]
    return sum(count > 0 for count in people), sum(people)


def _in_channel(channel: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if channel is None else (Ticket.channel == channel,)


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """The statistics of one of our accounts (its `handle`, and its network's name), or of one track."""

    stats: PeriodStats
    network: str
    handle: str = ""
    track: int | None = None
    query: str = ""


def figures_by_source(
    session: Session,
    period: Period,
    *,
    target: timedelta,
    other_targets: Mapping[str, timedelta] = NO_OTHER_TARGETS,
    limit: int,
) -> list[SourceFigures]:
    """Returns the statistics of each account, if there are several, and of the tracks that found something.

    They are what `/mentions stats` says of that account or track; `target` and `other_targets` are those of
    `build_report`. At most `limit` of each, those with most
    posts first; an account or track that heard nothing is left out.
    """
    accounts = [one for one in Account.all(session) if one.source is not None]
    query = select(Track).where(Track.removed_at.is_(None), Track.kind != MENTIONS_TRACK)
    tracks = {one.id: one for one in session.scalars(query)}
    counts = count_by_track(session, tracks.keys(), since=period.since, until=period.until) if tracks else {}
    most = sorted(counts, key=lambda one: (-counts[one].heard, one))[:limit]
    with open_pipeline(session) as ask:
        answers = [
            (
                one,
                query_stats(
                    ask, period, StatsFilter(account=_only(one)), brief=True, other_targets=other_targets
                ),
            )
            for one in (accounts if len(accounts) > 1 else [])
        ]
        of_tracks = [
            (
                tracks[one],
                query_stats(ask, period, StatsFilter(track=one), brief=True, other_targets=other_targets),
            )
            for one in most
        ]
        found = [SourceFigures(stats(target), one.network, handle=one.at_handle) for one, stats in answers]
        of_each = [
            SourceFigures(stats(target), one.network, track=one.id, query=one.query)
            for one, stats in of_tracks
        ]
    return [*_most_first(found, limit), *_most_first(of_each, limit)]


def _only(account: Account) -> AccountFilter:
    return AccountFilter(account.handle, ((account.network, account.network_id),))


def _most_first(found: list[SourceFigures], limit: int) -> list[SourceFigures]:
    heard = [one for one in found if one.stats.heard]
    return sorted(heard, key=lambda one: -one.stats.heard)[:limit]


def first_cursor_at(session: Session) -> datetime | None:
    """Returns since when anything is read at all; None if nothing is."""
    return session.scalar(select(func.min(Cursor.started_at)))
