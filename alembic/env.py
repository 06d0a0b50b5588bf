"""Where Alembic meets the ledger: the models' tables, and the database the caller names."""

from sqlalchemy import Connection

from alembic import context
from bot import settings
from models import Base
from models.core.database import Database
from models.tickets.word_index import is_index


def run() -> None:
    """Migrate over the connection in `config.attributes["connection"]`, else the database of the environment."""
    attributes = context.config.attributes
    if attributes.get("connection") is not None:
        migrate(attributes["connection"])
        return
    url = attributes.get("url")
    if not url:  # the `alembic` command: the database that `python -m bot` in this folder would use
        settings.load_env_file()
        url = settings.database_url()
    database = Database(url)
    with database.engine.connect() as connection:
        migrate(connection)
        connection.commit()
    database.close()


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
