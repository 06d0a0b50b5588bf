"""Rows that nobody needs any more are deleted."""

from datetime import timedelta

from bot.context import BotContext
from bot.ingest.pages import LEFT_OUT_LIFETIME
from bot.notices import clock_set_back
from bot.scheduled_job import ScheduledJob
from models import BilledResource, LeftOutPost, ProcessedRequest, ReplyPicture, SharedAnswer
from models.sources import track_rules

SHARED_ANSWER_RETENTION = timedelta(days=1)  # so long can an answer be shared
REQUEST_RETENTION = timedelta(days=3)  # Slack repeats an event for an hour at most
BILLED_RETENTION = timedelta(days=1)  # a resource is billed once a UTC day; the sums stay
PICTURE_RETENTION = timedelta(days=3)  # of its bytes, once its reply is public
UNSENT_PICTURE_RETENTION = timedelta(days=30)  # of those that nobody sent; what was said of them stays


def delete_expired(ctx: BotContext) -> None:
    """Delete what is older than it is kept for. Raises what the database raises."""
    with ctx.db.write() as session:
        ProcessedRequest.delete_before(session, ctx.now() - REQUEST_RETENTION)
        SharedAnswer.delete_before(session, ctx.now() - SHARED_ANSWER_RETENTION)
        LeftOutPost.delete_before(session, ctx.now() - LEFT_OUT_LIFETIME)
        BilledResource.delete_before(session, (ctx.now() - BILLED_RETENTION).date())
        ReplyPicture.drop_data(
            session,
            before=ctx.now() - PICTURE_RETENTION,
            left_before=ctx.now() - UNSENT_PICTURE_RETENTION,
        )
        track_rules.forget_positions(session, at=ctx.now())
        clock_set_back.clear_old_alarm(session, at=ctx.now())


JOBS = (ScheduledJob("tidy", delete_expired, interval_seconds=3600),)
