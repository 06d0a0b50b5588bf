"""The documents of `documents/*.toml` and what is right for each. Also read by tests/bench/feed_parsers.py."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ADDRESS = "https://example.org/blog/feed.xml"
FOLDER = Path(__file__).parent / "documents"


@dataclass(frozen=True)
class Case:
    """A document as bytes, and the values that it has to be read as; empty text stands for None.

    `is_our_rule`: what is right there is for Heard to say, so no other reader is measured by it.
    """

    name: str
    theme: str
    body: bytes
    content_type: str
    address: str
    feed: dict[str, Any]
    entries: list[dict[str, Any]]
    is_our_rule: bool = False


def _case(theme: str, given: dict[str, Any]) -> Case:
    return Case(
        name=given.pop("name"),
        theme=theme,
        body=given.pop("body").encode(given.pop("encoding", "utf-8")),
        content_type=given.pop("content_type", "application/xml"),
        address=given.pop("address", ADDRESS),
        entries=given.pop("entries", []),
        is_our_rule=given.pop("is_our_rule", False),
        feed=given,
    )


def cases() -> list[Case]:
    """All documents, in the order of the files."""
    return [
        _case(path.stem, given)
        for path in sorted(FOLDER.glob("*.toml"))
        for given in tomllib.loads(path.read_text(encoding="utf-8"))["document"]
    ]
