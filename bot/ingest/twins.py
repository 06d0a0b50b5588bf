"""New tickets whose posts are twins are joined: the same words by the same person on another network."""

import logging
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import reading_notices
from bot.scheduled_job import ScheduledJob
from models import Mention, Ticket
from models.core.database import BusyError
from models.twins.detection import TwinPair, find_twins
from models.twins.joining import join
from models.twins.rule import TWIN_WINDOW

log = logging.getLogger(__name__)

CHECK_INTERVAL_SECONDS = 5.0
RECENT_MAX_POSTS = 2_000
# What came that long ago is looked at again: another worker may have read its twin at the same moment, a card
# may have been on its way, and the handle of an author may have come later.
CHECK_WINDOW = TWIN_WINDOW + timedelta(minutes=5)


def join_new(ctx: BotContext, ticket_ids: Collection[int]) -> None:
    """Join the twins among those tickets and others that wait, each pair in a transaction of its own.

    Called when the page that opened them is committed, so that no ticket is held while this waits for others.
    Raises what the database raises.
    """
    if len(ctx.networks) < 2:  # noqa: PLR2004 - a twin is on another network
        return
    with ctx.db.read() as session:
        pairs = find_twins(session, ticket_ids)
    for pair in pairs:
        try:
            with ctx.db.write() as session:
                _join_pair(ctx, session, pair, waits=True)
            ctx.cards_wake.set()
        except (BusyError, OperationalError):
            raise
        except Exception:
            log.exception("ticket %s could not be joined to ticket %s", pair.twin_id, pair.first_id)


def join_in_page(ctx: BotContext, session: Session, ticket_ids: Collection[int]) -> None:
    """Do the same in the transaction that opens those tickets, so that no card is drawn for a twin before.

    It waits for no lock, since it holds the tickets of the page; what is left out, `join_new` does.
    """
    if len(ctx.networks) < 2:  # noqa: PLR2004 - a twin is on another network
        return
    session.flush()
    try:
        with session.begin_nested():
            for pair in find_twins(session, ticket_ids):
                _join_pair(ctx, session, pair, waits=False)
    except (BusyError, OperationalError):
        raise
    except Exception:
        log.exception("new tickets could not be compared with those of other networks")


def _join_pair(ctx: BotContext, session: Session, pair: TwinPair, *, waits: bool) -> None:
    if join(session, pair, at=ctx.now(), waits=waits):
        twin = session.get_one(Ticket, pair.twin_id)
        title = ctx.network_titles.get(twin.network, twin.network)
        reading_notices.post_twin_pointer(session, twin, title, at=ctx.now())
        log.info("ticket %s was joined to ticket %s", pair.twin_id, pair.first_id)


def try_join_new(ctx: BotContext, ticket_ids: Collection[int]) -> None:
    """Do the same; what fails is tried again by `join_recent`."""
    try:
        join_new(ctx, ticket_ids)
    except Exception:
        log.exception("new tickets could not be compared with those of other networks")


def join_recent(ctx: BotContext) -> None:
    """Join what was heard in the last minutes, if it was on several networks; in a storm the newest."""
    recent = Mention.seen_at >= ctx.now() - CHECK_WINDOW
    with ctx.db.read() as session:
        if len(session.scalars(select(Mention.network).where(recent).distinct().limit(2)).all()) < 2:  # noqa: PLR2004
            return
        newest = select(Mention.ticket_id).where(recent).order_by(Mention.id.desc()).limit(RECENT_MAX_POSTS)
        ticket_ids = set(session.scalars(newest))
    join_new(ctx, ticket_ids)


JOBS = (ScheduledJob("twins", join_recent, CHECK_INTERVAL_SECONDS),)
