"""The accounts on X."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.x.state.posts import User

HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")


class People:
    """All accounts, by ID and by handle, regardless of case."""

    def __init__(self) -> None:
        self._by_id: dict[str, User] = {}
        self._ids: dict[str, str] = {}

    def add(self, user_id: str, handle: str, name: str, created_at: datetime) -> User:
        """Create an account. Raises ValueError if the handle is taken or invalid."""
        if not HANDLE.fullmatch(handle) or handle.lower() in self._ids:
            raise ValueError(f"@{handle} is taken, or no handle")
        return self._put(User(user_id, handle, name, created_at))

    def change(self, handle: str, /, **changes: Any) -> User:  # noqa: ANN401 - the fields of User
        user, new = self.named(handle), str(changes.get("handle", handle))
        if not HANDLE.fullmatch(new) or self._ids.get(new.lower(), user.id) != user.id:
            raise ValueError(f"@{new} is taken, or no handle")
        del self._ids[user.handle.lower()]
        return self._put(replace(user, **changes))

    def named(self, handle: str) -> User:
        """Return the account with this handle. Raises LookupError."""
        if (user := self.find(handle)) is None:
            raise LookupError(f"there is no @{handle} here; add_user makes one")
        return user

    def find(self, handle: str) -> User | None:
        return self._by_id.get(self._ids.get(handle.lower(), ""))

    def __iter__(self) -> Iterator[User]:
        return iter(self._by_id.values())

    def __getitem__(self, user_id: str) -> User:
        return self._by_id[user_id]

    def get(self, user_id: str) -> User | None:
        return self._by_id.get(user_id)

    def _put(self, user: User) -> User:
        self._by_id[user.id] = user
        self._ids[user.handle.lower()] = user.id
        return user
