"""What all readings of mentions do with their pages: filter, count, and recognise the last one.

The first reading of an account shows the newest posts of a day. What else it read is remembered by id, and no
later reading takes it for new. A post's date says nothing about that: it may be its author's claim.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.context import BotContext
from bot.networks.errors import Later
from bot.networks.values import AccountIdentity, Position, PostPage
from models import Account, Cursor, LeftOutPost, Track

LEFT_OUT_LIFETIME = timedelta(days=30)  # further back than any reading goes, even after some days without one


@dataclass(slots=True)
class PollResult:
    """What one reading brought."""

    taken: int = 0
    kept: int = 0
    left_out: int = 0
    gap: bool = False
    pages: int = 0
    lowest: Position | None = None  # how far down it reached,
    oldest_at: datetime | None = None  # and when the earliest post that it brought was written
    complete_since: datetime | None = None  # where the network stopped listing, if it did before the end
    listed: set[str] = field(default_factory=set)  # the ids of all posts that were read

    def add_page(self, page: PostPage) -> None:
        """Remember how far down `page` goes, and whether it may have been cut off."""
        self.gap |= page.has_gap
        self.pages += 1
        self.lowest = page.lowest or self.lowest
        said = (post.posted_at for post in page.posts)
        self.oldest_at = min((self.oldest_at, *said) if self.oldest_at else said, default=None)
        self.listed |= {post.id for post in page.posts}
        if page.has_gap and self.complete_since is None:
            self.complete_since = self.oldest_at


def mark_last(pages: Iterable[PostPage]) -> Iterator[tuple[PostPage, bool]]:
    """Yield each page and whether it is the last; a reading without any page ends with an empty one.

    When the reading fails, the page before the failure is yielded first, as not the last; then `Later` is
    raised.
    """
    before: PostPage | None = None
    try:
        for page in pages:
            if before is not None:
                yield before, False
            before = page
    except Later:
        if before is not None:
            yield before, False
        raise
    yield before or PostPage(posts=()), True


def our_account_ids(ctx: BotContext, account: AccountIdentity) -> frozenset[str]:
    """Return the ids of every account that we are signed in to on the network of `account`."""
    with ctx.db.read() as session:
        known = Account.all(session, account.network)
    return frozenset({account.id, *(one.network_id for one in known if one.source is not None)})


def without_own_posts(page: PostPage, ours: Collection[str], floor: datetime | None) -> PostPage:
    """Return the page without reposts, posts of the accounts `ours`, and posts from before `floor` (UTC)."""
    posts = tuple(
        post
        for post in page.posts
        if not post.is_repost and post.author_id not in ours and (floor is None or post.posted_at >= floor)
    )
    return replace(page, posts=posts)


def without_left_out(ctx: BotContext, account: AccountIdentity, page: PostPage) -> PostPage:
    """Return the page of mentions without what the account's first reading left out."""
    with ctx.db.read() as session:
        track = Track.find_mentions(session, account.network, account.id)
        if track is None or not page.posts:
            return page
        known = LeftOutPost.known(session, [track.id], [post.id for post in page.posts])
    return replace(page, posts=tuple(post for post in page.posts if (track.id, post.id) not in known))


def first_poll_floor(ctx: BotContext, cursor: Cursor) -> datetime | None:
    """Return where the list of the first reading broke off: what is older stays left out; None: nowhere."""
    return None if ctx.now() - cursor.started_at > LEFT_OUT_LIFETIME else cursor.floor
