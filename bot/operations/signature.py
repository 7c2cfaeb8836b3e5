"""Who made a backup: an HMAC over its manifest, under a key that follows from SECRET_KEY.

The manifest carries one digest over names, sizes and bytes of all members in their order, so the HMAC covers
every one of them. The public key of age is enough to encrypt a forged archive, and not enough to sign it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

from bot.security.key_derivation import derive_key

#: Where the manifest holds it, in hexadecimal.
FIELD = "hmac"


def sign(facts: dict[str, Any], secret: str) -> dict[str, Any]:
    """The facts of a manifest with their HMAC."""
    return facts | {FIELD: _hmac(facts, secret)}


def is_signed(manifest: dict[str, Any]) -> bool:
    return isinstance(manifest.get(FIELD), str)


def is_signed_by(manifest: dict[str, Any], secrets: Iterable[str]) -> bool:
    """Whether one of `secrets` signed these very facts."""
    given = manifest.get(FIELD)
    if not isinstance(given, str):
        return False
    facts = {name: value for name, value in manifest.items() if name != FIELD}
    return any(hmac.compare_digest(given.encode(), _hmac(facts, secret).encode()) for secret in secrets)


def _hmac(facts: dict[str, Any], secret: str) -> str:
    key = derive_key(secret, b"technical-officer-bot/backup/manifest")
    said = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(key, said, hashlib.sha256).hexdigest()
