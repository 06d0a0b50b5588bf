"""What keeps tokens unreadable at rest: keys, the newest of which seals, and all of which open.

https://cryptography.io/en/latest/fernet/#cryptography.fernet.MultiFernet
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_KEY_PURPOSE = b"heard: tokens at rest"  # another use of the same secret would derive another key
_KEY_ID_CHARS = 8


class DecryptionError(Exception):
    """None of today's keys opens it."""


class Keyring:
    """Seals with its first key and opens with any.

    Keys given as such (`ENCRYPTION_KEYS`, the newest first) come first. Keys derived from secrets that are
    there anyway follow, so that whoever sets `ENCRYPTION_KEYS` later loses nothing. `derived_from` names
    each such secret by its setting; at least one key must come of both together.
    """

    def __init__(self, keys: Sequence[SecretStr], derived_from: Mapping[str, SecretStr]) -> None:
        ring = [("ENCRYPTION_KEYS", key.get_secret_value()) for key in keys]
        ring += [(name, _derive_key(secret)) for name, secret in derived_from.items()]
        self.source = ring[0][0]
        self.key_id = _key_id(ring[0][1])
        self._fernet = MultiFernet([Fernet(key) for _, key in ring])

    def encrypt(self, words: str) -> str:
        """`words`, for nobody to read without a key."""
        return self._fernet.encrypt(words.encode()).decode()

    def decrypt(self, sealed: str) -> str:
        """What was sealed. Raises `DecryptionError`."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise DecryptionError from None

    def reencrypt(self, sealed: str) -> str:
        """The same, sealed with the newest key. Raises `DecryptionError`."""
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken:
            raise DecryptionError from None


def _derive_key(secret: SecretStr) -> str:
    """A key out of a secret that is long and random already: no slow hash is needed then (RFC 5869)."""
    made = HKDF(SHA256(), length=32, salt=None, info=_KEY_PURPOSE).derive(secret.get_secret_value().encode())
    return base64.urlsafe_b64encode(made).decode()


def _key_id(key: str) -> str:
    """By which people may speak of a key; it tells nothing about it."""
    return hashlib.sha256(key.encode()).hexdigest()[:_KEY_ID_CHARS]
