"""The searches of an account that is not connected: nobody reads them, and the team is told so once."""

from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.notices.alarm_lines import home_line
from bot.publish import account_check, disconnect_account
from bot.runtime.signed_in_accounts import SignedInAccounts
from models import Alarm, Track
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from tests.bot.room import ANA, Counting, Room

HOME = "Its 2 searches are not read until it is connected again"


@pytest.fixture
def tea(network: Counting) -> Counting:
    other = network.also_as("acmetea")
    other.asked, other.bought = Counter(), []
    return other


@pytest.fixture
def connected(network: Counting, tea: Counting) -> list[Counting]:
    """The accounts that Heard has credentials for."""
    return [network, tea]


@pytest.fixture
def both(here: Room, tea: Counting, connected: list[Counting]) -> Room:
    """Two accounts, of which the second has two searches and one that is paused."""
    ctx = replace(here.ctx, networks=SignedInAccounts(lambda _before: list(connected)))
    for one in connected:
        Room(ctx, one, here.clock).poll()
    account_check.check_network(ctx, here.network)
    with ctx.db.write() as session:
        for query in ("kettle", "teapot", "spoon"):
            draft = TrackDraft("search", "memory", query, account_id=tea.account().id)
            track = track_rules.add(session, draft, at=here.clock(), by=ANA)
        track.paused_at = here.clock()
    return Room(ctx, here.network, here.clock)


def on_home(both: Room) -> list[str]:
    with both.ctx.db.read() as session:
        return [home_line(one, both.ctx.network_titles) for one in Alarm.active(session)]


@pytest.mark.parametrize("left", [1, 0], ids=["another is left", "none is left"])
def test_the_channel_and_home_say_that_searches_are_not_read(
    both: Room, tea: Counting, connected: list[Counting], left: int
) -> None:
    account_id = tea.account().id
    del connected[left:]
    disconnect_account.disconnect(both.ctx, "memory", account_id)
    if left:
        account_check.check_network(both.ctx, both.network)

    assert [HOME in line for line in both.told()] == [True]
    assert [HOME in line for line in on_home(both)] == [True]

    connected[:] = [both.network, tea]
    account_check.check_network(both.ctx, both.network)

    assert on_home(both) == []
    assert "is connected as @acmetea again" in both.told()[-1]


def test_searches_that_are_removed_are_nobodys_trouble(
    both: Room, tea: Counting, connected: list[Counting]
) -> None:
    connected.remove(tea)
    disconnect_account.disconnect(both.ctx, "memory", tea.account().id)
    with both.ctx.db.write() as session:
        for track in session.scalars(select(Track).where(Track.kind == "search")):
            track.removed_at = both.clock()
    account_check.check_network(both.ctx, both.network)

    assert on_home(both) == []
    assert len(both.told()) == 1
