"""Issues that were fixed: what the channel hears of them, and who was told meanwhile."""

import logging
from collections import Counter
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack.blocks import notification_text
from bot.slack.blocks.elements import Block, permalink
from bot.slack.blocks.issues import merge
from bot.slack.blocks.issues import ranking as face
from bot.slack.client import SlackError, SlackNoError
from models import Author, Card, Issue, Mention, Notice, Report, Ticket
from models.issues.fix_followup import merged_away, settle, unfinished
from models.issues.merge import Merged
from models.issues.queries import Standing, people, weigh

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds between two looks at who was told


def announce(desk: Desk, session: Session, issue: Issue, *, at: datetime) -> None:
    """Have the channel told that `issue` is fixed: one message, which follows how far telling people is."""
    channel = _channel(session, issue) or desk.settings.slack_channel
    text, blocks = face.fixed_notice(_standing(session, issue, at=at))
    notice = Notice(key=_key(issue), channel=channel, text=text, blocks=blocks, created_at=at)
    session.add(notice)


def reopened(desk: Desk, session: Session, issue: Issue, by: str, *, at: datetime) -> None:
    """Have the channel told that it is not fixed after all, where it was told that it is."""
    text, blocks = face.open_again(issue, by)
    channel = _channel(session, issue) or desk.settings.slack_channel
    Notice.tell(session, text, at=at, channel=channel, blocks=blocks)


def again(desk: Desk, session: Session, issue: Issue, ticket: Ticket, *, at: datetime) -> None:
    """Tell whoever fixed `issue`, in the channel, that somebody came with it since."""
    card = session.scalar(select(Card).where(Card.ticket_id == ticket.id))
    place = permalink(desk.slack.workspace, card.channel, card.ts) if card else ""
    author = session.get_one(Author, ticket.author_id)
    text, blocks = face.again_notice(issue, author.handle, place)
    newest = session.scalar(
        select(Mention).where(Mention.ticket_id == ticket.id, Mention.post_id == ticket.target_post_id)
    )
    quotes = [newest.id] if newest is not None and newest.deleted_at is None else []
    if newest is not None and quotes:
        text = notification_text.with_words(f"{text}.", newest.shown)
    Notice.tell(session, text, at=at, channel=ticket.channel, blocks=blocks, quotes=quotes)


def merged(desk: Desk, session: Session, done: Merged, *, by: str, at: datetime) -> None:
    """Have the channel told, where one of the two was open and the other fixed."""
    gone, kept, was = done
    if was is not None and was != kept.fixed_at:
        # The message about the fix goes on, unless it is on its way to Slack just now, under its old name.
        here = update(Notice).where(Notice.key == _key_of(kept.id, was), Notice.ts.is_not(None))
        session.execute(here.values(key=_key(kept)))
    if kept.is_fixed == gone.is_fixed:
        return
    if kept.is_fixed:
        text, blocks = merge.fixed_after_all(gone, _standing(session, kept, at=at), by)
    else:
        text, blocks = merge.open_after_all(gone, kept, by)
    channel = _channel(session, kept) or desk.settings.slack_channel
    Notice.tell(session, text, at=at, channel=channel, blocks=blocks)


def tick(desk: Desk) -> None:
    """Note who was told since the last look, and have the message about each fix show it."""
    at = desk.now()
    with desk.db.read() as session:
        fixed, gone = unfinished(session, at=at), merged_away(session, at=at)
    for issue_id in (*fixed, *gone):
        try:
            with desk.db.write() as session:
                settle(session, issue_id, at=at)
            _redraw(desk, issue_id, at)
        except SlackError as error:
            log.info("the message about a fix is not redrawn yet: %s", error)


def _redraw(desk: Desk, issue_id: int, at: datetime) -> None:
    """Bring the message up to date, if it shows something else; no transaction is open while Slack works."""
    with desk.db.read() as session:
        issue = session.get_one(Issue, issue_id)
        notice = session.scalar(select(Notice).where(Notice.key == _key(issue)))
        if issue.fixed_at is None or notice is None or notice.ts is None:
            return
        text, blocks = _about(session, issue, at)
    if text == notice.text and blocks == notice.blocks:
        return
    try:
        channel = notice.channel or desk.settings.slack_channel
        desk.slack.update(channel, notice.ts, text, blocks, key=notice.key)
    except SlackNoError as no:  # it was deleted there: asking again would not bring it back
        log.info("the message about a fix stays as it is: %s", no.error)
    with desk.db.write() as session:
        row = session.get_one(Notice, notice.id)
        row.text, row.blocks = text, blocks


def _about(session: Session, issue: Issue, at: datetime) -> tuple[str, list[Block]]:
    """What the message about a fix is to say."""
    if issue.merged_into is not None:
        return merge.merged_notice(issue, session.get_one(Issue, Issue.end_of(session, issue.id)))
    return face.fixed_notice(_standing(session, issue, at=at))


def _key(issue: Issue) -> str:
    """The name of the message about this fix: a later one has its own."""
    return _key_of(issue.id, issue.fixed_at)


def _key_of(issue_id: int, fixed_at: datetime | None) -> str:
    return f"fixed {issue_id} {fixed_at:%Y%m%d%H%M%S%f}" if fixed_at is not None else ""


def _standing(session: Session, issue: Issue, *, at: datetime) -> Standing:
    session.flush()
    found = people(session, issue)
    return Standing(issue, found, weigh(((one.last, one.followers) for one in found), at=at))


def _channel(session: Session, issue: Issue) -> str | None:
    """Where most of its cards are."""
    here = select(Ticket.channel).join(Report, Report.ticket_id == Ticket.id)
    counted = Counter(session.scalars(here.where(Report.issue_id == issue.id)))
    return counted.most_common(1)[0][0] if counted else None
