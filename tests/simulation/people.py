"""The teammates: they answer, undo, barge in, and tell the truth about what they see on the network."""

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from sqlalchemy.exc import IntegrityError

from bot.context import BotContext
from bot.slack.blocks.values import ReplyValue
from handlers.door import Act, write_session
from handlers.feedback import Actor
from handlers.replies import delivery_decisions, posted_by_hand
from models import Reply, Ticket
from models.core.base import RuleBrokenError
from models.tickets.delivery_state import UNSETTLED_STATES, DeliveryState
from tests.simulation.ledger import Ledger
from tests.simulation.net import Net
from tests.simulation.stage import Killed, Stage
from tests.simulation.weather import Climate

SOON, LATER = (1.0, 20.0), (200.0, 400.0)  # seconds within which somebody looks again: at what moves, or not


@dataclass
class Teammate:
    """Somebody who looks after one ticket until the end of the run."""

    stage: Stage
    rng: Random
    climate: Climate
    ctx: BotContext
    net: Net
    book: Ledger
    ticket_id: int
    texts: list[str] = field(default_factory=list)
    by_hand: set[str] = field(default_factory=set)
    _presses: int = 0

    def live(self) -> None:
        """Answer; then look in every now and then, and decide what only a person can decide."""
        self.stage.sleep(self.rng.uniform(0, 30))
        self._try(self._submit)
        if self.rng.random() < self.climate.weather.barge:
            self.stage.sleep(self.rng.uniform(0, 20))
            self._try(self._barge)
        if self.rng.random() < 0.1:
            self.stage.sleep(self.rng.uniform(0, 12))
            self._try(self._undo)
        while True:
            moves = [state in UNSETTLED_STATES for state in self.book.states(self.ticket_id).values()]
            self.stage.sleep(self.rng.uniform(*(SOON if any(moves or [True]) else LATER)))
            self._try(self._look_in)

    def _try(self, act: object) -> None:
        """Act in Slack; the process that serves it may die of it, and then the teammate presses once more."""
        try:
            act()  # type: ignore[operator]
        except (RuleBrokenError, IntegrityError, Killed):
            return

    # --- answering ----------------------------------------------------------------------------------------

    def _submit(self) -> None:
        text = self._words("Answer")
        at = self.stage.now
        with write_session(self.ctx) as session:
            ticket = Ticket.lock(session, self.ticket_id)
            ticket.reply(
                session,
                text=text,
                by="U0ANA",
                at=at,
                turn=ticket.turn,
                to_post_id=ticket.target_post_id,
                undo_until=at + timedelta(seconds=self.climate.undo),
                key=text,
            )

    def _barge(self) -> None:
        """Submit without any look at whether the turn is free, as hasty code would: the index must refuse."""
        text = self._words("Rival")
        with write_session(self.ctx) as session:
            ticket = Ticket.lock(session, self.ticket_id)
            draft = ticket.draft(session, text=text, by="U0BEN", at=self.stage.now, key=text, source="hasty")
            draft.move(session, DeliveryState.HELD, at=self.stage.now, by="U0BEN", due_at=self.stage.now)

    def _undo(self) -> None:
        with write_session(self.ctx) as session:
            Ticket.lock(session, self.ticket_id).undo(session, by="U0ANA", at=self.stage.now)

    def _words(self, what: str) -> str:
        self.texts.append(f"{what} {len(self.texts) + 1} to {self.ticket_id}")
        return self.texts[-1]

    # --- deciding -----------------------------------------------------------------------------------------

    def _look_in(self) -> None:
        states = self.book.states(self.ticket_id)
        if not states:  # the process died under the first submit
            self._submit()
        elif (
            set(states.values()) == {DeliveryState.CANCELLED}
            and self.climate.weather.swaps
            and self.rng.random() < 0.3
        ):
            self._submit()  # it came back, and they send it once more
        for reply_id, state in states.items():
            if state in {DeliveryState.ASKED, DeliveryState.HANDED_OFF}:
                with self.ctx.db.read() as session:
                    reply = session.get_one(Reply, reply_id)
                (self._decide if state == DeliveryState.ASKED else self._post_by_hand)(reply)

    def _decide(self, reply: Reply) -> None:
        """Look at the network as everybody sees it, and say what is true."""
        if self.net.book(reply.text):
            delivery_decisions.it_is_there(self._act(reply))
        elif self.rng.random() < 0.8:
            delivery_decisions.send_again(self._act(reply))
        else:
            delivery_decisions.discard(self._act(reply))

    def _post_by_hand(self, reply: Reply) -> None:
        if reply.text not in self.by_hand and self.rng.random() < 0.5:
            self.net.says("acmebrew", reply.text, under=reply.to_post_id, at=self.stage.now)
            self.by_hand.add(reply.text)
        if reply.text in self.by_hand:
            posted_by_hand.posted(self._act(reply))
        elif self.rng.random() < 0.3:
            delivery_decisions.not_posted(self._act(reply))

    def _act(self, reply: Reply) -> Act[ReplyValue]:
        self._presses += 1
        who = Actor("U0ANA", "C0MENTIONS", None, f"press {self.ticket_id} {self._presses}")
        return Act(self.ctx, who, ReplyValue(reply.ticket_id, reply.id), {})
