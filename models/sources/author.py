"""Somebody who spoke about us."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session

from models.core.base import Base, Key, add_if_absent
from models.sources.handles import write_handle


class Author(Base):
    """A person on a network; a profile is bought seldom and kept."""

    __tablename__ = "authors"
    __table_args__ = (UniqueConstraint("network", "network_id"),)

    id: Mapped[Key]
    network: Mapped[str]
    network_id: Mapped[str]
    handle: Mapped[str | None]
    name: Mapped[str | None]
    followers: Mapped[int | None]
    verified: Mapped[bool] = mapped_column(default=False)
    protected: Mapped[bool] = mapped_column(default=False)
    avatar_url: Mapped[str | None]
    fetched_at: Mapped[datetime | None]

    @classmethod
    def by_network_id(cls, session: Session, network: str, ids: Collection[str]) -> dict[str, "Author"]:
        """Those of `ids` that the ledger knows."""
        found = session.scalars(select(cls).where(cls.network == network, cls.network_id.in_(ids)))
        return {author.network_id: author for author in found}

    def is_fresh(self, at: datetime, lifetime: timedelta) -> bool:
        """Whether the profile is younger than `lifetime`, so that it is shown without fetching it again."""
        return self.fetched_at is not None and at - self.fetched_at < lifetime

    def update_profile(
        self,
        *,
        handle: str,
        name: str,
        followers: int | None,
        verified: bool,
        protected: bool,
        avatar_url: str | None,
        at: datetime,
    ) -> None:
        """Take over what the network says of them at `at`. A former handle still finds them."""
        if self.handle and self.handle.lower() != handle.lower():
            self._was_called(self.handle, at)
        self.handle, self.name, self.followers = handle, name, followers
        self.verified, self.protected, self.avatar_url = verified, protected, avatar_url
        self.fetched_at = at

    def _was_called(self, handle: str, at: datetime) -> None:
        session = object_session(self)
        if session is not None:
            session.flush()
            add_if_absent(session, FormerHandle, author_id=self.id, handle=handle, until_at=at)

    def may_be_renamed(self, since: datetime) -> bool:
        """Whether what we know of them is older than what they said at `since`."""
        return self.fetched_at is None or self.fetched_at < since

    @property
    def display_name(self) -> str:
        """What to call them in our own sentences."""
        return write_handle(self.handle, self.network) if self.handle else "somebody"


class FormerHandle(Base):
    """A handle that somebody had; others may have it now."""

    __tablename__ = "former_handles"
    __table_args__ = (UniqueConstraint("author_id", "handle"),)

    id: Mapped[Key]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    handle: Mapped[str]
    until_at: Mapped[datetime]
