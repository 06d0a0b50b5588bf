"""Ledger → network: replies go out once, and whatever is unsure is looked for, then asked about.

Every step is: take (a committed transaction), call (no transaction open), record. The database alone says
what is due; killing this process anywhere leaves a row that the next one knows what to do with.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot import telling
from bot.desk import Desk
from bot.networks import Later, Network, NetworkError, Published, Refused, Target, Unsure
from models import Author, Budget, Mention, Reply, Ticket
from models.reply import ON_ITS_WAY, SPOKEN, OvertakenError
from models.reply import State as Delivery

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=12)  # longer than a whole call (8 s), so a lease that ended means a dead worker
MARGIN = timedelta(seconds=9)  # with less of the lease left no call begins: it might outlive the lease
NUDGE = timedelta(minutes=15)
PATIENCE = timedelta(minutes=2)  # past the last planned look, for a network that cannot be read
MINUTE = timedelta(minutes=1)
BATCH = 200
FEW = 20  # hand-offs that are looked for every minute
STUMBLE = 1.0  # seconds before what broke is tried again

# What stops one reply stops every reply of the account.
_ACCOUNT_WIDE = {"rate limit", "unauthorized", "out of credit", "forbidden"}
_SIGHT = "seen on the network"


@dataclass(frozen=True, slots=True)
class Errand:
    """What one call to a network needs, read before the transaction closed."""

    reply_id: int
    fence: int
    network: str
    text: str
    key: str
    target: Target
    started_at: datetime
    until: datetime  # the end of the lease
    tries: int


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is to be done about a reply, and from when on."""

    reply_id: int
    state: str
    at: datetime


def work(desk: Desk) -> float:
    """Do all that is due now. Gives the seconds until the next thing is due (at most 2)."""
    done: set[tuple[int, str]] = set()
    stumbled = False
    while True:
        coming = _coming(desk)
        due = [one for one in coming if one.at <= desk.now() and (one.reply_id, one.state) not in done]
        for one in due:
            if desk.stop.is_set():
                return 0.0
            done.add((one.reply_id, one.state))
            stumbled |= not _guarded(desk, _STEPS[Delivery(one.state)], one.reply_id)
        if not due:
            break
    if stumbled or any(one.at <= desk.now() for one in coming):  # somebody else's turn, or a failure
        return STUMBLE
    return min([2.0, *((one.at - desk.now()).total_seconds() for one in coming)])


def _coming(desk: Desk) -> list[Due]:
    """What is due or will be, the soonest first."""
    ours = _ours(desk, Reply.id, Reply.state, Reply.due_at)
    query = ours.where(Reply.state.in_(ON_ITS_WAY), Reply.due_at.is_not(None))
    with desk.db.read() as session:
        return [Due(*row) for row in session.execute(query.order_by(Reply.due_at, Reply.id).limit(BATCH))]


def _ours(desk: Desk, *what: Any) -> Select[Any]:  # noqa: ANN401 - columns
    """Ask for `what` of the replies on networks that this desk has: the others wait for one that does."""
    mine = Ticket.network.in_(desk.networks)
    return select(*what).join_from(Reply, Ticket, Ticket.id == Reply.ticket_id).where(mine)


def _guarded(desk: Desk, step: Callable[[Desk, int], None], reply_id: int) -> bool:
    """Do `step`; one reply that goes wrong must not hold up the others. False if it went wrong."""
    try:
        step(desk, reply_id)
    except OvertakenError:
        log.info("reply %s was moved by somebody else first", reply_id)
    except Exception:
        log.exception("reply %s: %s failed; it is tried again", reply_id, step.__name__)
        return False
    finally:
        desk.board_bell.set()
    return True


def _held(session: Session, reply_id: int) -> tuple[Ticket, Reply]:
    """The reply and its ticket, the ticket first, so that nobody waits for each other."""
    ticket_id = session.scalars(select(Reply.ticket_id).where(Reply.id == reply_id)).one()
    ticket = Ticket.hold(session, ticket_id)
    return ticket, session.get_one(Reply, reply_id, populate_existing=True)


def _still_due(desk: Desk, session: Session, reply_id: int, state: Delivery) -> tuple[Ticket, Reply]:
    """The reply and its ticket, held; `OvertakenError` if another worker dealt with it since the listing."""
    ticket, reply = _held(session, reply_id)
    if reply.state != state or reply.due_at is None or reply.due_at > desk.now():
        raise OvertakenError(f"That reply is {reply.state} already.")
    return ticket, reply


def _mention(session: Session, ticket: Ticket, reply: Reply) -> Mention:
    """The post that `reply` answers."""
    query = select(Mention).where(
        Mention.network == ticket.network,
        Mention.account_id == ticket.account_id,
        Mention.post_id == reply.to_post_id,
    )
    return session.scalars(query).one()


def _errand(session: Session, ticket: Ticket, reply: Reply) -> Errand:
    mention = _mention(session, ticket, reply)
    author = session.get_one(Author, ticket.author_id)
    return Errand(
        reply_id=reply.id,
        fence=reply.fence,
        network=ticket.network,
        text=reply.text,
        key=reply.key,
        target=Target(
            # the version that it was sent to, if it was: the post may have been edited since
            post_id=(reply.sent_to if reply.state != Delivery.QUEUED else None) or mention.latest_id,
            author_id=author.network_id,
            author_handle=author.handle or "",
            posted_at=mention.posted_at,
            first_id=mention.post_id,
        ),
        started_at=reply.sent_at or reply.created_at,
        until=reply.due_at or reply.created_at,
        tries=reply.tries,
    )


# --- towards the wire ---------------------------------------------------------------------------------------


def _release(desk: Desk, reply_id: int) -> None:
    """The undo window is over: undo loses from here on."""
    with desk.db.write() as session:
        ticket, reply = _still_due(desk, session, reply_id, Delivery.HELD)
        reply.release(session, at=desk.now())
        ticket.revision += 1


def _send(desk: Desk, reply_id: int) -> None:
    """Declare the intent, commit, call, record."""
    errand = _take(desk, reply_id)
    if errand is None:
        return
    if errand.until - desk.now() < MARGIN:
        _give_back(desk, errand)
        return
    network = desk.networks[errand.network]
    try:
        published = network.publish(errand.text, errand.target, errand.key)
    except Refused as refused:
        _refused(desk, network, errand, refused)
    except Later as later:
        _put_off(desk, errand, later)
    except Unsure as unsure:
        _doubt(desk, errand, unsure.detail)
    except Exception as error:
        log.exception("reply %s: the call to %s broke", reply_id, network.title)
        _doubt(desk, errand, f"the call broke ({type(error).__name__})")
    else:
        _published(desk, errand, published)


def _take(desk: Desk, reply_id: int) -> Errand | None:
    with desk.db.write() as session:
        ticket, reply = _still_due(desk, session, reply_id, Delivery.QUEUED)
        at = desk.now()
        silence = Budget.take(session, _breaker(ticket), at=at, interval=timedelta())
        if silence > timedelta():
            _wait_with_the_others(desk, ticket, reply, at + silence)
            return None
        errand = _errand(session, ticket, reply)
        reply.take(session, worker=desk.worker, at=at, lease_until=at + LEASE, to=errand.target.post_id)
        ticket.revision += 1
        return _errand(session, ticket, reply)


def _breaker(ticket: Ticket) -> str:
    """The budget that is paused when a network wants nothing from this account for a while."""
    return f"publish {ticket.network} {ticket.account_id}"


def _wait_with_the_others(desk: Desk, ticket: Ticket, reply: Reply, until: datetime) -> None:
    """Another reply of this account met a closed door: do not knock again before `until`."""
    reply.due_at = until
    reply.reason = reply.reason or f"{desk.networks[ticket.network].title} takes nothing just now"
    ticket.revision += 1


def _give_back(desk: Desk, errand: Errand) -> None:
    """The process was held up between the intent and the call, so nothing was sent: begin anew."""
    with desk.db.write() as session:
        _ticket, reply = _held(session, errand.reply_id)
        if reply.fence == errand.fence:
            at = desk.now()
            reply.put_off(session, at=at, until=at, reason="", detail="held up before the call")


def _published(desk: Desk, errand: Errand, published: Published) -> None:
    """The network says so. An answer that comes late settles what was in doubt, or given up, meanwhile."""
    with desk.db.write() as session:
        ticket, reply = _held(session, errand.reply_id)
        if reply.state == Delivery.QUEUED:  # sent again by a person: stop it, it is there
            reply.move(session, Delivery.CANCELLED, at=desk.now(), act="a late answer came")
        settle(session, desk.networks[ticket.network], ticket, reply, published, at=desk.now(), act=None)


def settle(
    session: Session,
    network: Network,
    ticket: Ticket,
    reply: Reply,
    seen: Published,
    *,
    at: datetime,
    act: str | None = _SIGHT,
) -> None:
    """What was on its way is public as `seen`, inside a transaction that holds the ticket.

    If it had been given up, its author is told; and if its turn was answered otherwise since, only told.
    """
    if reply.state in SPOKEN:
        return
    given_up = reply.state == Delivery.CANCELLED
    found = {"post_id": seen.post_id, "post_url": seen.url}
    if given_up and Reply.live(session, ticket.id, reply.turn) is not None:
        reply.post_id, reply.post_url = seen.post_id, seen.url
    else:
        reply.move(session, Delivery.PUBLISHED, at=at, act=act, settled_at=at, **found)
        ticket.spoken(session, reply, at=at)
    if given_up:
        telling.seen_after_all(session, network, reply, at=at)


def _refused(desk: Desk, network: Network, errand: Errand, refused: Refused) -> None:
    """A definite no; but `duplicate` may mean that an earlier try of this very reply got there."""
    if refused.reason == "duplicate" and _is_there_already(desk, network, errand, refused):
        return
    with desk.db.write() as session:
        ticket, reply = _held(session, errand.reply_id)
        if reply.fence != errand.fence:
            return
        at = desk.now()
        reply.refuse(session, at=at, reason=refused.reason, detail=refused.detail)
        ticket.revision += 1
        if refused.reason == "not summoned":
            _hand_off(session, ticket, reply, refused.detail, at=at)
            telling.handed_off(session, network, reply, at=at)
        elif refused.reason == "parent gone":
            ticket.lose(session, _mention(session, ticket, reply), at=at)
            telling.refused(session, network, reply, at=at)
        else:
            telling.refused(session, network, reply, at=at)


def _is_there_already(desk: Desk, network: Network, errand: Errand, refused: Refused) -> bool:
    """Look before believing `duplicate`. After an earlier try, not seeing it yet proves nothing."""
    try:
        seen = network.find_reply(errand.target, errand.text, errand.target.posted_at)
    except NetworkError:
        _doubt(desk, errand, refused.detail)
        return True
    if seen is not None and _sighted(desk, errand, seen):
        return True
    if errand.tries > 1:
        _doubt(desk, errand, refused.detail)
    return errand.tries > 1


def _hand_off(session: Session, ticket: Ticket, reply: Reply, why: str, *, at: datetime) -> None:
    """The network lets a person say it, but not us: the words wait for somebody to post them by hand."""
    reply.hand_off(session, at=at, why=why)
    mention = _mention(session, ticket, reply)
    mention.answerable = why
    ticket.revision += 1


def _put_off(desk: Desk, errand: Errand, later: Later) -> None:
    """Provably nothing was said: it stays queued, and is told once why it waits."""
    with desk.db.write() as session:
        ticket, reply = _held(session, errand.reply_id)
        if reply.fence != errand.fence:
            return
        at = desk.now()
        until = max(later.at or at, at + _backoff(reply.tries, later.cause))
        first = reply.reason != later.cause
        reply.put_off(session, at=at, until=until, reason=later.cause, detail=later.detail)
        ticket.revision += 1
        if first:
            telling.put_off(session, desk.networks[errand.network], reply, later, until, at=at)
        if later.cause in _ACCOUNT_WIDE:
            Budget.pause(session, _breaker(ticket), at=at, until=later.at or at + MINUTE)


def _backoff(tries: int, cause: str) -> timedelta:
    """Wait longer with every try; what only a person can mend is tried once a minute at most.

    A blanket 403 may concern this one reply only: it waits ever longer, so that the others get their turn.
    """
    doubled: int = 2 ** min(tries, 6)
    if cause == "forbidden":
        return MINUTE * min(doubled // 2, 15)
    if cause in {"unauthorized", "out of credit"}:
        return MINUTE
    return min(timedelta(seconds=doubled), MINUTE)


# --- in doubt -----------------------------------------------------------------------------------------------


def _give_up_on_worker(desk: Desk, reply_id: int) -> None:
    """Its lease ended without a word: the worker died, before the call or after it."""
    with desk.db.write() as session:
        _ticket, reply = _still_due(desk, session, reply_id, Delivery.SENDING)
        _enter_doubt(desk, session, reply, "the bot stopped while it was sending")


def _doubt(desk: Desk, errand: Errand, detail: str) -> None:
    with desk.db.write() as session:
        _ticket, reply = _held(session, errand.reply_id)
        if reply.fence == errand.fence:
            _enter_doubt(desk, session, reply, detail)


def _enter_doubt(desk: Desk, session: Session, reply: Reply, detail: str) -> None:
    at = desk.now()
    ticket = Ticket.hold(session, reply.ticket_id)
    first = timedelta(seconds=desk.settings.reconcile_seconds[0])
    reply.doubt(session, at=at, look_at=at + first, detail=detail)
    ticket.revision += 1
    telling.unsure(session, desk.networks[ticket.network], reply, at=at)


def _look(desk: Desk, reply_id: int) -> None:
    """Read our own posts. Only looks that could be made count; after the last one a person is asked."""
    with desk.db.write() as session:
        ticket, reply = _still_due(desk, session, reply_id, Delivery.UNSURE)
        errand = _errand(session, ticket, reply)
        reply.looked(session, next_at=desk.now() + LEASE, counts=False)  # nobody else looks meanwhile
    network = desk.networks[errand.network]
    try:
        seen = network.find_reply(errand.target, errand.text, errand.started_at)
    except NetworkError as error:
        log.warning("reply %s: a look failed: %s", reply_id, error)
        _look_again(desk, errand, error.at if isinstance(error, Later) else None)
    else:
        _looked(desk, network, errand, seen)


def _looked(desk: Desk, network: Network, errand: Errand, seen: Published | None) -> None:
    if seen is not None and _sighted(desk, errand, seen):
        return
    with desk.db.write() as session:
        ticket, reply = _held(session, errand.reply_id)
        if (reply.state, reply.fence) != (Delivery.UNSURE, errand.fence):
            return
        at, plan = desk.now(), desk.settings.reconcile_seconds
        if reply.looks + 1 < len(plan):
            gap = plan[reply.looks + 1] - plan[reply.looks]
            reply.looked(session, next_at=at + timedelta(seconds=gap))
            return
        reply.looked(session, next_at=at)
        _ask(session, network, ticket, reply, errand.target, at=at)


def _sighted(desk: Desk, errand: Errand, seen: Published) -> bool:
    """Take `seen` for this reply, unless it is known to be another one in the same words."""
    with desk.db.write() as session:
        ticket, reply = _held(session, errand.reply_id)
        if _is_anothers(session, ticket, reply, seen):
            return False
        settle(session, desk.networks[ticket.network], ticket, reply, seen, at=desk.now())
    return True


def _is_anothers(session: Session, ticket: Ticket, reply: Reply, seen: Published) -> bool:
    others = select(Reply.id).join(Ticket, Ticket.id == Reply.ticket_id)
    others = others.where(Reply.post_id == seen.post_id, Reply.id != reply.id)
    return session.scalar(others.where(Ticket.network == ticket.network)) is not None


def _ask(
    session: Session, network: Network, ticket: Ticket, reply: Reply, to: Target, *, at: datetime
) -> None:
    """Have a person decide: the question stands on the card, for the whole channel to see."""
    reply.ask(session, at=at, nudge_at=at + NUDGE)
    ticket.revision += 1
    telling.asked(session, network, reply, to, at=at)


def _look_again(desk: Desk, errand: Errand, not_before: datetime | None) -> None:
    """A look that could not be made says nothing: count it not, and make it when the network allows."""
    with desk.db.write() as session:
        ticket, reply = _held(session, errand.reply_id)
        if (reply.state, reply.fence) != (Delivery.UNSURE, errand.fence):
            return
        at = desk.now()
        end = errand.started_at + timedelta(seconds=desk.settings.reconcile_seconds[-1]) + PATIENCE
        soon = max(at + timedelta(seconds=15), min(not_before or at, end))
        reply.looked(session, next_at=soon, counts=False)
        if at >= end:
            _ask(session, desk.networks[ticket.network], ticket, reply, errand.target, at=at)


def check(desk: Desk, reply_id: int) -> bool | None:
    """Look once more for a reply that a person was asked about.

    True: it is there, and is published now. False: the network answered and does not show it. None: the look
    could not be made.
    """
    with desk.db.read() as session:
        reply = session.get_one(Reply, reply_id)
        ticket = session.get_one(Ticket, reply.ticket_id)
        errand = _errand(session, ticket, reply)
    network = desk.networks[errand.network]
    try:
        seen = network.find_reply(errand.target, errand.text, errand.started_at)
    except NetworkError:
        return None
    return seen is not None and _sighted(desk, errand, seen)


def _nudge(desk: Desk, reply_id: int) -> None:
    """Nobody answered the question yet: look once more, then ask again."""
    with desk.db.write() as session:
        _ticket, asked = _still_due(desk, session, reply_id, Delivery.ASKED)
        asked.looked(session, next_at=desk.now() + NUDGE, counts=False)  # nobody else asks meanwhile
    if check(desk, reply_id):
        return
    with desk.db.write() as session:
        ticket, reply = _held(session, reply_id)
        if reply.state == Delivery.ASKED:
            telling.still_asked(session, desk.networks[ticket.network], reply, at=desk.now())


def _nudge_hand_off(desk: Desk, reply_id: int) -> None:
    """It was handed to a person half an hour ago and has not been seen: remind them, once."""
    with desk.db.write() as session:
        ticket, reply = _still_due(desk, session, reply_id, Delivery.HANDED_OFF)
        reply.looked(session, next_at=None, counts=False)
        telling.still_handed_off(session, desk.networks[ticket.network], reply, at=desk.now())


def confirm_hand_offs(desk: Desk, network: Network) -> None:
    """See whether the replies that people were to post by hand are public by now.

    Only the newest few of the last day: a hand-off that nobody took up must not cost a read a minute for
    ever. Later ones are still seen when our own posts are read (`watch`).
    """
    with desk.db.read() as session:
        waiting = session.scalars(
            select(Reply)
            .join(Ticket, Ticket.id == Reply.ticket_id)
            .where(
                Reply.state == Delivery.HANDED_OFF,
                Ticket.network == network.name,
                Reply.created_at > desk.now() - timedelta(days=1),
            )
            .order_by(Reply.id.desc())
            .limit(FEW),
        )
        errands = [_errand(session, session.get_one(Ticket, reply.ticket_id), reply) for reply in waiting]
    for errand in errands:
        if desk.stop.is_set():
            return
        seen = network.find_reply(errand.target, None, errand.started_at)
        if seen is not None:
            _confirm(desk, errand.reply_id, seen)


def _confirm(desk: Desk, reply_id: int, seen: Published) -> None:
    """A reply that was handed off is public, unless somebody settled it meanwhile."""
    with desk.db.write() as session:
        ticket, reply = _held(session, reply_id)
        if reply.state == Delivery.HANDED_OFF and not _is_anothers(session, ticket, reply, seen):
            confirm_within(session, ticket, reply, seen, by=None, at=desk.now())
    desk.nudge()


def confirm_within(
    session: Session, ticket: Ticket, reply: Reply, seen: Published | None, *, by: str | None, at: datetime
) -> None:
    """A reply that was handed off is public: we saw it, or `by` says so. The caller holds the ticket."""
    found = {"post_id": seen.post_id, "post_url": seen.url} if seen is not None else {}
    act = _SIGHT if by is None else "I posted it"
    who = {} if by is None else {"by": by}
    reply.move(session, Delivery.CONFIRMED, at=at, act=act, settled_at=at, **who, **found)
    ticket.spoken(session, reply, at=at)


_STEPS: dict[Delivery, Callable[[Desk, int], None]] = {
    Delivery.SENDING: _give_up_on_worker,
    Delivery.HELD: _release,
    Delivery.QUEUED: _send,
    Delivery.UNSURE: _look,
    Delivery.ASKED: _nudge,
    Delivery.HANDED_OFF: _nudge_hand_off,
}
