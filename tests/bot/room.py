"""A desk with a clock that only a test moves: each room of the bot is driven by hand, step by step."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.context import BotContext
from bot.ingest import backfill, sweep
from bot.ingest import own_posts as watch
from bot.ingest.pages import PollResult
from bot.networks.base import Network
from bot.networks.values import AuthorProfile, Position, PostPage, PublishedReply, ReplyTarget
from bot.publish import intent, outbox, send_checks
from bot.publish.locked_reply import PublishJob
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.settings import Settings
from bot.slack import cards as board
from bot.slack.client import SlackClient
from models import Card, Cursor, Event, Mention, Notice, QuarantinedPost, Reply, Ticket
from models.core.database import Database
from models.sources.cursor import MENTIONS_CURSOR
from models.tickets.delivery_state import DeliveryState
from sandbox.slack import SlackServer
from sandbox.slack.workspace.message import Message
from tests.anybody import Anybody
from tests.memory_network import MemoryNetwork
from tests.patience import PATIENCE

CHANNEL = "C0MENTIONS"
NOWHERE = "http://127.0.0.1:9/api/"
ANA, BEN = "U0ANA", "U0BEN"


class Clock:
    """A clock that stands still until it is moved. It stands in the past, as ids and windows need it to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float = 0, **time: float) -> None:
        self.now += timedelta(seconds=seconds, **time)


class Counting(MemoryNetwork):
    """The network in memory, which also counts what it is asked, and lets a test act between two pages."""

    def __init__(self, clock: Clock) -> None:
        super().__init__("acmebrew", now=clock)
        self.asked: Counter[str] = Counter()
        self.bought: list[list[str]] = []
        self.between_pages: Callable[[int], None] = lambda _: None
        self.bad_rows: list[Any] = []
        self.on_publish: Callable[[], None] = lambda: None

    def mentions(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        self.asked["mentions"] += 1
        for number, page in enumerate(super().mentions(after, account_id=account_id), 1):
            yield replace(page, unreadable=tuple(self.bad_rows))
            self.between_pages(number)

    def own_posts(self, after: Position, *, account_id: str) -> Iterator[PostPage]:
        self.asked["own posts"] += 1
        return super().own_posts(after, account_id=account_id)

    def people(self, ids: Sequence[str]) -> tuple[AuthorProfile, ...]:
        self.bought.append(list(ids))
        return super().people(ids)

    def publish(
        self, text: str, to: ReplyTarget, key: str, *, account_id: str, frozen: str = ""
    ) -> PublishedReply:
        self.asked["publish"] += 1
        self.on_publish()
        return super().publish(text, to, key, account_id=account_id, frozen=frozen)

    def find_reply(
        self, to: ReplyTarget, text: str | None, since: datetime, *, account_id: str, frozen: str = ""
    ) -> PublishedReply | None:
        self.asked["look"] += 1
        return super().find_reply(to, text, since, account_id=account_id, frozen=frozen)


class Room:
    """A desk, the network that it listens to, and short words for what tests do with them."""

    def __init__(self, ctx: BotContext, network: Network, clock: Clock) -> None:
        self.ctx, self.network, self.clock = ctx, network, clock

    # Acting

    def poll(self) -> PollResult | None:
        return backfill.poll_and_backfill(self.ctx, self.network)

    def sweep(self) -> PollResult | None:
        return sweep.sweep(self.ctx, self.network)

    def watch(self) -> None:
        watch.read_own_posts(self.ctx, self.network)

    def send(self) -> float:
        """One round of the outbox."""
        return outbox.run_due(self.ctx)

    def declare(self, reply_id: int) -> PublishJob:
        """Declare the intent to send a reply; the process dies before the call."""
        sender = send_checks.check_sender(self.ctx, reply_id)
        job = intent.begin_freeze(self.ctx, reply_id, sender)
        assert job is not None
        frozen = intent.freeze(self.ctx, self.network, job)
        declared = intent.begin_send(self.ctx, job, sender, frozen)
        assert declared is not None
        return declared

    def submit(self, ticket_id: int, words: str, *, by: str = ANA, undo: float = 0) -> int:
        """Submit a reply as the composer does; gives its id."""
        at = self.clock()
        with self.ctx.db.write() as session:
            ticket = Ticket.lock(session, ticket_id)
            return ticket.reply(
                session,
                text=words,
                by=by,
                at=at,
                turn=ticket.turn,
                to_post_id=ticket.target_post_id,
                undo_until=at + timedelta(seconds=undo),
                key=uuid.uuid4().hex,
            ).id

    def undo(self, ticket_id: int, *, by: str = ANA) -> None:
        with self.ctx.db.write() as session:
            Ticket.lock(session, ticket_id).undo(session, by=by, at=self.clock())

    def decide(self, reply_id: int, verb: Callable[..., None]) -> None:
        """Let Ben decide about a reply: `verb` is one of `Reply.send_again` and `Reply.discard`."""
        with self.ctx.db.write() as session:
            reply = session.get_one(Reply, reply_id)
            Ticket.lock(session, reply.ticket_id)
            verb(reply, session, at=self.clock(), by=BEN)

    def draw(self) -> float:
        """One round of the board."""
        return board.run_due(self.ctx)

    def draw_all(self, rounds: int = 2000) -> None:
        """Let time pass until all is drawn and told."""
        for _ in range(rounds):
            wait = board.run_due(self.ctx)
            if not self.undrawn():
                return
            self.clock.pass_by(max(wait, 0.001))
        raise AssertionError(f"still to be drawn or told: {self.undrawn()}")

    # Looking

    def undrawn(self) -> list[str]:
        with self.ctx.db.read() as session:
            stale = session.scalars(select(Ticket.id).where(Ticket.drawn_revision < Ticket.revision))
            untold = session.scalars(select(Notice.text).where(Notice.ts.is_(None)))
            return [*(f"card {one}" for one in stale), *untold]

    def tickets(self) -> list[Ticket]:
        with self.ctx.db.read() as session:
            return list(session.scalars(select(Ticket).order_by(Ticket.id)))

    def ticket(self) -> Ticket:
        """The only ticket."""
        [ticket] = self.tickets()
        return ticket

    def mentions(self) -> list[Mention]:
        with self.ctx.db.read() as session:
            return list(session.scalars(select(Mention).order_by(Mention.posted_at, Mention.id)))

    def texts(self) -> list[str]:
        return [mention.text for mention in self.mentions()]

    def quarantined(self) -> list[QuarantinedPost]:
        with self.ctx.db.read() as session:
            return list(session.scalars(select(QuarantinedPost)))

    def reply(self, reply_id: int) -> Reply:
        with self.ctx.db.read() as session:
            return session.get_one(Reply, reply_id)

    def state(self, reply_id: int) -> DeliveryState:
        return DeliveryState(self.reply(reply_id).state)

    def cursor(self, name: str = MENTIONS_CURSOR) -> Cursor:
        with self.ctx.db.read() as session:
            return session.scalars(select(Cursor).where(Cursor.name == name)).one()

    def card(self, ticket_id: int) -> Card:
        with self.ctx.db.read() as session:
            return session.scalars(select(Card).where(Card.ticket_id == ticket_id)).one()

    def told(self) -> list[str]:
        """What the team was told or is to be told, in order."""
        with self.ctx.db.read() as session:
            return list(session.scalars(select(Notice.text).order_by(Notice.id)))

    def acts(self, reply_id: int) -> list[str]:
        with self.ctx.db.read() as session:
            found = select(Event.act).where(Event.reply_id == reply_id).order_by(Event.id)
            return list(session.scalars(found))


@contextmanager
def room(
    url: str,
    clock: Clock,
    network: Network,
    *,
    slack: SlackServer | None = None,
    db: Database | None = None,
    worker: str = "test",
    patience: int = PATIENCE,
    **more: Any,
) -> Iterator[Room]:
    """Open a desk on the ledger at `url`; nothing runs by itself. With `patience=1` it waits as production does."""
    given = {
        "undo_seconds": 0,
        "slack_posts_per_second": 1e9,
        "slack_updates_per_minute": 1e9,
        "spike_per_minute": 0,
    }
    settings = Settings(
        database_url=url,
        slack_bot_token="xoxb-test",
        slack_channel=CHANNEL,
        slack_api_url=slack.url if slack else NOWHERE,
        **given | more,
    )
    ctx = BotContext(
        settings=settings,
        db=db or Database(settings.url, patience=patience),
        slack=SlackClient("xoxb-test", settings.slack_api_url, patience=patience),
        networks=SignedInAccounts.fixed(network),
        now=clock,
        worker=worker,
        patience=patience,
        **({} if slack else {"sender_permissions": Anybody()}),
    )
    try:
        yield Room(ctx, network, clock)
    finally:
        ctx.close()


def cards(slack: SlackServer, channel: str = CHANNEL) -> list[Message]:
    """The top-level messages of a channel that are cards, as they look now."""
    with slack.world.lock:
        found = [one for one in slack.world.channel(channel).messages if not one.is_reply and one.metadata]
        return [one.snapshot() for one in found if len(one.blocks) > 1]


def calls(slack: SlackServer, method: str) -> int:
    """How often the bot has called `method`, whatever came of it."""
    with slack.world.lock:
        return sum(call.method == method for call in slack.world.calls)


def together(*acts: Callable[[], object]) -> list[BaseException | None]:
    """Do all `acts` at once, each in a thread; what each raised, if anything."""
    ready = threading.Barrier(len(acts))
    raised: list[BaseException | None] = [None] * len(acts)

    def run(number: int) -> None:
        ready.wait(120)
        try:
            acts[number]()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return raised
