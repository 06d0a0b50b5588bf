"""Which feed is read when.

1. Every second one worker at a time, under the lease of the job, leases the feeds that are due: one of a host
   at a time, the most overdue first. On PostgreSQL any worker may be the one, each second another.
2. Each is read in a thread of its own (`reading.py`), so that a dead one delays no other. Feeds that failed
   last time get half of the threads at most.
3. The reading writes when it comes next, and gives the lease back. A worker that dies leaves it to run out.
"""

from datetime import timedelta

from bot.context import BotContext
from bot.ingest.feeds.reading import read_feed
from bot.networks.base import Network
from bot.networks.feed_reader import FeedReader
from bot.scheduled_job import NetworkJob
from models import Feed

TICK_SECONDS = 1.0
LEASE_MARGIN = timedelta(seconds=30)  # for what a reading does besides the call


def start_due(ctx: BotContext, network: Network) -> int:
    """Start the readings that are due, as far as there is room, and return how many."""
    room = ctx.feed_readings.room
    if not isinstance(network, FeedReader) or room <= 0:
        return 0
    at = ctx.now()
    with ctx.db.read() as session:
        if not Feed.is_any_due(session, at=at):
            return 0
    until = at + timedelta(seconds=network.reading_seconds) + LEASE_MARGIN
    lease = ctx.new_lease_holder()
    with ctx.db.write() as session:
        taken = Feed.take_due(
            session, at=at, until=until, by=lease, most=room, most_failing=ctx.feed_readings.most // 2
        )
        ids = [feed.id for feed in taken]
    for feed_id in ids:
        ctx.feed_readings.start(lambda feed_id=feed_id: read_feed(ctx, network, feed_id, lease))  # type: ignore[misc]
    return len(ids)


JOBS = (
    NetworkJob("feeds", start_due, TICK_SECONDS, first_delay_seconds=0, needs="feed", once_per_network=True),
)
