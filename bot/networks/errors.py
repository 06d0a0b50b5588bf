"""What a network may answer instead of a result: three errors that are decisions, and their kinds."""

from datetime import datetime
from typing import Literal

from bot.networks.values import AccountIdentity


class SearchRefusedError(Exception):
    """A network cannot search for that; the message is a sentence for the person who asked."""


RefusedReason = Literal[
    "not summoned", "duplicate", "parent gone", "not allowed", "too long", "not ours", "invalid"
]


class NetworkError(Exception):
    """The base of what a network may answer instead of a result."""


class Refused(NetworkError):  # noqa: N818 - the three are decisions, named as such
    """A definite no, which will be the same again: to say something, or to take it away."""

    def __init__(self, reason: RefusedReason, detail: str) -> None:
        super().__init__(detail)
        self.reason: RefusedReason = reason
        self.detail = detail


USAGE_CAP_PHRASE = "monthly usage cap"
"""What a `Later` for want of credit says in its detail where a cap is used up, which no money buys off."""


class Later(NetworkError):  # noqa: N818
    """Provably nothing was sent, or nothing was accepted: try again, not before `at` (UTC, None: you choose).

    `cause` is one of `unreachable`, `rate limit`, `unauthorized`, `out of credit`, `forbidden`,
    `server error` and (only as `WrongAccount`) `other account`.
    `detail` is a sentence for the team, without secrets.
    """

    def __init__(self, at: datetime | None, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.at = at
        self.cause = cause
        self.detail = detail


class RequestRejected(Later):
    """The network does not take a request as it is: it would be the same again. Others may work."""


class StreamNotOffered(Later):
    """That server has no stream, which is no failure: it is asked again much later."""

    def __init__(self, detail: str) -> None:
        super().__init__(None, "forbidden", detail)


class WrongAccount(Later):
    """The credentials for a call belong to another account than the one it is for: nothing was called.

    `wanted_id` is the account that the call was for, `connected` the one that the credentials belong to. A
    reply that meets it must not be tried again by itself: the right account may come back weeks later.
    """

    def __init__(self, wanted_id: str, connected: AccountIdentity) -> None:
        detail = f"These credentials belong to @{connected.handle} ({connected.id}), not to {wanted_id}."
        super().__init__(None, "other account", detail)
        self.wanted_id = wanted_id
        self.connected = connected


class Unsure(NetworkError):  # noqa: N818
    """The call may or may not have had its effect: look before anything is published again.

    Deleting again is harmless.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail
