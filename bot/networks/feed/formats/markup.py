"""A tree of elements from XML, well-formed or not. Pure.

Expat reads what is well-formed. Where it stops, a reader of our own goes over the same characters and lets
end tags and ends of text be missing. Before either, entities of HTML that nobody declared become characters,
as feeds are full of `&nbsp;` and of a lone `&`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from html.entities import html5
from itertools import islice
from typing import Final
from urllib.parse import urljoin
from xml.parsers import expat

from bot.networks.feed.documents import NotAFeed

NO_MARKUP = "It is neither XML nor JSON, so it is no feed."
_DEPTH_MAX = 256  # what is nested deeper belongs to its ancestor at this depth
_ELEMENTS_MAX = 100_000
_ATTRIBUTES_MAX = 100  # of one element, and prefixes that are known in one
_GROWTH_MAX = 4  # times the document, for characters that come out of entities

_XML_ENTITIES = {"amp", "lt", "gt", "quot", "apos"}
_KEPT_OR_ENTITY = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*\Z)|<!--(?:.*?-->|.*\Z)|&(?:#[xX]?[0-9a-fA-F]{1,7};|[A-Za-z][A-Za-z0-9]{0,31};)?",
    re.DOTALL,
)
_DECLARATION = re.compile(r"\A<\?xml[^>]*\?>")
_DECLARED_ENTITY = re.compile(r"<!ENTITY\s{1,9}([A-Za-z][A-Za-z0-9]{0,31})\s")
_CDATA, _COMMENT = "<![CDATA[", "<!--"
_TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?(?=\]\]>)|.*\Z)(?:\]\]>)?"
    r"|<!--(?:.*?-->|.*\Z)"
    r"|<[!?][^<>\[]*(?:\[[^\[\]]{0,5000}\][^<>]*)?>"
    r"|</\s{0,9}(?P<end>[^\s<>/]+)[^<>]*>"
    r"|<(?P<start>[A-Za-z_][^\s<>/]*)(?P<attributes>(?:[^<>\"']++|\"[^\"<]*\"|'[^'<]*')*+)>"
    r"|(?P<text>[^<]+|<)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"(?<![^\s\"'/])([^\s=<>\"'/]++)\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))"
)

_VOID = {
    "area",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "param",
    "source",
    "track",
    "wbr",
}

_BY_URI: Final[Mapping[str, str]] = {
    "http://www.w3.org/2005/atom": "atom",
    "http://purl.org/atom/ns#": "atom",
    "http://purl.org/rss/1.0": "",
    "http://purl.org/rss/1.0/modules/rss091#": "",
    "http://my.netscape.com/rdf/simple/0.9": "",
    "http://channel.netscape.com/rdf/simple/0.9": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://cyber.law.harvard.edu/rss": "",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://purl.org/rss/1.0/modules/syndication": "sy",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/elements/1.0": "dc",
    "http://purl.org/dc/terms": "dcterms",
    "http://search.yahoo.com/mrss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://purl.org/syndication/thread/1.0": "thr",
}
_ANY_RSS = "http://backend.userland.com/"
_UNDECLARED = {
    "atom",
    "content",
    "dc",
    "dcterms",
    "feedburner",
    "itunes",
    "media",
    "rdf",
    "sy",
    "thr",
    "xhtml",
}


@dataclass(slots=True, eq=False)
class Element:
    """One element: its vocabulary (`atom`, `dc`, …; empty: RSS or none), its name in small letters.

    `parts` are its text and its children as they stand. `base` is what the addresses in it are relative to,
    as far as the document says, and `lang` the language of its words. Names of attributes are as written, in
    small letters.
    """

    space: str
    name: str
    attributes: dict[str, str]
    base: str = ""
    lang: str = ""
    parts: "list[str | Element]" = field(default_factory=list)
    uri: str = ""

    def children(self, *names: str) -> "Iterator[Element]":
        """Child elements called one of `names`, such as `pubdate` or `atom:link`, in the document's order."""
        for part in self.parts:
            if isinstance(part, Element) and part.full_name in names:
                yield part

    def child(self, *names: str) -> "Element | None":
        """The first child that has words or children, by the order of `names`; else None."""
        for name in names:
            for found in self.children(name):
                if found.parts:
                    return found
        return None

    @property
    def full_name(self) -> str:
        """The name with its vocabulary, such as `atom:link`; without for RSS."""
        return f"{self.space}:{self.name}" if self.space else self.name

    @property
    def text(self) -> str:
        """The characters in it, those of its children included, without blanks around them."""
        return "".join(part for part in _flat(self) if isinstance(part, str)).strip()

    @property
    def has_children(self) -> bool:
        """Whether there is an element in it."""
        return any(isinstance(part, Element) for part in self.parts)

    def inner_html(self) -> str:
        """What is in it as HTML: what was text stays text."""
        out: list[str] = []
        for part in _flat(self, ends=True):
            if isinstance(part, str):
                out.append(escape(part, quote=False))
            elif isinstance(part, Element):
                attributes = "".join(f' {name}="{escape(value)}"' for name, value in part.attributes.items())
                out.append(f"<{part.name}{attributes}>")
            elif part.name not in _VOID:
                out.append(f"</{part.name}>")
        return "".join(out)


@dataclass(frozen=True, slots=True)
class _End:
    name: str


def _flat(element: Element, *, ends: bool = False) -> "Iterator[str | Element | _End]":
    pending: list[str | Element | _End] = list(reversed(element.parts))
    while pending:
        part = pending.pop()
        yield part
        if isinstance(part, Element):
            if ends:
                pending.append(_End(part.name))
            pending.extend(reversed(part.parts))


def read_markup(text: str, *, counts: Callable[[Element], bool], most: int) -> Element:
    """Return the root element of a document.

    Of the elements for which `counts` is true, those after the first `most` are left out. Raises NotAFeed if
    there is no element at all, or if it is made to grow without end.
    """
    start = text.find("<")
    if start < 0:
        raise NotAFeed(NO_MARKUP)
    text = _DECLARATION.sub("", text[start:])
    repaired = _resolve_entities(text)
    builder = _Builder(counts, most)
    try:
        _read_strictly(repaired, builder)
    except expat.ExpatError:
        builder = _Builder(counts, most)
        _read_loosely(repaired, builder)
    if builder.root is None:
        raise NotAFeed(NO_MARKUP)
    return builder.root


def _resolve_entities(text: str) -> str:
    """The document with characters for HTML's entities, and with `&amp;` for each `&` that begins none."""
    declared = {*_XML_ENTITIES, *_DECLARED_ENTITY.findall(text[:10_000])}

    def replace(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith((_CDATA, _COMMENT)):
            return found
        if found == "&":
            return "&amp;"
        name = found[1:-1]
        if name in declared:
            return found
        if name.startswith("#") or name + ";" in html5:
            # `unescape` also takes &#146; for what Windows means by it.
            return escape(unescape(found).replace("\0", ""), quote=True)
        return "&amp;" + found[1:]

    return _KEPT_OR_ENTITY.sub(replace, text)


def _read_strictly(text: str, builder: "_Builder") -> None:
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.EntityDeclHandler = _refuse_nested_entities
    builder.most_characters = _GROWTH_MAX * len(text) + 10_000
    parser.Parse(text.encode("utf-8", "replace"), True)


def _refuse_nested_entities(
    _name: str, _is_parameter: bool, value: str | None, *_external: str | None
) -> None:
    """Stop at an entity made of others, which is how a small document becomes a huge one."""
    if value is not None and "&" in value.replace("&#", ""):
        raise NotAFeed("It defines abbreviations out of other abbreviations, which no feed needs.")


def _read_loosely(text: str, builder: "_Builder") -> None:
    builder.is_loose = True
    for token in _TOKEN.finditer(text):
        if token["cdata"] is not None:
            builder.characters(token["cdata"])
        elif token["end"]:
            builder.end(token["end"])
        elif token["start"]:
            attributes = {
                name: unescape(double or single or bare)
                for name, double, single, bare in (
                    found.groups("")
                    for found in islice(_ATTRIBUTE.finditer(token["attributes"]), _ATTRIBUTES_MAX)
                )
            }
            builder.start(token["start"], attributes)
            if token["attributes"].rstrip().endswith("/"):
                builder.end(token["start"])
        elif token["text"]:
            builder.characters(unescape(token["text"]))


class _Builder:
    """Puts the tree together."""

    def __init__(self, counts: Callable[[Element], bool], most: int) -> None:
        self.root: Element | None = None
        self.is_loose = False
        self.most_characters: int | None = None
        self._counts = counts
        self._left = most
        self._open: list[tuple[str, Element, dict[str, str]]] = []  # as written, and the prefixes known in it
        self._skipped: list[str] = []  # open elements of which nothing is kept
        self._elements = self._characters = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Open an element."""
        if self._skipped or (self.root is not None and not self._open):
            self._skipped.append(name)
            return
        self._elements += 1
        if self._elements > _ELEMENTS_MAX:
            raise NotAFeed(f"It has more than {_ELEMENTS_MAX:,} elements, too many for a feed.", "too long")
        parent, prefixes = (self._open[-1][1], self._open[-1][2]) if self._open else (None, {})
        given = {key.lower(): value for key, value in islice(attributes.items(), _ATTRIBUTES_MAX)}
        declared = {
            key.removeprefix("xmlns").removeprefix(":"): value
            for key, value in given.items()
            if key == "xmlns" or key.startswith("xmlns:")
        }
        if declared:
            prefixes = prefixes | declared if len(prefixes) < _ATTRIBUTES_MAX else prefixes
            given = {key: value for key, value in given.items() if not key.startswith("xmlns")}
        prefix, _, local = name.lower().rpartition(":")
        uri = prefixes.get(prefix, "")
        element = Element(
            space=_space(prefix, uri, is_declared=prefix in prefixes),
            name=local,
            attributes=given,
            base=_joined(parent.base if parent else "", given.get("xml:base", "")),
            lang=given.get("xml:lang", parent.lang if parent else ""),
            uri=uri,
        )
        if self._counts(element):
            self._left -= 1
            if self._left < 0:
                self._skipped.append(name)
                return
        if parent is None:
            self.root = element
        elif len(self._open) < _DEPTH_MAX:
            parent.parts.append(element)
        if len(self._open) >= _DEPTH_MAX:
            element = self._open[-1][1]
        self._open.append((name, element, prefixes))

    def end(self, name: str) -> None:
        """Close an element: in loose reading the nearest of that name, with all that stands open in it."""
        if self._skipped:
            if self._skipped[-1] == name or not self.is_loose:
                self._skipped.pop()
            elif name in self._skipped:
                del self._skipped[len(self._skipped) - 1 - self._skipped[::-1].index(name) :]
            return
        if not self.is_loose:
            self._open.pop()
            return
        for depth in range(len(self._open) - 1, max(-1, len(self._open) - 1 - _DEPTH_MAX), -1):
            if self._open[depth][0].lower() == name.lower():
                del self._open[depth:]
                return

    def characters(self, data: str) -> None:
        """Add text."""
        self._characters += len(data)
        if self.most_characters is not None and self._characters > self.most_characters:
            raise NotAFeed("It grows to many times its size when it is read, so it is not read.", "too long")
        if self._open and not self._skipped:
            self._open[-1][1].parts.append(data)


def _space(prefix: str, uri: str, *, is_declared: bool) -> str:
    known = uri.strip().lower().rstrip("/")
    if known in _BY_URI:
        return _BY_URI[known]
    if known.startswith(_ANY_RSS):
        return ""
    if is_declared and prefix and uri:
        return uri
    return prefix if prefix in _UNDECLARED else prefix and f"?{prefix}"


def _joined(base: str, more: str) -> str:
    try:
        return urljoin(base, more.strip())
    except ValueError:
        return base
