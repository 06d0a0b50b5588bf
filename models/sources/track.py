"""What we listen for, and the Slack channel where it is shown."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Index, Row, Text, cast, func, literal, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent

TrackKind = Literal["mentions", "search", "hashtag", "feed"]
MENTIONS_TRACK: TrackKind = "mentions"  # each account has exactly one
FEED_TRACK: TrackKind = "feed"
SEARCHED_KINDS: tuple[TrackKind, ...] = ("search", "hashtag")  # found by a network's search

# How a mention says why it was found: the first with words of the post, the second once those are erased.
MATCHES_PREFIX, UNQUOTED_REASON = "matches ", "matches a search"

TRACK_CURSOR_PREFIX = "track "

_IS_MENTIONS = "kind = 'mentions'"


class Track(Base):
    """One thing that we listen for. A row is never deleted, as mentions keep its id.

    `channel` is a Slack channel id; None means the default channel, `SLACK_CHANNEL`. `account_id` is the
    account that it is read as, None where a network needs none. `query` is what to find, as `parse_query`
    reads it; only posts in one of `languages` (such as `en`; none: any) and not by one of `excluded_handles`
    count. `created_by` is a Slack user id, None if it came by the command line or with an account.
    `edited_at` is when that was last changed: `previous` is what it was until then, and decides about posts
    from before. Posts from `silent_from` until `silent_until`, while it was paused, are not for it.
    A track of a feed has the feed's `address`, which may hold secrets, and takes every entry if its `query`
    is empty; it is read every `interval_seconds`, None: as often as the settings say. `revision` rises with
    every change, so that of two people who edit it the second one notices.
    """

    __tablename__ = "tracks"
    __table_args__ = (
        Index(
            "uq_tracks_mentions",
            "network",
            "account_id",
            unique=True,
            sqlite_where=text(_IS_MENTIONS),
            postgresql_where=text(_IS_MENTIONS),
        ),
    )

    wait_columns = ("edited_at", "paused_at", "silent_from", "silent_until")

    id: Mapped[Key]
    kind: Mapped[str]
    network: Mapped[str]
    account_id: Mapped[str | None]
    query: Mapped[str] = mapped_column(default="", server_default="")
    address: Mapped[str | None] = mapped_column(index=True)
    interval_seconds: Mapped[int | None]
    channel: Mapped[str | None]
    languages: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    excluded_handles: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[datetime]
    created_by: Mapped[str | None]
    edited_at: Mapped[datetime | None]
    previous: Mapped[dict[str, Any] | None]
    paused_at: Mapped[datetime | None]
    silent_from: Mapped[datetime | None]
    silent_until: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1, server_default="1")

    @property
    def cursor_name(self) -> str:
        """The name of the cursor that says how far it was read."""
        return self.cursor_name_of(self.id)

    @staticmethod
    def cursor_name_of(track_id: int) -> str:
        """Returns the same for the track with that id."""
        return f"{TRACK_CURSOR_PREFIX}{track_id}"

    @classmethod
    def cursor_name_sql(cls) -> ColumnElement[str]:
        """Returns the same as an SQL expression."""
        return literal(TRACK_CURSOR_PREFIX) + cast(cls.id, Text)

    @classmethod
    def all(cls, session: Session) -> Sequence["Track"]:
        """Returns every track that is not removed, the oldest first."""
        return session.scalars(select(cls).where(cls.removed_at.is_(None)).order_by(cls.id)).all()

    def wants(self, posted_at: datetime) -> bool:
        """Whether posts of that time are for it at all: those from while it is or was paused are not."""
        if self.paused_at is not None and posted_at >= self.paused_at:
            return False
        if self.silent_from is None or self.silent_until is None:
            return True
        return not self.silent_from <= posted_at < self.silent_until

    @classmethod
    def to_search(
        cls, session: Session, network: str, *, paused_since: datetime
    ) -> Sequence[Row[int, str | None, datetime | None]]:
        """Returns what is searched for on `network` now, the oldest first: `id`, `account_id`, `paused_at`.

        One that was paused since `paused_since` is among them: what was posted before may be listed late.
        There may be thousands, and this is asked every few seconds, so they are not read as a whole.
        """
        query = select(cls.id, cls.account_id, cls.paused_at).where(
            cls.network == network,
            cls.kind.in_(SEARCHED_KINDS),
            cls.removed_at.is_(None),
            or_(cls.paused_at.is_(None), cls.paused_at >= paused_since),
        )
        return session.execute(query.order_by(cls.id)).all()

    @classmethod
    def of_feed(cls, session: Session, address: str) -> "list[Track]":
        """Returns the tracks that listen to the feed at `address` and are not paused, the oldest first."""
        here = cls.address == address, cls.kind == FEED_TRACK
        active = cls.removed_at.is_(None), cls.paused_at.is_(None)
        return list(session.scalars(select(cls).where(*here, *active).order_by(cls.id)))

    @classmethod
    def load(cls, session: Session, ids: Collection[int]) -> "list[Track]":
        """Returns those of the tracks `ids` that were not removed, the oldest first."""
        here = cls.id.in_(ids), cls.removed_at.is_(None)
        return list(session.scalars(select(cls).where(*here).order_by(cls.id)))

    @classmethod
    def count_searched_as(cls, session: Session, network: str, account_id: str) -> int:
        """Returns how many searches are read as that account and no other."""
        query = select(func.count()).where(
            cls.network == network,
            cls.account_id == account_id,
            cls.kind.in_(SEARCHED_KINDS),
            cls.removed_at.is_(None),
        )
        return session.scalar(query) or 0

    @classmethod
    def count_unread_searches(
        cls, session: Session, network: str, connected_ids: Collection[str]
    ) -> dict[str, int]:
        """Returns, by account, how many searches nobody reads, since it is not among `connected_ids`.

        Paused ones do not count.
        """
        query = select(cls.account_id, func.count()).where(
            cls.network == network,
            cls.account_id.not_in(connected_ids),
            cls.kind.in_(SEARCHED_KINDS),
            cls.removed_at.is_(None),
            cls.paused_at.is_(None),
        )
        return {str(one): count for one, count in session.execute(query.group_by(cls.account_id))}

    @classmethod
    def lock_shared(cls, session: Session, track_ids: Collection[int]) -> dict[int, "Track"]:
        """Returns those of these tracks that are not removed, by id; they stay so in this transaction."""
        query = select(cls).where(cls.id.in_(track_ids), cls.removed_at.is_(None)).order_by(cls.id)
        query = query.with_for_update(read=True).execution_options(populate_existing=True)
        return {one.id: one for one in session.scalars(query)}

    @classmethod
    def mentions_of(cls, session: Session, network: str, account_id: str, *, at: datetime) -> "Track":
        """Returns the track of that account's mentions, created on first use."""
        query = select(cls).where(
            cls.kind == MENTIONS_TRACK, cls.network == network, cls.account_id == account_id
        )
        found = session.scalar(query)
        if found is None:
            here = {"kind": MENTIONS_TRACK, "network": network, "account_id": account_id}
            add_if_absent(session, cls, **here, query="", created_at=at)
            found = session.scalars(query).one()
        return found

    @classmethod
    def find_mentions(cls, session: Session, network: str, account_id: str) -> "Track | None":
        """Returns the track of that account's mentions; None if it has not been read yet."""
        query = select(cls).where(
            cls.kind == MENTIONS_TRACK, cls.network == network, cls.account_id == account_id
        )
        return session.scalar(query)

    @classmethod
    def channel_of(cls, session: Session, network: str, account_id: str | None, default: str) -> str:
        """Returns the Slack channel of that account's mentions; `default` if it has none of its own."""
        query = select(cls.channel).where(
            cls.kind == MENTIONS_TRACK, cls.network == network, cls.account_id == account_id
        )
        return session.scalar(query) or default
