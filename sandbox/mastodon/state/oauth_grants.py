"""Apps, codes and tokens.

https://docs.joinmastodon.org/methods/oauth/
"""

import secrets
from dataclasses import dataclass

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@dataclass(frozen=True, slots=True)
class App:
    """A registered client."""

    client_id: str
    client_secret: str
    name: str
    redirects: tuple[str, ...]
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Token:
    """What a client signs with. It never expires; `revoke` ends it."""

    secret: str
    account_id: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Code:
    app: App
    redirect: str
    scopes: frozenset[str]
    account_id: str


class RefusedError(Exception):
    """An error of the token endpoint, with its `status`, `code` and `words`."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status, self.code, self.words = status, code, words


class Grants:
    """Apps, codes and tokens. Not thread-safe: hold the world's lock.

    Until an app is registered or a token granted, every token is valid, for the brand and with all scopes.
    """

    def __init__(self) -> None:
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.revoked: set[str] = set()
        self._codes: dict[str, _Code] = {}

    def register(self, name: str, redirects: tuple[str, ...], scopes: frozenset[str]) -> App:
        app = App(secrets.token_urlsafe(24), secrets.token_urlsafe(24), name, redirects, scopes)
        self.apps[app.client_id] = app
        return app

    def grant(self, account_id: str, scopes: frozenset[str]) -> Token:
        token = Token(secrets.token_urlsafe(32), account_id, scopes)
        self.tokens[token.secret] = token
        return token

    def revoke(self, secret: str) -> None:
        self.tokens.pop(secret, None)
        self.revoked.add(secret)

    def admits(self, secret: str) -> bool:
        return secret in self.tokens or not (self.apps or self.tokens or secret in self.revoked)

    def consent(self, app: App, redirect: str, scopes: frozenset[str], account_id: str) -> str:
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(app, redirect, scopes, account_id)
        return code

    def redeem(self, client_id: str, client_secret: str, code: str, redirect: str) -> Token:
        """Return a token for a code, which works once. Raises RefusedError."""
        app = self.apps.get(client_id)
        if app is None or not secrets.compare_digest(app.client_secret, client_secret):
            raise RefusedError(401, "invalid_client", "Client authentication failed.")
        known = self._codes.pop(code, None)
        if known is None or known.app != app or known.redirect != redirect:
            raise RefusedError(400, "invalid_grant", "The provided authorization grant is invalid.")
        return self.grant(known.account_id, known.scopes)


def covers(granted: frozenset[str], wanted: str) -> bool:
    """Whether `wanted` (`read:statuses`) is granted, itself or by its whole kind (`read`)."""
    return wanted in granted or wanted.partition(":")[0] in granted
