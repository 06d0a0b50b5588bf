"""OAuth 2.0 tokens in the ledger: sealed, renewed by one worker at a time, kept before they are used.

A network spends a refresh token with each renewal, whether or not its answer arrives, and two renewals at
once end the whole grant. So the one that renews holds a lease in the row (no transaction is open during the
call), counts the call before it is made, and writes the new pair down before anybody sees it.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot.networks.errors import Later, Unsure
from bot.networks.oauth2 import AccessToken, GrantRefusedError, TokenPair
from bot.networks.registry import Renew
from bot.networks.values import AccountIdentity
from bot.runtime import pace
from bot.runtime.encryption import DecryptionError, Keyring
from models import Credential, Cursor
from models.core.database import BusyError, Database

log = logging.getLogger(__name__)

RENEW_AHEAD = timedelta(minutes=10)  # a token is renewed this long before its end
TOKEN_MIN_LIFETIME = timedelta(seconds=30)  # shorter than that it is as good as over
RENEW_MIN_AGE = timedelta(minutes=5)  # a token that is refused so soon is not renewed once more
RENEW_RETRY_DELAY = timedelta(seconds=30)  # between two calls that fail
OTHER_RENEWER_WAIT_SECONDS = 2.0  # seconds for which one waits for another refresher
OTHER_RENEWER_POLL_SECONDS = 0.05  # seconds between two looks at what that one does
LEDGER_TIMEOUT_SECONDS = 5.0  # seconds for the ledger


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A row, opened."""

    token: AccessToken
    refresh: SecretStr
    fence: int
    renewed_at: datetime
    expires_at: datetime


class _SealedPair(TypedDict):
    """A pair as a row keeps it."""

    sealed: str
    key_id: str
    expires_at: datetime


class _RenewedElsewhere(Later):
    """Somebody else is renewing just now."""

    def __init__(self, title: str) -> None:
        super().__init__(None, "unreachable", f"Our sign-in to {title} is being renewed right now.")


class TokenStore:
    """The tokens of one account. Safe to share between threads; each call reads the row again.

    So what `connect`, `rotate-keys` or another worker has written holds from the next call on. The row is the
    one with `credential_id`; None: there is none before `connect`. `method` is how the account signs in,
    for people.
    """

    def __init__(  # noqa: PLR0917 - `bootstrap` fills all but the last in
        self,
        db: Database,
        keyring: Keyring,
        network: str,
        title: str,
        now: Callable[[], datetime],
        renew: Renew,
        *,
        credential_id: int | None = None,
        method: str = "OAuth 2.0",
    ) -> None:
        self._db, self._keyring, self._now, self._call_renew = db, keyring, now, renew
        self._credential_id = credential_id
        self._network, self._title, self._method = network, title, method
        self._hint = f"run `python -m bot connect {network}`"
        # What the network gave and the ledger has not taken yet: the fence, the pair, when it came.
        self._unkept: tuple[int, TokenPair, datetime] | None = None

    # --- what the network asks for --------------------------------------------------------------------------

    def current(self) -> AccessToken:
        """The token, renewed ahead of its end. While that fails, the old one serves until it ends."""
        held = self._read_held()
        if held.expires_at - self._now() > RENEW_AHEAD:
            return held.token
        try:
            return self._renew(held).token
        except Later as later:
            if held.expires_at - self._now() > TOKEN_MIN_LIFETIME:
                return held.token
            if not isinstance(later, _RenewedElsewhere):
                raise
        return self._await_other_renewer(held).token

    def replacement_for(self, refused: AccessToken) -> AccessToken:
        """Return a token other than `refused`: the one that another process has fetched since, or a new one.

        Raises `Later` if the network rejects a token that it has just issued, if the renewal fails, or if the
        stored token cannot be read.
        """
        held = self._read_held()
        if held.token != refused:
            return held.token
        if self._now() - held.renewed_at < RENEW_MIN_AGE:
            raise Later(
                None,
                "unauthorized",
                f"{self._title} rejects the token that it just issued: {self._hint}.",
            )
        try:
            return self._renew(held).token
        except _RenewedElsewhere:
            return self._await_other_renewer(held).token

    def set_account(self, token: AccessToken, account: AccountIdentity) -> None:
        """Note whom the grant of `token` speaks for, so that nobody has to ask again.

        If that account has a row already, its row takes the tokens over. If somebody has connected the
        account again meanwhile, this says nothing about the row.
        """
        try:
            with self._ledger_errors(), self._db.write(LEDGER_TIMEOUT_SECONDS) as session:
                row = self._lock(session)
                if row is not None and row.connected_at == token.grant:
                    self._credential_id = row.set_account(session, account.id, account.handle).id
        except Later as later:
            log.warning("%s: could not store the account of our sign-in: %s", self._title, later.detail)

    def status_text(self) -> str:
        """Who is connected, and under which key that is kept."""
        try:
            with self._ledger_errors(), self._db.read(LEDGER_TIMEOUT_SECONDS) as session:
                row = self._find(session)
        except Later:
            return f"signs in with {self._method}; the database cannot be read, so the account is unknown."
        if row is None:
            return f"is set up for {self._method} but not connected yet: {self._hint}."
        who = f"@{row.handle}" if row.handle else f"an account that {self._title} has not named yet"
        source = f"today's key is {self._keyring.key_id}, from {self._keyring.source}"
        kept = f"its tokens are encrypted with key {row.key_id} ({source})"
        return f"signs in with {self._method}, connected as {who} on {row.connected_at:%Y-%m-%d}; {kept}."

    # --- what the command line asks for ---------------------------------------------------------------------

    def connect(self, pair: TokenPair) -> None:
        """Keep the first pair of an account. Readings that were put off for want of it may go on."""
        at = self._now()
        with self._db.write() as session:
            self._credential_id = Credential.connect(
                session, self._network, at=at, **self._sealed(pair, at)
            ).id
            session.execute(update(Cursor).where(Cursor.network == self._network).values(not_before=None))

    def forget(self) -> None:
        """Delete the row that `connect` has made, for the network takes nothing of it."""
        with self._db.write() as session:
            row = self._lock(session)
            if row is not None:
                session.delete(row)

    # --- renewing -------------------------------------------------------------------------------------------

    def _renew(self, held: HeldToken) -> HeldToken:
        """The next pair, whether we get it or somebody was quicker. Raises `Later`."""
        newer = self._lease(held)
        if newer is not None:
            return newer
        at = self._now()
        try:
            pair = self._call_renew(held.refresh)
        except GrantRefusedError as no:
            said = str(no)
            return self._record_failure(held, lambda row: self._disconnect(row, said, at=at))
        except Unsure as lost:
            detail = lost.detail
            return self._record_failure(held, lambda row: self._record_lost_answer(row, detail, at=at))
        except Later as later:
            until = pace.retry_at(later, at=at, otherwise=RENEW_RETRY_DELAY)
            cause, why = later.cause, later.detail
            return self._record_failure(held, lambda row: row.put_off(until, cause, why))
        self._unkept = (held.fence, pair, at)
        log.info("%s: our sign-in is renewed", self._title)
        return self._read_held()

    def _lease(self, held: HeldToken) -> HeldToken | None:
        """Take our turn to renew `held`, or give what somebody else has got since."""
        with self._ledger_errors(), self._db.write(LEDGER_TIMEOUT_SECONDS) as session:
            row = self._usable(self._lock(session))
            if row.fence != held.fence:
                return self._opened(row)
            at = self._now()
            if row.not_before is not None and row.not_before > at:
                raise self._failure_of(row)
            if not row.lease(at=at):
                raise _RenewedElsewhere(self._title)
            return None

    def _record_failure(self, held: HeldToken, note: Callable[[Credential], None]) -> HeldToken:
        """Note what became of a renewal, and raise it; unless somebody has got or connected another pair."""
        with self._ledger_errors(), self._db.write(LEDGER_TIMEOUT_SECONDS) as session:
            row = self._usable(self._lock(session))
            if row.fence == held.fence:
                note(row)
        log.warning("%s: our sign-in could not be renewed: %s", self._title, row.failure)
        if row.fence != held.fence:
            return self._opened(row)
        raise self._failure_of(row)

    def _await_other_renewer(self, held: HeldToken) -> HeldToken:
        """What another refresher gets, if it comes soon."""
        until = time.monotonic() + OTHER_RENEWER_WAIT_SECONDS
        while time.monotonic() < until:
            time.sleep(OTHER_RENEWER_POLL_SECONDS)
            newer = self._read_held()
            if newer.fence != held.fence:
                return newer
        raise _RenewedElsewhere(self._title)

    # --- reading and keeping --------------------------------------------------------------------------------

    def _read_held(self) -> HeldToken:
        """What is kept now. Raises `Later` if nothing is, or nothing that serves."""
        self._save_pending()
        with self._ledger_errors(), self._db.read(LEDGER_TIMEOUT_SECONDS) as session:
            return self._opened(self._usable(self._find(session)))

    def _find(self, session: Session) -> Credential | None:
        return None if self._credential_id is None else session.get(Credential, self._credential_id)

    def _lock(self, session: Session) -> Credential | None:
        return None if self._credential_id is None else Credential.lock(session, self._credential_id)

    def _save_pending(self) -> None:
        """Write down the pair that the network has given, if that is still to be done: unused until then.

        A ledger that is down for a while costs nothing: the pair waits here, and no other one is asked for
        as long as the lease lasts.
        """
        unkept = self._unkept
        if unkept is None:
            return
        fence, pair, at = unkept
        with self._ledger_errors(), self._db.write(LEDGER_TIMEOUT_SECONDS) as session:
            row = self._lock(session)
            if row is not None and row.fence == fence:
                row.store_renewed(at=at, **self._sealed(pair, at))
        self._unkept = None

    def _sealed(self, pair: TokenPair, at: datetime) -> _SealedPair:
        both = {"access": pair.access.get_secret_value(), "refresh": pair.refresh.get_secret_value()}
        return {
            "sealed": self._keyring.encrypt(json.dumps(both)),
            "key_id": self._keyring.key_id,
            "expires_at": at + timedelta(seconds=pair.lifetime_seconds),
        }

    def _opened(self, row: Credential) -> HeldToken:
        try:
            both = json.loads(self._keyring.decrypt(row.sealed))
        except DecryptionError:
            lost = f"its key {row.key_id} is missing: add it to ENCRYPTION_KEYS again, or {self._hint}"
            raise Later(
                None, "unauthorized", f"Our sign-in to {self._title} cannot be read; {lost}."
            ) from None
        account = None
        if row.account_id is not None:
            account = AccountIdentity(self._network, row.account_id, row.handle or "", row.handle or "")
        token = AccessToken(SecretStr(both["access"]), row.connected_at, account)
        return HeldToken(token, SecretStr(both["refresh"]), row.fence, row.renewed_at, row.expires_at)

    @contextmanager
    def _ledger_errors(self) -> Iterator[None]:
        """A ledger that does not answer is no reason to give up; `Later` says so to the caller."""
        try:
            yield
        except (SQLAlchemyError, BusyError) as error:
            name = type(error).__name__
            down = (
                f"The database does not respond ({name}), and our sign-in to {self._title} is stored there."
            )
            raise Later(None, "unreachable", down) from error

    def _usable(self, row: Credential | None) -> Credential:
        """`row`, if it can serve at all."""
        if row is None:
            raise Later(None, "unauthorized", f"{self._title} is not connected yet: {self._hint}.")
        if row.disconnected_at is not None:
            raise self._failure_of(row)
        return row

    def _failure_of(self, row: Credential) -> Later:
        """What is written in `row` about the last failure."""
        failure = row.failure or f"{self._title} did not renew our sign-in."
        return Later(row.not_before, row.cause or "unreachable", failure)

    def _disconnect(self, row: Credential, said: str, *, at: datetime) -> None:
        """The refresh token is refused. After a lost answer it probably was spent already."""
        lost = (
            f"A response from {self._title} was lost while our sign-in was being renewed, and now "
            if row.tries > 1
            else ""
        )
        refused = f"{lost}{self._title} no longer accepts our sign-in ({said})"
        row.disconnect("unauthorized", f"{refused}: {self._hint}.", at=at)

    def _record_lost_answer(self, row: Credential, detail: str, *, at: datetime) -> None:
        """Nobody knows whether the call had its effect: it is made again at once, then at a slower pace."""
        until = None if row.tries == 1 else at + RENEW_RETRY_DELAY
        again = "" if row.tries == 1 else f" If this continues, {self._hint}."
        row.record_unknown_outcome(
            until,
            "unreachable",
            f"{self._title} did not confirm that it renewed our sign-in. {detail}{again}",
        )


def reencrypt_all(db: Database, keyring: Keyring) -> dict[str, str]:
    """Seal all that is kept with today's key; by network and handle, the id of the key that sealed it before.

    Safe beside a running bot that knows the new key. Raises `DecryptionError`, and leaves all as it is, if
    there is something that no key opens.
    """
    before = {}
    with db.write() as session:
        for credential_id in session.scalars(select(Credential.id).order_by(Credential.id)).all():
            row = Credential.lock(session, credential_id)
            if row is not None:
                before[f"{row.network} @{row.handle}" if row.handle else row.network] = row.key_id
                row.reseal(keyring.reencrypt(row.sealed), keyring.key_id)
    return before
