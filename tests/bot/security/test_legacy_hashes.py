"""Passwords of the old system open once, and their hashes are replaced."""

import base64
import struct
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from bot.security import legacy_hashes
from bot.security.passwords import Passwords
from tests.support.old_hashes import HASHES, OLD_PASSWORD, SALT, bcrypt_hash, identity_v2, identity_v3

each_hash = pytest.mark.parametrize("stored", HASHES.values(), ids=HASHES.keys())


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(weak=True)


@each_hash
async def test_the_old_password_opens_and_its_hash_is_replaced(passwords: Passwords, stored: str) -> None:
    verdict = await passwords.verify(stored, OLD_PASSWORD)

    assert verdict.right
    assert verdict.new_hash is not None
    assert verdict.new_hash.startswith("$argon2id$")
    again = await passwords.verify(verdict.new_hash, OLD_PASSWORD)
    assert again.right
    assert again.new_hash is None


@each_hash
async def test_digits_may_be_typed_in_persian_and_nothing_else_opens(
    passwords: Passwords, stored: str
) -> None:
    assert (await passwords.verify(stored, " Old-۱۲۳۴ ")).right
    for wrong in ("old-1234", "Old-1235", "", "Old-1234x", "\0", "x" * 10_000):
        assert not (await passwords.verify(stored, wrong)).right


@pytest.mark.parametrize("hashed", [identity_v2, bcrypt_hash])
async def test_a_password_with_persian_digits_is_compared_as_typed_first(
    passwords: Passwords, hashed: Callable[[str], str]
) -> None:
    assert (await passwords.verify(hashed("رمز۱۲۳۴"), "رمز۱۲۳۴")).right


async def test_bcrypt_is_checked_as_the_old_system_did(passwords: Passwords) -> None:
    """It looks at 72 bytes; the known vector is from the test suite of crypt_blowfish."""
    stored = bcrypt_hash(b"a" * 72)
    assert (await passwords.verify(stored, "a" * 100)).right
    assert not (await passwords.verify(stored, "a" * 71)).right
    vector = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
    assert legacy_hashes.verify_legacy_hash(vector, "U*U")


@pytest.mark.parametrize(
    "stored",
    [
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "pbkdf2_sha256$260000$salt$aGFzaA==",
        "$6$rounds=5000$salt$hash",
        "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
        "{SSHA}abcdefgh",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ],
)
async def test_hashes_that_cannot_be_checked_are_known_as_such(passwords: Passwords, stored: str) -> None:
    assert legacy_hashes.looks_foreign(stored)
    assert legacy_hashes.scheme_of(stored) is None
    assert not (await passwords.verify(stored, "password")).right


@pytest.mark.parametrize(
    "plain", ["Old-1234", "رمز۱۲۳۴", "$dollar", "abcdef0123", "A" * 68, "AQEBAQEB", "=1+1", "{x}"]
)
def test_plain_passwords_are_not_taken_for_hashes(plain: str) -> None:
    assert legacy_hashes.scheme_of(plain) is None
    assert not legacy_hashes.looks_foreign(plain)


@pytest.mark.parametrize(
    ("head", "salt", "key", "known"),
    [
        ((1, 1, 1, 16), 16, 16, True),
        ((1, 2, 1_000_000, 16), 16, 64, True),
        ((1, 0, 1, 220), 220, 64, True),
        ((1, 0, 1, 224), 224, 64, False),
        ((1, 0, 1, 22), 22, 64, True),
        ((0, 1, 1, 16), 16, 32, False),
        ((2, 1, 1, 16), 16, 32, False),
        ((1, 3, 1, 16), 16, 32, False),
        ((1, 1, 0, 16), 16, 32, False),
        ((1, 1, 1_000_001, 16), 16, 32, False),
        ((1, 1, 1, 15), 15, 32, False),
        ((1, 1, 1, 64), 48, 0, False),
        ((1, 1, 1, 16), 16, 15, False),
        ((1, 1, 1, 16), 16, 65, False),
    ],
)
def test_what_is_a_hash_of_identity(head: tuple[int, ...], salt: int, key: int, known: bool) -> None:
    """Its head says the format, the digest, the rounds and the length of the salt."""
    stored = base64.b64encode(struct.pack(">BIII", *head) + b"s" * salt + b"k" * key).decode()
    assert (legacy_hashes.scheme_of(stored) is legacy_hashes.Scheme.IDENTITY) is known
    assert (legacy_hashes.scheme_of(f"{stored[:-1]}!"), legacy_hashes.scheme_of(f"{stored}A")) == (None, None)


def test_hashes_that_would_stop_everybody_are_refused() -> None:
    assert legacy_hashes.scheme_of(identity_v3("x", rounds=1)) is not None
    greedy = b"\x01" + struct.pack(">III", 1, 2**31, 16) + SALT + SALT * 2
    assert legacy_hashes.scheme_of(base64.b64encode(greedy).decode()) is None
    assert legacy_hashes.scheme_of("$argon2id$v=19$m=4194304,t=3,p=4$c29tZXNhbHRzYWx0$" + "a" * 43) is None
    assert legacy_hashes.scheme_of(PasswordHasher().hash("x")) is legacy_hashes.Scheme.ARGON2ID


async def test_imported_passwords_are_hashed_at_less_cost_and_replaced_at_login() -> None:
    stored = await Passwords(legacy_import=True).hash(OLD_PASSWORD)
    assert "m=7168,t=5,p=1" in stored

    verdict = await Passwords().verify(stored, OLD_PASSWORD)

    assert verdict.right
    assert verdict.new_hash is not None
    assert "m=65536" in verdict.new_hash


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$broken",
        "$argon2id$v=19$m=65536,t=3$c29tZXNhbHRzYWx0$" + "a" * 43,
        "$argon2d$v=19$m=65536,t=3,p=4$c29tZXNhbHRzYWx0$" + "a" * 43,
        "$argon2id$v=19$m=262145,t=3,p=4$c29tZXNhbHRzYWx0$" + "a" * 43,
        "$argon2id$v=19$m=65536,t=17,p=4$c29tZXNhbHRzYWx0$" + "a" * 43,
        "$argon2id$v=19$m=65536,t=3,p=17$c29tZXNhbHRzYWx0$" + "a" * 43,
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ],
)
def test_what_is_broken_or_costs_too_much_is_no_hash_to_check(stored: str) -> None:
    assert legacy_hashes.scheme_of(stored) is None


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=262144,t=16,p=16$c29tZXNhbHRzYWx0$" + "a" * 43,
        "$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$14$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    ],
)
def test_what_costs_as_much_as_may_be_is_checked(stored: str) -> None:
    assert legacy_hashes.scheme_of(stored) is not None


@pytest.mark.parametrize("rest", ["z" * 53, "/" * 53])
def test_a_hash_that_looks_whole_and_is_not_opens_for_nobody(rest: str) -> None:
    """Its salt is of letters that no bcrypt writes: a wrong password, not an error."""
    assert legacy_hashes.verify_legacy_hash(f"$2b$04${rest}", "password") is False
