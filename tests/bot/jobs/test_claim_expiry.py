"""What the clock does to a ticket: quiet claims end, forgotten composers close, silences are over."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from bot.jobs import claim_expiry
from models import Ticket
from models.tickets.state import TicketState
from tests.bot.room import ANA, BEN, Clock, Counting, Room, room


def change(here: Room, verb: Callable[[Session, Ticket], object]) -> None:
    with here.ctx.db.write() as session:
        verb(session, Ticket.lock(session, here.ticket().id))


def heard(here: Room, network: Counting, words: str = "@acmebrew hello") -> None:
    network.says("maria", words, at=here.clock())
    here.poll()


def claimed(here: Room, network: Counting) -> None:
    heard(here, network)
    change(here, lambda session, ticket: ticket.claim(session, by=ANA, at=here.clock()))


def later(here: Room, **time: float) -> None:
    here.clock.pass_by(**time)
    claim_expiry.run_due(here.ctx)


def test_a_claim_ends_after_a_quarter_of_an_hour_and_the_thread_says_so(
    here: Room, network: Counting
) -> None:
    claimed(here, network)

    later(here, minutes=14, seconds=59)
    assert here.ticket().owner == ANA
    later(here, seconds=1)

    assert here.ticket().owner is None
    [told] = here.told()
    assert f"No activity for 15 min since <@{ANA}> claimed this ticket, so it is *unassigned again*" in told
    later(here, hours=1)
    assert len(here.told()) == 1


def test_a_claim_from_before_signs_of_life_were_noted_ends_like_any_other(
    here: Room, network: Counting
) -> None:
    claimed(here, network)
    change(here, lambda _, ticket: setattr(ticket, "active_at", None))

    later(here, minutes=14)
    assert here.ticket().owner == ANA
    later(here, minutes=1)

    assert here.ticket().owner is None


def test_a_sign_of_life_begins_it_anew(here: Room, network: Counting) -> None:
    claimed(here, network)
    here.clock.pass_by(minutes=10)
    change(here, lambda _, ticket: ticket.record_activity(by=ANA, at=here.clock()))
    change(here, lambda _, ticket: ticket.record_activity(by=BEN, at=here.clock() + timedelta(minutes=9)))

    later(here, minutes=14)
    assert here.ticket().owner == ANA
    later(here, minutes=1)

    assert here.ticket().owner is None


def test_whoever_writes_again_finds_the_owner_who_answered_though_that_is_long_ago(
    here: Room, network: Counting
) -> None:
    first = network.says("maria", "@acmebrew hello", at=here.clock())
    here.poll()
    here.submit(1, "Hello!")
    here.send()
    here.clock.pass_by(days=1)
    network.says("maria", "@acmebrew one more", under=first.id, at=here.clock() - timedelta(minutes=10))
    here.poll()
    assert here.ticket().turn == 2

    later(here, minutes=14, seconds=59)
    assert here.ticket().owner == ANA
    later(here, seconds=1)

    assert here.ticket().owner is None


def test_under_an_open_composer_no_claim_ends(here: Room, network: Counting) -> None:
    claimed(here, network)
    here.clock.pass_by(minutes=14)
    change(here, lambda session, ticket: ticket.start_composing(session, by=BEN, key="k", at=here.clock()))

    later(here, minutes=5)
    assert here.ticket().owner == ANA
    later(here, minutes=11)  # the composer was forgotten
    later(here, seconds=1)

    assert (here.ticket().owner, here.ticket().composer) == (None, None)


def test_while_a_reply_is_on_its_way_no_claim_ends(here: Room, network: Counting) -> None:
    heard(here, network)
    here.submit(here.ticket().id, "Hello!", undo=3600)

    later(here, minutes=50)

    assert here.ticket().owner == ANA


def test_what_is_answered_stays_with_who_answered(here: Room, network: Counting) -> None:
    heard(here, network)
    here.submit(here.ticket().id, "Hello!")
    here.send()

    later(here, hours=5)

    assert (here.ticket().state, here.ticket().owner) == (TicketState.ANSWERED, ANA)


@pytest.fixture
def in_office_hours(database_url: str, clock: Clock, network: Counting) -> Iterator[Room]:
    """Somewhere where people are there from nine to five, and it is noon on a Monday."""
    hours = {"office_hours": "Mon-Fri 09:00-12:10 13:00-17:00", "time_zone": "UTC"}
    with room(database_url, clock, network, **hours) as made:
        yield made


def test_the_clock_of_a_claim_stands_still_out_of_office_hours(
    in_office_hours: Room, network: Counting
) -> None:
    here = in_office_hours
    claimed(here, network)

    later(here, minutes=60 + 4)  # ten minutes before lunch, four after it
    assert here.ticket().owner == ANA
    later(here, minutes=1)

    assert here.ticket().owner is None


# --- composers ----------------------------------------------------------------------------------------------


@pytest.mark.both_engines
def test_a_forgotten_composer_closes_by_itself(here: Room, network: Counting) -> None:
    heard(here, network)
    change(here, lambda session, ticket: ticket.start_composing(session, by=ANA, key="k", at=here.clock()))
    before = here.ticket().revision

    later(here, minutes=15)

    assert here.ticket().composer is None
    assert here.ticket().revision > before


# --- Send & wait --------------------------------------------------------------------------------------------


def answered_and_waiting(here: Room, network: Counting) -> None:
    heard(here, network)
    at = here.clock()
    change(
        here,
        lambda session, ticket: ticket.reply(
            session,
            text="Which browser is it?",
            by=ANA,
            at=at,
            turn=ticket.turn,
            to_post_id=ticket.target_post_id,
            undo_until=at,
            key="k",
            wait_seconds=3600,
        ),
    )
    here.send()


def test_it_comes_back_when_they_stay_silent_and_its_owner_is_told(here: Room, network: Counting) -> None:
    answered_and_waiting(here, network)

    later(here, minutes=59)
    assert here.ticket().state == TicketState.ANSWERED
    later(here, minutes=1)

    assert (here.ticket().state, here.ticket().turn) == (TicketState.WAITING, 2)
    [told] = here.told()
    assert f"<@{ANA}>, @maria hasn't replied for 1 h 00 min, so this ticket is waiting again" in told


def test_their_answer_ends_the_waiting(here: Room, network: Counting) -> None:
    answered_and_waiting(here, network)
    here.clock.pass_by(minutes=5)
    [mention] = here.mentions()
    network.says("maria", "@acmebrew Firefox", at=here.clock(), under=mention.post_id)
    here.poll()
    assert here.ticket().state == TicketState.WAITING

    here.submit(here.ticket().id, "Thank you, then we know what to look for.")
    here.send()
    later(here, hours=5)

    assert here.ticket().state == TicketState.ANSWERED


def test_an_outcome_ends_the_waiting_too(here: Room, network: Counting) -> None:
    answered_and_waiting(here, network)
    change(here, lambda session, ticket: ticket.reopen(session, by=BEN, at=here.clock()))
    change(
        here,
        lambda session, ticket: ticket.close_no_reply_needed(
            session, by=BEN, at=here.clock(), reason="other"
        ),
    )

    later(here, hours=5)

    assert here.ticket().state == TicketState.NO_REPLY_NEEDED


def test_a_ticket_that_goes_wrong_does_not_stop_the_clocks_of_the_others(
    here: Room, network: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed(here, network)
    network.says("joe", "@acmebrew hi", at=here.clock())
    here.poll()
    broken, other = (ticket.id for ticket in here.tickets())
    with here.ctx.db.write() as session:
        Ticket.lock(session, other).claim(session, by=BEN, at=here.clock())
    expire = Ticket.expire

    def breaks(self: Ticket, session: Session, **given: datetime) -> str | None:
        if self.id == broken:
            raise ValueError("nobody thought of that")
        return expire(self, session, **given)

    monkeypatch.setattr(Ticket, "expire", breaks)
    later(here, minutes=20)

    assert [ticket.owner for ticket in here.tickets()] == [ANA, None]
