"""Writes `emoji.tsv`: Slack's standard emoji.

Run `npm pack emoji-datasource@16.0.0`, unpack it, then run this module with the path of its `emoji.json`. The
package is Cal Henderson's (MIT licence), and its `short_names` are the names that Slack uses.

Each line is one emoji with tab-separated columns: its names, separated by spaces; its characters as code
points; then each skin tone (`3`, or `3-5` for two people) with its characters.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("emoji.tsv")
TONES = {"1F3FB": "2", "1F3FC": "3", "1F3FD": "4", "1F3FE": "5", "1F3FF": "6"}


def line(emoji: Mapping[str, Any]) -> str:
    """Return the line for one entry of emoji.json."""
    toned = [
        f"{'-'.join(TONES[tone] for tone in key.split('-'))} {row['unified']}"
        for key, row in emoji.get("skin_variations", {}).items()
    ]
    return "\t".join([" ".join(emoji["short_names"]), emoji["unified"], *toned])


if __name__ == "__main__":
    entries = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    TABLE.write_text("".join(f"{line(entry)}\n" for entry in entries), encoding="utf-8")
