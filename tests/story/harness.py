"""The bot as it runs, in this process: real HTTP to the local Slack and the local X, a real ledger."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from slack_bolt.adapter.socket_mode import SocketModeHandler
from sqlalchemy import select

import handlers
from bot.context import BotContext
from bot.http_server import HttpApp
from bot.ingest import backfill, own_posts
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.publish import manual_posting
from bot.runtime.signed_in_accounts import SignedInAccounts
from bot.runtime.waitress_server import Server
from bot.scheduler import Scheduler
from bot.settings import Settings
from bot.slack import socket_mode
from bot.slack.client import SlackClient
from bot.slack.membership import access_of
from models import Event, Reply, Ticket
from models.core.database import Database
from models.reports.health import has_stale_card
from sandbox.slack import Modal, Outcome, Person, SlackServer, SubmitOutcome, VisibleText, visible
from sandbox.slack.block_kit.interactive_elements import find
from sandbox.slack.block_kit.validator import check_message, check_view
from sandbox.slack.workspace.message import Message
from sandbox.slack.workspace.rate_limits import Limits
from sandbox.x import XPost, XServer
from tests.patience import PATIENCE, SLOWED, call_limits
from tests.stage import CHANNEL, SECRETS, X_SECRETS, worlds

BLIND = "The database is slow right now."  # in a composer that opened without it
DEADLINE = 180.0  # seconds: for a machine that is busy with something else
PUBLISH = "POST /2/tweets"
SPLIT_AT = 4_000  # Slack makes two messages of a longer one
Found = TypeVar("Found")

KEYS = {name.lower().removeprefix("x_"): secret for name, secret in X_SECRETS.items()}


def eventually(look: Callable[[], Found], *, within: float = DEADLINE) -> Found:
    """What `look` finds, as soon as it finds something; a failure if it never does."""
    until, pause = time.monotonic() + within, 0.01
    while True:
        try:
            found = look()
        except (AssertionError, LookupError, StopIteration) as error:
            found, why = None, error
        else:
            why = AssertionError(f"nothing found: {look}")
        if found:
            return found
        if time.monotonic() > until:
            raise why
        time.sleep(pause)  # a look takes the processor from what it waits for
        pause = min(pause * 1.5, 0.1)


class Clock:
    """The machine's clock, put forward by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Stage:
    """The two worlds that a bot stands between, and the people in them."""

    def __init__(self, slack: SlackServer, x: XServer) -> None:
        self.slack, self.x = slack, x
        self.ana, self.ben = slack.person("U0ANA"), slack.person("U0BEN")

    # --- what happens on X --------------------------------------------------------------------------------

    def post(self, words: str, author: str = "maria", **more: Any) -> XPost:
        """Somebody says `words` on X; the bot has not looked yet."""
        if self.x.world.find_user(author) is None:
            self.x.world.add_user(author, author.title(), followers=120)
        return self.x.world.post(author, words, **more)

    def replies(self, post: XPost) -> list[str]:
        """What the brand has said under `post`, as it was typed."""
        return [reply.text for reply in self.x.world.replies_to(post.id)]

    def answered(self, post: XPost, *texts: str) -> None:
        """Wait until just `texts` are public under `post`."""

        def look() -> bool:
            assert self.replies(post) == list(texts)
            return True

        eventually(look)

    @property
    def attempts(self) -> int:
        """How often X was asked to publish something."""
        return self.x.world.counts[PUBLISH]

    # --- what shows in Slack --------------------------------------------------------------------------------

    def cards(self) -> list[Message]:
        """The messages in the channel that show a ticket."""
        with self.slack.world.lock:
            found = list(self.slack.world.channel(CHANNEL).messages)
        return [one for one in found if one.metadata and one.blocks and not one.is_reply]

    def card(self, words: str) -> Message:
        """The card with `words` on it, once it is there."""
        return eventually(lambda: next(one for one in self.cards() if words in str(one.blocks)))

    def card_of(self, post: XPost) -> Message:
        """The card that links to `post`."""
        return self.card(f"/status/{post.id}")

    def shows(
        self, card: Message, *words: str, without: tuple[str, ...] = (), within: float = DEADLINE
    ) -> Message:
        """`card` as it is, once it shows all of `words` and nothing of `without`."""

        def look() -> Message | None:
            now = self.now(card)
            shown = seen(now)
            missing = [word for word in words if word not in shown]
            assert not missing, f"{missing} not in {shown}"
            surplus = [word for word in without if word in shown]
            assert not surplus, f"{surplus} in {shown}"
            return now

        return eventually(look, within=within)

    def now(self, card: Message) -> Message:
        """`card` as it is now."""
        return self.slack.world.message(CHANNEL, card.ts).snapshot()

    def thread(self, card: Message) -> list[Message]:
        """What the bot has said in the card's thread."""
        with self.slack.world.lock:
            replies = self.slack.world.channel(CHANNEL).replies(card.ts)
        return [one for one in replies if one.bot_id]

    def told(self, card: Message, *words: str) -> Message:
        """The notice in the card's thread that holds all of `words`, once it is there."""
        return eventually(
            lambda: next(one for one in self.thread(card) if all(word in seen(one) for word in words)),
        )

    # --- what people do -------------------------------------------------------------------------------------

    def press(self, card: Message, label: str, *, by: Person | None = None) -> Outcome:
        """Press `label` on `card` as soon as it is there: the card may still show what was before."""

        def look() -> Message:
            now = self.now(card)
            find(now.blocks, label)
            return now

        return (by or self.ana).press(eventually(look), label)

    def compose(
        self, card: Message, *, by: Person | None = None, label: str = "Reply", patient: bool = True
    ) -> Modal:
        """Press Reply, and the modal that opens; who is `patient` presses again while the ledger is too slow."""
        for _ in range(10 if patient else 1):
            modal = self.press(card, label, by=by).view
            assert modal is not None, "no composer opened"
            assert check_view(modal.state.given) == []
            if BLIND not in modal.text:
                break
        return modal

    def reply(self, card: Message, words: str, *, by: Person | None = None) -> SubmitOutcome:
        """Press Reply, write `words`, send."""
        return self.compose(card, by=by).fill(words).submit()

    def say(self, card: Message, words: str, *, by: Person | None = None) -> None:
        """Say something in the card's thread."""
        (by or self.ana).say(CHANNEL, words, thread_ts=card.ts)

    def whisper(self, *words: str, to: Person | None = None) -> Message:
        """What only that person is shown, the newest with all of `words`, once it is there."""
        return eventually(
            lambda: next(
                one
                for one in reversed((to or self.ana).ephemerals())
                if all(word in seen(one) for word in words)
            ),
        )


class Bot(Stage):
    """A bot that runs in this process, on that stage."""

    def __init__(self, ctx: BotContext, slack: SlackServer, x: XServer, schedule: Scheduler) -> None:
        super().__init__(slack, x)
        self.ctx, self.schedule = ctx, schedule

    def heard(self, words: str, author: str = "maria", **more: Any) -> tuple[XPost, Message]:
        """Somebody says `words` on X, and its card, which Slack shows and the ledger knows."""
        post = self.post(words, author, **more)
        self.poll()
        card = self.card_of(post)
        self.settled()
        return post, card

    def poll(self) -> None:
        """Look at X now, instead of at the next minute."""
        backfill.poll_and_backfill(self.ctx, self.ctx.networks["x"])

    def watch(self) -> None:
        """Look at our own posts now, instead of in ten minutes."""
        own_posts.read_own_posts(self.ctx, self.ctx.networks["x"])

    def without_networks(self) -> None:
        """Go on as a bot that has no keys for any network any more."""
        self.ctx.networks._load = lambda _before: ()
        self.ctx.networks.refresh()

    def confirm_hand_offs(self) -> None:
        """Look for what people were to post by hand now, instead of within a minute."""
        manual_posting.confirm_seen(self.ctx, self.ctx.networks["x"])

    def settled(self) -> None:
        """Wait until Slack shows what the ledger holds."""

        def look() -> bool:
            with self.ctx.db.read() as session:
                stale = select(Ticket.id).where(has_stale_card())
                assert session.scalars(stale).all() == []
            return True

        eventually(look)

    def opens_nothing(self, outcome: Outcome) -> bool:
        """Whether what was done has opened no modal, now that the bot has done all that it was to do."""
        self.told_all()
        return outcome.trigger is None or not outcome.trigger.opened

    def told_all(self) -> None:
        """Wait until everybody was told what they are to be told: answers come beside their requests."""
        assert self.ctx.running_tasks.wait_until_idle(DEADLINE)

    def drafts(self) -> list[str]:
        """What waits as a draft, anybody's, oldest first."""
        with self.ctx.db.read() as session:
            found = session.scalars(select(Reply).where(Reply.state == "draft").order_by(Reply.id)).all()
        return [one.text for one in found]

    def events(self, *acts: str) -> list[Event]:
        """The event log, or those entries of it that tell of `acts`, oldest first."""
        with self.ctx.db.read() as session:
            found = session.scalars(select(Event).order_by(Event.id)).all()
        return [one for one in found if not acts or one.act in acts]


@contextmanager
def proportional_waits(bot: Bot) -> Iterator[None]:
    """Within it the bot, and people in Slack, wait `SLOWED` times as long as in production: for tests about that.

    Whoever is in time here is in time there, where what a busy machine adds counts `SLOWED` times as much. Slack
    has told the bot before who Ana and Ben are.
    """
    for person in (bot.ana, bot.ben):
        access_of(bot.ctx, person.id)
    ctx, limits, usual = bot.ctx, bot.slack.world.limits, Limits()
    names = ("answer_seconds", "trigger_seconds", "look_seconds")
    before = ctx.patience, ctx.db._patience, [getattr(limits, name) for name in names]
    try:
        object.__setattr__(ctx, "patience", SLOWED)  # frozen
        ctx.db._patience = SLOWED
        for name in names:
            setattr(limits, name, getattr(usual, name) * SLOWED)
        yield
    finally:
        object.__setattr__(ctx, "patience", before[0])
        ctx.db._patience = before[1]
        for name, seconds in zip(names, before[2], strict=True):
            setattr(limits, name, seconds)


def seen(surface: Any) -> str:
    """What a person reads on a message or modal: its words, its buttons, and where its links lead."""
    shown = visible(surface)
    labels = " ".join(f"[{label}]" for label in surface.buttons)
    return "\n".join([shown.text, labels, *(link.target for link in shown.links)])


def sound(message: Message) -> VisibleText:
    """What `message` shows, after making sure that Slack takes it, in one piece."""
    assert check_message(message.blocks) == []
    shown = visible(message)
    assert len(shown.text) < SPLIT_AT
    assert len(message.text) < SPLIT_AT
    return shown


def settings_for(url: str, slack: SlackServer, **more: Any) -> Settings:
    """Settings for a bot that polls only when told to and waits for nobody."""
    given = {
        "database_url": url,
        "slack_bot_token": SECRETS["SLACK_BOT_TOKEN"],
        "slack_signing_secret": SECRETS["SLACK_SIGNING_SECRET"],
        "slack_channel": CHANNEL,
        "slack_api_url": slack.url,
        "undo_seconds": 0,
        "poll_seconds": 3600,
        "slack_posts_per_second": 1000,
        "slack_updates_per_minute": 60000,
        "spike_per_minute": 0,
    }
    return Settings(**(given | more))


@contextmanager
def running(
    url: str,
    *,
    troubles: bool = False,
    now: Callable[[], datetime] | None = None,
    patience: int = PATIENCE,
    **more: Any,
) -> Iterator[Bot]:
    """Start everything, give the bot, stop everything. `now` is the bot's clock, if not that of the machine.

    With `patience=1` the bot, and people in Slack, wait no longer than they do.

    At the end nobody may have met an error of Slack's own, unless `troubles` are meant to happen.
    """
    with worlds(patience=patience) as (slack, x):
        keys = XSettings(api_url=x.url, **KEYS)
        with started(settings_for(url, slack, **more), keys, slack, x, now=now, patience=patience) as bot:
            yield bot
        refused = [
            (call.method, call.error) for call in slack.world.calls if call.error.startswith(("inv", "msg"))
        ]
        assert refused == []
        assert troubles or slack.world.troubles == []


@contextmanager
def started(
    settings: Settings,
    keys: XSettings,
    slack: SlackServer,
    x: XServer,
    *,
    network: XNetwork | None = None,
    networks: SignedInAccounts | None = None,
    now: Callable[[], datetime] | None = None,
    patience: int = PATIENCE,
) -> Iterator[Bot]:
    """Start a bot between two worlds that are there already; `network` is how it speaks to X.

    `networks` are all its connections, where it has several.
    """
    ctx = BotContext(
        settings=settings,
        db=Database(settings.url, patience=patience),
        slack=SlackClient(
            settings.slack_bot_token.get_secret_value(), settings.slack_api_url, patience=patience
        ),
        networks=networks or SignedInAccounts.fixed(network or XNetwork(keys, call_limits(patience))),
        now=now or (lambda: datetime.now(UTC)),
        worker="test",
        patience=patience,
    )
    schedule = Scheduler(ctx)
    try:
        with _sockets(ctx, slack) if settings.slack_app_token else _http(ctx, slack):
            schedule.start()
            ctx.slack.identity()
            yield Bot(ctx, slack, x, schedule)
    finally:
        jobs = [job for pool in schedule._jobs._executors.values() for job in pool._pool._threads]
        schedule.drain(10)
        _rest(ctx, jobs)
        ctx.close()


def _rest(ctx: BotContext, jobs: Iterable[threading.Thread]) -> None:
    """Wait until no job of the schedule and no look aside is at the ledger any more."""
    for job in jobs:
        job.join(DEADLINE)
    eventually(lambda: ctx.db.engine.pool.checkedout() == 0)


@contextmanager
def _http(ctx: BotContext, slack: SlackServer) -> Iterator[None]:
    """Slack posts to us."""
    server = Server(HttpApp(ctx, handlers.build_app(ctx)), "127.0.0.1", 0)
    serving = threading.Thread(target=server.run, name="web")
    serving.start()
    slack.events_url = f"http://127.0.0.1:{server.effective_port}/slack/events"
    try:
        yield
    finally:
        slack.events_url = ""
        server.task_dispatcher.shutdown()
        pulled = threading.Event()
        server.trigger.pull_trigger(lambda: _hang_up(server, pulled))  # left alone it notices a second later
        pulled.set()
        serving.join(DEADLINE)
        assert not serving.is_alive()


def _hang_up(server: Any, pulled: threading.Event) -> None:
    """Close the door and every connection through it; with nothing left to serve, serving ends.

    Closing takes the trigger's pipe away, so whoever pulled it must have done so: any other wake-up of the
    server may run this first.
    """
    pulled.wait(DEADLINE)
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    server.close()


@contextmanager
def _sockets(ctx: BotContext, slack: SlackServer) -> Iterator[None]:
    """We hold a WebSocket to Slack."""
    token = ctx.settings.slack_app_token
    assert token is not None
    handler = SocketModeHandler(handlers.build_app(ctx), token.get_secret_value())
    handler.connect()
    eventually(lambda: slack.sockets.ready)
    try:
        yield
    finally:
        socket_mode.close(handler)
