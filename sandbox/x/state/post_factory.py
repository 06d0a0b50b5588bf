"""Creates posts from typed text."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sandbox.x.state.ids import Snowflakes, moment
from sandbox.x.state.post_index import PostIndex
from sandbox.x.state.posts import Media, User, XPost
from sandbox.x.state.text import Composed, compose
from sandbox.x.state.users import People

_KEYS = {"photo": "3", "video": "7", "animated_gif": "16"}  # the first part of a media key


def media_key(first_id: str, number: int, media: Media) -> str:
    """Return the key of the `number`-th media of a post, from 1."""
    return f"{_KEYS[media.kind]}_{int(first_id) + number}"


def links_to(author: User, first_id: str, media: Sequence[Media]) -> list[tuple[str, str]]:
    """Return the key and the public address of each media of a post."""
    page = f"https://x.com/{author.handle}/status/{first_id}"
    return [
        (media_key(first_id, number, one), f"{page}/{'photo' if one.kind == 'photo' else 'video'}/1")
        for number, one in enumerate(media, 1)
    ]


class PostFactory:
    """Creates posts that fit the existing ones. It does not store them."""

    def __init__(self, ids: Snowflakes, people: People, index: PostIndex) -> None:
        self._ids = ids
        self._people = people
        self._index = index

    def make(
        self,
        author: User,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        quotes: str | None = None,
        unnamed: Sequence[str] = (),
        media: Sequence[Media] = (),
    ) -> XPost:
        """Return a new post; users with the IDs `unnamed` are not put in front of a reply.

        Raises LookupError if the post that it answers or quotes does not exist.
        """
        parent, quoted = self._existing(reply_to), self._existing(quotes)
        post_id = self._ids.next(at)
        to = [user.handle for user in self._addressed(parent, author) if user.id not in unnamed]
        return XPost(
            id=post_id,
            author_id=author.id,
            text=text,
            composed=self._compose(text, post_id, to, quoted, links_to(author, post_id, media)),
            media=tuple(media),
            created_at=moment(post_id),
            visible_at=moment(post_id),
            first_id=post_id,
            conversation_id=parent.conversation_id if parent else post_id,
            reply_to=reply_to,
            reply_to_user_id=parent.author_id if parent else None,
            quotes=quotes,
        )

    def remake(self, old: XPost, text: str, *, at: datetime) -> XPost:
        """Return the next version of a post, to the same users."""
        post_id = self._ids.next(at)
        to = [handle.removeprefix("@") for handle in old.composed.in_front.split()]
        author = self._people[old.author_id]
        quoted = self._index.posts.get(old.quotes or "")
        return replace(
            old,
            id=post_id,
            text=text,
            composed=self._compose(text, post_id, to, quoted, links_to(author, old.first_id, old.media)),
            created_at=moment(post_id),
            visible_at=max(old.visible_at, moment(post_id)),
            entities=None,
        )

    def repost(self, author: User, original: XPost, *, at: datetime) -> XPost:
        """Return a repost, which is a post with the original's text after `RT @author:`."""
        handle = self._people[original.author_id].handle
        words = f"RT @{handle}: {original.composed.in_front}{original.text}"
        return replace(self.make(author, words, at=at), repost_of=original.id)

    def _existing(self, post_id: str | None) -> XPost | None:
        if post_id is not None and post_id not in self._index.posts:
            raise LookupError(f"there is no post {post_id} here")
        return None if post_id is None else self._index.posts[post_id]

    def _addressed(self, parent: XPost | None, author: User) -> list[User]:
        """Return the users whom X puts in front of a reply: the parent's author, then those it mentions."""
        ids = dict.fromkeys((parent.author_id, *parent.mentioned_ids)) if parent else {}
        return [self._people[user_id] for user_id in ids if user_id != author.id]

    def _compose(
        self,
        text: str,
        post_id: str,
        to: Sequence[str],
        quoted: XPost | None,
        media: Sequence[tuple[str, str]],
    ) -> Composed:
        url = f"https://x.com/{self._people[quoted.author_id].handle}/status/{quoted.id}" if quoted else None
        return compose(text, to=to, quote_url=url, media=media, seed=post_id, find=self._id_of)

    def _id_of(self, handle: str) -> str | None:
        user = self._people.find(handle)
        return user.id if user else None
