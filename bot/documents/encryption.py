"""Encryption of stored documents: AES-256-GCM under a random key per file, which a master key wraps.

    sealed = MAGIC ‖ id of the master key (8) ‖ nonce (12) ‖ wrapped key (32 + 16) ‖ nonce (12) ‖ ciphertext

The master key follows from SECRET_KEY. Rotation wraps the file keys anew and leaves the ciphertext as it is.
"""

import os
from collections.abc import Iterable

from bot.security.key_derivation import derive_key

MAGIC = b"PAPER\x01"
_ID, _NONCE, _KEY, _TAG = 8, 12, 32, 16
_WRAPPED = len(MAGIC) + _ID
_CONTENT = _WRAPPED + _NONCE + _KEY + _TAG
#: Bytes of an encrypted file that tell under which secret it is encrypted.
HEAD = _WRAPPED


class DecryptionFailed(Exception):
    """Not encrypted by us, or for another place, changed since, or under a secret that we do not have."""


def _derive(secret: str, purpose: bytes, length: int) -> bytes:
    return derive_key(secret, b"technical-officer-bot/papers/" + purpose, length)


def _encrypt(key: bytes, data: bytes, context: str) -> bytes:
    """The nonce and the ciphertext."""
    # With the first file: the library takes 6 MB.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, context.encode())


def _decrypt(key: bytes, encrypted: bytes, context: str) -> bytes:
    """Of what `_encrypt` made. Raises DecryptionFailed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(encrypted[:_NONCE], encrypted[_NONCE:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise DecryptionFailed(context) from error


class DocumentCipher:
    """Encrypts under `secret`; opens also what was encrypted under `former` secrets."""

    def __init__(self, secret: str, former: Iterable[str] = ()) -> None:
        self._masters = {
            _derive(key_text, b"id", _ID): _derive(key_text, b"key", _KEY) for key_text in (secret, *former)
        }
        self._current = next(iter(self._masters))

    @property
    def key_id(self) -> str:
        """Of the secret in force, hex; tells nothing of it."""
        return self._current.hex()

    def seal(self, data: bytes, context: str) -> bytes:
        """`context` is where it will be kept: encrypted bytes moved elsewhere do not open."""
        key = os.urandom(_KEY)
        return self._wrap(key, context) + _encrypt(key, data, context)

    def open(self, sealed: bytes, context: str) -> bytes:
        """The bytes that were encrypted for `context`. Raises DecryptionFailed."""
        return _decrypt(self._unwrap(sealed, context), sealed[_CONTENT:], context)

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is encrypted under the secret in force."""
        return sealed.startswith(MAGIC + self._current)

    def knows(self, sealed: bytes) -> bool:
        """Whether it is encrypted under any secret that we have, by its first HEAD bytes."""
        return sealed.startswith(MAGIC) and sealed[len(MAGIC) : _WRAPPED] in self._masters

    def rewrap(self, sealed: bytes, context: str) -> bytes:
        """The same file under the secret in force (key rotation). Raises DecryptionFailed."""
        return self._wrap(self._unwrap(sealed, context), context) + sealed[_CONTENT:]

    def _wrap(self, key: bytes, context: str) -> bytes:
        return MAGIC + self._current + _encrypt(self._masters[self._current], key, context)

    def _unwrap(self, sealed: bytes, context: str) -> bytes:
        master = self._masters.get(sealed[len(MAGIC) : _WRAPPED])
        if not sealed.startswith(MAGIC) or master is None:
            raise DecryptionFailed(context)
        return _decrypt(master, sealed[_WRAPPED:_CONTENT], context)
