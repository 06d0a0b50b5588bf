"""Where a team works: the bot's own front door and loops, between the local Slack and networks in memory.

Slack's signed requests are handed to the bot's door in this process, which is all that is left out of a real
day; whatever the bot says to Slack goes over HTTP. The clock is virtual, and a seed decides everything.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Self, cast

import handlers
from bot.context import BotContext
from bot.http_server import HttpApp
from bot.ingest import own_posts, poller, refresh_post
from bot.jobs import claim_expiry, missing_post_checks
from bot.networks.errors import Later
from bot.publish import account_check, manual_posting, outbox
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.settings import Settings
from bot.slack import cards, private_cards, reactions, redaction
from bot.slack.client import SlackClient
from models import Track
from models.core.database import Database
from sandbox.slack.delivery.http_mode import HttpMode
from sandbox.slack.delivery.sender import PayloadSender
from sandbox.slack.delivery.socket_mode import SocketMode
from sandbox.slack.delivery.transport import NOBODY, Answer
from sandbox.slack.http_server import HttpServer, Request, Response
from sandbox.slack.people.person import Person
from sandbox.slack.web_api.dispatch import WebApi
from sandbox.slack.web_api.response_url_endpoint import ResponseUrlEndpoint
from sandbox.slack.workspace.world import SlackWorld
from tests.simulation.networks import MastodonLike, TeamNetwork, three
from tests.simulation.stage import START

CHANNEL, PRIVATE = "C0MENTIONS", "C0PRIVATE"
INSIDERS = ("U0ANA", "U0BEN")  # who is in the private channel at the beginning
SENDERS = "S0SENDERS"
SECRET, TOKEN = "s3cret", "xoxb-test"
LET_IN = ("U0ANA", "U0BEN", "U0CLEO")  # who may send at the beginning
SHUT_OUT = "U0DEE"  # who never may
PATIENCE = 20.0  # real seconds, for a machine that is busy with something else


class Clock:
    """The time in a run, which only passes when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """The time as Slack counts it."""
        return self.now.timestamp()

    def passes(self, seconds: float) -> None:
        """Let so much time go by."""
        self.now += timedelta(seconds=seconds)


class AtOnce(Executor):
    """What is done aside is done on the spot; a ledger that is too slow for a glance can be had, too."""

    def __init__(self) -> None:
        self.slow_glances = 0
        self._late: list[Callable[[], object]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        if self.slow_glances:
            self.slow_glances -= 1
            self._late.append(lambda: fn(*args, **kwargs))
            done.set_exception(TimeoutError())
            return done
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever asked for it is told
            done.set_exception(error)
        return done

    def catch_up(self) -> None:
        """Do what was given up by who waited for it, and yet goes on in its thread."""
        late, self._late = self._late, []
        for errand in late:
            errand()


class Door(HttpMode):
    """Slack's requests, signed as ever, through the bot's own front door without a wire."""

    def __init__(self) -> None:
        super().__init__(SECRET)
        self.web: HttpApp | None = None

    @property
    def ready(self) -> bool:
        return self.web is not None

    def post(
        self, body: bytes, headers: dict[str, str], seconds: float, address: str | None = None
    ) -> Answer:
        """Hand one request in and take the answer out."""
        del seconds, address
        if self.web is None:
            return Answer(None, failure=NOBODY)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "PATH_INFO": "/slack/events",
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "wsgi.input": BytesIO(body),
            "wsgi.errors": BytesIO(),
        }
        environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        said: list[tuple[int, dict[str, str]]] = []
        chunks = self.web(environ, lambda status, head, *_: said.append((int(status[:3]), dict(head))))
        return Answer(said[0][0], b"".join(chunks), said[0][1])


class InOrder(PayloadSender):
    """Events reach the bot one after the other, so that a run repeats itself."""

    def __init__(self, world: SlackWorld, door: Door, sockets: SocketMode) -> None:
        super().__init__(world, door, sockets)
        self._pool.shutdown()
        self._pool = ThreadPoolExecutor(1, "slack-events")


class Exchange:
    """One Slack server for all runs, each with a workspace of its own."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._api: WebApi | None = None
        self._response_url_endpoint: ResponseUrlEndpoint | None = None
        self._server = HttpServer(0, self._answer)
        self.address = f"http://127.0.0.1:{self._server.port}"

    def serve(self, world: SlackWorld) -> None:
        """From here on it is `world` that answers."""
        self._api = WebApi(world, {"bot": TOKEN, "app": "xapp-test"}, self._stopping)
        self._response_url_endpoint = ResponseUrlEndpoint(world, self._stopping)

    def start(self) -> None:
        self._server.start()

    def close(self) -> None:
        self._stopping.set()
        self._server.close()

    def _answer(self, request: Request) -> Response:
        if self._api is None or self._response_url_endpoint is None:
            return Response(404, b"not found", "text/plain")
        if request.path.startswith("/api/"):
            return self._api.answer(request.path.removeprefix("/api/"), request)
        return self._response_url_endpoint.answer(request)


class Workplace:
    """A bot, its Slack, its networks and its people, all new."""

    def __init__(self, exchange: Exchange, db: Database, undo: float) -> None:
        refresh_post._last_refreshes.pop(db, None)  # of the run before, on the same ledger
        self.clock = Clock()
        self.nets = three(self.clock)
        self.net_of: dict[str, TeamNetwork] = {one.name: one for one in self.nets}
        self.world = SlackWorld()
        self.world.clock = self.clock.seconds
        self.world.paid_plan = True
        self.world.usergroups[SENDERS] = list(LET_IN)
        self.world.add_user("U0CLEO", "Cleo Park", "cleo")
        self.world.add_user(SHUT_OUT, "Dee Roy", "dee")
        self.world.add_channel(PRIVATE, "private", private=True, members={*INSIDERS, self.world.app.user_id})
        self.world.shortcuts["Send as public reply"] = "send_as_public_reply"
        exchange.serve(self.world)
        self._door = Door()
        self.sender = InOrder(self.world, self._door, SocketMode(self.world.app.app_id))
        self.side = AtOnce()
        self._told = 0  # how many deliveries have reached the bot
        self.ctx = self._desk(exchange, db, undo)
        self.people = {
            user: Person(self.world.user(user), self.world, self.sender, exchange.address)
            for user in (*LET_IN, SHUT_OUT)
        }

    def _desk(self, exchange: Exchange, db: Database, undo: float) -> BotContext:
        settings = Settings(
            slack_bot_token=TOKEN,
            slack_signing_secret=SECRET,
            slack_channel=CHANNEL,
            slack_api_url=f"{exchange.address}/api/",
            senders=SENDERS,
            undo_seconds=undo,
            reconcile_seconds=(2.0, 5.0, 80.0),
            slack_posts_per_second=100_000,
            slack_updates_per_minute=6_000_000,
            spike_per_minute=0,
        )
        slack = SlackClient(TOKEN, settings.slack_api_url)
        for client in (slack.client, slack._quick):
            client.timeout = int(PATIENCE)
        return BotContext(
            settings=settings,
            db=db,
            slack=slack,
            networks=SignedInAccounts.fixed(*self.nets),
            now=self.clock,
            worker="team",
            _read_pool=cast("ThreadPoolExecutor", self.side),
            _slack_pool=cast("ThreadPoolExecutor", AtOnce()),
            _background_pool=cast("ThreadPoolExecutor", self.side),
            _answer_pool=cast("ThreadPoolExecutor", self.side),
        )

    def __enter__(self) -> Self:
        self.sender.start()
        self._door.web = HttpApp(self.ctx, handlers.build_app(self.ctx))
        self.ctx.slack.identity()
        self._route()
        return self

    def _route(self) -> None:
        """Mentions on the network that has private ones are shown in the private channel."""
        [net] = [one for one in self.nets if isinstance(one, MastodonLike)]
        with self.ctx.db.write() as session:
            track = Track.mentions_of(session, net.name, net.account().id, at=self.clock())
            track.channel = PRIVATE

    def __exit__(self, *_error: object) -> None:
        try:
            self.settle()
        finally:  # whatever went wrong: a thread that is left behind keeps the process from ending
            self._door.web = None
            self.sender.close()

    def settle(self) -> None:
        """Wait until the bot was told of all that has happened in Slack."""
        while self._told < len(self.world.deliveries):
            assert self.world.deliveries[self._told].tried.wait(PATIENCE)
            self._told += 1

    # --- the loops ----------------------------------------------------------------------------------------

    def loop(self, name: str, net: TeamNetwork | None = None) -> None:
        """One round of one of the bot's loops; what a network does not allow now comes with a later one."""
        for one in self.nets if net is None else (net,):
            with suppress(Later):
                if name in _NETWORK_LOOPS:
                    _NETWORK_LOOPS[name](self.ctx, one)
        if name in _LOOPS:
            _LOOPS[name](self)
        self.settle()


_LOOPS: dict[str, Callable[[Workplace], object]] = {
    "outbox": lambda here: outbox.run_due(here.ctx),
    "board": lambda here: cards.run_due(here.ctx),
    "marks": lambda here: reactions.run_due(here.ctx),
    "private channels": lambda here: private_cards.check_channels(here.ctx),
    "redraw": lambda here: redaction.redraw_stale(here.ctx),
    "missing posts": lambda here: missing_post_checks.run_due(here.ctx),
    "claims": lambda here: claim_expiry.run_due(here.ctx),
    "slow": lambda here: here.side.catch_up(),
}
_NETWORK_LOOPS: dict[str, Callable[[BotContext, TeamNetwork], object]] = {
    "accounts": account_check.check_network,
    "inbox": poller.poll,
    "watch": own_posts.read_own_posts,
    "hand-offs": manual_posting.confirm_seen,
}
LOOPS = ("outbox", "board", "marks", *_NETWORK_LOOPS, *list(_LOOPS)[3:])


@contextmanager
def exchange() -> Iterator[Exchange]:
    """A Slack server that every run can use."""
    made = Exchange()
    made.start()
    try:
        yield made
    finally:
        made.close()
