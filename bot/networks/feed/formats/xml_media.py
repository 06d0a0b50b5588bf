"""The pictures and attachments of an entry of RSS or Atom. Pure.

Media RSS is at https://www.rssboard.org/media-rss; `<enclosure>` and rel="enclosure" are the formats' own.
"""

from collections.abc import Iterator

from bot.networks.feed.formats.entry_text import title_text
from bot.networks.feed.formats.links import whole_link
from bot.networks.feed.formats.markup import Element
from bot.networks.values import Media, MediaKind

ATTACHMENTS_MAX = 20
_ENCLOSURE_RELS = {"enclosure", "http://www.iana.org/assignments/relation/enclosure"}
_BY_ENDING: dict[str, MediaKind] = {
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp", ".avif", ".svg"), "photo"),
    ".gif": "gif",
    **dict.fromkeys((".mp4", ".webm", ".mov", ".m4v", ".m3u8"), "video"),
}


def media_kind(mime: str, medium: str, url: str) -> MediaKind:
    """Return what a file is by its type, else by what the feed calls it, else by the end of its name."""
    said = mime.strip().lower() or medium.strip().lower()
    if said.startswith("image"):
        return "gif" if said == "image/gif" else "photo"
    if said.startswith("video"):
        return "video"
    if said and said != "application/octet-stream":
        return "media"
    path = url.partition("?")[0].partition("#")[0].lower()
    return _BY_ENDING.get(path[path.rfind(".") :] if "." in path else "", "media")


def entry_media(entry: Element, feed_address: str) -> tuple[tuple[Media, ...], tuple[Media, ...]]:
    """Return the entry's pictures and its other attachments, each address once.

    A still is a picture only if the entry has no whole one.
    """
    found: dict[str, Media] = {}
    for media in (*_media_rss(entry, feed_address), *_enclosures(entry, feed_address)):
        if media.url and (media.url not in found or (media.alt and not found[media.url].alt)):
            found[media.url] = media
    pictures = tuple(media for media in found.values() if is_picture(media))
    others = tuple(media for media in found.values() if not is_picture(media))
    return pictures[:ATTACHMENTS_MAX] or _stills(entry, feed_address), others[:ATTACHMENTS_MAX]


def is_picture(media: Media) -> bool:
    """Whether it can be shown as an image."""
    return media.kind in {"photo", "gif"}


def _enclosures(entry: Element, feed_address: str) -> Iterator[Media]:
    for one in entry.children("enclosure", "atom:link", "link"):
        is_link = one.name == "link"
        if is_link and one.attributes.get("rel", "").strip().lower() not in _ENCLOSURE_RELS:
            continue
        address = one.attributes.get("href" if is_link else "url", "")
        url = whole_link(address, one.base, feed_address)
        if url:
            kind = media_kind(one.attributes.get("type", ""), "", url)
            yield Media(kind, url, title_text(one.attributes.get("title", ""), "text", "") or None)


def _media_rss(entry: Element, feed_address: str) -> Iterator[Media]:
    for group in entry.children("media:group"):
        renditions = list(_contents(group, group, feed_address))
        kinds = set()
        for media in renditions:  # several of one kind are one thing in several sizes, the default first
            if media.kind not in kinds:
                kinds.add(media.kind)
                yield media
    yield from _contents(entry, None, feed_address)


def _contents(holder: Element, group: Element | None, feed_address: str) -> Iterator[Media]:
    contents = sorted(
        holder.children("media:content"),
        key=lambda one: one.attributes.get("isdefault", "").lower() != "true",
    )
    for one in contents:
        url = whole_link(one.attributes.get("url", ""), one.base, feed_address)
        if url:
            kind = media_kind(one.attributes.get("type", ""), one.attributes.get("medium", ""), url)
            yield Media(
                kind, url, _caption(one) or (_caption(group) if group and is_picture(Media(kind)) else None)
            )


def _caption(holder: Element) -> str | None:
    caption = holder.child("media:description", "media:title")
    if caption is None:
        return None
    is_html = caption.attributes.get("type", "").lower().endswith("html")
    return title_text(caption.text, "html" if is_html else "text", "") or None


def _stills(entry: Element, feed_address: str) -> tuple[Media, ...]:
    holders = (entry, *entry.children("media:group", "media:content"))
    for holder in holders:
        for one in holder.children("media:thumbnail", "itunes:image", "image"):
            inner = one.child("url")
            address = one.attributes.get("url") or one.attributes.get("href") or (inner or one).text
            url = whole_link(address, one.base, feed_address)
            if url:
                return (Media("photo", url),)
    return ()
