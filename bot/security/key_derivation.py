"""Keys for one purpose each, of the one secret of the operator: HKDF with SHA-256 and without salt (RFC 5869). From the standard
library: the audit chain alone would keep cryptography in memory."""

import hashlib
import hmac

_BLOCK = hashlib.sha256().digest_size


def derive_key(secret: str, purpose: bytes, length: int = _BLOCK) -> bytes:
    """`length` bytes, 32 at most: one block of HKDF. Raises ValueError for more."""
    if length > _BLOCK:
        raise ValueError(f"no more than {_BLOCK} bytes")
    master = hmac.digest(bytes(_BLOCK), secret.encode(), "sha256")
    return hmac.digest(master, purpose + b"\x01", "sha256")[:length]
