"""`python -m tests.statements`: which tests have to be marked `both_engines`, so that PostgreSQL sees every statement.

It runs the tests on SQLite (arguments go to pytest) and notes each statement as SQLAlchemy would write it for
PostgreSQL. Named are the tests that send one which no test on both engines sends; exit code 1 if there are any.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SQLAlchemyError

from tests.conftest import is_on_one_engine
from tests.revision import ROOT

FOLDER = "HEARD_STATEMENTS"  # the variable that names where the workers write

_sent: set[str] = set()
_known: dict[Any, str] = {}


def pytest_configure() -> None:
    """Note what every engine is asked, in each worker."""
    event.listen(Engine, "before_execute", _note)


def _note(_connection: Any, statement: Any, *_: Any) -> None:
    key = statement._generate_cache_key() if hasattr(statement, "_generate_cache_key") else None
    shape = key.key if key is not None else None
    if shape is None or shape not in _known:
        try:
            text = str(statement.compile(dialect=postgresql.dialect()))
        except (SQLAlchemyError, NotImplementedError, AttributeError):  # SQLite's own
            text = str(statement)
        if shape is not None:
            _known[shape] = text
    else:
        text = _known[shape]
    _sent.add(text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Write down what one test sends, and whether it runs on both engines."""
    _sent.clear()
    done = yield
    with (Path(os.environ[FOLDER]) / str(os.getpid())).open("a") as notes:
        notes.write(json.dumps([item.nodeid, is_on_one_engine(item), sorted(_sent)]) + "\n")
    return done  # type: ignore[return-value]


def main() -> None:
    """Run the tests and name those that need the mark."""
    with TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.statements",
            "-k",
            "sqlite",
            "-q",
            *sys.argv[1:],
        ]
        env = {**os.environ, FOLDER: folder, "HEARD_SKIP_PG": "1"}
        subprocess.run(command, cwd=ROOT, env=env, check=False)
        tests = [json.loads(line) for notes in Path(folder).iterdir() for line in notes.open()]
    covered = {one for _, alone, sent in tests if not alone for one in sent}
    lacking = {name: new for name, alone, sent in tests if alone and (new := set(sent) - covered)}
    for name, new in lacking.items():
        print(f"{name}: {len(new)}, such as {min(new)[:100]!r}")  # noqa: T201 - the answer
    sys.exit(bool(lacking))


if __name__ == "__main__":
    main()
