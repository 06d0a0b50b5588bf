"""Any stream of posts, with mutes made and ended in between, against a model that looks at each post by itself."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Author, Event, Mention, Mute, Ticket
from models.core.base import RuleBrokenError
from models.core.database import Database
from models.mutes import mute_rules
from models.mutes.mute_rules import MuteDraft
from tests.models.ledger import PROMISE, hear, minute, passing, said, ticket

PEOPLE, TALKS, WORDS = ("7", "8"), ("c1", "c2"), ("give", "away")
ANA, BEN = "U0ANA", "U0BEN"
OPEN = "waiting"

people, talks = st.sampled_from(PEOPLE), st.sampled_from(TALKS)
posts = st.tuples(
    st.just("post"), people, talks, st.sampled_from(["give it", "far away", "fern"]), st.booleans()
)
pages = st.tuples(st.just("page"), st.lists(posts, min_size=1, max_size=4))
mutes = st.one_of(
    st.tuples(st.just("mute"), st.just("author"), people),
    st.tuples(st.just("mute"), st.just("conversation"), talks),
    st.tuples(st.just("mute"), st.just("words"), st.sampled_from(WORDS)),
)
kinds = st.one_of(mutes.map(lambda one: ("unmute", *one[1:])), mutes, mutes)
on_tickets = st.tuples(st.sampled_from(["claim", "close", "reopen"]), people, talks)
streams = st.lists(st.one_of(pages, pages, kinds, on_tickets), max_size=25)


@dataclass
class Slow:
    """What should be so: mutes that hold, and of each person's ticket in each talk how it stands."""

    mutes: set[tuple[str, str]] = field(default_factory=set)
    states: dict[tuple[str, str], str] = field(default_factory=dict)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    heard: int = 0

    def covers(self, person: str, talk: str, text: str, *, to_us: bool) -> bool:
        by_words = any(kind == "words" and value in text.split() for kind, value in self.mutes)
        return (
            ("author", person) in self.mutes
            or ("conversation", talk) in self.mutes
            or (by_words and not to_us)
        )

    def page(self, page: list[tuple[Any, ...]]) -> None:
        for _, person, talk, text, to_us in page:
            now = self.states.get((person, talk))
            if now == OPEN or not self.covers(person, talk, text, to_us=to_us):
                self.states[person, talk] = OPEN
            else:
                self.states[person, talk] = "muted"

    def mute(self, kind: str, value: str) -> None:
        self.mutes.add((kind, value))
        for (person, talk), state in self.states.items():
            is_meant = (kind, value) in {("author", person), ("conversation", talk)}
            if is_meant and state == OPEN and self.owners.get((person, talk)) != BEN:
                self.states[person, talk] = "muted"


def draft(session: Session, kind: str, value: str) -> MuteDraft | None:
    if kind == "words":
        return mute_rules.words(value)
    if kind == "conversation":
        return MuteDraft("conversation", "x", value)
    found = session.scalar(select(Author).where(Author.network_id == value))
    return mute_rules.author_of(found) if found is not None else None


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=streams)
def test_a_stream_ends_as_each_post_by_itself_says(db: Database, stream: list[Any]) -> None:
    slow = Slow()
    with passing(db) as session:
        for number, (what, *rest) in enumerate(stream):
            at = minute(number)
            if what == "page":
                read_page(session, slow, rest[0], at)
            elif what in {"mute", "unmute"}:
                mute_or_unmute(session, slow, what, tuple(rest), at)
            elif tuple(rest) in slow.states:
                act_on(session, slow, what, tuple(rest), at)
            session.flush()
        event(f"{len(slow.mutes)} mutes")
        check(session, slow)


def read_page(session: Session, slow: Slow, page: list[tuple[Any, ...]], at: Any) -> None:
    read = []
    for _, person, talk, text, to_us in page:
        slow.heard += 1
        more = {"author": person, "conversation": talk, "text": text, "addresses_us": to_us}
        read.append(said(slow.heard, at, **more))
    hear(session, *read, at=at)
    slow.page(page)


def mute_or_unmute(session: Session, slow: Slow, what: str, key: tuple[str, str], at: Any) -> None:
    wanted, holds = draft(session, *key), key in slow.mutes
    if wanted is None:
        return
    if what == "unmute":
        if holds:
            here = {"kind": wanted.kind, "network": wanted.network, "value": wanted.value}
            found = session.scalars(select(Mute).filter_by(**here).where(Mute.removed_at.is_(None))).one()
            mute_rules.unmute(session, found.id, by=BEN, at=at)
            slow.mutes.discard(key)
        return
    try:
        mute_rules.mute(session, wanted, by=ANA, at=at)
    except RuleBrokenError:
        assert holds
    else:
        assert not holds
        slow.mute(*key)


def act_on(session: Session, slow: Slow, what: str, key: tuple[str, str], at: Any) -> None:
    here, state = ticket(session, *key), slow.states[key]
    assert here.state == state
    if what == "claim" and state == OPEN and here.owner is None:
        here.claim(session, by=BEN, at=at)
        slow.owners[key] = BEN
    elif what == "close" and state == OPEN:
        here.close_no_reply_needed(session, by=ANA, at=at, reason="thanks")
        slow.states[key] = "no reply needed"
    elif what == "reopen" and state != OPEN:
        here.reopen(session, by=ANA, at=at, sla_policy=PROMISE)
        slow.states[key] = OPEN


def check(session: Session, slow: Slow) -> None:
    """The states, and what follows from them."""
    for (person, talk), state in slow.states.items():
        here = ticket(session, person, talk)
        assert here.state == state, (person, talk)
        assert (here.mute_id is not None) == (state == "muted")
        if state == "muted":
            assert (here.due_at, here.nudge_at) == (None, None)
            assert here.closed_by == ANA
        elif state == OPEN:
            assert here.due_at is not None
            assert here.drawn_revision < here.revision
    assert session.scalar(select(func.count(Ticket.id))) == len(slow.states)
    assert session.scalar(select(func.count(Mention.id))) == slow.heard  # nothing is lost
    mentions = session.scalar(select(func.count(Event.id)).where(Event.act == "mention"))
    assert mentions == slow.heard
