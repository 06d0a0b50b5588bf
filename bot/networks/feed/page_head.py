"""Reads what a page says about itself: its title, its base and its links. In one pass over its text.

A parser of whole pages takes quadratic time for some documents, and this runs beside people's presses. Here
every search goes on where the last one ended, and a tag is at most 4,000 characters.
"""

import codecs
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_TAG_MAX_CHARS = 4_000
_LINKS_MAX = 400
_TITLE_MAX_CHARS = 200
_SNIFF_BYTES = 2_048
# Only a closing tag ends these, whatever is in between. `noscript` is read, as if there were no scripts.
_OPAQUE = ("script", "style", "textarea", "svg", "template", "iframe")
_START = re.compile(rf"<(?:(!--)|(title|link|base|{'|'.join(_OPAQUE)})(?=[\s/>]))", re.IGNORECASE)
_TAG_ATTRIBUTE = re.compile(
    r"\s*+/?+\s*+([^\s=>\"'/]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>\"']++)))?+"
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,200}>")
# Characters that show nothing, or turn the text around them.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")


@dataclass(slots=True)
class PageHead:
    """A page's title as plain text (None: it has none), its base address as written, and its link tags."""

    title: str | None = None
    base: str = ""
    links: list[Mapping[str, str]] = field(default_factory=list)


def read_head(body: bytes, content_type: str) -> PageHead:
    """Return what the page in `body` says about itself; for anything that is no page, next to nothing."""
    text = decode_page(body, content_type)
    head = PageHead()
    for name, start in _tags(text):
        if name == "title" and head.title is None:
            opened = text.find(">", start, start + _TAG_MAX_CHARS) + 1
            markup = _up_to_end(text, opened, "title") if opened else ""
            head.title = one_line(html.unescape(_MARKUP.sub(" ", markup))) or None
        elif name == "base" and not head.base:
            head.base = _attributes(text, start).get("href", "")
        elif name == "link" and len(head.links) < _LINKS_MAX:
            head.links.append(_attributes(text, start))
    return head


def decode_page(body: bytes, content_type: str) -> str:
    """Return a page's text, in the encoding that its mark, its header or its own words name; else UTF-8."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    declared = _CHARSET.search(content_type) or _DECLARED.search(body[:_SNIFF_BYTES])
    if declared is not None:
        name = declared[1].decode() if isinstance(declared[1], bytes) else declared[1]
        try:
            codec = codecs.lookup(name)
        except LookupError:
            codec = None
        if codec is not None and codec._is_text_encoding:  # noqa: SLF001 - as bytes.decode asks
            usual = (
                "windows-1252" if codec.name in {"iso8859-1", "ascii"} else codec.name
            )  # as browsers read it
            return body.decode(usual, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("windows-1252", "replace")


def one_line(text: str) -> str:
    """Return plain `text` as one line of at most 200 characters, without what does not show."""
    line = " ".join(_UNSEEN.sub(" ", text[:_TAG_MAX_CHARS]).split())
    return line if len(line) <= _TITLE_MAX_CHARS else line[: _TITLE_MAX_CHARS - 1].rstrip() + "…"


def _tags(text: str) -> Iterator[tuple[str, int]]:
    """Yield each tag that matters and where its attributes begin; comments and scripts are skipped."""
    at = 0
    while (match := _START.search(text, at)) is not None:
        at = match.end()
        if match[1]:
            end = text.find("-->", at)
            if end < 0:
                return
            at = end + 3
            continue
        name = match[2].lower()
        if name in _OPAQUE:
            end = _closing(text, at, name)
            if end < 0:
                return
            at = end
            continue
        yield name, match.end()
        if name == "title":
            at = _closing(text, at, name)
            if at < 0:
                return


def _closing(text: str, at: int, name: str) -> int:
    """Return where `</name` begins after `at`; -1 if it does not."""
    match = _CLOSERS[name].search(text, at)
    return match.start() if match else -1


_CLOSERS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in (*_OPAQUE, "title")}


def _up_to_end(text: str, at: int, name: str) -> str:
    end = _closing(text, at, name)
    return text[at : end if 0 <= end <= at + _TAG_MAX_CHARS else at + _TAG_MAX_CHARS]


def _attributes(text: str, start: int) -> dict[str, str]:
    """Return the attributes that begin at `start`, by name in small letters; of two alike the first."""
    tag = text[start : start + _TAG_MAX_CHARS]
    found: dict[str, str] = {}
    at = 0
    while (match := _TAG_ATTRIBUTE.match(tag, at)) is not None and match.end() > at:
        at = match.end()
        value = next((each for each in match.groups()[1:] if each is not None), "")
        found.setdefault(match[1].lower(), html.unescape(value).strip())
    return found
