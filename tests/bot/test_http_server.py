"""What a machine may ask of the bot over HTTP."""

import io
import json
from typing import Any

import pytest
from sqlalchemy import text

from bot.http_server import HttpApp
from bot.networks.errors import Later
from tests.bot.room import Counting, Room


def ask(here: Room, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    answered: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        answered.extend((int(status[:3]), dict(headers)))

    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input": io.BytesIO(body)}
    content = b"".join(HttpApp(here.ctx, None)(environ, start))
    return answered[0], answered[1], content


def test_health_is_process_and_ledger_with_the_age_of_each_reading(here: Room, network: Counting) -> None:
    assert ask(here, "/healthz")[0] == 200
    here.poll()
    network.fails("mentions", Later(None, "server error", "Oops."))
    here.clock.pass_by(61)
    here.poll()

    status, headers, content = ask(here, "/healthz")

    assert (status, headers["Content-Type"]) == (200, "application/json")
    [poll] = json.loads(content)["polls"]
    assert (poll["network"], poll["reading"], poll["age_seconds"]) == ("memory", "mentions", 61)
    assert poll["failing_since"] == here.clock().isoformat()


def test_ready_wants_a_recent_reading_of_mentions(here: Room) -> None:
    assert ask(here, "/readyz")[0] == 503
    here.poll()
    assert ask(here, "/readyz")[0] == 200
    here.clock.pass_by(181)
    here.watch()  # our own posts are not what people say to us

    status, _, content = ask(here, "/readyz")

    assert status == 503
    assert json.loads(content)["why"] == "no network was polled recently"


def test_ready_wants_the_schema_of_this_code(here: Room) -> None:
    here.poll()
    with here.ctx.db.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    status, _, content = ask(here, "/readyz")

    assert status == 503
    assert "9999" in json.loads(content)["why"]
    assert ask(here, "/healthz")[0] == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_ledger_that_does_not_answer_is_not_well(here: Room, path: str) -> None:
    with here.ctx.db.write() as session:
        for table in ("cursors", "mentions"):
            session.execute(text(f"ALTER TABLE {table} RENAME TO gone_{table}"))

    status, _, content = ask(here, path)

    assert status == 503
    assert b"the database does not respond" in content


def test_metrics_are_prometheus_text(here: Room) -> None:
    status, headers, content = ask(here, "/metrics")

    assert status == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b"# TYPE heard_mentions gauge" in content


@pytest.mark.parametrize(("path", "method"), [("/", "GET"), ("/healthz", "POST"), ("/slack/events", "POST")])
def test_everything_else_is_not_found(here: Room, path: str, method: str) -> None:
    assert ask(here, path, method)[0] == 404
