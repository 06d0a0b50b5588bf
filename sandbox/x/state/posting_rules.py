"""What X refuses to publish, in its own words.

There is no machine code in these answers: clients tell them apart by `detail`.
https://docs.x.com/x-api/posts/manage-tweets/integrate
"""

from collections.abc import Iterable

from sandbox.x.state.posts import User, XPost
from sandbox.x.state.text import MAX_WEIGHT, SURROGATE, length

NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by "
    "the author of the post you are replying to."
)
NO_QUOTE = (
    "Quoting this post is not allowed because you have not been mentioned or are not part of the "
    "conversation thread of the post you are quoting."
)
DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
PARENT_GONE = "You attempted to reply to a Tweet that is deleted or not visible to you."
TOO_LONG = (
    "Your Tweet text is too long. For more information on how Twitter determines text length see "
    "https://github.com/twitter/twitter-text."
)
CATCH_ALL = "You are not permitted to perform this action."
CASHTAGS = "You are not allowed to create a Tweet with more than one cashtag."  # our words: X's are unknown
NOT_YOURS = "You are not authorized to delete this Tweet."


class ForbiddenError(Exception):
    """X's definite no; its text is the `detail` of the answer."""


def check_words(post: XPost) -> None:
    """Refuse what no post may hold."""
    if length(post.text) > MAX_WEIGHT:
        raise ForbiddenError(TOO_LONG)
    if len(post.composed.of("cashtags")) > 1:
        raise ForbiddenError(CASHTAGS)


def check_summons(speaker: User, parent: XPost, quoted: XPost | None, *, implicit_counts: bool) -> None:
    """Refuse a reply that the author of `parent` did not call for; `quoted` is what `parent` quotes.

    In force since 23 February 2026 for self-serve apps. Replies to one's own posts still pass.
    """
    if parent.author_id == speaker.id or (quoted and quoted.author_id == speaker.id):
        return
    summons = parent.summons(speaker)
    if summons is None or (summons == "implicit" and not implicit_counts):
        raise ForbiddenError(NOT_SUMMONED)


def check_duplicate(post: XPost, earlier: Iterable[XPost]) -> None:
    """Refuse the same words to the same people again."""
    if any(_words(post) == _words(other) for other in earlier):
        raise ForbiddenError(DUPLICATE)


def _words(post: XPost) -> tuple[str, str]:
    """Whom a post speaks to and what its author typed: its links differ each time, by their t.co."""
    return post.composed.in_front, post.text


def is_sayable(text: str) -> bool:
    """Whether `text` is something to publish at all: not blank, and valid Unicode."""
    return bool(text.strip()) and not SURROGATE.search(text)
