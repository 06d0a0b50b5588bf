"""The bot's processes: started, killed at named points and at any instant, started again."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bot.runtime.crash_points import POINTS
from tests.chaos.plan import Plan
from tests.revision import ROOT
from tests.stage import free_port

PRESSES = tuple(point for point in POINTS if point.startswith("press"))
LOOPS = tuple(point for point in POINTS if point not in PRESSES)
SELDOM = ("look made", "page read", "page written", "page kept", *PRESSES)  # passed a few times in a life
START = 0.4  # seconds, about, until a process does anything, on a machine with nothing else to do;
IDLE = 15.0  # whoever has passed no point by then is killed all the same
HASTY = 0.2  # share of those who are killed at any instant from their birth on, not from their first work on


class Nursery:
    """Where processes are born: see `tests.chaos.worker`."""

    def __init__(self, env: Mapping[str, str], log: Path) -> None:
        self._lock = threading.Lock()
        with log.open("ab") as errors:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.worker"],
                env=dict(env),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def ask(self, **asked: object) -> int | None:
        """Its answer; RuntimeError if it is gone."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        with self._lock:
            self._running.stdin.write(json.dumps(asked) + "\n")
            self._running.stdin.flush()
            line = self._running.stdout.readline()
        if not line:
            raise RuntimeError("nobody can be born any more")
        answer: int | None = json.loads(line)
        return answer

    def close(self) -> None:
        self._running.communicate()


class Process:
    """One process of the bot, from its birth on."""

    def __init__(self, nursery: Nursery, command: str, env: Mapping[str, str], log: Path) -> None:
        pid = nursery.ask(command=command, env=dict(env), log=str(log))
        assert pid is not None
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        """Its exit code, once it has ended; the number of a signal, below zero."""
        if self.returncode is None:
            self.returncode = self._nursery.ask(ended=self.pid)
        return self.returncode

    def wait(self, seconds: float = 60.0) -> int:
        """The same, as soon as it is there; TimeoutError if it does not come."""
        until = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise TimeoutError(f"process {self.pid} does not end")
            time.sleep(0.005)
        return code

    def send(self, sign: signal.Signals) -> None:
        """Send a signal, if it still lives."""
        if self.poll() is None:
            os.kill(self.pid, sign)


@dataclass
class Member:
    """One process of the bot, over all its lives."""

    command: str
    port: int
    process: "Process | None" = None
    dies_at: float = 0.0  # by time.monotonic, if no point ends it before
    at_work: bool = False  # whether it has been seen to do anything

    @property
    def points(self) -> tuple[str, ...]:
        """The crash points that this kind of process can reach."""
        return {"run": POINTS, "worker": LOOPS, "web": PRESSES}[self.command]

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Crew:
    """All processes of one run."""

    plan: Plan
    env: Mapping[str, str]
    home: Path
    rng: Random
    members: list[Member] = field(default_factory=list)
    died: dict[int, float] = field(default_factory=dict)  # pid: when, in Unix seconds
    at_once: int = 0  # killed from outside, at any instant,
    unborn: int = 0  # of these before they had done anything
    killing: bool = True
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        commands = ["run"] if self.plan.engine == "sqlite" else ["worker"] * self.plan.workers + ["web"]
        self.members = [Member(command, free_port()) for command in commands]
        self.busy = self.home / "busy"
        self.busy.mkdir()
        self.note = self.home / "died-at"
        self.note.touch()
        self._nursery = Nursery(self.env, self.home / "nursery.log")

    @property
    def door(self) -> str:
        """Where Slack's requests go."""
        return f"http://127.0.0.1:{self.members[-1].port}/slack/events"

    @property
    def reached(self) -> Counter[str]:
        """How many died at each point."""
        return Counter(line.partition(" ")[2] for line in self.note.read_text().splitlines())

    @property
    def kills(self) -> int:
        return self.at_once + self.reached.total()

    def progress(self) -> float:
        """How far the killing has come, from 0 to 1.

        A part is kept for those who die beyond the plan, until each point was reached: they need work too.
        """
        if not self.killing or not self.plan.kills:
            return 1.0
        beyond = max(self.kills - self.plan.kills, 0)
        return 0.02 + 0.6 * min(self.kills / self.plan.kills, 1) + 0.35 * beyond / (beyond + 10)

    @property
    def _passings(self) -> int:
        """How often, about, a process passes a point before its half-life."""
        return max(1, (self.plan.replies + self.plan.mentions) // max(self.plan.kills, 1) // 2)

    @property
    def _beyond(self) -> bool:
        """Whether enough were killed, and whoever dies now does so for the points that are missing."""
        return self.kills >= self.plan.kills and bool(self.missing)

    @property
    def missing(self) -> list[str]:
        """The points that have not been reached often enough."""
        reached = self.reached
        possible = {point for member in self.members for point in self._within_reach(member)}
        return [point for point in sorted(possible) if reached[point] < self.plan.each]

    def _within_reach(self, member: Member) -> list[str]:
        """The points that `member` passes with the work there is in this run."""
        plan, nothing = self.plan, []
        if not plan.presses:
            nothing.append("press")
        if not plan.mentions:
            nothing.append("page")
        if not plan.replies and not plan.presses:
            nothing += ["reply", "look"]
        return [point for point in member.points if not point.startswith(tuple(nothing))]

    def check(self) -> None:
        """Raise if nobody looks after the processes any more."""
        if self._thread is None or not self._thread.is_alive():
            raise RuntimeError("the crew is gone")

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="crew")
        self._thread.start()

    def close(self) -> None:
        """End all that is still there."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        for member in self.members:
            if member.process is not None and member.alive:
                member.process.send(signal.SIGTERM)
        for member in self.members:
            if member.process is not None:
                try:
                    member.process.wait(12)
                except TimeoutError:
                    member.process.send(signal.SIGKILL)
                    member.process.wait()
        self._nursery.close()

    def _watch(self) -> None:
        """Start whoever is dead, kill whose time has come."""
        while not self._stop.wait(0.02):
            for member in self.members:
                if not member.alive:
                    self._bury(member)
                    self._born(member)
                elif self.killing:
                    self._threaten(member)

    def _threaten(self, member: Member) -> None:
        """Kill a living process if its time has come; the time begins anew when it first does anything."""
        assert member.process is not None
        if not member.at_work and (self.busy / str(member.process.pid)).exists():
            member.at_work = True
            if not self._beyond:
                member.dies_at = time.monotonic() + self.rng.uniform(0, 2 * self.plan.life)
        if time.monotonic() <= member.dies_at:
            return
        member.process.send(signal.SIGKILL)
        member.process.wait()
        if member.process.returncode == -signal.SIGKILL:
            self.at_once += 1
            self.unborn += not member.at_work
        self._bury(member)

    def _bury(self, member: Member) -> None:
        if member.process is not None:
            self.died.setdefault(member.process.pid, time.time())
            if member.process.wait() != -signal.SIGKILL:
                with (self.home / "ended-by-itself").open("a") as note:
                    note.write(f"{member.command} {member.process.returncode}\n")

    def _born(self, member: Member) -> None:
        env = {**self.env, "PORT": str(member.port)}
        if self.killing:
            point = self._target(member)
            env["HEARD_CHAOS_POINT"] = point
            seldom = self._beyond or point in SELDOM
            env["HEARD_CHAOS_NTH"] = str(self.rng.randint(1, 2 if seldom else self._passings))
            env["HEARD_CHAOS_NOTE"] = str(self.note)
            env["HEARD_CHAOS_BUSY"] = str(self.busy)
        hasty = self.rng.random() < HASTY and not self._beyond
        until = START + 2 * self.plan.life if hasty else IDLE + 2 * self.plan.life
        member.at_work = False
        member.dies_at = time.monotonic() + (self.rng.uniform(START / 2, until) if hasty else until)
        log = self.home / f"{member.command}-{member.port}.log"
        member.process = Process(self._nursery, member.command, env, log)

    def _target(self, member: Member) -> str:
        """Where to die next: the point that was reached least, or now and then any."""
        reached = self.reached
        points = self._within_reach(member) or member.points
        if self.rng.random() < 0.3 and not self._beyond:
            return self.rng.choice(points)
        return min(points, key=lambda point: (reached[point], self.rng.random()))
