"""Where Alembic meets the ledger: the models' tables, and the database the caller names."""

import os

from sqlalchemy import Connection, create_engine

from alembic import context
from models import Base
from models.database import normal_url
from models.word_index import is_index

DEFAULT_URL = "sqlite:///heard.db"


def run() -> None:
    """Migrate over the connection in `config.attributes["connection"]`, else over one of our own."""
    attributes = context.config.attributes
    if attributes.get("connection") is not None:
        migrate(attributes["connection"])
        return
    url = attributes.get("url") or os.environ.get("DATABASE_URL") or DEFAULT_URL
    engine = create_engine(normal_url(url))
    with engine.connect() as connection:
        migrate(connection)
        connection.commit()
    engine.dispose()


def migrate(connection: Connection) -> None:
    # SQLite cannot alter most of a table in place; batch mode rebuilds it.
    # https://alembic.sqlalchemy.org/en/latest/batch.html
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        include_name=lambda name, kind, _: kind != "table" or not is_index(name),
    )
    with context.begin_transaction():
        context.run_migrations()


run()
