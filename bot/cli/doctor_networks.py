"""What the doctor says of networks, and of each of our accounts on them."""

from collections.abc import Container, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot import settings
from bot.cli.doctor_feeds import examine_feeds
from bot.cli.doctor_streams import examine_stream
from bot.cli.findings import Finding, bad, note, ok, warn
from bot.context import BotContext
from bot.ingest.cursors import unknown_account_id
from bot.ingest.own_posts import READING_NAME
from bot.networks import registry
from bot.networks.base import Network
from bot.networks.errors import Later
from bot.networks.feed_reader import FeedReader
from bot.networks.registry import NetworkSettings
from bot.notices.network_alarms import alarm_key, fix_advice
from bot.publish import account_check
from bot.slack.blocks.elements import count_noun, format_duration
from models import Alarm, Credential, Cursor, Track
from models.core.database import BusyError
from models.reports.budget import read_budget
from models.sources.cursor import MENTIONS_CURSOR
from models.sources.no_account import NO_ACCOUNT_ID


def examine(ctx: BotContext) -> Iterator[Finding]:
    """Look at every network that is set up, and every account; each look fails by itself.

    Raises `SettingsError` if the environment has become wrong since the start.
    """
    yield from _network_settings(ctx)
    _learn_accounts(ctx)
    for network in ctx.networks.accounts:
        if isinstance(network, FeedReader):
            yield from examine_feeds(ctx, network)
            continue
        if not network.needs_account:
            yield from _public_network(ctx, network)
            continue
        subject = _subject(ctx, network)
        yield from _network(network, subject)
        yield from _polls(ctx, network, subject)
        yield from examine_stream(ctx, network, subject)
    for network in (one for one in ctx.networks.values() if one.needs_account):
        yield from _connected_twice(ctx, network)
        yield from _other_accounts(ctx, network)


def _subject(ctx: BotContext, network: Network) -> str:
    """What lines about that account begin with: its handle, too, where its network has several accounts."""
    if len(ctx.networks.on(network.name)) > 1:
        with suppress(Later):
            return f"{network.title} @{network.account().handle}"
    return network.title


def _network_settings(ctx: BotContext) -> Iterator[Finding]:
    """Which settings of each network are set; their values stay unsaid."""
    yield from examine_settings(ctx.networks)
    if not any(network.needs_account for network in ctx.networks.values()):
        tracks = _tracks_without_account(ctx)
        if tracks:
            yield note("networks", f"no account is connected, so that only tracks are read ({tracks}).")
        else:
            yield warn("networks", "none is connected, so no mentions come in.")


def examine_settings(connected: Container[str] = ()) -> Iterator[Finding]:
    """Look at the settings of every network; one of `connected` needs none, nor does one without accounts."""
    known, problems = settings.read_networks()
    for name, given in known.items():
        if given.is_configured or not (given.needs_nothing() or name in connected):
            yield _describe_settings(name, given)
    for name, problem in problems.items():
        yield bad(registry.registered()[name].title, f"{problem}.")


def _describe_settings(name: str, given: NetworkSettings) -> Finding:
    """Return whether the network `name` is set up; if not, what to set and where to find it."""
    title = registry.registered()[name].title
    if given.is_configured and given.problem is not None:
        return bad(title, f"{given.problem.rstrip('.')}. {given.where_found}".rstrip())
    if given.is_configured:
        return ok(title, f"is set up by {', '.join(given.names_set)}.")
    sentence = f"is not set up. To listen there, set {given.needed_names()}. {given.where_found}"
    return note(title, sentence.rstrip())


def _network(network: Network, subject: str) -> Iterator[Finding]:
    try:
        account = network.check_account()
    except Later as later:
        yield bad(subject, f"{later.detail} {fix_advice(later.cause, later.detail)}".strip())
    else:
        yield ok(subject, f"signed in as @{account.handle}.")
    for advice in network.advice():
        yield note(subject, advice)


def _public_network(ctx: BotContext, network: Network) -> Iterator[Finding]:
    """A network where Heard has no account: how old the readings of its tracks are."""
    try:
        with ctx.db.read(2.0) as session:
            tracks = [one for one in Track.all(session) if one.network == network.name]
            names = [one.cursor_name for one in tracks if one.paused_at is None]
            here = (Cursor.network == network.name, Cursor.name.in_(names))
            cursors = session.scalars(select(Cursor).where(*here)).all()
            ringing = Alarm.active(session, [alarm_key("searching", network.name, NO_ACCOUNT_ID)])
    except (SQLAlchemyError, BusyError):
        tracks, names, cursors, ringing = [], [], [], []
    if not names:
        paused = "all of its tracks are paused" if tracks else "it has no track"
        sentence = f"needs no account. Nothing is read there, as {paused}: add one with `/mentions track`."
        yield note(network.title, sentence)
    elif not cursors:
        yield warn(network.title, "has never been read. Is `python -m bot run` (or `worker`) running?")
    else:
        last = min(cursors, key=lambda one: (one.failing_since is None, one.read_at or one.started_at))
        yield _poll_age(ctx, network.title, last, ringing, at=ctx.now())
    for advice in network.advice():
        yield note(network.title, advice)


def _tracks_without_account(ctx: BotContext) -> str:
    """How many tracks are read where Heard has no account, as words; empty if none is."""
    try:
        with ctx.db.read(2.0) as session:
            here = [
                one for one in Track.all(session) if one.paused_at is None and one.network in ctx.networks
            ]
    except (SQLAlchemyError, BusyError):
        return ""
    return count_noun(len(here), "track") if here else ""


def _learn_accounts(ctx: BotContext) -> None:
    """Ask who we are, so that an account that is there by two ways is looked at once."""
    for network in ctx.networks.accounts:
        with suppress(Later):
            network.seen_account_id = network.account().id
    with suppress(SQLAlchemyError, BusyError):
        ctx.networks.refresh()


def _connected_twice(ctx: BotContext, network: Network) -> Iterator[Finding]:
    """Whether the environment's account was connected, too: it is one account, read once."""
    if network.connection or not network.has_credentials:
        return
    try:
        account = network.account()
        with ctx.db.read(2.0) as session:
            also = Credential.of_account(session, network.name, account.id)
    except (Later, SQLAlchemyError, BusyError):
        return
    if also is not None:
        sentence = f"@{account.handle} is connected too; the environment's credentials are used."
        yield note(network.title, sentence)


def _other_accounts(ctx: BotContext, network: Network) -> Iterator[Finding]:
    """Accounts that are not connected although tickets of theirs wait."""
    try:
        connected = _connected_accounts(ctx, network.name)
        with ctx.db.read(2.0) as session:
            waiting = account_check.waiting_sentences(session, network, connected)
    except (Later, SQLAlchemyError, BusyError):
        return
    for sentence in waiting:
        yield warn(network.title, sentence)


def _connected_accounts(ctx: BotContext, name: str) -> account_check.ConnectedAccounts:
    """Who is connected to the network called `name`. Raises `Later` if that cannot be asked now.

    `account_check.connected_accounts` would write down that it cannot, and the doctor only reads.
    """
    known = [(one, one.account()) for one in ctx.networks.on(name)]
    handles = {account.id: account.handle for _, account in known}
    return account_check.ConnectedAccounts(frozenset(handles), handles)


def _polls(ctx: BotContext, network: Network, subject: str) -> Iterator[Finding]:
    try:
        account_id = network.account().id
    except Later:
        account_id = network.expected_account_id() or unknown_account_id(network)
    here = (Cursor.network == network.name, Cursor.account_id == account_id)
    try:
        with ctx.db.read(2.0) as session:
            cursors = session.scalars(select(Cursor).where(*here)).all()
            ringing = Alarm.active(session, [alarm_key("reading", network.name, account_id)])
    except (SQLAlchemyError, BusyError):
        return
    mentions = [cursor for cursor in cursors if cursor.name == MENTIONS_CURSOR]
    if mentions:
        cursor = mentions[0]
        yield _poll_age(ctx, subject, cursor, ringing, at=ctx.now())
        yield from _poll_rate(ctx, network, subject, cursor)
        yield from _own_posts(ctx, subject, cursors)
    else:
        yield warn(subject, "has never been read. Is `python -m bot run` (or `worker`) running?")


def _poll_age(
    ctx: BotContext, subject: str, cursor: Cursor, ringing: Sequence[Alarm], *, at: datetime
) -> Finding:
    age = cursor.age(at)
    if cursor.failing_since is not None:
        since = format_duration(at - cursor.failing_since)
        told = (cursor.failure or "no answer").rstrip(".")
        mends = [fix_advice(alarm.cause, alarm.detail) for alarm in ringing]
        return bad(subject, " ".join([f"could not be read for {since}: {told}.", *mends]).rstrip())
    if age is None:
        return warn(subject, "has not been read completely yet.")
    late = timedelta(seconds=max(3 * ctx.settings.poll_seconds, 30)) + 2 * cursor.rate_limit_interval
    if age > late:
        return bad(subject, f"was last read {format_duration(age)} ago. Is `python -m bot run` running?")
    return ok(subject, f"was last read {format_duration(age)} ago.")


def _own_posts(ctx: BotContext, subject: str, cursors: Sequence[Cursor]) -> Iterator[Finding]:
    """Whether our own posts can be read: by them replies that were made by hand are seen."""
    for cursor in cursors:
        if cursor.name == READING_NAME and cursor.failing_since is not None:
            since, why = (
                format_duration(ctx.now() - cursor.failing_since),
                (cursor.failure or "no answer").rstrip("."),
            )
            told = f"our own posts could not be read for {since}: {why}."
            yield warn(subject, f"{told} Replies posted by hand are not noticed.")


def _poll_rate(ctx: BotContext, network: Network, subject: str, cursor: Cursor) -> Iterator[Finding]:
    """Whether POLL_SECONDS asks for more than the network's rate limit leaves."""
    with ctx.db.read() as session:
        budget = read_budget(session, ctx.settings.monthly_cap_micros, at=ctx.now())
    if budget is not None and budget.is_near and network.prices:
        what = "nothing is read any more" if budget.is_spent else "the dearest readings are slowed down"
        yield note(subject, f"{what}, because of MONTHLY_CAP_USD; see `/mentions cost`.")
    elif cursor.rate_limit_interval > timedelta():
        often = f"POLL_SECONDS is {ctx.settings.poll_seconds:g}, more often than {network.title} allows"
        apart = f"polls are {format_duration(cursor.rate_limit_interval)} apart, as its rate limit allows"
        yield note(subject, f"{often}: {apart}.")
