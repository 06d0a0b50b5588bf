"""Posts that words have muted, edited on the local X and read again."""

import pytest

from bot.ingest.refresh_post import refresh_target
from models.mutes import mute_rules
from sandbox.x import XServer
from tests.bot.ingest.test_track_search_x import listen, room, search
from tests.bot.room import Room

__all__ = ["room"]  # the fixture


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("a kettle giveaway, spelled better", "muted"),
        ("my kettle leaks", "waiting"),
        ("@acmebrew is this kettle giveaway yours?", "waiting"),
    ],
)
def test_a_muted_post_that_is_edited_is_judged_by_its_new_words(
    room: Room, x: XServer, words: str, state: str
) -> None:
    listen(room, "kettle")
    with room.ctx.db.write() as session:
        mute_rules.mute(session, mute_rules.words("giveaway"), by="U0ANA", at=room.clock())
    post = x.world.post("theo", "a kettle giveaway")
    room.clock.pass_by(minutes=2)
    search(room)
    assert room.ticket().state == "muted"

    room.clock.pass_by(minutes=1)
    x.world.edit(post.id, words)
    room.clock.pass_by(minutes=2)
    refresh_target(room.ctx, room.ticket().id)

    assert [one.text for one in room.mentions()] == [words]
    assert room.ticket().state == state
