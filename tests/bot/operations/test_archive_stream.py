"""The tar of a backup as it flows: its bytes, its sums, and who hears of an error in the middle."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import pyrage
import pytest

from bot.operations import archive, signature
from bot.operations.errors import UpkeepError

KEY = "k" * 32


async def flow(path: Path, name: str = "papers/a", size: int = 700) -> tuple[bytes, archive.TarStream]:
    tar = archive.TarStream()
    chunks = [chunk async for chunk in tar.file("database.sqlite3", path)]
    chunks += [chunk async for chunk in tar.data(name, b"d" * size)]
    chunks += [chunk async for chunk in tar.end({"made_at": "now"}, KEY)]
    return b"".join(chunks), tar


@pytest.mark.parametrize("length", [0, 1, 511, 512, 513, 3000])
async def test_a_tar_that_every_program_reads(
    length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "CHUNK", 1000)
    (tmp_path / "db").write_bytes(b"x" * length)
    data, _ = await flow(tmp_path / "db", size=length)
    assert len(data) % 512 == 0
    assert data.endswith(bytes(1024))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = [(one.name, one.size, one.mode, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]
    manifest = json.loads(members[2][3])
    assert members[:2] == [
        ("database.sqlite3", length, 0o600, b"x" * length),
        ("papers/a", length, 0o600, b"d" * length),
    ]
    digest = hashlib.sha256(f"database.sqlite3\n{length}\n".encode() + b"x" * length)
    digest.update(f"papers/a\n{length}\n".encode() + b"d" * length)
    facts = {"format": 2, "made_at": "now", "papers": 1, "bytes": 2 * length, "sha256": digest.hexdigest()}
    assert manifest == signature.sign(facts, KEY)
    assert signature.is_signed_by(manifest, ["other", KEY])
    assert not signature.is_signed_by(manifest, ["other"])
    assert not signature.is_signed_by(manifest | {"papers": 2}, [KEY])
    assert not signature.is_signed_by(facts, [KEY])
    assert (signature.is_signed(manifest), signature.is_signed(facts)) == (True, False)
    assert not signature.is_signed(manifest | {"hmac": 1})


async def sealed(chunks: AsyncIterator[bytes], *recipients: str) -> bytes:
    sink = io.BytesIO()
    await archive.encrypt(chunks, sink, list(recipients))
    return sink.getvalue()


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def reads_and_fails(stream: IO[bytes], size: int, error: Exception) -> None:
    stream.read(size)
    raise error


async def test_each_of_several_recipients_can_open_it(tmp_path: Path) -> None:
    recipients = [archive.make_identity(tmp_path / name) for name in ("one", "two")]
    (tmp_path / "b.age").write_bytes(await sealed(pieces(b"a" * 100_000, b"", b"b"), *recipients))
    for name in ("one", "two"):
        keys = archive.read_identities(tmp_path / name)
        with archive.decrypted(tmp_path / "b.age", keys) as stream:
            assert stream.read(3) == b"aaa"
            assert stream.read() == b"a" * 99_997 + b"b"
    archive.make_identity(tmp_path / "three")
    other = archive.read_identities(tmp_path / "three")
    words = "b.age does not open: not for this key, damaged or cut short"
    with pytest.raises(UpkeepError) as caught, archive.decrypted(tmp_path / "b.age", other) as stream:
        stream.read()
    assert str(caught.value) == words
    # What its reader found wrong first is said; what comes of the damage is not.
    keys = archive.read_identities(tmp_path / "one")
    (tmp_path / "b.age").write_bytes((tmp_path / "b.age").read_bytes()[:-10])
    for error, said in ((UpkeepError("mine"), "mine"), (ValueError("of the damage"), words)):
        with pytest.raises(UpkeepError) as caught, archive.decrypted(tmp_path / "b.age", keys) as stream:
            reads_and_fails(stream, -1, error)
        assert str(caught.value) == said
    with pytest.raises(UpkeepError) as caught, archive.decrypted(tmp_path / "b.age", keys):
        pass
    assert str(caught.value) == words, "also where nobody read to the end"


async def test_a_refusal_of_the_library_itself_is_heard_of() -> None:
    with pytest.raises(pyrage.EncryptError, match="Missing recipients"):
        await sealed(pieces(b"a"))


@pytest.mark.parametrize("size", [1, 3_000_000])
@pytest.mark.parametrize("error", [ValueError("mine"), OSError(28, "mine"), UpkeepError("mine")])
async def test_an_error_of_the_reader_alone(
    error: Exception, size: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A full disk in the middle of a large backup does not make it a damaged one."""
    recipient = archive.make_identity(tmp_path / "one")
    (tmp_path / "b.age").write_bytes(await sealed(pieces(b"x" * size), recipient))
    keys = archive.read_identities(tmp_path / "one")
    with pytest.raises(type(error), match="mine"), archive.decrypted(tmp_path / "b.age", keys) as stream:
        reads_and_fails(stream, 1, error)
    assert capfd.readouterr().err == ""


async def test_an_error_while_it_is_made(tmp_path: Path) -> None:
    recipient = archive.make_identity(tmp_path / "one")

    async def fails() -> AsyncIterator[bytes]:
        yield b"x"
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        await sealed(fails(), recipient)

    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        await archive.encrypt(pieces(b"x" * 200_000), Full(), [recipient])
    with pytest.raises(UpkeepError, match="must be a public key of age"):
        await sealed(pieces(b"x"), "age1x")


async def test_secret_keys_of_a_file(tmp_path: Path) -> None:
    """As age-keygen writes it, several of them, with comments and empty lines."""
    one, two = (pyrage.x25519.Identity.generate() for _ in range(2))
    (tmp_path / "keys").write_text(f"# created\n\n{one}\n  {two}  \n")
    assert [str(key) for key in archive.read_identities(tmp_path / "keys")] == [str(one), str(two)]
    assert str(archive.recipient(f" {one.to_public()}\n")) == str(one.to_public())
