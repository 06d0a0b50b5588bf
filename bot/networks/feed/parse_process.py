"""Reads feeds in a process of its own, which can be killed: a thread that hangs cannot.

The process starts with the first document, and ends when none came for some minutes. It has none of the bot's
secrets in its environment, a limit to its memory, and yields the processor to whoever else wants it.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Timer
from typing import IO, Any

from pydantic import TypeAdapter

from bot.networks.feed.documents import FeedDocument, FeedEntry, NotAFeed
from bot.networks.feed.parse_worker import LENGTH

START_MAX_SECONDS = 30.0
IDLE_SECONDS = 300.0
_ROOT = Path(__file__).parents[3]
_KEPT_ENVIRONMENT = (
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "TMP",
)
_DOCUMENT = TypeAdapter(FeedDocument)

logger = logging.getLogger(__name__)


class ParseProcess:
    """A reader of documents. Threads may share it: they take turns."""

    def __init__(self, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: Timer | None = None
        self._uses = 0

    @property
    def pid(self) -> int | None:
        """The number of the running process, None if there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def parse(self, body: bytes, content_type: str, address: str, *, seconds: float) -> FeedDocument:
        """Return what `parsing.parse_document` does.

        `seconds` is how long the reading itself may take before its process is killed; turns of other threads
        and the start of the process do not count. Raises NotAFeed if it is no feed, takes longer, or cannot
        be read for another reason.
        """
        with self._lock:
            self._uses += 1
            if self._idle is not None:
                self._idle.cancel()
            try:
                answer = self._ask(body, content_type, address, seconds)
            finally:
                self._end_when_idle()
        return _read_answer(answer)

    def close(self) -> None:
        """End the process, if there is one. The next document starts another."""
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            self._end()

    def _ask(self, body: bytes, content_type: str, address: str, seconds: float) -> Mapping[str, Any]:
        head = json.dumps({"content_type": content_type, "address": address, "length": len(body)}).encode()
        was_running = self._start()
        answer, is_late = self._exchange(LENGTH.pack(len(head)) + head + body, seconds)
        if answer is None and was_running and not is_late:
            # Somebody else ended it since its last document, such as a machine short of memory.
            self._end()
            self._start()
            answer, is_late = self._exchange(LENGTH.pack(len(head)) + head + body, seconds)
        if answer is not None:
            return answer
        self._end()
        if is_late:
            raise NotAFeed(f"It takes more than {seconds:g} seconds to be read.", "too slow")
        raise NotAFeed("It cannot be read: the process that tried ended.")

    def _start(self) -> bool:
        """Start the process. Returns whether it was running already. Raises NotAFeed if it does not start."""
        if self.pid is not None:
            return True
        self._end()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.networks.feed.parse_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
        )
        ready, _ = self._exchange(b"", START_MAX_SECONDS)
        if ready is None:
            self._end()
            logger.error("The process that reads feeds does not start")
            raise NotAFeed("It cannot be read: the process that reads feeds does not start.")
        return False

    def _exchange(self, request: bytes, seconds: float) -> tuple[Mapping[str, Any] | None, bool]:
        """Write, and read one message. None if the process ended, and whether that was for its time."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None, False
        late: list[bool] = []

        def stop() -> None:
            late.append(True)
            process.kill()

        watch = Timer(seconds, stop)
        watch.daemon = True
        watch.start()
        try:
            process.stdin.write(request)
            process.stdin.flush()
            return _read_message(process.stdout), False
        except OSError:
            return None, bool(late)
        except EOFError:
            return None, bool(late)
        finally:
            watch.cancel()

    def _end_when_idle(self) -> None:
        uses = self._uses

        def end() -> None:
            with self._lock:
                if self._uses == uses:
                    self._end()

        self._idle = Timer(self._idle_seconds, end)
        self._idle.daemon = True
        self._idle.start()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # what was not written any more
                    logger.debug("The process that reads feeds left some of a document")
        process.wait()


def _read_message(stream: IO[bytes]) -> Mapping[str, Any]:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    raw = stream.read(length)
    if len(raw) < length:
        raise EOFError
    message: Mapping[str, Any] = json.loads(raw)
    return message


def _read_answer(answer: Mapping[str, Any]) -> FeedDocument:
    if "not_a_feed" in answer:
        raise NotAFeed(answer["not_a_feed"], answer["reason"])
    if "fault" in answer:
        logger.error("A feed could not be read: %s at %s", answer["fault"], answer["at"])
        raise NotAFeed("It cannot be read because of a fault in Heard; the log says where.")
    document = _DOCUMENT.validate_python(answer["document"])
    return replace(document, entries=tuple(map(_in_utc, document.entries)))


def _in_utc(entry: FeedEntry) -> FeedEntry:
    """The entry with the standard library's UTC, in place of the one that was read from JSON."""
    return replace(entry, posted_at=_utc(entry.posted_at), updated_at=_utc(entry.updated_at))


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)
