"""A document of any format, read as a feed. Pure; `parse_process` runs it where it can do no harm."""

from bot.networks.feed.documents import FeedDocument, NotAFeed
from bot.networks.feed.formats.characters import decode
from bot.networks.feed.formats.json_feed import read_json
from bot.networks.feed.formats.xml_feed import read_xml


def parse_document(body: bytes, content_type: str, address: str) -> FeedDocument:
    """Return what a feed says.

    `address` is where the document was found, after redirects: addresses in it are relative to that. What the
    document begins with counts, not what `content_type` claims. Raises NotAFeed if it is no feed.
    """
    text = decode(body, content_type).strip()
    if not text:
        raise NotAFeed("It is empty.", "empty")
    if text.startswith(("{", "[")):
        return read_json(text, address)
    if text[:200].lstrip("\ufeff \n").lower().startswith(("<!doctype html", "<html")):
        raise NotAFeed("It is a web page, not a feed.", "html")
    return read_xml(text, address)
