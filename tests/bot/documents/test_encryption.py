"""Sealed papers: nothing to be read without the secret, nothing to be changed or moved unseen."""

import pytest

from bot.documents.encryption import DecryptionFailed, DocumentCipher

TEXT = "گواهی".encode() * 100


@pytest.fixture
def cipher() -> DocumentCipher:
    return DocumentCipher("one")


def refuses(cipher: DocumentCipher, data: bytes, key: str = "a") -> bool:
    with pytest.raises(DecryptionFailed):
        cipher.open(data, key)
    return True


def test_what_was_sealed_opens_again(cipher: DocumentCipher) -> None:
    for content in (TEXT, b""):
        assert cipher.open(cipher.seal(content, "a"), "a") == content


def test_the_sealed_bytes_tell_nothing_and_never_repeat(cipher: DocumentCipher) -> None:
    first, second = cipher.seal(TEXT, "a"), cipher.seal(TEXT, "a")

    assert TEXT[:10] not in first
    assert first[-100:] != second[-100:]


def test_neither_another_secret_nor_another_key_opens_it(cipher: DocumentCipher) -> None:
    sealed = cipher.seal(TEXT, "a")

    assert refuses(DocumentCipher("two"), sealed)
    assert refuses(cipher, sealed, "b")


def test_any_changed_byte_is_noticed(cipher: DocumentCipher) -> None:
    sealed = cipher.seal(b"short", "a")

    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert refuses(cipher, bytes(changed))


@pytest.mark.parametrize("data", [b"", b"PAPER\x01", b"something else", b"PAPER\x01" + bytes(30)])
def test_foreign_bytes_are_no_crash(data: bytes, cipher: DocumentCipher) -> None:
    assert refuses(cipher, data)


def test_a_cut_file_does_not_open(cipher: DocumentCipher) -> None:
    sealed = cipher.seal(TEXT, "a")

    assert all(refuses(cipher, sealed[:length]) for length in range(0, len(sealed), 7))


def test_rotation_moves_a_file_to_the_new_secret() -> None:
    sealed = DocumentCipher("old").seal(TEXT, "a")
    both = DocumentCipher("new", former=["old"])
    assert both.open(sealed, "a") == TEXT
    assert not both.is_current(sealed)

    moved = both.rewrap(sealed, "a")

    assert both.is_current(moved)
    assert DocumentCipher("new").open(moved, "a") == TEXT
    assert refuses(DocumentCipher("old"), moved)
