"""The two nouns of X: a user and a post."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sandbox.x.state.text import Composed


@dataclass(frozen=True, slots=True)
class User:
    """An account on X."""

    id: str
    handle: str
    name: str
    created_at: datetime
    followers: int = 0
    protected: bool = False
    verified: bool = False
    suspended: bool = False

    @property
    def avatar_url(self) -> str:
        return f"https://pbs.twimg.com/profile_images/{self.id}/avatar_normal.jpg"


@dataclass(frozen=True, slots=True)
class Media:
    """Something attached to a post. `url` is the picture, or the still of a video or GIF."""

    url: str
    kind: Literal["photo", "video", "animated_gif"] = "photo"
    alt: str | None = None


@dataclass(frozen=True, slots=True)
class XPost:
    """One version of one post.

    `text` is what its author typed; `full_text` is what X keeps: with the handles of a reply put in front and
    links rewritten to t.co. `first_id` is the same for all versions of an edited post. From `visible_at` on
    the mentions timeline and search show it. `poll` are the choices of its poll.
    """

    id: str
    author_id: str
    text: str
    composed: Composed
    created_at: datetime
    visible_at: datetime
    first_id: str
    conversation_id: str
    reply_to: str | None = None
    reply_to_user_id: str | None = None
    quotes: str | None = None
    repost_of: str | None = None
    lang: str = "en"
    media: tuple[Media, ...] = ()
    poll: tuple[str, ...] = ()
    entities: dict[str, Any] | None = None

    @property
    def full_text(self) -> str:
        return self.composed.text

    @property
    def mentioned_ids(self) -> tuple[str, ...]:
        """Everybody whom the post names, implicitly or not, each once."""
        return tuple(dict.fromkeys(span.facts["id"] for span in self.composed.of("mentions")))

    def summons(self, user: User) -> Literal["explicit", "implicit"] | None:
        """How the post calls `user`: typed by its author, only put in front by X, or not at all."""
        places = [s.start for s in self.composed.of("mentions") if s.facts["id"] == user.id]
        if not places:
            return None
        return "explicit" if max(places) >= self.composed.starts_at else "implicit"
