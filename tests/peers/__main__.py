"""`python -m tests.peers`: what `make peers` does. Starts each kind of real server, and runs its tests against it."""

import os
import subprocess
import sys

from tests.peers.bluesky import servers as bluesky
from tests.postgres import NoPostgres
from tests.revision import ROOT

BLUESKY_TESTS = "tests/peers/bluesky/real_servers.py"


def run_bluesky() -> int:
    """Return the exit code of the tests against the reference PDS and AppView; 2 if they cannot be started."""
    sys.stdout.write("Bluesky: starting the reference servers; the first time takes about five minutes.\n")
    sys.stdout.flush()
    try:
        with bluesky.running() as servers:
            versions = ", ".join(f"{name} {version}" for name, version in servers.versions.items())
            sys.stdout.write(f"Bluesky: {versions}\n")
            sys.stdout.flush()
            where = {"HEARD_PEER_BLUESKY": servers.pds, "HEARD_PEER_BLUESKY_CONTROL": servers.control}
            command = [sys.executable, "-m", "pytest", "-n0", "-q", BLUESKY_TESTS, *sys.argv[1:]]
            environment = os.environ | where | {"HEARD_SKIP_PG": "1"}
            return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    except (bluesky.MissingError, NoPostgres) as missing:
        sys.stdout.write(f"Bluesky: not tested. {missing}\n")
        return 2


if __name__ == "__main__":
    sys.exit(run_bluesky())
