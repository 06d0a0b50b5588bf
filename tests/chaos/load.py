"""Customers and teammates: who asks, who answers, and who tells the truth about what X shows."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar

from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from bot.context import BotContext
from bot.slack.blocks.values import ReplyValue
from bot.slack.sender_permissions import PermissionUnknownError
from handlers.door import Act
from handlers.feedback import Actor
from handlers.replies import delivery_decisions
from models import Mention, Reply, Ticket
from models.core.base import RuleBrokenError
from models.core.database import BusyError
from models.tickets.delivery_state import DeliveryState
from sandbox.slack import SlackServer
from sandbox.slack.errors import NotOnScreenError
from sandbox.slack.workspace.message import Message
from sandbox.x import XServer
from tests import stage
from tests.chaos.elsewhere import BLUESKY, MASTODON, Elsewhere
from tests.stage import CHANNEL

PEOPLE = 40
LONG_AGO = timedelta(hours=30)  # before what a first look at X reaches
LOT = 10
DRIP = 0.5  # seconds from one to the next, once all that was planned is said and there still is killing
WAITING = 100  # replies that wait to be sent, at most: this is about dying, not about being too slow
UNHEARD = 300  # mentions that nobody has heard yet, at most: X lists 800
WAIT = text("SELECT count(*) FROM replies WHERE state IN ('held', 'queued')")
Result = TypeVar("Result")


def patiently(act: Callable[[], Result]) -> Result:
    """Do it, again and again while the database is away."""
    until = time.monotonic() + 90
    while True:
        try:
            return act()
        except (BusyError, DBAPIError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


class Load:
    """All that people do in one run, in threads of their own."""

    def __init__(
        self,
        ctx: BotContext,
        slack: SlackServer,
        x: XServer,
        rng: Random,
        progress: Callable[[], float],
        *,
        beside: Elsewhere | None = None,
    ) -> None:
        """Keep pace with `progress`, from 0 to 1, so that there is work as long as there is killing."""
        self.ctx, self.slack, self.x, self.beside = ctx, slack, x, beside
        self._progress = progress
        self.known = 0  # mentions that the ledger had beforehand
        self.posted: list[str] = []  # ids of the mentions that were posted while everything ran
        self.texts: dict[int, str] = {}  # what was answered, by ticket
        self.decided = 0
        self.pressed: set[int] = set()
        self._rng = rng
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        for number in range(PEOPLE):
            x.world.add_user(f"fan{number}", f"Fan {number}", followers=number)

    # --- beforehand ---------------------------------------------------------------------------------------

    def tickets(self, number: int, *, ago: timedelta = LONG_AGO) -> list[tuple[int, str]]:
        """So many tickets that wait for an answer, each with the id of its post."""
        at = datetime.now(UTC) - ago
        posts = [
            self.x.world.post(f"fan{each % PEOPLE}", f"@acmebrew question {ago} {each}", at=at)
            for each in range(number)
        ]
        found: dict[str, int] = {}
        for start in range(0, number, 500):
            said = [
                stage.incoming(
                    post.id, post.author_id, post.text, post.created_at, conversation_id=post.conversation_id
                )
                for post in posts[start : start + 500]
            ]
            stage.fill(self.ctx.db, said, at=datetime.now(UTC), account_id=self.x.world.brand.id)
            with self.ctx.db.read() as session:
                known = select(Mention.post_id, Mention.ticket_id)
                found |= session.execute(
                    known.where(Mention.post_id.in_([one.post_id for one in said]))
                ).all()
            self.known += len(said)
        return [(found[post.id], post.id) for post in posts]

    def ask_elsewhere(self, number: int) -> None:
        """Let so many people ask on each of the other networks, which the bot has to hear first."""
        if self.beside is not None:
            for each in range(number):
                self.beside.ask(each)

    def tickets_elsewhere(self) -> list[tuple[int, str]]:
        """The tickets of the other networks that were heard so far, each with the id of its post."""
        query = select(Ticket.id, Mention.post_id).join(Mention, Mention.ticket_id == Ticket.id)
        with self.ctx.db.read() as session:
            rows = session.execute(query.where(Ticket.network.in_((MASTODON, BLUESKY)))).all()
        return [(row.id, row.post_id) for row in rows]

    def mix(self, tickets: list[tuple[int, str]]) -> list[tuple[int, str]]:
        """Those of X and those of the other networks, in any order."""
        others = self.tickets_elsewhere()
        self.known += len(others)
        mixed = [*tickets, *others]
        self._rng.shuffle(mixed)
        return mixed

    def public(self) -> dict[str, Counter[str]]:
        """How often our accounts show each text, by network."""
        with self.x.world.lock:
            on_x = Counter(post.text for post in self.x.world.index.posts_by(self.x.world.brand.id))
        return {"x": on_x} | (self.beside.shown() if self.beside is not None else {})

    def sees(self, tickets: list[tuple[int, str]]) -> bool:
        """Whether all of these have a card in Slack."""
        try:
            return all(self._card(f"/status/{post_id}") for _, post_id in tickets)
        except LookupError:
            return False

    # --- meanwhile ----------------------------------------------------------------------------------------

    @contextmanager
    def going(self, *acts: Callable[[], None]) -> Iterator[None]:
        """Let everybody act while the block lasts."""
        self._threads = [threading.Thread(target=act, name=act.__name__) for act in acts]
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be said or posted."""
        return any(thread.is_alive() for thread in self._threads if thread.name != "decide")

    @property
    def has_work(self) -> bool:
        """Whether something is still to be said or posted, by people or by the bot."""
        return self.is_busy or self._count(WAIT) > 0

    def submit(self, tickets: list[tuple[int, str]]) -> None:
        """Answer them all, a lot at a time, as the composer does; then one more now and then, to die of."""
        for start in range(0, len(tickets), LOT):
            while patiently(lambda: self._count(WAIT)) > WAITING:
                if self._stop.wait(0.2):
                    return
            if not self._may(start, len(tickets)):
                return
            lot = tickets[start : start + LOT]
            patiently(lambda lot=lot: self._submit(lot))  # type: ignore[misc]
        while tickets and self._progress() < 1 and not self._stop.wait(DRIP):
            more = patiently(lambda: self.tickets(1))
            patiently(lambda more=more: self._submit(more))  # type: ignore[misc]

    def _may(self, done: int, of: int) -> bool:
        """Wait until it is time for the next; False if all is over."""
        while done > of * self._progress():
            if self._stop.wait(0.1):
                return False
        return not self._stop.is_set()

    def _submit(self, lot: list[tuple[int, str]]) -> None:
        """One transaction; if its answer was lost, what it wrote is not written twice."""
        at = datetime.now(UTC)
        with self.ctx.db.write() as session:
            for ticket_id, post_id in lot:
                ticket = Ticket.lock(session, ticket_id)
                self.texts[ticket_id] = f"Answer to {ticket_id}: thank you!"
                if ticket.live_reply(session) is None:
                    ticket.reply(
                        session,
                        text=self.texts[ticket_id],
                        by="U0ANA",
                        at=at,
                        turn=ticket.turn,
                        to_post_id=post_id,
                        undo_until=at,
                        key=f"chaos {ticket_id}",
                    )

    def post(self, number: int) -> None:
        """Post mentions on X, some of which it lists late and so behind others; then more, now and then."""
        heard = text("SELECT count(*) FROM mentions")
        for each in range(number):
            while each % 20 == 0 and each - (patiently(lambda: self._count(heard)) - self.known) > UNHEARD:
                if self._stop.wait(0.3):
                    return
            if not self._may(each, number):
                return
            self._post(each)
            self._stop.wait(0.005)
        while number and self._progress() < 1 and not self._stop.wait(DRIP):
            self._post(len(self.posted))

    def _post(self, each: int) -> None:
        late = self._rng.choice((0, 0, 0, self._rng.uniform(0, 4)))
        words = f"@acmebrew news {each}"
        self.posted.append(self.x.world.post(f"fan{each % PEOPLE}", words, visible_after=late).id)

    def press(self, tickets: list[tuple[int, str]]) -> None:
        """Answer these in Slack: press, type, submit; and again while the bot dies of it.

        After that go on taking and giving back, for those who still wait to die of a press.
        """
        self._answer(tickets)
        while tickets and self._progress() < 1 and not self._stop.wait(0.3):
            with suppress(LookupError, OSError):
                self._fidget(self._card(f"/status/{tickets[-1][1]}"))

    def _fidget(self, card: Message) -> None:
        ana = self.slack.person("U0ANA")
        label = next((label for label in ("Reopen", "Claim") if label in card.buttons), None)
        if label is not None:
            ana.press(card, label)
        else:
            ana.say(CHANNEL, "@Heard release", thread_ts=card.ts)

    def _answer(self, tickets: list[tuple[int, str]]) -> None:
        for done, (ticket_id, post_id) in enumerate(tickets):
            while self._may(done, len(tickets)) and ticket_id not in self.pressed:
                try:
                    if self._pressed(ticket_id, post_id):
                        self.pressed.add(ticket_id)
                except (LookupError, NotOnScreenError, OSError, DBAPIError, BusyError):
                    self._stop.wait(0.3)

    def _pressed(self, ticket_id: int, post_id: str) -> bool:
        """One try; True once the ledger has a reply."""
        with self.ctx.db.read() as session:
            if Ticket.lock(session, ticket_id).live_reply(session) is not None:
                return True
        card = self._card(f"/status/{post_id}")
        person = self.slack.person(self._rng.choice(("U0ANA", "U0BEN")))
        modal = person.press(card, "Reply").view
        if modal is not None:
            self.texts[ticket_id] = f"Answer to {ticket_id}: typed in Slack"
            person.send_submission(modal.fill(self.texts[ticket_id]))
        return False  # the ledger is asked, not the modal

    def _card(self, link: str) -> Message:
        with self.slack.world.lock:
            for message in self.slack.world.channel(CHANNEL).messages:
                if message.metadata and not message.is_reply and link in str(message.blocks):
                    return message.snapshot()
        raise LookupError(link)

    def decide(self) -> None:
        """Answer what only a person can: look at the network as everybody sees it, and say what is true."""
        while not self._stop.wait(0.5):
            try:
                with self.ctx.db.read() as session:
                    asked = session.scalars(
                        select(Reply).where(Reply.state == DeliveryState.ASKED).limit(20)
                    ).all()
                for reply in asked:
                    self._decide(reply)
            except (BusyError, DBAPIError, RuleBrokenError, PermissionUnknownError):
                continue  # as somebody would who is told to try again in a moment

    def _decide(self, reply: Reply) -> None:
        self.decided += 1
        who = Actor("U0BEN", CHANNEL, None, f"chaos {reply.id} {self.decided}")
        is_there = any(reply.text in shown for shown in self.public().values())
        decide = delivery_decisions.it_is_there if is_there else delivery_decisions.send_again
        decide(Act(self.ctx, who, ReplyValue(reply.ticket_id, reply.id), {}))

    def _count(self, query: object) -> int:
        with self.ctx.db.read() as session:
            return int(session.scalar(query) or 0)  # type: ignore[call-overload]
