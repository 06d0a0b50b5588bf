"""What is attached to a post: pictures, videos, link cards, quotes. Unknown kinds are told as such.

https://docs.bsky.app/docs/advanced-guides/posts#embeds. The AppView hydrates them into views, whose
addresses point to its own media host; a record alone names blobs.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from bot.networks.bluesky.json_values import get_text
from bot.networks.bluesky.uris import is_handle, parse_uri
from bot.networks.json_values import JsonObject, get_object, get_objects
from bot.networks.values import Media

_PREFIX = "app.bsky.embed."
_GIF_HOSTS = {"media.tenor.com", "tenor.com", "media.giphy.com", "giphy.com", "static.klipy.com"}


@dataclass(frozen=True, slots=True)
class Embedded:
    """What a post carries: its media, and the post that it quotes.

    `quoted_did` is the author of the quoted post, `quoted_handle` their handle if the view has it.
    """

    media: tuple[Media, ...] = ()
    quoted: str | None = None
    quoted_did: str | None = None
    quoted_handle: str | None = None


def parse_embed(embed: JsonObject) -> Embedded:
    """Return what an embed holds, a view or a record's own. An unknown kind is `media`."""
    kind = get_text(embed, "$type").removeprefix(_PREFIX).partition("#")[0]
    if kind == "record":
        return _parse_quote(embed)
    if kind == "recordWithMedia":
        quote = _parse_quote(get_object(embed, "record"))
        return replace(quote, media=_parse_media(get_object(embed, "media")) + quote.media)
    return Embedded(_parse_media(embed))


def _parse_media(embed: JsonObject) -> tuple[Media, ...]:
    kind = get_text(embed, "$type").removeprefix(_PREFIX).partition("#")[0]
    if kind == "images":
        return tuple(_picture(row) for row in get_objects(embed, "images"))
    if kind == "video":
        still = _web_address(get_text(embed, "thumbnail"))
        return (Media("video", still, get_text(embed, "alt") or None),)
    if kind == "external":
        return (_link_card(get_object(embed, "external")),)
    return (Media("media"),) if embed else ()


def _picture(row: JsonObject) -> Media:
    address = _web_address(get_text(row, "thumb") or get_text(row, "fullsize"))
    return Media("photo", address, get_text(row, "alt") or None)


def _link_card(card: JsonObject) -> Media:
    """A card below the text, whose link need not be in the text; Bluesky's GIFs are such cards, too."""
    address = get_text(card, "uri")
    words = " ".join(part for part in (get_text(card, "title"), address) if part)
    is_gif = _host(address) in _GIF_HOSTS
    return Media("gif" if is_gif else "media", _web_address(get_text(card, "thumb")), words or None)


def _parse_quote(embed: JsonObject) -> Embedded:
    """The quoted post: a view has its author, a record only its address. Other records are `media`."""
    row = get_object(embed, "record")
    uri = parse_uri(row.get("uri"))
    if uri is None or uri.collection != "app.bsky.feed.post":
        return Embedded((Media("media"),))
    handle = get_text(get_object(row, "author"), "handle")
    return Embedded((), str(uri), uri.did, handle if is_handle(handle) else None)


def _web_address(text: str) -> str | None:
    return text if text.startswith("https://") and text.isascii() and _host(text) else None


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
