"""Which code a long run was made with, so that it can be made again."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def revision() -> str:
    """The commit, and whether the files differ from it."""
    ask = ["git", "describe", "--always", "--dirty"]
    try:
        asked = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return asked.stdout.strip() or "unknown"
