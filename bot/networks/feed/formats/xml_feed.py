"""RSS 0.90 to 2.0, RDF, Atom 0.3 and 1.0, from their elements. Pure.

One reader for all, as feeds mix them: RSS with `atom:link` and `dc:creator`, Atom with `media:group`. The
rules are at https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, in RFC 4287,
and for the links to answers in RFC 4685.
"""

import base64
import binascii
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.networks.feed.documents import ENTRIES_MAX, FeedDocument, FeedEntry, NotAFeed
from bot.networks.feed.formats.dates import parse_date
from bot.networks.feed.formats.entry_text import Markup, body_text, title_and_text, title_text
from bot.networks.feed.formats.identity import entry_key, one_for_each_key
from bot.networks.feed.formats.links import is_web_address, whole_link
from bot.networks.feed.formats.markup import Element, read_markup
from bot.networks.feed.formats.xml_media import entry_media
from bot.networks.feed.formats.xml_people import entry_author
from bot.networks.values import UnreadableRow

RAW_MAX_CHARS = 2_000
NO_WORDS = "It has no id, no link, no title and no text."

_POSTED = (
    *("atom:published", "published", "atom:issued", "issued", "pubdate", "dc:date"),
    *("dcterms:issued", "dcterms:created", "atom:created", "created"),
)
_UPDATED = ("atom:updated", "updated", "atom:modified", "modified", "dcterms:modified")
_TEXTS = (
    *("content:encoded", "atom:content", "content", "xhtml:body", "xhtml:div", "body"),
    *("atom:summary", "description", "summary", "itunes:summary", "dc:description", "media:description"),
    "itunes:subtitle",
)
_PLAIN = {"media:description", "itunes:subtitle"}  # by their specifications; any other of RSS may be HTML
_IANA = "http://www.iana.org/assignments/relation/"
_PERIODS = {"hourly": 1, "daily": 24, "weekly": 168, "monthly": 720, "yearly": 8760}  # hours
_TTL_MAX = timedelta(days=30)
_ATOM_03 = "http://purl.org/atom/ns#"
_RSS_090 = "http://my.netscape.com/rdf/simple/0.9/"


def read_xml(text: str, address: str) -> FeedDocument:
    """Return the feed that an XML document is. Raises NotAFeed if it is none, and says what it is."""
    root = read_markup(text, counts=_is_entry, most=ENTRIES_MAX)
    feed, entries, kind = _parts(root)
    read: list[FeedEntry] = []
    unreadable: list[UnreadableRow] = []
    for entry in entries:
        one = _read_entry(entry, feed, address)
        if one is None:
            unreadable.append(UnreadableRow(entry.inner_html()[:RAW_MAX_CHARS], NO_WORDS))
        else:
            read.append(one)
    title = feed.child("atom:title", "title", "dc:title")
    return FeedDocument(
        title=_title(title, address) if title else "",
        link=_link(feed, address),
        kind=kind,
        entries=one_for_each_key(read),
        unreadable=tuple(unreadable),
        ttl=_ttl(feed),
    )


def _is_entry(element: Element) -> bool:
    return element.full_name in {"item", "entry", "atom:entry"}


def _parts(root: Element) -> tuple[Element, list[Element], str]:
    """The element that describes the feed, its entries, and the name of the format."""
    if root.name == "feed" and root.space in {"", "atom"}:
        version = root.attributes.get("version", "0.3" if root.uri.lower() == _ATOM_03 else "1.0")
        return root, list(root.children("atom:entry", "entry")), f"Atom {version[:9]}"
    if root.full_name == "rdf:rdf":
        channel = next(root.children("channel"), root)
        version = "0.90" if _RSS_090 in {channel.uri.lower(), root.uri.lower()} else "1.0"
        return channel, [*channel.children("item"), *root.children("item")], f"RSS {version}"
    if root.name in {"rss", "channel"} and not root.space:
        channel = root if root.name == "channel" else next(root.children("channel"), root)
        items = [*channel.children("item"), *(root.children("item") if channel is not root else ())]
        return channel, items, f"RSS {root.attributes.get('version', '')[:9]}".strip()
    if root.name == "html":
        raise NotAFeed("It is a web page, not a feed.", "html")
    if root.name == "opml":
        raise NotAFeed("It is a list of feeds (OPML), not a feed.", "opml")
    if root.name in {"urlset", "sitemapindex"}:
        raise NotAFeed("It is a sitemap, not a feed.")
    raise NotAFeed(f"It is XML, but not a feed: it begins with <{root.name[:40]}>.")


def _read_entry(entry: Element, feed: Element, address: str) -> FeedEntry | None:
    """The entry; None if it says nothing at all."""
    title_element = entry.child("atom:title", "title", "dc:title", "media:title")
    group = next(entry.children("media:group"), None)
    if title_element is None and group is not None:
        title_element = group.child("media:title")
    body, words = _body(entry, group, address)
    title, text = title_and_text(_title(title_element, address) if title_element else "", words)
    guid = entry.child("guid", "atom:id", "id", "dc:identifier")
    entry_id = guid.text if guid else _about(entry)
    link = _link(entry, address) or _guid_link(guid, entry_id)
    if not (entry_id or link or title or text):
        return None
    pictures, enclosures = entry_media(entry, address)
    updated = _date(entry, _UPDATED)
    return FeedEntry(
        key=entry_key(entry_id, link, f"{title}\n{words}"),
        link=link,
        title=title,
        text=text,
        author=entry_author(entry, feed),
        posted_at=_date(entry, _POSTED) or updated,
        updated_at=updated,
        pictures=pictures,
        enclosures=enclosures,
        lang=_language(entry, body or title_element, feed),
        comments_link=_comments_link(entry, address),
    )


def _body(entry: Element, group: Element | None, address: str) -> tuple[Element | None, str]:
    """The element with the entry's words, and these: its content, else what sums it up, else a caption."""
    for holder in filter(None, (entry, group)):
        for name in _TEXTS:
            for element in holder.children(name):
                value, markup = _words(element)
                base = whole_link(element.base, "", address) or address
                if value and (text := body_text(value, markup, base)):
                    return element, text
    return None, ""


def _title(element: Element, address: str) -> str:
    value, markup = _words(element)
    return title_text(value, markup, whole_link(element.base, "", address) or address)


def _words(element: Element) -> tuple[str, Markup]:
    """What an element says, and whether that is HTML; nothing if it is no text, such as a picture."""
    kind = element.attributes.get("type", "").strip().lower()
    if element.space == "atom" and kind.endswith(("+xml", "/xml")) and kind != "application/xhtml+xml":
        return "", "text"
    if element.has_children:
        return element.inner_html(), "html"
    if element.space != "atom" and element.name not in {"summary", "content"}:
        is_plain = element.full_name in _PLAIN and not kind.endswith("html")
        return element.text, "text" if is_plain else "unsaid"
    value = element.text
    if element.attributes.get("mode", "").strip().lower() == "base64":
        try:
            value = base64.b64decode(value).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return "", "text"
    if kind in {"html", "xhtml", "text/html", "application/xhtml+xml"}:
        return value, "html"
    return (value, "text") if not kind or kind == "text" or kind.startswith("text/") else ("", "text")


def _link(holder: Element, address: str) -> str | None:
    """The page of an entry or of the feed."""
    for one in holder.children("feedburner:origlink"):
        if link := whole_link(one.text, one.base, address):
            return link
    for one in holder.children("link"):
        if not one.attributes.get("href") and (link := whole_link(one.text, one.base, address)):
            return link
    pages = [
        (
            one.attributes.get("type", "text/html").strip().lower()
            not in {"text/html", "application/xhtml+xml"},
            link,
        )
        for one in _links(holder, "alternate")
        if (link := whole_link(one.attributes["href"], one.base, address))
    ]
    return min(pages, key=lambda page: page[0])[1] if pages else None


def _links(holder: Element, rel: str) -> Iterator[Element]:
    for one in holder.children("atom:link", "link"):
        said = one.attributes.get("rel", "alternate").strip()
        if one.attributes.get("href") and said.removeprefix(_IANA).lower() == rel:
            yield one


def _guid_link(guid: Element | None, entry_id: str) -> str | None:
    """An id that is an address, unless RSS says that it is no page."""
    is_page = guid is None or guid.attributes.get("ispermalink", "true").strip().lower() != "false"
    return whole_link(entry_id, "", "") if is_page and is_web_address(entry_id) else None


def _about(entry: Element) -> str:
    """An RDF item's identity: https://web.resource.org/rss/1.0/spec#s5.5."""
    return next((value for name, value in entry.attributes.items() if name.endswith(":about")), "")


def _comments_link(entry: Element, address: str) -> str | None:
    for one in entry.children("comments"):
        if link := whole_link(one.text, one.base, address):
            return link
    for one in _links(entry, "replies"):
        # The same link may lead to a feed of the answers.
        if one.attributes.get("type", "text/html").strip().lower() in {"text/html", "application/xhtml+xml"}:
            return whole_link(one.attributes["href"], one.base, address)
    return None


def _date(entry: Element, names: tuple[str, ...]) -> datetime | None:
    for name in names:
        for one in entry.children(name):
            if moment := parse_date(one.text):
                return moment
    return None


def _language(entry: Element, body: Element | None, feed: Element) -> str | None:
    own = next(entry.children("dc:language", "language"), None)
    whole = feed.child("language", "dc:language")
    for said in (
        own.text if own else "",
        body.lang if body else "",
        entry.lang,
        whole.text if whole else "",
        feed.lang,
    ):
        tag = said.strip().replace("_", "-")
        if tag and len(tag) <= len("en-Latn-x-something-long-as-tags-may-be"):
            return tag
    return None


def _ttl(feed: Element) -> timedelta | None:
    """How long a publisher wants its feed to be kept: RSS's minutes, or the syndication module's period."""
    minutes = _number(feed, "ttl")
    if minutes is not None and minutes > 0:
        return min(timedelta(minutes=min(minutes, 10**6)), _TTL_MAX)
    period = feed.child("sy:updateperiod")
    hours = _PERIODS.get(period.text.lower()) if period else None
    if hours is None:
        return None
    return min(
        timedelta(hours=hours) / min(max(_number(feed, "sy:updatefrequency") or 1, 1), 10**4), _TTL_MAX
    )


def _number(feed: Element, name: str) -> int | None:
    found = feed.child(name)
    text = found.text if found else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None  # noqa: PLR2004 - no bigger
