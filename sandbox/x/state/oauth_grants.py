"""OAuth 2.0 with PKCE: clients, codes, and pairs of tokens, each refreshed by the next.

https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
"""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

CODE_LIVES = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Client:
    """A developer's app. Without a secret it is a public client; without redirects it accepts any."""

    id: str
    secret: str | None = None
    redirects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a consent page."""

    client_id: str
    redirect: str
    scope: str
    state: str
    challenge: str
    user_id: str | None = None  # the account that is signed in; None: the brand


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token, and the refresh token that gets the next pair once."""

    access: str
    refresh: str | None
    expires_at: datetime
    scope: str


@dataclass(slots=True, eq=False)
class Grant:
    """One consent and all its pairs."""

    client_id: str
    scope: str
    user_id: str | None = None  # the account that consented; None: the brand
    revoked: bool = False
    pairs: list[Pair] = field(default_factory=list)
    renewed_at: datetime | None = None


class RefusedError(Exception):
    """An error of the token endpoint, with the `status`, `code` and `words` of its response."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, words


class Grants:
    """Clients, codes and tokens. Not thread-safe: hold the world's lock.

    Until a client is registered, every bearer token is valid. `life` is the lifetime of an access token,
    `grace` how long a used refresh token still returns the same new pair (X is not known to have this),
    `spent` the error for a used one, and `ends_at_reuse` whether using it again ends the whole grant.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.life = timedelta(hours=2)
        self.grace = timedelta(0)
        self.spent = "invalid_grant"
        self.ends_at_reuse = True
        self.renewals = 0
        self._clock = clock
        self._clients: dict[str, Client] = {}
        self._codes: dict[str, tuple[Asked, datetime]] = {}
        self._grants: list[Grant] = []

    def add_client(self, client_id: str, secret: str | None = None, *redirects: str) -> Client:
        """Register an app; from now on bearer tokens are checked."""
        self._clients[client_id] = client = Client(client_id, secret, redirects)
        return client

    def client(self, client_id: str) -> Client | None:
        return self._clients.get(client_id)

    # The consent

    def consent(self, asked: Asked) -> str:
        """Return the code for a consent of the brand."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = asked, self._clock() + CODE_LIVES
        return code

    def redeem(self, client: Client, code: str, redirect: str, verifier: str) -> Pair:
        """Return the first pair for a code, once. Raises RefusedError."""
        asked, until = self._codes.pop(code, (None, self._clock()))
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or until <= self._clock() or asked.client_id != client.id:
            raise RefusedError(400, "invalid_request", "Value passed for the authorization code was invalid.")
        if asked.redirect != redirect:
            raise RefusedError(400, "invalid_request", "Value passed for the redirect uri did not match.")
        if asked.challenge != challenge:
            raise RefusedError(400, "invalid_request", "Value passed for the code verifier was invalid.")
        grant = Grant(client.id, asked.scope, asked.user_id)
        self._grants.append(grant)
        return self._next(grant)

    def grant(
        self,
        client: Client,
        scope: str = "tweet.read tweet.write users.read media.write offline.access",
        *,
        user_id: str | None = None,
    ) -> Pair:
        """Return a pair without consent, for tests of other things."""
        self._grants.append(grant := Grant(client.id, scope, user_id))
        return self._next(grant)

    # Refreshing and revoking

    def renew(self, client: Client, refresh: str) -> Pair:
        """Return the pair after that of `refresh`, which is used up by this. Raises RefusedError."""
        for grant in self._grants:
            known = [pair.refresh for pair in grant.pairs]
            if refresh not in known or grant.client_id != client.id or grant.revoked:
                continue
            if refresh == known[-1]:
                self.renewals += 1
                return self._next(grant)
            recent = grant.renewed_at is not None and self._clock() < grant.renewed_at + self.grace
            if recent and refresh == known[-2]:
                return grant.pairs[-1]
            grant.revoked = self.ends_at_reuse
        raise RefusedError(400, self.spent, "Value passed for the token was invalid.")

    def admits(self, token: str) -> bool:
        """Whether this bearer token is valid."""
        if not self._clients:
            return True
        for grant in self._grants:
            for pair in grant.pairs:
                if secrets.compare_digest(pair.access, token):
                    return not grant.revoked and self._clock() < pair.expires_at
        return False

    def owner(self, token: str) -> str | None:
        """Return the ID of the account behind a bearer token; None: the brand, or an unknown token."""
        for grant in self._grants:
            if any(secrets.compare_digest(pair.access, token) for pair in grant.pairs):
                return grant.user_id
        return None

    def has_scope(self, token: str, scope: str) -> bool:
        """Whether a valid bearer token has this scope; a token of no grant has all of them."""
        for grant in self._grants:
            if any(secrets.compare_digest(pair.access, token) for pair in grant.pairs):
                return scope in grant.scope.split()
        return True

    def expire(self) -> None:
        """Expire every access token now; refresh tokens stay valid."""
        now = self._clock()
        for grant in self._grants:
            grant.pairs = [
                Pair(pair.access, pair.refresh, min(pair.expires_at, now), pair.scope) for pair in grant.pairs
            ]

    def revoke(self) -> None:
        """End every grant, as when the brand disconnects all apps in its settings."""
        for grant in self._grants:
            grant.revoked = True

    def _next(self, grant: Grant) -> Pair:
        now = self._clock()
        offline = "offline.access" in grant.scope.split()
        refresh = secrets.token_urlsafe(32) if offline else None
        pair = Pair(secrets.token_urlsafe(32), refresh, now + self.life, grant.scope)
        grant.pairs.append(pair)
        grant.renewed_at = now
        return pair
