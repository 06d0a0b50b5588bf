"""Tells the team, once, that readings slow down or stop for `MONTHLY_CAP_USD`, and that they go on again."""

from sqlalchemy.orm import Session

from bot.context import BotContext
from bot.notices import alarm_lines
from bot.notices.alarm_lines import CAP_ALARM_KEY, CAP_NEAR_CAUSE, CAP_REACHED_CAUSE
from bot.scheduled_job import ScheduledJob
from models import Alarm, Notice
from models.reports.budget import read_budget
from models.sources.cost import format_usd

CHECK_INTERVAL_SECONDS = 30.0


def check(ctx: BotContext) -> None:
    """Raise or clear the alarm about the cap. Raises what the database raises."""
    with ctx.db.read() as session:
        cause = _cause(ctx, session)
        known = next(iter(Alarm.active(session, [CAP_ALARM_KEY])), None)
    if cause is None and known is None:
        return
    with ctx.db.write() as session:
        if cause is None:
            _clear(ctx, session)
        elif known is None or known.cause != cause or known.told_at is None:
            _tell(ctx, session, cause)
    ctx.cards_wake.set()


def _cause(ctx: BotContext, session: Session) -> str | None:
    budget = read_budget(session, ctx.settings.monthly_cap_micros, at=ctx.now())
    if budget is None or not budget.is_near:
        return None
    return CAP_REACHED_CAUSE if budget.is_spent else CAP_NEAR_CAUSE


def _tell(ctx: BotContext, session: Session, cause: str) -> None:
    cap = format_usd(ctx.settings.monthly_cap_micros or 0)
    alarm = Alarm.raise_alarm(session, CAP_ALARM_KEY, cause=cause, detail=cap, at=ctx.now())
    sentence = f":moneybag: {alarm_lines.sentence(alarm)}"
    alarm.tell_once(session, sentence, at=ctx.now(), channel=ctx.settings.slack_channel)


def _clear(ctx: BotContext, session: Session) -> None:
    """The month is over, or the cap was raised or removed."""
    alarm = Alarm.clear(session, CAP_ALARM_KEY)
    if alarm is not None and alarm.told_at is not None:
        sentence = f":white_check_mark: {alarm_lines.CAP_OVER_SENTENCES[alarm.cause]}"
        Notice.enqueue(session, sentence, at=ctx.now(), channel=ctx.settings.slack_channel)


JOBS = (ScheduledJob("monthly cap", check, CHECK_INTERVAL_SECONDS, first_delay_seconds=1),)
