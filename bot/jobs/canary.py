"""A mention that nobody made, every five minutes, to see that whatever we hear is shown within a minute.

It goes the way of every mention from the ledger on: page, ticket, card, Slack, in a channel of its own.
That networks are read is watched elsewhere (`heard_poll_age_seconds`): somebody would have to post there.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices.alarm_lines import channel_line
from bot.scheduled_job import ScheduledJob
from bot.slack.blocks.elements import format_duration
from models import Alarm, Card, Ticket
from models.core.audit_event import HEARD_ACTOR
from models.core.office_hours import ALWAYS_OPEN
from models.core.sla import SlaPolicy
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ingest import ingest_page
from models.tickets.state import OPEN_STATES
from models.tickets.ticket import CANARY_NETWORK

log = logging.getLogger(__name__)

CANARY_INTERVAL = timedelta(minutes=5)
SHOWN_DEADLINE = timedelta(minutes=1)
CHECK_INTERVAL_SECONDS = 15.0  # seconds between two looks at it
CANARY_TEXT = "This is an automatic test mention. If it stops appearing, Heard isn't delivering."


def check(ctx: BotContext) -> None:
    """See whether the last one was shown, and send the next one when it is time."""
    channel, at = ctx.settings.canary_channel or ctx.settings.slack_channel, ctx.now()
    with ctx.db.write() as session:
        found = session.scalar(select(Ticket.id).where(Ticket.network == CANARY_NETWORK))
        ticket = None if found is None else Ticket.lock(session, found)
        if ticket is not None and ticket.state in OPEN_STATES:
            _check_shown(ctx, session, ticket, at=at)
        elif ticket is None or ticket.waiting_since + CANARY_INTERVAL <= at:
            _send_canary(
                session,
                IngestTarget(
                    CANARY_NETWORK, CANARY_NETWORK, channel, SlaPolicy(ALWAYS_OPEN, CANARY_INTERVAL)
                ),
                at=at,
            )
    ctx.cards_wake.set()


def _send_canary(session: Session, place: IngestTarget, *, at: datetime) -> None:
    post = f"{int(at.timestamp())}"
    said = IncomingPost(
        post,
        post,
        CANARY_NETWORK,
        CANARY_NETWORK,
        CANARY_TEXT,
        at,
        "https://example.com/canary",
        "the canary",
    )
    ingest_page(session, [said], place, at=at)


def _check_shown(ctx: BotContext, session: Session, ticket: Ticket, *, at: datetime) -> None:
    """Shown: over until the next one. Not shown in time: the team is told, once, where it looks."""
    since = ticket.waiting_since
    card = session.scalar(select(Card).where(Card.ticket_id == ticket.id))
    if card is not None and card.ts is not None and ticket.drawn_revision >= ticket.revision:
        ticket.close_not_about_us(session, by=HEARD_ACTOR, at=at)
        Alarm.clear(session, CANARY_NETWORK)
    elif at - since > SHOWN_DEADLINE:
        late = format_duration(at - since)
        log.warning("the test mention was not shown in Slack for %s", late)
        alarm = Alarm.raise_alarm(session, CANARY_NETWORK, cause="not shown", detail=late, at=at)
        alarm.tell_once(session, channel_line(alarm), at=at, channel=ctx.settings.slack_channel)


JOBS = (
    ScheduledJob(
        "canary",
        check,
        CHECK_INTERVAL_SECONDS,
        first_delay_seconds=0,
        is_enabled=lambda settings: settings.canary_channel is not None,
    ),
)
