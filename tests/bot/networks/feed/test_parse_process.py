"""Feeds are read in a process of their own, which is killed at its limit and ends when nobody needs it."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.networks.feed import parse_process
from bot.networks.feed.documents import NotAFeed
from bot.networks.feed.parse_process import ParseProcess
from bot.networks.feed.parsing import parse_document
from tests.bot.networks.feed.table import ADDRESS, cases

SECONDS = 60.0  # a machine may be busy; nothing here waits for it
FEED = b'<rss version="2.0"><channel><title>t</title><item><title>tea</title></item></channel></rss>'


@pytest.fixture
def process():
    process = ParseProcess()
    yield process
    process.close()


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(is_so):
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_every_document_of_the_table_comes_back_as_it_is_read_here(process):
    for case in cases():
        there = process.parse(case.body, case.content_type, case.address, seconds=SECONDS)

        assert there == parse_document(case.body, case.content_type, case.address)


def test_what_is_no_feed_comes_back_with_its_reason(process):
    with pytest.raises(NotAFeed, match="web page") as caught:
        process.parse(b"<html></html>", "text/html", ADDRESS, seconds=SECONDS)

    assert caught.value.reason == "html"


def test_the_process_starts_with_the_first_document_and_serves_the_next(process):
    assert process.pid is None
    process.parse(FEED, "", ADDRESS, seconds=SECONDS)
    first = process.pid

    process.parse(FEED, "", ADDRESS, seconds=SECONDS)

    assert process.pid == first
    assert first != os.getpid()


def test_it_is_killed_at_its_limit_and_the_next_document_is_read(process):
    process.parse(FEED, "", ADDRESS, seconds=SECONDS)
    first = process.pid
    os.kill(first, signal.SIGSTOP)  # as good as endless

    with pytest.raises(NotAFeed, match=r"more than 0\.05 seconds") as caught:
        process.parse(FEED, "", ADDRESS, seconds=0.05)

    assert caught.value.reason == "too slow"
    assert not is_running(first)
    assert process.parse(FEED, "", ADDRESS, seconds=SECONDS).entries[0].title == "tea"


def test_a_process_that_somebody_ended_is_replaced_without_a_word(process):
    process.parse(FEED, "", ADDRESS, seconds=SECONDS)
    os.kill(process.pid, signal.SIGKILL)

    assert process.parse(FEED, "", ADDRESS, seconds=SECONDS).entries[0].title == "tea"


def test_it_ends_when_no_document_comes_for_a_while():
    process = ParseProcess(idle_seconds=0.05)
    process.parse(FEED, "", ADDRESS, seconds=SECONDS)

    wait_until(lambda: process.pid is None)

    assert process.parse(FEED, "", ADDRESS, seconds=SECONDS).entries[0].title == "tea"
    process.close()


def test_threads_take_turns(process):
    with ThreadPoolExecutor(8) as threads:
        documents = list(threads.map(lambda _: process.parse(FEED, "", ADDRESS, seconds=SECONDS), range(40)))

    assert {document.entries[0].title for document in documents} == {"tea"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not keep to the limit")
def test_its_memory_has_a_limit():
    code = (
        "from bot.networks.feed import parse_worker as w; w._limit();"
        "print(len(bytearray(w.MEMORY_MAX_BYTES // 4)) > 0);"
        "bytearray(w.MEMORY_MAX_BYTES)"
    )

    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=parse_process._ROOT, check=False
    )

    assert seen.stdout == "True\n"
    assert seen.stderr.endswith("MemoryError\n")


def test_it_sees_none_of_the_secrets_in_our_environment(process, monkeypatch):
    monkeypatch.setenv("X_BEARER_TOKEN", "made-up")
    process.parse(FEED, "", ADDRESS, seconds=SECONDS)

    environment = subprocess.run(
        ["ps", "eww", "-o", "command=", "-p", str(process.pid)], capture_output=True, text=True, check=True
    ).stdout

    assert "parse_worker" in environment
    assert "made-up" not in environment


def test_reading_needs_neither_the_ledger_nor_sqlalchemy():
    code = (
        "import sys; from bot.networks.feed import parse_worker as w; w._leave_out_the_ledger();"
        "import bot.networks.feed.parsing;"
        "print([name for name in ('sqlalchemy', 'pydantic', 'slack_sdk', 'requests') if name in sys.modules])"
    )

    seen = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=parse_process._ROOT
    )

    assert seen.stdout == "[]\n"


def test_it_ends_with_the_bot():
    """The end of its input is its end, so a bot that is killed leaves none behind."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "bot.networks.feed.parse_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=parse_process._ROOT,
    )

    worker.communicate(timeout=SECONDS)

    assert worker.returncode == 0
