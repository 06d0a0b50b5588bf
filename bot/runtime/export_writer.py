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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import regex

from models.core.database import Database
from models.reports.export import ExportFilter, ExportTable, strip_private_data

FORMATS = ("csv", "jsonl")
UTF8_BOM = "\ufeff"  # by which Excel knows UTF-8
_LINES_PER_WRITE = 500  # written at a time
# At the start, or behind what a spreadsheet may take away: blanks, quotation marks, what nobody sees.
_FORMULA_PATTERN = regex.compile(
    r"^(?:[\t\r]|[\s'\"`\u00b4\u2018\u2019\u201c\u201d\p{Cf}\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
)


def escape_formula(text: str) -> str:
    """`text`, which no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA_PATTERN.match(text) else text


def unescape_formula(text: str) -> str:
    """The inverse of `defused`."""
    return text[1:] if text[:1] == "'" and _FORMULA_PATTERN.match(text[1:]) else text


def write_rows(
    db: Database,
    kind: ExportTable,
    wanted: ExportFilter,
    form: str,
    to: IO[str],
    *,
    told: Callable[[int], object],
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


def _as_csv(kind: ExportTable, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, str]]:
    """Some lines at a time, and how many rows they are; the header first."""
    page, lines = io.StringIO(), list[list[Any]]()
    into = csv.writer(page, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    into.writerow(kind.header)
    data, words = kind.header.index("data") if "data" in kind.header else None, kind.text_positions
    for row in rows:
        cells = list(row)
        for place in words:
            word = cells[place]
            if word and not word[0].isalnum():  # as nearly all begin
                cells[place] = escape_formula(word)
        if data is not None and row[data] is not None:
            cells[data] = strip_private_data(row[data])
        lines.append(cells)
        if len(lines) == _LINES_PER_WRITE:
            into.writerows(lines)
            yield len(lines), page.getvalue()
            page.seek(0)
            page.truncate()
            lines.clear()
    into.writerows(lines)
    yield len(lines), page.getvalue()


def _as_json(kind: ExportTable, rows: Iterable[Sequence[Any]]) -> Iterator[tuple[int, str]]:
    header, lines = kind.header, list[str]()
    data = header.index("data") if "data" in header else None
    spelled = json.JSONEncoder(ensure_ascii=False).encode
    for row in rows:
        named = dict(zip(header, row, strict=True))
        if data is not None:
            named["data"] = json.loads(strip_private_data(row[data])) if row[data] is not None else None
        lines.append(spelled(named) + "\n")
        if len(lines) == _LINES_PER_WRITE:
            yield len(lines), "".join(lines)
            lines.clear()
    yield len(lines), "".join(lines)


class OutputExistsError(Exception):
    """There is a file of that name."""


@contextmanager
def atomic_file(path: Path, *, bom: bool, force: bool) -> Iterator[IO[str]]:
    """A file that is at `path` once it is whole, and not before; whatever goes wrong leaves nothing behind.

    Raises `ExistsError` where there is one, unless `force`.
    """
    if path.exists() and not force:
        raise OutputExistsError
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(UTF8_BOM if bom else "")
            yield file
        os.chmod(name, 0o600)  # noqa: PTH101 - people's words are not for every user of the machine
        if force:
            os.replace(name, path)  # noqa: PTH105
        else:
            os.link(name, path)  # which fails where somebody was faster
    except FileExistsError:
        raise OutputExistsError from None
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()
