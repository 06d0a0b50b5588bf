"""Searches where we have two accounts on the local X: mentions come first, and nothing is left out or paid twice."""

from dataclasses import replace

import pytest

from bot.networks.base import Network
from bot.networks.x.client import XNetwork
from bot.networks.x.settings import XSettings
from bot.runtime.signed_in_accounts import SignedInAccounts
from models import Track
from models.mutes import mute_rules
from sandbox.x import XServer
from tests.bot.conftest import KEYS
from tests.bot.ingest.test_track_search_x import TALK, listen, pointers, reasons, search
from tests.bot.room import Room
from tests.patience import CALL_LIMITS

TEA_CHANNEL = "C0TEA"


@pytest.fixture
def gone() -> list[Network]:
    """The accounts that are not connected any more."""
    return []


@pytest.fixture
def both(on_x: Room, x: XServer, gone: list[Network]) -> tuple[Room, Room]:
    """The same bot at the desks of @acmebrew and @acmetea, both read before."""
    x.world.add_user("theo", "Theo Brandt")
    tea = x.world.add_user("acmetea", "Acme Tea")
    keys = KEYS | {"access_token": f"{tea.id}-token-0000"}
    limits = CALL_LIMITS
    other = XNetwork(XSettings(_env_file=None, api_url=x.url, **keys), limits)
    other.connection = "2"
    connected = SignedInAccounts(lambda _: [one for one in (on_x.network, other) if one not in gone])
    ctx = replace(on_x.ctx, networks=connected)
    rooms = Room(ctx, on_x.network, on_x.clock), Room(ctx, other, on_x.clock)
    for room in rooms:
        room.poll()
    with ctx.db.write() as session:
        Track.mentions_of(session, "x", tea.id, at=on_x.clock()).channel = TEA_CHANNEL
    on_x.clock.pass_by(minutes=1)
    return rooms


def test_a_post_that_mentions_the_other_account_is_that_accounts_mention(
    both: tuple[Room, Room], x: XServer
) -> None:
    brew, tea = both
    track = listen(brew, "kettle", channel=TALK)
    x.world.post("theo", "@acmetea the kettle drips")
    brew.clock.pass_by(minutes=2)
    search(brew)
    assert brew.tickets() == []
    tea.poll()
    brew.clock.pass_by(minutes=2)
    search(brew)

    [ticket] = brew.tickets()
    assert ticket.channel == TEA_CHANNEL
    assert reasons(brew) == []
    assert pointers(brew) == []
    assert track != ticket.track_id


def test_where_the_first_account_goes_the_next_one_reads_on_where_it_was(
    both: tuple[Room, Room], x: XServer, gone: list[Network]
) -> None:
    brew, tea = both
    listen(brew, "kettle", channel=TALK)
    search(brew)
    for number in range(80):
        x.world.post("theo", f"kettle {number}")
        brew.clock.pass_by(seconds=5)
    gone.append(brew.network)
    brew.ctx.networks.refresh()
    brew.clock.pass_by(minutes=2)
    search(tea)

    assert len(tea.texts()) == 80
    assert tea.told() == []


@pytest.mark.parametrize("how", ["quotes", "reply_to", "mention"])
def test_words_never_hide_a_post_that_addresses_our_other_account(
    both: tuple[Room, Room], x: XServer, how: str
) -> None:
    brew, tea = both
    listen(brew, "kettle", channel=TALK)
    with brew.ctx.db.write() as session:
        mute_rules.mute(session, mute_rules.words("giveaway"), by="U0ANA", at=brew.clock())
    ours = x.world.post("acmetea", "new tea is out")
    brew.clock.pass_by(minutes=1)
    words = "this kettle giveaway burned my hand"
    if how == "mention":
        x.world.post("theo", f"@acmetea {words}")
    else:
        x.world.post("theo", words, **{how: ours.id})
    for _ in range(2):
        brew.clock.pass_by(minutes=2)
        search(brew)
        tea.poll()
        brew.poll()

    assert [one.state for one in brew.tickets()] == ["waiting"]
