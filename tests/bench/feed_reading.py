"""Reading a feed of 200 entries in its own process, and what a press notices of that."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.networks.feed.parse_process import ParseProcess
from tests.bench.feed_parsers import ENTRIES, long_feed
from tests.bench.figures import Figure, percentile, spread
from tests.bench.pressing import at_once, claim, fill
from tests.bench.stage import bot, stage, until

ADDRESS, SECONDS = "https://tea.example/feed", 60.0
READINGS, PRESSES, WARM = 30, 60, 10


def measure(new_database: Callable[[], str]) -> list[Figure]:
    """First the reading alone, then presses one after the other, in turns with and without readings beside them."""
    process = ParseProcess()
    try:
        return [*_reading(process), *_pressing(process, new_database())]
    finally:
        process.close()


def _reading(process: ParseProcess) -> list[Figure]:
    body = long_feed()
    for _ in range(3):
        process.parse(body, "application/atom+xml", ADDRESS, seconds=SECONDS)
    there, here, walls = _cpu_seconds(process), time.process_time(), []
    for _ in range(READINGS):
        began = time.perf_counter()
        document = process.parse(body, "application/atom+xml", ADDRESS, seconds=SECONDS)
        walls.append((time.perf_counter() - began) * 1000)
    assert len(document.entries) == ENTRIES
    each = (_cpu_seconds(process) - there) / READINGS * 1000
    ours = (time.process_time() - here) / READINGS * 1000
    return [
        Figure(
            f"{ENTRIES} entries, processor time of the process that reads",
            f"{each:.0f} ms",
            "< 300 ms",
            each < 300,
        ),
        Figure("the same by the clock", spread(walls)),
        Figure("processor time of the bot's own process for it", f"{ours:.0f} ms", "< 20 ms", ours < 20),
        Figure("memory of the process that reads", f"{_memory_mb(process):.0f} MB"),
    ]


def _pressing(process: ParseProcess, url: str) -> list[Figure]:
    fill(url, 2 * PRESSES + WARM)
    times: dict[bool, list[float]] = {True: [], False: []}
    with stage(url) as on, bot(on, slack_posts_per_second=1000, undo_seconds=3600) as ours:
        until(on.counter("SELECT count(*) = 0 FROM tickets WHERE drawn_revision < revision"), every=0.1)
        person = on.slack.person("U0ANA")
        bodies = [claim(on, person, card) for card in on.cards()]
        for body in bodies[:WARM]:
            at_once([body], ours.port)
        for start in range(WARM, len(bodies), 10):
            busy = (start - WARM) // 10 % 2 == 0
            with _readings(process) if busy else _nothing():
                times[busy] += [at_once([body], ours.port)[0] for body in bodies[start : start + 10]]
    middle = percentile(times[True], 0.5) - percentile(times[False], 0.5)
    return [
        Figure(
            f"A press while feeds are read without a pause, {len(times[True])} presses",
            f"p50 {percentile(times[True], 0.5):.0f} ms, p99 {percentile(times[True], 0.99):.0f} ms",
        ),
        Figure(
            "a press while none is read, in turns",
            f"p50 {percentile(times[False], 0.5):.0f} ms, p99 {percentile(times[False], 0.99):.0f} ms",
        ),
        Figure("the difference of the medians", f"{middle:.0f} ms", "< 20 ms", middle < 20),
    ]


@contextmanager
def _readings(process: ParseProcess) -> Iterator[None]:
    """Documents one after the other, until the block ends."""
    stop, body = threading.Event(), long_feed()

    def read() -> None:
        while not stop.is_set():
            process.parse(body, "application/atom+xml", ADDRESS, seconds=SECONDS)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _cpu_seconds(process: ParseProcess) -> float:
    """User and system time so far: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_mb(process: ParseProcess) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
