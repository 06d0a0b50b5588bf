"""From what a feed has as title and content to plain characters. Pure.

Atom says whether its words are text or HTML (RFC 4287 section 3.1), JSON Feed has a field for each. RSS does
not say: its `<description>` may be either, and so may its `<title>`
(https://www.rssboard.org/rss-profile#data-types-characterdata). There, words are HTML if they hold an entity
of HTML or its tags; what looks like a tag and is none, as in `List<String>`, stays.
"""

import re
from html import escape
from html.entities import html5
from typing import Literal

from bot.networks.feed.documents import TEXT_MAX_CHARS, TITLE_MAX_CHARS
from bot.networks.html_text import html_to_text
from models.core.normalize import sanitize

Markup = Literal["text", "html", "unsaid"]
"""What words are: text, HTML, or the feed does not say."""

_HTML_NAMES = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "address",
        "area",
        "article",
        "aside",
        "audio",
        "b",
        "base",
        "basefont",
        "bdi",
        "bdo",
        "big",
        "blink",
        "blockquote",
        "body",
        "br",
        "button",
        "canvas",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "data",
        "datalist",
        "dd",
        "del",
        "details",
        "dfn",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "em",
        "embed",
        "fieldset",
        "figcaption",
        "figure",
        "font",
        "footer",
        "form",
        "frame",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hgroup",
        "hr",
        "html",
        "i",
        "iframe",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "legend",
        "li",
        "link",
        "main",
        "map",
        "mark",
        "marquee",
        "math",
        "menu",
        "meta",
        "meter",
        "nav",
        "nobr",
        "noscript",
        "object",
        "ol",
        "optgroup",
        "option",
        "output",
        "p",
        "param",
        "picture",
        "pre",
        "progress",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "script",
        "section",
        "select",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "style",
        "sub",
        "summary",
        "sup",
        "svg",
        "table",
        "tbody",
        "td",
        "template",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "time",
        "title",
        "tr",
        "track",
        "tt",
        "u",
        "ul",
        "var",
        "video",
        "wbr",
    ]
)
_TAG_START = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,40})(?=[\s/>])")
_NO_TAG = re.compile(r"<(?!/?[A-Za-z][A-Za-z0-9:-]{0,40}[\s/>]|!--|!\[CDATA\[)")
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_VOID_IN_TITLES = re.compile(r"<(?:br|wbr|img|hr)\b[^<>]*/>", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_CUT_ENDS = ("…", "...", "[…]", "[...]")


def title_text(value: str, markup: Markup, base: str) -> str:
    """Return a title in one line."""
    words = _read(value, markup, base, is_title=True)
    return _cut(_BLANKS.sub(" ", words).strip(), TITLE_MAX_CHARS)


def body_text(value: str, markup: Markup, base: str) -> str:
    """Return an entry's words, with its paragraphs."""
    return _read(value, markup, base, is_title=False)


def title_and_text(title: str, text: str) -> tuple[str, str]:
    """Return a title, and the text without it.

    A title that is only the cut beginning of the text is none: sites whose posts have no titles make such.
    """
    text = text.strip("\n ")
    plain = _BLANKS.sub(" ", text).strip()
    if title and plain == title:
        return title, ""
    first, _, rest = text.partition("\n")
    if title and first.strip() == title:
        return title, _cut(rest.strip("\n"), TEXT_MAX_CHARS)
    for end in _CUT_ENDS:
        beginning = title.removesuffix(end).rstrip()
        if title.endswith(end) and beginning and plain.startswith(beginning):
            return "", _cut(text, TEXT_MAX_CHARS)
    return title, _cut(text, TEXT_MAX_CHARS)


def _read(value: str, markup: Markup, base: str, *, is_title: bool) -> str:
    if markup == "unsaid":
        markup = "html" if _is_html(value, is_title=is_title) else "text"
        if markup == "html":
            value = _keep_what_is_no_tag(value)
    if markup == "html":
        return html_to_text(value, base)
    return sanitize(value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _is_html(value: str, *, is_title: bool) -> bool:
    if any(name.startswith("#") or name + ";" in html5 for name in _ENTITY.findall(value)):
        return True
    if _VOID_IN_TITLES.search(value):
        return True
    opened = set()
    for slash, name in _TAG_START.findall(value):
        if name.lower() in _HTML_NAMES:
            # People write about <b> in titles; a pair of tags marks words up.
            if not is_title or (slash and name.lower() in opened):
                return True
            opened.add(name.lower())
    return False


def _keep_what_is_no_tag(value: str) -> str:
    """The HTML with `&lt;` for each `<` that begins no element of HTML, no custom element and no comment."""

    def replace(match: re.Match[str]) -> str:
        name = match[2].lower()
        is_element = name in _HTML_NAMES or "-" in name or ":" in name
        return match[0] if is_element else escape(match[0])

    return _TAG_START.sub(replace, _NO_TAG.sub("&lt;", value))


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return text[: most - 1].rstrip() + "…"
