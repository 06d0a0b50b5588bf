"""The canary: a test mention that is shown, goes away again, and counts nowhere; its silence is told."""

from collections.abc import Iterator

import pytest

from bot.jobs import canary
from models import Alarm
from models.reports import open_tickets
from models.tickets.state import TicketState
from sandbox.slack import SlackServer
from tests.bot.room import Clock, Counting, Room, cards, room

CHANNEL = "C0CANARY"


@pytest.fixture
def here(database_url: str, clock: Clock, network: Counting, slack: SlackServer) -> Iterator[Room]:
    slack.world.add_channel(CHANNEL, "canary")
    with room(database_url, clock, network, slack=slack, canary_channel=CHANNEL) as made:
        yield made


def sing(here: Room, *, minutes: int, drawn: bool = True) -> None:
    for _ in range(minutes * 4):
        canary.check(here.ctx)
        if drawn:
            here.draw()
        here.clock.pass_by(canary.CHECK_INTERVAL_SECONDS)


def test_it_is_shown_in_its_channel_and_is_over(here: Room, slack: SlackServer) -> None:
    sing(here, minutes=1)

    [card] = cards(slack, CHANNEL)
    assert "This is an automatic test mention" in str(card.blocks)
    assert here.ticket().state == TicketState.NOT_ABOUT_US
    assert here.told() == []


def test_it_sings_every_five_minutes_on_one_card(here: Room, slack: SlackServer) -> None:
    sing(here, minutes=31)

    assert len(here.mentions()) == 7
    assert len(here.tickets()) == 1
    assert len(cards(slack, CHANNEL)) == 1


@pytest.mark.both_engines
def test_it_counts_nowhere(here: Room) -> None:
    canary.check(here.ctx)
    here.clock.pass_by(1)
    with here.ctx.db.read() as session:
        assert open_tickets.list_by_wait(session, limit=10) == open_tickets.Listing(0, ())


def test_when_it_is_not_shown_the_team_is_told_once_and_it_sings_again_later(here: Room) -> None:
    sing(here, minutes=20, drawn=False)
    [told] = here.told()
    assert "A test mention was not shown in Slack" in told

    sing(here, minutes=2)

    assert here.ticket().state == TicketState.NOT_ABOUT_US
    with here.ctx.db.read() as session:
        assert Alarm.active(session) == []
