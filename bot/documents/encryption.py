"""Encryption of stored documents: AES-256-GCM under a random key per file, which a master key wraps.

    sealed = MAGIC ‖ id of the master key (8) ‖ nonce (12) ‖ wrapped key (32 + 16) ‖ nonce (12) ‖ ciphertext

The master key follows from SECRET_KEY. Rotation wraps the file keys anew and leaves the ciphertext as it is.
"""

import os
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"PAPER\x01"
_ID, _NONCE, _KEY, _TAG = 8, 12, 32, 16
_WRAPPED = len(MAGIC) + _ID
_CONTENT = _WRAPPED + _NONCE + _KEY + _TAG
#: Bytes of an encrypted file that tell under which secret it is encrypted.
HEAD = _WRAPPED


class DecryptionFailed(Exception):
    """Not encrypted by us, or for another place, changed since, or under a secret that we do not have."""


def _derive(secret: str, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"technical-officer-bot/papers/" + purpose).derive(
        secret.encode()
    )


class DocumentCipher:
    """Encrypts under `secret`; opens also what was encrypted under `former` secrets."""

    def __init__(self, secret: str, former: Iterable[str] = ()) -> None:
        self._masters = {
            _derive(key_text, b"id", _ID): AESGCM(_derive(key_text, b"key", _KEY))
            for key_text in (secret, *former)
        }
        self._current = next(iter(self._masters))

    @property
    def key_id(self) -> str:
        """Of the secret in force, hex; tells nothing of it."""
        return self._current.hex()

    def seal(self, data: bytes, context: str) -> bytes:
        """`context` is where it will be kept: encrypted bytes moved elsewhere do not open."""
        key, nonce = AESGCM.generate_key(_KEY * 8), os.urandom(_NONCE)
        return self._wrap(key, context) + nonce + AESGCM(key).encrypt(nonce, data, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """The bytes that were encrypted for `context`. Raises Unreadable."""
        key = self._unwrap(sealed, context)
        nonce, content = sealed[_CONTENT : _CONTENT + _NONCE], sealed[_CONTENT + _NONCE :]
        try:
            return AESGCM(key).decrypt(nonce, content, context.encode())
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailed(context) from error

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is encrypted under the secret in force."""
        return sealed.startswith(MAGIC + self._current)

    def knows(self, sealed: bytes) -> bool:
        """Whether it is encrypted under any secret that we have, by its first HEAD bytes."""
        return sealed.startswith(MAGIC) and sealed[len(MAGIC) : _WRAPPED] in self._masters

    def rewrap(self, sealed: bytes, context: str) -> bytes:
        """The same file under the secret in force (key rotation). Raises Unreadable."""
        return self._wrap(self._unwrap(sealed, context), context) + sealed[_CONTENT:]

    def _wrap(self, key: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return (
            MAGIC + self._current + nonce + self._masters[self._current].encrypt(nonce, key, context.encode())
        )

    def _unwrap(self, sealed: bytes, context: str) -> bytes:
        master = self._masters.get(sealed[len(MAGIC) : _WRAPPED])
        if not sealed.startswith(MAGIC) or master is None:
            raise DecryptionFailed(context)
        nonce, wrapped = sealed[_WRAPPED : _WRAPPED + _NONCE], sealed[_WRAPPED + _NONCE : _CONTENT]
        try:
            return master.decrypt(nonce, wrapped, context.encode())
        except (InvalidTag, ValueError) as error:
            raise DecryptionFailed(context) from error
