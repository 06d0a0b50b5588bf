"""What a live stream of a network brings: that there is something to read, and never the thing itself.

A stream only makes readings come sooner. What it says is not trusted and not kept: the post is read as every
other one is, and whatever a stream misses, the next reading finds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

StreamEventKind = Literal["alive", "mentions", "tracks", "post"]


@dataclass(frozen=True, slots=True)
class StreamWish:
    """What one account's stream is to listen for, besides that account's mentions.

    `hashtags` are those of its hashtag tracks, without #, as their query has them. `wants_text` says whether
    a public post with that text may be for one of its tracks; None: no track is searched for, so that no
    stream of all public posts is opened. It is quick, never raises, may be called from any thread, and
    follows the tracks while the stream is open.
    """

    hashtags: frozenset[str] = frozenset()
    wants_text: Callable[[str], bool] | None = None

    def is_same_stream(self, other: "StreamWish") -> bool:
        """Whether a stream that was opened for `other` brings all that this one asks for."""
        same_kind = (self.wants_text is None) == (other.wants_text is None)
        return self.hashtags == other.hashtags and same_kind


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One thing that a stream says.

    - `alive`: nothing but that it is open; always the first event.
    - `mentions`: read the mentions now. `post_id` is the `Post.id` that they should have then, if the stream
      says which: they are read again a few times if it is not listed yet.
    - `tracks`: read the tracks of `hashtag` now, which is one of `StreamWish.hashtags`.
    - `post`: a public post, `post_id`, whose text `StreamWish.wants_text`; it is read by `Reader.refresh`.

    `bytes_read` is what came from the network since the event before, for the figures.
    """

    kind: StreamEventKind
    bytes_read: int = 0
    post_id: str | None = None
    hashtag: str | None = None
