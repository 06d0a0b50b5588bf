"""Before somebody answers: whether the post is still there, still the same, and still unanswered."""

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.ingest.missing_posts import Asked, look_at_siblings, record
from bot.ingest.own_posts import is_known, settle_seen
from bot.networks.base import Later, Network, Target
from bot.runtime import pace
from models import Author, Cursor, Mention, Ticket
from models.core.database import Database
from models.tickets.state import OPEN

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
    asked: Asked
    is_open: bool


def freshen(desk: Desk, ticket_id: int) -> None:
    """Ask the network about the post that an answer would go to, and write what has changed into the ledger.

    An edit brings the new words, an answer that our account made by hand ends the turn. That the post is not
    shown is noted (models/tickets/not_shown.py); shown again, its words are read anew. At most once a minute
    a ticket; if the network does not answer now, nothing changes.
    """
    if not _is_due(desk, ticket_id):
        return
    question = _question(desk, ticket_id)
    if question is None or pace.is_spent(question.network.allowance("posts"), at=desk.now()):
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
        if ticket_id in looks and abs(at - looks[ticket_id]) < EVERY:  # or the clock was set back
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
        if network is None or mention is None:
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
            asked=Asked.about(mention),
            is_open=ticket.state in OPEN,
        )


def _target_of(session: Session, ticket: Ticket) -> Mention | None:
    query = select(Mention).where(Mention.ticket_id == ticket.id, Mention.post_id == ticket.target_post_id)
    return session.scalar(query)


def _look(desk: Desk, question: _Question) -> bool:
    """Ask, and write down what there is to say. False: all is as the ledger has it."""
    if question.network.account().id != question.account_id:  # another one was connected meanwhile
        return False
    at, network, target = desk.now(), question.network, question.target
    page, absent = answer = network.refresh([target.post_id], account_id=question.account_id)
    changed = record(desk, network, [question.asked], answer, at=at)
    if target.post_id in absent:
        look_at_siblings(desk, network, [question.ticket_id])
        return changed
    for post in page.posts:
        if post.id == target.first_id:
            target = replace(target, post_id=post.latest_id)
    answered = question.is_open and _answered(desk, question, target)
    return changed or answered


def _answered(desk: Desk, question: _Question, target: Target) -> bool:
    """Whether our account has answered it, outside Heard or in a way that the ledger does not know yet."""
    network, us = question.network, question.account_id
    if pace.is_spent(network.allowance("own posts"), at=desk.now(), keep=pace.TENTH):
        return False
    seen = network.find_reply(target, None, target.posted_at, account_id=us)
    if seen is None:
        return False
    with desk.db.read() as session:
        if is_known(session, session.get_one(Ticket, question.ticket_id), seen.post_id):
            return False
    page, _gone = network.refresh([seen.post_id], account_id=us)  # when it was said, and in which words
    settle_seen(desk, network, us, page.posts)
    return bool(page.posts)
