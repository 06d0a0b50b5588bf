"""What the author of a post typed: without the handles that X puts in front and the links that X appends.

X wraps each link in a t.co address and says in `entities.urls` where it leads: `expanded_url` is what was
typed, `unwound_url` what a shortener such as bit.ly led to. Offsets count code points of the text as X sends
it, with its HTML entities: https://docs.x.com/x-api/fundamentals/data-dictionary. An offset is believed only
if the link stands there; else the link is looked for.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.networks.json_values import JsonObject, get_number, get_object, get_objects
from bot.networks.values import Media, MediaKind
from bot.networks.x.ids import parse_id
from bot.networks.x.json_values import get_full_text, get_note, get_text
from bot.networks.x.text import replace_unstorable, unescape

# What X puts in front of a reply: https://docs.x.com/x-api/fundamentals/data-dictionary, display_text_range.
_HANDLES_IN_FRONT = re.compile(r"(?:@[A-Za-z0-9_]{1,15}\s+)*(?:@[A-Za-z0-9_]{1,15}\Z)?")
_HANDLE_RUN = re.compile(r"(?:@[A-Za-z0-9_]{1,15}\s+)*(?:@[A-Za-z0-9_]{1,15}$)?")
_HANDLE = re.compile(r"@([A-Za-z0-9_]{1,15})")
_STATUS_URL = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/web|[A-Za-z0-9_]{1,15})/status(?:es)?/([0-9]{1,19})"
    r"(/(?:photo|video)/[0-9]{1,2})?/?(?:\?[^#]*)?",
    re.IGNORECASE,
)
_MEDIA_LINK_PREFIXES = ("pic.x.com/", "pic.twitter.com/")  # how X shows the link to a post's own media
_URL_MAX_CHARS = 2_000  # characters: an unwound address may carry any amount of tracking

# The one host that X serves pictures and stills from; nothing else is handed on as a picture's address.
_MEDIA_HOST = "pbs.twimg.com"
_KIND_BY_TYPE: dict[str, MediaKind] = {"photo": "photo", "video": "video", "animated_gif": "gif"}
_KIND_BY_KEY: dict[str, MediaKind] = {"3": "photo", "7": "video", "13": "video", "16": "gif"}
_POLL_CHOICES_MAX = 10  # X lets a poll have four


@dataclass(frozen=True, slots=True)
class Content:
    """The words that an author typed, and the handles that X put in front of them."""

    text: str
    addressed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    start: int
    end: int
    entity: JsonObject


def parse_content(
    row: JsonObject, *, in_front: int, own_ids: Collection[str], quoted: str | None, unwind: bool
) -> Content:
    """What was typed. ValueError if the row has no text.

    `in_front` is where the typed words begin, as `typed_from` gives it; `own_ids` are the ids of the post's
    versions; `quoted` is the id of the post that it quotes; `unwind` says whether to follow shorteners.
    """
    raw = get_full_text(row)
    start = in_front if 0 < in_front <= len(raw) and _HANDLES_IN_FRONT.fullmatch(raw[:in_front]) else 0
    if start < len(raw) and not raw[:start].endswith((" ", "\n")):
        start = 0
    found = list(_parse_links(row, raw))
    end = _text_end(raw, found, own_ids, quoted)
    typed, done = "", start
    for link in found:
        if start <= link.start and link.end <= end:
            leads_to = _link_target(link.entity, unwind=unwind) or raw[link.start : link.end]
            typed += unescape(raw[done : link.start]) + leads_to
            done = link.end
    typed += unescape(raw[done:end])
    return Content(replace_unstorable(typed), tuple(_HANDLE.findall(raw[:start])))


def typed_text_start(row: JsonObject, *, answers_us: bool) -> int:
    """Where in the text its author's own words begin.

    Without `display_text_range` the leading run of handles counts as put there by X, if the post answers us.
    """
    shown = row.get("display_text_range")
    if isinstance(shown, list) and shown and type(shown[0]) is int:
        return shown[0]
    run = _HANDLE_RUN.match(get_full_text(row)) if answers_us else None
    return run.end() if run else 0


def _parse_links(row: JsonObject, raw: str) -> Iterator[_Link]:
    """The links of `raw` in order, none overlapping; several media share one."""
    entities = get_object(get_note(row), "entities") if get_note(row).get("text") == raw else {}
    found: list[_Link] = []
    for entity in get_objects(entities or get_object(row, "entities"), "urls"):
        short = entity.get("url")
        if isinstance(short, str) and short:
            start = get_number(entity, "start")
            if start is None or start < 0 or not raw.startswith(short, start):
                start = raw.find(short)
            if start >= 0:
                found.append(_Link(start, start + len(short), entity))
    done = 0
    for link in sorted(found, key=lambda one: one.start):
        if link.start >= done:
            yield link
            done = link.end


def _text_end(raw: str, found: list[_Link], own_ids: Collection[str], quoted: str | None) -> int:
    """Where the words end: before the links that X appended for what is quoted and attached."""
    end = len(raw)
    for link in reversed(found):
        if link.end != len(raw[:end].rstrip()) or not _is_appended(link.entity, own_ids, quoted):
            break
        end = len(raw[: link.start].rstrip())
    return end


def _is_appended(entity: JsonObject, own_ids: Collection[str], quoted: str | None) -> bool:
    """Whether a link leads to the post's own media, or to the post that it quotes."""
    if is_of_media(entity):
        return True
    leads = _STATUS_URL.fullmatch(unescape(get_text(entity, "expanded_url") or ""))
    if leads is None:
        return False
    return leads[1] in own_ids if leads[2] else leads[1] == quoted


def is_of_media(entity: JsonObject) -> bool:
    """Return whether X has put a link there for a picture or a video, which its author did not type."""
    shown = get_text(entity, "display_url") or ""
    return bool(get_text(entity, "media_key")) or shown.startswith(_MEDIA_LINK_PREFIXES)


def _link_target(entity: JsonObject, *, unwind: bool) -> str | None:
    """Where a link leads; None if X does not say. Of a shortener's link it is what that led to."""
    typed, unwound = _address(entity, "expanded_url"), _address(entity, "unwound_url")
    if not unwind or unwound is None or (typed is not None and _is_same_site(typed, unwound)):
        return typed
    return unwound


def _address(entity: JsonObject, name: str) -> str | None:
    found = unescape(get_text(entity, name) or "")
    is_one = re.fullmatch(r"https?://\S+", found, re.IGNORECASE) and found.isprintable()
    return found if is_one and len(found) <= _URL_MAX_CHARS else None


def _is_same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one site: a log-in or a language page of it says less than the link."""
    hosts = [_host(one), _host(other)]
    return any(a == b or a.endswith(f".{b}") for a, b in (hosts, hosts[::-1]))


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


# --- what is attached ---------------------------------------------------------------------------------------


def parse_media(row: JsonObject, answer: JsonObject) -> tuple[Media, ...]:
    """What is attached, as far as the expansions brought it along; else by its kind alone."""
    attached, beside = get_object(row, "attachments"), get_object(answer, "includes")
    keys, polls = attached.get("media_keys"), attached.get("poll_ids")
    known = {get_text(one, "media_key"): one for one in get_objects(beside, "media")}
    shown = (
        [_parse_attachment(key, known.get(str(key), {})) for key in keys] if isinstance(keys, list) else []
    )
    by_id = {parse_id(one.get("id")): one for one in get_objects(beside, "polls")}
    asked = [_parse_poll(by_id.get(parse_id(one), {})) for one in polls] if isinstance(polls, list) else []
    return (*shown, *asked)


def _parse_attachment(key: object, known: JsonObject) -> Media:
    kind = _KIND_BY_TYPE.get(get_text(known, "type") or "") or _KIND_BY_KEY.get(
        str(key).partition("_")[0], "media"
    )
    address = get_text(known, "url" if kind == "photo" else "preview_image_url")
    return Media(
        kind, address if address and _is_x_media_url(address) else None, get_text(known, "alt_text") or None
    )


def _parse_poll(known: JsonObject) -> Media:
    options = sorted(get_objects(known, "options"), key=lambda one: get_number(one, "position") or 0)
    labels = [label for one in options if (label := get_text(one, "label"))]
    return Media("poll", choices=tuple(labels[:_POLL_CHOICES_MAX]))


def _is_x_media_url(address: str) -> bool:
    """Whether a picture's address is https on X's own media host, and nothing more."""
    try:
        parts = urlsplit(address)
        return (
            parts.scheme == "https"
            and parts.netloc == _MEDIA_HOST
            and address.isprintable()
            and not re.search(r'[\s<>|"\\]', address)
            and len(address) <= _URL_MAX_CHARS
        )
    except ValueError:
        return False
