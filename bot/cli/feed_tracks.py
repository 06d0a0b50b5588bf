"""What the command line asks and says of tracks that listen to feeds."""

from bot.ingest import track_checks
from bot.networks.feed_reader import AddressError
from models import Track
from models.core.mrkdwn import escape_entities
from models.sources.track_rules import TrackDraft, TrackRuleError

MORE_WORDS_HINT = 'Put the query in quotation marks: track add search "slow checkout".'


def build_draft(
    network: str, typed: str, words: str, *, preset: str | None, channel: str | None, interval: int | None
) -> TrackDraft:
    """Return the track of the feed at the address `typed`, or that `preset` makes of it.

    Raises `TrackRuleError`.
    """
    reader = track_checks.feed_reader(network)
    try:
        address = reader.preset_address(preset, typed) if preset else reader.read_address(typed)
    except AddressError as no:
        raise TrackRuleError(escape_entities(str(no))) from None
    return TrackDraft("feed", network, words, channel=channel, address=address, interval_seconds=interval)


def shown_address(track: Track) -> str | None:
    """Return the address of a feed's track for people, without what may be secret in it."""
    return (
        None
        if track.address is None
        else track_checks.feed_reader(track.network).shown_address(track.address)
    )
