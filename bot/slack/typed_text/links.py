"""What a link of Slack's reads as, outside Slack. Pure."""

from urllib.parse import unquote

import regex

_PREFIX = regex.compile(r"(?:mailto|tel):", regex.IGNORECASE)
_SCHEME = regex.compile(r"https?://", regex.IGNORECASE)
_NON_PHONE_CHARS = regex.compile(r"[^\d+*#]")


def link_text(url: str, words: str) -> tuple[str, str]:
    """The words of a link and what has to stand behind them, so that nobody loses the address.

    An address that was typed stays as it was typed, whatever Slack made of it: it sends
    `http://acme.example` for `acme.example` and `tel:+351912345678` for `+351 912 345 678`. Words that were
    laid over an address keep it in brackets.
    """
    bare = _PREFIX.sub("", url, count=1)
    if not words.strip():
        return bare, ""
    return words, "" if bare in words or _is_same_address(url, words) else f" ({bare})"


def _is_same_address(url: str, words: str) -> bool:
    if url[:4].casefold() == "tel:":
        return bool(_NON_PHONE_CHARS.sub("", url) == _NON_PHONE_CHARS.sub("", words))
    return _comparable(url) == _comparable(words)


def _comparable(address: str) -> str:
    bare = _SCHEME.sub("", _PREFIX.sub("", address.strip(), count=1), count=1)
    return unquote(bare).removesuffix("/").casefold()
