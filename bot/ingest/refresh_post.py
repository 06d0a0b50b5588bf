"""Before somebody answers: whether the post is still there, still the same, and still unanswered."""

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from bot.context import BotContext
from bot.ingest.missing_posts import PostCheck, check_siblings, contexts_of, record_answer
from bot.ingest.own_posts import apply_posts, is_known
from bot.ingest.page_writer import commit_page
from bot.ingest.reply_target import build_reply_target
from bot.networks.base import Network, Publisher
from bot.networks.errors import Later
from bot.networks.values import PostPage, ReplyTarget
from bot.runtime import pace
from models import Author, Cursor, Ticket
from models.core.database import Database
from models.tickets import answer_as
from models.tickets.state import OPEN_STATES

log = logging.getLogger(__name__)

READING_NAME = "posts to be answered"  # how `/metrics` calls these readings
REFRESH_INTERVAL = timedelta(minutes=1)  # a ticket: each look may cost money
MAX_REMEMBERED_TICKETS = (
    1000  # tickets whose last look is remembered; one that is forgotten may be looked at sooner
)

_last_refreshes: WeakKeyDictionary[Database, OrderedDict[tuple[int, str | None], datetime]] = (
    WeakKeyDictionary()
)
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _RefreshRequest:
    """What is asked about one ticket, read before any call is made."""

    ticket_id: int
    network: Network
    account_id: str
    channel: str
    target: ReplyTarget
    asked: PostCheck
    is_open: bool
    answering: tuple[tuple[Network, str], ...]  # as each account that may answer, and its id


def refresh_target(ctx: BotContext, ticket_id: int, network: str | None = None) -> None:
    """Ask the network about the post that an answer would go to, and write what has changed into the ledger.

    `network` is where the answer goes (None: the preset one).

    An edit brings the new words, and further parts of the customer's own thread are heard. An answer that an
    account of ours made by hand ends the turn. That the post is not shown is noted
    (models/tickets/not_shown.py); shown again, its words are read anew. At most once a minute a ticket; if
    the network does not answer now, nothing changes.
    """
    if not _is_due(ctx, ticket_id, network):
        return
    question = _build_request(ctx, ticket_id, network)
    if question is None or pace.is_spent(question.network.rate_limit_status("posts"), at=ctx.now()):
        return
    try:
        found = _ask_and_record(ctx, question)
    except Later as later:
        log.info("ticket %s could not be refreshed: %s", ticket_id, later.detail)
        return
    if found:
        ctx.wake_loops()


def _is_due(ctx: BotContext, ticket_id: int, network: str | None) -> bool:
    """Whether the last look is long enough ago; if so, this is the last look from now on."""
    at, key = ctx.now(), (ticket_id, network)
    with _lock:
        looks = _last_refreshes.setdefault(ctx.db, OrderedDict())
        if key in looks and abs(at - looks[key]) < REFRESH_INTERVAL:  # or the clock was set back
            return False
        looks[key] = at
        looks.move_to_end(key)
        if len(looks) > MAX_REMEMBERED_TICKETS:
            looks.popitem(last=False)
    return True


def _build_request(ctx: BotContext, ticket_id: int, name: str | None) -> _RefreshRequest | None:
    """What to ask; None if there is nobody to ask, or nothing left to ask about."""
    with ctx.db.write() as session:
        ticket = session.get_one(Ticket, ticket_id)
        targets = ticket.targets(session)
        mention = next((one for one in targets if one.network == name), targets[0] if targets else None)
        if mention is None or mention.network not in ctx.networks:
            return None
        accounts = answer_as.load_accounts(session, ticket, target=mention)
        account_id = answer_as.pick_account(accounts, ticket.account_id).account_id
        network = ctx.networks.for_account(mention.network, account_id)
        author = session.get_one(Author, mention.author_id)
        Cursor.of(session, network.name, account_id, READING_NAME, at=ctx.now()).reads += 1
        return _RefreshRequest(
            ticket_id=ticket_id,
            network=network,
            account_id=account_id,
            channel=ticket.channel,
            target=build_reply_target(mention, author),
            asked=PostCheck.of_mention(mention),
            is_open=ticket.state in OPEN_STATES,
            answering=tuple(
                (ctx.networks.for_account(mention.network, one.account_id), one.account_id)
                for one in accounts
            ),
        )


def _ask_and_record(ctx: BotContext, question: _RefreshRequest) -> bool:
    """Ask, and write down what there is to say. False: all is as the ledger has it."""
    if question.network.account().id != question.account_id:  # another one was connected meanwhile
        return False
    at, network, target = ctx.now(), question.network, question.target
    page, absent = answer = network.refresh(
        [target.post_id], account_id=question.account_id, contexts=contexts_of([question.asked])
    )
    changed = record_answer(ctx, network, [question.asked], answer, account_id=question.account_id, at=at)
    if target.post_id in absent:
        check_siblings(ctx, network, [question.ticket_id])
        return changed
    for post in page.posts:
        if post.id == target.first_id:
            target = replace(target, post_id=post.latest_id)
    answered = question.is_open and any(
        _is_already_answered(ctx, question.ticket_id, one, account_id, target)
        for one, account_id in question.answering
        if one.account().id == account_id
    )
    parts = network.later_parts(target, account_id=question.account_id) if question.is_open else PostPage(())
    heard = commit_page(ctx, network, network.account(), parts, and_then=None) if parts.posts else 0
    return changed or answered or heard > 0


def _is_already_answered(
    ctx: BotContext, ticket_id: int, network: Network, us: str, target: ReplyTarget
) -> bool:
    """Whether that account has answered it, outside Heard or in a way that the ledger does not know yet."""
    if not isinstance(network, Publisher):
        return False
    if pace.is_spent(network.rate_limit_status("own posts"), at=ctx.now(), keep=pace.TENTH_DIVISOR):
        return False
    seen = network.find_reply(target, None, target.posted_at, account_id=us)
    if seen is None:
        return False
    with ctx.db.read() as session:
        if is_known(session, session.get_one(Ticket, ticket_id), seen.post_id):
            return False
    page, _gone = network.refresh([seen.post_id], account_id=us)  # when it was said, and in which words
    apply_posts(ctx, network, us, page.posts)
    return bool(page.posts)
