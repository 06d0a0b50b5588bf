"""A mention that nobody made, every five minutes, to see that whatever we hear is shown within a minute.

It takes the way of every mention from the ledger on: page, ticket, board, Slack, in a channel of its own.
That networks are read is watched elsewhere (`heard_poll_age_seconds`): somebody would have to post there.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import Desk
from bot.slack.blocks.elements import duration
from models import Alarm, Card, Ticket
from models.core.audit_event import HEARD
from models.core.office_hours import ALWAYS
from models.tickets.ingest import Place, Said, take_in
from models.tickets.sla import Promise
from models.tickets.state import OPEN
from models.tickets.ticket import CANARY

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
WITHIN = timedelta(minutes=1)
LOOK = 15.0  # seconds between two looks at it
WORDS = "I am a canary: nobody made this mention. While I sing, what Heard hears is shown in Slack."


def listen(desk: Desk) -> None:
    """See whether the last one was shown, and send the next one when it is time."""
    channel, at = desk.settings.canary_channel or desk.settings.slack_channel, desk.now()
    with desk.db.write() as session:
        found = session.scalar(select(Ticket.id).where(Ticket.network == CANARY))
        ticket = None if found is None else Ticket.hold(session, found)
        if ticket is not None and ticket.state in OPEN:
            _look(desk, session, ticket, at=at)
        elif ticket is None or ticket.waiting_since + EVERY <= at:
            _sing(session, Place(CANARY, CANARY, channel, Promise(ALWAYS, EVERY)), at=at)
    desk.board_bell.set()


def _sing(session: Session, place: Place, *, at: datetime) -> None:
    post = f"{int(at.timestamp())}"
    said = Said(post, post, CANARY, CANARY, WORDS, at, "https://example.com/canary", "the canary")
    take_in(session, [said], place, at=at)


def _look(desk: Desk, session: Session, ticket: Ticket, *, at: datetime) -> None:
    """Shown: over until the next one. Not shown in time: the team is told, once, where it looks."""
    since = ticket.waiting_since
    card = session.scalar(select(Card).where(Card.ticket_id == ticket.id))
    if card is not None and card.ts is not None and ticket.drawn_revision >= ticket.revision:
        ticket.not_about_us(session, by=HEARD, at=at)
        Alarm.clear(session, CANARY)
    elif at - since > WITHIN:
        late = duration(at - since)
        log.warning("the canary was not shown in Slack for %s", late)
        alarm = Alarm.ring(session, CANARY, cause="not shown", detail=late, at=at)
        sentence = f":rotating_light: {in_a_line(late)}"
        alarm.tell_once(session, sentence, at=at, channel=desk.settings.slack_channel)


def in_a_line(late: str) -> str:
    """That the canary was not shown for as long as `late` says, and what to do."""
    return (
        f"A test mention was not shown in Slack for {late}, so real ones may not be either. "
        "What waits is in `/mentions open`, and `/mentions doctor` says more."
    )
