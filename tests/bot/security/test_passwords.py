"""Passwords as people type them; and how long an answer takes, which tells nobody whether a user code exists, nor where
its password came from.

Work is counted, never timed: each check of one typed text spends the full cost the same number of times.
"""

import asyncio
import threading
from collections import Counter

import pytest
from argon2.exceptions import VerifyMismatchError

from bot.security import passwords as module
from bot.security.passwords import ALPHABET, GeneratedPassword, Passwords
from tests.support.old_hashes import bcrypt_hash, identity_v2, identity_v3


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(weak=True)


@pytest.fixture(scope="module")
def strong() -> Passwords:
    """At full cost, without the wait for the moment at which an answer leaves."""
    made = Passwords()
    made._answer_after = 0.0
    return made


def test_made_passwords_have_no_look_alikes_and_no_markup(passwords: Passwords) -> None:
    made = {passwords.make() for _ in range(500)}

    assert len(made) == 500
    assert {len(one) for one in made} == {12}
    assert not set("".join(made)) & set("0Oo1lIi5Ss_*[`")
    assert len(ALPHABET) >= 45
    assert "secret" not in repr(GeneratedPassword("secret", "hash"))


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        *((typed, True) for typed in ("abcd3478", "  abcd3478 ", "abcd۳۴۷۸", "abcd٣٤٧٨")),
        *((typed, True) for typed in ("\u200eabcd3478\u200f", "\u2066abcd3478\u2069\n")),
        *((typed, False) for typed in ("", "abcd3479", "ABCD3478", "abcd3478x", "x" * 100_000)),
    ],
)
async def test_a_password_is_taken_as_people_paste_it(passwords: Passwords, typed: str, right: bool) -> None:
    assert (await passwords.verify(await passwords.hash("abcd3478"), typed)).right == right
    assert not (await passwords.verify("", typed)).right


async def test_a_password_with_persian_digits_is_compared_as_typed_too(passwords: Passwords) -> None:
    assert (await passwords.verify(await passwords.hash("رمز۱۲۳۴"), "رمز۱۲۳۴")).right


async def test_a_hash_of_outgrown_parameters_is_replaced(passwords: Passwords, strong: Passwords) -> None:
    stored = await passwords.hash("abcd3478")

    verdict = await strong.verify(stored, "abcd۳۴۷۸")

    assert verdict.right
    assert verdict.new_hash is not None
    assert verdict.new_hash.startswith(f"$argon2id$v=19${FULL}$")
    assert (await strong.verify(verdict.new_hash, "abcd3478")).new_hash is None
    assert (await passwords.verify(stored, "abcd3478")).new_hash is None


async def test_no_more_than_two_are_worked_out_at_once(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2)

    def slow(password: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        both.wait(timeout=60)
        with lock:
            running -= 1
        return password

    monkeypatch.setattr(passwords, "hash_now", slow)

    await asyncio.gather(*(passwords.hash(str(n)) for n in range(6)))

    assert most == 2


FULL, OF_IMPORT = "m=65536,t=3,p=4", "m=7168,t=5,p=1"
STORED = {
    "nobody": None,
    "full": Passwords().hash_now("right-password"),
    "imported, plain": Passwords(legacy_import=True).hash_now("right-password"),
    "imported, bcrypt": bcrypt_hash("right-password"),
    "imported, identity v2": identity_v2("right-password"),
    "imported, identity v3": identity_v3("right-password", digest="sha512"),
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


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize(
    ("typed", "readings"),
    [("wrong-password-1", 1), ("wrong-password-۱", 2), ("x" * 100_000, 1), ("رمز" * 60, 1)],
    ids=["latin", "persian digits", "very long", "long"],
)
async def test_each_check_spends_the_full_cost(
    kind: str, typed: str, readings: int, spent: Counter[str], strong: Passwords
) -> None:
    assert not (await strong.verify(STORED[kind], typed)).right
    assert spent[FULL] == readings
    assert set(spent) <= {FULL, OF_IMPORT}, "nothing dearer than what was agreed on is worked out"


@pytest.mark.parametrize("kind", STORED)
async def test_every_answer_leaves_at_the_same_moment(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cheap scheme adds to the full cost is hidden: the answer waits until the same moment, without its slot."""
    passwords = Passwords(at_once=1)
    now, waited = 100.0, []

    async def sleep(seconds: float) -> None:
        assert not passwords._slots.locked(), "no other check waits for this"
        waited.append(seconds)

    def slow(stored: str | None, typed: str) -> module.Verdict:
        nonlocal now
        now += {"nobody": 0.18, "full": 0.18}.get(kind, 0.25)
        return module.Verdict(False)

    monkeypatch.setattr(passwords, "_verify", slow)
    monkeypatch.setattr(module, "monotonic", lambda: now)
    monkeypatch.setattr(module, "sleep", sleep)
    await passwords.verify(STORED[kind], "wrong-password-1")
    assert now + waited[0] == pytest.approx(100.75)
