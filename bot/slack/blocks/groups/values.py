"""What the buttons and modals of a shared card carry. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.slack.blocks.values import ModalValue, Value


@dataclass(frozen=True, slots=True)
class GroupValue(Value):
    """A group of tickets; `key` names the *Close all* that a press undoes."""

    group: int
    key: str = ""


@dataclass(frozen=True, slots=True)
class GroupPageValue(Value):
    """A page of the tickets of a group, from 0."""

    group: int
    page: int = 0


@dataclass(frozen=True, slots=True)
class PickValue(ModalValue):
    """The modal that asks which ticket of a group is meant: to reply to it, or to `claim` it."""

    group: int
    key: str
    claims: bool = False


@dataclass(frozen=True, slots=True)
class CloseAllValue(ModalValue):
    """The modal that lists tickets of a group: by their ids, a digest of the posts that it was built from."""

    group: int
    key: str
    seen: Mapping[str, str]
