"""The account that we speak as on a network, as the network last named it."""

from datetime import datetime

from sqlalchemy import UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session

from models.core.base import Base, Key, add_if_absent


class Account(Base):
    """One of ours. Its name is kept, so that cards can be drawn while the network does not answer."""

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("network", "network_id"),)

    id: Mapped[Key]
    network: Mapped[str]
    network_id: Mapped[str]
    handle: Mapped[str]
    name: Mapped[str]
    seen_at: Mapped[datetime]

    @classmethod
    def find(cls, session: Session, network: str, network_id: str) -> "Account | None":
        """That account, if it was ever seen."""
        return session.scalar(select(cls).where(cls.network == network, cls.network_id == network_id))

    @classmethod
    def record_profile(
        cls, session: Session, *, network: str, network_id: str, handle: str, name: str, at: datetime
    ) -> None:
        """Remember how the network names it."""
        names = {"handle": handle, "name": name, "seen_at": at}
        if not add_if_absent(session, cls, network=network, network_id=network_id, **names):
            here = (cls.network == network, cls.network_id == network_id)
            session.execute(update(cls).where(*here).values(**names))
