"""What lets us speak as an account, sealed, and whose turn it is to renew it."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.core.base import Base, Key, add_if_absent

RENEWAL_LEASE = timedelta(seconds=15)  # one call takes eight at most, and what it brought has to be written


class Credential(Base):
    """The tokens of one network. Who has no key reads nothing here.

    A refresh token works once, so only one refresher may be under way, whichever thread, process or machine
    it belongs to: it holds `leased_until` while it calls. `fence` counts the pairs that were kept; whoever
    set out from an older pair finds it raised. `tries` counts the calls since the last pair of which nobody
    knows what came: it is raised before each call, so that a crash counts as one.
    """

    __tablename__ = "credentials"
    wait_columns = ("renewed_at", "expires_at", "leased_until", "not_before")

    id: Mapped[Key]
    network: Mapped[str] = mapped_column(unique=True)
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
    def of(cls, session: Session, network: str) -> "Credential | None":
        """That network's, if anybody ever connected it."""
        return session.scalar(select(cls).where(cls.network == network))

    @classmethod
    def lock(cls, session: Session, network: str) -> "Credential | None":
        """The same, for nobody else to change until the transaction ends."""
        query = select(cls).where(cls.network == network).with_for_update()
        return session.scalar(query.execution_options(populate_existing=True))

    @classmethod
    def connect(
        cls, session: Session, network: str, *, sealed: str, key_id: str, at: datetime, expires_at: datetime
    ) -> None:
        """A person has connected the network at `at`: whatever was before is over."""
        made = {
            "account_id": None,
            "handle": None,
            "connected_at": at,
            **_renewed_values(sealed, key_id, at, expires_at),
        }
        if add_if_absent(session, cls, network=network, fence=1, **made):
            return
        row = cls.lock(session, network)
        assert row is not None
        for name, value in made.items():
            setattr(row, name, value)
        row.fence += 1

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
        """The pair is refused for good at `at`; only a person can connect the network again."""
        self.disconnected_at = at
        self._failed(cause, why, None)

    def set_account(self, account_id: str, handle: str) -> None:
        """The account that it speaks for, once the network has said so."""
        self.account_id, self.handle = account_id, handle

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
