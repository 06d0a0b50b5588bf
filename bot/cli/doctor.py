"""The doctor: what is wrong with a set-up, and how to mend it, one line each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot import settings
from bot.context import BotContext
from bot.ingest.cursors import unknown_account_id
from bot.ingest.own_posts import READING_NAME
from bot.networks import registry
from bot.networks.base import Later, Network
from bot.notices import clock_set_back
from bot.notices.network_alarms import alarm_key, fix_advice
from bot.publish import account_check
from bot.runtime import migrations
from bot.slack.blocks.elements import format_duration
from bot.slack.client import TokenInfo
from bot.slack.errors import SlackError, SlackRefusedError
from bot.slack.sender_permissions import is_group, unreadable_reason
from models import Alarm, Credential, Cursor, Pause
from models.core.database import BusyError
from models.sources.cursor import MENTIONS_CURSOR

# Each with its reason in docs/reference/scopes.md.
REQUIRED_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:read",
    "chat:write",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:write",
    "reactions:write",
    "usergroups:read",
    "users:read",
)
_GROUP_FIXES = {
    "missing_scope": "Add usergroups:read under OAuth & Permissions, then reinstall the app.",
    "no_such_subteam": "Correct its id (S…).",
}
MAX_CLOCK_SKEW = timedelta(seconds=60)  # Slack refuses requests whose clocks differ by five minutes


class Level(Enum):
    """How bad a finding is: how it is marked, and the exit code that it asks for."""

    OK = ("ok  ", 0)
    NOTE = ("note", 0)
    WARNING = ("warn", 1)
    BAD = ("BAD ", 2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    level: Level
    subject: str
    sentence: str

    def line(self) -> str:
        """As it is printed."""
        return f"{self.level.value[0]}  {self.subject}: {self.sentence}"


def _ok(subject: str, sentence: str) -> Finding:
    return Finding(Level.OK, subject, sentence)


def _warn(subject: str, sentence: str) -> Finding:
    return Finding(Level.WARNING, subject, sentence)


def _bad(subject: str, sentence: str) -> Finding:
    return Finding(Level.BAD, subject, sentence)


def examine(ctx: BotContext) -> Iterator[Finding]:
    """Look at everything that a running Heard needs, the cheapest first; each look fails by itself.

    Raises `SettingsError` if the environment has become wrong since the start.
    """
    yield from _database(ctx)
    yield from _set_back(ctx)
    yield from _slack(ctx)
    yield from _channel(ctx)
    yield from _senders(ctx)
    yield from _pause(ctx)
    yield from _event_delivery(ctx)
    yield from _network_settings(ctx)
    _learn_accounts(ctx)
    for network in ctx.networks.accounts:
        yield from _network(network)
        yield from _polls(ctx, network)
    for network in ctx.networks.values():
        yield from _connected_twice(ctx, network)
        yield from _other_accounts(ctx, network)


def _database(ctx: BotContext) -> Iterator[Finding]:
    kind = "SQLite" if ctx.db.is_sqlite else "PostgreSQL"
    try:
        here, wanted = migrations.current_revision(ctx.db), migrations.latest_revision()
    except (SQLAlchemyError, BusyError) as error:
        yield _bad("database", f"{kind} does not respond ({type(error).__name__}). Check DATABASE_URL.")
        return
    if here is None and ctx.db.is_sqlite:
        yield _warn("database", "SQLite, empty: the first `python -m bot run` sets it up.")
    elif here != wanted:
        mend = "Run: python -m bot migrate" if (here or "") < wanted else "Update Heard."
        yield _bad("database", f"{kind} is at schema {here or 'none'}, this Heard needs {wanted}. {mend}")
    else:
        yield _ok("database", f"{kind}, schema {here}.")


def _set_back(ctx: BotContext) -> Iterator[Finding]:
    """Whether the clock that everything waits by was set back, now or within a day."""
    at = ctx.now()
    try:
        behind = clock_set_back.time_behind(ctx.db, at=at) if ctx.db.is_sqlite else None
        with ctx.db.read(2.0) as session:
            remembered = clock_set_back.recent_alarm(session, at=at)
    except (SQLAlchemyError, BusyError):
        return
    if behind is not None:
        mend = (
            "A running Heard recovers within seconds; make sure that the clock is right and synchronized "
            "(NTP)."
        )
        yield _bad("clock", f"was set back: it is {format_duration(behind)} behind the last poll. {mend}")
    elif remembered is not None:
        when = f"{format_duration(at - remembered.since)} ago, by {remembered.detail}"
        yield _warn("clock", f"was set back {when}. Make sure that it is synchronized (NTP).")


def _slack(ctx: BotContext) -> Iterator[Finding]:
    try:
        examined = ctx.slack.token_info()
    except SlackRefusedError as error:
        mend = "Copy the Bot User OAuth Token (xoxb-…) from your app's page again."
        yield _bad("SLACK_BOT_TOKEN", f"Slack refuses it ({error.error}). {mend}")
        return
    except SlackError as error:
        yield _bad("Slack", f"does not respond: {error}. Check SLACK_API_URL and the network.")
        return
    who, where = examined.name or "a bot", examined.team or "your"
    yield _ok("SLACK_BOT_TOKEN", f"works; signed in as @{who} in the {where} workspace.")
    yield from _scopes(examined)
    yield from _clock(ctx, "Slack", examined.date)


def _scopes(examined: TokenInfo) -> Iterator[Finding]:
    if not examined.scopes:
        yield _warn(
            "scopes", f"Slack does not say which the token has; it needs {', '.join(REQUIRED_SCOPES)}."
        )
        return
    missing = [scope for scope in REQUIRED_SCOPES if scope not in examined.scopes]
    if missing:
        mend = "Add them under OAuth & Permissions, then reinstall the app."
        yield _bad("scopes", f"{', '.join(missing)} missing. {mend}")
    else:
        yield _ok("scopes", "all granted.")


def _clock(ctx: BotContext, whose: str, date: str | None) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return
    skew = abs(ctx.now() - theirs)
    if skew > MAX_CLOCK_SKEW:
        yield _bad(
            "clock", f"differs from {whose}'s by {format_duration(skew)}. Set this machine's clock (NTP)."
        )
    else:
        yield _ok("clock", f"matches {whose}'s.")


def _channel(ctx: BotContext) -> Iterator[Finding]:
    channel = ctx.settings.slack_channel
    mends = {
        "not_in_channel": "Type /invite @Heard in that channel.",
        "channel_not_found": "Check the id (channel details); a private one needs /invite @Heard.",
        "is_archived": "Unarchive it, or choose another channel.",
        "missing_scope": "Add channels:history and groups:history.",
    }
    try:
        ctx.slack.check_readable(channel)
    except SlackRefusedError as error:
        mend = mends.get(error.error, "Check that the bot is a member.")
        yield _bad("SLACK_CHANNEL", f"{channel} cannot be used ({error.error}). {mend}")
    except SlackError as error:
        yield _warn("SLACK_CHANNEL", f"{channel} could not be checked: {error}.")
    else:
        yield _ok("SLACK_CHANNEL", f"the bot is in {channel}.")
        yield from _channel_sharing(ctx, channel)


def _channel_sharing(ctx: BotContext, channel: str) -> Iterator[Finding]:
    try:
        place = ctx.slack.channel(channel)
    except SlackError as error:
        yield _warn("SLACK_CHANNEL", f"Slack does not say whether {channel} is shared ({error}).")
        return
    if place.is_shared:
        mend = "No one can send from it: choose a channel that only your own people are in."
        yield _bad("SLACK_CHANNEL", f"{channel} is shared with another organisation. {mend}")


def _senders(ctx: BotContext) -> Iterator[Finding]:
    """Who may send, and which of the user groups among them Slack does not tell us about."""
    senders = ctx.settings.senders
    if senders is None:
        yield _ok("SENDERS", "every member may send; guests and other organisations may not.")
        return
    readable = list(senders)
    for group in filter(is_group, senders):
        try:
            ctx.slack.group(group)
        except SlackRefusedError as error:
            readable.remove(group)
            mend = _GROUP_FIXES.get(error.error, "Name people by their own ids (U…) instead.")
            yield _bad(
                "SENDERS", f"the user group {group} cannot be read: {unreadable_reason(error)}. {mend}"
            )
        except SlackError as error:
            yield _warn("SENDERS", f"the user group {group} could not be checked: {error}.")
    if len(readable) < len(senders):
        who = "only the others named there" if readable else "nobody"
        yield _warn("SENDERS", f"{who} may send until that is fixed.")
    else:
        yield _ok("SENDERS", f"only {', '.join(senders)} may send.")


def _pause(ctx: BotContext) -> Iterator[Finding]:
    """Whether somebody let no reply leave, and forgot it."""
    try:
        with ctx.db.read(2.0) as session:
            pause = Pause.current(session)
    except (SQLAlchemyError, BusyError):
        return
    if pause is not None:
        since = format_duration(ctx.now() - pause.at)
        yield _warn("replies", f"{pause.by} paused them {since} ago. /mentions resume starts them again.")


def _event_delivery(ctx: BotContext) -> Iterator[Finding]:
    """How Slack's events reach us."""
    token = ctx.settings.slack_app_token
    if token is None:
        if ctx.settings.slack_signing_secret is None:
            yield _bad("SLACK_SIGNING_SECRET", "is missing; set it, or SLACK_APP_TOKEN for Socket Mode.")
        else:
            yield _ok("events", f"by HTTP: Slack must reach /slack/events on port {ctx.settings.port}.")
        return
    try:
        ctx.slack.check_socket_mode(token.get_secret_value())
    except SlackRefusedError as error:
        mend = "Create an app-level token with connections:write, and turn Socket Mode on."
        yield _bad("SLACK_APP_TOKEN", f"Slack refuses it ({error.error}). {mend}")
    except SlackError as error:
        yield _warn("SLACK_APP_TOKEN", f"could not be checked: {error}.")
    else:
        yield _ok("events", "by Socket Mode.")


def _network_settings(ctx: BotContext) -> Iterator[Finding]:
    """Which settings of each network are set; their values stay unsaid."""
    for name, given in settings.load_networks().items():
        title = registry.registered()[name].title
        if given.is_configured:
            yield _ok(title, f"is set up by {', '.join(given.names_set)}.")
        elif name not in ctx.networks:
            yield Finding(Level.NOTE, title, f"is not set up. To listen there, set {given.needed_names()}.")
    if not ctx.networks:
        yield _warn("networks", "none is connected, so no mentions come in.")


def _network(network: Network) -> Iterator[Finding]:
    try:
        account = network.account()
    except Later as later:
        yield _bad(network.title, f"{later.detail} {fix_advice(later.cause, later.detail)}".strip())
    else:
        yield _ok(network.title, f"signed in as @{account.handle}.")
    for advice in network.advice():
        yield Finding(Level.NOTE, network.title, advice)


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
        yield Finding(Level.NOTE, network.title, sentence)


def _other_accounts(ctx: BotContext, network: Network) -> Iterator[Finding]:
    """Accounts that are not connected although tickets of theirs wait."""
    try:
        connected = _connected_accounts(ctx, network.name)
        with ctx.db.read(2.0) as session:
            waiting = account_check.waiting_sentences(session, network, connected)
    except (Later, SQLAlchemyError, BusyError):
        return
    for sentence in waiting:
        yield _warn(network.title, sentence)


def _connected_accounts(ctx: BotContext, name: str) -> account_check.ConnectedAccounts:
    """Who is connected to the network called `name`. Raises `Later` if that cannot be asked now.

    `account_check.connected_accounts` would write down that it cannot, and the doctor only reads.
    """
    known = [(one, one.account()) for one in ctx.networks.on(name)]
    handles = {account.id: account.handle for _, account in known}
    return account_check.ConnectedAccounts(frozenset(handles), handles)


def _polls(ctx: BotContext, network: Network) -> Iterator[Finding]:
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
        yield _poll_age(ctx, network, cursor, ringing, ctx.now())
        yield from _poll_rate(ctx, network, cursor)
        yield from _own_posts(ctx, network, cursors)
    else:
        yield _warn(network.title, "has never been read. Is `python -m bot run` (or `worker`) running?")


def _poll_age(
    ctx: BotContext, network: Network, cursor: Cursor, ringing: Sequence[Alarm], at: datetime
) -> Finding:
    age = cursor.age(at)
    if cursor.failing_since is not None:
        since = format_duration(at - cursor.failing_since)
        told = (cursor.failure or "no answer").rstrip(".")
        mends = [fix_advice(alarm.cause, alarm.detail) for alarm in ringing]
        return _bad(network.title, " ".join([f"could not be read for {since}: {told}.", *mends]).rstrip())
    if age is None:
        return _warn(network.title, "has not been read completely yet.")
    late = timedelta(seconds=max(3 * ctx.settings.poll_seconds, 30)) + 2 * cursor.rate_limit_interval
    if age > late:
        return _bad(
            network.title, f"was last read {format_duration(age)} ago. Is `python -m bot run` running?"
        )
    return _ok(network.title, f"was last read {format_duration(age)} ago.")


def _own_posts(ctx: BotContext, network: Network, cursors: Sequence[Cursor]) -> Iterator[Finding]:
    """Whether our own posts can be read: by them replies that were made by hand are seen."""
    for cursor in cursors:
        if cursor.name == READING_NAME and cursor.failing_since is not None:
            since, why = (
                format_duration(ctx.now() - cursor.failing_since),
                (cursor.failure or "no answer").rstrip("."),
            )
            told = f"our own posts could not be read for {since}: {why}."
            yield _warn(network.title, f"{told} Replies posted by hand are not noticed.")


def _poll_rate(ctx: BotContext, network: Network, cursor: Cursor) -> Iterator[Finding]:
    """Whether POLL_SECONDS asks for more than the network's rate limit leaves."""
    if cursor.rate_limit_interval > timedelta():
        often = f"POLL_SECONDS is {ctx.settings.poll_seconds:g}, more often than {network.title} allows"
        apart = f"polls are {format_duration(cursor.rate_limit_interval)} apart, as its rate limit allows"
        yield Finding(Level.NOTE, network.title, f"{often}: {apart}.")


def print_findings(findings: Iterable[Finding], say: Callable[[str], object]) -> int:
    """Say each finding as it comes; give the exit code of the worst."""
    worst = 0
    for finding in findings:
        say(finding.line())
        worst = max(worst, finding.level.value[1])
    return worst
