"""The accounts that Heard is signed in to, by network: a live list, as people connect and disconnect them."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.networks.base import Network

LoadAccounts = Callable[[Sequence[Network]], Sequence[Network]]
"""Returns the connections as they are now; it takes those of before, and reuses what has not changed."""


class SignedInAccounts(Mapping[str, Network]):
    """Every network that is set up, and on each of them every account that Heard is signed in to.

    As a mapping it has one `Network` for each name: for titles, links and lengths, which do not depend on the
    account. What reads, speaks or looks as somebody takes one of `accounts`, or `for_account`.
    """

    def __init__(self, load: LoadAccounts) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._all: tuple[Network, ...] = tuple(load(()))

    @classmethod
    def fixed(cls, *networks: Network) -> "SignedInAccounts":
        """Return connections that never change."""
        return cls(lambda _before: networks)

    def refresh(self) -> bool:
        """Load the list again; return whether it is another one now. Raises what loading raises."""
        with self._lock:
            found = tuple(self._load(self._all))
            changed = [id(one) for one in found] != [id(one) for one in self._all]
            self._all = found
        return changed

    @property
    def accounts(self) -> tuple[Network, ...]:
        """Every connection, each of them one account on one network."""
        return self._all

    def on(self, name: str) -> tuple[Network, ...]:
        """Return the connections to the network called `name`."""
        return tuple(one for one in self._all if one.name == name)

    @property
    def by_account(self) -> dict[tuple[str, str], Network]:
        """The connections whose account is known, by the network's name and the account's id."""
        named = ((one, one.expected_account_id()) for one in reversed(self._all))
        return {(one.name, account_id): one for one, account_id in named if account_id is not None}

    def for_account(self, name: str, account_id: str) -> Network:
        """Return the connection that speaks as that account.

        If there is none, it is one whose account is not known yet, else any other of that network: whatever
        is called on it raises `WrongAccount` and has no effect.

        Raises `KeyError` if the network is not set up.
        """
        here = self.on(name)
        if not here:
            raise KeyError(name)
        by_id = {one.expected_account_id(): one for one in reversed(here)}
        return by_id.get(account_id) or by_id.get(None) or here[0]

    def __getitem__(self, name: str) -> Network:
        """Return a connection to the network called `name`. Raises `KeyError`."""
        found = self.on(name)
        if not found:
            raise KeyError(name)
        return found[0]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the networks."""
        return iter(dict.fromkeys(one.name for one in self._all))

    def __len__(self) -> int:
        """Return how many networks are set up."""
        return len({one.name for one in self._all})
