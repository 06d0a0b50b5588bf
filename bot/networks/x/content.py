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

from bot.networks.base import Media, MediaKind
from bot.networks.x.ids import as_id
from bot.networks.x.json_values import Row, note, number, obj, objects, text, words
from bot.networks.x.text import fit, unescape

# What X puts in front of a reply: https://docs.x.com/x-api/fundamentals/data-dictionary, display_text_range.
_IN_FRONT = re.compile(r"(?:@[A-Za-z0-9_]{1,15}\s+)*(?:@[A-Za-z0-9_]{1,15}\Z)?")
_RUN = re.compile(r"(?:@[A-Za-z0-9_]{1,15}\s+)*(?:@[A-Za-z0-9_]{1,15}$)?")
_HANDLE = re.compile(r"@([A-Za-z0-9_]{1,15})")
_STATUS = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/web|[A-Za-z0-9_]{1,15})/status(?:es)?/([0-9]{1,19})"
    r"(/(?:photo|video)/[0-9]{1,2})?/?(?:\?[^#]*)?",
    re.IGNORECASE,
)
_OF_MEDIA = ("pic.x.com/", "pic.twitter.com/")  # how X shows the link to a post's own media
_ADDRESS_MOST = 2_000  # characters: an unwound address may carry any amount of tracking

# The one host that X serves pictures and stills from; nothing else is handed on as a picture's address.
_MEDIA_HOST = "pbs.twimg.com"
_KIND: dict[str, MediaKind] = {"photo": "photo", "video": "video", "animated_gif": "gif"}
_KIND_BY_KEY: dict[str, MediaKind] = {"3": "photo", "7": "video", "13": "video", "16": "gif"}
_MOST_CHOICES = 10  # X lets a poll have four


@dataclass(frozen=True, slots=True)
class Content:
    """The words that an author typed, and the handles that X put in front of them."""

    text: str
    addressed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    start: int
    end: int
    entity: Row


def content(
    row: Row, *, in_front: int, own_ids: Collection[str], quoted: str | None, unwind: bool
) -> Content:
    """What was typed. ValueError if the row has no text.

    `in_front` is where the typed words begin, as `typed_from` gives it; `own_ids` are the ids of the post's
    versions; `quoted` is the id of the post that it quotes; `unwind` says whether to follow shorteners.
    """
    raw = words(row)
    start = in_front if 0 < in_front <= len(raw) and _IN_FRONT.fullmatch(raw[:in_front]) else 0
    if start < len(raw) and not raw[:start].endswith((" ", "\n")):
        start = 0
    found = list(_links(row, raw))
    end = _end(raw, found, own_ids, quoted)
    typed, done = "", start
    for link in found:
        if start <= link.start and link.end <= end:
            leads_to = _leads_to(link.entity, unwind=unwind) or raw[link.start : link.end]
            typed += unescape(raw[done : link.start]) + leads_to
            done = link.end
    typed += unescape(raw[done:end])
    return Content(fit(typed), tuple(_HANDLE.findall(raw[:start])))


def typed_from(row: Row, *, answers_us: bool) -> int:
    """Where in the text its author's own words begin.

    Without `display_text_range` the leading run of handles counts as put there by X, if the post answers us.
    """
    shown = row.get("display_text_range")
    if isinstance(shown, list) and shown and type(shown[0]) is int:
        return shown[0]
    run = _RUN.match(words(row)) if answers_us else None
    return run.end() if run else 0


def _links(row: Row, raw: str) -> Iterator[_Link]:
    """The links of `raw` in order, none overlapping; several media share one."""
    entities = obj(note(row), "entities") if note(row).get("text") == raw else {}
    found: list[_Link] = []
    for entity in objects(entities or obj(row, "entities"), "urls"):
        short = entity.get("url")
        if isinstance(short, str) and short:
            start = number(entity, "start")
            if start is None or start < 0 or not raw.startswith(short, start):
                start = raw.find(short)
            if start >= 0:
                found.append(_Link(start, start + len(short), entity))
    done = 0
    for link in sorted(found, key=lambda one: one.start):
        if link.start >= done:
            yield link
            done = link.end


def _end(raw: str, found: list[_Link], own_ids: Collection[str], quoted: str | None) -> int:
    """Where the words end: before the links that X appended for what is quoted and attached."""
    end = len(raw)
    for link in reversed(found):
        if link.end != len(raw[:end].rstrip()) or not _is_appended(link.entity, own_ids, quoted):
            break
        end = len(raw[: link.start].rstrip())
    return end


def _is_appended(entity: Row, own_ids: Collection[str], quoted: str | None) -> bool:
    """Whether a link leads to the post's own media, or to the post that it quotes."""
    if text(entity, "media_key") or (text(entity, "display_url") or "").startswith(_OF_MEDIA):
        return True
    leads = _STATUS.fullmatch(unescape(text(entity, "expanded_url") or ""))
    if leads is None:
        return False
    return leads[1] in own_ids if leads[2] else leads[1] == quoted


def _leads_to(entity: Row, *, unwind: bool) -> str | None:
    """Where a link leads; None if X does not say. Of a shortener's link it is what that led to."""
    typed, unwound = _address(entity, "expanded_url"), _address(entity, "unwound_url")
    if not unwind or unwound is None or (typed is not None and _same_site(typed, unwound)):
        return typed
    return unwound


def _address(entity: Row, name: str) -> str | None:
    found = unescape(text(entity, name) or "")
    is_one = re.fullmatch(r"https?://\S+", found, re.IGNORECASE) and found.isprintable()
    return found if is_one and len(found) <= _ADDRESS_MOST else None


def _same_site(one: str, other: str) -> bool:
    """Whether two addresses are of one site: a log-in or a language page of it says less than the link."""
    hosts = [_host(one), _host(other)]
    return any(a == b or a.endswith(f".{b}") for a, b in (hosts, hosts[::-1]))


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


# --- what is attached ---------------------------------------------------------------------------------------


def media(row: Row, answer: Row) -> tuple[Media, ...]:
    """What is attached, as far as the expansions brought it along; else by its kind alone."""
    attached, beside = obj(row, "attachments"), obj(answer, "includes")
    keys, polls = attached.get("media_keys"), attached.get("poll_ids")
    known = {text(one, "media_key"): one for one in objects(beside, "media")}
    shown = [_media(key, known.get(str(key), {})) for key in keys] if isinstance(keys, list) else []
    by_id = {as_id(one.get("id")): one for one in objects(beside, "polls")}
    asked = [_poll(by_id.get(as_id(one), {})) for one in polls] if isinstance(polls, list) else []
    return (*shown, *asked)


def _media(key: object, known: Row) -> Media:
    kind = _KIND.get(text(known, "type") or "") or _KIND_BY_KEY.get(str(key).partition("_")[0], "media")
    address = text(known, "url" if kind == "photo" else "preview_image_url")
    return Media(kind, address if address and _is_of_x(address) else None, text(known, "alt_text") or None)


def _poll(known: Row) -> Media:
    options = sorted(objects(known, "options"), key=lambda one: number(one, "position") or 0)
    labels = [label for one in options if (label := text(one, "label"))]
    return Media("poll", choices=tuple(labels[:_MOST_CHOICES]))


def _is_of_x(address: str) -> bool:
    """Whether a picture's address is https on X's own media host, and nothing more."""
    try:
        parts = urlsplit(address)
        return (
            parts.scheme == "https"
            and parts.netloc == _MEDIA_HOST
            and address.isprintable()
            and not re.search(r'[\s<>|"\\]', address)
            and len(address) <= _ADDRESS_MOST
        )
    except ValueError:
        return False
