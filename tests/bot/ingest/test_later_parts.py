"""A customer goes on under their own post without naming us: the parts are heard when somebody answers."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.ingest import refresh_post
from bot.ingest.refresh_post import refresh_target
from sandbox.mastodon import FLAVOURS, MastodonServer, MastodonWorld
from tests.bot.networks.bluesky.acts import local_bluesky
from tests.bot.networks.stages import MastodonStage
from tests.bot.room import Room, room


@pytest.fixture(params=["bluesky", "mastodon", "gotosocial"])
def stage(request: pytest.FixtureRequest) -> Iterator:
    if request.param == "bluesky":
        with local_bluesky() as made:
            yield made
    else:
        with MastodonServer(MastodonWorld(flavour=FLAVOURS[request.param])) as server:
            yield MastodonStage(server)


@pytest.fixture
def here(database_url: str, stage) -> Iterator[Room]:
    with room(database_url, lambda: datetime.now(UTC), stage.network) as made:
        yield made


def go_on(stage, text: str, under: str, handle: str = "maria") -> str:
    """Answer a post of one's own, or of somebody else, without naming anybody."""
    if isinstance(stage, MastodonStage):
        full = stage.full_handle(handle)
        if stage.world.find_user(full) is None:
            stage.world.add_user(full, handle.title())
        return stage.world.post(full, text, reply_to=under).uri
    return stage.posts(handle, text, reply_to=under)


def test_further_parts_are_heard_on_the_same_ticket_and_others_are_not(here: Room, stage) -> None:
    first = stage.says("maria", "@acmebrew my kettle 1/3")
    second = go_on(stage, "it leaks 2/3", first)
    third = go_on(stage, "since Monday 3/3", second)
    other = go_on(stage, "mine too", first, "tom")
    go_on(stage, "poor you", other)
    here.poll()
    assert here.texts() == ["@acmebrew my kettle 1/3"]
    revision = here.ticket().revision

    refresh_target(here.ctx, here.ticket().id)

    assert here.texts() == ["@acmebrew my kettle 1/3", "it leaks 2/3", "since Monday 3/3"]
    assert here.ticket().revision > revision
    assert here.ticket().target_post_id == third
    assert {one.matched for one in here.mentions()} == {"mentions us", "continues their post"}
    refresh_post._last_refreshes.clear()
    refresh_target(here.ctx, here.ticket().id)
    assert len(here.mentions()) == 3


def test_what_our_reply_parted_goes_on_as_well(here: Room, stage) -> None:
    first = stage.says("maria", "@acmebrew my kettle")
    here.poll()
    stage.brand_says("Which one?", first)
    go_on(stage, "the red one", first)

    refresh_target(here.ctx, here.ticket().id)

    assert "the red one" in here.texts()
