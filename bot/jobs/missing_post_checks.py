"""Posts that a network does not show: looked for again, and taken out of the messages that quote them."""

from bot.context import BotContext
from bot.ingest import missing_posts
from bot.scheduled_job import ScheduledJob
from bot.slack import redaction


def run_due(ctx: BotContext) -> None:
    """Look at the posts that are due, blank those kept for long enough, and have Slack show it."""
    missing_posts.run_due(ctx)
    redaction.redraw_stale(ctx)


JOBS = (ScheduledJob("missing posts", run_due, interval_seconds=60, first_delay_seconds=7),)
