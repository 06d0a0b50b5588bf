"""Users, posts and their media."""

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
    """Media of a post. `url` is the picture, or the preview of a video or GIF.

    `upload` is the id of the file, if it was uploaded through the API.
    """

    url: str
    kind: Literal["photo", "video", "animated_gif"] = "photo"
    alt: str | None = None
    upload: str | None = None


def media_url(upload_id: str) -> str:
    """Return the public address of a picture that was uploaded."""
    return f"https://pbs.twimg.com/media/{upload_id}.jpg"


@dataclass(frozen=True, slots=True)
class XPost:
    """One version of one post.

    `text` is what its author typed; `full_text` is what X stores, with the handles of a reply in front and
    links rewritten to t.co. `first_id` is the same for all versions of an edited post. The mentions timeline
    and search show it from `visible_at` on. `poll` has the choices of its poll.
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
        """The IDs of all users whom the post mentions, implicitly or not, without repeats."""
        return tuple(dict.fromkeys(span.facts["id"] for span in self.composed.of("mentions")))

    def summons(self, user: User) -> Literal["explicit", "implicit"] | None:
        """Return how the post mentions `user`: typed by its author, only put in front by X, or not at all."""
        places = [s.start for s in self.composed.of("mentions") if s.facts["id"] == user.id]
        if not places:
            return None
        return "explicit" if max(places) >= self.composed.starts_at else "implicit"
