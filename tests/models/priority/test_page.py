"""docs/reference/priority.md, held against the code: the cues and the weights. Run as a module, this writes them."""

import re
from pathlib import Path

from models.priority.cue_table import CUES
from models.priority.cues import TEXT_MAX_CHARS
from models.priority.score import AGAIN_MAX, REACH_STEPS_MAX
from models.priority.weights import DEFAULT_WEIGHTS
from models.tickets.priorities import POSTS_READ_MAX

PATH = Path(__file__).parents[3] / "docs" / "reference" / "priority.md"
TABLE = re.compile(r"(<!-- cues: .* -->\n).*?(<!-- /cues -->)", re.DOTALL)


def table() -> str:
    rows = ["| Cue | Points | Words | Not where there is |", "|---|---|---|---|"]
    for cue in CUES:
        points = f"\u2212{-cue.points}" if cue.points < 0 else str(cue.points)
        rows.append(
            f"| {cue.name} | {points} | {', '.join(cue.phrases)} | {', '.join(cue.unless)} |".replace(
                "|  |", "| |"
            )
        )
    return "\n" + "\n".join(rows) + "\n\n"


def written(page: str) -> str:
    return TABLE.sub(lambda found: f"{found[1]}{table()}{found[2]}", page)


def test_the_page_has_the_cues_of_the_code() -> None:
    page = PATH.read_text(encoding="utf-8")

    assert written(page) == page, "run: python -m tests.models.priority.test_page"
    assert TABLE.search(page)


def test_the_page_has_the_weights_of_the_code() -> None:
    page = PATH.read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| .*? \| .*? \| `(\w+)`.*? \| (.*?) \|$", page, re.MULTILINE))

    for name in ("question", "reach", "again", "customer", "waiting"):
        assert int(re.match(r"\d+", rows[name])[0]) == getattr(DEFAULT_WEIGHTS, name), name
    assert f"up to {DEFAULT_WEIGHTS.waiting_hours} hours" in rows["waiting"]
    assert f"at most {('none', 'one', 'two', 'three', 'four')[AGAIN_MAX]}" in rows["again"]
    assert rows["reach"].count(",") + rows["reach"].count("million") >= REACH_STEPS_MAX
    assert f"the first {TEXT_MAX_CHARS:,} characters" in page
    assert {20: "the newest twenty"}[POSTS_READ_MAX] in page


if __name__ == "__main__":
    PATH.write_text(written(PATH.read_text(encoding="utf-8")), encoding="utf-8")
