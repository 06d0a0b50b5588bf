"""What must hold while a team answers together, told by somebody who sees both sides: Slack and the network."""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from models import Event, Mention, Notice, Reply, Ticket
from models.core.database import Database
from models.tickets.delivery_state import LIVE_STATES, RETURNED_STATES, DeliveryState
from sandbox.slack import Modal
from sandbox.slack.people.outcome import CommandOutcome, Outcome, SubmitOutcome
from sandbox.slack.people.person import Person
from tests.models.log import replay
from tests.simulation.workplace import LET_IN, Heard, Workplace

FORGETS = timedelta(minutes=5)  # so long a right that was taken away may still be remembered
BLIND = "The database is slow right now."
IN_MOTION = (DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNSURE)
_SIGNS = text("SELECT (SELECT sum(revision) FROM tickets), (SELECT count(*) FROM notices)")
# What no request that arrives again may change. States are not among it: what a person does to one is in the
# log, and whatever Heard learns of the network meanwhile it may write.
_LEDGER = (
    text("SELECT id, owner FROM tickets ORDER BY id"),
    text("SELECT id, turn, actor FROM replies ORDER BY id"),
    text("SELECT scope FROM pauses"),
    text("SELECT id, actor, act FROM events WHERE actor <> 'heard' ORDER BY id"),
)


@dataclass(frozen=True)
class Approved:
    """Words that somebody saw in an exact preview when they said: send this."""

    words: str
    sign_off: str | None

    def allows(self, said: str) -> bool:
        """Whether `said` is just that."""
        if said == self.words:
            return True
        return self.sign_off is not None and said == f"{self.words} {self.sign_off}"


@dataclass
class Known:
    """What the witness has seen of one teammate."""

    approved: list[Approved] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    let_go: set[str] = field(default_factory=set)
    shut_out_at: datetime | None = None


class Witness:
    """Sees all, and writes down what must not be."""

    def __init__(self, here: Workplace) -> None:
        self.here = here
        self.broken: list[str] = []
        self._people: dict[str, Known] = defaultdict(Known)
        self._secrets: list[str] = []
        self._left: set[str] = set()  # keys of what was sent again by a person
        for user in here.people:
            if user not in LET_IN:
                self._people[user].shut_out_at = here.clock.now - 2 * FORGETS
        here.net.witness = self._heard

    def _breaks(self, sentence: str) -> None:
        if sentence not in self.broken:
            self.broken.append(sentence)

    # --- what people do -----------------------------------------------------------------------------------

    def private(self, words: str) -> str:
        """These words are for the team alone."""
        self._secrets.append(_mark(words))
        return words

    def types(self, user: str, words: str) -> None:
        """`user` typed these words and let them out of their hands."""
        if words.strip():
            self._people[user].typed.append(words)
            self._people[user].let_go.discard(_mark(words))

    def composes(self, user: str, words: str) -> None:
        """`user` lets these words out of a composer, over what had come back to them.

        A composer shows that; but not one that was open already when it came back, which is not told apart.
        """
        with self.here.ctx.db.read() as session:
            last = Reply.last(session, 1, user)
        if last is not None and last.is_returned:
            self.lets_go(user, last.text)
        self.types(user, words)

    def sees(self, user: str, words: str) -> None:
        """`user` sees these words of theirs, and types others over them."""
        self.lets_go(user, words)

    def lets_go(self, user: str, words: str) -> None:
        """`user` does not want these words any more."""
        if words.strip():
            self._people[user].let_go.add(_mark(words))

    def approves(self, user: str, words: str, sign_off: str | None) -> None:
        """`user` sees exactly these words, and says: send this."""
        self._people[user].approved.append(Approved(_plainly(words), sign_off))

    def submits(self, user: str, modal: Modal) -> None:
        """`user` presses the button of a modal; that of a composer means: send what is in it."""
        if modal.callback_id != "composer":
            return
        words = modal.value() or ""
        self.composes(user, words)
        if modal.state.given["submit"]["text"] != "Keep as draft":
            signed = re.search(r"Signed “(.+?)”", modal.text)
            self.approves(user, words, signed[1] if signed else None)

    def may_send(self, user: str, is_sender: bool) -> None:
        """The right to send was given or taken away."""
        self._people[user].shut_out_at = None if is_sender else self.here.clock.now

    # --- what they get for it -----------------------------------------------------------------------------

    def signs(self, who: Person) -> tuple[Any, ...]:
        """All that `who` could notice: the card, the thread, what only they are shown, their modal, Home."""
        view, home = self.here.world.views.top(who.id), who.home
        shown = (view.id, view.hash, tuple(view.errors.items())) if view is not None else None
        with self.here.ctx.db.engine.connect() as connection:
            ledger = tuple(connection.execute(_SIGNS).one())
        return (*ledger, len(who.ephemerals()), shown, home.hash if home else None)

    def took(self, outcome: Outcome, what: str) -> None:
        """The request was answered with a yes, within the call."""
        if outcome.parcel is not None and outcome.status != 200:
            self._breaks(f"{what} got {outcome.status} for an answer")

    def answered(self, who: Person, outcome: Outcome, before: tuple[Any, ...], what: str) -> None:
        """A person acted, and got a change to see, or a sentence."""
        self.took(outcome, what)
        if outcome.error:
            self._breaks(f"{what} showed an error of Slack's own: {outcome.error}")
        spoken = isinstance(outcome, CommandOutcome) and outcome.text
        shown = isinstance(outcome, SubmitOutcome) and (outcome.errors or outcome.closed or outcome.view)
        told = outcome.response_url is not None and outcome.response_url.answers
        if not (spoken or shown or told or outcome.opened_url):
            self.told(who, before, what)

    def told(self, who: Person, before: tuple[Any, ...], what: str) -> None:
        """Something changed before the eyes of `who`."""
        if self.signs(who) == before:
            self._breaks(f"{what} got no answer")

    def has_seen(self, user: str, shown: str, before: list[Any]) -> None:
        """If a submit let a reply go, its author had the words before their eyes that it answers.

        Not so in a composer that opened without the ledger: it shows what the card had shown.
        """
        if BLIND in shown:
            return
        known = {row.id for row in before[1]}
        with self.here.ctx.db.read() as session:
            query = select(Reply, Mention.text).join(Mention, Mention.post_id == Reply.to_post_id)
            for reply, words in session.execute(
                query.where(Reply.actor == user, Reply.state.in_(LIVE_STATES))
            ):
                if reply.id not in known and _mark(words.partition(" ")[2]) not in shown:
                    self._breaks(f"{user} answered what they had not seen: {words!r}")

    def ledger(self) -> list[Any]:
        """What no replay may change."""
        with self.here.ctx.db.engine.connect() as connection:
            return [connection.execute(query).all() for query in _LEDGER]

    def is_unmoved(self, before: list[Any], outcome: Outcome) -> None:
        """The same request once more has had no effect."""
        if self.ledger() != before:
            kind = (outcome.payload.get("actions") or [{}])[0].get("action_id") or outcome.payload.get("type")
            self._breaks(f"a replay of {kind} changed the ledger")

    # --- what is said in public ---------------------------------------------------------------------------

    def _heard(self, heard: Heard) -> None:
        """The bot has just said something on the network."""
        with self.here.ctx.db.read() as session:
            reply = session.scalars(select(Reply).where(Reply.key == heard.key)).one()
            account = session.get_one(Ticket, reply.ticket_id).account_id
            paused = session.execute(text("SELECT count(*) FROM pauses")).scalar()
        known = self._people[reply.actor]
        if not any(one.allows(heard.text) for one in known.approved):
            self._breaks(f"{reply.actor} never saw and sent what is public: {heard.text!r}")
        if heard.account_id != account:
            self._breaks(
                f"it was said as another account than the one that it was shown with: {heard.text!r}"
            )
        for secret in self._secrets:
            if secret in heard.text and not any(secret in one.words for one in known.approved):
                self._breaks(f"private words are public: {heard.text!r}")
        if paused:
            self._breaks(f"it was said during a pause: {heard.text!r}")
        if known.shut_out_at is not None and heard.at - known.shut_out_at > FORGETS:
            self._breaks(f"{reply.actor} may not send, and is the actor of {heard.text!r}")

    # --- what must hold -----------------------------------------------------------------------------------

    def look(self, *, thoroughly: bool = False, at_the_end: bool = False) -> None:
        """Hold the ledger against the rules."""
        with self.here.ctx.db.read() as session:
            replies = list(session.scalars(select(Reply).order_by(Reply.id)))
            self._one_answer_a_turn(replies)
            if thoroughly:
                tickets = list(session.scalars(select(Ticket).order_by(Ticket.id)))
                for ticket in tickets:
                    log = [_row(one) for one in session.scalars(_log_of(ticket))]
                    self._log_explains(ticket, [one for one in replies if one.ticket_id == ticket.id], log)
                notices = " ".join(str(one) for one in session.scalars(select(Notice.blocks)))
                self._nothing_is_lost(replies, notices)
        if at_the_end:
            self._came_to_an_end(replies, tickets)

    def _one_answer_a_turn(self, replies: list[Reply]) -> None:
        live: dict[tuple[int, int], list[Reply]] = defaultdict(list)
        public: dict[tuple[int, int], list[str]] = defaultdict(list)
        by_key = {one.key: one for one in replies}
        for reply in replies:
            if reply.state in LIVE_STATES:
                live[reply.ticket_id, reply.turn].append(reply)
        for heard in self.here.net.said:
            reply = by_key[heard.key]
            # What a person gave up while nobody could see it is theirs to answer for.
            if self.here.net.is_public(heard.post_id) and reply.state != DeliveryState.CANCELLED:
                public[reply.ticket_id, reply.turn].append(heard.text)
        for (ticket, turn), several in live.items():
            if len(several) > 1:
                self._breaks(f"turn {turn} of ticket {ticket} has {len(several)} live replies")
        for (ticket, turn), texts in public.items():
            if len(texts) > 1:
                self._breaks(f"turn {turn} of ticket {ticket} was answered {len(texts)} times: {texts}")

    def _log_explains(self, ticket: Ticket, replies: list[Reply], log: list[dict[str, Any]]) -> None:
        """Whoever reads nothing but the log knows where everything stands."""
        told = replay(log)
        for what, said, found in (
            ("state", told.state, ticket.state),
            ("turn", told.turn, ticket.turn),
            ("owner", told.owner, ticket.owner),
            ("reason", told.reason, ticket.reason),
            (
                "replies",
                told.replies,
                {one.id: one.state for one in replies if one.state != DeliveryState.DRAFT},
            ),
        ):
            if said != found:
                self._breaks(f"the log explains another {what} of ticket {ticket.id}: {said}, not {found}")

    def _nothing_is_lost(self, replies: list[Reply], told: str) -> None:
        """Whatever somebody typed is public, on its way, kept for them, told them, or let go by themselves."""
        for user, known in self._people.items():
            own = [one for one in replies if user in {one.actor, one.author}]
            kept = {one.id for one in own if one.state in {*LIVE_STATES, DeliveryState.DRAFT}}
            last = [one for one in own if one.actor == user][-1:]  # what Reply brings back
            kept |= {one.id for one in last if one.state in RETURNED_STATES}
            view = self.here.world.views.top(user)
            at_hand = str(view.entered) + str(view.given) if view is not None else ""
            for words in known.typed:
                mark = _mark(words)
                here = any(mark in one.text for one in own if one.id in kept)
                if not here and mark not in known.let_go and mark not in told and mark not in at_hand:
                    states = [one.state for one in own if mark in one.text]
                    self._breaks(f"what {user} typed is lost: {words!r} ({states})")

    def _came_to_an_end(self, replies: list[Reply], tickets: list[Ticket]) -> None:
        for reply in replies:
            if reply.state in IN_MOTION:
                self._breaks(f"reply {reply.id} is stranded: {reply.state} ({reply.reason})")
        for ticket in tickets:
            if ticket.drawn_revision < ticket.revision:
                self._breaks(f"the card of ticket {ticket.id} does not show how it is")
            if ticket.composer is not None:
                self._breaks(f"{ticket.composer} is shown as writing, and is not")


def quoted(blocks: list[dict[str, Any]]) -> str:
    """The words that a preview shows, before anything else that it quotes."""
    for block in blocks:
        for element in block.get("elements") or []:
            if element.get("type") == "rich_text_quote":
                return "".join(part.get("text", "") for part in element["elements"])
    return ""


def story(db: Database) -> str:
    """All that happened, as the ledger's log tells it."""
    with db.read() as session:
        return "\n".join(
            f"  {one.at:%H:%M:%S} {one.actor:6} {one.act} {one.reply_id or ''} {one.data or ''} {one.text or ''}"
            for one in session.scalars(select(Event).order_by(Event.id))
        )


def _log_of(ticket: Ticket) -> Any:
    return select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id)


def _row(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in ("act", "actor", "reply_id", "data", "post_id")}


def _mark(words: str) -> str:
    """What tells these words from all others: there is a number in it."""
    return next((word for word in words.split() if word[-1:].isdigit()), words.strip())


def _plainly(words: str) -> str:
    return unicodedata.normalize("NFC", words).strip()
