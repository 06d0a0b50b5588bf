"""From the HTML of a post to what its author wrote. Pure.

Mastodon's own posts have `p`, `br`, `span` and `a` alone (https://docs.joinmastodon.org/spec/activitypub/);
other software and feeds send more. Mastodon shows a link cut, with the rest in `span.invisible`; a quote in
old clients' form is `.quote-inline`. No ready converter is right on all of these, so nh3 cleans and this
reads.
"""

import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin

import nh3

from models.core.normalize import sanitize

_HTML_MAX_CHARS = 200_000
_TAGS_MAX = 2_000  # the time that cleaning takes grows with the square of their depth; more lose their layout
_DEPTH_SHOWN_MAX = 5  # of quotes and lists inside each other
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_PARAGRAPHS = {
    "p",
    "blockquote",
    "pre",
    "ul",
    "ol",
    "table",
    "figure",
    "section",
    "article",
    "dl",
    *_HEADINGS,
}
_LINES = {
    "li",
    "div",
    "tr",
    "dt",
    "dd",
    "figcaption",
    "caption",
    "header",
    "footer",
    "address",
    "center",
    "summary",
}
_CELLS = {"td", "th"}
_VOID = {"br", "img", "hr"}
_TAGS = {"a", "span", "code", "ruby", "rt", *_PARAGRAPHS, *_LINES, *_CELLS, *_VOID}
_ATTRIBUTES = {
    "*": {"hidden", "style"},
    "a": {"href", "class"},
    "span": {"class"},
    "p": {"class"},
    "img": {"alt"},
}
_CONTENT_DROPPED = {
    *(
        "script",
        "style",
        "template",
        "noscript",
        "iframe",
        "object",
        "video",
        "audio",
        "svg",
        "select",
        "title",
    ),
    "rp",  # it holds brackets for readers that know no ruby: ours are below
}
_UNSEEN = re.compile(r"<(script|style)\b.*?(?:</\1|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def html_to_text(html: str, base: str = "") -> str:
    """Return what a post says: paragraphs, lines, lists and quotes as one types them, addresses whole.

    A link over other words is followed by its address in brackets; one that shows its own address stands
    there once. Addresses are relative to `base`. A mention or hashtag is its words alone. Scripts and what is
    hidden are left out. What the author typed is never read as markup.
    """
    html = html[:_HTML_MAX_CHARS]
    if html.count("<") > _TAGS_MAX:
        return sanitize(" ".join(unescape(_TAG.sub(" ", _UNSEEN.sub(" ", html))).split()))
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel=None,
        clean_content_tags=_CONTENT_DROPPED,
    )
    reader = _Reader(base)
    reader.feed(clean)
    reader.close()
    return sanitize(reader.text())


class _Reader(HTMLParser):
    """Reads clean HTML, whose tags are all closed."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base
        self._lines: list[str] = []
        self._line = ""
        self._gap = 0  # line ends to be written before the next words
        self._prefix = ""  # a bullet, to be written before the next words
        self._quotes = 0
        self._lists: list[int | None] = []  # the last number of each list; None: bullets
        self._in_pre = 0
        self._stack: list[str] = []  # what each open span or p is: "", "invisible" or "dropped"
        self._link: tuple[str, bool] | None = None  # where a link leads, and whether its words are enough
        self._whole = self._shown = ""  # its words: with and without the invisible ones

    def text(self) -> str:
        lines = [*self._lines, self._line]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        classes = (given.get("class") or "").split()
        if tag not in _VOID:
            self._stack.append(
                "dropped"
                if "quote-inline" in classes or _is_hidden(given)
                else "invisible"
                if "invisible" in classes
                else ""
            )
        if tag == "br":
            self._write_line_end()
        elif tag == "hr":
            self._want_gap(2)
        elif tag in _CELLS:
            self._write(" ")
        elif tag == "img":
            self._write(given.get("alt") or "")
        elif tag == "a":
            is_name = bool({"mention", "hashtag"} & {*classes})
            self._link = (_joined(self._base, given.get("href") or ""), is_name)
            self._whole = self._shown = ""
        elif tag == "rt":
            self._write("(")
        elif tag in _PARAGRAPHS or tag in _LINES:
            self._open_block(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._close_link()
        elif tag == "rt":
            self._write(")")
        elif tag in _PARAGRAPHS or tag in _LINES:
            self._close_block(tag)
        if tag not in _VOID and self._stack:
            self._stack.pop()

    def handle_data(self, data: str) -> None:
        if self._link is not None and "dropped" not in self._stack:
            words = _BLANKS.sub(" ", data)
            self._whole += words
            if "invisible" not in self._stack:
                self._shown += words
        else:
            self._write(data)

    def _write(self, data: str) -> None:
        if "dropped" in self._stack or "invisible" in self._stack:
            return
        if self._link is not None:
            self._whole += data
            self._shown += data
            return
        if self._in_pre:
            first, *more = data.split("\n")
            self._add(first)
            for line in more:
                self._write_line_end()
                self._add(line)
            return
        self._add(_BLANKS.sub(" ", data), trims=True)

    def _add(self, words: str, *, trims: bool = False) -> None:
        if trims and (self._gap or not self._line or self._line.endswith(" ")):
            words = words.lstrip(" ")
        if not words:
            return
        if self._gap:
            self._end_lines(self._gap)
        self._line += (self._line_start() if not self._line else "") + self._prefix + words
        self._prefix = ""

    def _line_start(self) -> str:
        indent = min(len(self._lists) - 1, _DEPTH_SHOWN_MAX)
        return "> " * min(self._quotes, _DEPTH_SHOWN_MAX) + "  " * max(0, indent)

    def _write_line_end(self) -> None:
        if "dropped" in self._stack:
            return
        if self._gap:
            self._end_lines(self._gap)
        self._end_lines(1)

    def _end_lines(self, count: int) -> None:
        """End the line that is being written and leave `count` - 1 empty ones."""
        if self._line or self._lines:
            self._lines += [self._line] + [self._line_start().rstrip()] * (count - 1)
        self._line, self._gap = "", 0

    def _open_block(self, tag: str) -> None:
        if "dropped" in self._stack:
            return
        self._want_gap(1 if tag in _LINES or (tag in {"ul", "ol"} and self._lists) else 2)
        if tag == "blockquote":
            if self._gap:
                self._end_lines(self._gap)
            self._quotes += 1
        elif tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            number = self._lists[-1] if self._lists else None
            if number is not None:
                self._lists[-1] = number + 1
            self._prefix = "- " if number is None else f"{number + 1}. "
        elif tag == "pre":
            self._in_pre += 1

    def _close_block(self, tag: str) -> None:
        if "dropped" in self._stack:
            return
        if tag == "blockquote":
            self._end_lines(1)
            self._quotes -= 1
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._in_pre -= 1
        self._want_gap(1 if tag in _LINES or (tag in {"ul", "ol", "p"} and self._lists) else 2)

    def _want_gap(self, lines: int) -> None:
        """Let the next words begin a new line, or after an empty one; a bullet keeps its first words."""
        if self._line:
            self._gap = max(self._gap, lines)
        elif self._lines and not self._prefix:
            self._gap = max(self._gap, lines - 1)

    def _close_link(self) -> None:
        if self._link is None:
            return
        (leads_to, is_name), self._link = self._link, None
        words = self._shown.strip()
        if is_name or not leads_to or not words:
            self._write(self._shown if words else leads_to)
        elif _is_same_address(self._whole, leads_to):
            self._write(self._whole.strip() if _SCHEME.match(self._whole.strip()) else leads_to)
        elif words.startswith(("@", "#")):
            self._write(self._shown)
        else:
            self._write(f"{words} ({leads_to})")


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "hidden" in attributes or "display:none" in style or "visibility:hidden" in style


def _joined(base: str, address: str) -> str:
    if not base or not address:
        return address
    if address.startswith("#"):  # within the text itself, such as a footnote
        return ""
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _is_same_address(shown: str, leads_to: str) -> bool:
    return _comparable(shown) == _comparable(leads_to)


def _comparable(address: str) -> str:
    bare = unquote(_SCHEME.sub("", address.strip(), count=1)).rstrip("/")
    host, slash, path = bare.partition("/")
    return host.lower() + slash + path
