"""What people type on Hacker News, as the HTML that it makes of it: https://news.ycombinator.com/formatdoc.

Blank lines part paragraphs, which begin with `<p>` from the second one on and are never closed. Lines that
begin with two blanks are code, `*words*` are in italics, addresses become links that are shown cut.
"""

import re

_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")
_ITALIC = re.compile(r"(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])")
_LINK_SHOWN_MAX = 60
_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "/": "&#x2F;"}
)


def escape(text: str) -> str:
    """Return `text` with the signs replaced that Hacker News replaces, slashes too."""
    return text.translate(_ENTITIES)


def to_html(text: str) -> str:
    """Return the HTML of a text as it was typed."""
    return "<p>".join(map(_block, re.split(r"\n[ \t]*\n+", text.strip("\n"))))


def _block(block: str) -> str:
    lines = block.split("\n")
    if all(line.startswith("  ") for line in lines):
        return f"<pre><code>{escape(block)}\n</code></pre>"
    made, end = [], 0
    for found in _ADDRESS.finditer(block):
        made += [_words(block[end : found.start()]), _link(found[0])]
        end = found.end()
    return "".join([*made, _words(block[end:])])


def _words(text: str) -> str:
    return _ITALIC.sub(r"<i>\1</i>", escape(text))


def _link(address: str) -> str:
    shown = address if len(address) <= _LINK_SHOWN_MAX else f"{address[:_LINK_SHOWN_MAX]}..."
    return f'<a href="{escape(address)}" rel="nofollow">{escape(shown)}</a>'
