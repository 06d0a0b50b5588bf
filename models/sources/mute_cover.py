"""Which posts a mute covers.

A conversation or an author that is muted is muted whole. Words never hide a post that mentions, answers or
quotes us.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Protocol

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from models.sources.mute import AUTHOR_MUTE, CONVERSATION_MUTE, EVERY_NETWORK, WORDS_MUTE, Mute
from models.tracks.matcher import TrackMatcher
from models.tracks.query import parse_query

# Most teams mute nothing, and this is asked of each page.
_ANY_MUTE = (
    select(Mute.id)
    .where(Mute.removed_at.is_(None), Mute.network.in_(bindparam("networks", expanding=True)))
    .limit(1)
)


class CoverablePost(Protocol):
    """What is asked of a post; each is as in `IncomingPost`."""

    @property
    def post_id(self) -> str:
        """Its id."""

    @property
    def conversation_id(self) -> str:
        """The network's id of its conversation."""

    @property
    def author_id(self) -> str:
        """The network's id of its author."""

    @property
    def text(self) -> str:
        """Its words."""

    @property
    def addressed(self) -> tuple[str, ...]:
        """The handles that the network put in front of them."""

    @property
    def addresses_us(self) -> bool:
        """Whether its author mentions, answers or quotes any account of ours."""


def find_muted(
    session: Session, network: str, posts: Collection[CoverablePost], authors: Mapping[str, int]
) -> dict[str, Mute]:
    """Returns, by post id, the mute that covers each of `posts`, all of `network`; others are left out.

    `authors` are the ledger's ids of the authors by the network's. A conversation's mute comes first, then an
    author's, then that of the oldest words.
    """
    if session.scalar(_ANY_MUTE, {"networks": (network, EVERY_NETWORK)}) is None:
        return {}
    values = {
        CONVERSATION_MUTE: {post.conversation_id for post in posts},
        AUTHOR_MUTE: {str(authors[post.author_id]) for post in posts},
    }
    query = select(Mute).where(
        Mute.removed_at.is_(None),
        or_(
            *(
                and_(Mute.kind == kind, Mute.network == network, Mute.value.in_(some))
                for kind, some in values.items()
            ),
            and_(Mute.kind == WORDS_MUTE, Mute.network.in_((network, EVERY_NETWORK))),
        ),
    )
    found = session.scalars(query.order_by(Mute.id), execution_options={"populate_existing": True}).all()
    if not found:
        return {}
    named = {(one.kind, one.value): one for one in found if one.kind != WORDS_MUTE}
    words = {one.id: one for one in found if one.kind == WORDS_MUTE}
    matcher = _matcher(tuple((one.id, one.value) for one in words.values()))
    covered = {}
    for post in posts:
        mute = named.get((CONVERSATION_MUTE, post.conversation_id)) or named.get(
            (AUTHOR_MUTE, str(authors[post.author_id]))
        )
        if mute is None and words and not post.addresses_us:
            matches = matcher.match(post.text, handles=post.addressed)
            mute = words[matches[0].track_id] if matches else None
        if mute is not None:
            covered[post.post_id] = mute
    return covered


@lru_cache(maxsize=8)
def _matcher(queries: tuple[tuple[int, str], ...]) -> TrackMatcher:
    return TrackMatcher((mute_id, parse_query(value)) for mute_id, value in queries)
