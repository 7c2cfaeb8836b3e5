"""Sealed papers: nothing to be read without the secret, nothing to be changed or moved unseen."""

import pytest

from bot.documents.encryption import DecryptionFailed, DocumentCipher

TEXT = "گواهی".encode() * 100


CIPHER = DocumentCipher("one")


def check_refused(data: bytes, key: str = "a", cipher: DocumentCipher = CIPHER) -> None:
    with pytest.raises(DecryptionFailed):
        cipher.open(data, key)


def test_nothing_else_opens() -> None:
    """Neither another secret, nor another key, nor a changed byte, nor a cut file, nor foreign bytes."""
    sealed, short = CIPHER.seal(TEXT, "a"), CIPHER.seal(b"short", "a")
    check_refused(sealed, cipher=DocumentCipher("two"))
    check_refused(sealed, "b")
    changed = [short[:place] + bytes([byte ^ 1]) + short[place + 1 :] for place, byte in enumerate(short)]
    cut = [sealed[:length] for length in range(0, len(sealed), 7)]
    for data in (*changed, *cut, b"PAPER\x01", b"something else", b"PAPER\x01" + bytes(30)):
        check_refused(data)


def test_what_was_sealed_opens_again_tells_nothing_and_never_repeats() -> None:
    first, second = CIPHER.seal(TEXT, "a"), CIPHER.seal(TEXT, "a")
    assert CIPHER.open(first, "a") == CIPHER.open(second, "a") == TEXT
    assert CIPHER.open(CIPHER.seal(b"", "a"), "a") == b""
    assert TEXT[:10] not in first
    assert first[-100:] != second[-100:]


def test_rotation_moves_a_file_to_the_new_secret() -> None:
    sealed = DocumentCipher("old").seal(TEXT, "a")
    both = DocumentCipher("new", former=["old"])
    assert both.open(sealed, "a") == TEXT
    assert not both.is_current(sealed)
    moved = both.rewrap(sealed, "a")
    assert both.is_current(moved)
    assert DocumentCipher("new").open(moved, "a") == TEXT
    check_refused(moved, cipher=DocumentCipher("old"))
