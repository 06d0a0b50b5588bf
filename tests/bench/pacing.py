"""Five channels with thirty new cards each, at the pace that Slack allows: how far apart, and how much of it used."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from models.core.database import Database
from models.core.office_hours import ALWAYS_OPEN
from models.core.sla import SlaPolicy
from models.tickets.incoming_post import IncomingPost, IngestTarget
from models.tickets.ingest import ingest_page
from tests.bench.figures import Figure
from tests.bench.stage import Stage, bot, stage, until

CHANNELS = [f"C0PACE{number}" for number in range(5)]
CARDS = 30


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """One start with everything to draw, and no setting raised."""
    url = new_database()
    _fill(url)
    with stage(url) as on:
        for channel in CHANNELS:
            on.slack.world.add_channel(channel, channel.lower())
        with bot(on):
            until(on.counter("SELECT count(*) = 0 FROM tickets WHERE drawn_revision < revision"), every=0.1)
        posts = {channel: _posts(on, channel) for channel in CHANNELS}
        refused = [call.error for call in on.slack.world.calls if call.error]
    least = min(later - sooner for times in posts.values() for sooner, later in pairwise(times))
    took = max(times[-1] - times[0] for times in posts.values())
    assert all(len(times) == CARDS for times in posts.values())
    pace = (CARDS - 1) / took
    return [
        Figure("Shortest gap between two cards in a channel", f"{least:.3f} s", "≥ 1.0 s", least >= 1.0),
        Figure(
            "Share of Slack's rate limit used, 5 channels with 30 cards each",
            f"{pace:.2f}",
            "≥ 0.9",
            pace >= 0.9,
        ),
        Figure("Calls that Slack refused", f"{len(refused)}", "0", not refused),
    ]


def _fill(url: str) -> None:
    """Thirty tickets in each channel, of one author each."""
    now, database = datetime.now(UTC), Database(url)
    with database.write() as session:
        for place, channel in enumerate(CHANNELS):
            ids = [str(2_000_000_000_000_000_000 + place * CARDS + number) for number in range(CARDS)]
            said = [
                IncomingPost(one, one, one, one, "@acmebrew hi", now, "https://x.com/i/status/1", "")
                for one in ids
            ]
            ingest_page(
                session,
                said,
                IngestTarget("x", "1", channel, SlaPolicy(ALWAYS_OPEN, timedelta(minutes=30))),
                at=now,
            )
    database.close()


def _posts(on: Stage, channel: str) -> list[float]:
    """When the cards of a channel were posted, in Unix seconds on Slack's clock."""
    with on.slack.world.lock:
        return [float(one.ts) for one in on.slack.world.channel(channel).messages if one.metadata]
