"""One request at its endpoint."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.x.api.fields import EXPANSIONS, MEDIA_FIELDS, OLD_NAMES, USER_EXPANSIONS, spelled
from sandbox.x.api.json_rows import POST_FIELDS, USER_FIELDS, Wanted
from sandbox.x.api.problems import invalid
from sandbox.x.api.query_params import ID, Params
from sandbox.x.state.posts import User
from sandbox.x.state.world import XWorld


@dataclass(frozen=True, slots=True)
class Call:
    """A request with its parsed path and parameters.

    `me` is the account of its credentials, `key` the ID or handle in the path, `lag` how old the state is
    that this call reads.
    """

    world: XWorld
    me: User
    params: Params
    key: str
    body: Any
    lag: timedelta

    @property
    def now(self) -> datetime:
        return self.world.clock()

    def id(self) -> str:
        """The ID in the path. Raises ProblemError if it is not an ID."""
        if not ID.fullmatch(self.key):
            message = f"The `id` query parameter value [{self.key}] does not match ^{ID.pattern}$"
            raise invalid("id", self.key, message)
        return self.key

    def wanted(self) -> Wanted:
        """The fields and expansions that the request asks for. Raises ProblemError for unknown names."""
        expansions = self._names({*EXPANSIONS, *USER_EXPANSIONS}, "expansions")
        return Wanted(
            post_fields=self._names({*POST_FIELDS}, "tweet.fields", "post.fields"),
            user_fields=self._names({*USER_FIELDS}, "user.fields"),
            media_fields=self._names({*MEDIA_FIELDS}, "media.fields"),
            expansions=expansions - USER_EXPANSIONS,
            vocabulary=self.world.faults.vocabulary,
        )

    def _names(self, known: set[str], *parameters: str) -> frozenset[str]:
        allowed = spelled(known, self.world.faults.vocabulary)
        asked = frozenset[str]().union(*(self.params.names(each, allowed) for each in parameters))
        return frozenset(OLD_NAMES.get(name, name) for name in asked)
