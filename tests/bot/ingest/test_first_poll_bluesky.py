"""On Bluesky a post stands where its author's clock says: what is new is what has a new id."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.ingest import poller
from bot.networks.bluesky import listings
from bot.networks.bluesky.uris import make_tid
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


def dated(stage: BlueskyActs, author: str, text: str, ago: timedelta) -> str:
    """A post whose date and whose key both say that it was written `ago`."""
    then = datetime.now(UTC) - ago
    return stage.posts(author, text, created_at=then, rkey=make_tid(then, text))


def read_deep(here: Room) -> None:
    here.network._deep_from = 0.0
    here.poll()


def test_a_new_post_is_heard_however_old_its_date_and_its_key(here: Room, stage: BlueskyActs) -> None:
    dated(stage, "maria", "@acmebrew from before", timedelta(days=2))
    dated(stage, "maria", "@acmebrew from long before", timedelta(days=9))
    dated(stage, "maria", "@acmebrew an hour ago", timedelta(hours=1))
    here.poll()
    assert here.texts() == ["@acmebrew an hour ago"]

    dated(stage, "tom", "@acmebrew newly here", timedelta(days=2))
    here.sweep()
    here.poll()
    read_deep(here)

    assert here.texts() == ["@acmebrew newly here", "@acmebrew an hour ago"]


def test_a_new_post_dated_among_those_that_the_first_poll_left_out_is_heard(
    here: Room, stage: BlueskyActs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller, "FIRST_POLL_MAX_POSTS", 2)
    for hours in range(1, 6):
        dated(stage, "maria", f"@acmebrew {hours} hours ago", timedelta(hours=hours))
    here.poll()

    dated(stage, "tom", "@acmebrew newly here", timedelta(hours=4, minutes=30))
    here.poll()

    assert here.texts() == ["@acmebrew newly here", "@acmebrew 2 hours ago", "@acmebrew 1 hours ago"]


def test_what_the_first_poll_did_not_reach_stays_left_out(
    here: Room, stage: BlueskyActs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "PAGE_SIZE", 2)
    monkeypatch.setattr(listings, "_MENTION_PAGES_MAX", 1)
    for hours in range(1, 6):
        dated(stage, "maria", f"@acmebrew {hours} hours ago", timedelta(hours=hours))
    here.poll()
    monkeypatch.undo()

    read_deep(here)

    assert here.texts() == ["@acmebrew 2 hours ago", "@acmebrew 1 hours ago"]
