"""Compares our counting with the lines of `make_table.mjs` on stdin; prints what differs."""

import sys
from collections.abc import Iterable, Iterator

from bot.networks.graphemes import count_graphemes


def read_table(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield each string and how many graphemes the server's counter finds in it."""
    for line in lines:
        points, _, count = line.rstrip("\n").partition("\t")
        yield "".join(chr(int(point, 16)) for point in points.split()), int(count)


if __name__ == "__main__":
    rows = list(read_table(sys.stdin))
    wrong = [(text, count) for text, count in rows if count_graphemes(text) != count]
    for text, count in wrong[:20]:
        sys.stdout.write(f"{text!a}: {count} there, {count_graphemes(text)} here\n")
    sys.stdout.write(f"{len(rows)} strings, {len(wrong)} differ\n")
    sys.exit(bool(wrong))
