"""A clock that was set back: noticed, repaired in the ledger, and told.

On SQLite this machine's clock is what everything waits by. On PostgreSQL the database's is.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices.alarm_lines import CLOCK_ALARM_KEY, channel_line
from bot.runtime.clock import SET_BACK_THRESHOLD
from bot.slack.blocks.elements import format_duration
from models import Alarm, Cursor, Notice
from models.core.clock_set_back import shift_waits
from models.core.database import Database

log = logging.getLogger(__name__)

ALARM_CAUSE = "set back"
ALARM_RETENTION = timedelta(days=1)  # how long the doctor tells of it


def repair(ctx: BotContext) -> None:
    """Bring the ledger's waits along where the clock was set back since the last time; else do nothing.

    Called by each loop before it works: within two seconds, then. Raises what the database raises.
    """
    at = ctx.now()
    step = ctx.clock.take_step()
    if not step or not ctx.db.is_sqlite:
        return
    try:
        with ctx.db.write() as session:
            _shift_waits(session, at=at, step=step)
    except Exception:
        ctx.clock.restore_step(step)
        raise
    ctx.wake_loops()


def repair_at_start(database: Database, *, at: datetime) -> None:
    """The same, for what happened while no Heard ran; known by the last reading."""
    step = time_behind(database, at=at)
    if step is not None and database.is_sqlite:
        with database.write() as session:
            _shift_waits(session, at=at, step=step)


def time_behind(database: Database, *, at: datetime) -> timedelta | None:
    """How far `at` lies behind the last reading, if the clock must have been set back since."""
    with database.read(2.0) as session:
        last = Cursor.last_known_time(session)
    return last - at if last is not None and last - at > SET_BACK_THRESHOLD else None


def recent_alarm(session: Session, *, at: datetime) -> Alarm | None:
    """That it was set back within a day, if it was: `since` when, and `detail` by how much."""
    alarm = next(iter(Alarm.active(session, [CLOCK_ALARM_KEY])), None)
    return alarm if alarm is not None and at - alarm.since < ALARM_RETENTION else None


def clear_old_alarm(session: Session, *, at: datetime) -> None:
    """Drop what is older than that."""
    if recent_alarm(session, at=at) is None:
        Alarm.clear(session, CLOCK_ALARM_KEY)


def _shift_waits(session: Session, *, at: datetime, step: timedelta) -> None:
    moved = shift_waits(session, at=at, step=step)
    step_text = format_duration(step)
    log.warning("the clock was set back by %s; %s times in the database were set back too", step_text, moved)
    Alarm.clear(session, CLOCK_ALARM_KEY)  # another step is told again
    alarm = Alarm.raise_alarm(session, CLOCK_ALARM_KEY, cause=ALARM_CAUSE, detail=step_text, at=at)
    alarm.told_at = at
    Notice.enqueue(session, channel_line(alarm), at=at)
