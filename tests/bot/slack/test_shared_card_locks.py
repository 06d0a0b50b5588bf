"""A shared card and its tickets: the tickets are locked first, the card after them, whoever does it."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from models import Ticket, TicketGroup, Track
from sandbox.slack import SlackServer
from tests.bot.room import ANA, Counting, Room
from tests.models.ledger import raised, together, until
from tests.models.tickets.test_ticket import is_waiting

ELSEWHERE = "C0ELSE"


@pytest.fixture
def shared(shown: Room, network: Counting, slack: SlackServer) -> Room:
    """Six people in one conversation, on one card in a channel of its own."""
    slack.world.add_channel(ELSEWHERE, "elsewhere")
    with shown.ctx.db.write() as session:
        track = Track.mentions_of(session, network.name, network.account().id, at=shown.clock())
        track.channel = ELSEWHERE
    first = network.says("p0", "@acmebrew something long about kettles")
    for number in range(1, 6):
        network.says(f"p{number}", f"@acmebrew and p{number} says this", under=first.id)
    shown.poll()
    shown.draw_all()
    shown.clock.pass_by(minutes=1)
    return shown


def lines_changed(shared: Room, slack: SlackServer) -> None:
    """A line on the card is out of date."""
    with shared.ctx.db.write() as session:
        session.execute(update(Ticket).values(revision=Ticket.revision + 1))


def channel_archived(shared: Room, slack: SlackServer) -> None:
    """The card is out of date, and cannot be drawn where it is."""
    slack.world.archive(ELSEWHERE)
    with shared.ctx.db.write() as session:
        [group_id] = session.scalars(select(TicketGroup.id))
        TicketGroup.touch(session, group_id, at=shared.clock())


@pytest.mark.both_engines
@pytest.mark.parametrize("change", [lines_changed, channel_archived])
def test_a_shared_card_waits_for_the_teammate_who_acts_on_one_of_its_tickets(
    shared: Room, slack: SlackServer, change: Callable[[Room, SlackServer], None]
) -> None:
    change(shared, slack)
    db, is_held = shared.ctx.db, threading.Event()
    with db.read() as session:
        last = max(session.scalars(select(Ticket.id)))

    def teammate() -> None:
        with db.write() as session:
            ticket = Ticket.lock(session, last)
            is_held.set()
            until(lambda: db.is_sqlite or is_waiting(db))
            ticket.claim(session, by=ANA, at=shared.clock())  # it leaves the card, which is drawn again

    def worker() -> None:
        is_held.wait(120)
        shared.draw()

    assert raised(together(teammate, worker)) == []
    shared.draw_all()
    with db.read() as session:
        claimed = session.get_one(Ticket, last)
        assert (claimed.owner, claimed.group_id) == (ANA, None)
        assert session.scalars(select(Ticket.group_id).where(Ticket.id != last).distinct()).all() == [1]
