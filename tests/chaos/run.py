"""One run of chaos: put together, let go, judged."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event as Flag
from threading import Thread

from sqlalchemy import func, select

from models import Cursor, Mention, Reply, Ticket
from models.core.database import Database
from models.tickets.delivery_state import UNSETTLED_STATES
from sandbox.slack import SlackServer
from sandbox.x import XServer, XWorld
from tests import databases, stage
from tests.chaos import outage, verdict
from tests.chaos.crew import Crew
from tests.chaos.elsewhere import Dice, elsewhere
from tests.chaos.load import Load, patiently
from tests.chaos.plan import Plan
from tests.chaos.verdict import Verdict
from tests.chaos.weather import SlackWeather, XWeather

STRANDED = 60.0  # seconds past its time


@dataclass
class Report:
    """What one run did, and what came of it."""

    plan: Plan
    verdict: Verdict
    did: dict[str, object] = field(default_factory=dict)
    wrong: Counter[str] = field(default_factory=Counter)  # what went wrong on purpose, and how often
    logs: str = ""


def run(plan: Plan) -> Report:
    """Do what `plan` says."""
    with ExitStack() as open_:
        home = Path(open_.enter_context(TemporaryDirectory(prefix="heard-chaos-")))
        server, url = open_.enter_context(_ledger(plan, home))
        x_weather, slack_weather = XWeather(plan), SlackWeather(plan)
        slack, x = open_.enter_context(_worlds(x_weather, slack_weather))
        beside = open_.enter_context(elsewhere(plan))
        others = beside.networks() if beside is not None else ()
        ctx = open_.enter_context(stage.context(url, slack, x, others=others, reconcile_seconds=plan.looks))
        more = beside.environment() if beside is not None else {}
        env = stage.environment(slack, x, url, **_settings(plan), **more)
        crew = Crew(plan, env, home, Random(plan.seed + 2))
        load = Load(ctx, slack, x, Random(plan.seed + 3), crew.progress, beside=beside)
        began = time.monotonic()
        dice = beside.dice if beside is not None else ()
        strikes, belated = _let_go(plan, crew, load, server, (x_weather, slack_weather, *dice))
        found = verdict.judge(ctx.db, load, slack, crew)
        _judge_killing(found, crew, belated)
        found.tried(x_weather.lost >= plan.losses, f"only {x_weather.lost} answers to a post were lost")
        did = {
            "seconds": round(time.monotonic() - began),
            "processes killed": crew.kills,
            "… at any instant": crew.at_once,
            "… of these before they had done anything": crew.unborn,
            "… at a named point": dict(sorted(crew.reached.items())),
            "answers to a post that were lost": x_weather.lost,
            **{f"… on {one.network}": one.lost for one in dice},
            "PostgreSQL struck down": strikes,
        }
        logs = "\n".join(path.read_text(errors="replace")[-4000:] for path in sorted(home.glob("*.log")))
        ended = home / "ended-by-itself"
        found.figures["processes that ended by themselves"] = (
            len(ended.read_text().splitlines()) if ended.exists() else 0
        )
        wrong = sum((one.counts for one in (slack_weather, *dice)), x_weather.counts)
        return Report(plan, found, did, wrong, logs)


# --- putting it together ------------------------------------------------------------------------------------


@contextmanager
def _ledger(plan: Plan, home: Path) -> Iterator[tuple[outage.Server | None, str]]:
    if plan.engine == "sqlite":
        with databases.sqlite(home) as lend, lend(home) as url:
            yield None, url
        return
    with outage.server(durable=plan.durable) as server:
        url = server.url.render_as_string(hide_password=False)
        databases.migrate(url)
        yield server, url


@contextmanager
def _worlds(x_weather: XWeather, slack_weather: SlackWeather) -> Iterator[tuple[SlackServer, XServer]]:
    world = XWorld()
    world.faults = x_weather
    world.limits.factor = 1_000_000
    world.search_delay = timedelta(seconds=30)
    world.duplicate_window = timedelta(0)  # X's own guard would hide what ours let through
    with stage.worlds(world) as (slack, x):
        slack.world.faults = slack_weather
        slack.world.limits.retry_delays = (0.0, 2.0, 5.0)
        yield slack, x


def _settings(plan: Plan) -> dict[str, str]:
    return {
        "POLL_SECONDS": "1",
        "UNDO_SECONDS": "0",
        "RECONCILE_SECONDS": plan.looks,
        "SLACK_POSTS_PER_SECOND": str(plan.posts_per_second),
        "SLACK_UPDATES_PER_MINUTE": str(plan.updates_per_minute),
        "SPIKE_PER_MINUTE": "0",
        "NEAR_COPY_PERCENT": "0",  # what is typed here is all alike
        "LOG_LEVEL": "WARNING",
    }


# --- letting go ---------------------------------------------------------------------------------------------


def _let_go(
    plan: Plan,
    crew: Crew,
    load: Load,
    server: outage.Server | None,
    weathers: tuple[XWeather | SlackWeather | Dice, ...],
) -> tuple[int, float]:
    """Everything at once; then calm, until all has come to its end. How often struck, how belated at most."""
    x_weather = next(one for one in weathers if isinstance(one, XWeather))
    pressed = load.tickets(plan.presses, ago=timedelta(hours=31)) if plan.presses else []
    load.slack.events_url = crew.door
    crew.killing = False
    crew.start()
    try:
        _wait(lambda: _has_looked(load.ctx.db, networks=3 if plan.elsewhere else 1), 60)
        load.ask_elsewhere(plan.elsewhere)
        # Beyond Slack's pace cards with an answer come first, and those without would have to wait for the end.
        _wait(lambda: load.sees(pressed), 120)
        tickets = load.tickets(plan.replies) if plan.replies else []
        if plan.elsewhere:
            _wait(lambda: len(load.tickets_elsewhere()) >= 2 * plan.elsewhere, 60 + plan.elsewhere)
            tickets = load.mix(tickets)
        crew.check()
        acts = {
            "submit": lambda: load.submit(tickets),
            "post": lambda: load.post(plan.mentions),
            "press": lambda: load.press(pressed),
        }
        with load.going(*[_named(act, name) for name, act in acts.items()], load.decide):
            crew.killing = bool(plan.kills)
            with outage.outages(server, plan.outages, crew.rng), _cuts(load, plan, crew.rng):
                _while_killing(plan, crew, load, x_weather)
            crew.killing = False
            for weather in weathers:
                weather.calm = True
            belated = _until_settled(plan, load)
    finally:
        crew.close()
    return (server.struck if server is not None else 0), belated


def _named(act: object, name: str) -> object:
    act.__name__ = name  # type: ignore[attr-defined]
    return act


def _while_killing(plan: Plan, crew: Crew, load: Load, x_weather: XWeather) -> None:
    """Until enough were killed and enough answers lost; or nothing is left to be harmed; or it takes too long."""
    began = time.monotonic()
    idle_since = None
    while True:
        time.sleep(0.2)
        crew.check()
        enough = crew.kills >= plan.kills and not crew.missing and time.monotonic() - began >= plan.lasts
        if enough:
            crew.killing = False  # answers may still have to be lost; that needs no more dead
        if enough and x_weather.lost >= plan.losses and (plan.kills or not patiently(lambda: load.has_work)):
            return
        if time.monotonic() - began > plan.most:
            return
        idle_since = None if load.is_busy else (idle_since or time.monotonic())
        if idle_since is not None and time.monotonic() - idle_since > plan.patience:
            return


def _until_settled(plan: Plan, load: Load) -> float:
    """Wait for the end; how belated the most belated thing was on the way, once the living had time."""
    until, began, belated = time.monotonic() + plan.patience, time.monotonic(), 0.0
    while time.monotonic() < until and (load.is_busy or not patiently(lambda: _is_settled(load))):
        time.sleep(0.25)
        if time.monotonic() - began > STRANDED:
            belated = max(belated, patiently(lambda: verdict.overdue(load.ctx.db)))
    return belated


def _is_settled(load: Load) -> bool:
    with load.ctx.db.read() as session:
        moving = session.scalar(select(func.count(Reply.id)).where(Reply.state.in_(UNSETTLED_STATES)))
        replies = session.scalar(select(func.count(Reply.id)))
        stale = session.scalar(select(func.count(Ticket.id)).where(Ticket.drawn_revision < Ticket.revision))
        mentions = session.scalar(select(func.count(Mention.id)))
    # all of them, for X lists some late: whoever is heard last need not have been the last to speak
    if load.posted and (stale or (mentions or 0) < load.known + len(load.posted)):
        return False
    return not moving and (replies or 0) >= len(load.texts)


def _has_looked(db: Database, networks: int = 1) -> bool:
    query = select(func.count(Cursor.network.distinct())).where(Cursor.read_at.is_not(None))
    with db.read() as session:
        return (session.scalar(query) or 0) >= networks


def _wait(look: object, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not patiently(look):  # type: ignore[arg-type]
        if time.monotonic() > until:
            raise TimeoutError("the bot does not begin")
        time.sleep(0.1)


@contextmanager
def _cuts(load: Load, plan: Plan, rng: Random) -> Iterator[None]:
    """Now and then no network can be reached at all, for two seconds."""
    over = Flag()

    def cut() -> None:
        while plan.cuts is not None and not over.wait(rng.uniform(plan.cuts / 2, plan.cuts * 1.5)):
            load.x.world.faults.add("*", "down")
            load.slack.world.faults.down()
            if load.beside is not None:
                load.beside.cut()
            over.wait(2)
            if load.beside is not None:
                load.beside.mend()
            load.x.world.faults.clear("*", "down")
            load.slack.world.faults.up()

    cutting = Thread(target=cut, name="cuts")
    cutting.start()
    try:
        yield
    finally:
        over.set()
        cutting.join()


def _judge_killing(found: Verdict, crew: Crew, belated: float) -> None:
    found.figures["most belated, once nobody was killed any more"] = f"{belated:.1f} s"
    found.must(belated < STRANDED, f"something was stranded for {belated:.0f} s")
    found.tried(crew.kills >= crew.plan.kills, f"only {crew.kills} processes were killed")
    found.tried(not crew.missing, f"points not reached often enough: {crew.missing}")
