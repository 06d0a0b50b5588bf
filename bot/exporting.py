"""An export on its way into a file: CSV for a spreadsheet, JSON Lines for a program.

CSV is that of RFC 4180 (https://www.rfc-editor.org/rfc/rfc4180): everything quoted, lines end in CRLF, UTF-8.
What a spreadsheet would run as a formula gets an apostrophe in front
(https://owasp.org/www-community/attacks/CSV_Injection). JSON Lines has every text as it is.
"""

import csv
import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import regex

from models.database import Database
from models.export import Filter, Kind, outward

FORMATS = ("csv", "jsonl")
BOM = "\ufeff"  # by which Excel knows UTF-8
_LINES = 500  # written at a time
# At the start, or behind what a spreadsheet may take away: blanks, quotation marks, what nobody sees.
_FORMULA = regex.compile(
    r"^(?:[\t\r]|[\s'\"`\u00b4\u2018\u2019\u201c\u201d\p{Cf}\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)


def defused(text: str) -> str:
    """`text`, which no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def armed(text: str) -> str:
    """The inverse of `defused`."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text[1:]) else text


def write(
    db: Database, kind: Kind, wanted: Filter, form: str, to: IO[str], *, told: Callable[[int], object]
) -> int:
    """Write those rows to `to`, telling now and then how many more there are; how many it was."""
    lines = _as_csv if form == "csv" else _as_json
    count = 0
    with db.read() as session:
        for some, text in lines(kind, kind.rows(session, wanted)):
            to.write(text)
            count += some
            told(some)
    return count


def _as_csv(kind: Kind, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, str]]:
    """Some lines at a time, and how many rows they are; the header first."""
    page = io.StringIO()
    into = csv.writer(page, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    into.writerow(kind.header)
    some = 0
    for row in rows:
        into.writerow([_cell(value) for value in row])
        some += 1
        if some == _LINES:
            yield some, page.getvalue()
            page.seek(0)
            page.truncate()
            some = 0
    yield some, page.getvalue()


def _as_json(kind: Kind, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[int, str]]:
    header, lines = kind.header, list[str]()
    for row in rows:
        named = zip(header, (_value(value) for value in row), strict=True)
        lines.append(json.dumps(dict(named), ensure_ascii=False) + "\n")
        if len(lines) == _LINES:
            yield len(lines), "".join(lines)
            lines.clear()
    yield len(lines), "".join(lines)


def _cell(value: Any) -> Any:  # noqa: ANN401 - a column's
    if value is None:
        return ""
    if isinstance(value, str):
        return defused(value)
    if isinstance(value, dict):
        return json.dumps(outward(value), ensure_ascii=False)
    return _value(value)


def _value(value: Any) -> Any:  # noqa: ANN401 - a column's
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return outward(value) if isinstance(value, dict) else value


class ExistsError(Exception):
    """There is a file of that name."""


@contextmanager
def new_file(path: Path, *, bom: bool, force: bool) -> Iterator[IO[str]]:
    """A file that is at `path` once it is whole, and not before; whatever goes wrong leaves nothing behind.

    Raises `ExistsError` where there is one, unless `force`.
    """
    if path.exists() and not force:
        raise ExistsError
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(BOM if bom else "")
            yield file
        os.chmod(name, 0o600)  # noqa: PTH101 - people's words are not for every user of the machine
        if force:
            os.replace(name, path)  # noqa: PTH105
        else:
            os.link(name, path)  # which fails where somebody was faster
    except FileExistsError:
        raise ExistsError from None
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
