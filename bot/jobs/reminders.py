"""The clock that reminds the team: of what nobody has, of what is late, of what its owner has left lying.

`Ticket.nudge_at` says when to look at a ticket next, `models.tickets.reminders` what there is to say then.
What is said and that it was said are written in one transaction, with the ticket held: once, however many
workers there are. At most one thing a ticket and round; of many at once one line is made.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices.private_notices import PRIVATE_TEXT
from bot.scheduled_job import ScheduledJob
from bot.slack.blocks.elements import permalink
from bot.slack.blocks.tickets import reminder
from bot.slack.blocks.tickets.reminder import NAMES_LISTED_MAX, ReminderMessage, WaitingAuthor
from bot.slack.sender_permissions import is_group
from models import Author, Mention, Notice, Ticket, TicketGroup
from models.core.database import BusyError
from models.grouping.card_place import find_place
from models.tickets.delivery_state import PUBLIC_STATES
from models.tickets.reminders import next_reminder
from models.tickets.state import ReminderLevel, TicketState
from models.tickets.ticket import CANARY_NETWORK

log = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 10.0  # seconds between two rounds
CLOCK_INIT_INTERVAL_SECONDS = 3600.0  # seconds between two looks for clocks that nobody set
TICKETS_PER_ROUND = 200  # tickets in one round: they are held together
BUSY_RECHECK_DELAY = timedelta(minutes=1)  # until a ticket is looked at again that somebody is at


def send_due(ctx: BotContext) -> None:
    """Say what is to be said now."""
    at = ctx.now()
    with ctx.db.read() as session:
        due = (
            select(Ticket.id)
            .where(Ticket.nudge_at <= at)
            .order_by(Ticket.nudge_at, Ticket.id)
            .limit(TICKETS_PER_ROUND)
        )
        found = sorted(session.scalars(due))
    if not found:
        return
    try:
        _run_round(ctx, found, at)
    except (BusyError, OperationalError):
        raise
    except Exception:
        log.exception("a round of reminders failed; trying the tickets one by one")
        for ticket_id in found:
            _run_safely(ctx, ticket_id, at)
    ctx.cards_wake.set()


def start_missing_clocks(ctx: BotContext) -> None:
    """Set the clocks of tickets that have none, such as those from before there were reminders."""
    unset = (
        Ticket.is_open()
        & (Ticket.state == TicketState.WAITING)
        & Ticket.nudge_at.is_(None)
        & (Ticket.nudges == 0)
    )
    mine = update(Ticket).where(unset, Ticket.due_at.is_not(None), Ticket.network != CANARY_NETWORK)
    with ctx.db.write() as session:
        session.execute(mine.values(nudge_at=Ticket.due_at), execution_options={"synchronize_session": False})


def _run_safely(ctx: BotContext, ticket_id: int, at: datetime) -> None:
    """One ticket that goes wrong must not stop the clocks of the others."""
    try:
        _run_round(ctx, [ticket_id], at)
    except (BusyError, OperationalError):
        raise
    except Exception:
        log.exception("ticket %s: could not send its reminders; trying again later", ticket_id)
        with ctx.db.write() as session:
            Ticket.lock(session, ticket_id).nudge_at = at + BUSY_RECHECK_DELAY


def _run_round(ctx: BotContext, ticket_ids: Iterable[int], at: datetime) -> None:
    by_level: dict[ReminderLevel, list[WaitingAuthor]] = defaultdict(list)
    with ctx.db.write() as session:
        for ticket_id in ticket_ids:
            ticket = Ticket.lock_if_free(session, ticket_id)
            if ticket is not None and ticket.nudge_at is not None and ticket.nudge_at <= at:
                level = _advance_clock(ctx, session, ticket, at)
                if level is not None:
                    by_level[level].append(waiter_of(ctx, session, ticket))
        for level, many in by_level.items():
            _NOTIFY_BY_LEVEL[level](ctx, session, many, at)


def _advance_clock(ctx: BotContext, session: Session, ticket: Ticket, at: datetime) -> ReminderLevel | None:
    """Move the ticket's clock on; what is to be said of it now, if anything."""
    if ticket.state != TicketState.WAITING or ticket.network == CANARY_NETWORK:
        ticket.nudge_at = None
        return None
    if _is_being_handled(session, ticket, at):
        ticket.nudge_at = at + BUSY_RECHECK_DELAY
        return None
    sla_policy = ctx.sla_policy(session, ticket.channel)
    step = next_reminder(ticket, at=at, sla_policy=sla_policy, claim_holds=ctx.claim_duration)
    if step.reminder not in {None, ReminderLevel.OVERDUE} and ticket.unsettled(session):
        ticket.nudge_at = at + BUSY_RECHECK_DELAY  # whose reply it is is told of that reply, in its thread
        return None
    if step.reminder == ReminderLevel.OVERDUE:
        ticket.record_breach(session, at=at)
    ticket.nudges, ticket.nudge_at = int(step.nudges), step.check_at
    return step.reminder


def _is_being_handled(session: Session, ticket: Ticket, at: datetime) -> bool:
    """Whether somebody or something is at it, or its card is not there yet: a reminder leads to the card.

    A reply that goes no further by itself does not count: its customer waits all the same.
    """
    live = ticket.live_reply(session)
    is_answered = live is not None and live.state in PUBLIC_STATES
    if ticket.is_composed(at) or is_answered or any(one.is_moving for one in ticket.unsettled(session)):
        return True
    return find_place(session, ticket.id)[1] is None


def waiter_of(ctx: BotContext, session: Session, ticket: Ticket) -> WaitingAuthor:
    """The author of a ticket, as a reminder shows them.

    Of a private one without name and words: a reminder stays where it is when its channel or its reader has
    changed.
    """
    target = Mention.find(session, ticket.id, ticket.target_post_id)
    author = session.get_one(Author, target.author_id if target is not None else ticket.author_id)
    name = target.network if target is not None else ticket.network
    url = permalink(ctx.slack.workspace, *find_place(session, ticket.id))
    return WaitingAuthor(
        ticket=ticket,
        handle=None if ticket.is_private else author.handle,
        title=ctx.network_titles.get(name, name),
        words=PRIVATE_TEXT if ticket.is_private else target.display_text if target is not None else "",
        url=url,
        has_reply=bool(ticket.unsettled(session)),
        mention_id=target.id if target is not None and not ticket.is_private else None,
        post_id=ticket.target_post_id,
    )


# --- saying it ----------------------------------------------------------------------------------------------


def _notify_half(ctx: BotContext, session: Session, many: Sequence[WaitingAuthor], at: datetime) -> None:
    """In each one's own thread, so never too many in one place: not of those that share a card."""
    del ctx
    for one in many:
        if one.ticket.group_id is not None:
            continue
        text, blocks = reminder.unclaimed_message(one.ticket.due_at or at)
        Notice.enqueue(session, text, blocks=blocks, at=at, ticket_id=one.ticket.id)


def _notify_overdue(ctx: BotContext, session: Session, many: Sequence[WaitingAuthor], at: datetime) -> None:
    """In the channel of each, and to the owners of those that have one.

    Who has replied is not told that nothing happened: they were told of their reply, in its thread.
    """
    _notify_overdue_groups(ctx, session, [one for one in many if one.ticket.group_id is not None], at)
    alone = [one for one in many if one.ticket.group_id is None]
    for channel, here in _group_by(alone, lambda one: one.ticket.channel).items():
        if len(here) > NAMES_LISTED_MAX:
            _post_notice(session, channel, reminder.many_overdue_message(here, at), here, at=at)
        for one in here if len(here) <= NAMES_LISTED_MAX else ():
            _post_notice(session, channel, reminder.overdue_message(one, at), [one], at=at)
    _notify_owners(ctx, session, [one for one in many if one.ticket.owner and not one.has_reply], at)


def _notify_overdue_groups(
    ctx: BotContext, session: Session, many: Sequence[WaitingAuthor], at: datetime
) -> None:
    """In the channel of each shared card, once, however many of its tickets become overdue one by one."""
    for group_id in sorted({one.ticket.group_id for one in many if one.ticket.group_id is not None}):
        group = TicketGroup.lock(session, group_id)
        if group.overdue_told_at is None:
            group.overdue_told_at = at
            late = select(func.count(Ticket.id)).where(
                Ticket.group_id == group_id, Ticket.state == TicketState.WAITING, Ticket.due_at < at
            )
            url = permalink(ctx.slack.workspace, group.channel, group.ts)
            said = reminder.group_overdue_message(session.scalar(late) or 0, url)
            _post_notice(session, group.channel, said, (), at=at)


def _notify_owners(ctx: BotContext, session: Session, many: Sequence[WaitingAuthor], at: datetime) -> None:
    del ctx
    for owner, theirs in _group_by(many, lambda one: one.ticket.owner or "").items():
        if len(theirs) > NAMES_LISTED_MAX:
            _post_notice(session, owner, reminder.many_inactive_message(theirs, owner, at), theirs, at=at)
        for one in theirs if len(theirs) <= NAMES_LISTED_MAX else ():
            _post_notice(session, owner, reminder.inactive_message(one, owner, at), [one], at=at)


def _notify_lapsed(ctx: BotContext, session: Session, many: Sequence[WaitingAuthor], at: datetime) -> None:
    """To the backup: one person directly; a group, which takes no direct messages, where the cards are."""
    backup = ctx.settings.backup
    if backup is None:
        return
    name = f"<!subteam^{backup}>" if is_group(backup) else f"<@{backup}>"
    # Of a private ticket only its channel is told, whoever the backup is.
    in_channel = is_group(backup)
    places = _group_by(
        many, lambda one: one.ticket.channel if in_channel or one.ticket.is_private else backup
    )
    for place, here in places.items():
        if len(here) > NAMES_LISTED_MAX:
            _post_notice(session, place, reminder.claims_expired_message(here, name, at), here, at=at)
        for one in here if len(here) <= NAMES_LISTED_MAX else ():
            _post_notice(session, place, reminder.claim_expired_message(one, name, at), [one], at=at)


def _post_notice(
    session: Session, channel: str, said: ReminderMessage, about: Sequence[WaitingAuthor], *, at: datetime
) -> None:
    """Say it in `channel`; of one alone their words are quoted.

    What is about a private card goes nowhere else.
    """
    text, blocks = said
    quotes = [one.mention_id for one in about if one.mention_id is not None] if len(about) == 1 else []
    card_of = next((one.ticket.id for one in about if one.ticket.is_private), None)
    Notice.enqueue(session, text, blocks=blocks, at=at, channel=channel, quotes=quotes, card_of=card_of)


def _group_by(
    many: Sequence[WaitingAuthor], key: Callable[[WaitingAuthor], str]
) -> dict[str, list[WaitingAuthor]]:
    groups: dict[str, list[WaitingAuthor]] = defaultdict(list)
    for one in many:
        groups[key(one)].append(one)
    return groups


_NOTIFY_BY_LEVEL: dict[
    ReminderLevel, Callable[[BotContext, Session, Sequence[WaitingAuthor], datetime], None]
] = {
    ReminderLevel.HALF: _notify_half,
    ReminderLevel.OVERDUE: _notify_overdue,
    ReminderLevel.OWNER: _notify_owners,
    ReminderLevel.LAPSED: _notify_lapsed,
}


JOBS = (
    ScheduledJob("nudges", send_due, CHECK_INTERVAL_SECONDS),
    ScheduledJob("clocks", start_missing_clocks, CLOCK_INIT_INTERVAL_SECONDS, first_delay_seconds=0),
)
