"""Before somebody answers: whether the post is still there, still the same, and still unanswered."""

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import telling
from bot.desk import Desk
from bot.inbox import translated
from bot.networks import Later, Network, Post, Target
from bot.watch import is_known, settle_seen
from models import Author, Cursor, Mention, Ticket
from models.database import Database
from models.hearing import Place, take_in
from models.outcome import OPEN
from models.reply import PENDING
from models.reply import State as Delivery

log = logging.getLogger(__name__)

TARGETS = "posts to be answered"  # how `/metrics` calls these readings
EVERY = timedelta(minutes=1)  # a ticket: each look may cost money
MOST = 1000  # tickets whose last look is remembered; one that is forgotten may be looked at sooner

_last_looks: WeakKeyDictionary[Database, OrderedDict[int, datetime]] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked about one ticket, read before any call is made."""

    ticket_id: int
    network: Network
    account_id: str
    channel: str
    target: Target
    is_open: bool


def freshen(desk: Desk, ticket_id: int) -> None:
    """Ask the network about the post that an answer would go to, and write what has changed into the ledger.

    An edit brings the new words, a deletion takes them away, and an answer that our account made by hand ends
    the turn. At most once a minute a ticket; if the network does not answer now, nothing changes.
    """
    if not _is_due(desk, ticket_id):
        return
    question = _question(desk, ticket_id)
    if question is None:
        return
    try:
        found = _look(desk, question)
    except Later as later:
        log.info("ticket %s could not be looked at again: %s", ticket_id, later.detail)
        return
    if found:
        desk.nudge()


def _is_due(desk: Desk, ticket_id: int) -> bool:
    """Whether the last look is long enough ago; if so, this is the last look from now on."""
    at = desk.now()
    with _lock:
        looks = _last_looks.setdefault(desk.db, OrderedDict())
        if ticket_id in looks and at - looks[ticket_id] < EVERY:
            return False
        looks[ticket_id] = at
        looks.move_to_end(ticket_id)
        if len(looks) > MOST:
            looks.popitem(last=False)
    return True


def _question(desk: Desk, ticket_id: int) -> _Question | None:
    """What to ask; None if there is nobody to ask, or nothing left to ask about."""
    with desk.db.write() as session:
        ticket = session.get_one(Ticket, ticket_id)
        network, mention = desk.networks.get(ticket.network), _target_of(session, ticket)
        if network is None or mention is None or mention.deleted_at is not None:
            return None
        author = session.get_one(Author, ticket.author_id)
        Cursor.of(session, network.name, ticket.account_id, TARGETS, at=desk.now()).reads += 1
        return _Question(
            ticket_id=ticket_id,
            network=network,
            account_id=ticket.account_id,
            channel=ticket.channel,
            target=Target(
                post_id=mention.latest_id,
                author_id=author.network_id,
                author_handle=author.handle or "",
                posted_at=mention.posted_at,
                first_id=mention.post_id,
            ),
            is_open=ticket.state in OPEN,
        )


def _target_of(session: Session, ticket: Ticket) -> Mention | None:
    query = select(Mention).where(Mention.ticket_id == ticket.id, Mention.post_id == ticket.target_post_id)
    return session.scalar(query)


def _look(desk: Desk, question: _Question) -> bool:
    """Ask, and write down what there is to say. False: all is as the ledger has it."""
    if question.network.account().id != question.account_id:  # another one was connected meanwhile
        return False
    page, gone = question.network.refresh([question.target.post_id], account_id=question.account_id)
    if question.target.post_id in gone:
        _lost(desk, question)
        return True
    target, edited = question.target, False
    for post in page.posts:
        if post.id == target.first_id and post.latest_id != target.post_id:
            target, edited = replace(target, post_id=post.latest_id), _edited(desk, question, post)
    answered = question.is_open and _answered(desk, question, target)
    return edited or answered


def _edited(desk: Desk, question: _Question, post: Post) -> bool:
    """Take the new words in; False if a poll has brought them meanwhile."""
    place = Place(post.network, question.account_id, question.channel, desk.promise)
    with desk.db.write() as session:
        Ticket.hold(session, question.ticket_id)
        said = translated(question.network, post, None)
        return take_in(session, [said], place, at=desk.now()).edits > 0


def _lost(desk: Desk, question: _Question) -> None:
    """The post may not be shown any more; who was about to answer it is told."""
    with desk.db.write() as session:
        ticket, at = Ticket.hold(session, question.ticket_id), desk.now()
        mention = session.scalars(
            select(Mention).where(
                Mention.ticket_id == ticket.id, Mention.post_id == question.target.first_id
            ),
        ).one()
        pending = [reply for reply in ticket.unsettled(session) if reply.state in PENDING]
        ticket.lose(session, mention, at=at)
        for reply in pending:
            if reply.state == Delivery.CANCELLED:
                telling.post_deleted(session, question.network, reply, at=at)


def _answered(desk: Desk, question: _Question, target: Target) -> bool:
    """Whether our account has answered it, outside Heard or in a way that the ledger does not know yet."""
    network, us = question.network, question.account_id
    seen = network.find_reply(target, None, target.posted_at, account_id=us)
    if seen is None:
        return False
    with desk.db.read() as session:
        if is_known(session, session.get_one(Ticket, question.ticket_id), seen.post_id):
            return False
    page, _gone = network.refresh([seen.post_id], account_id=us)  # when it was said, and in which words
    settle_seen(desk, network, us, page.posts)
    return bool(page.posts)
