"""What networks bill for: list prices, and a log of what each call was billed, until the ledger has it."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from itertools import groupby
from types import MappingProxyType

# Kinds that Heard itself asks the price of: a post that a search yields, a call that only counts posts, and a
# reply, which is billed when its post is known.
SEARCH_CHARGE, COUNT_CHARGE, REPLY_CHARGE = "post_read", "counts_call", "reply"
_USD_MAX = 1000
_USD_DECIMALS = 6
_HINT = "use prices in USD, such as {}"


@dataclass(frozen=True, slots=True)
class Price:
    """What one unit of a kind costs in USD.

    `resource` is what the network counts by: each id of a resource is billed once a UTC day, at the price of
    the kind that it came with first. None: every call is billed.
    """

    usd: Decimal
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """One unit that was billed: a resource by its `resource_id`, or a call, where both are None."""

    account_id: str
    kind: str
    usd: Decimal
    resource: str | None = None
    resource_id: str | None = None


NO_PRICES: Mapping[str, Price] = MappingProxyType({})


class ChargeLog:
    """What calls were billed and is not in the ledger yet; each thread sees that of its own calls."""

    def __init__(self) -> None:
        self._threads = threading.local()

    def add(self, account_id: str, kind: str, price: Price, ids: Sequence[str]) -> None:
        """Note that a call of that account was billed for `ids`; or for itself, where calls are billed."""
        units = [
            Charge(account_id, kind, price.usd, price.resource, each if price.resource else None)
            for each in (ids if price.resource else [""])
        ]
        self._pending.extend(units)

    def take(self) -> list[Charge]:
        """Return what was billed since this was called last in this thread, and forget it."""
        taken, self._threads.pending = self._pending, []
        return taken

    def put_back(self, charges: Sequence[Charge]) -> None:
        """Keep `charges`, which were taken and could not be written."""
        self._threads.pending = [*charges, *self._pending]

    @property
    def _pending(self) -> list[Charge]:
        if not hasattr(self._threads, "pending"):
            self._threads.pending = []
        pending: list[Charge] = self._threads.pending
        return pending


def format_prices(prices: Mapping[str, Price]) -> str:
    """Return `prices` as a setting has them: `post_read=0.005,user_read=0.01`."""
    return ",".join(f"{kind}={price.usd}" for kind, price in prices.items())


def parse_prices(text: str, listed: Mapping[str, Price]) -> dict[str, Price]:
    """Return the prices `listed`, with those that `text` names in their place.

    Raises `ValueError`, whose message says how to write them.
    """
    found = dict(listed)
    parts = [part.partition("=") for part in text.split(",") if part.strip()]
    kinds = sorted(kind.strip() for kind, _, _ in parts)
    if any(len([*same]) > 1 for _, same in groupby(kinds)):
        raise ValueError("name each price once")
    for kind, _, amount in parts:
        if kind.strip() not in listed:
            raise ValueError(f"prices are {', '.join(listed)}")
        found[kind.strip()] = replace(listed[kind.strip()], usd=_parse_usd(amount, listed))
    return found


def _parse_usd(amount: str, listed: Mapping[str, Price]) -> Decimal:
    hint = _HINT.format(format_prices(listed))
    try:
        usd = Decimal(amount.strip())
    except InvalidOperation:
        raise ValueError(hint) from None
    if not usd.is_finite() or not 0 <= usd <= _USD_MAX:
        raise ValueError(hint)
    if usd != round(usd, _USD_DECIMALS):
        raise ValueError(f"a price has at most {_USD_DECIMALS} decimals")
    return usd
