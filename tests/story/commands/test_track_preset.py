"""Which of several networks is preset in the modal for a new track."""

from dataclasses import replace

from bot.runtime.signed_in_accounts import SignedInAccounts
from handlers.tracks import form
from models.sources import track_rules
from models.sources.track_rules import TrackDraft
from tests.bot.room import Clock, room
from tests.memory_network import MemoryNetwork


class Abacus(MemoryNetwork):
    name, title = "abacus", "Abacus"


class Zither(MemoryNetwork):
    name, title, preset_rank = "zither", "Zither", 0


def test_the_network_with_most_tracks_is_preset_and_without_any_the_usual_one(database_url: str) -> None:
    clock = Clock()
    abacus, zither = Abacus("acmebrew"), Zither("acmebrew")
    with room(database_url, clock, abacus) as here:
        ctx = replace(here.ctx, networks=SignedInAccounts(lambda _before: [abacus, zither]))

        def preset() -> str:
            modal = form.build_new(ctx, "fern", channel="C1", asked_in="C1", url="")
            (found,) = (block["element"] for block in modal["blocks"] if block.get("block_id") == "network")
            return str(found["initial_option"]["value"])

        assert preset() == "zither"
        with ctx.db.write() as session:
            track_rules.add(session, TrackDraft("search", "abacus", "fern"), at=clock())
        assert preset() == "abacus"
