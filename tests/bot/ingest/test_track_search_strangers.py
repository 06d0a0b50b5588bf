"""A handle in somebody's words may be a stranger's on another server, or notify nobody."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.ingest import track_search
from bot.networks.values import SearchRequest
from bot.publish import account_check
from bot.runtime.signed_in_accounts import SignedInAccounts
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from tests.bot.room import ANA, Clock, Counting, Room, room


class Searching(Counting):
    """It finds a word."""

    @classmethod
    def search_text(cls, wanted: Sequence[SearchRequest]) -> str:
        return wanted[0].query.alternatives[0][0].text


@pytest.fixture
def both(database_url: str, clock: Clock):
    """The bot at the desks of @acmebrew and @acmetea, with a track of the first one's."""
    network = Searching(clock)
    tea = network.also_as("acmetea")
    with room(database_url, clock, network) as made:
        ctx = replace(made.ctx, networks=SignedInAccounts.fixed(network, tea))
        rooms = Room(ctx, network, clock), Room(ctx, tea, clock)
        for each in rooms:
            each.poll()
        account_check.check_network(ctx, network)
        with ctx.db.write() as session:
            track_rules.add(session, TrackDraft("search", "memory", "kettle"), at=clock(), by=ANA)
        yield rooms


@pytest.mark.parametrize(("says", "is_heard"), [("a stranger", True), ("nobody", True), ("us", False)])
def test_a_post_is_left_to_our_other_account_only_if_the_network_notifies_that(
    both: tuple[Room, Room], says: str, is_heard: bool
) -> None:
    brew, tea = both
    brew.clock.pass_by(minutes=1)
    ids = {"a stranger": ("acmetea@elsewhere",), "nobody": (), "us": (tea.network.account().id,)}
    post = brew.network.says("theo", "@acmetea the kettle drips")
    brew.network.changes(post.id, mentioned_ids=ids[says])
    brew.clock.pass_by(minutes=2)
    track_search.search_tracks(brew.ctx, brew.network)

    assert len(brew.tickets()) == is_heard
