"""JSON Feed 1.0 and 1.1, see https://www.jsonfeed.org/version/1.1/. Pure."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.networks.feed.documents import ENTRIES_MAX, FeedDocument, FeedEntry, NotAFeed
from bot.networks.feed.formats.dates import parse_date
from bot.networks.feed.formats.entry_text import body_text, title_and_text, title_text
from bot.networks.feed.formats.identity import entry_key, one_for_each_key
from bot.networks.feed.formats.links import is_web_address, whole_link
from bot.networks.feed.formats.xml_feed import NO_WORDS, RAW_MAX_CHARS
from bot.networks.feed.formats.xml_media import ATTACHMENTS_MAX, is_picture, media_kind
from bot.networks.feed.formats.xml_people import AUTHOR_MAX_CHARS
from bot.networks.values import Media, UnreadableRow

_VERSION = "jsonfeed.org/version/"

Json = Mapping[str, Any]


def read_json(text: str, address: str) -> FeedDocument:
    """Return the feed that a JSON document is. Raises NotAFeed if it is none."""
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAFeed("It begins like JSON, but is not valid JSON.", "json") from error
    version = feed.get("version") if isinstance(feed, dict) else None
    if not isinstance(version, str) or _VERSION not in version:
        raise NotAFeed("It is JSON, but not a JSON Feed.", "json")
    items = feed.get("items")
    read: list[FeedEntry] = []
    unreadable: list[UnreadableRow] = []
    for item in items[:ENTRIES_MAX] if isinstance(items, list) else ():
        entry = _read_item(item, feed, address) if isinstance(item, dict) else None
        if entry is None:
            raw = json.dumps(item, ensure_ascii=False)[:RAW_MAX_CHARS]
            unreadable.append(UnreadableRow(raw, NO_WORDS if isinstance(item, dict) else "It is no object."))
        else:
            read.append(entry)
    return FeedDocument(
        title=title_text(_text(feed, "title"), "text", ""),
        link=_link(feed, "home_page_url", address),
        kind=f"JSON Feed {version.rpartition('/')[2][:9]}".strip(),
        entries=one_for_each_key(read),
        unreadable=tuple(unreadable),
    )


def _read_item(item: Json, feed: Json, address: str) -> FeedEntry | None:
    html, plain = _text(item, "content_html"), _text(item, "content_text")
    base = _link(item, "url", address) or address
    words = (body_text(html, "html", base) if html else "") or body_text(
        plain or _text(item, "summary"), "text", base
    )
    title, text = title_and_text(title_text(_text(item, "title"), "text", base), words)
    entry_id = _id(item.get("id"))
    link = _link(item, "url", address) or _link(item, "external_url", address)
    link = link or (whole_link(entry_id, "", "") if is_web_address(entry_id) else None)
    if not (entry_id or link or title or text):
        return None
    attachments = list(_attachments(item, address))
    pictures = [
        *(Media("photo", url) for name in ("image", "banner_image") if (url := _link(item, name, address))),
        *(one for one in attachments if is_picture(one)),
    ]
    updated = _date(item, "date_modified")
    return FeedEntry(
        key=entry_key(entry_id, link, f"{title}\n{words}"),
        link=link,
        title=title,
        text=text,
        author=_authors(item) or _authors(feed),
        posted_at=_date(item, "date_published") or updated,
        updated_at=updated,
        pictures=tuple({one.url: one for one in pictures}.values())[:ATTACHMENTS_MAX],
        enclosures=tuple(one for one in attachments if not is_picture(one))[:ATTACHMENTS_MAX],
        lang=_text(item, "language").strip() or _text(feed, "language").strip() or None,
    )


def _id(given: object) -> str:
    """Its id as text: "If it's a number, convert it to a string" says the specification."""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return ""
    return str(given).strip()


def _authors(holder: Json) -> str:
    """Version 1.1 has a list, 1.0 has one."""
    given = holder.get("authors") or holder.get("author")
    people = given if isinstance(given, list) else [given]
    names = [
        title_text(_text(one, "name") or _text(one, "url"), "text", "")
        for one in people
        if isinstance(one, dict)
    ]
    return ", ".join(dict.fromkeys(filter(None, names)))[:AUTHOR_MAX_CHARS]


def _attachments(item: Json, address: str) -> Iterator[Media]:
    given = item.get("attachments")
    for one in given if isinstance(given, list) else ():
        url = _link(one, "url", address) if isinstance(one, dict) else None
        if url:
            yield Media(
                media_kind(_text(one, "mime_type"), "", url),
                url,
                title_text(_text(one, "title"), "text", "") or None,
            )


def _date(item: Json, name: str) -> datetime | None:
    return parse_date(_text(item, name))


def _link(holder: Json, name: str, address: str) -> str | None:
    return whole_link(_text(holder, name), "", address)


def _text(holder: Json, name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""
