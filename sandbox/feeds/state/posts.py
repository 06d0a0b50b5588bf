"""The values of the forum."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who posts."""

    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class Post:
    """The opening post of a topic, or a comment in it. `text` is plain; a blank line parts paragraphs.

    `number` counts all posts of the forum, `place` those of the topic from 1. `title` is the topic's.
    """

    number: int
    topic: int
    place: int
    author: str
    title: str
    text: str
    at: datetime
    edited_at: datetime | None = None

    @property
    def id(self) -> str:
        """The post's id, in the API and in addresses."""
        return str(self.number)

    @property
    def is_topic(self) -> bool:
        """Whether it opens its topic."""
        return self.place == 1

    @property
    def changed_at(self) -> datetime:
        """When its words were last changed."""
        return self.edited_at or self.at
