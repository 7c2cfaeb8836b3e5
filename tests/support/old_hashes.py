"""Hashes of the old system, worked out by other means than the code under test."""

import base64
import hashlib
import struct

import bcrypt
from argon2 import PasswordHasher, Type

SALT = bytes(range(16))


def identity_v2(password: str) -> str:
    key = hashlib.pbkdf2_hmac("sha1", password.encode(), SALT, 1000, 32)
    return base64.b64encode(b"\0" + SALT + key).decode()


def identity_v3(password: str, *, digest: str = "sha256", rounds: int = 10_000, salt: bytes = SALT) -> str:
    key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds, 32)
    number = ["sha1", "sha256", "sha512"].index(digest)
    return base64.b64encode(b"\x01" + struct.pack(">III", number, rounds, len(salt)) + salt + key).decode()


def bcrypt_hash(password: str | bytes, prefix: bytes = b"2b") -> str:
    password = password.encode() if isinstance(password, str) else password
    return bcrypt.hashpw(password, bcrypt.gensalt(4, prefix=prefix)).decode()


#: Of one password in each way that the old system stored it.
OLD_PASSWORD = "Old-1234"
HASHES = {
    "argon2id": PasswordHasher(1, 64, 1, type=Type.ID).hash(OLD_PASSWORD),
    "bcrypt 2b": bcrypt_hash(OLD_PASSWORD),
    "bcrypt 2y": bcrypt_hash(OLD_PASSWORD).replace("$2b$", "$2y$"),
    "bcrypt 2a": bcrypt_hash(OLD_PASSWORD, b"2a"),
    "identity v2": identity_v2(OLD_PASSWORD),
    "identity v3": identity_v3(OLD_PASSWORD),
    "identity v3 of today": identity_v3(OLD_PASSWORD, digest="sha512", rounds=100_000),
    "identity v3 sha1": identity_v3(OLD_PASSWORD, digest="sha1", salt=SALT * 2),
}
