"""The pane "Behind the scenes": the bot, its requests, the faults, and the history of a ticket."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol

from flask import Blueprint, request

from sandbox.page.json_replies import Json, problem, words
from sandbox.page.page_context import PageContext
from sandbox.page.switch import Switch

MAX_LINES = 14
MAX_TICKETS = 40


def internals_routes(context: PageContext) -> Blueprint:
    """Return the routes under `/internals`."""
    pages = Blueprint("internals", __name__, url_prefix="/internals")

    def given() -> Json:
        body = request.get_json()
        return body if isinstance(body, dict) else {}

    @pages.get("/state")
    def state() -> Json:
        return internals_state(context, request.args.get("ticket", type=int))

    @pages.post("/switch")
    def switch() -> Any:  # noqa: ANN401 - JSON, or a refusal
        name = words(given(), "name")
        if name not in context.switches.all:
            return problem("There is no such switch.", 404)
        context.switches.turn(name, on=bool(given().get("on")))
        _changed(context)
        return {}

    @pages.post("/reset")
    def reset() -> Json:
        context.switches.reset()
        _changed(context)
        return {}

    @pages.post("/bot")
    def bot() -> Any:  # noqa: ANN401 - JSON, or a refusal
        acts = {"start": context.bot.start, "stop": context.bot.stop, "kill": context.bot.kill}
        act = acts.get(words(given(), "do"))
        if act is None:
            return problem("The bot can only be started, stopped or killed.", 404)
        act()
        context.event_stream.changed("internals")
        return {}

    @pages.post("/customers")
    def customers() -> Json:
        if given().get("next"):
            context.customers.next()
        else:
            context.customers.running = bool(given().get("on"))
        context.event_stream.changed("internals")
        return {}

    return pages


def _changed(context: PageContext) -> None:
    """Tell open pages that a fault may have changed anything but Slack."""
    for topic in ("internals", "network", "mastodon", "bluesky", "forum", "hackernews"):
        context.event_stream.changed(topic)


def internals_state(context: PageContext, ticket_id: int | None) -> Json:
    """Return the pane's state, with `ticket_id` or the ticket of the latest act."""
    tickets = context.ledger.tickets(MAX_TICKETS)
    chosen = ticket_id or (tickets[0]["id"] if tickets else None)
    return {
        "bot": context.bot.state,
        "log": context.bot.tail(6),
        "customers": {"on": context.customers.running, "left": context.customers.left},
        "switches": [_switch(one) for one in context.switches.all.values()],
        "tickets": tickets,
        "ticket": context.ledger.timeline(chosen) if chosen else None,
        "wire": {
            "x": _to_network(context.x.world.lock, context.x.world.requests),
            "mastodon": _to_network(context.mastodon.world.lock, context.mastodon.world.requests),
            "bluesky": _to_network(context.bluesky.world.lock, context.bluesky.world.journal.requests),
            "forum": _to_network(context.forum.world.lock, context.forum.world.journal.requests),
            "hackernews": _to_network(context.hackernews.world.lock, context.hackernews.world.requests),
            "slack": _to_slack(context),
            "bot": _to_bot(context),
        },
        "cost": round(context.x.world.cost, 2),
    }


def _switch(one: Switch) -> Json:
    return {
        "name": one.name,
        "where": one.where,
        "label": one.label,
        "hint": one.hint,
        "once": one.once,
        "on": one.is_on(),
    }


# --- requests ---------------------------------------------------------------------------------------


class Request(Protocol):
    """A line of a network's log."""

    @property
    def at(self) -> datetime: ...

    @property
    def endpoint(self) -> str: ...

    @property
    def status(self) -> int | None: ...


def _to_network(lock: AbstractContextManager[Any], log: Sequence[Request]) -> list[Json]:
    with lock:
        asked = list(log[-200:])
    return _gathered(
        [
            {"at": one.at.timestamp(), "what": one.endpoint, "status": one.status or "no answer"}
            for one in asked
        ]
    )


def _to_slack(context: PageContext) -> list[Json]:
    with context.slack.world.lock:
        calls = list(context.slack.world.calls[-200:])
    return _gathered(
        [
            {"at": one.at, "what": one.method, "status": one.error or one.status or "no answer"}
            for one in calls
        ]
    )


def _to_bot(context: PageContext) -> list[Json]:
    """Return events and gestures as they reached the bot."""
    with context.slack.world.lock:
        events = [
            {"at": attempt.at, "what": f"event {one.type}", "status": attempt.status or "no answer"}
            for one in context.slack.world.deliveries[-60:]
            for attempt in one.attempts
        ]
    gestures = [
        {"at": one.at, "what": f"{one.who} {one.what}", "status": one.status or "no answer"}
        for one in context.gestures.kept
    ]
    return _gathered(sorted([*events, *gestures], key=lambda line: line["at"]))


def _gathered(lines: list[Json]) -> list[Json]:
    """Return lines newest first, with repeats of the same call in one."""
    found = []
    for _, run in groupby(lines, key=lambda line: (line["what"], line["status"])):
        same = list(run)
        found.append({**same[-1], "times": len(same)})
    return found[-MAX_LINES:][::-1]
