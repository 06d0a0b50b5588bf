"""The local Bluesky for each test."""

import pytest

from tests.bot.networks.bluesky.acts import local_bluesky


@pytest.fixture
def stage():
    with local_bluesky() as made:
        yield made
