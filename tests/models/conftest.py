"""An open ledger, on each engine."""

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import Session

from models.core.database import Database
from tests.models.ledger import passing


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def session(db: Database) -> Iterator[Session]:
    """A session for a test that needs no second one; nothing of it is committed."""
    with passing(db) as session:
        yield session
