"""Turns what a person types into Slack's message box into a message.

The box formats as one types: `*bold*`, `_italic_`, `~struck~`, `` `code` ``, quotes, lists and code blocks.
Slack escapes the text, turns names, URLs and emoji into tokens, and sends both a text, with marks around
formatted words, and a rich_text block, with styles instead
(https://docs.slack.dev/reference/block-kit/blocks/rich-text-block).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sandbox.slack.people.typed_tokens import Cell, cells
from sandbox.slack.text.mrkdwn import HOLE, SPANS, Kind, escape
from sandbox.slack.workspace.world import SlackWorld

Json = dict[str, Any]

STYLES = {"bold", "italic", "strike", "code"}
FENCED = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
LINES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("quote", re.compile(r"> ?(.*)")),
    ("bullet", re.compile(r"[-•] (.*)")),
    ("ordered", re.compile(r"\d+\. (.*)")),
)


@dataclass(frozen=True)
class Part:
    """One part of a message, in its text and in its rich_text block."""

    text: str
    block: Json


def typed(text: str, world: SlackWorld) -> tuple[str, list[Json]]:
    """Return the text of the message's events, and its rich_text block."""
    parts = list(_parts(text, world))
    blocks = [part.block for part in parts if part.block["elements"]]
    words = "".join(part.text for part in parts)
    return words, [{"type": "rich_text", "elements": blocks}] if blocks else []


def as_command(text: str, world: SlackWorld) -> str:
    """Return a command's text as `should_escape` in the manifest wants it: `@ana` becomes `<@U0ANA|ana>`."""
    if not world.escape_commands:
        return text
    words = "".join(cell.text for cell in cells(text, world))
    return re.sub(r"<@(\w+)>", lambda match: f"<@{match[1]}|{world.users[match[1]].name}>", words)


def _parts(text: str, world: SlackWorld) -> Iterator[Part]:
    """Yield the code blocks and the parts around them, in order."""
    end = 0
    for fenced in FENCED.finditer(text):
        yield from _lines(text[end : fenced.start()], world)
        element = {"type": "text", "text": fenced[1]}
        yield Part(f"```{escape(fenced[1])}```", {"type": "rich_text_preformatted", "elements": [element]})
        end = fenced.end()
    yield from _lines(text[end:], world)


def _lines(text: str, world: SlackWorld) -> Iterator[Part]:
    """Yield the sections, quotes and lists of `text`, which has no code block."""
    groups = [(kind, list(group)) for kind, group in groupby(text.split("\n"), _kind)]
    for number, (kind, lines) in enumerate(groups):
        between = "\n" if number < len(groups) - 1 else ""
        if kind == "section":
            words, elements = _inline("\n".join(lines), world)
            yield Part(words + between, {"type": "rich_text_section", "elements": elements})
        elif kind == "quote":
            words, elements = _inline("\n".join(_bare(line) for line in lines), world)
            quoted = "\n".join(f"&gt; {line}" for line in words.split("\n"))
            yield Part(quoted + between, {"type": "rich_text_quote", "elements": elements})
        else:
            yield _list(kind, [_inline(_bare(line), world) for line in lines], between)


def _list(kind: str, items: list[tuple[str, list[Json]]], between: str) -> Part:
    signs = [f"{number}. " if kind == "ordered" else "• " for number in range(1, len(items) + 1)]
    text = "\n".join(f"{sign}{words}" for sign, (words, _) in zip(signs, items, strict=True))
    sections = [{"type": "rich_text_section", "elements": elements} for _, elements in items]
    return Part(text + between, {"type": "rich_text_list", "style": kind, "indent": 0, "elements": sections})


def _kind(line: str) -> str:
    return next((kind for kind, pattern in LINES if pattern.fullmatch(line)), "section")


def _bare(line: str) -> str:
    return next(found[1] for _, pattern in LINES if (found := pattern.fullmatch(line)))


def _inline(text: str, world: SlackWorld) -> tuple[str, list[Json]]:
    """Return inline text as Slack sends it, and as rich_text elements with their styles."""
    made = cells(text, world)
    shadow = "".join(cell.source if cell.is_character else HOLE for cell in made)
    spans, marks = _spans(shadow)
    worn = [frozenset(kind for kind, inner in spans if place in inner) for place in range(len(made))]
    words = "".join(
        escape(cell.source) if "code" in styles else cell.text
        for cell, styles in zip(made, worn, strict=True)
    )
    kept = [(made[place], worn[place]) for place in range(len(made)) if place not in marks]
    return words, list(_elements(kept))


def _spans(shadow: str) -> tuple[list[tuple[Kind, range]], set[int]]:
    """Return the formatted ranges, and the positions of marks, which the box removes."""
    spans, marks, code = list[tuple[Kind, range]](), set[int](), set[int]()
    for kind, pattern in SPANS:
        for match in pattern.finditer(shadow) if kind in STYLES else ():
            inner = range(*match.span(1))
            edges = set(range(*match.span())) - set(inner)
            is_handle = (
                match.start() > 0 and shadow[match.start() - 1] == "@"
            )  # `@_ana_` is a handle, not italic
            if edges & (marks | code) or is_handle:
                continue
            marks |= edges
            code |= set(inner) if kind == "code" else set()
            spans.append((kind, inner))
    return spans, marks


def _elements(kept: list[tuple[Cell, frozenset[Kind]]]) -> Iterator[Json]:
    """Yield elements: characters of the same style together, everything else separately."""
    for (styles, is_text), group in groupby(
        kept, lambda one: (one[1], one[0].is_character or "code" in one[1])
    ):
        style: Json = {"style": dict.fromkeys(sorted(styles), True)} if styles else {}
        run = [cell for cell, _ in group]
        if is_text:
            yield {"type": "text", "text": "".join(cell.source for cell in run)} | style
        else:
            yield from (cell.element | style for cell in run)
