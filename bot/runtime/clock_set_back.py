"""A clock that was set back: noticed, mended in the ledger, and told.

On SQLite this machine's clock is what everything waits by. On PostgreSQL the database's is.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.context import Desk
from bot.runtime.clock import STEP
from bot.slack.blocks.elements import duration
from models import Alarm, Notice
from models.clock_set_back import bring_back, latest
from models.core.database import Database

log = logging.getLogger(__name__)

KEY, CAUSE = "clock", "set back"
REMEMBERED = timedelta(days=1)  # how long the doctor tells of it


def settle(desk: Desk) -> None:
    """Bring the ledger's waits along where the clock was set back since the last time; else do nothing.

    Called by each loop before it works: within two seconds, then. Raises what the database raises.
    """
    at = desk.now()
    step = desk.clock.take_step()
    if not step or not desk.db.is_sqlite:
        return
    try:
        with desk.db.write() as session:
            _mend(session, at=at, step=step)
    except Exception:
        desk.clock.give_back(step)
        raise
    desk.nudge()


def settle_at_start(database: Database, *, at: datetime) -> None:
    """The same, for what happened while no Heard ran; known by the last reading."""
    step = behind(database, at=at)
    if step is not None and database.is_sqlite:
        with database.write() as session:
            _mend(session, at=at, step=step)


def behind(database: Database, *, at: datetime) -> timedelta | None:
    """How far `at` lies behind the last reading, if the clock must have been set back since."""
    with database.read(2.0) as session:
        last = latest(session)
    return last - at if last is not None and last - at > STEP else None


def remembered(session: Session, *, at: datetime) -> Alarm | None:
    """That it was set back within a day, if it was: `since` when, and `detail` by how much."""
    alarm = next(iter(Alarm.ringing(session, [KEY])), None)
    return alarm if alarm is not None and at - alarm.since < REMEMBERED else None


def forget(session: Session, *, at: datetime) -> None:
    """Drop what is older than that."""
    if remembered(session, at=at) is None:
        Alarm.clear(session, KEY)


def in_a_line(detail: str) -> str:
    """That the clock was set back, and what to do."""
    return (
        f"The clock of Heard's machine was set back by {detail}. Whatever waits still waits as "
        "long as it should; times recorded before that are off by as much. Please see that the clock is "
        "synchronized (NTP)."
    )


def _mend(session: Session, *, at: datetime, step: timedelta) -> None:
    moved = bring_back(session, at=at, step=step)
    told = duration(step)
    log.warning("the clock was set back by %s; %s moments in the ledger are set back with it", told, moved)
    Alarm.clear(session, KEY)  # another step is told again
    Alarm.ring(session, KEY, cause=CAUSE, detail=told, at=at).told_at = at
    Notice.tell(session, f":rotating_light: {in_a_line(told)}", at=at)
