"""Issues that were fixed: what the channel hears of them, and who was told meanwhile."""

import logging
from collections import Counter
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.blocks import issues as face
from bot.blocks.parts import permalink
from bot.desk import Desk
from bot.slack import SlackError, SlackNoError
from models import Author, Card, Issue, Notice, Report, Ticket
from models.issues import Standing, people, weigh
from models.told import settle, unfinished

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
    Notice.tell(session, text, at=at, channel=ticket.channel, blocks=blocks)


def tick(desk: Desk) -> None:
    """Note who was told since the last look, and have the message about each fix show it."""
    at = desk.now()
    with desk.db.read() as session:
        fixed = unfinished(session, at=at)
    for issue_id in fixed:
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
        text, blocks = face.fixed_notice(_standing(session, issue, at=at))
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


def _key(issue: Issue) -> str:
    """The name of the message about this fix: a later one has its own."""
    return f"fixed {issue.id} {issue.fixed_at:%Y%m%d%H%M%S%f}" if issue.fixed_at is not None else ""


def _standing(session: Session, issue: Issue, *, at: datetime) -> Standing:
    session.flush()
    found = people(session, issue)
    return Standing(issue, found, weigh(((one.last, one.followers) for one in found), at=at))


def _channel(session: Session, issue: Issue) -> str | None:
    """Where most of its cards are."""
    here = select(Ticket.channel).join(Report, Report.ticket_id == Ticket.id)
    counted = Counter(session.scalars(here.where(Report.issue_id == issue.id)))
    return counted.most_common(1)[0][0] if counted else None
