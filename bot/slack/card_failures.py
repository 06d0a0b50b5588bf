"""What follows when Slack does not show a card or a notice: nothing is lost, and when it is tried again."""

import logging
from datetime import timedelta
from typing import TypeGuard

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import card_relocation
from bot.slack.client import is_direct_message
from bot.slack.errors import SlackError, SlackLaterError, SlackUnsureError
from bot.slack.private_access import NOT_PRIVATE_ERROR
from bot.slack.slack_call import BLOCKS_REJECTED_ERRORS, Shown, SlackCall
from models import Card, Notice, RateLimit, Ticket, TicketGroup
from models.grouping import members
from models.privacy import routing
from models.tickets.state import TicketState

log = logging.getLogger(__name__)

# https://docs.slack.dev/reference/methods/chat.update#errors
# The message is not there (any more), or cannot be changed: the ticket needs a new one.
_MESSAGE_GONE_ERRORS = {"message_not_found", "thread_not_found", *card_relocation.UNEDITABLE_ERRORS}
# The place is gone; the default channel takes over.
_CHANNEL_GONE_ERRORS = {"channel_not_found", "is_archived", "is_inactive", "not_in_channel"}
_PRIVATE_CHANNEL_GONE_ERRORS = {*_CHANNEL_GONE_ERRORS, NOT_PRIVATE_ERROR}

PRIVATE_RETRY_DELAY = timedelta(seconds=5)  # until a private channel that is lost is asked about again


def record_failure(ctx: BotContext, table: type[Shown], job: SlackCall, error: SlackError) -> float:
    """Nothing is lost: write down why, and when to try again. Gives how long the budget is spent."""
    at = ctx.now()
    with ctx.db.write() as session:
        elsewhere = ctx.settings.slack_channel
        if str(error) in _CHANNEL_GONE_ERRORS and job.channel != elsewhere:  # the tickets before their cards
            if table is TicketGroup:
                Ticket.lock_all(session, Ticket.group_id == job.row_id)
            elif table is Card and job.ticket_id is not None:
                card_relocation.relocate_waiting_cards(
                    session, job.channel, elsewhere, at=at, with_ticket=job.ticket_id
                )
        ticket = Ticket.lock(session, job.ticket_id) if job.ticket_id is not None else None
        row = session.get_one(table, job.row_id, with_for_update=True)
        assert isinstance(row, Shown)
        row.leased_until, row.failure = None, str(error)
        row.failures += 1
        if isinstance(error, SlackUnsureError):
            row.not_before = at + timedelta(seconds=2)
            return 0.0
        row.placing_since = job.doubtful_since
        if isinstance(error, SlackLaterError):
            row.not_before = at
            until = at + timedelta(seconds=error.seconds)
            RateLimit.pause(session, job.limit_key, at=at, until=until)
            return error.seconds
        if _may_be_image_failure(row, job):
            row.not_before, row.pictures_refused = at, job.pictures_of
            row.failure = f"posted without pictures; with them: {error}"
            log.warning("Slack rejected the pictures on a card in %s: %s", job.channel, error)
            return 0.0
        if ticket is not None and ticket.is_private and row.failure in _PRIVATE_CHANNEL_GONE_ERRORS:
            # It goes nowhere else. What is in doubt is looked for by `private_cards` before it is taken out.
            routing.move_out(session, ticket, at=at)
            row.not_before = at + PRIVATE_RETRY_DELAY
        elif isinstance(row, Notice) and _is_about_private(session, row, job):
            row.drop(session)  # it leads to a private card: it is told where it belongs, or nowhere
        else:
            row.not_before = at + _retry_delay(ctx, session, ticket, row, job)
    log.warning("Slack refused a message in %s: %s", job.channel, error)
    return 0.0


def _may_be_image_failure(row: Shown, job: SlackCall) -> TypeGuard[Card]:
    """Whether the pictures on a card may be what Slack did not take: it fetches them itself, and may fail.

    Slack answers `invalid_blocks` then, with "downloading image failed" beside it: python-slack-sdk#1782.
    """
    if not isinstance(row, Card) or job.pictures_of is None:
        return False
    return row.failure in BLOCKS_REJECTED_ERRORS or any(
        word in (row.failure or "") for word in ("image", "download")
    )


def _is_about_private(session: Session, notice: Notice, job: SlackCall) -> bool:
    """Whether it leads to the card of a private ticket, and cannot be told where it is to be told."""
    if notice.failure in BLOCKS_REJECTED_ERRORS and not job.is_plain:
        return False
    about = session.get(Ticket, notice.card_of) if notice.card_of is not None else None
    return about is not None and about.is_private


def _retry_delay(
    ctx: BotContext, session: Session, ticket: Ticket | None, row: Shown, job: SlackCall
) -> timedelta:
    """What to do about a definite no, and how long to wait before the next try."""
    if is_direct_message(job.channel) and (row.failure not in BLOCKS_REJECTED_ERRORS or job.is_plain):
        row.channel = ctx.settings.slack_channel  # they take no direct messages: their name calls them there
        return timedelta()
    elsewhere = ctx.settings.slack_channel if row.failure in _CHANNEL_GONE_ERRORS else job.channel
    if elsewhere != job.channel:
        card_relocation.announce_channel_moved(
            session, job.channel, elsewhere, row.failure or "", at=ctx.now()
        )
        if isinstance(row, TicketGroup):
            members.move_group(session, row, elsewhere, at=ctx.now())
        elif ticket is None:
            row.channel = elsewhere
        else:
            card = Card.of_ticket(session, ticket.id, ticket.channel)
            card_relocation.relocate_card(session, card, ticket, elsewhere)
        return timedelta()
    if row.failure in _MESSAGE_GONE_ERRORS and ticket is not None:
        # Else it was a line that leads to a shared card, or gets no new card.
        if ticket.group_id is None and ticket.joined_to is None and ticket.state != TicketState.MUTED:
            card_relocation.announce_new_card(session, ticket, row.failure, at=ctx.now())
        card = Card.of_ticket(session, ticket.id, ticket.channel)
        card_relocation.relocate_card(session, card, ticket, job.channel)
        return timedelta()
    if row.failure in _MESSAGE_GONE_ERRORS and isinstance(row, TicketGroup):
        row.mark_deleted(ctx.now())
        return timedelta()
    if row.failure in BLOCKS_REJECTED_ERRORS and not job.is_plain:
        return timedelta()
    return timedelta(seconds=min(5.0 * 2 ** min(row.failures, 6), 300.0))
