"""Writes `bot/slack/typed_text/emoji.tsv` from the data that Slack's own emoji names come from.

How it was made: `npm pack emoji-datasource@16.0.0`, unpack it, then from the project's root `python -m
bot.slack.typed_text.make_emoji package/emoji.json`. The package is Cal Henderson's (MIT licence);
`short_names` are Slack's names, `unified` the characters, `skin_variations` the same with skin tones.

One line an emoji, its columns parted by tabs: names, parted by blanks; characters, as code points; the same
with one skin tone, which stands at each `*`; the same with two different tones, the first at the first `*`.
The script refuses to write a table from which one of the package's skin variations could not be read back.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TABLE_PATH = Path(__file__).with_name("emoji.tsv")
SKIN_TONES = ("1F3FB", "1F3FC", "1F3FD", "1F3FE", "1F3FF")


def table_line(emoji: Mapping[str, Any]) -> str:
    """One line of the table for one entry of emoji.json."""
    variations = {
        tuple(key.split("-")): row["unified"] for key, row in emoji.get("skin_variations", {}).items()
    }
    columns = [" ".join(emoji["short_names"]), emoji["unified"]]
    if variations:
        one = _tone_pattern(variations, (SKIN_TONES[0],)) or _tone_pattern(
            variations, (SKIN_TONES[0], SKIN_TONES[0])
        )
        columns += [one, _tone_pattern(variations, (SKIN_TONES[0], SKIN_TONES[1]))]
        _check(variations, one, columns[3])
    return "\t".join(columns).rstrip("\t")


def _tone_pattern(variations: Mapping[tuple[str, ...], str], key: tuple[str, ...]) -> str:
    """The variation of these tones, with a `*` where a tone stands; empty if there is none."""
    points = variations.get(key, "").split("-")
    return "-".join("*" if point in SKIN_TONES else point for point in points)


def _check(variations: Mapping[tuple[str, ...], str], one: str, two: str) -> None:
    for tones, unified in variations.items():
        made = two if len(set(tones)) > 1 else one
        for tone in tones if len(set(tones)) > 1 else tones[:1] * one.count("*"):
            made = made.replace("*", tone, 1)
        if made != unified:
            raise SystemExit(f"{unified} cannot be written as {one} or {two}")


def main(source: Path) -> None:
    """Write the table."""
    entries = json.loads(source.read_text(encoding="utf-8"))
    TABLE_PATH.write_text("".join(f"{table_line(entry)}\n" for entry in entries), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
