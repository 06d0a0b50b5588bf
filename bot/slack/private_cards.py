"""Ledger → Slack: cards of posts that not everybody can see are shown in private channels alone.

A private ticket has no channel until Slack says that the one in which its account's mentions are shown is
private; never `SLACK_CHANNEL` by default. If that channel is made public, shared, archived or lost, Heard's
messages about the ticket lose their words, and it waits again. Before each call that shows words the channel
is asked about once more: `private_access.check_private`.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from bot.context import BotContext
from bot.notices import private_notices
from bot.notices.private_notices import NO_CHANNEL_CAUSE, NOT_PRIVATE_CAUSE, PRIVATE_ALARM_KIND
from bot.scheduled_job import ScheduledJob
from bot.slack.errors import SlackError, SlackRefusedError
from bot.slack.lost_messages import POST_VISIBILITY_DELAY
from bot.slack.private_access import ChannelPrivacy, channel_privacy
from models import Account, Alarm, Card, Notice, Ticket
from models.privacy import routing
from models.privacy.read_access import private_channels
from models.privacy.routing import WaitingAccount
from models.tickets.state import NO_CHANNEL

log = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 15.0
TICKETS_PER_STEP = 50  # that change in one transaction


def place_waiting(ctx: BotContext) -> None:
    """Give private tickets that wait the channel of their account's mentions, where that is private."""
    with ctx.db.read() as session:
        accounts = routing.list_waiting_accounts(session)
    for account in accounts:
        if account.channel == NO_CHANNEL:
            continue
        if channel_privacy(ctx, account.channel) is not ChannelPrivacy.PRIVATE:
            continue
        moved = TICKETS_PER_STEP
        while moved == TICKETS_PER_STEP and not ctx.stop.is_set():
            with ctx.db.write() as session:
                moved = routing.move_in(session, account, at=ctx.now(), limit=TICKETS_PER_STEP)


def check_channels(ctx: BotContext) -> None:
    """Empty the channels that are private no more, and tell the team what waits for a private one."""
    with ctx.db.read() as session:
        channels = private_channels(session)
    for channel in channels:
        if channel_privacy(ctx, channel) is ChannelPrivacy.NOT_PRIVATE:
            _empty(ctx, channel)
    place_waiting(ctx)
    _report_waiting(ctx)
    ctx.cards_wake.set()


# --- a channel that is private no more ----------------------------------------------------------------------


def _empty(ctx: BotContext, channel: str) -> None:
    """Take the words of every private ticket out of `channel`; what is under way there comes next time."""
    log.warning("%s is not a private channel any more; removing what is not public from it", channel)
    last = 0
    while not ctx.stop.is_set():
        with ctx.db.read() as session:
            found = routing.list_in_channel(session, channel, limit=TICKETS_PER_STEP, after=last)
        if not found:
            return
        _settle_doubtful(ctx, channel, found)
        with ctx.db.write() as session:
            for ticket_id in found:
                ticket = Ticket.lock(session, ticket_id)
                if ticket.channel == channel:
                    routing.move_out(session, ticket, at=ctx.now())
        last = found[-1]


def _settle_doubtful(ctx: BotContext, channel: str, ticket_ids: Sequence[int]) -> None:
    """Find out about messages that may have been posted there: only what is known can be emptied."""
    at = ctx.now()
    tables: tuple[type[Card | Notice], ...] = (Card, Notice)
    for table in tables:
        with ctx.db.read() as session:
            open_ones = select(table.id, table.key, table.placing_since, table.ticket_id).where(
                table.ticket_id.in_(ticket_ids),
                table.ts.is_(None),
                table.placing_since.is_not(None),
                table.leased_until.is_(None) | (table.leased_until <= at),
            )
            doubtful = session.execute(open_ones).all()
            cards = session.execute(select(Card.ticket_id, Card.ts).where(Card.ticket_id.in_(ticket_ids)))
            threads = {ticket_id: ts for ticket_id, ts in cards}  # noqa: C416 - rows are no pairs to mypy
        for row_id, key, since, ticket_id in doubtful:
            thread_ts = threads.get(ticket_id or 0) if table is Notice else None
            _settle(ctx, table, row_id, channel, key, since=since or at, thread_ts=thread_ts)


def _settle(
    ctx: BotContext,
    table: type[Card] | type[Notice],
    row_id: int,
    channel: str,
    key: str,
    *,
    since: datetime,
    thread_ts: str | None,
) -> None:
    """Look for one message; what is not there when it must have been seen was not posted."""
    try:
        found = ctx.slack.find(channel, key, since=since.timestamp() - 60, thread_ts=thread_ts)
    except SlackRefusedError:
        found = []  # it is hidden from us, and cannot be emptied
    except SlackError:
        return
    if not found and ctx.now() - since < POST_VISIBILITY_DELAY:
        return
    with ctx.db.write() as session:
        row = session.get_one(table, row_id, with_for_update=True)
        assert isinstance(row, Card | Notice)
        if row.ts is not None or row.placing_since != since:
            return
        row.placing_since = None
        if found:
            row.ts = found[0]
            if isinstance(row, Notice):
                row.posted_in = channel


# --- what waits for a private channel -----------------------------------------------------------------------


def _report_waiting(ctx: BotContext) -> None:
    """Tell the default channel, once an account, how many wait; Home and `/mentions open` count them, too."""
    with ctx.db.read() as session:
        waiting = routing.list_waiting_accounts(session)
        keys = [alarm.key for alarm in Alarm.active(session)]
        active = {key for key in keys if key.startswith(f"{PRIVATE_ALARM_KIND} ")}
    causes = {_alarm_key(one): _cause(ctx, one) for one in waiting}
    if not (causes or active):
        return
    at = ctx.now()
    with ctx.db.write() as session:
        for key in sorted(active - causes.keys()):
            Alarm.clear(session, key)
        for one in waiting:
            cause = causes[_alarm_key(one)]
            if cause is None:
                continue
            handle = Account.handles(session).handle(one.network, one.account_id)
            sentence = private_notices.waiting_text(
                one.tickets,
                handle=handle,
                title=ctx.network_titles.get(one.network, one.network),
                track_id=one.track_id,
                channel=one.channel,
            )
            alarm = Alarm.raise_alarm(session, _alarm_key(one), cause=cause, detail=sentence, at=at)
            alarm.tell_once(session, f":lock: {sentence}", at=at, channel=ctx.settings.slack_channel)


def _alarm_key(one: WaitingAccount) -> str:
    return private_notices.private_alarm_key(one.network, one.account_id)


def _cause(ctx: BotContext, one: WaitingAccount) -> str | None:
    """Why it waits; None if nobody has to do anything, or Slack does not say."""
    if one.channel == NO_CHANNEL:
        return NO_CHANNEL_CAUSE
    is_lost = channel_privacy(ctx, one.channel) is ChannelPrivacy.NOT_PRIVATE
    return NOT_PRIVATE_CAUSE if is_lost else None


JOBS = (ScheduledJob("private channels", check_channels, CHECK_INTERVAL_SECONDS, first_delay_seconds=0),)
