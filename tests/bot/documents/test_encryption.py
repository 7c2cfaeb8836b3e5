"""Sealed papers: nothing to be read without the secret, nothing to be changed or moved unseen."""

import pytest

from bot.documents.encryption import DecryptionFailed, DocumentCipher

TEXT = "گواهی".encode() * 100


def test_what_was_sealed_opens_again() -> None:
    sealer = DocumentCipher("one")

    assert sealer.open(sealer.seal(TEXT, "a"), "a") == TEXT
    assert sealer.open(sealer.seal(b"", "a"), "a") == b""


def test_the_sealed_bytes_tell_nothing_and_never_repeat() -> None:
    sealer = DocumentCipher("one")

    first, second = sealer.seal(TEXT, "a"), sealer.seal(TEXT, "a")

    assert TEXT[:10] not in first
    assert first[-100:] != second[-100:]


def test_another_secret_does_not_open_it() -> None:
    sealed = DocumentCipher("one").seal(TEXT, "a")

    with pytest.raises(DecryptionFailed):
        DocumentCipher("two").open(sealed, "a")


def test_moved_bytes_do_not_open() -> None:
    sealer = DocumentCipher("one")

    with pytest.raises(DecryptionFailed):
        sealer.open(sealer.seal(TEXT, "a"), "b")


def test_any_changed_byte_is_noticed() -> None:
    sealer = DocumentCipher("one")
    sealed = sealer.seal(b"short", "a")

    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(DecryptionFailed):
            sealer.open(bytes(changed), "a")


@pytest.mark.parametrize("data", [b"", b"PAPER\x01", b"something else", b"PAPER\x01" + bytes(30)])
def test_foreign_or_cut_bytes_are_no_crash(data: bytes) -> None:
    with pytest.raises(DecryptionFailed):
        DocumentCipher("one").open(data, "a")


def test_a_cut_file_does_not_open() -> None:
    sealer = DocumentCipher("one")
    sealed = sealer.seal(TEXT, "a")

    for length in range(0, len(sealed), 7):
        with pytest.raises(DecryptionFailed):
            sealer.open(sealed[:length], "a")


def test_rotation_moves_a_file_to_the_new_secret() -> None:
    sealed = DocumentCipher("old").seal(TEXT, "a")
    both = DocumentCipher("new", former=["old"])
    assert both.open(sealed, "a") == TEXT
    assert not both.is_current(sealed)

    moved = both.rewrap(sealed, "a")

    assert both.is_current(moved)
    assert DocumentCipher("new").open(moved, "a") == TEXT
    with pytest.raises(DecryptionFailed):
        DocumentCipher("old").open(moved, "a")
