"""Does what a stream asks for: reads the mentions, searches for tracks, and fetches posts, one at a time.

1. The mentions are read as a poll reads them, under the poll's own lease, so that there are never two at a
   time. If a poll is under way, it may have begun too early to see what the stream saw: another one follows.
2. A post that the stream named and the network does not list yet is asked for again after 1, 2, 4 and 8 s,
   then left to the next reading.
3. Readings are a second apart at least, further where the rate limit is half used up.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import select

from bot.context import BotContext
from bot.ingest import backfill, track_search
from bot.ingest.cursors import account_of
from bot.ingest.streams.inbox import Lane, StreamInbox
from bot.ingest.streams.wanted_tracks import WantedTracks
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.values import ReadKind
from bot.runtime import pace
from bot.runtime.job_leases import JobLeases
from bot.scheduled_job import lease_name
from models import Mention

log = logging.getLogger(__name__)

READINGS_APART_SECONDS = 1.0
ALL_TRACKS_APART_SECONDS = 10.0  # a stream that brings too much for us would have them searched all the time
BUSY_RETRY_SECONDS = 0.25  # until a reading that is under way elsewhere is over
MAX_CALLS_PER_ROUND = 4  # to fetch posts, so that mentions do not wait for them


class StreamReadings:
    """The reading side of one account's stream; for one thread."""

    def __init__(
        self,
        ctx: BotContext,
        network: Network,
        leases: JobLeases,
        inbox: StreamInbox,
        tracks: WantedTracks,
        *,
        steady: Callable[[], float],
    ) -> None:
        self._ctx, self._network, self._leases = ctx, network, leases
        self._inbox, self._tracks, self._steady = inbox, tracks, steady

    def run_due(self) -> float | None:
        """Do what was asked for; return in how many seconds there is more, None: not until something comes.

        Raises what the database raises; what was asked for is then left to the next polls.
        """
        self._read_mentions()
        self._search()
        self._fetch_posts()
        return self._inbox.seconds_until_due()

    def _read_mentions(self) -> None:
        is_wanted, expected = self._inbox.take_mentions()
        if not is_wanted:
            expected = self._not_heard(expected)
        if not is_wanted and not expected:
            return
        if not self._run_as_job("poll", lambda: backfill.poll_and_backfill(self._ctx, self._network)):
            self._inbox.put_mentions_back(expected)
            self._hold("mentions", BUSY_RETRY_SECONDS)
            return
        self._inbox.expect_again(self._not_heard(expected))
        self._hold("mentions", self._seconds_apart("mentions"))

    def _search(self) -> None:
        wake = self._inbox.take_searches()
        if wake is None:
            return
        wanted = self._tracks.track_ids(wake)
        if not wanted:
            return

        def search() -> None:
            track_search.search_tracks(self._ctx, self._network, at_once=wanted)

        if self._run_as_job("search", search):
            apart = self._seconds_apart("search")
            self._hold("hashtags", apart)
            if wake.is_all:
                self._hold("all tracks", max(apart, ALL_TRACKS_APART_SECONDS))
        else:
            self._inbox.want_searches(wake)
            self._hold("hashtags", BUSY_RETRY_SECONDS)
            self._hold("all tracks", BUSY_RETRY_SECONDS)

    def _fetch_posts(self) -> None:
        for _ in range(MAX_CALLS_PER_ROUND):
            asked = self._inbox.take_posts(self._network.posts_per_refresh)
            if not asked or self._ctx.stop.is_set():
                return
            shown = self._ctx.run_billed(partial(self._fetch, list(asked)))
            self._inbox.ask_again({one: tries for one, tries in asked.items() if one not in shown})
            if len(asked) < self._network.posts_per_refresh:
                self._hold("posts", self._seconds_apart("posts"))

    def _fetch(self, ids: Sequence[str]) -> set[str]:
        """Read posts into the ledger; return the ids of those that the network shows."""
        if pace.is_spent(
            self._network.rate_limit_status("posts"), at=self._ctx.now(), keep=pace.TENTH_DIVISOR
        ):
            return set()
        account = account_of(self._ctx, self._network)
        if account is None:
            return set()
        try:
            page, _absent = self._network.refresh(ids, account_id=account.id)
        except Later as later:
            log.info("%s: posts of the stream could not be read: %s", self._network.title, later.detail)
            return set()
        track_search.write_found(self._ctx, self._network, account, page, self._tracks.tracks)
        return {one for post in page.posts for one in (post.id, post.latest_id)}

    def _not_heard(self, expected: Mapping[str, int]) -> dict[str, int]:
        """Return those of `expected` that the ledger does not have."""
        if not expected:
            return {}
        here = (Mention.network == self._network.name, Mention.post_id.in_(expected))
        with self._ctx.db.read() as session:
            heard = set(session.scalars(select(Mention.post_id).where(*here)))
        return {post_id: tries for post_id, tries in expected.items() if post_id not in heard}

    def _run_as_job(self, job: str, work: Callable[[], object]) -> bool:
        """Do what the job called `job` does; False if it is being done already."""
        with self._leases.acquire(lease_name(job, self._network), 0) as is_ours:
            if is_ours:
                self._ctx.run_billed(work)
        return is_ours

    def _hold(self, lane: Lane, seconds: float) -> None:
        self._inbox.hold(lane, self._steady() + seconds)

    def _seconds_apart(self, reading: ReadKind) -> float:
        """How far apart two readings should be: a second, until half of the rate limit is used up."""
        at, allowance = self._ctx.now(), self._network.rate_limit_status(reading)
        if not pace.is_spent(allowance, at=at, keep=pace.HALF_DIVISOR):
            return READINGS_APART_SECONDS
        return max(pace.min_interval(allowance, at=at).total_seconds(), READINGS_APART_SECONDS)
