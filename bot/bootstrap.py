"""Settings, ledger, clock, networks and Slack, put together into the desk that everything works at."""

import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO

from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from bot import settings
from bot.context import BotContext
from bot.networks.base import Network
from bot.networks.x.client import XNetwork, XSettings
from bot.networks.x.oauth import OAuth2Client
from bot.notices import clock_set_back
from bot.runtime import crash_recovery, logs, migrations, sqlite_lock
from bot.runtime.clock import DatabaseClock
from bot.runtime.encryption import Keyring
from bot.runtime.token_store import TokenStore
from bot.slack.client import SlackClient
from models.core.database import BusyError, Database

MIGRATION_WAIT_SECONDS = 10.0  # seconds that a worker waits for somebody else to bring the schema to ours


@contextmanager
def open_context(command: str) -> Iterator[BotContext]:
    """Everything at hand, checked; let go of at the end."""
    known = settings.load()
    x = _load_x_settings()
    logs.set_up(known.log_level, [*_collect_secrets(known), *_collect_secrets(x)])
    database = Database(known.url)
    held, stop = None, threading.Event()
    try:
        if command != "doctor":  # a doctor only looks, beside whoever works
            held = _prepare_ledger(command, known.url, database)
        looks = command == "doctor"
        now = _machine_time if looks else _build_clock(database, stop)
        ctx = BotContext(
            settings=known,
            db=database,
            slack=SlackClient(known.slack_bot_token.get_secret_value(), known.slack_api_url),
            networks=_build_networks(known, x, database, clock_for(database) if looks else now),
            now=now,
            stop=stop,
            worker=_worker_name(),
        )
        yield ctx
        ctx.close()
    finally:
        stop.set()
        database.close()
        if held is not None:
            held.close()


def _worker_name() -> str:
    """What this process calls itself in leases."""
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:6]}"


def _prepare_ledger(command: str, url: str, database: Database) -> IO[str] | None:
    """Hold the ledger where one process has to, at the schema that this code was written for."""
    if command != "run":
        sqlite_lock.refuse_sqlite(url, command)
    held = sqlite_lock.acquire(url)
    if command == "run":
        migrations.migrate(database)
    else:
        migrations.wait_until_migrated(database, MIGRATION_WAIT_SECONDS)
    if held is not None:
        crash_recovery.release_all(database, at=_machine_time())
        clock_set_back.repair_at_start(database, at=_machine_time())
    return held


def _machine_time() -> datetime:
    return datetime.now(UTC)


def _build_clock(database: Database, stop: threading.Event) -> Callable[[], datetime]:
    """The time that this process goes by: where others share the ledger, the database's."""
    if database.is_sqlite:
        return _machine_time
    clock = DatabaseClock(database)
    threading.Thread(target=clock.keep_in_sync, args=(stop,), name="clock", daemon=True).start()
    return clock


def _load_x_settings() -> XSettings:
    try:
        return XSettings()
    except ValidationError as error:
        raise settings.SettingsError(settings.summarize_error(error, prefix="X_")) from None


@contextmanager
def open_shared_ledger() -> Iterator[tuple[settings.Settings, XSettings, Database]]:
    """Settings and ledger for a command that works beside whoever holds it; made if there is none yet."""
    known = settings.load()
    x = _load_x_settings()
    logs.set_up(known.log_level, [*_collect_secrets(known), *_collect_secrets(x)])
    database = Database(known.url)
    try:
        if database.is_sqlite and migrations.current_revision(database) is None:
            held = sqlite_lock.acquire(known.url)
            migrations.migrate(database)
            if held is not None:
                held.close()
        migrations.check_revision(database)
        yield known, x, database
    finally:
        database.close()


def build_cli_context(known: settings.Settings, database: Database, network: Network) -> BotContext:
    """A desk for such a command, with the one network that it is about. It shares `database`."""
    return BotContext(
        settings=known,
        db=database,
        slack=SlackClient(known.slack_bot_token.get_secret_value(), known.slack_api_url),
        networks={network.name: network},
        now=clock_for(database),
        worker=_worker_name(),
    )


def clock_for(database: Database) -> Callable[[], datetime]:
    """The time that leases run by, for a command that is soon over."""
    try:
        return _machine_time if database.is_sqlite else DatabaseClock(database)
    except (SQLAlchemyError, BusyError):
        return _machine_time  # then nothing can be leased either


def build_keyring(known: settings.Settings, x: XSettings) -> Keyring:
    """The keys that are given, then those that follow from secrets which are there anyway."""
    derived = {"X_CLIENT_SECRET": x.client_secret, "SLACK_BOT_TOKEN": known.slack_bot_token}
    return Keyring(known.encryption_keys or (), {name: one for name, one in derived.items() if one})


def x_oauth(x: XSettings) -> OAuth2Client:
    """How our app signs people in to X."""
    return OAuth2Client(x.client_id or "", x.client_secret, x.api_url)


def x_tokens(
    known: settings.Settings, x: XSettings, database: Database, now: Callable[[], datetime]
) -> TokenStore:
    """The tokens of X that the ledger keeps."""
    return TokenStore(database, build_keyring(known, x), x_oauth(x), now)


def _build_networks(
    known: settings.Settings, x: XSettings, database: Database, now: Callable[[], datetime]
) -> Mapping[str, Network]:
    """Each network that the environment has keys for."""
    found: dict[str, Network] = {}
    if x.is_configured:
        if x.problem is not None:
            raise settings.SettingsError(x.problem)
        found["x"] = XNetwork(x, tokens=x_tokens(known, x, database, now) if x.uses_oauth2 else None)
    if not found:
        needed = "X_API_KEY, X_API_SECRET, X_ACCESS_TOKEN and X_ACCESS_TOKEN_SECRET, or X_CLIENT_ID"
        raise settings.SettingsError(f"no network to listen to: set {needed}")
    return found


def _collect_secrets(known: settings.Settings | XSettings) -> list[str]:
    values = [getattr(known, name) for name in type(known).model_fields]
    each = [one for value in values for one in (value if isinstance(value, tuple) else [value])]
    return [one.get_secret_value() for one in each if isinstance(one, SecretStr)]
