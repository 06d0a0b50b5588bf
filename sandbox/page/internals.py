"""The pane "Behind the scenes": the bot, its requests, the faults, and the history of a ticket."""

from itertools import groupby
from typing import Any

from flask import Blueprint, request

from sandbox.page.fault_switches import Switch
from sandbox.page.json_replies import Json, problem, words
from sandbox.page.page_context import Stage

MAX_LINES = 14
MAX_TICKETS = 40


def internals_acts(stage: Stage) -> Blueprint:
    """Return the routes under `/internals`."""
    pages = Blueprint("internals", __name__, url_prefix="/internals")

    def given() -> Json:
        body = request.get_json()
        return body if isinstance(body, dict) else {}

    @pages.get("/state")
    def state() -> Json:
        return internals_state(stage, request.args.get("ticket", type=int))

    @pages.post("/switch")
    def switch() -> Any:  # noqa: ANN401 - JSON, or a refusal
        name = words(given(), "name")
        if name not in stage.switches.all:
            return problem("There is no such switch.", 404)
        stage.switches.turn(name, on=bool(given().get("on")))
        stage.bulletin.changed("internals")
        stage.bulletin.changed("network")
        return {}

    @pages.post("/reset")
    def reset() -> Json:
        stage.switches.reset()
        stage.bulletin.changed("internals")
        stage.bulletin.changed("network")
        return {}

    @pages.post("/bot")
    def bot() -> Any:  # noqa: ANN401 - JSON, or a refusal
        acts = {"start": stage.bot.start, "stop": stage.bot.stop, "kill": stage.bot.kill}
        act = acts.get(words(given(), "do"))
        if act is None:
            return problem("The bot can only be started, stopped or killed.", 404)
        act()
        stage.bulletin.changed("internals")
        return {}

    @pages.post("/drip")
    def drip() -> Json:
        if given().get("next"):
            stage.drip.next()
        else:
            stage.drip.running = bool(given().get("on"))
        stage.bulletin.changed("internals")
        return {}

    return pages


def internals_state(stage: Stage, ticket_id: int | None) -> Json:
    """Return the pane's state, with `ticket_id` or the ticket of the latest act."""
    tickets = stage.ledger.tickets(MAX_TICKETS)
    chosen = ticket_id or (tickets[0]["id"] if tickets else None)
    return {
        "bot": stage.bot.state,
        "log": stage.bot.tail(6),
        "drip": {"on": stage.drip.running, "left": stage.drip.left},
        "switches": [_switch(one) for one in stage.switches.all.values()],
        "tickets": tickets,
        "ticket": stage.ledger.timeline(chosen) if chosen else None,
        "wire": {"x": _to_x(stage), "slack": _to_slack(stage), "bot": _to_bot(stage)},
        "cost": round(stage.x.world.cost, 2),
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


def _to_x(stage: Stage) -> list[Json]:
    with stage.x.world.lock:
        asked = list(stage.x.world.requests[-200:])
    return _gathered(
        [
            {"at": one.at.timestamp(), "what": one.endpoint, "status": one.status or "no answer"}
            for one in asked
        ]
    )


def _to_slack(stage: Stage) -> list[Json]:
    with stage.slack.world.lock:
        calls = list(stage.slack.world.calls[-200:])
    return _gathered(
        [
            {"at": one.at, "what": one.method, "status": one.error or one.status or "no answer"}
            for one in calls
        ]
    )


def _to_bot(stage: Stage) -> list[Json]:
    """Return events and gestures as they reached the bot."""
    with stage.slack.world.lock:
        events = [
            {"at": attempt.at, "what": f"event {one.type}", "status": attempt.status or "no answer"}
            for one in stage.slack.world.deliveries[-60:]
            for attempt in one.attempts
        ]
    gestures = [
        {"at": one.at, "what": f"{one.who} {one.what}", "status": one.status or "no answer"}
        for one in stage.gestures.kept
    ]
    return _gathered(sorted([*events, *gestures], key=lambda line: line["at"]))


def _gathered(lines: list[Json]) -> list[Json]:
    """Return lines newest first, with repeats of the same call in one."""
    found = []
    for _, run in groupby(lines, key=lambda line: (line["what"], line["status"])):
        same = list(run)
        found.append({**same[-1], "times": len(same)})
    return found[-MAX_LINES:][::-1]
