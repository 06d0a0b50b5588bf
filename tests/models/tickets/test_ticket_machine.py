"""A ticket's life in any order of acts, held against docs/reference/ledger.md on both engines."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from models import Event, Mention, Reply, Ticket, Turn
from models.core.base import MovedOnError, OnItsWayError, RuleBrokenError, TakenError
from models.core.database import Database
from models.tickets import not_shown
from models.tickets.delivery_state import DeliveryState
from models.tickets.turn import OPENED_BY_FOLLOW_UP
from tests.models.ledger import OWED, PROMISE, Row, hear, mention, minute, passing, rows, said, ticket
from tests.models.log import HOLDS_ITS_TURN, OPEN, PUBLIC, replay

CAN_BE_STOPPED = {"held", "queued"}
ON_THE_WIRE = {"sending", "unsure", "asked"}
HOUR = timedelta(hours=1)
COMES_BACK = {"draft", "cancelled", "refused", "withdrawn"}
PEOPLE = st.sampled_from(["U0ANA", "U0BEN", "U0EVA"])

# What a card shows of each row; if any of it changes, the revision must rise.
ON_THE_CARD = {
    "tickets": (
        *("state", "reason", "closed_at", "closed_by", "owner", "snoozed_until", "turn", "target_post_id"),
        *("waiting_since", "due_at", "first_reply_at", "first_reply_by", "opened_at"),
    ),
    "mentions": ("post_id", "text", "edited_at", "deleted_at", "missing_since", "look_at"),
}
REPLY_ON_THE_CARD = ("id", "turn", "text", "actor", "state", "post_url")


@dataclass
class Answer:
    """What the model believes of one reply."""

    id: int
    turn: int
    actor: str
    text: str
    state: str
    to: str
    discarded: bool = False
    unread: int = 0  # how many posts came after it was submitted


@dataclass
class Missing:
    """A post that the network does not show: since when, at how many looks, and when it is looked at next."""

    since: datetime
    due: datetime | None
    looks: int = 0


class TicketLife(RuleBasedStateMachine):
    """One ticket, its customer, three teammates and a network that does what it likes."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self.open = ExitStack()
        self.session = self.open.enter_context(passing(db))
        self.minutes = 0
        self.state, self.turn, self.owner = "waiting", 1, None
        self.opened_by = {1: "mention"}
        self.posts: dict[str, datetime] = {}  # those whose words are there
        self.lost: dict[str, datetime] = {}  # and those that were given up
        self.missing: dict[str, Missing] = {}  # of both, those that are not shown
        self.was_given_up = False  # that it was closed for want of a post
        self.answers: list[Answer] = []
        self.outside: set[str] = set()
        self.last_turn = self.last_revision = 0
        self.shown: object = None

    @initialize()
    def begin(self) -> None:
        self.post()
        self.asked_at = {1: minute(self.minutes)}

    def teardown(self) -> None:
        self.open.close()

    # --- how it is asked --------------------------------------------------------------------------------

    def now(self) -> datetime:
        self.minutes += 1
        return minute(self.minutes)

    @property
    def ticket(self) -> Ticket:
        return ticket(self.session)

    def live(self, turn: int | None = None) -> Answer | None:
        wanted = self.turn if turn is None else turn
        return next((one for one in self.answers if one.turn == wanted and one.state in HOLDS_ITS_TURN), None)

    def unsettled(self) -> list[Answer]:
        return [one for one in self.answers if one.state in HOLDS_ITS_TURN - PUBLIC]

    def is_on_the_wire(self) -> bool:
        return any(one.state in ON_THE_WIRE for one in self.answers)

    @contextmanager
    def refused(self, error: type[RuleBrokenError], *, when: bool = True) -> Iterator[None]:
        """Expect a sentence and no change at all; or, if not `when`, expect success."""
        if not when:
            yield
            return
        before = rows(self.session, Ticket, Turn, Reply, Mention, Event)
        with pytest.raises(error) as caught:
            yield
        assert str(caught.value).endswith((".", "”"))
        assert rows(self.session, Ticket, Turn, Reply, Mention, Event) == before

    def post(self, posted_at: datetime | None = None) -> str:
        at = self.now()
        post_id = str(1000 + self.minutes)
        hear(self.session, said(post_id, posted_at or at), at=at)
        self.posts[post_id] = posted_at or at
        return post_id

    def begins(self, turn: int, opened_by: str, asked_at: datetime) -> None:
        self.turn, self.state, self.opened_by[turn], self.asked_at[turn] = (
            turn,
            "waiting",
            opened_by,
            asked_at,
        )

    # --- the customer -----------------------------------------------------------------------------------

    @rule(late=st.booleans())
    def customer_speaks(self, late: bool) -> None:
        """Usually now; sometimes the network lists a post only long after it was made."""
        takes_in = (
            self.state in OPEN and self.live() is None and self.opened_by[self.turn] != OPENED_BY_FOLLOW_UP
        )
        was_open = self.state in OPEN
        posted_at = minute(self.minutes - 5.5) if late else None
        post_id = self.post(posted_at)
        for one in self.answers:
            one.unread += 1
        if takes_in:
            self.state = "waiting"
            self.asked_at[self.turn] = min(self.asked_at[self.turn], self.posts[post_id])
        else:
            self.begins(self.turn + 1, "mention", self.posts[post_id])
        for lost in () if was_open else self.lost:  # who is heard again may have shown the rest again, too
            self.missing[lost].due = minute(self.minutes)
        now = self.ticket
        assert now.state == "waiting"
        assert now.target_post_id == post_id or (takes_in and late)

    # --- what the network does not show -----------------------------------------------------------------

    def a_post(self, which: int) -> str:
        known = sorted({*self.posts, *self.lost})
        return known[which % len(known)]

    @rule(
        which=st.integers(0, 9),
        hours=st.sampled_from([0, 0, 1, 19, 20]),
        how=st.sampled_from(["gone", "not shown"]),
    )
    def is_not_shown(self, which: int, hours: int, how: str) -> None:
        post_id = self.a_post(which)
        self.minutes += 60 * hours
        self.miss(post_id, self.now(), how)

    @rule(which=st.integers(0, 9), how=st.sampled_from(["gone", "not shown"]))
    def is_lost(self, which: int, how: str) -> None:
        """All looks at it are in vain, whatever else happens meanwhile."""
        post_id = self.a_post(which)
        for hours in (0, 1, 19):
            self.minutes += 60 * hours
            self.miss(post_id, self.now(), how)

    def miss(self, post_id: str, at: datetime, how: str) -> None:
        not_shown.record_miss(
            self.session, self.ticket, mention(self.session, post_id), how=how, title="X", at=at
        )
        known = self.missing.get(post_id)
        if known is None:
            self.missing[post_id] = Missing(at, at + HOUR)
        elif known.due is not None and known.due <= at:
            known.looks += 1
            known.due = max(known.since + 20 * HOUR, at + HOUR) if known.looks == 1 else None
            if known.looks > 1:
                self.gives_up(post_id, at)

    def gives_up(self, post_id: str, at: datetime) -> None:
        self.lost |= {post_id: self.posts.pop(post_id)} if post_id in self.posts else {}
        stopped = [one for one in self.answers if one.state in CAN_BE_STOPPED and one.to == post_id]
        if not self.posts and not self.is_on_the_wire():
            stopped += [one for one in self.unsettled() if one not in stopped] if self.state in OPEN else []
        for one in stopped:
            self.is_stopped(one)
        if self.posts or self.state not in OPEN:
            return
        if self.is_on_the_wire():
            self.missing[post_id].due = at + HOUR
        else:
            self.state, self.was_given_up = "no reply needed", True

    @precondition(lambda self: self.missing)
    @rule(which=st.integers(0, 9))
    def is_shown_again(self, which: int) -> None:
        post_id = sorted(self.missing)[which % len(self.missing)]
        posted_at = self.posts.get(post_id) or self.lost[post_id]
        hear(self.session, said(post_id, posted_at), at=self.now())
        del self.missing[post_id]
        self.lost.pop(post_id, None)
        self.posts[post_id] = posted_at
        if self.state == "no reply needed" and self.was_given_up:
            self.state = "waiting"
        found = mention(self.session, post_id)
        assert (found.text, found.deleted_at, found.missing_since) == (f"words of {post_id}", None, None)

    # --- whose it is ------------------------------------------------------------------------------------

    @rule(by=PEOPLE, act=st.sampled_from(["claim", "take_over", "release"]))
    def whose_it_is(self, by: str, act: str) -> None:
        getattr(self, act)(by)

    def claim(self, by: str) -> None:
        closed, taken = self.state not in OPEN, self.owner not in {None, by}
        with self.refused(TakenError if taken and not closed else RuleBrokenError, when=closed or taken):
            self.ticket.claim(self.session, by=by, at=self.now())
        if not closed and not taken:
            self.owner = by

    def take_over(self, by: str) -> None:
        with self.refused(RuleBrokenError, when=self.state not in OPEN):
            self.ticket.take_over(self.session, by=by, at=self.now())
        if self.state in OPEN:
            self.owner = by

    def release(self, by: str) -> None:
        may = self.owner == by and not self.is_on_the_wire()
        with self.refused(RuleBrokenError, when=not may):
            self.ticket.release(self.session, by=by, at=self.now())
        if may:
            self.owner = None

    # --- answering --------------------------------------------------------------------------------------

    @rule(by=PEOPLE, by_hand=st.sampled_from([None, None, "not summoned"]), follow_up=st.booleans())
    def reply(self, by: str, by_hand: str | None, follow_up: bool) -> None:
        """Submit what was composed with the ticket as it is."""
        now, live = self.ticket, self.live()
        turn = self.turn + int(follow_up)
        may_follow_up = live is not None and live.state in PUBLIC
        ok = may_follow_up if follow_up else (self.state in OPEN and live is None)
        error = MovedOnError if follow_up else TakenError
        at, text = self.now(), f"answer {self.minutes}"
        with self.refused(error, when=not ok):
            sent = self.submit(now, text, by, at, turn=turn, to=now.target_post_id, by_hand=by_hand)
        if not ok:
            return
        if follow_up:
            self.begins(turn, OPENED_BY_FOLLOW_UP, at)
        state = "held" if by_hand is None else "handed off"
        self.answers.append(Answer(sent.id, turn, by, text, state, now.target_post_id))
        self.owner = by

    def submit(
        self, now: Ticket, text: str, by: str, at: datetime, *, turn: int, to: str, by_hand: str | None = None
    ) -> Reply:
        return now.reply(
            self.session,
            text=text,
            by=by,
            at=at,
            turn=turn,
            to_post_id=to,
            undo_until=minute(self.minutes + 1),
            key=uuid4().hex,
            by_hand=by_hand,
        )

    @rule(by=PEOPLE, back=st.integers(-3, 3), other_post=st.booleans())
    def reply_to_what_is_not_the_question_any_more(self, by: str, back: int, other_post: bool) -> None:
        """The composer was opened before something happened: another turn, or another post."""
        now, live = self.ticket, self.live()
        turn = self.turn - back
        is_follow_up = turn == self.turn + 1 and live is not None and live.state in PUBLIC
        if not other_post and (turn == self.turn or is_follow_up):
            return
        to = "1" if other_post else now.target_post_id
        with self.refused(RuleBrokenError):
            self.submit(now, "too late", by, self.now(), turn=turn, to=to)

    @rule(by=PEOPLE)
    def draft(self, by: str) -> None:
        at, now = self.now(), self.ticket
        text = f"draft {self.minutes}"
        last = self.last_of(by)
        kept = now.draft(self.session, text=text, by=by, at=at, key=uuid4().hex, source="thread")
        if last is not None and last.state in COMES_BACK - {"draft"}:
            self.is_kept_as_a_draft(last, kept.id - 1)
        self.answers.append(Answer(kept.id, self.turn, by, text, "draft", now.target_post_id))

    @precondition(lambda self: any(one.state == "draft" for one in self.answers))
    @rule(which=st.integers(0, 9))
    def send_draft(self, which: int) -> None:
        drafts = [one for one in self.answers if one.state == "draft"]
        one, now = drafts[which % len(drafts)], self.ticket
        live, at = self.live(), self.now()
        answers = self.state in OPEN and live is None and one.turn == self.turn
        follows_up = live is not None and live.state in PUBLIC and one.turn == self.turn + 1
        ok = (answers or follows_up) and one.to == now.target_post_id
        with self.refused(RuleBrokenError, when=not ok):
            now.submit(self.session, self.row(one), by=one.actor, at=at, undo_until=minute(self.minutes + 1))
        if ok and follows_up:
            self.begins(one.turn, OPENED_BY_FOLLOW_UP, at)
        if ok:
            one.state, self.owner, one.unread = "held", one.actor, 0

    @rule(by=PEOPLE)
    def undo(self, by: str) -> None:
        pending = [one for one in self.answers if one.state in CAN_BE_STOPPED]
        too_late = self.unsettled() or self.live()
        with self.refused(OnItsWayError if too_late else RuleBrokenError, when=not pending):
            self.ticket.undo(self.session, by=by, at=self.now())
        if pending:
            self.is_undone(max(pending, key=lambda one: one.id))

    def is_stopped(self, one: Answer) -> None:
        """A turn that only this reply had opened goes with it."""
        one.state = "cancelled"
        if (
            one.turn == self.turn
            and self.opened_by[self.turn] == OPENED_BY_FOLLOW_UP
            and self.state == "waiting"
        ):
            self.last_turn = self.turn = self.turn - 1
            self.state = "answered"

    def is_undone(self, one: Answer) -> None:
        """What its author wrote since stays below it."""
        self.is_stopped(one)
        if one is not self.last_of(one.actor):
            self.is_kept_as_a_draft(one, max(row["id"] for row in rows(self.session, Reply)["replies"]))

    def last_of(self, actor: str) -> Answer | None:
        return max((one for one in self.answers if one.actor == actor), key=lambda one: one.id, default=None)

    def is_kept_as_a_draft(self, one: Answer, row_id: int) -> None:
        kept = next(row for row in rows(self.session, Reply)["replies"] if row["id"] == row_id)
        assert (kept["actor"], kept["text"], kept["state"]) == (one.actor, one.text, "draft")
        self.answers.append(Answer(row_id, self.turn, one.actor, one.text, "draft", kept["to_post_id"]))

    def row(self, one: Answer) -> Reply:
        return self.session.get_one(Reply, one.id, populate_existing=True)

    # --- the wire, as the outbox works it ---------------------------------------------------------------

    @rule(by=PEOPLE, outcomes=st.lists(st.integers(0, 3), max_size=5))
    def answer(self, by: str, outcomes: list[int]) -> None:
        """The usual day: somebody answers, and the reply goes some of its way at once."""
        live = self.live()
        self.reply(by, None, follow_up=live is not None and live.state in PUBLIC)
        self.time_passes(0, outcomes)

    @rule(which=st.integers(0, 9), outcomes=st.lists(st.integers(0, 3), min_size=1, max_size=5))
    def time_passes(self, which: int, outcomes: list[int]) -> None:
        """A reply that is on its way gets further, one way or another."""
        for outcome in outcomes:
            waiting = self.unsettled()
            if waiting:
                self.one_step(waiting[which % len(waiting)], outcome)

    def one_step(self, one: Answer, outcome: int) -> None:
        then = {
            "held": ["queued"],
            "queued": ["sending"],
            "sending": ["published", "queued", "refused", "unsure"],
            "unsure": ["asked", "published"],
            "asked": ["published", "queued", "cancelled"],
            "handed off": ["confirmed", "cancelled"],
        }[one.state]
        self.goes(one, then[outcome % len(then)])

    def goes(self, one: Answer, to: str) -> None:
        at, now, reply = self.now(), self.ticket, self.row(one)
        if to == "sending":
            reply.take(self.session, worker="w1", at=at, lease_until=minute(self.minutes + 1))
        elif one.state == "asked" and to == "cancelled":
            reply.discard(self.session, at=at, by="U0EVA")
            one.discarded = True
        else:
            reply.move(
                self.session, DeliveryState(to), at=at, post_id=f"own {one.id}" if to in PUBLIC else None
            )
        one.state = to
        if to in PUBLIC:
            now.handle_published_reply(self.session, reply, at=at)
            self.is_answered(one)
        now.revision += 1

    def is_answered(self, one: Answer) -> None:
        """Its turn is; and if they spoke since, the next one has started."""
        if one.turn != self.turn:
            return
        self.state = "answered"
        if one.unread and self.unread_of(one):
            self.begins(self.turn + 1, "mention", min(self.posts[post] for post in self.unread_of(one)))

    def unread_of(self, one: Answer) -> list[str]:
        """The posts that came after it was submitted and are still there."""
        came = self.session.scalars(select(Event).where(Event.act == "mention").order_by(Event.id)).all()
        return [event.post_id for event in came[-one.unread :] if event.post_id in self.posts]

    @precondition(lambda self: any(one.discarded and one.state == "cancelled" for one in self.answers))
    @rule()
    def a_discarded_reply_is_seen_after_all(self) -> None:
        one = next(one for one in self.answers if one.discarded and one.state == "cancelled")
        if self.live(one.turn) is None:
            self.goes(one, "published")

    @rule(by=PEOPLE, speaks=st.booleans())
    def a_reply_is_discarded(self, by: str, speaks: bool) -> None:
        """The network never said what became of it, and somebody gave it up; they may go on meanwhile."""
        self.answer(by, [0, 0, 3, 0, 2])
        if speaks:
            self.customer_speaks(late=False)

    @precondition(lambda self: any(one.state == "published" for one in self.answers))
    @rule(which=st.integers(0, 9), by=PEOPLE)
    def delete_public_reply(self, which: int, by: str) -> None:
        public = [one for one in self.answers if one.state == "published"]
        one = public[which % len(public)]
        self.ticket.handle_withdrawn_reply(self.session, self.row(one), by=by, at=self.now())
        one.state = "withdrawn"
        if one.turn == self.turn and self.state == "answered":
            self.state = "waiting"

    @precondition(lambda self: self.posts)
    @rule(which=st.integers(0, 9), back=st.sampled_from([0.5, 3.5]), again=st.booleans())
    def answered_outside(self, which: int, back: float, again: bool) -> None:
        """Our account answered by hand; we read our own posts some time after, and now and then again."""
        at = minute(self.minutes + 1 - back)
        self.now()
        name = f"outside {at}"
        if name in self.outside and not again:
            return
        to = sorted(self.posts)[which % len(self.posts)]
        live = self.live()
        counts = self.state in OPEN and at >= self.asked_at[self.turn] and name not in self.outside
        self.ticket.record_outside_answer(self.session, post_id=name, to_post_id=to, at=at)
        if not counts or (live is not None and live.state not in CAN_BE_STOPPED):
            return
        self.outside.add(name)
        if live is not None:
            live.state = "cancelled"
        self.state = "answered"
        since = [posted_at for posted_at in self.posts.values() if posted_at > at]
        if since:
            self.begins(self.turn + 1, "mention", min(since))

    # --- outcomes ---------------------------------------------------------------------------------------

    @rule(by=PEOPLE, act=st.sampled_from(["no reply needed", "not about us", "snooze", "wake", "reopen"]))
    def decide(self, by: str, act: str) -> None:
        getattr(self, act, lambda by: self.outcome(by, act))(by)

    def outcome(self, by: str, outcome: str) -> None:
        closed, wire, now = self.state not in OPEN, self.is_on_the_wire(), self.ticket
        stopped: list[Reply] = []
        with self.refused(RuleBrokenError if closed else OnItsWayError, when=closed or wire):
            if outcome == "not about us":
                stopped = now.close_not_about_us(self.session, by=by, at=self.now())
            else:
                stopped = now.close_no_reply_needed(self.session, by=by, at=self.now(), reason="thanks")
        if closed or wire:
            return
        assert [reply.id for reply in stopped] == [
            one.id for one in sorted(self.unsettled(), key=lambda one: one.id)
        ]
        for one in self.unsettled():
            one.state = "cancelled"
        self.state, self.was_given_up = outcome, False

    def snooze(self, by: str) -> None:
        closed, wire = self.state not in OPEN, self.is_on_the_wire()
        with self.refused(RuleBrokenError if closed else OnItsWayError, when=closed or wire):
            self.ticket.snooze(
                self.session, until=minute(self.minutes + 60), by=by, at=self.now(), sla_policy=PROMISE
            )
        if not closed and not wire:
            self.state = "snoozed"

    def wake(self, _by: str) -> None:
        self.ticket.wake(self.session, at=self.now())
        self.state = "waiting" if self.state == "snoozed" else self.state

    def reopen(self, by: str) -> None:
        at, live = self.now(), self.live()
        is_open = self.state == "waiting"
        with self.refused(RuleBrokenError, when=is_open):
            self.ticket.reopen(self.session, by=by, at=at)
        if is_open:
            return
        if self.state != "snoozed" and live is not None:
            self.begins(self.turn + 1, "reopened", at)
        self.state = "waiting"

    # --- what holds always ------------------------------------------------------------------------------

    @invariant()
    def everything_holds(self) -> None:
        found = rows(self.session, Ticket, Turn, Mention, Reply, Event)
        now = found["tickets"][0]
        self.the_ticket_is_where_the_words_say(now, found["replies"])
        self.it_waits_or_has_exactly_one_outcome(now, found["turns"][-1])
        self.turns_only_rise_and_have_one_answer_each(now, found["turns"], found["replies"])
        self.the_next_reply_goes_to_a_post_that_is_there(now)
        self.the_clock_starts_at_the_first_post(now, found["mentions"])
        self.the_revision_rises_with_what_a_card_shows(now, found)
        self.nothing_typed_is_lost(now, found["replies"])
        self.the_log_explains_the_end_state(now, found["events"])

    def the_ticket_is_where_the_words_say(self, now: Row, replies: list[Row]) -> None:
        assert (now["state"], now["turn"], now["owner"]) == (self.state, self.turn, self.owner)
        assert {one.id: one.state for one in self.answers} == {
            reply["id"]: reply["state"] for reply in replies
        }

    def it_waits_or_has_exactly_one_outcome(self, now: Row, turn: Row) -> None:
        ended = (now["closed_at"], now["closed_by"], now["reason"])
        assert (turn["closed_at"], turn["closed_by"], turn["reason"]) == ended
        if now["state"] in OPEN:
            assert (*ended, turn["outcome"]) == (None,) * 4
            assert now["waiting_since"] == turn["asked_at"] == self.asked_at[now["turn"]]
        else:
            assert None not in ended[:2]
            assert turn["outcome"] == now["state"]
        assert (now["snoozed_until"] is not None) == (now["state"] == "snoozed")

    def turns_only_rise_and_have_one_answer_each(
        self, now: Row, turns: list[Row], replies: list[Row]
    ) -> None:
        assert [turn["number"] for turn in turns] == list(range(1, now["turn"] + 1))
        assert now["turn"] >= self.last_turn
        self.last_turn = now["turn"]
        held = [reply["turn"] for reply in replies if reply["state"] in HOLDS_ITS_TURN]
        assert len(held) == len(set(held))

    def the_next_reply_goes_to_a_post_that_is_there(self, now: Row) -> None:
        assert not self.posts or now["target_post_id"] in self.posts

    @invariant()
    def words_are_there_unless_the_post_was_given_up(self) -> None:
        found = {row["post_id"]: row["text"] for row in rows(self.session, Mention)["mentions"]}
        assert found == {one: f"words of {one}" for one in self.posts} | dict.fromkeys(self.lost, "")

    def the_clock_starts_at_the_first_post(self, now: Row, mentions: list[Row]) -> None:
        assert now["opened_at"] == min(post["posted_at"] for post in mentions)

    def the_revision_rises_with_what_a_card_shows(self, now: Row, found: dict[str, list[Row]]) -> None:
        shown = [
            [row[name] for name in names] for table, names in ON_THE_CARD.items() for row in found[table]
        ]
        live = [reply for reply in found["replies"] if reply["state"] in HOLDS_ITS_TURN]
        shown += [[reply[name] for name in REPLY_ON_THE_CARD] for reply in live]
        assert now["revision"] >= self.last_revision
        assert shown == self.shown or now["revision"] > self.last_revision
        self.shown, self.last_revision = shown, now["revision"]

    def nothing_typed_is_lost(self, now: Row, replies: list[Row]) -> None:
        assert {one.text for one in self.answers} <= {reply["text"] for reply in replies}
        last = {one.actor: one for one in sorted(self.answers, key=lambda one: one.id)}
        for person, one in last.items():
            kept = one.text if one.state in COMES_BACK else None
            assert Reply.last_returned_text(self.session, now["id"], person) == kept

    def the_log_explains_the_end_state(self, now: Row, log: list[Row]) -> None:
        told = replay(log)
        assert (told.state, told.turn) == (now["state"], now["turn"])
        assert (told.owner, told.reason) == (now["owner"], now["reason"])
        assert told.replies == {one.id: one.state for one in self.answers if one.state != "draft"}


def test_a_ticket_lives_as_the_words_say_in_any_order(db: Database) -> None:
    examples = 30 if db.is_sqlite else 12  # the rules are the same; what differs is who keeps them
    run_state_machine_as_test(
        lambda: TicketLife(db),
        settings=settings(max_examples=examples, stateful_step_count=50, deadline=None),
    )


def test_the_due_time_follows_the_question(db: Database) -> None:
    with db.write() as session:
        hear(session, said(1, minute(0)))
        assert ticket(session).due_at == minute(0) + OWED
        ticket(session).close_no_reply_needed(session, by="U0ANA", at=minute(1), reason="thanks")
        hear(session, said(2, minute(90)))
        assert ticket(session).due_at == minute(90) + OWED
