"""Password hashes of the old system: bcrypt and ASP.NET Identity v2 and v3 beside Argon2id (Q26).

They are only ever checked; the first good login replaces them by an Argon2id hash.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
from dataclasses import dataclass
from enum import StrEnum

from argon2 import Type, extract_parameters
from argon2.exceptions import InvalidHashError

_BCRYPT = re.compile(r"\$2[abxy]?\$(\d\d)\$[./A-Za-z0-9]{53}")
#: bcrypt looks at no more of a password.
_BCRYPT_BYTES = 72
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
#: Hashes whose scheme we cannot check: crypt's `$…$`, Django's, LDAP's, bare digests in hexadecimal.
_FOREIGN = re.compile(
    r"\$[0-9a-zA-Z_-]{1,16}\$.+|(?:pbkdf2|scrypt|argon2|bcrypt|sha|md5)[a-z0-9_:-]*\$.+|\{[A-Z0-9-]{3,10}\}.+"
    r"|[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128}"
)

#: A hash that costs more than this to check would stop everybody's login.
MAX_BCRYPT_COST = 14
MAX_PBKDF2_ROUNDS = 1_000_000
MAX_ARGON2_KIB = 256 * 1024
MAX_ARGON2_PASSES = 16

_V2_ROUNDS, _V2_SALT, _V2_KEY = 1000, 16, 32
_V3_HEADER = struct.Struct(">BIII")
_V3_DIGESTS = {0: "sha1", 1: "sha256", 2: "sha512"}


class Scheme(StrEnum):
    ARGON2ID = "argon2id"
    BCRYPT = "bcrypt"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class _Pbkdf2:
    digest: str
    rounds: int
    salt: bytes
    key: bytes


def scheme_of(stored: str) -> Scheme | None:
    """The scheme of a hash that can be checked here at a bearable cost, else None."""
    if stored.startswith("$argon2"):
        return Scheme.ARGON2ID if _bearable_argon2(stored) else None
    if match := _BCRYPT.fullmatch(stored):
        return Scheme.BCRYPT if 4 <= int(match.group(1)) <= MAX_BCRYPT_COST else None
    return Scheme.IDENTITY if _identity(stored) is not None else None


def looks_foreign(text: str) -> bool:
    """It is a hash, but not of a scheme that can be checked: it must not be taken for a password."""
    return scheme_of(text) is None and _FOREIGN.fullmatch(text) is not None


def verify_legacy_hash(stored: str, typed: str) -> bool:
    """Whether `typed` is the password of a bcrypt or Identity hash; False for any other text."""
    match scheme_of(stored):
        case Scheme.BCRYPT:
            return _verify_bcrypt(stored, typed)
        case Scheme.IDENTITY:
            parts = _identity(stored)
            assert parts is not None
            made = hashlib.pbkdf2_hmac(
                parts.digest, typed.encode("utf-8", "surrogatepass"), parts.salt, parts.rounds, len(parts.key)
            )
            return hmac.compare_digest(made, parts.key)
        case _:
            return False


def _verify_bcrypt(stored: str, typed: str) -> bool:
    import bcrypt  # for accounts of the old system alone

    password = typed.encode("utf-8", "surrogatepass")[:_BCRYPT_BYTES]
    # The variants differ in mistakes of their authors, none of them in what people type.
    cost = stored.split("$", 2)[2]
    try:
        return bcrypt.checkpw(password, f"$2b${cost}".encode("ascii"))
    except ValueError:
        return False


def _identity(stored: str) -> _Pbkdf2 | None:
    """ASP.NET Identity: base64 of a format byte, then salt and key (v2), or digest, rounds, salt, key
    (v3)."""
    if not 60 <= len(stored) <= 400 or not _BASE64.fullmatch(stored):
        return None
    try:
        raw = base64.b64decode(stored, validate=True)
    except binascii.Error:
        return None
    if raw[0] == 0 and len(raw) == 1 + _V2_SALT + _V2_KEY:
        return _Pbkdf2("sha1", _V2_ROUNDS, raw[1 : 1 + _V2_SALT], raw[1 + _V2_SALT :])
    if raw[0] != 1 or len(raw) < _V3_HEADER.size:
        return None
    _, digest, rounds, salt_length = _V3_HEADER.unpack_from(raw)
    salt = raw[_V3_HEADER.size : _V3_HEADER.size + salt_length]
    key = raw[_V3_HEADER.size + salt_length :]
    if digest not in _V3_DIGESTS or not 1 <= rounds <= MAX_PBKDF2_ROUNDS:
        return None
    if salt_length < 16 or len(salt) != salt_length or not 16 <= len(key) <= 64:
        return None
    return _Pbkdf2(_V3_DIGESTS[digest], rounds, salt, key)


def _bearable_argon2(stored: str) -> bool:
    try:
        parameters = extract_parameters(stored)
    except InvalidHashError:
        return False
    return (
        parameters.type is Type.ID
        and parameters.memory_cost <= MAX_ARGON2_KIB
        and parameters.time_cost <= MAX_ARGON2_PASSES
        and parameters.parallelism <= 16
    )
