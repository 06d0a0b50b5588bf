"""The contract suite and Bluesky's own tests, against the reference servers. Run by `make peers` only."""

import os

import pytest

from tests.bot.networks.bluesky.core import *  # noqa: F403
from tests.bot.networks.test_contract import *  # noqa: F403
from tests.peers.bluesky.stage import RealBluesky


@pytest.fixture
def stage():
    return RealBluesky(os.environ["HEARD_PEER_BLUESKY"], os.environ["HEARD_PEER_BLUESKY_CONTROL"])


def test_a_search_finds_words_that_do_not_name_us(stage):
    """One word of its own for each run: what the other tests say is found, too."""
    word = f"brew{stage.number}"
    found = stage.says("maria", f"acme {word} is closed?")
    stage.says("maria", "I like tea")

    pages = stage.network.search(word, stage.start, account_id=stage.us)

    assert [post.id for page in pages for post in page.posts] == [found]
