"""What the doctor says of live streams: whether they are open, what they bring, and what they missed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from bot.cli.findings import Finding, note, ok, warn
from bot.context import BotContext
from bot.ingest.streams.wanted_tracks import WantedTracks
from bot.networks.base import Network, supports
from bot.networks.errors import Later
from bot.slack.blocks.elements import format_duration
from models import AccountStream
from models.core.database import BusyError

_KILOBYTE = 1000


def examine_stream(ctx: BotContext, network: Network, subject: str) -> Iterator[Finding]:
    """Look at the stream of one account; nothing to say where the network's file has none."""
    if not supports(network, "stream"):
        return
    meanwhile = f"Mentions arrive with each reading (every {ctx.settings.poll_seconds:g} s)."
    if ctx.settings.streams == "off":
        yield note(subject, f"no live stream, because of STREAMS. {meanwhile}")
    elif network.stream_address is None:
        yield note(subject, f"no live stream, because no address of one is known. {meanwhile}")
    else:
        try:
            yield _describe(ctx, network, subject, meanwhile)
            tracks = WantedTracks(ctx, network)
            tracks.refresh(network.account().id)
            if kind := network.describe_stream(tracks.wish):
                yield note(subject, kind)
        except (Later, SQLAlchemyError, BusyError):
            return


def _describe(ctx: BotContext, network: Network, subject: str, meanwhile: str) -> Finding:
    """Raises `Later` if it is not known which account it is, and what the database raises."""
    at, account_id = ctx.now(), network.account().id
    with ctx.db.read(2.0) as session:
        stream = AccountStream.find(session, network.name, account_id)
    if stream is None:
        return warn(subject, f"the live stream was never open. Is `python -m bot run` running? {meanwhile}")
    today = _describe_today(stream, at)
    if stream.connected_since is not None and stream.is_open(at):
        since, rate = format_duration(at - stream.connected_since), _format_rate(stream.bytes_per_second)
        return ok(subject, f"the live stream has been open for {since}, at {rate}. {today}")
    if stream.failing_since is not None:
        since, why = format_duration(at - stream.failing_since), (stream.failure or "no answer").rstrip(".")
        return warn(subject, f"the live stream has not held for {since}: {why}. {meanwhile} {today}")
    if stream.failure is not None:
        return note(subject, f"no live stream: {stream.failure.rstrip('.')}. {meanwhile}")
    return warn(subject, f"the live stream is not open. Is `python -m bot run` running? {meanwhile} {today}")


def _describe_today(stream: AccountStream, at: datetime) -> str:
    """How often it was lost today (UTC), and for how long in all."""
    if stream.day != at.astimezone(UTC).date().isoformat() or not stream.reconnects_today:
        return "It was not lost today (UTC)."
    times = "once" if stream.reconnects_today == 1 else f"{stream.reconnects_today:,} times"
    missed = format_duration(timedelta(seconds=stream.missed_seconds_today))
    return f"It was lost {times} today (UTC), for {missed} in all; readings filled that."


def _format_rate(bytes_per_second: float) -> str:
    if bytes_per_second < _KILOBYTE:
        return f"{bytes_per_second:.0f} bytes a second"
    return f"{bytes_per_second / _KILOBYTE:,.0f} kB a second"
