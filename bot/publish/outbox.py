"""Ledger → network: replies go out once.

Every step is: take (a committed transaction), call (no transaction open), record. The database alone says
what is due; killing this process anywhere leaves a row that the next one knows what to do with.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, case, select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.ingest import missing_posts
from bot.jobs import account_check
from bot.networks.base import Later, Network, NetworkError, Published, Refused, Unsure, WrongAccount
from bot.publish import delete_reply, manual_posting, reconcile, send_checks
from bot.publish.publish_job import Errand, InHandError, errand_of, held, mention_of, still_due
from bot.runtime import clock_set_back, crash_points, pace
from bot.slack import network_alarms, thread_notices
from models import Budget, Reply, Ticket
from models.tickets import not_shown
from models.tickets.reply import ON_ITS_WAY, OvertakenError
from models.tickets.reply import State as Delivery
from models.tickets.state import OPEN

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=12)  # longer than a whole call (8 s), so a lease that ended means a dead worker
MARGIN = timedelta(seconds=9)  # with less of the lease left no call begins: it might outlive the lease
MINUTE = timedelta(minutes=1)
BATCH = 50
ROUND = timedelta(seconds=1)  # then begin anew, with what is urgent: also with what was done once already
STUMBLE = 1.0  # seconds before what broke is tried again
MOMENT = 0.05  # seconds until what somebody else has in hand is looked at again

# What stops one reply stops every reply of the account.
_ACCOUNT_WIDE = {"rate limit", "unauthorized", "out of credit", "forbidden"}


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is to be done about a reply, and from when on."""

    reply_id: int
    state: str
    at: datetime


def work(desk: Desk, networks: Collection[str] | None = None) -> float:
    """Do all that is due now on `networks` (all of the desk's, if None).

    Gives the seconds until the next thing is due (at most 2).
    """
    clock_set_back.settle(desk)
    ours = desk.networks if networks is None else networks
    begun, done = desk.now(), set[tuple[int, str]]()
    waits = [2.0]
    while True:
        coming = _coming(desk, ours)
        due = [one for one in coming if one.at <= desk.now() and (one.reply_id, one.state) not in done]
        for one in due:
            if desk.stop.is_set():
                return 0.0
            done.add((one.reply_id, one.state))
            waits.append(_guarded(desk, _STEPS[Delivery(one.state)], one.reply_id))
            if desk.now() - begun > ROUND:  # calls take their time, and meanwhile more became due
                return 0.0
        if not due:
            break
    left = [(one.at - desk.now()).total_seconds() for one in coming]
    waits += [seconds if seconds > 0 else STUMBLE for seconds in left]  # past: somebody else's, or it failed
    return min(waits)


def _coming(desk: Desk, networks: Collection[str]) -> list[Due]:
    """What is due or will be, the soonest first; on other networks it waits for a desk that has them."""
    asked = {"now": desk.now(), "states": list(_STEPS), "networks": list(networks)}
    with desk.db.read() as session:
        rows = session.execute(_COMING, asked)
        return [Due(reply_id, state, at) for reply_id, state, at in rows if at is not None]


def _what_comes() -> Select[int, str, datetime | None]:
    """The question of `_coming`, put together once: it is asked again and again, and building it took longer.

    What a dead worker left on the wire comes first, then what is in doubt: however much waits to be sent.
    """
    urgency = case(
        (Reply.due_at > bindparam("now", type_=Reply.due_at.type), 3),
        (Reply.state == Delivery.SENDING, 0),
        (Reply.state == Delivery.UNSURE, 1),
        else_=2,
    )
    # What is public has a time only while it is to be deleted. Each of the two is a short piece of an index;
    # with a join, or as one condition, SQLite would rather read every ticket of the network.
    here = select(Ticket.network).where(Ticket.id == Reply.ticket_id).scalar_subquery()
    to_delete = select(Reply.id).where(Reply.unsay_by.is_not(None), Reply.due_at.is_not(None))
    moving = select(Reply.id).where(Reply.state.in_(ON_ITS_WAY)).union_all(to_delete)
    query = select(Reply.id, Reply.state, Reply.due_at).where(Reply.id.in_(moving), Reply.due_at.is_not(None))
    query = query.where(Reply.state.in_(bindparam("states", expanding=True)))
    query = query.where(here.in_(bindparam("networks", expanding=True)))
    return query.order_by(urgency, Reply.due_at, Reply.id).limit(BATCH)


_COMING = _what_comes()


def _guarded(desk: Desk, step: Callable[[Desk, int], None], reply_id: int) -> float:
    """Do `step`; one reply that goes wrong must not hold up the others.

    Gives the seconds until it is worth another look.
    """
    try:
        step(desk, reply_id)
    except InHandError:
        return MOMENT
    except OvertakenError:
        log.info("reply %s was moved by somebody else first", reply_id)
    except Exception:
        log.exception("reply %s: %s failed; it is tried again", reply_id, step.__name__)
        return STUMBLE
    finally:
        desk.board_bell.set()
    return 2.0


# --- towards the wire ---------------------------------------------------------------------------------------


def _release(desk: Desk, reply_id: int) -> None:
    """The undo window is over: undo loses from here on."""
    with desk.db.write() as session:
        ticket, reply = still_due(desk, session, reply_id, Delivery.HELD)
        reply.release(session, at=desk.now())
        ticket.revision += 1


def _send(desk: Desk, reply_id: int) -> None:
    """Declare the intent, commit, call, record."""
    errand = take(desk, reply_id, send_checks.ask(desk, reply_id))
    if errand is None:
        return
    if errand.until - desk.now() < MARGIN:
        _give_back(desk, errand)
        return
    network = desk.networks[errand.network]
    try:
        crash_points.point("reply declared")
        published = network.publish(errand.text, errand.target, errand.key, account_id=errand.account_id)
        crash_points.point("reply answered")
    except Refused as refused:
        _refused(desk, network, errand, refused)
    except WrongAccount as wrong:  # a `Later` that must not come again by itself
        account_check.give_back(desk, network, errand, wrong)
    except Later as later:
        _put_off(desk, errand, later)
    except Unsure as unsure:
        reconcile.doubt(desk, errand, unsure.detail)
    except Exception as error:
        log.exception("reply %s: the call to %s broke", reply_id, network.title)
        reconcile.doubt(desk, errand, f"the call broke ({type(error).__name__})")
    else:
        _published(desk, errand, published)


def take(desk: Desk, reply_id: int, sender: send_checks.Standing) -> Errand | None:
    """Declare the intent; None if the account, or the reply's sender, is not to speak just now."""
    with desk.db.write() as session:
        ticket, reply = still_due(desk, session, reply_id, Delivery.QUEUED)
        at = desk.now()
        if send_checks.stops(session, ticket, reply, sender, at=at):
            return None
        silence = Budget.take(session, _breaker(ticket), at=at, interval=timedelta())
        if silence > timedelta():
            _wait_with_the_others(desk, session, ticket, reply, at + silence)
            return None
        errand = errand_of(session, ticket, reply)
        reply.take(session, worker=desk.worker, at=at, lease_until=at + LEASE, to=errand.target.post_id)
        ticket.revision += 1
        crash_points.point("reply intended")
        return errand_of(session, ticket, reply)


def _breaker(ticket: Ticket) -> str:
    """The budget that is paused when a network wants nothing from this account for a while."""
    return f"publish {ticket.network} {ticket.account_id}"


def _wait_with_the_others(
    desk: Desk, session: Session, ticket: Ticket, reply: Reply, until: datetime
) -> None:
    """Another reply of this account met a closed door: do not knock again before `until`."""
    reply.due_at = until
    network = desk.networks[ticket.network]
    trouble = network_alarms.trouble(session, network, "publishing")
    if trouble is not None and reply.reason != trouble.cause:
        thread_notices.put_off(session, network, reply, trouble, until, at=desk.now())
        reply.reason, reply.detail = trouble.cause, trouble.detail
    reply.reason = reply.reason or f"{network.title} takes nothing just now"
    ticket.revision += 1


def _give_back(desk: Desk, errand: Errand) -> None:
    """The process was held up between the intent and the call, so nothing was sent: begin anew."""
    with desk.db.write() as session:
        _ticket, reply = held(session, errand.reply_id)
        if reply.fence == errand.fence:
            at = desk.now()
            reply.put_off(session, at=at, until=at, reason="", detail="held up before the call")


def _published(desk: Desk, errand: Errand, published: Published) -> None:
    """The network says so. An answer that comes late settles what was in doubt, or given up, meanwhile."""
    with desk.db.write() as session:
        ticket, reply = held(session, errand.reply_id)
        if reply.state == Delivery.QUEUED:  # sent again by a person: stop it, it is there
            reply.move(session, Delivery.CANCELLED, at=desk.now(), act="a late answer came")
        network = desk.networks[ticket.network]
        reconcile.settle(session, network, ticket, reply, published, at=desk.now(), act=None)
        network_alarms.works(desk, session, network, "publishing", at=desk.now())
        crash_points.point("reply settled")


def _refused(desk: Desk, network: Network, errand: Errand, refused: Refused) -> None:
    """A definite no; but `duplicate` may mean that an earlier try of this very reply got there."""
    if refused.reason == "duplicate" and _is_there_already(desk, network, errand, refused):
        return
    with desk.db.write() as session:
        ticket, reply = held(session, errand.reply_id)
        if reply.fence != errand.fence:
            return
        at = desk.now()
        reply.refuse(session, at=at, reason=refused.reason, detail=refused.detail)
        ticket.revision += 1
        if refused.reason == "not summoned":
            manual_posting.hand_off(session, ticket, reply, refused.detail, at=at)
            thread_notices.handed_off(session, network, reply, at=at)
        elif refused.reason == "parent gone":
            mention = mention_of(session, ticket, reply)
            not_shown.missed(
                session, ticket, mention, how="not shown", title=network.title, at=at, is_look=False
            )
        if refused.reason != "not summoned":  # an answer that stood in the way of an outcome is over
            ticket.close_if_gone(session, title=network.title, at=at)
            thread_notices.refused(session, network, reply, at=at, is_closed=ticket.state not in OPEN)
    if refused.reason == "parent gone":
        missing_posts.look_at_siblings(desk, network, [ticket.id])


def _is_there_already(desk: Desk, network: Network, errand: Errand, refused: Refused) -> bool:
    """Look before believing `duplicate`. After an earlier try, not seeing it yet proves nothing."""
    try:
        seen = network.find_reply(
            errand.target, errand.text, errand.target.posted_at, account_id=errand.account_id
        )
    except NetworkError:
        reconcile.doubt(desk, errand, refused.detail)
        return True
    if seen is not None and reconcile.sighted(desk, errand, seen):
        return True
    if errand.tries > 1:
        reconcile.doubt(desk, errand, refused.detail)
    return errand.tries > 1


def _put_off(desk: Desk, errand: Errand, later: Later) -> None:
    """Provably nothing was said: it stays queued, and is told once why it waits."""
    with desk.db.write() as session:
        ticket, reply = held(session, errand.reply_id)
        if reply.fence != errand.fence:
            return
        at = desk.now()
        wait = _backoff(reply.tries, later.cause)
        until = max(pace.again_at(later, at=at, otherwise=wait), at + wait)
        first = reply.reason != later.cause
        reply.put_off(session, at=at, until=until, reason=later.cause, detail=later.detail)
        ticket.revision += 1
        if first:
            thread_notices.put_off(session, desk.networks[errand.network], reply, later, until, at=at)
        if later.cause in _ACCOUNT_WIDE:
            shut_until = pace.again_at(later, at=at, otherwise=MINUTE)
            Budget.pause(session, _breaker(ticket), at=at, until=shut_until)
        network_alarms.failed(desk, session, desk.networks[errand.network], "publishing", later, at=at)


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


_STEPS: dict[Delivery, Callable[[Desk, int], None]] = {
    Delivery.SENDING: reconcile.give_up_on_worker,
    Delivery.HELD: _release,
    Delivery.QUEUED: _send,
    Delivery.UNSURE: reconcile.look,
    Delivery.ASKED: reconcile.nudge,
    Delivery.HANDED_OFF: manual_posting.nudge,
    Delivery.PUBLISHED: delete_reply.work,
    Delivery.CONFIRMED: delete_reply.work,
}
