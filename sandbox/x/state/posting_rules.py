"""Posts that X refuses to publish, with its error texts.

These errors have no machine-readable code: clients distinguish them by `detail`.
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
CASHTAGS = "You are not allowed to create a Tweet with more than one cashtag."  # our wording: X's is unknown
NOT_YOURS = "You are not authorized to delete this Tweet."


class ForbiddenError(Exception):
    """X refuses a post; the text is the `detail` of the response."""


def check_words(post: XPost) -> None:
    """Raise ForbiddenError for a text that no post may have."""
    if length(post.text) > MAX_WEIGHT:
        raise ForbiddenError(TOO_LONG)
    if len(post.composed.of("cashtags")) > 1:
        raise ForbiddenError(CASHTAGS)


def check_summons(speaker: User, parent: XPost, quoted: XPost | None, *, implicit_counts: bool) -> None:
    """Raise ForbiddenError unless the author of `parent` mentioned or quoted `speaker`.

    `quoted` is the post that `parent` quotes. X has this rule since 23 February 2026 for self-serve apps.
    Replies to the account's own posts are allowed.
    """
    if parent.author_id == speaker.id or (quoted and quoted.author_id == speaker.id):
        return
    summons = parent.summons(speaker)
    if summons is None or (summons == "implicit" and not implicit_counts):
        raise ForbiddenError(NOT_SUMMONED)


def check_duplicate(post: XPost, earlier: Iterable[XPost]) -> None:
    """Raise ForbiddenError for the same text to the same users as an earlier post."""
    if any(_words(post) == _words(other) for other in earlier):
        raise ForbiddenError(DUPLICATE)


def _words(post: XPost) -> tuple[str, str]:
    """Return whom a post addresses and what its author typed; its t.co links would differ each time."""
    return post.composed.in_front, post.text


def is_sayable(text: str) -> bool:
    """Whether `text` can be published: not blank, and valid Unicode."""
    return bool(text.strip()) and not SURROGATE.search(text)
