"""The keys that are in use already come out the same."""

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.security.key_derivation import derive_key


@pytest.mark.parametrize("secret", ["", "0" * 64, "رمز" * 40])
@pytest.mark.parametrize("length", [1, 8, 16, 32])
def test_a_key_is_that_of_hkdf(secret: str, length: int) -> None:
    purpose = b"technical-officer-bot/papers/key"
    expected = HKDF(SHA256(), length, salt=None, info=purpose).derive(secret.encode())
    assert derive_key(secret, purpose, length) == expected


def test_a_key_of_more_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        derive_key("secret", b"purpose", 33)
