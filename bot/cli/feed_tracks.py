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
    address = read_address(network, typed, preset=preset)
    return TrackDraft("feed", network, words, channel=channel, address=address, interval_seconds=interval)


def read_address(network: str, typed: str, *, preset: str | None = None) -> str:
    """Return the address that somebody typed, or that `preset` makes of it. Raises `TrackRuleError`."""
    reader = track_checks.feed_reader(network)
    try:
        return reader.preset_address(preset, typed) if preset else reader.read_address(typed)
    except AddressError as no:
        raise TrackRuleError(escape_entities(str(no))) from None


def read_opml(body: bytes, network: str, *, channel: str | None) -> tuple[list[TrackDraft], list[str]]:
    """Return the tracks of the feeds in a list that another reader exported, and a line about each.

    An address that Heard does not read has a line and no track. Raises `TrackRuleError` for another file.
    """
    reader = track_checks.feed_reader(network)
    try:
        listed = reader.read_opml(body)
    except AddressError as no:
        raise TrackRuleError(escape_entities(str(no))) from None
    drafts, lines = dict[str, TrackDraft](), []
    for title, typed in listed:
        try:
            address = reader.read_address(typed)
        except AddressError as no:
            lines.append(f"left out: {title or 'a feed without a title'}: {no}")
            continue
        if address not in drafts:
            drafts[address] = TrackDraft("feed", network, "", channel=channel, address=address)
            lines.append(" ".join(filter(None, [title, reader.shown_address(address)])))
    return list(drafts.values()), lines


def shown_address(track: Track) -> str | None:
    """Return the address of a feed's track for people, without what may be secret in it."""
    return (
        None
        if track.address is None
        else track_checks.feed_reader(track.network).shown_address(track.address)
    )
