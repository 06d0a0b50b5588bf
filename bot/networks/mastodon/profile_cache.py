"""Profiles that came along with posts: each is good for one asking, after which the network is asked."""

import threading
from collections import OrderedDict

from bot.networks.values import AuthorProfile

_PROFILES_KEPT = 2_000


class ProfileCache:
    """The newest profile of each author that was read. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._profiles: OrderedDict[str, AuthorProfile] = OrderedDict()

    def add(self, profile: AuthorProfile | None) -> None:
        """Keep a profile."""
        if profile is None:
            return
        with self._lock:
            self._profiles[profile.id] = profile
            self._profiles.move_to_end(profile.id)
            if len(self._profiles) > _PROFILES_KEPT:
                self._profiles.popitem(last=False)

    def take(self, author_id: str) -> AuthorProfile | None:
        """Return a profile that was kept, once."""
        with self._lock:
            return self._profiles.pop(author_id, None)
