"""Starts the local networks, the local Slack, the page and the bot, and stops them all."""

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
from sandbox.bluesky import BlueskyServer
from sandbox.demo.bot_process import BotProcess
from sandbox.demo.local_networks import LocalNetworks
from sandbox.demo.scripted_customers import ScriptedCustomers
from sandbox.demo.seed import seed, set_up_workspace
from sandbox.demo.story import CHANNEL, load_story
from sandbox.demo.ticket_timeline import LedgerView
from sandbox.feeds import ForumServer
from sandbox.hackernews import HackerNewsServer
from sandbox.mastodon import MastodonServer
from sandbox.page import OUR_TOKEN, EventStream, PageContext, bluesky_version, create_app
from sandbox.slack import SlackServer, SlackWorld
from sandbox.slack.workspace.app import SlackApp
from sandbox.x import XServer

PORT = 8000
WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
THREADS = 32  # each open tab keeps one busy
SECRET, BOT_TOKEN = "demo-signing-secret", "xoxb-demo"
FORUM_FEED = "/posts.atom"
CHANGE_POLL_SECONDS = 0.4
SIGNAL_POLL_SECONDS = 1.0
DIGEST_DELAY = timedelta(minutes=2)  # from the start: a visitor need not wait until the morning


def main() -> None:
    """Run the demo until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="Runs Heard between local networks and a local Slack."
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"the page's; {PORT} or the next free one")
    parser.add_argument("--quiet-customers", action="store_true", help="no customer posts by themselves")
    given = parser.parse_args()
    over = threading.Event()

    def leave(*_: object) -> None:
        # A second signal may interrupt this one while it holds the event's lock: another thread sets it.
        threading.Thread(target=over.set, name="leave", daemon=True).start()

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, leave)
    _print("Starting a local X, Mastodon, Bluesky, Hacker News, forum and Slack, and the bot …")
    with running(port=given.port, customers=not given.quiet_customers, over=over) as demo:
        if not over.is_set():
            _print(GREETING.format(url=demo.url))
        while not over.wait(SIGNAL_POLL_SECONDS):  # a wait without a timeout may miss the signal
            pass
        _print("\nStopping …")


GREETING = """
  Heard's demo is ready:   {url}

  Try this: press Reply on Maria's card in #mentions, write an answer, and watch it arrive on X, on the right.
  Then be a customer:      its tabs X, Mastodon, Bluesky, Forum and Hacker News let you post on each.
  Two teammates at once:   open {url}?as=U0BEN in a second window.
  Ctrl-C stops everything.
"""


@dataclass(frozen=True)
class Demo:
    """A running demo."""

    url: str
    context: PageContext
    bot: BotProcess
    customers: ScriptedCustomers


@contextmanager
def running(
    *, port: int = PORT, customers: bool = True, over: threading.Event | None = None, **settings: str
) -> Iterator[Demo]:
    """Start everything, yield it, stop everything.

    `port` is the page's; with `customers` new customers post by themselves; `over` cuts the start short.
    `settings` are environment variables of the bot. Raises `subprocess.CalledProcessError` if the bot cannot
    create its database.
    """
    with ExitStack() as things:
        folder = Path(things.enter_context(tempfile.TemporaryDirectory(prefix="heard-demo-")))
        url = f"sqlite:///{folder / 'ledger.db'}"
        story = load_story()
        networks = LocalNetworks.of(story.people)
        slack_world = SlackWorld(
            SlackApp(team_name="Fernpress", team_domain="fernpress", team_url="https://fernpress.slack.test/")
        )
        set_up_workspace(slack_world)
        slack = SlackServer(SECRET, BOT_TOKEN, world=slack_world)
        x = things.enter_context(XServer(networks.x))
        mastodon = things.enter_context(MastodonServer(networks.mastodon))
        bluesky = things.enter_context(BlueskyServer(networks.bluesky))
        forum = things.enter_context(ForumServer(networks.forum))
        hackernews = things.enter_context(HackerNewsServer(networks.hackernews))
        event_stream = EventStream()
        env = (
            _settings(url, slack, x)
            | _sign_in(mastodon, bluesky)
            | _let_read(forum)
            | {"HACKERNEWS_URL": hackernews.url}
            | _digest(datetime.now(UTC) + DIGEST_DELAY)
            | settings
        )
        bot = BotProcess(env, folder, lambda: event_stream.changed("internals"))
        things.callback(bot.close)
        bot.migrate()
        _write_history(networks, slack_world, url, f"{forum.url}{FORUM_FEED}")
        things.enter_context(slack)
        slack.events_url = bot.events_url
        ledger = LedgerView(url)
        things.callback(ledger.close)
        scripted = ScriptedCustomers(networks, running=customers)
        things.callback(scripted.close)
        commands = tuple((one.command, one.hint) for one in story.suggestions.commands)
        context = PageContext(
            slack=slack,
            x=x,
            mastodon=mastodon,
            bluesky=bluesky,
            forum=forum,
            hackernews=hackernews,
            bot=bot,
            ledger=ledger,
            customers=scripted,
            event_stream=event_stream,
            tagline=story.people.brand.tagline,
            commands=commands,
            ideas=dict(story.suggestions.ideas.items()),
        )
        things.callback(_watch(context))
        bot.start()
        served = things.enter_context(_served(context, port))
        if bot.wait_until_running(20):
            _wait_for_cards(context, over)
        else:
            _print(
                "The bot did not start. You can start it again from the page. Its log ends with:\n"
                + "\n".join(bot.tail(5))
            )
        scripted.start()
        yield Demo(f"http://127.0.0.1:{served}/", context, bot, scripted)


def _settings(url: str, slack: SlackServer, x: XServer) -> dict[str, str]:
    """The bot's environment variables. It polls and draws faster than the real services would allow."""
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


def _sign_in(mastodon: MastodonServer, bluesky: BlueskyServer) -> dict[str, str]:
    """Make up the brand's secrets on Mastodon and Bluesky, and return the bot's variables with them."""
    world = mastodon.world
    token = world.grants.grant(world.brand.id, frozenset({"read", "write"}))
    return {
        "MASTODON_URL": mastodon.url,
        "MASTODON_ACCESS_TOKEN": token.secret,
        "BLUESKY_URL": bluesky.url,
        "BLUESKY_HANDLE": bluesky.world.brand.handle,
        "BLUESKY_APP_PASSWORD": bluesky.world.app_password(),
    }


def _let_read(forum: ForumServer) -> dict[str, str]:
    """Settings with which the bot reads the forum, which is on no public address, every second."""
    return {"FEED_ALLOW": forum.url.removeprefix("http://"), "FEED_POLL_SECONDS": "1"}


def _digest(at: datetime) -> dict[str, str]:
    """Settings for a digest at `at` that includes the week, whatever day it is."""
    return {"DIGEST_AT": f"{at:%H:%M}", "DIGEST_DAY": WEEK[at.weekday()]}


def _write_history(networks: LocalNetworks, slack: SlackWorld, url: str, forum_feed: str) -> None:
    database = Database(url)
    try:
        seed(networks, slack, database, datetime.now(UTC), forum_feed=forum_feed)
    finally:
        database.close()


def _wait_for_cards(context: PageContext, over: threading.Event | None, seconds: float = 15.0) -> None:
    """Wait until the bot has drawn the cards, so that the visitor sees them at once."""
    until = time.monotonic() + seconds
    channel = context.slack.world.channel(CHANNEL)
    while time.monotonic() < until and not (over and over.is_set()):
        cards = [one for one in channel.messages if one.metadata and not one.is_reply]
        if cards and all(one.blocks for one in cards):
            return
        time.sleep(0.05)


# --- the page ----------------------------------------------------------------------------------------


@contextmanager
def _served(context: PageContext, port: int) -> Iterator[int]:
    """Serve the page on `port`, or on the next free one; yields the port in use."""
    app = create_app(context)
    listening = _socket(port)
    server: Any = create_server(app, sockets=[listening], threads=THREADS, channel_timeout=30)
    over = threading.Event()

    def serve() -> None:
        try:
            server.run()
        except OSError:  # the sockets were closed while it waited for connections
            if not over.is_set():
                raise

    threading.Thread(target=serve, name="page", daemon=True).start()
    try:
        yield int(server.effective_port)
    finally:
        over.set()
        context.event_stream.close()  # ends every stream, and the thread that serves it
        server.task_dispatcher.shutdown(timeout=2)
        with contextlib.suppress(OSError):
            server.close()
        listening.close()  # the server closes it last, and not at all if something else failed before
        for channel in list(server.active_channels.values()):  # connections that browsers keep open
            channel.socket.close()


def _socket(port: int) -> socket.socket:
    """Bind a socket to `port`, one of the next fifty, or any free port. Raises `OSError` if none is free."""
    for wanted in [*range(port, port + 50), 0]:
        found = socket.socket()
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind(("127.0.0.1", wanted))
        except OSError:
            found.close()
            continue
        if wanted != port:
            _print(f"Port {port} is in use; the page is on port {found.getsockname()[1]} instead.")
        return found
    raise OSError("no port is free")


def _watch(context: PageContext) -> Any:  # noqa: ANN401 - a callable
    """Tell open pages about every change in Slack, the networks and the bot. Returns what stops it."""
    news, over = context.event_stream, threading.Event()
    news.bot = lambda: context.bot.state
    ends = [
        context.slack.world.on_change(lambda change: _slack_changed(context, change.kind)),
        context.x.world.on_change(lambda _: news.changed("network")),
        context.mastodon.world.on_change(lambda _: news.changed("mastodon")),
        context.forum.world.on_change(lambda _: news.changed("forum")),
        context.hackernews.world.on_change(lambda: news.changed("hackernews")),
    ]

    def poll() -> None:
        """Find new requests, new acts in the database and changes on Bluesky, which send no change events."""
        internals: tuple[int, ...] = ()
        bluesky: tuple[object, ...] = bluesky_version(context.bluesky.world)
        while not over.wait(CHANGE_POLL_SECONDS):
            if (now := _activity(context)) != internals:
                internals = now
                news.changed("internals")
            if (version := bluesky_version(context.bluesky.world)) != bluesky:
                bluesky = version
                news.changed("bluesky")

    threading.Thread(target=poll, name="news", daemon=True).start()

    def end() -> None:
        over.set()
        for stop in ends:
            stop()

    return end


def _activity(context: PageContext) -> tuple[int, ...]:
    """Return numbers of which one grows with each request and each act in the database."""
    slack = context.slack.world
    networks = (context.x.world.requests, context.mastodon.world.requests, context.forum.world.requests)
    bluesky = context.bluesky.world.journal.requests
    logs = (slack.calls, slack.deliveries, *networks, bluesky)
    news = context.hackernews.world.counts.total()
    return *(len(log) for log in logs), news, context.ledger.mark()


def _slack_changed(context: PageContext, kind: str) -> None:
    if kind not in {"call", "delivery"}:
        context.event_stream.changed("slack")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
