"""A reply's way out, held against the delivery table of docs/reference/ledger.md on both engines."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models import Event, Reply, Ticket
from models.core.database import Database
from models.tickets.delivery_state import DeliveryState
from models.tickets.reply import OvertakenError
from tests.models.ledger import NINE, hear, minute, passing, raised, rows, said, ticket, together
from tests.models.log import HOLDS_ITS_TURN

# From each state of the table, where its rows lead. What is not here is refused.
TABLE = {
    # submit; submit where a second sender is required; by hand where the network is known to refuse; "Keep private"
    "draft": {"held", "awaiting approval", "handed off", "discarded"},
    "awaiting approval": {"held", "rejected", "withdrawn", "superseded"},
    "held": {"queued", "cancelled"},
    "queued": {"sending", "cancelled"},
    "sending": {"published", "queued", "refused", "unsure"},
    "unsure": {"published", "asked"},
    "asked": {"published", "queued", "cancelled"},
    "refused": {"handed off"},
    "handed off": {"confirmed", "cancelled"},
    "published": {"withdrawn"},
    "confirmed": {"withdrawn"},
    "cancelled": {"published"},  # once it may have left: a later sighting of what was discarded
}
ALL = st.sampled_from(list(DeliveryState))
LATER = timedelta(seconds=45)

# The verbs: where each is allowed, where it leads, and when the next thing is due.
VERBS: dict[str, tuple[set[str], str, timedelta | None]] = {
    "release": ({"held"}, "queued", timedelta()),
    "take": ({"queued"}, "sending", LATER),
    "put_off": ({"sending"}, "queued", LATER),
    "refuse": ({"sending"}, "refused", None),
    "mark_unsure": ({"sending"}, "unsure", LATER),
    "hand_off": ({"draft", "refused"}, "handed off", timedelta(minutes=30)),
    "ask_person": ({"unsure"}, "asked", LATER),
    "send_again": ({"asked"}, "queued", timedelta()),
    "discard": ({"asked"}, "cancelled", None),
}


def do(verb: str, session: Session, reply: Reply, at: Any, by: str) -> None:
    """Call `verb` with what it needs; a state instead of a verb is a plain move there."""
    if isinstance(verb, DeliveryState):
        reply.move(session, verb, at=at, by=by)
        return
    then = at + LATER
    given: dict[str, dict[str, Any]] = {
        "take": {"worker": "w1", "lease_until": then},
        "put_off": {"until": then, "reason": "rate limit", "detail": "429"},
        "refuse": {"reason": "too long", "detail": "281 of 280"},
        "mark_unsure": {"look_at": then, "detail": "timeout"},
        "hand_off": {"why": "not summoned", "by": by},
        "ask_person": {"nudge_at": then},
        "send_again": {"by": by},
        "discard": {"by": by},
    }
    getattr(reply, verb)(session, at=at, **given.get(verb, {}))


@dataclass
class Known:
    """What the model believes of one reply."""

    turn: int
    text: str
    state: str = "draft"
    fence: int = 0
    tries: int = 0
    was_handed_off: bool = False
    events: list[tuple[Any, ...]] = field(default_factory=list)


class Delivery(RuleBasedStateMachine):
    """One ticket, some turns, and replies that anybody tries to move anywhere."""

    replies = Bundle("replies")
    copies = Bundle("copies")

    def __init__(self, db: Database) -> None:
        super().__init__()
        self.open = ExitStack()
        self.session = self.open.enter_context(passing(db))
        hear(self.session, said(1))
        self.ticket = ticket(self.session)
        self.known: dict[int, Known] = {}
        self.minutes = 0

    def teardown(self) -> None:
        self.open.close()

    # --- what is there ----------------------------------------------------------------------------------

    def row(self, reply_id: int) -> Reply:
        return self.session.get_one(Reply, reply_id, populate_existing=True)

    def holder(self, turn: int) -> int | None:
        return next(
            (n for n, one in self.known.items() if one.turn == turn and one.state in HOLDS_ITS_TURN), None
        )

    def may(self, reply_id: int, to: str) -> bool:
        """What the table says, before the question whether the turn is free."""
        known = self.known[reply_id]
        never_left = known.state == "cancelled" and known.tries == 0 and not known.was_handed_off
        return to in TABLE.get(known.state, set()) and not never_left

    def is_taken(self, reply_id: int, to: str) -> bool:
        holder = self.holder(self.known[reply_id].turn)
        return to in HOLDS_ITS_TURN and holder not in {None, reply_id}

    @contextmanager
    def nothing_changes(self) -> Iterator[None]:
        before = rows(self.session, Reply, Event, Ticket)
        yield
        assert rows(self.session, Reply, Event, Ticket) == before

    def tick(self) -> Any:
        self.minutes += 1
        return minute(self.minutes)

    # --- what anybody may try ---------------------------------------------------------------------------

    @rule(
        target=replies,
        turn=st.integers(1, 2),
        text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    )
    def write(self, turn: int, text: str) -> int:
        reply = Reply(
            ticket_id=self.ticket.id,
            turn=turn,
            key=uuid4().hex,
            text=text,
            actor="U0ANA",
            source="test",
            to_post_id="1",
            created_at=NINE,
        )
        self.session.add(reply)
        self.session.flush()
        self.known[reply.id] = Known(turn, text)
        return reply.id

    @rule(reply_id=replies, to=ALL, by=st.sampled_from(["U0ANA", "U0BEN"]))
    def move(self, reply_id: int, to: DeliveryState, by: str) -> None:
        self.attempt(
            reply_id,
            to,
            by,
            f"reply {to}",
            lambda reply, at: reply.move(self.session, to, at=at, by=by, post_id=f"p{self.minutes}"),
        )

    @rule(reply_id=replies, to=st.data())
    def move_as_the_table_says(self, reply_id: int, to: st.DataObject) -> None:
        """The same, without most of what is refused, so that replies get far."""
        allowed = sorted(TABLE.get(self.known[reply_id].state, {"draft"}))
        self.move(reply_id, DeliveryState(to.draw(st.sampled_from(allowed))), "U0BEN")

    @rule(reply_id=replies, verb=st.sampled_from(sorted(VERBS)))
    def use(self, reply_id: int, verb: str) -> None:
        known = self.known[reply_id]
        froms, to, due = VERBS[verb]
        by = "U0BEN" if verb in {"hand_off", "send_again", "discard"} else "heard"
        act = {"send_again": "send again", "discard": "discard"}.get(verb, f"reply {to}")
        if known.state not in froms:
            with self.nothing_changes(), pytest.raises(OvertakenError):
                do(verb, self.session, self.row(reply_id), self.tick(), by)
            return
        if self.attempt(reply_id, to, by, act, lambda reply, at: do(verb, self.session, reply, at, by)):
            at = minute(self.minutes)
            assert self.row(reply_id).due_at == (None if due is None else at + due)
            known.was_handed_off |= verb == "hand_off"
            if verb == "take":
                known.tries += 1
                assert (self.row(reply_id).sent_at, self.row(reply_id).worker) == (at, "w1")

    def attempt(self, reply_id: int, to: str, by: str, act: str, go: Callable[[Reply, Any], None]) -> bool:
        """Let `go` move the reply to `to`; it must do what the table says, or nothing."""
        at, known = self.tick(), self.known[reply_id]
        if not self.may(reply_id, to):
            with self.nothing_changes(), pytest.raises(OvertakenError):
                go(self.row(reply_id), at)
            return False
        if self.is_taken(reply_id, to):
            with self.nothing_changes(), pytest.raises(IntegrityError), self.session.begin_nested():
                go(self.row(reply_id), at)
            return False
        go(self.row(reply_id), at)
        known.state, known.fence = to, known.fence + 1
        known.events.append((act, by, at, known.text, self.row(reply_id).post_id, to))
        return True

    @rule(reply_id=replies)
    def connect_another_account(self, reply_id: int) -> None:
        """What has not left comes back; what may be public stays where it is."""
        known, at = self.known[reply_id], self.tick()
        if known.state not in {"held", "queued"}:
            with self.nothing_changes(), pytest.raises(OvertakenError):
                self.ticket.give_back(self.session, self.row(reply_id), at=at, why="other account")
            return
        self.ticket.give_back(self.session, self.row(reply_id), at=at, why="other account")
        known.state, known.fence = "cancelled", known.fence + 1
        post_id = self.row(reply_id).post_id
        known.events.append(("reply cancelled", "heard", at, known.text, post_id, "cancelled"))
        for row in rows(self.session, Reply)["replies"]:  # its author has written something else since
            if row["id"] not in self.known:
                assert (row["text"], row["state"], row["actor"]) == (known.text, "draft", "U0ANA")
                self.known[row["id"]] = Known(row["turn"], row["text"])

    # --- who comes late ---------------------------------------------------------------------------------

    @rule(target=copies, reply_id=replies)
    def read(self, reply_id: int) -> Reply:
        """Somebody reads a reply, and then takes his time."""
        copy = self.row(reply_id)
        self.session.expunge(copy)
        return copy

    @rule(copy=consumes(copies), to=ALL, verb=st.sampled_from([None, *sorted(VERBS)]))
    def act_on_what_was_read(self, copy: Reply, to: DeliveryState, verb: str | None) -> None:
        current = self.known[copy.id]
        if copy.fence == current.fence:
            return
        self.session.expunge(self.row(copy.id))
        self.session.add(copy)
        with self.nothing_changes(), pytest.raises(OvertakenError):
            do(verb or to, self.session, copy, self.tick(), "U0BEN")
        self.session.expunge(copy)

    @rule(copy=consumes(copies))
    def look_with_what_was_read(self, copy: Reply) -> None:
        if copy.fence == self.known[copy.id].fence:
            return
        self.session.expunge(self.row(copy.id))
        self.session.add(copy)
        with self.nothing_changes():
            copy.record_lookup(self.session, next_at=self.tick())

    # --- who goes around the model ----------------------------------------------------------------------

    @rule(turn=st.integers(1, 2), state=ALL)
    def insert_by_hand(self, turn: int, state: DeliveryState) -> None:
        values = {"ticket_id": self.ticket.id, "turn": turn, "state": state, "fence": 0, "key": uuid4().hex}
        words = {"text": "", "digest": "", "actor": "", "source": "", "to_post_id": "", "created_at": NINE}
        statement = insert(Reply.__table__).values(**values, **words, tries=0, looks=0)
        self.by_hand(statement, refused=state in HOLDS_ITS_TURN and self.holder(turn) is not None)

    @precondition(lambda self: self.known)
    @rule(reply_id=replies, state=ALL)
    def update_by_hand(self, reply_id: int, state: DeliveryState) -> None:
        statement = update(Reply.__table__).where(Reply.id == reply_id).values(state=state)
        self.by_hand(statement, refused=self.is_taken(reply_id, state))

    def by_hand(self, statement: Any, *, refused: bool) -> None:
        with self.nothing_changes():
            trial = self.session.begin_nested()
            if refused:
                with pytest.raises(IntegrityError):
                    self.session.execute(statement)
            else:
                self.session.execute(statement)
            trial.rollback()

    # --- what holds always ------------------------------------------------------------------------------

    @invariant()
    def the_ledger_is_what_the_table_says(self) -> None:
        found = {row["id"]: row for row in rows(self.session, Reply)["replies"]}
        assert {n: (row["state"], row["fence"], row["tries"]) for n, row in found.items()} == {
            n: (one.state, one.fence, one.tries) for n, one in self.known.items()
        }

    @invariant()
    def a_turn_has_one_answer_at_most(self) -> None:
        for turn in (1, 2):
            live = Reply.live(self.session, self.ticket.id, turn)
            assert (live and live.id) == self.holder(turn)

    @invariant()
    def each_move_is_in_the_log(self) -> None:
        query = select(Event).where(Event.reply_id.is_not(None)).order_by(Event.id)
        log: dict[int, list[tuple[Any, ...]]] = {}
        for event in self.session.scalars(query):
            assert event.reply_id
            assert event.data
            line = (event.act, event.actor, event.at, event.text, event.post_id, event.data["to"])
            log.setdefault(event.reply_id, []).append(line)
        assert log == {n: one.events for n, one in self.known.items() if one.events}


def test_a_reply_moves_as_the_table_says_and_never_otherwise(db: Database) -> None:
    examples = 30 if db.is_sqlite else 15  # the rules are the same; what differs is who keeps them
    run_state_machine_as_test(
        lambda: Delivery(db), settings=settings(max_examples=examples, stateful_step_count=40, deadline=None)
    )


def test_every_pair_of_states_is_allowed_or_refused_as_the_table_says(session: Session) -> None:
    reply = a_reply(session)
    for state, to in product(DeliveryState, DeliveryState):
        with session.begin_nested() as trial:
            session.execute(update(Reply.__table__).values(state=state, tries=1))
            session.refresh(reply)
            if to in TABLE.get(state, set()):
                reply.move(session, to, at=NINE)
                assert (reply.state, reply.fence) == (to, 1)
            else:
                with pytest.raises(OvertakenError):
                    reply.move(session, to, at=NINE)
                assert (reply.state, reply.fence) == (state, 0)
            trial.rollback()


def test_every_verb_is_allowed_or_refused_as_the_table_says(session: Session) -> None:
    reply = a_reply(session)
    for state, verb in product(DeliveryState, VERBS):
        froms, to, due = VERBS[verb]
        with session.begin_nested() as trial:
            session.execute(update(Reply.__table__).values(state=state, tries=1))
            session.refresh(reply)
            if state in froms:
                do(verb, session, reply, NINE, "U0BEN")
                assert (reply.state, reply.due_at) == (to, None if due is None else NINE + due)
            else:
                with pytest.raises(OvertakenError):
                    do(verb, session, reply, NINE, "U0BEN")
                assert (reply.state, reply.fence) == (state, 0)
            trial.rollback()


def a_reply(session: Session, **more: Any) -> Reply:
    hear(session, said(1))
    given = {"turn": 1, "key": uuid4().hex, "text": "Hello", "actor": "U0ANA", "source": "test"} | more
    reply = Reply(ticket_id=ticket(session).id, to_post_id="1", created_at=NINE, **given)
    session.add(reply)
    session.flush()
    return reply


def test_a_cancelled_reply_that_never_left_is_not_seen_later(session: Session) -> None:
    reply = a_reply(session)
    reply.move(session, DeliveryState.HELD, at=NINE)
    reply.move(session, DeliveryState.CANCELLED, at=NINE)

    with pytest.raises(OvertakenError):
        reply.move(session, DeliveryState.PUBLISHED, at=NINE)


def test_the_words_do_not_change_on_the_way_and_their_digest_is_kept(session: Session) -> None:
    reply = a_reply(session, text="Grüße, wir kümmern uns 🌱")
    reply.move(session, DeliveryState.HELD, at=NINE)
    reply.release(session, at=NINE)
    reply.take(session, worker="w1", at=NINE, lease_until=minute(1))

    assert reply.text == "Grüße, wir kümmern uns 🌱"
    assert reply.digest == hashlib.sha256(reply.text.encode()).hexdigest()


def queued(db: Database) -> int:
    with db.write() as session:
        reply = a_reply(session)
        reply.move(session, DeliveryState.HELD, at=NINE)
        reply.release(session, at=NINE)
        return reply.id


def test_of_two_workers_at_one_reply_one_takes_it(db: Database) -> None:
    """Both read it before either writes, as two processes do that do not hold the ticket."""
    reply_id = queued(db)

    def worker(name: str) -> None:
        with db.read() as session:
            reply = session.get_one(Reply, reply_id)
        with db.write() as session:
            session.add(reply)
            reply.take(session, worker=name, at=NINE, lease_until=minute(1))

    outcomes = together(*(lambda name=name: worker(name) for name in ("w1", "w2", "w3", "w4")))

    assert [type(error) for error in raised(outcomes)] == [OvertakenError] * 3
    with db.read() as session:
        assert session.get_one(Reply, reply_id).tries == 1
        assert session.scalar(select(func.count()).where(Event.act == "reply sending")) == 1


def test_who_comes_late_cannot_write_over_what_came_after(db: Database) -> None:
    reply_id = queued(db)
    with db.write() as session:
        late = session.get_one(Reply, reply_id)
        late.take(session, worker="w1", at=NINE, lease_until=minute(1))
    with db.write() as session:
        reply = session.get_one(Reply, reply_id)
        reply.mark_unsure(session, at=NINE, look_at=minute(1), detail="its lease ended")

    with db.write() as session:
        session.add(late)
        with pytest.raises(OvertakenError):
            late.put_off(session, at=NINE, until=minute(1), reason="rate limit", detail="429")

    with db.read() as session:
        assert session.get_one(Reply, reply_id).state == DeliveryState.UNSURE


def test_a_worker_that_slept_through_another_try_cannot_begin_its_own(db: Database) -> None:
    """The reply is queued again, as when it was read; only the fence tells that a try lies between."""
    reply_id = queued(db)
    with db.read() as session:
        late = session.get_one(Reply, reply_id)
    with db.write() as session:
        reply = session.get_one(Reply, reply_id)
        reply.take(session, worker="w1", at=NINE, lease_until=minute(1))
        reply.put_off(session, at=NINE, until=minute(5), reason="rate limit", detail="429")

    with db.write() as session:
        session.add(late)
        with pytest.raises(OvertakenError):
            late.take(session, worker="w2", at=NINE, lease_until=minute(1))
        assert late.state == DeliveryState.QUEUED


def test_of_two_answers_submitted_at_once_one_holds_the_turn(db: Database) -> None:
    with db.write() as session:
        first, second = (a_reply(session).id, a_reply(session).id)

    def submit(reply_id: int) -> None:
        with db.write() as session:
            session.get_one(Reply, reply_id).move(session, DeliveryState.HELD, at=NINE)

    outcomes = together(lambda: submit(first), lambda: submit(second))

    assert [type(error) for error in raised(outcomes)] == [IntegrityError]
    with db.read() as session:
        assert session.scalar(select(func.count()).where(Reply.state == DeliveryState.HELD)) == 1
