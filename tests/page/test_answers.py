"""The page's own HTTP, without a browser: who may ask, and what is refused how."""

import http.client
import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.demo.runner import Demo

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(demo: Demo) -> Ask:
    """Sends one request, as its headers say."""
    address = demo.url.removeprefix("http://").rstrip("/")

    def send(method: str, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(address, timeout=10)
        given = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        connection.request(method, path, None if body is None else json.dumps(body), given)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        return answer.status, json.loads(raw) if raw.startswith(b"{") else {
            "headers": dict(answer.getheaders())
        }

    return send


def test_another_host_name_is_turned_away(ask: Ask) -> None:
    status, answer = ask("GET", "/internals/state", Host="evil.example")

    assert (status, answer) == (403, {"error": "This page answers on 127.0.0.1 only."})


def test_a_form_of_another_site_presses_nothing(ask: Ask) -> None:
    status, _ = ask("POST", "/internals/bot", {"do": "kill"}, Content_Type="text/plain")

    assert status == 415


def test_the_document_runs_nothing_but_its_own_files(ask: Ask) -> None:
    _, answer = ask("GET", "/")

    assert answer["headers"]["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")


def test_a_button_that_is_gone_is_refused_with_a_sentence(ask: Ask) -> None:
    _, state = ask("GET", "/slack/state?as=U0ANA&channel=C0MENTIONS")
    card = next(one for one in state["messages"] if one["blocks"])
    gone = {"as": "U0ANA", "channel": "C0MENTIONS", "ts": card["ts"], "block": "none", "action": "none"}

    assert ask("POST", "/slack/press", gone) == (
        409,
        {"error": "The message has changed meanwhile: that button is gone."},
    )


def test_nobody_presses_what_only_somebody_else_sees(ask: Ask, demo: Demo) -> None:
    whisper = demo.context.slack.world.whisper("C0MENTIONS", "U0BEN", "psst")
    seen = {"as": "U0ANA", "channel": "C0MENTIONS", "ts": whisper.ts}

    status, answer = ask("POST", "/slack/delete", seen)

    assert (status, answer["error"]) == (409, "That no longer exists.")
    ask("POST", "/slack/delete", seen | {"as": "U0BEN"})


@pytest.mark.parametrize(
    "path", ["/slack/say", "/slack/press", "/slack/view/submit", "/network/post", "/network/edit"]
)
@pytest.mark.parametrize("body", [{}, [], {"as": 7, "text": ["x"], "channel": None, "id": {}}])
def test_nonsense_is_refused_and_breaks_nothing(ask: Ask, path: str, body: object) -> None:
    status, answer = ask("POST", path, body)

    assert status == 409
    assert answer["error"]


def test_what_is_far_too_long_is_refused_with_a_sentence(ask: Ask) -> None:
    status, answer = ask("POST", "/network/post", {"as": "maria_writes", "text": "a" * 250_000})

    assert (status, answer) == (413, {"error": "That is too long for the demo."})


@pytest.mark.parametrize("text", ["half a letter: \ud83d", "/mentions \ud83d", "@Heard claim \udc00"])
def test_half_a_letter_breaks_nothing(ask: Ask, text: str) -> None:
    said = {"as": "U0ANA", "channel": "C0GENERAL", "text": text}

    assert ask("POST", "/slack/say", said) == (200, {})


def test_each_switch_can_be_turned_on_and_mended(ask: Ask, demo: Demo) -> None:
    _, room = ask("GET", "/internals/state")
    for switch in room["switches"]:
        ask("POST", "/internals/switch", {"name": switch["name"], "on": True})
        _, now = ask("GET", "/internals/state")
        assert [one["name"] for one in now["switches"] if one["on"]] == [switch["name"]]
        ask("POST", "/internals/reset", {})
    _, now = ask("GET", "/internals/state")

    assert not any(one["on"] for one in now["switches"])
    assert demo.bot.wait_until_running(30)  # one of them restarts it


def test_the_story_has_two_weeks_to_tell(demo: Demo) -> None:
    ana = demo.context.slack.person("U0ANA")

    told = str(ana.command("/mentions", "stats 30d").blocks)

    assert "<@U0ANA>: answered 1" in told
    assert "<@U0BEN>: answered 1" in told
    assert "median" in told
