"""Requests and responses, without sockets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: headers by name in small letters, parameters of the query, the body."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str  # as the client sees the forum, without a slash at the end


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. If there are `pieces`, they go out after `body`, and no length is announced."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    pieces: Iterator[bytes] | None = None
    is_cut: bool = False  # the connection closes without a response


def as_page(status: int, title: str, body: str = "", head: str = "") -> Answer:
    """Return a page; `title` is plain, `body` and `head` are HTML."""
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title>{head}</head>"
        f"<body>{body or f'<h1>{escape(title)}</h1>'}</body></html>"
    )
    return Answer(status, {"Content-Type": HTML}, html.encode())
