"""`python -m bot.networks.feed.parse_worker`: reads documents that it is handed, one after the other.

Only `parse_process` starts it. Both ways, a message is a length of four bytes and that many bytes of JSON; a
document's own bytes follow its message, in the length that this names. It ends when its input does.
"""

import json
import os
import signal
import struct
import sys
import types
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]

MEMORY_MAX_BYTES = 512 * 2**20  # of addresses, of which a document of 2 MB takes a fifth
LENGTH = struct.Struct(">I")
_NICENESS = 10  # someone may wait for the answer to a press, nobody for a feed


def main() -> None:
    """Answer until the input ends."""
    _limit()
    _leave_out_the_ledger()
    from bot.networks.feed.documents import NotAFeed  # noqa: PLC0415 - after the limits, and without the ledger
    from bot.networks.feed.parsing import parse_document  # noqa: PLC0415

    taken, given = sys.stdin.buffer, sys.stdout.buffer
    _write(given, {"ready": True})
    while (message := _read(taken)) is not None:
        body = taken.read(message["length"])
        answer: Mapping[str, Any]
        try:
            document = parse_document(body, message["content_type"], message["address"])
            answer = {"document": asdict(document)}
        except NotAFeed as error:
            answer = {"not_a_feed": str(error), "reason": error.reason}
        except (MemoryError, RecursionError):
            answer = {"not_a_feed": "It takes too much memory to be read.", "reason": "too long"}
        except Exception as error:  # noqa: BLE001 - a fault of ours: the next document is read all the same
            answer = {"fault": type(error).__name__, "at": _place(error)}
        _write(given, answer)


def _limit() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the bot, which then closes our input
    if resource is not None:
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        least = MEMORY_MAX_BYTES if most == resource.RLIM_INFINITY else min(MEMORY_MAX_BYTES, most)
        resource.setrlimit(resource.RLIMIT_AS, (least, most))
    if hasattr(os, "nice"):
        os.nice(_NICENESS)


def _leave_out_the_ledger() -> None:
    """Let the two pure files of `models` that reading needs be imported without all others.

    `models/__init__.py` loads every table and SQLAlchemy with them: 33 MB and half a second that only the bot
    itself needs.
    """
    models = types.ModuleType("models")
    models.__path__ = [str(Path(__file__).parents[3] / "models")]
    sys.modules["models"] = models


def _read(stream: BinaryIO) -> dict[str, Any] | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    message: dict[str, Any] = json.loads(stream.read(*LENGTH.unpack(head)))
    return message


def _write(stream: BinaryIO, message: Mapping[str, Any]) -> None:
    raw = json.dumps(message, default=_plain).encode()
    stream.write(LENGTH.pack(len(raw)) + raw)
    stream.flush()


def _plain(value: object) -> str | float:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(type(value))


def _place(error: Exception) -> str:
    """The file and line that an error comes from, without the words that it was about."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


if __name__ == "__main__":
    main()
