"""What we listen for, and the Slack channel where it is shown."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent

TrackKind = Literal["mentions", "search", "hashtag", "feed"]
TRACK_KINDS: tuple[TrackKind, ...] = get_args(TrackKind)
MENTIONS_TRACK: TrackKind = "mentions"  # each account has exactly one
SEARCHED_KINDS: tuple[TrackKind, ...] = ("search", "hashtag")  # found by a network's search

TRACK_CURSOR_PREFIX = "track "

_IS_MENTIONS = "kind = 'mentions'"


class Track(Base):
    """One thing that we listen for. A row is never deleted, as mentions keep its id.

    `channel` is a Slack channel id; None means the default channel, `SLACK_CHANNEL`. `account_id` is the
    account that it is read as, None where a network needs none. `query` is what to find, as `parse_query`
    reads it; only posts in one of `languages` (such as `en`; none: any) and not by one of `excluded_handles`
    count. `created_by` is a Slack user id, None if it came by the command line or with an account.
    `edited_at` is when it was last changed or resumed: posts from before that are not for it. `revision`
    rises with every change, so that of two people who edit it the second one notices.
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

    id: Mapped[Key]
    kind: Mapped[str]
    network: Mapped[str]
    account_id: Mapped[str | None]
    query: Mapped[str] = mapped_column(default="", server_default="")
    channel: Mapped[str | None]
    languages: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    excluded_handles: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    created_at: Mapped[datetime]
    created_by: Mapped[str | None]
    edited_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(default=1, server_default="1")

    @property
    def cursor_name(self) -> str:
        """The name of the cursor that says how far it was read."""
        return f"{TRACK_CURSOR_PREFIX}{self.id}"

    @classmethod
    def all(cls, session: Session) -> Sequence["Track"]:
        """Returns every track that is not removed, the oldest first."""
        return session.scalars(select(cls).where(cls.removed_at.is_(None)).order_by(cls.id)).all()

    @classmethod
    def to_search(cls, session: Session, network: str) -> Sequence["Track"]:
        """Returns what is searched for on `network` now, the oldest first."""
        query = select(cls).where(
            cls.network == network,
            cls.kind.in_(SEARCHED_KINDS),
            cls.removed_at.is_(None),
            cls.paused_at.is_(None),
        )
        return session.scalars(query.order_by(cls.id)).all()

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
    def channel_of(cls, session: Session, network: str, account_id: str | None, default: str) -> str:
        """Returns the Slack channel of that account's mentions; `default` if it has none of its own."""
        query = select(cls.channel).where(
            cls.kind == MENTIONS_TRACK, cls.network == network, cls.account_id == account_id
        )
        return session.scalar(query) or default
