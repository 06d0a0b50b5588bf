"""Whether a post takes replies is seen with each reading, though its text stays as it is."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from models.sources.answerability import by_hand_reason, impossible_reason
from tests.bot.networks.bluesky.acts import BlueskyActs, local_bluesky
from tests.bot.room import Room, room


@pytest.fixture
def stage() -> Iterator[BlueskyActs]:
    with local_bluesky() as made:
        yield made


@pytest.fixture
def here(database_url: str, stage: BlueskyActs) -> Iterator[Room]:
    with room(database_url, lambda: datetime.now(UTC), stage.network) as made:
        yield made


def why(here: Room) -> str | None:
    (mention,) = here.mentions()
    assert by_hand_reason(mention.answerable) is None
    return impossible_reason(mention.answerable)


def test_a_post_that_is_closed_and_opened_to_replies_shows_it(here: Room, stage: BlueskyActs) -> None:
    post = stage.posts("maria", "@acmebrew is the kettle back?")
    here.poll()
    assert why(here) is None
    drawn = here.ticket().revision

    stage.gates(post)
    here.poll()
    assert "limits who can reply" in (why(here) or "")
    assert here.ticket().revision > drawn

    stage.world.gate(post, None)
    drawn = here.ticket().revision
    here.poll()
    assert why(here) is None
    assert here.ticket().revision > drawn
    here.poll()
    assert here.ticket().revision == drawn + 1
