"""What must hold while a team answers together, told by somebody who sees both sides: Slack and the networks."""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from bot.slack.blocks.values import Origin
from models import Card, Event, Mention, Notice, Reply, Ticket
from models.core.database import Database
from models.privacy.read_access import EVERYTHING
from models.reports.open_tickets import OpenTicketFilter, list_by_wait
from models.tickets.delivery_state import LIVE_STATES, RETURNED_STATES, DeliveryState
from models.tickets.state import NO_CHANNEL, OPEN_STATES
from sandbox.slack import Modal
from sandbox.slack.people.outcome import CommandOutcome, Outcome, SubmitOutcome
from sandbox.slack.people.person import Person
from tests.models.log import replay
from tests.simulation.approvals import Approved, is_wider, read_approval
from tests.simulation.leaks import LeakCheck
from tests.simulation.networks import Heard, TeamNetwork
from tests.simulation.workplace import LET_IN, Workplace

FORGETS = timedelta(minutes=5)  # so long a right that was taken away may still be remembered
BLIND = "The database is slow right now."
EVERYWHERE = OpenTicketFilter(access=EVERYTHING)
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
        self.leaks = LeakCheck(here.ctx.db, here.world)
        self._unheard: dict[str, tuple[str, str]] = {}  # private words of customers: network, post
        for net in here.nets:
            net.witness, net.may_resend = self._heard, self._has_been_asked_for

    def _breaks(self, sentence: str) -> None:
        if sentence not in self.broken:
            self.broken.append(sentence)

    # --- what people do -----------------------------------------------------------------------------------

    def private(self, words: str) -> str:
        """These words are for the team alone."""
        self._secrets.append(_mark(words))
        return words

    def whispers(self, words: str, ticket_id: int, user: str) -> None:
        """`user` types these words for an exchange that not everybody sees."""
        self.leaks.keep(_mark(words), ticket=ticket_id, by=user)

    def customer_whispers(self, words: str, net: TeamNetwork, post_id: str) -> None:
        """A customer wrote these words to a few people."""
        self._unheard[_mark(words)] = (net.name, post_id)
        self.leaks.keep(_mark(words))

    def channels_change(self, change: Callable[[], None]) -> None:
        """Somebody joins or leaves the private channel, or changes what it is."""
        self._look_for_leaks()
        change()
        self.leaks.channels_change(self.here.clock.now)

    def types(self, user: str, words: str) -> None:
        """`user` typed these words and let them out of their hands."""
        if words.strip():
            self._people[user].typed.append(words)
            self._people[user].let_go.discard(_mark(words))

    def composes(self, user: str, words: str, ticket_id: int) -> None:
        """`user` lets these words out of a composer, over what had come back to them.

        A composer shows that; but not one that was open already when it came back, which is not told apart.
        """
        with self.here.ctx.db.read() as session:
            last = Reply.last(session, ticket_id, user)
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

    def approves(self, user: str, words: str, sign_off: str | None, shown: str) -> None:
        """`user` sees exactly these words, in a preview that says all this, and says: send this."""
        self._people[user].approved.append(read_approval(words, sign_off, shown))

    def submits(self, user: str, modal: Modal) -> None:
        """`user` presses the button of a modal; that of a composer means: send what is in it."""
        if modal.callback_id != "composer":
            return
        words = modal.value() or ""
        self.composes(user, words, Origin.unpack(modal.private_metadata).ticket)
        if modal.state.given["submit"]["text"] != "Keep as draft":
            signed = re.search(r"Signed “(.+?)”", modal.text)
            self.approves(user, words, signed[1] if signed else None, modal.text)

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
        world = self.here.world
        said = sum(one.user == world.app.user_id for each in world.channels.values() for one in each.messages)
        return (*ledger, len(who.ephemerals()), shown, home.hash if home else None, said)

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
            same = (Mention.post_id == Reply.to_post_id) & (Mention.ticket_id == Reply.ticket_id)
            query = select(Reply, Mention.text).join(Mention, same)
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
            ticket = session.get_one(Ticket, reply.ticket_id)
            paused = session.execute(text("SELECT count(*) FROM pauses")).scalar()
        known = self._people[reply.actor]
        if not any(one.says(heard.text) for one in known.approved):
            self._breaks(f"{reply.actor} never saw and sent what is public: {heard.text!r}")
        elif not any(one.allows(heard) for one in known.approved):
            seen = [one for one in known.approved if one.says(heard.text)]
            self._breaks(f"it went out otherwise than its preview said: {heard}, but {seen}")
        if heard.post.author_id != ticket.account_id or heard.network != ticket.network:
            self._breaks(
                f"it was said as another account than the one that it was shown with: {heard.text!r}"
            )
        if is_wider(heard.post.visibility, heard.parent.visibility):
            self._breaks(
                f"a reply to a {heard.parent.visibility} post is {heard.post.visibility}: {heard.text!r}"
            )
        for secret in self._secrets:
            if secret in heard.text and not any(secret in one.words for one in known.approved):
                self._breaks(f"private words are public: {heard.text!r}")
        if paused:
            self._breaks(f"it was said during a pause: {heard.text!r}")
        if known.shut_out_at is not None and heard.at - known.shut_out_at > FORGETS:
            self._breaks(f"{reply.actor} may not send, and is the actor of {heard.text!r}")

    def _has_been_asked_for(self, key: str) -> bool:
        """Whether the last word on that reply, before it was sent again, was a person's."""
        with self.here.ctx.db.read() as session:
            reply = session.scalars(select(Reply).where(Reply.key == key)).one()
            query = select(Event).where(Event.reply_id == reply.id).order_by(Event.id.desc())
            moves = [one for one in session.scalars(query) if (one.data or {}).get("to")]
        queued = next(one for one in moves if (one.data or {})["to"] == DeliveryState.QUEUED)
        return queued.actor != "heard"

    # --- what must hold -----------------------------------------------------------------------------------

    def look(self, *, thoroughly: bool = False) -> None:
        """Hold the ledger, the networks and Slack against the rules."""
        for net in self.here.nets:
            for sentence in net.broken:
                self._breaks(sentence)
        self._look_for_leaks()
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

    def _look_for_leaks(self) -> None:
        with self.here.ctx.db.read() as session:
            for word, (network, post_id) in list(self._unheard.items()):
                query = select(Mention.ticket_id).join(Ticket, Ticket.id == Mention.ticket_id)
                query = query.where(Ticket.network == network, Mention.post_id == post_id)
                if (ticket := session.scalar(query)) is not None:
                    self.leaks.keep(word, ticket=ticket)
                    del self._unheard[word]
        for sentence in self.leaks.look(self.here.clock.now):
            self._breaks(sentence)

    def look_at_the_end(self, posts: dict[str, list[str]], unsettled: set[tuple[str, str]]) -> None:
        """Everything has come to its end: `posts` are the customers' by network, `unsettled` were hidden."""
        with self.here.ctx.db.read() as session:
            replies = list(session.scalars(select(Reply).order_by(Reply.id)))
            tickets = list(session.scalars(select(Ticket).order_by(Ticket.id)))
            cards = set(session.scalars(select(Card.ticket_id).where(Card.ts.is_not(None))))
            listed = {one.ticket_id for one in list_by_wait(session, EVERYWHERE, limit=1000).first}
            query = select(Ticket.network, Mention.post_id).join(Mention, Mention.ticket_id == Ticket.id)
            heard = [(row.network, row.post_id) for row in session.execute(query)]
        self._came_to_an_end(replies, tickets, cards)
        for sentence in self.leaks.left_in_public():
            self._breaks(sentence)
        for ticket in tickets:
            if ticket.state in OPEN_STATES and ticket.id not in listed:
                self._breaks(f"ticket {ticket.id} is {ticket.state}, and no list has it")
        for net in self.here.nets:
            for post_id in posts[net.name]:
                often, is_there = heard.count((net.name, post_id)), net.is_public(post_id)
                if often > 1 or (not often and is_there and (net.name, post_id) not in unsettled):
                    self._breaks(f"post {post_id} on {net.title} was heard {often} times")

    def _one_answer_a_turn(self, replies: list[Reply]) -> None:
        live: dict[tuple[int, int], list[Reply]] = defaultdict(list)
        public: dict[tuple[int, int], list[str]] = defaultdict(list)
        by_key = {one.key: one for one in replies}
        for reply in replies:
            if reply.state in LIVE_STATES:
                live[reply.ticket_id, reply.turn].append(reply)
        for heard in [heard for net in self.here.nets for heard in net.said]:
            reply = by_key[heard.key]
            # What a person gave up while nobody could see it is theirs to answer for.
            if (
                self.here.net_of[heard.network].is_public(heard.post.id)
                and reply.state != DeliveryState.CANCELLED
            ):
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
            last = {one.ticket_id: one for one in own if one.actor == user}  # what Reply brings back
            kept |= {one.id for one in last.values() if one.state in RETURNED_STATES}
            view = self.here.world.views.top(user)
            at_hand = str(view.entered) + str(view.given) if view is not None else ""
            for words in known.typed:
                mark = _mark(words)
                here = any(mark in one.text for one in own if one.id in kept)
                if not here and mark not in known.let_go and mark not in told and mark not in at_hand:
                    states = [one.state for one in own if mark in one.text]
                    self._breaks(f"what {user} typed is lost: {words!r} ({states})")

    def _came_to_an_end(self, replies: list[Reply], tickets: list[Ticket], cards: set[int]) -> None:
        for reply in replies:
            if reply.state in IN_MOTION:
                self._breaks(f"reply {reply.id} is stranded: {reply.state} ({reply.reason})")
        for ticket in tickets:
            is_shown = ticket.channel != NO_CHANNEL and not self._is_archived(ticket.channel)
            if is_shown and (ticket.drawn_revision < ticket.revision or ticket.id not in cards):
                self._breaks(f"the card of ticket {ticket.id} does not show how it is")
            if ticket.composer is not None:
                self._breaks(f"{ticket.composer} is shown as writing, and is not")

    def _is_archived(self, channel: str) -> bool:
        return self.here.world.channel(channel).is_archived


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
