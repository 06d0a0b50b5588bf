"""How X processes a text: mentions, rewritten links, length, truncation.

Offsets are in code points. X counts them in the escaped text, so `&` before a mention moves it by four.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import regex  # for Unicode properties, which `re` lacks
from twitter_text import extract_urls_with_indices

from sandbox.x.state.ids import short_link

MAX_WEIGHT = 280  # https://docs.x.com/fundamentals/counting-characters
LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))  # these weigh 1, all others 2
# That page says that every emoji weighs 2, whatever its characters.
CLUSTER = regex.compile(r"\X")
EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\u20e3|\p{RI}")
# X also accepts the full-width \uff20 and \uff03.
MENTION = re.compile(
    r"(?<![A-Za-z0-9_!#$%&*@\uff20])[@\uff20]([A-Za-z0-9_]{1,15})(?![A-Za-z0-9_@\uff20]|://)"
)
HASHTAG = re.compile(r"(?<![\w&])[#\uff03](\w*[^\W\d_]\w*)")
CASHTAG = re.compile(r"(?<!\S)\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?![\w$])")
PLAIN_LINK = re.compile(r"https?://[^\s<>\"]+")
SURROGATE = re.compile(r"[\ud800-\udfff]")

FindUser = Callable[[str], str | None]  # handle → user ID, if the user exists


@dataclass(frozen=True, slots=True)
class Span:
    """One entity: `kind` is its list in `entities`, `facts` are its fields besides the offsets."""

    kind: str
    start: int
    end: int
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Composed:
    """A text as X stores it: with handles in front, links rewritten and entities found, but not escaped."""

    text: str
    starts_at: int
    spans: tuple[Span, ...]

    ends_at: int | None = None  # start of the link to its own media, which readers do not see

    @property
    def in_front(self) -> str:
        """The handles that X put in front, with a space after each."""
        return self.text[: self.starts_at]

    @property
    def visible(self) -> str:
        """The visible text: without handles that X put in front and without the link to its own media."""
        return self.text[self.starts_at : self.ends_at]

    def of(self, kind: str) -> tuple[Span, ...]:
        return tuple(span for span in self.spans if span.kind == kind)


@dataclass(frozen=True, slots=True)
class Shown:
    """A text as a row has it: truncated and escaped, with entities and display range."""

    text: str
    entities: dict[str, list[dict[str, Any]]]
    display_range: tuple[int, int]


def compose(
    typed: str,
    *,
    to: Sequence[str] = (),
    quote_url: str | None = None,
    media: Sequence[tuple[str, str]] = (),
    seed: str,
    find: FindUser,
) -> Composed:
    """Return X's text for what was `typed` in reply `to` these handles; `find` returns a handle's user ID.

    `media` has the key and address of each picture; one link at the end stands for all of them.
    """
    text = "".join(f"@{handle} " for handle in to)
    starts_at, spans, done = len(text), list[Span](), 0
    for start, end, expanded in links(typed):
        text += typed[done:start]
        spans.append(_link(len(text), expanded, f"{seed}:{start}"))
        text, done = text + spans[-1].facts["url"], end
    text += typed[done:]
    if quote_url:
        text += " "
        spans.append(_link(len(text), quote_url, f"{seed}:quote"))
        text += spans[-1].facts["url"]
    ends_at = len(text) if media else None
    if media:
        text += " " if text else ""
        start = len(text)
        spans += [_media_link(start, key, address, f"{seed}:media") for key, address in media]
        text += spans[-1].facts["url"]
    return Composed(text, starts_at, (*_mentions(text, find), *spans, *_tags(text)), ends_at)


def _media_link(start: int, key: str, address: str, seed: str) -> Span:
    """Return the link to one of a post's own media: all share the same t.co address and offsets."""
    url = short_link(seed)
    display = f"pic.x.com/{url.rpartition('/')[2]}"
    facts = {"url": url, "expanded_url": address, "display_url": display, "media_key": key}
    return Span("urls", start, start + len(url), facts)


def links(typed: str) -> Iterator[tuple[int, int, str]]:
    """Yield each link in `typed` as (start, end, full address).

    twitter_text is super-linear on `a.a.a…` (30 s for 3,000 characters), so in long or dotted texts only
    links with a scheme are found.
    """
    if len(typed) > 3000 or max((token.count(".") for token in typed.split()), default=0) > 20:
        yield from ((found.start(), found.end(), found[0]) for found in PLAIN_LINK.finditer(typed))
        return
    for found in extract_urls_with_indices(typed):
        url: str = found["url"]
        yield *found["indices"], url if "://" in url else f"http://{url}"


def _link(start: int, expanded: str, seed: str) -> Span:
    url = short_link(seed)
    bare = expanded.partition("://")[2].removeprefix("www.")
    display = bare if len(bare) <= 27 else f"{bare[:26]}…"
    return Span(
        "urls", start, start + len(url), {"url": url, "expanded_url": expanded, "display_url": display}
    )


def _mentions(text: str, find: FindUser) -> Iterator[Span]:
    for found in MENTION.finditer(text):
        if user_id := find(found[1]):
            yield Span("mentions", found.start(), found.end(), {"username": found[1], "id": user_id})


def _tags(text: str) -> Iterator[Span]:
    for kind, pattern in (("hashtags", HASHTAG), ("cashtags", CASHTAG)):
        for found in pattern.finditer(text):
            yield Span(kind, found.start(), found.end(), {"tag": found[1]})


def length(typed: str) -> int:
    """Return the length of typed text as X counts it."""
    text = unicodedata.normalize("NFC", SURROGATE.sub("�", typed)).replace("\r\n", "\n")
    return weight(compose(text, seed="", find=lambda _: None).text)


def weight(text: str) -> int:
    """Return the weight of a composed text, whose links are t.co addresses with a weight of 23."""
    if text.isascii():
        return len(text)
    clusters: list[str] = CLUSTER.findall(text)
    return sum(2 if EMOJI.search(one) else sum(map(_weight_of, one)) for one in clusters)


def _weight_of(char: str) -> int:
    return 1 if any(low <= ord(char) <= high for low, high in LIGHT) else 2


def is_long(composed: Composed) -> bool:
    """Whether X truncates `text` and puts the whole text into `note_tweet`."""
    return 2 * len(composed.visible) > MAX_WEIGHT and weight(composed.visible) > MAX_WEIGHT


def shown(composed: Composed) -> Shown:
    """Return the text of a row; a long one is cut at 280 and ends with an ellipsis."""
    if not is_long(composed):
        return shown_whole(composed)
    end, room = composed.starts_at, MAX_WEIGHT - 2
    while room >= (cost := _weight_of(composed.text[end])):
        end, room = end + 1, room - cost
    kept = tuple(span for span in composed.spans if span.end <= end)
    return shown_whole(Composed(f"{composed.text[:end]}…", composed.starts_at, kept))


def shown_whole(composed: Composed) -> Shown:
    """Return the text of a `note_tweet`, or of a row without one."""
    entities: dict[str, list[dict[str, Any]]] = {}
    for span in composed.spans:
        place = {"start": _place(composed, span.start), "end": _place(composed, span.end)}
        entities.setdefault(span.kind, []).append({**place, **span.facts})
    escaped = escape(composed.text)
    ends_at = len(composed.text) if composed.ends_at is None else composed.ends_at
    return Shown(escaped, entities, (_place(composed, composed.starts_at), _place(composed, ends_at)))


def escape(text: str) -> str:
    """Escape the three characters that X escapes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _place(composed: Composed, offset: int) -> int:
    return len(escape(composed.text[:offset]))
