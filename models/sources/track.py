"""What we listen for, and the Slack channel where it is shown."""

from datetime import datetime
from typing import Literal

from sqlalchemy import Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent

TrackKind = Literal["mentions", "search", "hashtag", "feed"]
MENTIONS_TRACK: TrackKind = "mentions"  # each account has exactly one

_IS_MENTIONS = "kind = 'mentions'"


class Track(Base):
    """One thing that we listen for. A row is never deleted, as mentions keep its id.

    `channel` is a Slack channel id; None means the default channel, `SLACK_CHANNEL`. `account_id` is the
    account that it is read as, None where a network needs none.
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
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

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
