"""Who wrote an entry of RSS or Atom. Pure."""

import re
from collections.abc import Iterator

from bot.networks.feed.formats.entry_text import title_text
from bot.networks.feed.formats.markup import Element

AUTHOR_MAX_CHARS = 200
_BEHIND_ADDRESS = re.compile(r"[^\s@()<>]+@[^\s@()<>]+\s{0,9}\(([^()]*)\)")  # ana@example.com (Ana Lima)
_BEFORE_ADDRESS = re.compile(
    r"([^@<>]+)<\s{0,9}[^\s@()<>]+@[^\s@()<>]+\s{0,9}>"
)  # Ana Lima <ana@example.com>


def names_in(holder: Element) -> str:
    """Return the people whom an entry, a feed or a source names, with commas between; empty if nobody.

    Dublin Core's creators count before RSS's own author, which has to be an e-mail address.
    """
    for names in (("dc:creator",), ("atom:author", "author"), ("itunes:author",), ("managingeditor",)):
        found = list(dict.fromkeys(name for one in holder.children(*names) if (name := _name(one))))
        if found:
            return ", ".join(found)[:AUTHOR_MAX_CHARS]
    return ", ".join(dict.fromkeys(_credits(holder)))[:AUTHOR_MAX_CHARS]


def entry_author(entry: Element, feed: Element) -> str:
    """Return the entry's author, else its source's, else the feed's (RFC 4287 section 4.2.1)."""
    if own := names_in(entry):
        return own
    for source in entry.children("atom:source", "source"):
        # An RSS source is the name of the feed that it was taken from.
        name = names_in(source) if source.has_children else title_text(source.text, "unsaid", "")
        if name:
            return name[:AUTHOR_MAX_CHARS]
    return names_in(feed)


def _name(person: Element) -> str:
    if person.has_children:
        part = person.child("atom:name", "name", "atom:email", "email", "atom:uri", "uri", "atom:url", "url")
        return title_text(part.text, "text", "") if part else title_text(person.text, "text", "")
    written = title_text(person.text, "unsaid", "")
    found = _BEHIND_ADDRESS.fullmatch(written) or _BEFORE_ADDRESS.fullmatch(written)
    return (found[1].strip(" \"'") if found else "") or written


def _credits(holder: Element) -> Iterator[str]:
    for one in holder.children("media:credit"):
        if one.attributes.get("role", "author").lower() == "author" and one.text:
            yield title_text(one.text, "text", "")
