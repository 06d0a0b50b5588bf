"""The tracks that an account searches for, as its stream needs them: in memory, read again on a change."""

from collections.abc import Collection

from sqlalchemy import func, select

from bot.context import BotContext
from bot.ingest import track_matches
from bot.ingest.streams.inbox import SearchWake
from bot.networks.base import Network
from bot.networks.streams import StreamWish
from models import Track
from models.tracks.matcher import TrackMatcher


class WantedTracks:
    """What an account's stream is to listen for. Looking whether anything changed is one quick query."""

    def __init__(self, ctx: BotContext, network: Network) -> None:
        self._ctx, self._network = ctx, network
        self._seen: tuple[object, ...] | None = None
        self._tracks: list[Track] = []
        self._matcher = TrackMatcher(())
        self._wish = StreamWish()

    @property
    def wish(self) -> StreamWish:
        """What the stream is to listen for, by the tracks of the last `refresh`."""
        return self._wish

    @property
    def tracks(self) -> list[Track]:
        """The tracks themselves, as of the last `refresh`."""
        return self._tracks

    def refresh(self, account_id: str) -> None:
        """See which tracks there are now. Raises what the database raises."""
        with self._ctx.db.read() as session:
            # Every change of a track raises its revision, or the number of those that are not removed.
            active = func.count().filter(Track.removed_at.is_(None))
            row = session.execute(
                select(active, func.sum(Track.revision)).where(Track.network == self._network.name)
            )
            seen = account_id, self._is_first_account, *row.one()
            if seen == self._seen:
                return
            found = Track.to_search(session, self._network.name, paused_since=self._ctx.now())
            ours = [
                one.id
                for one in found
                if one.account_id == account_id or (one.account_id is None and self._is_first_account)
            ]
            self._tracks = Track.load(session, ours)
        self._seen = seen
        self._matcher = TrackMatcher((one.id, track_matches.request_of(one).query) for one in self._tracks)
        tags = frozenset(_hashtag(one) for one in self._tracks if one.kind == "hashtag")
        self._wish = StreamWish(tags, self._wants_text if self._tracks else None)

    def track_ids(self, wake: SearchWake) -> Collection[int]:
        """Return the ids of the tracks to read."""
        return [one.id for one in self._tracks if wake.is_all or _hashtag(one) in wake.hashtags]

    @property
    def _is_first_account(self) -> bool:
        return self._network is self._ctx.networks.get(self._network.name)

    def _wants_text(self, text: str) -> bool:
        return bool(self._matcher.match(text))


def _hashtag(track: Track) -> str:
    """The hashtag of a hashtag track, without #."""
    return track.query.removeprefix("#").removeprefix("\uff03").lower()
