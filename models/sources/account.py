"""The accounts that we speak as, as their networks last named them, and how Heard signs in to each."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from sqlalchemy import UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent

AccountSource = Literal["environment", "connected"]
FROM_ENVIRONMENT: AccountSource = "environment"  # its credentials are settings; one account a network at most
FROM_CONNECT: AccountSource = "connected"  # its credentials are a row of `Credential`


class Account(Base):
    """One of our accounts. Its names are kept, so that cards can be drawn while the network does not answer.

    `network_id` is unique on the whole network: where a network has several servers, its own file puts the
    server into the id. `server` is for people, and empty where a network has only one. `source` is None for
    an account that Heard has no credentials for (any more).
    """

    __tablename__ = "accounts"
    __table_args__ = (UniqueConstraint("network", "network_id"),)

    id: Mapped[Key]
    network: Mapped[str]
    network_id: Mapped[str]
    server: Mapped[str] = mapped_column(default="", server_default="")
    handle: Mapped[str]
    name: Mapped[str]
    seen_at: Mapped[datetime]
    source: Mapped[str | None]

    @classmethod
    def find(cls, session: Session, network: str, network_id: str) -> "Account | None":
        """Returns that account; None if it was never seen."""
        return session.scalar(select(cls).where(cls.network == network, cls.network_id == network_id))

    @classmethod
    def all(cls, session: Session, network: str | None = None) -> list["Account"]:
        """Returns every account that was ever seen, on one network if that is given, by network and handle."""
        query = select(cls).order_by(cls.network, cls.handle, cls.id)
        return list(session.scalars(query if network is None else query.where(cls.network == network)))

    @classmethod
    def record_profile(
        cls,
        session: Session,
        *,
        network: str,
        network_id: str,
        handle: str,
        name: str,
        at: datetime,
        server: str = "",
    ) -> None:
        """Remember how the network names the account at `at`."""
        names = {"handle": handle, "name": name, "seen_at": at, "server": server}
        if not add_if_absent(session, cls, network=network, network_id=network_id, **names):
            here = (cls.network == network, cls.network_id == network_id)
            session.execute(update(cls).where(*here).values(**names))

    @classmethod
    def record_sources(
        cls, session: Session, network: str, *, environment_id: str | None, connected_ids: Collection[str]
    ) -> None:
        """Record how Heard signs in to each account of `network`: those in neither have no credentials.

        An account that is in both counts as the environment's, whose credentials are used.
        """
        sources: dict[str, AccountSource] = dict.fromkeys(connected_ids, FROM_CONNECT)
        if environment_id is not None:
            sources[environment_id] = FROM_ENVIRONMENT
        for account in cls.all(session, network):
            source = sources.get(account.network_id)
            if account.source != source:
                account.source = source
        session.flush()

    @property
    def at_handle(self) -> str:
        """Its handle as people write it, with the server if the network has several."""
        return f"@{self.handle}" + (f"@{self.server}" if self.server else "")
