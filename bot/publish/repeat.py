"""One more send of a reply that may be public, by the bot itself, where its network makes one post of both.

Whatever comes of it, no third call follows. Which networks have a rule for it, and why, is in their own files
(`Publisher.repeat_rule`).
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.errors import NetworkError
from bot.networks.values import PublishedReply, RepeatRule
from bot.publish.locked_reply import LEASE_MIN_REMAINING, PublishJob, as_publisher, publish_limit_key
from bot.publish.send_checks import find_audience_change
from bot.runtime import crash_points
from models import Event, Mention, Pause, RateLimit, Reply, Ticket

log = logging.getLogger(__name__)

REPEAT_LEASE = timedelta(seconds=12)  # nobody looks for it meanwhile; longer than a whole call (8 s)


def is_due(
    session: Session, ticket: Ticket, reply: Reply, rule: RepeatRule, network: Network, *, at: datetime
) -> bool:
    """Whether an unsure reply may be sent once more, after another look that found nothing.

    `network` is the connection of its account. A reply is unsure only as long as nothing ever showed it: a
    sight would have settled it. The caller holds the ticket, and notes the repeat in the same transaction.
    """
    if reply.repeated or not reply.frozen or reply.sent_at is None:
        return False
    if reply.looks + 1 < rule.looks or not rule.earliest <= at - reply.sent_at <= rule.latest:
        return False
    mention = Mention.load(session, ticket.id, reply.to_post_id)
    if mention.is_missing or find_audience_change(session, ticket, reply, network) is not None:
        return False
    is_shut = RateLimit.is_paused(
        session, publish_limit_key(reply.network_on(ticket), reply.account_id), at=at
    )
    return not is_shut and Pause.current(session) is None


def record(session: Session, reply: Reply, *, at: datetime) -> None:
    """Note that it is sent once more, which the caller commits before it opens a socket."""
    reply.repeated = True
    Event.record(session, "sent once more", at=at, ticket_id=reply.ticket_id, reply_id=reply.id)


def send(
    ctx: BotContext, network: Network, job: PublishJob, rule: RepeatRule, lease_until: datetime
) -> PublishedReply | None:
    """Send exactly the same once more, with no transaction open; None: it is as unsure as before."""
    at = ctx.now()
    if lease_until - at < LEASE_MIN_REMAINING or at - job.started_at > rule.latest:
        log.warning("reply %s: held up before it could be repeated", job.reply_id)
        return None
    crash_points.reach("repeat declared")
    try:
        published = as_publisher(network).repeat(
            job.target, job.key, account_id=job.account_id, frozen=job.frozen or ""
        )
    except NetworkError as error:
        log.warning("reply %s: repeating it settled nothing: %s", job.reply_id, error)
        return None
    except Exception:
        log.exception("reply %s: the repeat failed unexpectedly", job.reply_id)
        return None
    crash_points.reach("repeat answered")
    return published
