"""What one engine has compiled serves the next: hundreds of tests, each with a ledger of its own, ask the same.

SQLAlchemy keeps compiled statements by engine and by the dialect's identity; compiling them anew was a quarter
of what a test took. https://docs.sqlalchemy.org/en/21/core/connections.html#sql-compilation-caching
"""

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

_CACHE: LRUCache[object, object] = LRUCache(5000)


def share() -> None:
    """Have every engine of this process use one cache. Dialects of one class are alike: one SQLite, one server."""
    DefaultDialect.__eq__ = _is_alike  # type: ignore[method-assign,assignment]
    DefaultDialect.__hash__ = _kind  # type: ignore[method-assign,assignment]
    event.listen(Engine, "engine_connect", _use)


def _is_alike(one: object, other: object) -> bool:
    return type(one) is type(other)


def _kind(one: object) -> int:
    return hash(type(one))


def _use(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_CACHE)
