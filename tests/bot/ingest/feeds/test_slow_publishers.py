"""Publishers that never finish: what is measured is the order of events, not time."""

import threading

from bot.ingest.feeds import schedule
from tests.bot.ingest.feeds.conftest import FeedRoom
from tests.story.harness import eventually

ENDLESS = [f"https://endless{number}.example/rss" for number in range(5)]
CALM = "https://calm.example/rss"
GIVE_UP_SECONDS = 60


def test_feeds_that_never_end_delay_no_other(feeds: FeedRoom) -> None:
    let_go = threading.Event()
    asked: list[str] = []

    def fetch(address: str) -> None:
        asked.append(address)
        if address in ENDLESS:
            let_go.wait(GIVE_UP_SECONDS)

    feeds.sites.on_fetch = fetch
    for address in (*ENDLESS, CALM):
        feeds.listen(address, interval_seconds=1)
        feeds.sites.show(address, feeds.entry("1", address))

    try:
        assert schedule.start_due(feeds.here.ctx, feeds.here.network) == len(ENDLESS) + 1
        for readings in range(1, 5):
            eventually(lambda: feeds.feed(CALM).read_at == feeds.clock())
            assert asked.count(CALM) == readings
            feeds.clock.pass_by(seconds=3)
            assert schedule.start_due(feeds.here.ctx, feeds.here.network) == 1
        eventually(lambda: feeds.feed(CALM).read_at == feeds.clock())
        assert sorted(set(asked) - {CALM}) == ENDLESS
        eventually(lambda: len(asked) == len(ENDLESS) + 5)  # the last one runs in a thread of its own
    finally:
        let_go.set()
    assert feeds.here.ctx.feed_readings.wait_until_idle(within=GIVE_UP_SECONDS)
