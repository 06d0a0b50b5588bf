"""What everybody in a team history needs: the workplace, the dice, the cards that one sees, and fresh words."""

from collections import Counter
from datetime import datetime
from random import Random
from typing import Any

from sqlalchemy import select

from models import Card, Mention, Ticket
from sandbox.slack.people.outcome import Outcome
from sandbox.slack.people.person import Person
from sandbox.slack.workspace.message import Message
from tests.simulation.networks import TeamNetwork
from tests.simulation.team_verdict import Witness
from tests.simulation.workplace import Workplace

OLD_COPIES = 6  # of the cards, that somebody may still have before their eyes
VOCABULARY = [
    "kettle",
    "parcel",
    "Tuesday",
    "warehouse",
    "lid",
    "voucher",
    "refund",
    "colour",
    "courier",
    "manual",
    "button",
    "evening",
    "spare",
    "filter",
    "invoice",
    "porch",
    "scale",
    "label",
    "garden",
    "switch",
    "thermos",
    "reading",
    "ladder",
    "corner",
    "ribbon",
    "postcode",
    "handle",
    "summer",
    "window",
    "basket",
    "copper",
    "whistle",
]
ENDINGS = ("", "", "", " & more", " <3", " 👍", "\nA second line.", "  with  gaps", " *bold*")


class TeamBase:
    """One seed, on its way."""

    def __init__(self, here: Workplace, rng: Random) -> None:
        self.here, self.rng = here, rng
        self.counts: Counter[str] = Counter()
        self.lines: list[str] = []
        self.witness = Witness(here)
        self.posts: dict[str, list[str]] = {net.name: [] for net in here.nets}  # of the customers, by network
        self.unsettled_posts: set[tuple[str, str]] = set()  # that were hidden at some time
        self.copies: list[Message] = []  # cards as they were
        self.previews: list[Message] = []  # what somebody was shown alone, as it was
        self.chatter: list[tuple[int, Message]] = []  # with the ticket of its thread
        self.sent: list[tuple[datetime, Outcome]] = []  # what had an effect, to be replayed
        self.words = 0

    def note(self, line: str) -> None:
        """Write a line of the story."""
        self.lines.append(f"  {self.here.clock.now:%H:%M:%S} {line}")

    # --- what one sees ------------------------------------------------------------------------------------

    def cards(self, who: Person) -> list[tuple[int, Message]]:
        """The tickets whose cards somebody sees, with these."""
        with self.here.ctx.db.read() as session:
            query = (
                select(Card.ticket_id, Card.channel, Card.ts).where(Card.ts.is_not(None)).order_by(Card.id)
            )
            rows = session.execute(query).all()
        found = []
        for row in rows:
            channel = self.here.world.channels.get(row.channel)
            message = channel.find(row.ts or "") if channel is not None else None
            if channel is not None and message is not None and self.may_see(who, channel.id):
                found.append((row.ticket_id, message))
        return found

    def may_see(self, who: Person, channel: str) -> bool:
        """Whether that channel is on somebody's screen."""
        return self.here.world.sees(who.id, self.here.world.channel(channel))

    def card(self, who: Person) -> tuple[int, Message] | None:
        """One of the cards that somebody sees, with its ticket."""
        found = self.cards(who)
        return self.rng.choice(found) if found else None

    def net_of(self, ticket_id: int) -> TeamNetwork:
        """The network of a ticket."""
        with self.here.ctx.db.read() as session:
            return self.here.net_of[session.get_one(Ticket, ticket_id).network]

    def is_private(self, ticket_id: int) -> bool:
        """Whether not everybody sees that exchange."""
        with self.here.ctx.db.read() as session:
            return session.get_one(Ticket, ticket_id).is_private

    # --- words --------------------------------------------------------------------------------------------

    def _fresh(self, kind: str) -> str:
        self.words += 1
        return f"{kind}{self.words:03} {' '.join(self.rng.sample(VOCABULARY, 6))}"

    def _typed(self, who: Person, ticket_id: int) -> str:
        """Words of one's own; or, now and then, what was said before to everybody."""
        said = self.net_of(ticket_id).words()
        if said and self.rng.random() < 0.1:
            return self.rng.choice(said)
        words = self._fresh("word") + self.rng.choice(ENDINGS)
        if self.is_private(ticket_id):
            self.witness.whispers(words, ticket_id, who.id)
        return words

    def _ticket_of_post(self, net: TeamNetwork, post_id: str) -> int | None:
        with self.here.ctx.db.read() as session:
            query = select(Mention.ticket_id).join(Ticket, Ticket.id == Mention.ticket_id)
            found: Any = session.scalar(query.where(Mention.post_id == post_id, Ticket.network == net.name))
        return found
