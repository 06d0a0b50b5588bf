"""X's tokens as the ledger keeps them: sealed, renewed by one at a time, kept before they are used.

X spends a refresh token with each renewal, whether or not its answer arrives, and two renewals at once end
the whole grant. So whoever renews holds a lease in the row (no transaction is open during the call), counts
the call before it is made, and writes the new pair down before anybody sees it.
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

from bot.networks.base import Account, Later, Unsure
from bot.networks.x.oauth import GrantRefusedError, OAuth2, Pair, Token
from bot.runtime import pace
from bot.runtime.encryption import SealedError, Vault
from models import Credential, Cursor
from models.core.database import BusyError, Database

log = logging.getLogger(__name__)

NETWORK = "x"
CONNECT = "run `python -m bot connect x`"
AHEAD = timedelta(minutes=10)  # a token is renewed this long before its end
LEAST = timedelta(seconds=30)  # shorter than that it is as good as over
JUST_NOW = timedelta(minutes=5)  # a token that X refuses so soon is not renewed once more
PAUSE = timedelta(seconds=30)  # between two calls that fail
AWAITED = 2.0  # seconds for which one waits for another refresher
GLANCE = 0.05  # seconds between two looks at what that one does
PATIENCE = 5.0  # seconds for the ledger


@dataclass(frozen=True, slots=True)
class Held:
    """A row, opened."""

    token: Token
    refresh: SecretStr
    fence: int
    renewed_at: datetime
    expires_at: datetime


class _Sealed(TypedDict):
    """A pair as a row keeps it."""

    sealed: str
    key_id: str
    expires_at: datetime


class _Elsewhere(Later):
    """Somebody else is renewing just now."""

    def __init__(self) -> None:
        super().__init__(None, "unreachable", "Our sign-in to X is being renewed just now.")


class StoredTokens:
    """The `Tokens` of the ledger. Safe to share between threads; each call reads the row anew.

    So what `connect`, `rotate-keys` or another worker has written holds from the next call on.
    """

    def __init__(self, db: Database, vault: Vault, oauth: OAuth2, now: Callable[[], datetime]) -> None:
        self._db, self._vault, self._oauth, self._now = db, vault, oauth, now
        self._unkept: tuple[int, Pair, datetime] | None = None  # X gave it, the ledger has not taken it yet

    # --- what X asks for ------------------------------------------------------------------------------------

    def current(self) -> Token:
        """The token, renewed ahead of its end. While that fails, the old one serves until it ends."""
        held = self._held()
        if held.expires_at - self._now() > AHEAD:
            return held.token
        try:
            return self._renewed(held).token
        except Later as later:
            if held.expires_at - self._now() > LEAST:
                return held.token
            if not isinstance(later, _Elsewhere):
                raise
        return self._from_elsewhere(held).token

    def instead_of(self, refused: Token) -> Token:
        """Another token than `refused`: the one that somebody got meanwhile, else a new one."""
        held = self._held()
        if held.token != refused:
            return held.token
        if self._now() - held.renewed_at < JUST_NOW:
            raise Later(None, "unauthorized", f"X does not take the token that it has just given: {CONNECT}.")
        try:
            return self._renewed(held).token
        except _Elsewhere:
            return self._from_elsewhere(held).token

    def name(self, token: Token, account: Account) -> None:
        """Note whom the grant of `token` speaks for, so that nobody has to ask X again.

        Somebody may have connected another account while X was asked: then this says nothing about the row.
        """
        try:
            with self._ledger(), self._db.write(PATIENCE) as session:
                row = Credential.hold(session, NETWORK)
                if row is not None and row.connected_at == token.grant:
                    row.name_account(account.id, account.handle)
        except Later as later:
            log.warning("X: whom our sign-in speaks for could not be noted: %s", later.detail)

    def about(self) -> str:
        """Who is connected, and under which key that is kept."""
        try:
            with self._ledger(), self._db.read(PATIENCE) as session:
                row = Credential.of(session, NETWORK)
        except Later:
            return "signs in with OAuth 2.0; the ledger does not say as whom."
        if row is None:
            return f"is to sign in with OAuth 2.0, and nobody has connected it yet: {CONNECT}."
        who = f"@{row.handle}" if row.handle else "an account that X has not named yet"
        source = f"today's key is {self._vault.key_id}, from {self._vault.source}"
        kept = f"its tokens are sealed with key {row.key_id} ({source})"
        return f"signs in with OAuth 2.0, connected as {who} on {row.connected_at:%Y-%m-%d}; {kept}."

    # --- what the command line asks for ---------------------------------------------------------------------

    def connect(self, pair: Pair) -> None:
        """Keep the first pair, in place of any before. Who put off reading for want of it may go on."""
        at = self._now()
        with self._db.write() as session:
            Credential.connect(session, NETWORK, at=at, **self._sealed(pair, at))
            session.execute(update(Cursor).where(Cursor.network == NETWORK).values(not_before=None))

    # --- renewing -------------------------------------------------------------------------------------------

    def _renewed(self, held: Held) -> Held:
        """The next pair, whether we get it or somebody was quicker. Raises `Later`."""
        newer = self._lease(held)
        if newer is not None:
            return newer
        at = self._now()
        try:
            pair = self._oauth.renew(held.refresh)
        except GrantRefusedError as no:
            said = str(no)
            return self._failed(held, lambda row: _disconnect(row, said, at=at))
        except Unsure as lost:
            detail = lost.detail
            return self._failed(held, lambda row: _lose(row, detail, at=at))
        except Later as later:
            until = pace.again_at(later, at=at, otherwise=PAUSE)
            cause, why = later.cause, later.detail
            return self._failed(held, lambda row: row.put_off(until, cause, why))
        self._unkept = (held.fence, pair, at)
        log.info("X: our sign-in is renewed")
        return self._held()

    def _lease(self, held: Held) -> Held | None:
        """Take our turn to renew `held`, or give what somebody else has got since."""
        with self._ledger(), self._db.write(PATIENCE) as session:
            row = _good(Credential.hold(session, NETWORK))
            if row.fence != held.fence:
                return self._opened(row)
            at = self._now()
            if row.not_before is not None and row.not_before > at:
                raise _why(row)
            if not row.lease(at=at):
                raise _Elsewhere
            return None

    def _failed(self, held: Held, note: Callable[[Credential], None]) -> Held:
        """Note what became of a renewal, and raise it; unless somebody has got or connected another pair."""
        with self._ledger(), self._db.write(PATIENCE) as session:
            row = _good(Credential.hold(session, NETWORK))
            if row.fence == held.fence:
                note(row)
        log.warning("X: our sign-in could not be renewed: %s", row.failure)
        if row.fence != held.fence:
            return self._opened(row)
        raise _why(row)

    def _from_elsewhere(self, held: Held) -> Held:
        """What another refresher gets, if it comes soon."""
        until = time.monotonic() + AWAITED
        while time.monotonic() < until:
            time.sleep(GLANCE)
            newer = self._held()
            if newer.fence != held.fence:
                return newer
        raise _Elsewhere

    # --- reading and keeping --------------------------------------------------------------------------------

    def _held(self) -> Held:
        """What is kept now. Raises `Later` if nothing is, or nothing that serves."""
        self._keep()
        with self._ledger(), self._db.read(PATIENCE) as session:
            return self._opened(_good(Credential.of(session, NETWORK)))

    def _keep(self) -> None:
        """Write down the pair that X has given, if that is still to be done: until then nobody may use it.

        A ledger that is down for a while costs nothing: the pair waits here, and no other one is asked for
        as long as the lease lasts.
        """
        unkept = self._unkept
        if unkept is None:
            return
        fence, pair, at = unkept
        with self._ledger(), self._db.write(PATIENCE) as session:
            row = Credential.hold(session, NETWORK)
            if row is not None and row.fence == fence:
                row.keep(at=at, **self._sealed(pair, at))
        self._unkept = None

    def _sealed(self, pair: Pair, at: datetime) -> _Sealed:
        both = {"access": pair.access.get_secret_value(), "refresh": pair.refresh.get_secret_value()}
        return {
            "sealed": self._vault.seal(json.dumps(both)),
            "key_id": self._vault.key_id,
            "expires_at": at + timedelta(seconds=pair.life),
        }

    def _opened(self, row: Credential) -> Held:
        try:
            both = json.loads(self._vault.open(row.sealed))
        except SealedError:
            lost = f"its key {row.key_id} is not among ours: put that back into ENCRYPTION_KEYS, or {CONNECT}"
            raise Later(None, "unauthorized", f"Our sign-in to X cannot be read; {lost}.") from None
        account = None
        if row.account_id is not None:
            account = Account(NETWORK, row.account_id, row.handle or "", row.handle or "")
        token = Token(SecretStr(both["access"]), row.connected_at, account)
        return Held(token, SecretStr(both["refresh"]), row.fence, row.renewed_at, row.expires_at)

    @contextmanager
    def _ledger(self) -> Iterator[None]:
        """A ledger that does not answer is no reason to give up; `Later` says so to the caller of X."""
        try:
            yield
        except (SQLAlchemyError, BusyError) as error:
            down = f"The ledger does not answer ({type(error).__name__}), and our sign-in to X is in it."
            raise Later(None, "unreachable", down) from error


def seal_again(db: Database, vault: Vault) -> dict[str, str]:
    """Seal all that is kept with today's key; by network, the id of the key that sealed it before.

    Safe beside a running bot that knows the new key. Raises `SealedError`, and leaves all as it is, if there
    is something that no key opens.
    """
    before = {}
    with db.write() as session:
        for network in session.scalars(select(Credential.network)).all():
            row = Credential.hold(session, network)
            if row is not None:
                before[network] = row.key_id
                row.seal_again(vault.renew(row.sealed), vault.key_id)
    return before


def _good(row: Credential | None) -> Credential:
    """`row`, if it can serve at all."""
    if row is None:
        raise Later(None, "unauthorized", f"X is not connected yet: {CONNECT}.")
    if row.disconnected_at is not None:
        raise _why(row)
    return row


def _why(row: Credential) -> Later:
    """What is written in `row` about the last failure."""
    return Later(row.not_before, row.cause or "unreachable", row.failure or "X did not renew our sign-in.")


def _disconnect(row: Credential, said: str, *, at: datetime) -> None:
    """X refuses the refresh token. After a lost answer that was to be feared: X had spent it already."""
    lost = "An answer of X was lost while our sign-in was renewed, and now " if row.tries > 1 else ""
    refused = f"{lost}X no longer accepts our sign-in ({said})"
    row.disconnect("unauthorized", f"{refused}: {CONNECT}.", at=at)


def _lose(row: Credential, detail: str, *, at: datetime) -> None:
    """Nobody knows whether X took the call: it is made once more at once, then at a slower pace."""
    until = None if row.tries == 1 else at + PAUSE
    again = "" if row.tries == 1 else f" If that goes on, {CONNECT}."
    row.lose(until, "unreachable", f"X did not say whether it renewed our sign-in. {detail}{again}")
