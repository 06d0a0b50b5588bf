"""Ledger → Slack: messages that quote a post whose words had to go are redrawn without them.

The ledger's rows were redacted with the post (`Notice.redact`); here Slack follows. Cards are redrawn by
`cards`, and Home tabs by `home_tab`.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.slack import call_budget, cards
from bot.slack.client import is_direct_message
from bot.slack.errors import SlackError, SlackRefusedError
from models import Card, Notice

log = logging.getLogger(__name__)

MESSAGES_PER_ROUND = 40  # messages in one round
# In an archived channel nothing can be changed, and its words show again once it is unarchived:
# https://docs.slack.dev/reference/methods/chat.update
_FROZEN_ERRORS = {"is_inactive", "is_archived"}
_FROZEN_RETRY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _StaleMessage:
    """One message to be redrawn: where Slack has it, and as what."""

    notice_id: int
    channel: str | None
    ts: str
    key: str
    text: str
    blocks: list[dict[str, Any]]


def redraw_stale(ctx: BotContext) -> None:
    """Redraw what is stale. To redraw twice does no harm; what fails is tried in the next round."""
    for message in _stale_messages(ctx):
        if ctx.stop.is_set():
            return
        if message.channel is None:
            log.warning("notice %s can't be updated: its place in Slack is unknown", message.notice_id)
            _record_redrawn(ctx, message)
            continue
        with ctx.db.write() as session:
            if call_budget.reserve_update(ctx, session, at=ctx.now()) > 0:
                return
        try:
            ctx.slack.update(message.channel, message.ts, message.text, message.blocks, key=message.key)
        except SlackRefusedError as error:  # deleted, or not to be changed any more
            if error.error in _FROZEN_ERRORS:
                _put_off(ctx, message)
                return
            log.warning("notice %s can't be updated: %s", message.notice_id, error.error)
        except SlackError as error:
            log.info("notice %s will be updated later: %s", message.notice_id, error)
            return
        _record_redrawn(ctx, message)


def _stale_messages(ctx: BotContext) -> list[_StaleMessage]:
    query = select(Notice, Card.channel).outerjoin(Card, Card.ticket_id == Notice.ticket_id)
    query = query.where(Notice.is_stale, Notice.ts.is_not(None))
    query = query.where(Notice.not_before.is_(None) | (Notice.not_before <= ctx.now()))
    query = query.order_by(Notice.id).limit(MESSAGES_PER_ROUND)
    with ctx.db.read() as session:
        return [_build_message(ctx, session, notice, channel) for notice, channel in session.execute(query)]


def _build_message(ctx: BotContext, session: Session, notice: Notice, card: str | None) -> _StaleMessage:
    """Where it is: as Slack said; of a message from before that was noted, where it was to go."""
    meant = notice.posted_in or card or notice.channel or ctx.settings.slack_channel
    return _StaleMessage(
        notice_id=notice.id,
        channel=None if is_direct_message(meant) else meant,
        ts=notice.ts or "",
        key=notice.key,
        text=cards.with_card_link(ctx, session, notice),
        blocks=list(notice.blocks or []),
    )


def _put_off(ctx: BotContext, message: _StaleMessage) -> None:
    """Its channel is archived: try again later, with all that is stale there."""
    log.info("what is stale in %s can't be updated while it is archived", message.channel)
    is_there = (Notice.id == message.notice_id) | (Notice.posted_in == message.channel)
    with ctx.db.write() as session:
        session.execute(
            update(Notice)
            .where(Notice.is_stale, Notice.ts.is_not(None), is_there)
            .values(not_before=ctx.now() + _FROZEN_RETRY)
        )


def _record_redrawn(ctx: BotContext, message: _StaleMessage) -> None:
    """Slack shows it so, unless more had to go meanwhile."""
    with ctx.db.write() as session:
        notice = session.get_one(Notice, message.notice_id, with_for_update=True)
        if list(notice.blocks or []) == message.blocks:
            notice.is_stale = False
