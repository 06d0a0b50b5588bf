"""What the ledger takes of the words that a network gives us, and what a database says to the rest."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from models.core.normalize import sanitize

NAME_MAX_CHARS = 500  # of a name or a handle; a grapheme may carry any number of accents

# What a database says to a value that it cannot hold: SQLite's driver refuses large numbers by itself.
UNFIT_ERRORS = (SQLAlchemyError, ValueError, OverflowError)

# https://www.postgresql.org/docs/current/errcodes-appendix.html: connection, rollback, resources,
# not in the needed state, intervention, system.
_TRANSIENT_SQLSTATES = ("08", "40", "53", "55", "57", "58")


def raise_if_database_failed(error: Exception) -> None:
    """Raise `error` again if the database is in trouble: then no post is to blame, and all come again."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        if error.connection_invalidated or (state or "").startswith(_TRANSIENT_SQLSTATES):
            raise error


def fit_text(text: str, limit: int) -> str:
    """`text` as the ledger takes it (see `sanitize`), with at most `limit` characters of it."""
    return sanitize(text if len(text) <= limit else f"{text[: limit - 1]}…")
