"""Slack's standard emoji: names, characters, and how to find them in a text.

They are in `emoji.tsv`; `make_emoji.py` says how it was made.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("emoji.tsv")
NAME = r"[\w'+-]{1,100}"  # of an emoji, custom ones included
_NAMED = re.compile(rf":({NAME}):((?::skin-tone-[2-6](?:-[2-6])?:)?)")


def characters(name: str) -> str | None:
    """Return the characters of a name (`wave`, `wave::skin-tone-3`); None for an unknown name."""
    return _by_name().get(name)


def named(text: str) -> str:
    """Return `text` as Slack sends it: with names in place of emoji."""
    return each(text, lambda _sign, name: f":{name}:")


def drawn(text: str) -> str:
    """Return `text` as Slack shows it: with emoji in place of standard names."""
    shown, end = list[str](), 0
    while (found := _NAMED.search(text, end)) is not None:
        toned = characters(f"{found[1]}:{found[2].removesuffix(':')}") if found[2] else None
        sign = toned or (None if is_touched(found, found[1]) else characters(found[1])) or ""
        kept = found.end() if toned else found.end(1) + 1 if sign else found.start() + 1
        shown += [text[end : found.start()], sign or ":"]
        end = kept
    return "".join([*shown, text[end:]])


def is_touched(found: re.Match[str], name: str) -> bool:
    """Say whether a one-letter or numeric name (`:b:`, `:100:`) touches a letter or digit, and so is text."""
    (start, end), text = found.span(), found.string
    around = text[max(start - 1, 0) : start] + text[end : end + 1]
    return (len(name) == 1 or name.isdigit()) and any(sign.isalnum() for sign in around)


def each(text: str, make: Callable[[str, str], str]) -> str:
    """Return `text` with each emoji replaced by `make(characters, name)`."""
    made, place = list[str](), 0
    while place < len(text):
        found = at(text, place)
        if found is None:
            made.append(text[place])
            place += 1
        else:
            made.append(make(*found))
            place += len(found[0])
    return "".join(made)


def at(text: str, place: int) -> tuple[str, str] | None:
    """Return the longest emoji that begins at `place`, as (characters, name); None if there is none."""
    for sign, name in _by_first().get(text[place], ()):
        if text.startswith(sign, place):
            return sign, name
    return None


@cache
def _by_name() -> dict[str, str]:
    known: dict[str, str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        names, points, *toned = line.split("\t")
        forms = [("", points), *((f"::skin-tone-{tone}", more) for tone, more in map(str.split, toned))]
        known |= {f"{name}{tone}": _decoded(points) for name in names.split() for tone, points in forms}
    return known


@cache
def _by_first() -> dict[str, list[tuple[str, str]]]:
    """Return emoji by their first character: (characters, first name) pairs, longest first."""
    signs: dict[str, str] = {}
    for name, sign in _by_name().items():
        signs.setdefault(sign, name)
    found = defaultdict[str, list[tuple[str, str]]](list)
    for sign, name in sorted(signs.items(), key=lambda pair: -len(pair[0])):
        found[sign[0]].append((sign, name))
    return found


def _decoded(points: str) -> str:
    return "".join(chr(int(point, 16)) for point in points.split("-"))
