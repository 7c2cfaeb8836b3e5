"""Passwords as people type them."""

import asyncio
import threading

import pytest

from bot.security.passwords import ALPHABET, Passwords

PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(weak=True)


def test_made_passwords_have_no_look_alikes_and_no_markup(passwords: Passwords) -> None:
    made = {passwords.make() for _ in range(500)}

    assert len(made) == 500
    assert {len(one) for one in made} == {12}
    assert not set("".join(made)) & set("0Oo1lIi5Ss_*[`")
    assert len(ALPHABET) >= 45


@pytest.mark.parametrize(
    "typed",
    ["abcd3478", "  abcd3478 ", "abcd۳۴۷۸", "abcd٣٤٧٨", "\u200eabcd3478\u200f", "\u2066abcd3478\u2069\n"],
)
async def test_a_password_is_taken_as_people_paste_it(passwords: Passwords, typed: str) -> None:
    stored = await passwords.hash("abcd3478")

    assert (await passwords.verify(stored, typed)).right


@pytest.mark.parametrize("typed", ["", "abcd3479", "ABCD3478", "abcd3478x", "x" * 100_000])
async def test_another_password_is_wrong(passwords: Passwords, typed: str) -> None:
    assert not (await passwords.verify(await passwords.hash("abcd3478"), typed)).right


async def test_a_legacy_password_with_persian_digits_is_compared_as_typed(passwords: Passwords) -> None:
    stored = await passwords.hash("رمز۱۲۳۴")

    assert (await passwords.verify(stored, "رمز۱۲۳۴")).right


async def test_nobody_and_broken_hashes_are_wrong(passwords: Passwords) -> None:
    assert not (await passwords.verify(None, "anything")).right
    assert not (await passwords.verify("not a hash", "anything")).right
    assert not (await passwords.verify("", "")).right


async def test_a_hash_of_outgrown_parameters_is_replaced() -> None:
    weak, strong = Passwords(weak=True), Passwords()
    stored = await weak.hash("abcd3478")

    verdict = await strong.verify(stored, "abcd۳۴۷۸")

    assert verdict.right
    assert verdict.new_hash is not None
    assert (await strong.verify(verdict.new_hash, "abcd3478")).new_hash is None
    assert (await weak.verify(stored, "abcd3478")).new_hash is None


async def test_hashes_are_strong_unless_told_otherwise() -> None:
    stored = await Passwords().hash("abcd3478")

    assert stored.startswith("$argon2id$")
    assert "m=65536" in stored


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
        both.wait(timeout=5)
        with lock:
            running -= 1
        return password

    monkeypatch.setattr(passwords, "hash_now", slow)

    await asyncio.gather(*(passwords.hash(str(n)) for n in range(6)))

    assert most == 2


def test_a_made_password_does_not_show_in_logs() -> None:
    from bot.security.passwords import GeneratedPassword

    assert "secret" not in repr(GeneratedPassword("secret", "hash"))
