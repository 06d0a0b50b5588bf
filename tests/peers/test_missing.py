"""What the real servers need and this machine lacks is named, with where it comes from."""

import pytest

from tests.peers.bluesky import servers


@pytest.mark.parametrize("program", ["node", "npm", "redis-server", "cc"])
def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setattr(servers.shutil, "which", lambda name: None if name == program else f"/bin/{name}")

    with pytest.raises(servers.MissingError, match=rf"{program} is missing \(.+\)\."):
        servers.check()
