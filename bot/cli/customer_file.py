"""Reads a file of customers: CSV with a header, or one handle a line. Whatever its size, a part at a time.

The encoding is UTF-8 or UTF-16, which a file tells by itself, or one that was named. The separator is a
comma, a semicolon or a tab, whichever the first line has most of.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from bot.slack.blocks.text import one_line
from models.core.normalize import without_controls
from models.sources.customer import ANY_NETWORK, CustomerEntry, fold_handle

DEFAULT_ENCODING = "utf-8-sig"  # with a mark in front or without
LINE_MAX_CHARS = 100_000
HEAD_BYTES = 4_096  # by which a file without a mark is known for UTF-16
NOTE_MAX_CHARS = 200
SHOWN_MAX_CHARS = 40  # of what is wrong, in a sentence
HANDLE_COLUMNS = ("handle", "username", "user", "screen_name", "account")
NETWORK_COLUMN = "network"
NOTE_COLUMNS = ("note", "plan", "name")  # the first of them that there is


class CustomerFileError(Exception):
    """A file that cannot be read as a list of customers; the message is one sentence."""


@dataclass(slots=True)
class Skipped:
    """How many lines were left out for one reason, and the first of them."""

    count: int = 0
    first_line: int = 0
    first_text: str = ""

    def add(self, line: int, text: str) -> None:
        """Count a line."""
        if not self.count:
            self.first_line, self.first_text = line, _short(text)
        self.count += 1


class CustomerFile:
    """One pass over a file. What was left out is known when it is over."""

    def __init__(
        self, path: Path, networks: Mapping[str, str], *, network: str | None, encoding: str | None
    ) -> None:
        """Takes the names of `networks` by what people may call them, in lower case.

        `network` is for lines that name none; None: those count on every network.
        """
        self._path, self._networks = path, networks
        self._network, self._encoding = network or ANY_NETWORK, encoding
        self.no_handle, self.no_network = Skipped(), Skipped()
        self.read = 0

    def entries(self) -> Iterator[CustomerEntry]:
        """The customers, in the order of the file.

        Raises `CustomerFileError` at what is no text, or no CSV, and where there is no column for handles.
        """
        try:
            with self._path.open("rb") as file, _Lines(file, self._path.name, self._encoding) as lines:
                yield from self._entries(lines)
        except OSError as error:
            raise CustomerFileError(f"{self._path} cannot be read: {error.strerror}.") from None

    def _entries(self, lines: "_Lines") -> Iterator[CustomerEntry]:
        first = next((line for line in lines if line.strip()), None)
        if first is None:
            return
        rows = csv.reader(lines.again(first), delimiter=_separator(first))
        before = lines.number - 1  # the reader counts from the first line that says something
        try:
            columns: _Columns | None = None
            for row in rows:
                if columns is None and not any(cell.strip() for cell in row):
                    continue  # such as "", which is a line of blanks to a CSV
                if columns is None:
                    columns = _read_header(row)
                    if columns is not None:
                        continue
                    columns = _only_column(row, self._path.name)
                entry = self._entry(row, columns, before + rows.line_num)
                if entry is not None:
                    yield entry
        except csv.Error as error:
            raise CustomerFileError(
                f"{self._path.name} is no CSV: line {before + rows.line_num} cannot be read ({error})."
            ) from None

    def _entry(self, row: Sequence[str], columns: "_Columns", line: int) -> CustomerEntry | None:
        typed = _cell(row, columns.handle)
        if not any(cell.strip() for cell in row):
            return None
        self.read += 1
        handle = fold_handle(typed)
        if handle is None:
            self.no_handle.add(line, typed)
            return None
        named = _cell(row, columns.network).strip()
        network = self._networks.get(named.lower()) if named else self._network
        if network is None:
            self.no_network.add(line, named)
            return None
        note = one_line(without_controls(_cell(row, columns.note)))[:NOTE_MAX_CHARS]
        return CustomerEntry(network, handle, note)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where in a row things stand; None: nowhere."""

    handle: int
    network: int | None = None
    note: int | None = None


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place] if place is not None and place < len(row) else ""


def _read_header(row: Sequence[str]) -> _Columns | None:
    """The columns that the first line names; None if it is no header."""
    places: dict[str, int] = {}
    for place, cell in enumerate(row):
        places.setdefault("_".join(cell.strip().lower().split()), place)
    handle = next((places[name] for name in HANDLE_COLUMNS if name in places), None)
    if handle is None:
        return None
    note = next((places[name] for name in NOTE_COLUMNS if name in places), None)
    return _Columns(handle, places.get(NETWORK_COLUMN), note)


def _only_column(row: Sequence[str], name: str) -> _Columns:
    """The one column of a plain list of handles. Raises `CustomerFileError` if there are several."""
    if sum(bool(cell.strip()) for cell in row) > 1:
        has = ", ".join(_short(cell.strip()) for cell in row[:5])
        raise CustomerFileError(f"The first line of {name} names no column “handle”. It has: {has}.")
    return _Columns(next(place for place, cell in enumerate(row) if cell.strip()))


def _separator(line: str) -> str:
    return max(",;\t", key=line.count)


def _short(text: str) -> str:
    shown = one_line(without_controls(text))
    return shown if len(shown) <= SHOWN_MAX_CHARS else f"{shown[: SHOWN_MAX_CHARS - 1]}…"


class _Lines:
    """The lines of a file as text, none of them longer than memory allows."""

    def __init__(self, file: BinaryIO, name: str, encoding: str | None) -> None:
        self._name, self._encoding = name, encoding or _guess_encoding(file, name)
        # What is not in the encoding becomes a lone surrogate, so that its line can be named.
        self._text = io.TextIOWrapper(file, self._encoding, "surrogateescape", newline="")
        self.number = 0
        self._next: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._text.close()

    def again(self, line: str) -> "_Lines":
        """Give `line`, the last one, once more."""
        self._next.append(line)
        return self

    def __iter__(self) -> Iterator[str]:
        while self._next or (line := self._read()):
            yield self._next.pop() if self._next else line

    def _read(self) -> str:
        try:
            line = self._text.readline(LINE_MAX_CHARS)
        except UnicodeError:
            raise self._refused(self.number + 1) from None
        self.number += bool(line)
        if "\0" in line:
            raise CustomerFileError(f"{self._name} is no text: line {self.number} has a NUL character.")
        if len(line) == LINE_MAX_CHARS and not line.endswith(("\n", "\r")):
            raise CustomerFileError(
                f"Line {self.number} of {self._name} is longer than {LINE_MAX_CHARS:,} characters."
            )
        if not line.isascii() and any("\ud800" <= char <= "\udfff" for char in line):
            raise self._refused(self.number)
        return line

    def _refused(self, line: int) -> CustomerFileError:
        hint = (
            "; save it as UTF-8, or add --encoding windows-1252" if self._encoding == DEFAULT_ENCODING else ""
        )
        encoding = self._encoding.upper().removesuffix("-SIG")
        return CustomerFileError(f"Line {line} of {self._name} is not {encoding}{hint}.")


def _guess_encoding(file: BinaryIO, name: str) -> str:
    """By its mark, or by where the zero bytes of Latin letters stand."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise CustomerFileError(f"{name} is UTF-32; save it as UTF-8.")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for zeros, letters, encoding in (
        (head[1::2], head[::2], "utf-16-le"),
        (head[::2], head[1::2], "utf-16-be"),
    ):
        if zeros and zeros.count(0) > len(zeros) * 0.6 and letters.count(0) < len(letters) * 0.1:
            return encoding
    return DEFAULT_ENCODING
