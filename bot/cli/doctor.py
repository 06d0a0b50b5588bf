"""The doctor: what is wrong with a set-up, and how to mend it, one line each."""

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy.exc import SQLAlchemyError

from bot.cli import doctor_networks
from bot.cli.findings import Finding, Level, bad, note, ok, warn
from bot.cli.setting_places import place_of, with_place
from bot.context import BotContext
from bot.notices import clock_set_back
from bot.runtime import migrations
from bot.slack.blocks.elements import format_duration
from bot.slack.client import TokenInfo
from bot.slack.errors import SlackError, SlackRefusedError
from bot.slack.sender_permissions import is_group, unreadable_reason
from bot.slack.web_api.files import FILES_SCOPE
from models import ChannelSettings, Pause
from models.core.database import BusyError

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
_CHANNELS_NAMED_MAX = 5
MAX_CLOCK_SKEW = timedelta(seconds=60)  # Slack refuses requests whose clocks differ by five minutes


def examine(ctx: BotContext) -> Iterator[Finding]:
    """Look at everything that a running Heard needs, the cheapest first; each look fails by itself.

    Raises `SettingsError` if the environment has become wrong since the start.
    """
    yield from _database(ctx)
    yield from _set_back(ctx)
    yield from _slack(ctx)
    yield from _channel(ctx)
    yield from _senders(ctx)
    yield from _channel_settings(ctx)
    yield from _pause(ctx)
    yield from _event_delivery(ctx)
    yield from doctor_networks.examine(ctx)


def examine_settings(complaints: str) -> Iterator[Finding]:
    """Look at settings that are too wrong to start with: all that is missing, and where each is found.

    `complaints` is what `SettingsError` said.
    """
    for complaint in complaints.split("; "):
        yield bad("settings", f"{with_place(complaint)}.")
    if not any(os.environ.get(name, "").strip() for name in ("SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET")):
        yield bad("settings", f"{with_place('SLACK_APP_TOKEN is missing')}.")
    yield from doctor_networks.examine_settings()


def _database(ctx: BotContext) -> Iterator[Finding]:
    kind = "SQLite" if ctx.db.is_sqlite else "PostgreSQL"
    try:
        here, wanted = migrations.current_revision(ctx.db), migrations.latest_revision()
    except (SQLAlchemyError, BusyError) as error:
        yield bad("database", f"{kind} does not respond ({type(error).__name__}). Check DATABASE_URL.")
        return
    if here is None and ctx.db.is_sqlite:
        yield warn("database", "SQLite, empty: the first `python -m bot run` sets it up.")
    elif here != wanted:
        mend = "Run: python -m bot migrate" if (here or "") < wanted else "Update Heard."
        yield bad("database", f"{kind} is at schema {here or 'none'}, this Heard needs {wanted}. {mend}")
    else:
        yield ok("database", f"{kind}, schema {here}.")


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
        yield bad("clock", f"was set back: it is {format_duration(behind)} behind the last poll. {mend}")
    elif remembered is not None:
        when = f"{format_duration(at - remembered.since)} ago, by {remembered.detail}"
        yield warn("clock", f"was set back {when}. Make sure that it is synchronized (NTP).")


def _slack(ctx: BotContext) -> Iterator[Finding]:
    try:
        examined = ctx.slack.token_info()
    except SlackRefusedError as error:
        mend = "Copy the Bot User OAuth Token (xoxb-…) from your app's page again."
        yield bad("SLACK_BOT_TOKEN", f"Slack refuses it ({error.error}). {mend}")
        return
    except SlackError as error:
        yield bad("Slack", f"does not respond: {error}. Check SLACK_API_URL and the network.")
        return
    who, where = examined.name or "a bot", examined.team or "your"
    yield ok("SLACK_BOT_TOKEN", f"works; signed in as @{who} in the {where} workspace.")
    yield from _scopes(examined)
    yield from _clock(ctx, "Slack", examined.date)


def _scopes(examined: TokenInfo) -> Iterator[Finding]:
    if not examined.scopes:
        yield warn(
            "scopes", f"Slack does not say which the token has; it needs {', '.join(REQUIRED_SCOPES)}."
        )
        return
    missing = [scope for scope in REQUIRED_SCOPES if scope not in examined.scopes]
    if missing:
        mend = "Add them under OAuth & Permissions, then reinstall the app."
        yield bad("scopes", f"{', '.join(missing)} missing. {mend}")
    elif FILES_SCOPE in examined.scopes:
        yield ok("scopes", "all granted.")
    if FILES_SCOPE not in examined.scopes:
        mend = "To send them, add it under OAuth & Permissions, reinstall the app, then restart Heard."
        yield note("scopes", f"{FILES_SCOPE} missing, so pictures can't go along with replies. {mend}")


def _clock(ctx: BotContext, whose: str, date: str | None) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return
    skew = abs(ctx.now() - theirs)
    if skew > MAX_CLOCK_SKEW:
        yield bad(
            "clock", f"differs from {whose}'s by {format_duration(skew)}. Set this machine's clock (NTP)."
        )
    else:
        yield ok("clock", f"matches {whose}'s.")


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
        yield bad("SLACK_CHANNEL", f"{channel} cannot be used ({error.error}). {mend}")
    except SlackError as error:
        yield warn("SLACK_CHANNEL", f"{channel} could not be checked: {error}.")
    else:
        yield ok("SLACK_CHANNEL", f"the bot is in {channel}.")
        yield from _channel_sharing(ctx, channel)


def _channel_sharing(ctx: BotContext, channel: str) -> Iterator[Finding]:
    try:
        place = ctx.slack.channel(channel)
    except SlackError as error:
        yield warn("SLACK_CHANNEL", f"Slack does not say whether {channel} is shared ({error}).")
        return
    if place.is_shared:
        mend = "No one can send from it: choose a channel that only your own people are in."
        yield bad("SLACK_CHANNEL", f"{channel} is shared with another organisation. {mend}")


def _senders(ctx: BotContext) -> Iterator[Finding]:
    """Who may send, and which of the user groups among them Slack does not tell us about."""
    senders = ctx.settings.senders
    if senders is None:
        yield ok("SENDERS", "every member may send; guests and other organisations may not.")
        return
    is_fine = True
    for finding in _unreadable_senders(ctx, "SENDERS", senders):
        is_fine = is_fine and finding.level is not Level.BAD
        yield finding
    if is_fine:
        yield ok("SENDERS", f"only {', '.join(senders)} may send.")


def _unreadable_senders(ctx: BotContext, where: str, senders: Sequence[str]) -> Iterator[Finding]:
    """Which of the user groups named in `where` cannot be read, and who may send until that is fixed."""
    readable = list(senders)
    for group in filter(is_group, senders):
        try:
            ctx.slack.group(group)
        except SlackRefusedError as error:
            readable.remove(group)
            mend = _GROUP_FIXES.get(error.error, "Name people by their own ids (U…) instead.")
            yield bad(where, f"the user group {group} cannot be read: {unreadable_reason(error)}. {mend}")
        except SlackError as error:
            yield warn(where, f"the user group {group} could not be checked: {error}.")
    if len(readable) < len(senders):
        who = "only the others named there" if readable else "nobody"
        yield warn(where, f"{who} may send until that is fixed.")


def _channel_settings(ctx: BotContext) -> Iterator[Finding]:
    """Which channels have settings of their own, and what is wrong with those."""
    try:
        with ctx.db.read(2.0) as session:
            found = ChannelSettings.all(session)
    except (SQLAlchemyError, BusyError):
        return
    if not found:
        yield ok("channel settings", "no channel has settings of its own.")
        return
    named = ", ".join(one.channel for one in found[:_CHANNELS_NAMED_MAX])
    more = f" and {len(found) - _CHANNELS_NAMED_MAX} more" if len(found) > _CHANNELS_NAMED_MAX else ""
    have = "1 channel has settings of its own" if len(found) == 1 else f"{len(found)} channels have their own"
    yield ok("channel settings", f"{have}: {named}{more}.")
    for one in found:
        where = f"settings of {one.channel}"
        yield from _unreadable_senders(ctx, where, one.own.senders or ())
        if not ctx.settings.policy_defaults.can_read_office(one.own):
            mend = "Correct them there with /mentions settings; until then the default ones hold."
            yield bad(where, f"office hours, time zone or holidays cannot be read on this machine. {mend}")


def _pause(ctx: BotContext) -> Iterator[Finding]:
    """Whether somebody let no reply leave, and forgot it."""
    try:
        with ctx.db.read(2.0) as session:
            pause = Pause.current(session)
    except (SQLAlchemyError, BusyError):
        return
    if pause is not None:
        since = format_duration(ctx.now() - pause.at)
        yield warn("replies", f"{pause.by} paused them {since} ago. /mentions resume starts them again.")


def _event_delivery(ctx: BotContext) -> Iterator[Finding]:
    """How Slack's events reach us."""
    token = ctx.settings.slack_app_token
    if token is None:
        if ctx.settings.slack_signing_secret is None:
            instead = "Or set SLACK_SIGNING_SECRET to receive events over HTTP."
            yield bad("SLACK_APP_TOKEN", f"is missing. {place_of('SLACK_APP_TOKEN')}. {instead}")
        else:
            yield ok("events", f"by HTTP: Slack must reach /slack/events on port {ctx.settings.port}.")
        return
    try:
        ctx.slack.check_socket_mode(token.get_secret_value())
    except SlackRefusedError as error:
        mend = "Create an app-level token with connections:write, and turn Socket Mode on."
        yield bad("SLACK_APP_TOKEN", f"Slack refuses it ({error.error}). {mend}")
    except SlackError as error:
        yield warn("SLACK_APP_TOKEN", f"could not be checked: {error}.")
    else:
        yield ok("events", "by Socket Mode.")
