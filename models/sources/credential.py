"""What lets us speak as an account, sealed, and whose turn it is to renew it."""

from datetime import datetime, timedelta

from sqlalchemy import UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session

from models.core.base import Base, Key

RENEWAL_LEASE = timedelta(seconds=15)  # one call takes eight at most, and what it brought has to be written


class Credential(Base):
    """The tokens of one account. Who has no key reads nothing here.

    `account_id` is None until the network has said whose they are.

    A refresh token works once, so only one refresher may be under way, whichever thread, process or machine
    it belongs to: it holds `leased_until` while it calls. `fence` counts the pairs that were kept; whoever
    set out from an older pair finds it raised. `tries` counts the calls since the last pair of which nobody
    knows what came: it is raised before each call, so that a crash counts as one.
    """

    __tablename__ = "credentials"
    __table_args__ = (UniqueConstraint("network", "account_id", name="uq_credentials_account"),)
    wait_columns = ("renewed_at", "expires_at", "leased_until", "not_before")

    id: Mapped[Key]
    network: Mapped[str]
    account_id: Mapped[str | None]
    handle: Mapped[str | None]
    sealed: Mapped[str]
    key_id: Mapped[str]
    connected_at: Mapped[datetime]
    renewed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    fence: Mapped[int]
    tries: Mapped[int]
    leased_until: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    disconnected_at: Mapped[datetime | None]
    cause: Mapped[str | None]
    failure: Mapped[str | None]

    @classmethod
    def all(cls, session: Session) -> list["Credential"]:
        """Returns every account's, the one that was connected first, first."""
        return list(session.scalars(select(cls).order_by(cls.id)))

    @classmethod
    def of_account(cls, session: Session, network: str, account_id: str) -> "Credential | None":
        """Returns that account's, if anybody connected it."""
        return session.scalar(select(cls).where(cls.network == network, cls.account_id == account_id))

    @classmethod
    def lock(cls, session: Session, credential_id: int) -> "Credential | None":
        """Returns the row with that id, locked until the transaction ends; None if there is none any more."""
        query = select(cls).where(cls.id == credential_id).with_for_update()
        return session.scalar(query.execution_options(populate_existing=True))

    @classmethod
    def connect(
        cls, session: Session, network: str, *, sealed: str, key_id: str, at: datetime, expires_at: datetime
    ) -> "Credential":
        """Store what a person has just connected at `at`. Whose it is the network has still to say."""
        renewed = _renewed_values(sealed, key_id, at, expires_at)
        row = cls(network=network, account_id=None, handle=None, connected_at=at, fence=1, **renewed)
        session.add(row)
        session.flush()
        return row

    def set_account(self, session: Session, account_id: str, handle: str) -> "Credential":
        """Record which account it is for, once the network has said so, and return the row that now holds it.

        An account has one row: if it was connected before, that row takes these tokens over unless its own
        are newer, and this one goes.
        """
        earlier = None
        if self.account_id != account_id:
            query = select(Credential).where(
                Credential.network == self.network, Credential.account_id == account_id
            )
            earlier = session.scalar(query.with_for_update().execution_options(populate_existing=True))
        if earlier is None:
            self.account_id, self.handle = account_id, handle
            return self
        session.delete(self)
        if earlier.connected_at > self.connected_at:  # somebody connected the account again since
            return earlier
        renewed = _renewed_values(self.sealed, self.key_id, self.renewed_at, self.expires_at)
        for name, value in {**renewed, "connected_at": self.connected_at, "handle": handle}.items():
            setattr(earlier, name, value)
        earlier.fence += 1
        session.flush()
        return earlier

    def lease(self, *, at: datetime) -> bool:
        """Let the caller alone renew the pair, for a while; False if somebody else is at it."""
        if self.leased_until is not None and self.leased_until > at:
            return False
        self.leased_until = at + RENEWAL_LEASE
        self.tries += 1
        return True

    def store_renewed(self, *, sealed: str, key_id: str, at: datetime, expires_at: datetime) -> None:
        """A new pair came at `at`, from the one that is kept here."""
        for name, value in _renewed_values(sealed, key_id, at, expires_at).items():
            setattr(self, name, value)
        self.fence += 1

    def put_off(self, until: datetime, cause: str, why: str) -> None:
        """The call provably had no effect: nothing is lost, and nobody asks again before `until`."""
        self.tries -= 1
        self._failed(cause, why, until)

    def record_unknown_outcome(self, until: datetime | None, cause: str, why: str) -> None:
        """Nobody knows what became of the call; nobody asks again before `until`."""
        self._failed(cause, why, until)

    def disconnect(self, cause: str, why: str, *, at: datetime) -> None:
        """The pair is refused for good at `at`; only a person can connect the account again."""
        self.disconnected_at = at
        self._failed(cause, why, None)

    def reseal(self, sealed: str, key_id: str) -> None:
        """The same pair under another key."""
        self.sealed, self.key_id = sealed, key_id

    def _failed(self, cause: str, why: str, until: datetime | None) -> None:
        self.leased_until, self.not_before, self.cause, self.failure = None, until, cause, why


def _renewed_values(sealed: str, key_id: str, at: datetime, expires_at: datetime) -> dict[str, object]:
    """What a new pair sets; whatever went wrong before is over."""
    return {
        "sealed": sealed,
        "key_id": key_id,
        "renewed_at": at,
        "expires_at": expires_at,
        "tries": 0,
        **dict.fromkeys(("leased_until", "not_before", "disconnected_at", "cause", "failure")),
    }
