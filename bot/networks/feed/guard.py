"""Decides which addresses of a host Heard may connect to, whoever typed the name of the host."""

import ipaddress
import re
from collections.abc import Callable, Collection, Sequence

from bot.networks.feed.address import AddressRefusedError
from bot.networks.http_client import resolve_host

Resolver = Callable[[str, int, float], Sequence[str]]
"""Returns every address of a host, given a port and how many seconds it may take. Raises `OSError`."""

OPEN_PORTS = frozenset({80, 443, 8080, 8443})
_LAST_PORT = 65_535
_ALLOW_ENTRY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+):([0-9]{1,5})")

# `is_global` of Python's ipaddress is not enough: it is true for multicast, NAT64, 6to4, site-local and
# other forms that carry or replace a private address. So IPv6 lists what may be read, not what may not.
# https://www.iana.org/assignments/iana-ipv4-special-registry
# https://www.iana.org/assignments/iana-ipv6-special-registry
_CLOSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/3"),
    )
)
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")  # all that is assigned for ordinary use
_CLOSED_V6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",
            "2002::/16",  # 6to4: an IPv4 address inside
            "3fff::/20",
        ),
    )
)


def system_resolver(host: str, port: int, seconds: float) -> Sequence[str]:
    """Return every address that this machine's resolver has for `host`. Raises `OSError`."""
    return resolve_host(host, port, seconds)


def is_public(address: str) -> bool:
    """Whether the numeric `address` belongs to the public internet: one machine there, in its plain form."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return found.is_global and not any(found in network for network in _CLOSED_V4)
    return (
        found.scope_id is None
        and found in _OPEN_V6
        and found.is_global
        and not any(found in network for network in _CLOSED_V6)
    )


def parse_allowed(text: str) -> frozenset[tuple[str, int]]:
    """Read `host:port` entries parted by commas or spaces. Raises `ValueError`, which names what to write."""
    found = set()
    for entry in re.split(r"[,\s]+", text.strip().lower()):
        match = _ALLOW_ENTRY.fullmatch(entry)
        if match and 0 < int(match[2]) <= _LAST_PORT:
            found.add((match[1].strip("[]"), int(match[2])))
        elif entry:
            raise ValueError("use host:port pairs, such as wiki.internal:80, parted by commas")
    return frozenset(found)


class Guard:
    """Resolves hosts, and refuses those that are not on the public internet.

    `allow` has pairs of host and port that are read wherever they are: what the team itself hosts.
    """

    def __init__(self, allow: Collection[tuple[str, int]], resolve: Resolver) -> None:
        self._allow = frozenset(allow)
        self._resolve = resolve

    def is_allowed(self, host: str, port: int) -> bool:
        """Whether an administrator named that host and port."""
        return (host.lower(), port) in self._allow

    def check_port(self, host: str, port: int) -> None:
        """Raise `AddressRefusedError` if nothing on that port is read."""
        if port not in OPEN_PORTS and not self.is_allowed(host, port):
            raise AddressRefusedError(
                f"Heard reads the ports 80, 443, 8080 and 8443, not {port}. "
                "An administrator can allow a host and port with FEED_ALLOW."
            )

    def addresses(self, host: str, port: int, seconds: float, *, allow_private: bool) -> Sequence[str]:
        """Return the addresses of `host` to connect to, and to no others: asked again, DNS may say otherwise.

        `allow_private` is whether FEED_ALLOW counts. One private address among several refuses the host.
        Raises `AddressRefusedError` and `OSError`.
        """
        self.check_port(host, port)
        addresses = self._resolve(host, port, seconds)
        if not addresses:
            raise OSError("its name has no address")
        if allow_private and self.is_allowed(host, port):
            return addresses
        if not all(map(is_public, addresses)):
            raise AddressRefusedError(
                f"{host} is not on the public internet, so Heard does not read it. "
                "An administrator can allow it with FEED_ALLOW."
            )
        return addresses
