"""The addresses in a feed: made whole, taken out of redirects, and http(s) only. Pure."""

import re
from urllib.parse import parse_qs, urljoin, urlsplit

_ADDRESS_MAX_CHARS = 2_000
_BLANKS = re.compile(r"[\t\r\n]+")
_GOOGLE = re.compile(r"(?:www\.)?google\.(?:com|[a-z]{2}|com?\.[a-z]{2})")


def whole_link(address: str, base: str, feed_address: str) -> str | None:
    """Return an http(s) address, relative to `base` and that to the feed's address; None if it is none."""
    address = _BLANKS.sub("", address).strip().replace(" ", "%20")
    if not address or len(address) > _ADDRESS_MAX_CHARS:
        return None
    try:
        whole = urljoin(urljoin(feed_address, base), address)
        parts = urlsplit(whole)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            return None
    except ValueError:
        return None
    return _without_google(whole, parts.hostname, parts.path, parts.query)


def is_web_address(text: str) -> bool:
    """Whether it is a whole http(s) address."""
    return text.strip().lower().startswith(("http://", "https://")) and whole_link(text, "", "") is not None


def _without_google(whole: str, host: str, path: str, query: str) -> str:
    """Where a link of Google Alerts leads: its feeds wrap each in google.com/url?…&url=…."""
    if path == "/url" and _GOOGLE.fullmatch(host):
        given = parse_qs(query)
        for target in (*given.get("url", ()), *given.get("q", ())):
            if is_web_address(target):
                return str(target).strip()
    return whole
