"""The composition root: settings, database, clock, networks and Slack become one `BotContext`."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot import settings
from bot.context import BotContext
from bot.networks.registry import NetworkSettings
from bot.notices import clock_set_back
from bot.runtime import crash_recovery, logs, migrations, sqlite_lock
from bot.runtime.account_loader import AccountLoader
from bot.runtime.clock import DatabaseClock
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.slack.client import SlackClient
from models.core.database import BusyError, Database

log = logging.getLogger(__name__)

MIGRATION_WAIT_SECONDS = 10.0  # that a worker waits for somebody else to bring the schema to ours


@contextmanager
def open_context(command: str, *, patience: int = 1) -> Iterator[BotContext]:
    """Everything that `command` needs, checked, and released at the end. Raises `SettingsError`.

    `patience` is that of `BotContext`; tests alone pass it.
    """
    known, on_networks = _load_doctor_settings() if command == "doctor" else _load_settings()
    database = Database(known.url, patience=patience)
    held, stop = None, threading.Event()
    try:
        if command != "doctor":  # `doctor` only reads, beside a running bot
            held = _prepare_ledger(command, known.url, database)
        looks = command == "doctor"
        now = _machine_time if looks else _build_clock(database, stop)
        ctx = BotContext(
            settings=known,
            db=database,
            slack=SlackClient(
                known.slack_bot_token.get_secret_value(), known.slack_api_url, patience=patience
            ),
            networks=build_connections(known, on_networks, database, clock_for(database) if looks else now),
            now=now,
            stop=stop,
            worker=_worker_name(),
            patience=patience,
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


def _load_settings() -> tuple[settings.Settings, dict[str, NetworkSettings]]:
    """Read all settings, and have the log hide the secrets among them. Raises `SettingsError`."""
    known, on_networks = settings.load(), settings.load_networks()
    secrets = [one for network in on_networks.values() for one in network.secrets]
    logs.set_up(known.log_level, [*_collect_secrets(known), *secrets])
    for sentence in settings.find_mistyped_names():
        log.warning("%s", sentence)
    return known, on_networks


def _load_doctor_settings() -> tuple[settings.Settings, dict[str, NetworkSettings]]:
    """Read the settings that can be used, for the doctor, who reports the others himself.

    Nothing is logged between his lines. Raises `SettingsError` if Slack's or the ledger's are wrong.
    """
    known, (on_networks, _) = settings.load(), settings.read_networks()
    logs.set_up("CRITICAL", [])
    usable = {name for name, given in on_networks.items() if not given.is_configured or not given.problem}
    return known, {name: given for name, given in on_networks.items() if name in usable}


@contextmanager
def open_shared_ledger() -> Iterator[tuple[settings.Settings, dict[str, NetworkSettings], Database]]:
    """Settings and ledger for a command that works beside a running bot; the ledger is made if there is none.

    Raises `SettingsError` and `SchemaError`.
    """
    known, on_networks = _load_settings()
    database = Database(known.url)
    try:
        if database.is_sqlite and migrations.current_revision(database) is None:
            held = sqlite_lock.acquire(known.url)
            migrations.migrate(database)
            if held is not None:
                held.close()
        migrations.check_revision(database)
        yield known, on_networks, database
    finally:
        database.close()


def build_cli_context(
    known: settings.Settings, on_networks: Mapping[str, NetworkSettings], database: Database
) -> BotContext:
    """A context for such a command, with every account that is connected now. It shares `database`."""
    return BotContext(
        settings=known,
        db=database,
        slack=SlackClient(known.slack_bot_token.get_secret_value(), known.slack_api_url),
        networks=build_connections(known, on_networks, database, clock_for(database)),
        now=clock_for(database),
        worker=_worker_name(),
    )


def clock_for(database: Database) -> Callable[[], datetime]:
    """The time that leases run by, for a command that is soon over."""
    try:
        return _machine_time if database.is_sqlite else DatabaseClock(database)
    except (SQLAlchemyError, BusyError):
        return _machine_time  # then nothing can be leased either


def build_connections(
    known: settings.Settings,
    on_networks: Mapping[str, NetworkSettings],
    database: Database,
    now: Callable[[], datetime],
) -> SignedInAccounts:
    """Every account that Heard is signed in to. Raises `SettingsError` if a network is set up by half."""
    load = AccountLoader(known, on_networks, database, now)
    load.check()
    return SignedInAccounts(load)


def _collect_secrets(known: settings.Settings) -> list[str]:
    values = [getattr(known, name) for name in type(known).model_fields]
    each = [one for value in values for one in (value if isinstance(value, tuple) else [value])]
    return [one.get_secret_value() for one in each if isinstance(one, SecretStr)]
