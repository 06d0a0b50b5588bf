"""Whether a post can be answered: through the network's API, by hand, or not at all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplyAllowed:
    """The post can be answered through the network's API, as far as one can know beforehand."""


@dataclass(frozen=True, slots=True)
class ReplyByHandOnly:
    """The post can be answered by a person in the network's own app, but not through its API."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReplyImpossible:
    """The post cannot be answered at all."""

    reason: str


Answerable = ReplyAllowed | ReplyByHandOnly | ReplyImpossible
