"""The address of a feed: read as a person typed it, and shown without the secrets in it."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, unquote, unquote_plus, urlsplit

import idna

HIDDEN = "…"
_MAX_CHARS = 2_000
_NAME_MAX_CHARS = 253  # RFC 1035
_DEFAULT_PORTS = {"http": 80, "https": 443}
_FEED_SCHEME = re.compile(r"feed:(?://)?(?=.)", re.IGNORECASE)  # what some pages put on their feed buttons
_OWN_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d+(?:/|$))", re.IGNORECASE)  # not of `localhost:80`
_NEVER = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\\ud800-\udfff]")
_PATH_SAFE = "/%:@!$&'()*+,;=-._~"  # RFC 3986, section 3.3; % because it is escaped already
_QUERY_SAFE = _PATH_SAFE + "?"
_WORD = re.compile(r"[a-z]+|[A-Z][a-z]*|[A-Z]+|[0-9]{1,8}")
_CHUNK_BORDER = re.compile(r"[-_.~+@,:;=!$*()']|%[0-9A-Fa-f]{2}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SECRET_NAME = re.compile(r"token|key|secret|auth|pass|sig|user|hash", re.IGNORECASE)
_ORDINARY_WORDS = re.compile(r"[^\W\d_]{0,24}(?:[\s.,:#@\"'-]+[^\W\d_]{1,24})*")
_RANDOM_MIN_CHARS = 16  # shorter parts of a path are names of things
_RANDOM_CHUNK_MIN_CHARS = 12
_LONGEST_WORD_CHARS = 24  # small letters alone are a word up to here
_SECRET_MIN_CHARS = (
    6  # a shorter value, such as `rss` or `new`, guards nothing; alone it may stand in any log
)


class AddressRefusedError(Exception):
    """Heard does not read that address; the message is a sentence for the person who gave it."""


def normalise_address(typed: str) -> str:
    """Return the http(s) address that `typed` names, secrets and all, in one spelling.

    A name without a scheme is taken for https; a fragment is dropped. Raises `AddressRefusedError` if it is
    no address that Heard could read. Where it leads is not looked at here, but when it is read.
    """
    text = _FEED_SCHEME.sub("", typed.strip().strip("<>"), count=1)
    if not text:
        raise AddressRefusedError("There is no address.")
    if len(text) > _MAX_CHARS:
        raise AddressRefusedError(f"That address is longer than {_MAX_CHARS:,} characters.")
    if _NEVER.search(text):
        raise AddressRefusedError("An address has no spaces, line ends or backslashes in it.")
    parts = _split(text if _OWN_SCHEME.match(text) else "https://" + text.lstrip("/"))
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise AddressRefusedError(f"Heard reads addresses with http and https, not with {scheme}.")
    user_info, at, _ = parts.netloc.rpartition("@")
    if "@" in user_info:
        raise AddressRefusedError("That address has more than one @ before its host.")
    host = _host(parts)
    netloc = quote(user_info, safe="%:!$&'()*+,;=-._~") + at + (f"[{host}]" if ":" in host else host)
    if (port := _port(parts)) is not None and port != _DEFAULT_PORTS[scheme]:
        netloc += f":{port}"
    path = quote(parts.path, safe=_PATH_SAFE) or "/"
    query = quote(parts.query, safe=_QUERY_SAFE)
    return f"{scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def hidden_address(address: str) -> str:
    """Return `address` for people and logs: values in the query, user info and random path parts as `…`.

    What is no address comes back as `…` alone.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return HIDDEN
    if not host:
        return HIDDEN
    netloc = f"[{host}]" if ":" in host else host
    netloc = (f"{HIDDEN}@" if "@" in parts.netloc else "") + netloc + (f":{port}" if port else "")
    path = "/".join(HIDDEN if _looks_random(part) else part for part in parts.path.split("/"))
    query = "&".join(_hidden_parameter(each) for each in parts.query.split("&") if each)
    return f"{parts.scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def secrets_of(address: str) -> list[str]:
    """Return what of `address` the log must hide, in each spelling that it may turn up in.

    A value in the query that may be an ordinary word, such as what a search is for, comes with its name:
    elsewhere in the log the word is no secret.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return [address]
    found = list(_path_secrets(parts)) + list(_query_secrets(parts.query))
    if "@" in parts.netloc:
        user_info = parts.netloc.rpartition("@")[0]
        found += [user_info, *user_info.split(":", 1)]
    spelled = [each for one in found for each in (one, unquote(one), unquote_plus(one))]
    return [each for each in dict.fromkeys(spelled) if len(each) >= _SECRET_MIN_CHARS]


def has_secrets(address: str) -> bool:
    """Whether something in `address` must not be seen by others."""
    parts = urlsplit(address)
    return bool("@" in parts.netloc or parts.query or any(_path_secrets(parts)))


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:
        raise AddressRefusedError("That is no address.") from None


def _host(parts: SplitResult) -> str:
    """Return the host as DNS knows it, or a numeric address in its one usual spelling."""
    host = (parts.hostname or "").rstrip(".")
    if not host:
        raise AddressRefusedError("That address has no host.")
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address("" if "%" in host else host))
        except ValueError:
            raise AddressRefusedError("The host of that address is no IPv6 address.") from None
    try:
        name = idna.encode(unquote(host), uts46=True).decode() if not host.isascii() or "%" in host else host
    except (idna.IDNAError, UnicodeError):
        raise AddressRefusedError("The host of that address is no name of a site.") from None
    if not re.fullmatch(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*", name) or len(name) > _NAME_MAX_CHARS:
        raise AddressRefusedError("The host of that address is no name of a site.")
    # A resolver also takes 0x7f.1 or 2130706433 for an address; nobody means such a spelling honestly.
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", name.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise AddressRefusedError("The host of that address is no IPv4 address.") from None
    return name


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise AddressRefusedError("The port of that address is none.")
    return port


def _hidden_parameter(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    return f"{name}={HIDDEN}" if equals and not _looks_random(name) else HIDDEN


def _path_secrets(parts: SplitResult) -> Iterator[str]:
    return (part for part in parts.path.split("/") if _looks_random(part))


def _query_secrets(query: str) -> Iterator[str]:
    for parameter in query.split("&"):
        name, _, value = parameter.partition("=")
        if _looks_random(name):
            yield name
        if _SECRET_NAME.search(name) or not _ORDINARY_WORDS.fullmatch(unquote_plus(value)):
            yield value
        yield parameter
    for name, value in parse_qsl(query):  # as it is written again by a library
        yield f"{quote_plus(name)}={quote_plus(value)}"


def _looks_random(part: str) -> bool:
    """Whether `part` looks like a key rather than like words: hiding too much is harmless."""
    part = part.partition(";")[0]
    if len(part) < _RANDOM_MIN_CHARS:
        return False
    if _UUID.search(part):
        return True
    chunks = [chunk for chunk in _CHUNK_BORDER.split(part) if chunk]
    odd = [chunk for chunk in chunks if not _is_word(chunk)]
    return any(len(chunk) >= _RANDOM_CHUNK_MIN_CHARS for chunk in odd) or len(odd) > 1


def _is_word(chunk: str) -> bool:
    """`feeds`, `Release`, `2026`, `v2`, `GitHub`; a key has small and big letters or digits in between."""
    pieces = _WORD.findall(chunk)
    if "".join(pieces) != chunk:
        return not chunk.isascii()  # another alphabet: keys have none
    return len(pieces) <= (3 if len(chunk) < _RANDOM_CHUNK_MIN_CHARS else 2) and all(
        len(piece) <= _LONGEST_WORD_CHARS for piece in pieces
    )
