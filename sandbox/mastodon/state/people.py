"""The accounts that a server knows: its own, and those of other servers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.mastodon.state.statuses import Account


class People:
    """Accounts by id and by handle. `domain` is this server's."""

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._by_id: dict[str, Account] = {}
        self._ids: dict[str, str] = {}  # handle in small letters, as `acct` → id

    def add(self, account_id: str, handle: str, name: str, now: datetime) -> Account:
        """Create an account. Raises ValueError if the handle is taken."""
        username, _, domain = handle.removeprefix("@").partition("@")
        account = Account(account_id, username, None if domain in {"", self._domain} else domain, name, now)
        if account.acct.lower() in self._ids:
            raise ValueError(f"{handle} is taken")
        self._by_id[account.id] = account
        self._ids[account.acct.lower()] = account.id
        return account

    def change(self, handle: str, **changes: Any) -> Account:  # noqa: ANN401 - the fields of Account
        """Change an account. Raises LookupError."""
        changed = replace(self.named(handle), **changes)
        self._by_id[changed.id] = changed
        return changed

    def find(self, handle: str) -> Account | None:
        """Return the account with this handle, with or without this server's domain."""
        acct = handle.removeprefix("@").lower().removesuffix(f"@{self._domain}")
        return self._by_id.get(self._ids.get(acct, ""))

    def named(self, handle: str) -> Account:
        """Return the account with this handle. Raises LookupError."""
        found = self.find(handle)
        if found is None:
            raise LookupError(f"there is no account {handle} here")
        return found

    def get(self, account_id: str) -> Account | None:
        return self._by_id.get(account_id)

    def __getitem__(self, account_id: str) -> Account:
        return self._by_id[account_id]

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_id.values())
