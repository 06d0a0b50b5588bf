"""OPML, the list of feeds that other readers export: http://opml.org/spec2.opml. Pure."""

from bot.networks.feed.documents import NotAFeed
from bot.networks.feed.formats.characters import decode
from bot.networks.feed.formats.entry_text import title_text
from bot.networks.feed.formats.links import is_web_address
from bot.networks.feed.formats.markup import Element, read_markup

OPML_FEEDS_MAX = 1_000


def parse_opml(body: bytes) -> list[tuple[str, str]]:
    """Return the title and the address of each feed in it, in its order, each address once.

    Feeds in folders count like all others; the title is empty if the list has none. Only http(s) addresses.
    Raises NotAFeed if it is no OPML.
    """
    root = read_markup(
        decode(body, ""), counts=lambda element: "xmlurl" in element.attributes, most=OPML_FEEDS_MAX
    )
    if root.name != "opml":
        raise NotAFeed("It is no list of feeds (OPML).")
    found: dict[str, str] = {}
    pending: list[Element] = [root]
    while pending:
        element = pending.pop()
        address = element.attributes.get("xmlurl", "").strip()
        if element.name == "outline" and is_web_address(address):
            title = element.attributes.get("title") or element.attributes.get("text") or ""
            found.setdefault(address, title_text(title, "text", ""))
        pending.extend(part for part in reversed(element.parts) if isinstance(part, Element))
    return [(title, address) for address, title in found.items()]
