"""Starts both worlds, the page and the bot; ends them all."""

import argparse
import contextlib
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from waitress.server import create_server

from models.core.database import Database
from sandbox.demo.bot_process import BotProcess
from sandbox.demo.cast import BRAND_HANDLE, BRAND_NAME, CHANNEL, TAGLINE
from sandbox.demo.scripted_customers import ScriptedDrip
from sandbox.demo.seed import seed, workspace
from sandbox.demo.talk import COMMANDS, IDEAS
from sandbox.demo.ticket_timeline import LedgerView
from sandbox.page import OUR_TOKEN, Bulletin, Stage, create_app
from sandbox.slack import SlackServer, SlackWorld
from sandbox.slack.workspace.app import SlackApp
from sandbox.x import XServer, XWorld

PORT = 8000
WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
THREADS = 32  # each open tab holds one
SECRET, BOT_TOKEN = "demo-signing-secret", "xoxb-demo"
TICK = 0.4
LOOK = 1.0  # seconds
DIGEST_AFTER = timedelta(minutes=2)  # a visitor who stays a while sees one; nobody waits until the morning


def main() -> None:
    """Run until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Heard between a local X and a local Slack."
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page; {PORT} unless taken")
    parser.add_argument("--quiet-customers", action="store_true", help="nobody speaks up by themselves")
    given = parser.parse_args()
    over = threading.Event()

    def leave(*_: object) -> None:
        # A handler may interrupt itself, and an event's lock cannot be taken twice: another thread sets it.
        threading.Thread(target=over.set, name="leave", daemon=True).start()

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, leave)
    _say("Starting a small X, a small Slack and the bot between them …")
    with running(port=given.port, drip=not given.quiet_customers, over=over) as demo:
        if not over.is_set():
            _say(GREETING.format(url=demo.url))
        while not over.wait(LOOK):  # a signal that another thread was given wakes nobody who waits for ever
            pass
        _say("\nStopping …")


GREETING = """
  Heard's demo is ready:   {url}

  Try this: press Reply on Maria's card in #mentions, write something kind, and watch it arrive on the right.
  Two people at once:      {url}?as=U0BEN in a second window
  Ctrl-C ends everything.
"""


@dataclass(frozen=True)
class Demo:
    """A demo that runs."""

    url: str
    stage: Stage
    bot: BotProcess
    drip: ScriptedDrip


@contextmanager
def running(
    *, port: int = PORT, drip: bool = True, over: threading.Event | None = None, **settings: str
) -> Iterator[Demo]:
    """Start everything, give it, stop everything. `settings` are environment variables of the bot."""
    with ExitStack() as things:
        folder = Path(things.enter_context(tempfile.TemporaryDirectory(prefix="heard-demo-")))
        url = f"sqlite:///{folder / 'ledger.db'}"
        x_world = XWorld(handle=BRAND_HANDLE, name=BRAND_NAME)
        slack_world = SlackWorld(
            SlackApp(team_name="Fernpress", team_domain="fernpress", team_url="https://fernpress.slack.test/")
        )
        workspace(slack_world)
        slack = SlackServer(SECRET, BOT_TOKEN, world=slack_world)
        x = things.enter_context(XServer(x_world))
        bulletin = Bulletin()
        told = _settings(url, slack, x) | _digest(datetime.now(UTC) + DIGEST_AFTER) | settings
        bot = BotProcess(told, folder, lambda: bulletin.changed("room"))
        things.callback(bot.close)
        bot.migrate()
        _write_history(x_world, slack_world, url)
        things.enter_context(slack)
        slack.events_url = bot.events_url
        ledger = LedgerView(url)
        things.callback(ledger.close)
        customers = ScriptedDrip(x_world, running=drip)
        things.callback(customers.close)
        stage = Stage(slack, x, bot, ledger, customers, bulletin, TAGLINE, COMMANDS, IDEAS)
        things.callback(_watch(stage))
        bot.start()
        served = things.enter_context(_served(stage, port))
        if bot.wait_until_running(20):
            _wait_for_cards(stage, over)
        else:
            _say("The bot did not start; the page can try again. It said:\n" + "\n".join(bot.tail(5)))
        customers.start()
        yield Demo(f"http://127.0.0.1:{served}/", stage, bot, customers)


def _settings(url: str, slack: SlackServer, x: XServer) -> dict[str, str]:
    """The bot's environment. It polls and draws faster than the real services would let it."""
    return {
        "DATABASE_URL": url,
        "SLACK_API_URL": slack.url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_CHANNEL": CHANNEL,
        "SLACK_POSTS_PER_SECOND": "20",
        "SLACK_UPDATES_PER_MINUTE": "6000",
        "X_API_URL": x.url,
        "X_API_KEY": "demo",
        "X_API_SECRET": "demo-secret",
        "X_ACCESS_TOKEN": OUR_TOKEN,
        "X_ACCESS_TOKEN_SECRET": "demo-token-secret",
        "POLL_SECONDS": "1",
        "UNDO_SECONDS": "10",
        "RECONCILE_SECONDS": "3,8,20",
        "LOG_LEVEL": "INFO",
    }


def _digest(at: datetime) -> dict[str, str]:
    """The digest at that moment, with the week in it, whatever day it is."""
    return {"DIGEST_AT": f"{at:%H:%M}", "DIGEST_DAY": WEEK[at.weekday()]}


def _write_history(x: XWorld, slack: SlackWorld, url: str) -> None:
    database = Database(url)
    try:
        seed(x, slack, database, datetime.now(UTC))
    finally:
        database.close()


def _wait_for_cards(stage: Stage, over: threading.Event | None, seconds: float = 15.0) -> None:
    """Let the bot draw what the visitor sees first."""
    until = time.monotonic() + seconds
    channel = stage.slack.world.channel(CHANNEL)
    while time.monotonic() < until and not (over and over.is_set()):
        cards = [one for one in channel.messages if one.metadata and not one.is_reply]
        if cards and all(one.blocks for one in cards):
            return
        time.sleep(0.05)


# --- the page ----------------------------------------------------------------------------------------


@contextmanager
def _served(stage: Stage, port: int) -> Iterator[int]:
    """Serve the page on `port`, or on the next free one, and say so."""
    app = create_app(stage)
    listening = _socket(port)
    server: Any = create_server(app, sockets=[listening], threads=THREADS, channel_timeout=30)
    over = threading.Event()

    def serve() -> None:
        try:
            server.run()
        except OSError:  # its sockets were closed while it waited for them
            if not over.is_set():
                raise

    threading.Thread(target=serve, name="page", daemon=True).start()
    try:
        yield int(server.effective_port)
    finally:
        over.set()
        stage.bulletin.close()  # so that every stream ends, and its thread with it
        server.task_dispatcher.shutdown(timeout=2)
        with contextlib.suppress(OSError):
            server.close()
        listening.close()  # which the server does last, and not if anything stopped it on the way
        for channel in list(server.active_channels.values()):  # browsers that have not hung up
            channel.socket.close()


def _socket(port: int) -> socket.socket:
    """A listening socket on `port`, or one of the next fifty."""
    for wanted in [*range(port, port + 50), 0]:
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", wanted))
        except OSError:
            found.close()
            continue
        if wanted != port:
            _say(f"Port {port} is in use, taking {found.getsockname()[1]} instead.")
        return found
    raise OSError("no port is free")


def _watch(stage: Stage) -> Any:  # noqa: ANN401 - a callable that ends it
    """Turn what happens in either world into news; returns what ends that."""
    news, over = stage.bulletin, threading.Event()
    news.bot = lambda: stage.bot.state
    ends = [
        stage.slack.world.on_change(lambda change: _news_of(stage, change.kind)),
        stage.x.world.on_change(lambda _: news.changed("network")),
    ]

    def tick() -> None:
        """What nobody tells of: requests, and acts in the ledger."""
        known: tuple[int, ...] = ()
        while not over.wait(TICK):
            slack, x = stage.slack.world, stage.x.world
            now = (len(slack.calls), len(slack.deliveries), len(x.requests), stage.ledger.mark())
            if now != known:
                known = now
                news.changed("room")

    threading.Thread(target=tick, name="news", daemon=True).start()

    def end() -> None:
        over.set()
        for stop in ends:
            stop()

    return end


def _news_of(stage: Stage, kind: str) -> None:
    if kind not in {"call", "delivery"}:
        stage.bulletin.changed("slack")


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()
