"""The demo is blind to the machine that it runs on: its settings, its `.env`, its proxies, its network."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.networks import registry
from bot.settings import Settings
from sandbox.demo.runner import Demo, running

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
ASK = """
import json
from bot import settings
from bot.bootstrap import open_context
from bot.jobs import watchdog
settings.load_env_file()
with open_context("doctor") as ctx:
    watchdog.send_heartbeat(ctx)
    networks = list(ctx.networks)
    print(json.dumps([ctx.settings.model_dump(mode="json"), networks]))
"""
CALL = """
import requests
try:
    requests.get({address!r}, timeout=5)
except requests.ConnectionError as error:
    print(error)
"""


@contextmanager
def recorder() -> Iterator[tuple[str, list[str]]]:
    """An address that stands for production's: whatever is asked of it, be it as a proxy, is written down."""
    asked: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def parse_request(self) -> bool:
            asked.append(self.raw_requestline.decode())
            return super().parse_request()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,))
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/beat", asked
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def every_setting() -> list[str]:
    """The environment's name of each setting, those of networks as well."""
    on_networks = [one.settings.env_names().values() for one in registry.registered().values()]
    return sorted(
        [*map(str.upper, Settings.model_fields), *(name for names in on_networks for name in names)]
    )


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A machine on which every setting and every proxy is production's; gives what production was asked."""
    with recorder() as (address, asked):
        (tmp_path / ".env").write_text("".join(f"{name}={address}\n" for name in every_setting()))
        for name in (*every_setting(), *PROXIES, *map(str.upper, PROXIES)):
            monkeypatch.setenv(name, address)
        monkeypatch.chdir(tmp_path)
        yield asked


def in_its_place(demo: Demo, script: str) -> str:
    """What `script` prints where the demo's bot runs: in its folder, with its environment, on its leash."""
    (demo.bot._folder / "probe.py").write_text(script)
    told = subprocess.run(
        [sys.executable, "-m", "sandbox.demo.isolated_run", "probe"],
        cwd=demo.bot._folder,
        env=demo.bot.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout


def test_a_demo_obeys_nothing_of_the_machine_and_calls_no_heartbeat(hostile: list[str]) -> None:
    with running(port=0, customers=False) as demo:
        assert demo.bot.state == "running", demo.bot.tail(5)
        obeyed, networks = json.loads(in_its_place(demo, ASK))

    told = {name.lower() for name in demo.bot.environment()}
    plain = {name: field.default for name, field in Settings.model_fields.items() if name not in told}
    assert networks == ["bluesky", "feed", "hackernews", "mastodon", "x"]
    assert {name: obeyed[name] for name in plain} == json.loads(json.dumps(plain))
    assert not [name for name, value in obeyed.items() if "/beat" in str(value)]
    assert hostile == []


def test_a_demo_calls_nobody_outside_of_the_machine(hostile: list[str]) -> None:
    with running(port=0, customers=False) as demo:
        for address in ("http://192.0.2.1/", "http://heard.example/"):
            assert "a demo does not call" in in_its_place(demo, CALL.format(address=address))

    assert hostile == []
