"""Issues that were fixed: what the channel hears of them, and who was told meanwhile."""

import logging
from collections import Counter
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.scheduled_job import ScheduledJob
from bot.slack.blocks import notification_text
from bot.slack.blocks.elements import Block, permalink
from bot.slack.blocks.issues import merge
from bot.slack.blocks.issues import ranking as face
from bot.slack.errors import SlackError, SlackRefusedError
from models import Author, Issue, IssueReport, Mention, Notice, Ticket
from models.grouping.card_place import find_place
from models.issues.fix_followup import list_merged, list_unfinished, reconcile_reports
from models.issues.merge import MergeResult
from models.issues.queries import RankedIssue, compute_weight, list_reporters

log = logging.getLogger(__name__)

UPDATE_INTERVAL_SECONDS = 10.0  # seconds between two looks at who was told


def announce_fixed(ctx: BotContext, session: Session, issue: Issue, *, at: datetime) -> None:
    """Have the channel told that `issue` is fixed: one message, which follows how far telling people is."""
    channel = _main_channel(session, issue) or ctx.settings.slack_channel
    text, blocks = face.fixed_notice(_ranked_issue(session, issue, at=at))
    notice = Notice(key=_message_key(issue), channel=channel, text=text, blocks=blocks, created_at=at)
    session.add(notice)


def announce_reopened(ctx: BotContext, session: Session, issue: Issue, by: str, *, at: datetime) -> None:
    """Have the channel told that it is not fixed after all, where it was told that it is."""
    text, blocks = face.reopened_notice(issue, by)
    channel = _main_channel(session, issue) or ctx.settings.slack_channel
    Notice.enqueue(session, text, at=at, channel=channel, blocks=blocks)


def announce_recurrence(
    ctx: BotContext, session: Session, issue: Issue, ticket: Ticket, *, at: datetime
) -> None:
    """Tell the person who fixed `issue`, in the channel, that somebody reported it since.

    Of a private ticket without words and in its thread, which goes where its card goes.
    """
    place = permalink(ctx.slack.workspace, *find_place(session, ticket.id))
    author = session.get_one(Author, ticket.author_id)
    text, blocks = face.reported_again_notice(issue, author.handle, place)
    if ticket.is_private:
        Notice.enqueue(session, text, at=at, ticket_id=ticket.id, blocks=blocks)
        return
    newest = Mention.find(session, ticket.id, ticket.target_post_id)
    quotes = [newest.id] if newest is not None and newest.deleted_at is None else []
    if newest is not None and quotes:
        text = notification_text.with_excerpt(f"{text}.", newest.display_text)
    Notice.enqueue(session, text, at=at, channel=ticket.channel, blocks=blocks, quotes=quotes)


def announce_merged(ctx: BotContext, session: Session, done: MergeResult, *, by: str, at: datetime) -> None:
    """Have the channel told, where one of the two was open and the other fixed."""
    gone, kept, was = done
    if was is not None and was != kept.fixed_at:
        # The message about the fix goes on, unless it is on its way to Slack just now, under its old name.
        here = update(Notice).where(Notice.key == _message_key_of(kept.id, was), Notice.ts.is_not(None))
        session.execute(here.values(key=_message_key(kept)))
    if kept.is_fixed == gone.is_fixed:
        return
    if kept.is_fixed:
        text, blocks = merge.merged_into_fixed_notice(gone, _ranked_issue(session, kept, at=at), by)
    else:
        text, blocks = merge.merged_into_open_notice(gone, kept, by)
    channel = _main_channel(session, kept) or ctx.settings.slack_channel
    Notice.enqueue(session, text, at=at, channel=channel, blocks=blocks)


def update_messages(ctx: BotContext) -> None:
    """Note who was told since the last look, and have the message about each fix show it."""
    at = ctx.now()
    with ctx.db.read() as session:
        fixed, gone = list_unfinished(session, at=at), list_merged(session, at=at)
    for issue_id in (*fixed, *gone):
        try:
            with ctx.db.write() as session:
                reconcile_reports(session, issue_id, at=at)
            _redraw_message(ctx, issue_id, at)
        except SlackError as error:
            log.info("could not update the message about a fix yet: %s", error)


def _redraw_message(ctx: BotContext, issue_id: int, at: datetime) -> None:
    """Bring the message up to date, if it shows something else; no transaction is open while Slack works."""
    with ctx.db.read() as session:
        issue = session.get_one(Issue, issue_id)
        notice = session.scalar(select(Notice).where(Notice.key == _message_key(issue)))
        if issue.fixed_at is None or notice is None or notice.ts is None:
            return
        text, blocks = _build_message(session, issue, at)
    if text == notice.text and blocks == notice.blocks:
        return
    try:
        channel = notice.channel or ctx.settings.slack_channel
        ctx.slack.update(channel, notice.ts, text, blocks, key=notice.key)
    except SlackRefusedError as no:  # it was deleted there: asking again would not bring it back
        log.info("could not update the message about a fix: %s", no.error)
    with ctx.db.write() as session:
        row = session.get_one(Notice, notice.id)
        row.text, row.blocks = text, blocks


def _build_message(session: Session, issue: Issue, at: datetime) -> tuple[str, list[Block]]:
    """What the message about a fix is to say."""
    if issue.merged_into is not None:
        return merge.merged_notice(issue, session.get_one(Issue, Issue.resolve_merged(session, issue.id)))
    return face.fixed_notice(_ranked_issue(session, issue, at=at))


def _message_key(issue: Issue) -> str:
    """The name of the message about this fix: a later one has its own."""
    return _message_key_of(issue.id, issue.fixed_at)


def _message_key_of(issue_id: int, fixed_at: datetime | None) -> str:
    return f"fixed {issue_id} {fixed_at:%Y%m%d%H%M%S%f}" if fixed_at is not None else ""


def _ranked_issue(session: Session, issue: Issue, *, at: datetime) -> RankedIssue:
    session.flush()
    found = list_reporters(session, issue)
    return RankedIssue(issue, found, compute_weight(((one.last, one.followers) for one in found), at=at))


def _main_channel(session: Session, issue: Issue) -> str | None:
    """Where most of its public cards are: what is told there names the issue."""
    here = select(Ticket.channel).where(Ticket.is_private.is_(False))
    here = here.join(IssueReport, IssueReport.ticket_id == Ticket.id)
    counted = Counter(session.scalars(here.where(IssueReport.issue_id == issue.id)))
    return counted.most_common(1)[0][0] if counted else None


JOBS = (ScheduledJob("fixes", update_messages, UPDATE_INTERVAL_SECONDS),)
