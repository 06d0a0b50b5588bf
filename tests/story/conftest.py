"""A running bot for each story, on each database."""

from collections.abc import Iterator

import pytest

from tests.story.harness import Bot, running


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url) as bot:
        yield bot
