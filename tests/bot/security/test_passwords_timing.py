"""How long an answer takes tells nobody whether a user code exists, nor where its password came from.

The work is counted, never timed: each check of one typed text spends the full cost the same number of times.
"""

import base64
import hashlib
from collections import Counter

import bcrypt
import pytest
from argon2.exceptions import VerifyMismatchError

from bot.security import passwords as module
from bot.security.passwords import Passwords

TYPED = "wrong-password-1"
PERSIAN = "wrong-password-۱"
SALT = b"s" * 16


def identity_v2(password: str) -> str:
    key = hashlib.pbkdf2_hmac("sha1", password.encode(), SALT, 1000, 32)
    return base64.b64encode(b"\0" + SALT + key).decode()


def identity_v3(password: str) -> str:
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), SALT, 10_000, 32)
    head = b"\x01" + (2).to_bytes(4, "big") + (10_000).to_bytes(4, "big") + (16).to_bytes(4, "big")
    return base64.b64encode(head + SALT + key).decode()


STORED = {
    "nobody": None,
    "full": Passwords().hash_now("right-password"),
    "moved in, plain": Passwords(legacy_import=True).hash_now("right-password"),
    "moved in, bcrypt": bcrypt.hashpw(b"right-password", bcrypt.gensalt(4)).decode(),
    "moved in, identity v2": identity_v2("right-password"),
    "moved in, identity v3": identity_v3("right-password"),
    "empty": "",
    "no hash": "not a hash",
    "cut off": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0",
    "another argon2": "$argon2i$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
    "too dear": "$argon2id$v=19$m=4194304,t=99,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
}


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Checks by the cost that is in the hash; nothing is worked out."""
    spent: Counter[str] = Counter()

    def verify(self: object, stored: str, typed: str) -> bool:
        spent[stored.split("$")[3]] += 1
        raise VerifyMismatchError

    monkeypatch.setattr("argon2.PasswordHasher.verify", verify)
    return spent


FULL = "m=65536,t=3,p=4"


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize(
    ("typed", "readings"), [(TYPED, 1), (PERSIAN, 2), ("x" * 100_000, 1), ("رمز" * 60, 1)]
)
async def test_each_check_spends_the_full_cost(
    kind: str, typed: str, readings: int, spent: Counter[str]
) -> None:
    passwords = Passwords()
    assert not (await passwords.verify(STORED[kind], typed)).right
    assert spent[FULL] == readings
    assert set(spent) <= {FULL, "m=7168,t=5,p=1"}, "nothing dearer than what was agreed on is worked out"


@pytest.mark.parametrize("kind", STORED)
async def test_every_answer_leaves_at_the_same_moment(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cheap scheme adds to the full cost is hidden: the answer waits until the same moment, without its slot."""
    passwords = Passwords(at_once=1)
    now, waited = 100.0, []

    async def sleep(seconds: float) -> None:
        assert not passwords._slots.locked(), "nobody else waits for this"
        waited.append(seconds)

    def slow(stored: str | None, typed: str) -> module.Verdict:
        nonlocal now
        now += {"nobody": 0.18, "full": 0.18}.get(kind, 0.25)
        return module.Verdict(False)

    monkeypatch.setattr(passwords, "_verify", slow)
    monkeypatch.setattr(module, "monotonic", lambda: now)
    monkeypatch.setattr(module, "sleep", sleep)
    await passwords.verify(STORED[kind], TYPED)
    assert now + waited[0] == pytest.approx(100.0 + module.ANSWER_AFTER)


@pytest.mark.parametrize("kind", [one for one in STORED if one.startswith("moved in")] + ["full"])
@pytest.mark.parametrize("typed", ["right-password", " right-password\u200f"])
async def test_the_right_password_still_opens(kind: str, typed: str) -> None:
    passwords = Passwords()
    verdict = await passwords.verify(STORED[kind], typed)
    assert verdict.right
    assert (verdict.new_hash is None) == (kind == "full")
