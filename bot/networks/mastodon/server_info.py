"""What a server is and can do, by its own instance document. Pure.

https://docs.joinmastodon.org/entities/Instance/; what servers do otherwise was tried in November 2026 on
GoToSocial 0.20 and Hollo 0.6.10.
"""

import re
from dataclasses import dataclass
from typing import Literal

from bot.networks.json_values import JsonObject, get_number, get_object
from bot.networks.mastodon.json_values import get_text
from bot.networks.mastodon.picture_limits import parse_limits
from bot.networks.pictures import PictureLimits

Kind = Literal["mastodon", "mastodon fork", "gotosocial", "hollo", "pleroma", "akkoma", "pixelfed", "unknown"]
Counting = Literal["graphemes", "code points"]

TITLES: dict[Kind, str] = {
    "mastodon": "Mastodon",
    "mastodon fork": "a fork of Mastodon",
    "gotosocial": "GoToSocial",
    "hollo": "Hollo",
    "pleroma": "Pleroma",
    "akkoma": "Akkoma",
    "pixelfed": "Pixelfed",
    "unknown": "software that Heard does not know",
}
_COMPATIBLE = re.compile(r"\(compatible; (\w+)[ /]?([\w.+-]*)")
_RELEASE = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.\d{1,3})?")
_KIND_BY_NAME: dict[str, Kind] = {
    "gotosocial": "gotosocial",
    "hollo": "hollo",
    "pleroma": "pleroma",
    "akkoma": "akkoma",
    "pixelfed": "pixelfed",
}
_MASTODON_SOURCE = "https://github.com/mastodon/mastodon"
_VERSION_MAX_CHARS = 60
_DEFAULT_MAX_LENGTH = 500
_LENGTH_LIMIT = 100_000  # more is no limit that a person would write

# Releases of Mastodon proper in which a second request with the same Idempotency-Key, a minute and more after
# the first, cannot make a second post. A post was keyed too late before #37879 (February 2026). With it a
# repeat answered 500 although posted until #40439 (September 2026), which only leaves us unsure.
# https://github.com/mastodon/mastodon/pull/37879 https://github.com/mastodon/mastodon/pull/40439
REPEATABLE_RELEASES = frozenset({(4, 6)})


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A server. `host` is the domain of its accounts; `release` is Mastodon's own, None for all others."""

    host: str
    kind: Kind = "unknown"
    version: str = ""
    release: tuple[int, int] | None = None
    api_version: int | None = None
    max_length: int = _DEFAULT_MAX_LENGTH
    per_link: int | None = 23  # what a link counts; None: as long as it is
    counting: Counting = "graphemes"
    streaming_url: str = ""  # as announced; empty: it has no streams
    pictures: PictureLimits | None = None  # what it takes with a post; None: nothing

    @property
    def honours_min_id(self) -> bool:
        """Whether `min_id` gives the page just above an id; elsewhere lists are read from the newest down."""
        return self.kind in {"mastodon", "mastodon fork", "gotosocial", "pleroma", "akkoma"}

    @property
    def has_batch(self) -> bool:
        """Whether one call returns several posts: Mastodon 4.3 and newer."""
        return self.release is not None and self.release >= (4, 3)

    @property
    def searches_words(self) -> bool:
        """Whether a search for words may find anything."""
        return self.kind not in {"gotosocial", "pixelfed"}

    @property
    def notifies_of_quotes(self) -> bool:
        """Whether quotes have notifications of their own: Mastodon 4.5, https://docs.joinmastodon.org."""
        return self.api_version is not None and self.api_version >= 7  # noqa: PLR2004 - 4.5's

    @property
    def checks_mentions(self) -> bool:
        """Whether it refuses mentions that `allowed_mentions` leaves out (mastodon/mastodon#18350)."""
        return self.kind == "mastodon"

    @property
    def may_repeat(self) -> bool:
        """Whether a repeat with the same Idempotency-Key can make no second post."""
        return self.kind == "mastodon" and self.release in REPEATABLE_RELEASES

    def describe(self) -> str:
        """Return what it runs, for people."""
        version = f" {self.version}" if self.version and self.kind != "unknown" else ""
        return f"{self.host} runs {TITLES[self.kind]}{version}"


def parse_instance(document: JsonObject, host: str) -> ServerInfo:
    """Read an instance document, of v2 or v1. `host` is where it was asked for, in case it does not say."""
    version = get_text(document, "version")[:_VERSION_MAX_CHARS]
    kind, shown, release = _identify(version, get_text(document, "source_url").rstrip("/").lower())
    statuses = get_object(get_object(document, "configuration"), "statuses")
    announced = get_number(statuses, "max_characters") or get_number(document, "max_toot_chars")
    is_mastodon = kind in {"mastodon", "mastodon fork"}
    per_link = get_number(statuses, "characters_reserved_per_url") or 23
    return ServerInfo(
        host=_domain(document) or host,
        kind=kind,
        version=shown,
        release=release,
        api_version=get_number(get_object(document, "api_versions"), "mastodon") if is_mastodon else None,
        max_length=min(announced, _LENGTH_LIMIT) if announced and announced > 0 else _DEFAULT_MAX_LENGTH,
        # GoToSocial announces 25 a link and does not apply it; of the others nobody knows: in full.
        per_link=per_link if is_mastodon else None,
        counting="graphemes" if is_mastodon else "code points",
        streaming_url=_streaming_url(document),
        pictures=parse_limits(document),
    )


def _streaming_url(document: JsonObject) -> str:
    """Return the address of its streams, by an instance document of v2 or v1."""
    of_v2, of_v1 = get_object(get_object(document, "configuration"), "urls"), get_object(document, "urls")
    return get_text(of_v2, "streaming") or get_text(of_v1, "streaming_api")


def _identify(version: str, source: str) -> tuple[Kind, str, tuple[int, int] | None]:
    """What it is, its version for people, and its release if it is Mastodon proper."""
    if (other := _COMPATIBLE.search(version)) is not None:
        return _KIND_BY_NAME.get(other[1].lower(), "unknown"), other[2] or version, None
    for name, kind in _KIND_BY_NAME.items():
        if name in source:
            return kind, version, None
    if (release := _RELEASE.fullmatch(version)) is not None and source == _MASTODON_SOURCE:
        return "mastodon", version, (int(release[1]), int(release[2]))
    if "mastodon" in source or "glitch" in version:
        return "mastodon fork", version, None
    return "unknown", version, None


def _domain(document: JsonObject) -> str:
    for name in ("account_domain", "domain", "uri"):
        found = get_text(document, name).removeprefix("https://").strip("/").lower()
        if found and re.fullmatch(r"[^\s/@]{1,255}", found):
            return found
    return ""
