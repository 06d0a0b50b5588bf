"""The reference PDS and AppView of Bluesky, started from npm's packages, for the length of a run.

They need `node` and `npm` (any version that can install: the right Node comes from npm), `redis-server`, PostgreSQL as
the other tests do, and a C compiler. The first run installs about 700 MB below `.peers/` in some five minutes.
"""

import json
import os
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from tests import postgres
from tests.revision import ROOT

DEV_ENV = "0.6.7"  # of @atproto/dev-env: PDS 0.5.35, AppView 0.0.280
NODE = "22"  # on Node 20 it does not load
FOLDER = Path(os.environ.get("HEARD_PEERS_DIR", ROOT / ".peers")) / "bluesky"
SCRIPT = Path(__file__).with_name("network.cjs")
OFFSETS = (-3, -1, 0, 1, 4)  # of the ports that are used


class MissingError(Exception):
    """Something that the servers need is not there; the message says what, and where it comes from."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where they listen, and which versions they are. A request to `control` waits for the AppView."""

    pds: str
    control: str
    versions: dict[str, str]


@contextmanager
def running() -> Iterator[Servers]:
    """The servers, stopped afterwards. Raises `MissingError`, and what PostgreSQL raises if it cannot run."""
    check()
    node = install()
    with ExitStack() as stack:
        database = _node_url(stack.enter_context(postgres.server()))
        port, redis_port = _free_base(), _free_port()
        redis = [
            "redis-server",
            "--port",
            str(redis_port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            "/tmp",
        ]
        stack.enter_context(_process(redis, {}))
        environment = {
            "PORT": str(port),
            "DB_POSTGRES_URL": database,
            "DB_TEST_POSTGRES_URL": database,
            "REDIS_HOST": f"127.0.0.1:{redis_port}",
            "NODE_PATH": str(FOLDER / "node_modules"),
            "LOG_ENABLED": "false",
        }
        process = stack.enter_context(_process([str(node), str(SCRIPT)], environment))
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("READY"):
                break
        else:
            raise MissingError("The servers did not start: " + "".join(said[-10:]))
        yield Servers(f"http://localhost:{port}", f"http://127.0.0.1:{port - 3}/", versions())


def check() -> None:
    """Raise `MissingError` if a program is missing that npm and pip do not bring."""
    for name, source in (
        ("node", "https://nodejs.org"),
        ("npm", "it comes with Node"),
        ("redis-server", "Debian and Ubuntu: apt install redis-server"),
        ("cc", "Debian and Ubuntu: apt install build-essential"),
    ):
        if shutil.which(name) is None:
            raise MissingError(f"{name} is missing ({source}).")


def install() -> Path:
    """Install the packages unless they are there; return the Node that runs them."""
    stamp = FOLDER / f".installed-{DEV_ENV}-{NODE}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not stamp.exists():
        (FOLDER / "package.json").write_text("{}")
        _npm("install", "--no-audit", "--no-fund", f"node@{NODE}", f"@atproto/dev-env@{DEV_ENV}")
        # Its native part was built for the Node that ran npm: build it for this one, with the headers it brings.
        home = _node().parent.parent
        path = f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"
        _npm("rebuild", "better-sqlite3", "--build-from-source", f"--nodedir={home}", PATH=path)
        stamp.touch()
    return _node()


def versions() -> dict[str, str]:
    """The versions of what runs."""
    names = ("@atproto/dev-env", "@atproto/pds", "@atproto/bsky", "node")
    folders = {name: FOLDER / "node_modules" / name / "package.json" for name in names}
    return {name: json.loads(path.read_text())["version"] for name, path in folders.items()}


def _npm(*arguments: str, **environment: str) -> None:
    done = subprocess.run(
        ["npm", *arguments, "--silent"],
        cwd=FOLDER,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MissingError(f"npm {arguments[0]} failed: {(done.stderr or done.stdout)[-500:]}")


def _node() -> Path:
    found = next(FOLDER.glob("node_modules/node/node_modules/node-*/bin/node"), None)
    found = found or next(FOLDER.glob("node_modules/node/bin/node"), None)
    if found is None:
        raise MissingError(f"npm installed no Node {NODE} for this machine.")
    return found


def _node_url(url: URL) -> str:
    """A database's URL as Node reads it: its host may be the folder of a socket."""
    return url.set(drivername="postgresql", host=url.host or "localhost").render_as_string(
        hide_password=False
    )


@contextmanager
def _process(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        command,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        return int(door.getsockname()[1])


def _free_base() -> int:
    """A port around which all those are free that the servers want.

    It lies below the ports that systems give to outgoing connections, one of which might take it meanwhile.
    """
    while True:
        base = random.randrange(20_000, 30_000, 10)
        with ExitStack() as stack:
            try:
                for offset in OFFSETS:
                    stack.enter_context(closing(socket.create_server(("", base + offset))))
            except OSError:
                continue
            return base
