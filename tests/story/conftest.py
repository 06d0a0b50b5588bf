"""A running bot for each story, on each database."""

from collections.abc import Iterator

import pytest

from tests.story.harness import Bot, Clock, running


@pytest.fixture
def bot(database_url: str) -> Iterator[Bot]:
    with running(database_url) as bot:
        yield bot


@pytest.fixture
def clock() -> Clock:
    """The machine's clock, to be put forward by hand."""
    return Clock()
