"""The accounts that we speak as, as their networks last named them, and how Heard signs in to each."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, UniqueConstraint, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, aliased, mapped_column

from models.core.account_filter import AccountFilter
from models.core.base import Base, Key, add_if_absent

AccountSource = Literal["environment", "connected"]
FROM_ENVIRONMENT: AccountSource = "environment"  # its credentials are settings; one account a network at most
FROM_CONNECT: AccountSource = "connected"  # its credentials are a row of `Credential`


@dataclass(frozen=True, slots=True)
class AccountHandles:
    """What our accounts are called, without @, by network and account id; read once, to draw many things."""

    by_account: Mapping[tuple[str, str], str] = field(default_factory=dict)
    connected: Mapping[str, int] = field(default_factory=dict)  # how many accounts, by network
    servers: Mapping[tuple[str, str], str] = field(default_factory=dict)  # where networks have several
    connected_handles: tuple[str, ...] = ()  # each once, with the server, in alphabetical order

    def handle(self, network: str, account_id: str) -> str | None:
        """Returns that account's handle; None if it was never seen."""
        return self.by_account.get((network, account_id))

    def distinguishing(self, network: str, account_id: str) -> str | None:
        """Returns that account's handle if its network has several accounts of ours; None if it has one."""
        return self.handle(network, account_id) if self.connected.get(network, 0) > 1 else None

    def find(self, handle: str) -> AccountFilter | None:
        """Returns our accounts called `handle`, in any case, with or without the server; None if none is."""
        wanted = handle.removeprefix("@").casefold()
        found = {
            key: one
            for key, one in self.by_account.items()
            if wanted in {one.casefold(), f"{one}@{self.servers.get(key, '')}".casefold()}
        }
        return AccountFilter(next(iter(found.values())), tuple(found)) if found else None

    def may_be(self, network: str, account_id: str, chosen: Collection[AccountFilter]) -> bool:
        """Whether `chosen` (empty: all) has that account, or may have it because it is not known yet."""
        keys = {key for one in chosen for key in one.keys}
        if not keys or (network, account_id) in keys:
            return True
        return (network, account_id) not in self.by_account and network in {name for name, _ in keys}


NO_HANDLES = AccountHandles()


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
        """Returns every account that was ever seen (on `network`, if that is given), by handle."""
        query = select(cls).order_by(cls.network, cls.handle, cls.id)
        return list(session.scalars(query if network is None else query.where(cls.network == network)))

    @classmethod
    def handles(cls, session: Session) -> AccountHandles:
        """Returns what all our accounts are called."""
        found = cls.all(session)
        return AccountHandles(
            {(one.network, one.network_id): one.handle for one in found},
            Counter(one.network for one in found if one.source is not None),
            {(one.network, one.network_id): one.server for one in found if one.server},
            tuple(sorted({one.at_handle[1:] for one in found if one.source is not None}, key=str.casefold)),
        )

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
        source: AccountSource | None = None,
    ) -> None:
        """Remember how the network names the account at `at`, and `source` if none is recorded."""
        names = {"handle": handle, "name": name, "seen_at": at, "server": server}
        if not add_if_absent(session, cls, network=network, network_id=network_id, source=source, **names):
            here = (cls.network == network, cls.network_id == network_id)
            session.execute(
                update(cls).where(*here).values(**names, source=func.coalesce(cls.source, source))
            )

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

    @classmethod
    def is_left(
        cls, network: InstrumentedAttribute[str], account_id: InstrumentedAttribute[str]
    ) -> ColumnElement[bool]:
        """Returns the SQL condition that the account in those columns has no credentials any more."""
        own = aliased(cls)  # the query around it may read accounts, too
        query = select(own.id).where(own.network == network, own.network_id == account_id)
        return query.where(own.source.is_(None)).exists()

    @property
    def at_handle(self) -> str:
        """Its handle as people write it, with the server if the network has several."""
        return f"@{self.handle}" + (f"@{self.server}" if self.server else "")
