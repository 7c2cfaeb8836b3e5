"""Passwords: Argon2id, computed in threads so that the event loop goes on (Q26, Q30)."""

from __future__ import annotations

import asyncio
import re
import secrets
import string
from asyncio import sleep
from dataclasses import dataclass
from time import monotonic

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from bot.security import legacy_hashes
from bot.security.legacy_hashes import Scheme
from bot.texts import BIDI_MARKS

#: Letters and digits that are not mistaken for another (no 0 O o, 1 l I i, 5 S s, 2 Z z, 8 B).
ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("0Oo1lIi5Ss2Zz8B")))
MADE_LENGTH = 12
CHOSEN_MIN, CHOSEN_MAX = 8, 128
#: For plain passwords of the old system, by the hundred thousand: 7 MiB and 5 passes, which OWASP holds equal
#: to its 19 MiB and 2. The first good login replaces the hash by one of full parameters.
IMPORT_COST = {"time_cost": 5, "memory_cost": 7168, "parallelism": 1}
#: Seconds from the begin of a check to its answer, whatever it found: more than the full cost and that of an
#: old scheme together. Time would tell who has an account, and who came from the old system.
ANSWER_AFTER = 0.75

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_SPACE = re.compile(r"^\s+|\s+$")


def readings(typed: str) -> list[str]:
    """What a person may have meant by `typed`: as it stands, then as `normal` writes it. Without doubles."""
    return list(dict.fromkeys((typed, normal(typed))))


def normal(typed: str) -> str:
    """Without marks of direction and outer space, Persian and Arabic digits as ASCII ones."""
    return _SPACE.sub("", BIDI_MARKS.sub("", typed)).translate(_DIGITS)


@dataclass(frozen=True, slots=True)
class GeneratedPassword:
    """A new password: shown once, kept only as its hash."""

    password: str
    hash: str

    def __repr__(self) -> str:
        return "Made(…)"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a typed password is right, and the hash that should replace the stored one, if any."""

    right: bool
    new_hash: str | None = None


class Passwords:
    """Makes and checks. At most `at_once` computations run at a time; the others wait their turn.

    `weak` takes parameters that make hashes worthless: only ever for tests, the demo does not need it.
    `legacy_import` takes cheaper ones, see `IMPORT_COST`.
    """

    def __init__(self, *, weak: bool = False, legacy_import: bool = False, at_once: int = 2) -> None:
        cost = IMPORT_COST if legacy_import else {}
        if weak:
            cost = {"time_cost": 1, "memory_cost": 8, "parallelism": 1}
        self._hasher = PasswordHasher(type=Type.ID, **cost)  # type: ignore[arg-type]
        self._slots = asyncio.Semaphore(at_once)
        self._answer_after = 0.0 if weak else ANSWER_AFTER
        self._nobody: str | None = None

    def make(self) -> str:
        """12 letters and digits, about 69 bits, without look-alikes and without marks of markup."""
        return "".join(secrets.choice(ALPHABET) for _ in range(MADE_LENGTH))

    async def make_new(self) -> GeneratedPassword:
        """A system-made password with its hash."""
        password = self.make()
        return GeneratedPassword(password, await self.hash(password))

    async def hash(self, password: str) -> str:
        async with self._slots:
            return await asyncio.to_thread(self.hash_now, password)

    def hash_now(self, password: str) -> str:
        """The same without a thread, for the command line."""
        return self._hasher.hash(password)

    async def verify(self, stored: str | None, typed: str) -> Verdict:
        """Compare as typed, then normalised. Whatever `stored` is (None: no account has this code), the full
        cost is spent for each reading, and the answer leaves `ANSWER_AFTER` seconds (or a multiple) after the
        work began."""
        async with self._slots:
            begun = monotonic()
            verdict = await asyncio.to_thread(self._verify, stored, typed)
        if self._answer_after:  # at the next multiple: a busy machine takes longer for everybody
            await sleep((begun - monotonic()) % self._answer_after)
        return verdict

    def _verify(self, stored: str | None, typed: str) -> Verdict:
        if self._nobody is None:  # the first call computes it
            self._nobody = self._hasher.hash(self.make())
        scheme = legacy_hashes.scheme_of(stored) if stored is not None else None
        full = stored is not None and scheme is Scheme.ARGON2ID and not self._outgrown(stored)
        for reading in readings(typed[: 4 * CHOSEN_MAX]):
            if not full:
                self._matches(self._nobody, reading)
            if stored is None or scheme is None:
                continue
            if scheme is not Scheme.ARGON2ID:
                right = legacy_hashes.verify_legacy_hash(stored, reading)
            else:
                right = self._matches(stored, reading)
            if right:
                return Verdict(True, None if full else self._hasher.hash(reading))
        return Verdict(False)

    def _matches(self, stored: str, reading: str) -> bool:
        try:
            return self._hasher.verify(stored, reading)
        except (VerificationError, InvalidHashError):
            return False

    def _outgrown(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)
