"""The clock that reminds the team: of what nobody has, of what is late, of what its owner has left lying.

`Ticket.nudge_at` says when to look at a ticket next, `models.tickets.reminders` what there is to say then.
What is said and that it was said are written in one transaction, with the ticket held: once, however many
workers there are. At most one thing a ticket and round; of many at once one line is made.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack.blocks.elements import permalink
from bot.slack.blocks.tickets import reminder
from bot.slack.blocks.tickets.reminder import NAMED, Said, Waiter
from bot.slack.permissions import is_group
from models import Author, Card, Mention, Notice, Ticket
from models.core.database import BusyError
from models.tickets.reminders import Rung, Step, next_step
from models.tickets.reply import SPOKEN
from models.tickets.state import State
from models.tickets.ticket import CANARY

log = logging.getLogger(__name__)

EVERY = 10.0  # seconds between two rounds
WIND_UP = 3600.0  # seconds between two looks for clocks that nobody set
BATCH = 200  # tickets in one round: they are held together
BUSY = timedelta(minutes=1)  # until a ticket is looked at again that somebody is at


@dataclass(frozen=True, slots=True)
class _Due:
    """One ticket of which something is to be said."""

    step: Step
    waiter: Waiter


def tick(desk: Desk) -> None:
    """Say what is to be said now."""
    at = desk.now()
    with desk.db.read() as session:
        due = select(Ticket.id).where(Ticket.nudge_at <= at).order_by(Ticket.nudge_at, Ticket.id).limit(BATCH)
        found = sorted(session.scalars(due))
    if not found:
        return
    try:
        _round(desk, found, at)
    except (BusyError, OperationalError):
        raise
    except Exception:
        log.exception("a round of reminders failed; the tickets are taken one by one")
        for ticket_id in found:
            _alone(desk, ticket_id, at)
    desk.board_bell.set()


def wind_up(desk: Desk) -> None:
    """Set the clocks of tickets that have none, such as those from before there were reminders."""
    unset = (
        Ticket.is_open() & (Ticket.state == State.WAITING) & Ticket.nudge_at.is_(None) & (Ticket.nudges == 0)
    )
    mine = update(Ticket).where(unset, Ticket.due_at.is_not(None), Ticket.network != CANARY)
    with desk.db.write() as session:
        session.execute(mine.values(nudge_at=Ticket.due_at), execution_options={"synchronize_session": False})


def _alone(desk: Desk, ticket_id: int, at: datetime) -> None:
    """One ticket that goes wrong must not stop the clocks of the others."""
    try:
        _round(desk, [ticket_id], at)
    except (BusyError, OperationalError):
        raise
    except Exception:
        log.exception("ticket %s: nobody could be reminded; it is tried again", ticket_id)
        with desk.db.write() as session:
            Ticket.hold(session, ticket_id).nudge_at = at + BUSY


def _round(desk: Desk, ticket_ids: Iterable[int], at: datetime) -> None:
    by_rung: dict[Rung, list[Waiter]] = defaultdict(list)
    with desk.db.write() as session:
        for ticket_id in ticket_ids:
            ticket = Ticket.hold_if_free(session, ticket_id)
            if ticket is not None and ticket.nudge_at is not None and ticket.nudge_at <= at:
                rung = _advance(desk, session, ticket, at)
                if rung is not None:
                    by_rung[rung].append(waiter(desk, session, ticket))
        for rung, many in by_rung.items():
            _SAY[rung](desk, session, many, at)


def _advance(desk: Desk, session: Session, ticket: Ticket, at: datetime) -> Rung | None:
    """Move the ticket's clock on; what is to be said of it now, if anything."""
    if ticket.state != State.WAITING or ticket.network == CANARY:
        ticket.nudge_at = None
        return None
    if _is_at_work(session, ticket, at):
        ticket.nudge_at = at + BUSY
        return None
    step = next_step(ticket, at=at, promise=desk.promise, claim_holds=desk.claim_holds)
    if step.say not in {None, Rung.OVERDUE} and ticket.unsettled(session):
        ticket.nudge_at = at + BUSY  # whose reply it is is told of that reply, in its thread
        return None
    if step.say == Rung.OVERDUE:
        ticket.breach(session, at=at)
    ticket.nudges, ticket.nudge_at = int(step.nudges), step.again
    return step.say


def _is_at_work(session: Session, ticket: Ticket, at: datetime) -> bool:
    """Whether somebody or something is at it, or its card is not there yet: a reminder leads to the card.

    A reply that goes no further by itself does not count: its customer waits all the same.
    """
    live = ticket.live_reply(session)
    is_answered = live is not None and live.state in SPOKEN
    if ticket.is_composed(at) or is_answered or any(one.is_moving for one in ticket.unsettled(session)):
        return True
    return session.scalar(select(Card.ts).where(Card.ticket_id == ticket.id)) is None


def waiter(desk: Desk, session: Session, ticket: Ticket) -> Waiter:
    """The author of a ticket, as a reminder shows them."""
    author = session.get_one(Author, ticket.author_id)
    card = session.scalar(select(Card).where(Card.ticket_id == ticket.id))
    target = session.scalar(
        select(Mention).where(Mention.ticket_id == ticket.id, Mention.post_id == ticket.target_post_id)
    )
    network = desk.networks.get(ticket.network)
    url = permalink(desk.slack.workspace, card.channel, card.ts) if card is not None else ""
    return Waiter(
        ticket=ticket,
        handle=author.handle,
        title=network.title if network is not None else ticket.network,
        words=target.shown if target is not None else "",
        url=url,
        has_reply=bool(ticket.unsettled(session)),
        mention_id=target.id if target is not None else None,
        post_id=ticket.target_post_id,
    )


# --- saying it ----------------------------------------------------------------------------------------------


def _say_half(desk: Desk, session: Session, many: Sequence[Waiter], at: datetime) -> None:
    """In each one's own thread, so never too many in one place."""
    del desk
    for one in many:
        text, blocks = reminder.nobody_has_it(one.ticket.due_at or at)
        Notice.tell(session, text, blocks=blocks, at=at, ticket_id=one.ticket.id)


def _say_overdue(desk: Desk, session: Session, many: Sequence[Waiter], at: datetime) -> None:
    """In the channel of each, and to the owners of those that have one.

    Who has replied is not told that nothing happened: they were told of their reply, in its thread.
    """
    for channel, here in _grouped(many, lambda one: one.ticket.channel).items():
        if len(here) > NAMED:
            _tell(session, channel, [reminder.all_overdue(here, at)], at=at)
        for one in here if len(here) <= NAMED else ():
            _tell(session, channel, [reminder.overdue(one, at)], at=at, about=one)
    _say_to_owners(desk, session, [one for one in many if one.ticket.owner and not one.has_reply], at)


def _say_to_owners(desk: Desk, session: Session, many: Sequence[Waiter], at: datetime) -> None:
    del desk
    for owner, theirs in _grouped(many, lambda one: one.ticket.owner or "").items():
        if len(theirs) > NAMED:
            _tell(session, owner, [reminder.all_quiet(theirs, owner, at)], at=at)
        for one in theirs if len(theirs) <= NAMED else ():
            _tell(session, owner, [reminder.quiet(one, owner, at)], at=at, about=one)


def _say_lapsed(desk: Desk, session: Session, many: Sequence[Waiter], at: datetime) -> None:
    """To the backup: one person directly; a group, which takes no direct messages, where the cards are."""
    backup = desk.settings.backup
    if backup is None:
        return
    name = f"<!subteam^{backup}>" if is_group(backup) else f"<@{backup}>"
    places = _grouped(many, lambda one: one.ticket.channel if is_group(backup) else backup)
    for place, here in places.items():
        if len(here) > NAMED:
            _tell(session, place, [reminder.all_lapsed(here, name, at)], at=at)
        for one in here if len(here) <= NAMED else ():
            _tell(session, place, [reminder.lapsed(one, name, at)], at=at, about=one)


def _tell(
    session: Session, channel: str, said: Iterable[Said], *, at: datetime, about: Waiter | None = None
) -> None:
    """Say it in `channel`; `about` is whose words are quoted, if they are."""
    quotes = [about.mention_id] if about is not None and about.mention_id is not None else []
    for text, blocks in said:
        Notice.tell(session, text, blocks=blocks, at=at, channel=channel, quotes=quotes)


def _grouped(many: Sequence[Waiter], key: Callable[[Waiter], str]) -> dict[str, list[Waiter]]:
    groups: dict[str, list[Waiter]] = defaultdict(list)
    for one in many:
        groups[key(one)].append(one)
    return groups


_SAY: dict[Rung, Callable[[Desk, Session, Sequence[Waiter], datetime], None]] = {
    Rung.HALF: _say_half,
    Rung.OVERDUE: _say_overdue,
    Rung.OWNER: _say_to_owners,
    Rung.LAPSED: _say_lapsed,
}
