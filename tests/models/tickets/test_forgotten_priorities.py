"""Priorities that do not hold any more: of tickets that wait again, and after other weights or customers."""

import threading

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models import CustomerList, Ticket
from models.core.database import Database
from models.priority.score import Priority
from models.slack import channel_settings
from models.slack.channel_settings import OwnSettings
from models.tickets import priorities
from tests.models.ledger import PLACE, PROMISE, hear, minute, raised, said, ticket, together, until
from tests.models.tickets.test_priorities import customers, profile, told
from tests.models.tickets.test_ticket import is_waiting

NOTE = "owes us 4,000"


def closed(session: Session, author: str = "7", conversation: str = "c1") -> Ticket:
    """A ticket of a known customer that was closed."""
    hear(session, said(conversation, author=author, conversation=conversation, text="refund"))
    profile(session, author, handle=f"maria{author}")
    customers(session, ("", f"maria{author}", NOTE))
    computed(session)
    found = ticket(session, author, conversation)
    assert NOTE in str(found.priority_reasons)
    found.close_no_reply_needed(session, by="U0ANA", at=minute(1), reason="thanks")
    session.flush()
    return found


def computed(session: Session) -> None:
    """What the job does."""
    while priorities.rescore_missing(session, 2):
        pass
    session.expire_all()


def forgotten(session: Session, *, limit: int = 2) -> None:
    """What the command does in the end."""
    after: int | None = 0
    while after is not None:
        after = priorities.forget_customers(session, after=after, limit=limit)
    session.expire_all()


def notes(session: Session) -> list[bool]:
    """Which tickets, by id, still hold the note."""
    query = select(Ticket.priority_reasons).order_by(Ticket.id)
    return [NOTE in str(reasons) for reasons in session.scalars(query)]


def test_a_ticket_that_waits_again_goes_by_what_is_known_now(session: Session) -> None:
    here = closed(session)
    customers(session, ("", "somebody", ""))
    computed(session)
    here = ticket(session)
    here.reopen(session, by="U0ANA", at=minute(2), sla_policy=PROMISE)
    session.flush()

    assert told(priorities.read_priority(session, here)) == ["refund"]
    computed(session)
    here = ticket(session)
    assert (told(Priority.read(here.priority_reasons)), here.priority) == (["refund"], 20)


def test_a_list_that_is_cleared_leaves_no_note_on_any_ticket(session: Session) -> None:
    for number in range(5):
        closed(session, str(number), f"c{number}")
    hear(session, said(99, author="4", conversation="c9", text="a customer of yours: refund"))
    assert notes(session) == [True] * 6
    CustomerList.clear(session, at=minute(2))
    priorities.forget_all(session)
    computed(session)
    forgotten(session)

    assert notes(session) == [False] * 6
    tickets = session.scalars(select(Ticket).order_by(Ticket.id))
    left = [told(Priority.read(one.priority_reasons)) for one in tickets]
    assert left == [*[["refund"]] * 5, ["refund", "again"]]
    assert ticket(session, "4", "c9").priority == 28


def test_an_open_ticket_that_was_held_just_then_loses_the_note_on_its_card_too(session: Session) -> None:
    here = closed(session)
    here.reopen(session, by="U0ANA", at=minute(2), sla_policy=PROMISE)
    session.flush()
    session.execute(update(Ticket).values(drawn_revision=Ticket.revision))
    CustomerList.clear(session, at=minute(3))
    priorities.forget_all(session)  # and somebody presses a button, so that the command leaves it out
    forgotten(session)

    here = ticket(session)
    assert (notes(session), here.priority) == ([False], None)
    assert here.drawn_revision < here.revision


def test_a_ticket_that_is_reopened_has_its_points_at_once(db: Database) -> None:
    with db.write() as session:
        hear(session, said(1, text="refund"))
        closed_one = ticket(session)
        closed_one.close_no_reply_needed(session, by="U0ANA", at=minute(1), reason="thanks")
    with db.write() as session:
        customers(session, ("", "somebody", ""))
        ticket(session).reopen(session, by="U0ANA", at=minute(2), sla_policy=PROMISE)
    with db.read() as session:
        [found] = session.scalars(select(Ticket))
        assert (found.priority, told(Priority.read(found.priority_reasons))) == (20, ["refund"])


def test_a_ticket_that_arrives_while_weights_are_saved_does_not_keep_the_old_points(db: Database) -> None:
    is_inserted = threading.Event()

    def read() -> None:
        with db.write() as session:
            hear(session, said(1, text="refund"))
            is_inserted.set()
            until(lambda: db.is_sqlite or is_waiting(db))

    def save() -> None:
        is_inserted.wait(120)
        with db.write() as session:
            priorities.lock_rules(session)
            own = OwnSettings(priority_weights={"cues": {"refund": 7}})
            channel_settings.change(session, PLACE.channel, own, revision=0, at=minute(1), by="U0ANA")
            priorities.forget_all(session, channel=PLACE.channel)

    assert raised(together(read, save)) == []
    with db.write() as session:
        computed(session)
        assert ticket(session).priority == 7


@pytest.mark.parametrize("at_once", [1, 500])
def test_who_changes_weights_while_posts_come_in_waits_and_nobody_is_turned_away(
    db: Database, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(priorities, "LOCKED_AT_ONCE", at_once)
    with db.write() as session:
        hear(session, *(said(number, author=str(number), conversation=f"c{number}") for number in (1, 2, 3)))
    with db.write() as session:
        first, *_, last = session.scalars(select(Ticket.id).order_by(Ticket.id)).all()
        Ticket.lock(session, first).revision += 1  # PostgreSQL puts its row behind the others
    is_held = threading.Event()

    def read() -> None:
        with db.write() as session:
            Ticket.lock(session, first)
            is_held.set()
            until(lambda: db.is_sqlite or is_waiting(db))
            Ticket.lock(session, last)

    def save() -> None:
        is_held.wait(120)
        with db.write() as session:
            priorities.forget_all(session, channel=PLACE.channel)

    assert raised(together(read, save)) == []
    with db.read() as session:
        assert set(session.scalars(select(Ticket.priority))) == {None}
