"""The local Slack and the local networks each run from a copy of their own folder, with nothing else of the project."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient

import sandbox

SOURCE = Path(sandbox.__file__).parent
REST = ("bot", "handlers", "models", "sandbox.page", "sandbox.demo")
IMPORT_ALL = """
import importlib, pkgutil, sys
found = importlib.import_module(sys.argv[1])
for one in pkgutil.walk_packages(found.__path__, f"{sys.argv[1]}."):
    if not one.name.endswith("__main__"):
        importlib.import_module(one.name)
        print(one.name)
"""


@pytest.fixture
def copy(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with nothing in it but one package of the sandbox."""
    (tmp_path / "sandbox").mkdir()
    shutil.copy(SOURCE / "__init__.py", tmp_path / "sandbox")
    shutil.copytree(
        SOURCE / request.param,
        tmp_path / "sandbox" / request.param,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tmp_path


def python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=copy, capture_output=True, text=True, check=False, timeout=120
    )


@contextmanager
def started(copy: Path, *arguments: str) -> Iterator[str]:
    """Start a module there; yields its first line, and wants it to end well when told to."""
    command = [sys.executable, "-m", *arguments]
    with subprocess.Popen(command, cwd=copy, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(120) == 0


STAND_ALONE = ("slack", "x", "mastodon", "bluesky", "feeds", "hackernews")


@pytest.mark.parametrize(("copy", "name"), [(one, one) for one in STAND_ALONE], indirect=["copy"])
def test_every_module_imports_with_nothing_else_of_the_project(copy: Path, name: str) -> None:
    for absent in (*REST, *(f"sandbox.{other}" for other in STAND_ALONE if other != name)):
        assert python(copy, "-c", f"import {absent}").returncode != 0

    imported = python(copy, "-c", IMPORT_ALL, f"sandbox.{name}")

    assert imported.stderr == ""
    modules = len(list(SOURCE.joinpath(name).rglob("*.py")))
    assert len(imported.stdout.split()) == modules - 2  # the package itself, and its __main__


@pytest.mark.parametrize("copy", ["slack"], indirect=True)
def test_slack_starts_answers_and_ends(copy: Path) -> None:
    with started(copy, "sandbox.slack", "--bot-token", "xoxb-mine") as line:
        url = re.fullmatch(r"SLACK_API_URL=(http://127\.0\.0\.1:\d+/api/)\n", line)
        assert url
        assert WebClient(token="xoxb-mine", base_url=url[1]).auth_test()["team"] == "Acme"


@pytest.mark.parametrize("copy", ["x"], indirect=True)
def test_x_starts_answers_and_ends(copy: Path) -> None:
    with started(copy, "sandbox.x", "--brand", "fernpress") as line:
        url = re.fullmatch(r"X for @fernpress listens at (http://127\.0\.0\.1:\d+)\n", line)
        assert url
        asked = Request(f"{url[1]}/2/users/me", headers={"Authorization": "Bearer mine"})
        with urlopen(asked, timeout=120) as answer:
            assert json.load(answer)["data"]["username"] == "fernpress"


@pytest.mark.parametrize("copy", ["mastodon"], indirect=True)
def test_mastodon_starts_answers_and_ends(copy: Path) -> None:
    with started(copy, "sandbox.mastodon", "--brand", "fernpress", "--flavour", "hollo") as line:
        url = re.fullmatch(r"hollo for @fernpress listens at (http://127\.0\.0\.1:\d+)\n", line)
        assert url
        asked = Request(
            f"{url[1]}/api/v1/accounts/verify_credentials", headers={"Authorization": "Bearer mine"}
        )
        with urlopen(asked, timeout=120) as answer:
            assert json.load(answer)["username"] == "fernpress"


@pytest.mark.parametrize("copy", ["bluesky"], indirect=True)
def test_bluesky_starts_answers_and_ends(copy: Path) -> None:
    with started(copy, "sandbox.bluesky", "--brand", "fernpress.test") as line:
        said = re.fullmatch(
            r"Bluesky for @fernpress\.test listens at (http://127\.0\.0\.1:\d+), app password (\S+)\n", line
        )
        assert said
        body = json.dumps({"identifier": "fernpress.test", "password": said[2]}).encode()
        asked = Request(
            f"{said[1]}/xrpc/com.atproto.server.createSession", body, {"Content-Type": "application/json"}
        )
        with urlopen(asked, timeout=120) as answer:
            assert json.load(answer)["handle"] == "fernpress.test"


@pytest.mark.parametrize("copy", ["feeds"], indirect=True)
def test_the_forum_starts_answers_and_ends(copy: Path) -> None:
    with started(copy, "sandbox.feeds", "--brand", "fernpress", "--title", "Book Corner") as line:
        url = re.fullmatch(r"Book Corner with @fernpress listens at (http://127\.0\.0\.1:\d+)\n", line)
        assert url
        body = json.dumps({"author": "ana", "title": "A page is missing", "text": "Page 12."}).encode()
        with urlopen(Request(f"{url[1]}/api/topics", body), timeout=120) as made:
            assert json.load(made)["url"] == f"{url[1]}/t/1#post-1"
        with urlopen(f"{url[1]}/topics.json", timeout=120) as feed:
            assert [one["title"] for one in json.load(feed)["items"]] == ["A page is missing"]


@pytest.mark.parametrize("copy", ["hackernews"], indirect=True)
def test_hacker_news_starts_answers_and_ends(copy: Path) -> None:
    with started(copy, "sandbox.hackernews") as line:
        url = re.fullmatch(r"The search of Hacker News listens at (http://127\.0\.0\.1:\d+)\n", line)
        assert url
        with urlopen(f"{url[1]}/api/v1/search_by_date?query=tea", timeout=120) as answer:
            assert json.load(answer)["nbHits"] == 0
