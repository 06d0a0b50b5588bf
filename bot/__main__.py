"""The command line, and the one place that joins the bot to its handlers."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import click
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

import handlers
from bot import settings
from bot.bootstrap import open_context, open_shared_ledger
from bot.cli import doctor as examination
from bot.cli import findings
from bot.cli.accounts import accounts, connect, disconnect
from bot.cli.backups import backup, restore
from bot.cli.customers import customers
from bot.cli.errors import one_line_errors
from bot.cli.export import export
from bot.cli.tracks import track
from bot.context import BotContext
from bot.http_server import HttpApp
from bot.runtime import migrations
from bot.runtime.account_loader import build_keyring
from bot.runtime.encryption import DecryptionError
from bot.runtime.token_store import reencrypt_all
from bot.runtime.waitress_server import Server
from bot.scheduler import CONNECTIONS_REFRESH_SECONDS, Scheduler
from bot.slack import socket_mode
from models.core.database import Database

log = logging.getLogger("heard")

HARD_EXIT_SECONDS = 9.7  # seconds from SIGTERM to the very end
DRAIN_SECONDS = 9.0  # seconds from SIGTERM to the end; a call to a network takes eight at most


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Heard: no mention goes unheard."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until there is something to drain
    with one_line_errors():
        settings.load_env_file()


@main.command()
def run() -> None:
    """Run everything in one process, after updating the schema."""
    with one_line_errors(), open_context("run") as ctx:
        web, sockets = _build_http_app(ctx)
        _serve(ctx, web, sockets, Scheduler(ctx))


@main.command()
def web() -> None:
    """Serve Slack over HTTP only (PostgreSQL)."""
    with one_line_errors(), open_context("web") as ctx:
        _require_signing_secret(ctx)
        _fetch_identity_in_background(ctx)
        _refresh_networks_in_background(ctx)
        _serve(ctx, HttpApp(ctx, handlers.build_app(ctx)), None, None)


@main.command()
def worker() -> None:
    """Poll, publish replies and update cards; no HTTP (PostgreSQL)."""
    with one_line_errors(), open_context("worker") as ctx:
        schedule = Scheduler(ctx)
        # A handler may interrupt this very wait while it holds the event's lock: another thread sets it.
        _install_signal_handlers(
            lambda: threading.Thread(target=ctx.stop.set, name="leave", daemon=True).start()
        )
        log.info("Heard works; %s", settings.describe_source(ctx.settings))
        schedule.start()
        while not ctx.stop.wait(1.0):  # a signal that another thread was given wakes no endless wait
            pass
        _shut_down(ctx, schedule, time.monotonic())


@main.command()
def migrate() -> None:
    """Update the database schema."""
    with one_line_errors():
        database = Database(settings.database_url())
        migrations.migrate(database)
        database.close()
        click.echo(f"The database is at schema {migrations.latest_revision()}.")


@main.command()
def doctor() -> None:
    """Check the setup; exit code 0: fine, 1: warnings, 2: broken."""
    try:
        with open_context("doctor") as ctx:
            code = findings.print_findings(examination.examine(ctx), click.echo)
    except settings.SettingsError as error:
        code = findings.print_findings(examination.examine_settings(str(error)), click.echo)
    sys.exit(code)


@main.command("rotate-keys")
def rotate_keys() -> None:
    """Re-encrypt stored tokens with the newest key.

    That is the first of ENCRYPTION_KEYS; a running bot must have been started with it.
    """
    with one_line_errors(), open_shared_ledger() as (known, on_networks, database):
        keyring = build_keyring(known, on_networks)
        try:
            before = reencrypt_all(database, keyring)
        except DecryptionError:
            sys.exit(
                "Nothing was changed: none of these keys can decrypt the stored tokens. Add the old key."
            )
        for name, key in before.items():
            click.echo(f"{name}: re-encrypted with key {keyring.key_id} (was {key}).")
        click.echo(f"{len(before)} encrypted with key {keyring.key_id}, from {keyring.source}.")


for command in (connect, accounts, disconnect, track, customers, export, backup, restore):
    main.add_command(command)


# --- the doors ----------------------------------------------------------------------------------------------


def _build_http_app(ctx: BotContext) -> tuple[HttpApp, SocketModeHandler | None]:
    """Socket Mode when there is an app token, else HTTP; health is served either way."""
    app = handlers.build_app(ctx)
    token = ctx.settings.slack_app_token
    if token is None:
        _require_signing_secret(ctx)
        return HttpApp(ctx, app), None
    has_secret = ctx.settings.slack_signing_secret is not None
    return HttpApp(ctx, app if has_secret else None), _socket_mode_handler(app, token.get_secret_value())


def _socket_mode_handler(app: App, token: str) -> SocketModeHandler:
    return SocketModeHandler(app, token, trace_enabled=False)


def _require_signing_secret(ctx: BotContext) -> None:
    if ctx.settings.slack_signing_secret is None:
        raise settings.SettingsError(
            "SLACK_SIGNING_SECRET is missing (or set SLACK_APP_TOKEN for Socket Mode)"
        )


def _fetch_identity_in_background(ctx: BotContext) -> None:
    """`web` runs no jobs: it asks Slack who we are by the side, until it knows."""

    def ask() -> None:
        while not ctx.stop.wait(2.0):
            try:
                ctx.slack.identity()
            except Exception as error:  # noqa: BLE001 - whatever it is, ask again
                log.warning("could not get our identity from Slack: %s", error)
            else:
                return

    threading.Thread(target=ask, name="introduce", daemon=True).start()


def _refresh_networks_in_background(ctx: BotContext) -> None:
    """`web` runs no jobs: it sees by itself which accounts people connect and disconnect."""

    def look() -> None:
        while not ctx.stop.wait(CONNECTIONS_REFRESH_SECONDS):
            ctx.refresh_networks()

    threading.Thread(target=look, name="accounts", daemon=True).start()


# --- running and ending -------------------------------------------------------------------------------------


def _serve(
    ctx: BotContext, web: HttpApp, sockets: SocketModeHandler | None, schedule: Scheduler | None
) -> None:
    """Serve HTTP in the main thread until a signal comes, then drain."""
    started: list[float] = []

    def leave() -> None:
        started.append(time.monotonic())
        ctx.stop.set()
        ctx.wake_loops()
        raise SystemExit

    _install_signal_handlers(leave)
    ctx.run_in_background(lambda: _warm_caches(ctx))
    try:
        server = Server(web, "0.0.0.0", ctx.settings.port)  # noqa: S104
    except OSError as error:
        raise settings.SettingsError(f"PORT {ctx.settings.port} can't be opened: {error.strerror}") from None
    if schedule is not None:
        schedule.start()
    if sockets is not None:
        threading.Thread(
            target=_connect_to_slack, args=(ctx, sockets), name="socket mode", daemon=True
        ).start()
    doors = f"port {ctx.settings.port}{' and by Socket Mode' if sockets else ''}"
    log.info("Heard listens on %s; %s", doors, settings.describe_source(ctx.settings))
    try:
        server.run()  # on SystemExit waitress answers what it has begun
    finally:
        server.close()
        if sockets is not None:
            socket_mode.close(sockets)
        _shut_down(ctx, schedule, started[0] if started else time.monotonic())


def _warm_caches(ctx: BotContext) -> None:
    """Load what counting needs before the first person waits for it."""
    for network in ctx.networks.values():
        network.length("")


def _connect_to_slack(ctx: BotContext, sockets: SocketModeHandler) -> None:
    """Connect to Slack; if it is not there yet, keep asking. Once connected the SDK reconnects by itself."""
    wait = 1.0
    while not ctx.stop.is_set():
        try:
            sockets.connect()  # type: ignore[no-untyped-call]
        except Exception as error:  # noqa: BLE001 - Slack down is no reason to stop
            log.warning("Slack's Socket Mode does not answer (%s); trying again", error)
        else:
            return
        ctx.stop.wait(wait)
        wait = min(wait * 2, 30.0)


def _install_signal_handlers(leave: Callable[[], Any]) -> None:
    """Leave on SIGTERM and SIGINT; whatever still hangs at the end of the time is cut.

    Cutting is safe: the ledger knows where everything stands, as it does after a power cut.
    """

    def cut() -> None:
        log.warning("Heard is stopping with work still running; it resumes at the next start")
        logging.shutdown()
        os._exit(0)

    leaving: list[int] = []  # an event would not do: a handler may interrupt itself while it holds its lock

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        if not leaving:
            leaving.append(number)
            last = threading.Timer(HARD_EXIT_SECONDS, cut)
            last.daemon = True
            last.start()
            leave()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _shut_down(ctx: BotContext, schedule: Scheduler | None, since: float) -> None:
    """Finish what is on the wire, within the time that is left."""
    ctx.stop.set()
    left = max(DRAIN_SECONDS - (time.monotonic() - since), 0.5)
    rested = ctx.running_tasks.wait_until_idle(left) if schedule is None else schedule.drain(left)
    log.info("Heard stops%s", "" if rested else " with a call still running; it is checked at the next start")


if __name__ == "__main__":
    main()
