"""The public key of age opens nothing and signs nothing: only a backup of this bot's own key is restored."""

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest

from bot.config.settings import Settings
from bot.documents.blob_store import FolderStore
from bot.documents.encryption import DocumentCipher
from bot.operations import archive
from bot.operations.errors import UpkeepError
from tests.support.backups import SECRET, Installation
from tests.support.commands import Ended, run_beside

OTHER = "another-secret-key-that-is-long-enough"
Entries = list[tuple[str, bytes]]
Manifest = dict[str, Any]


@pytest.fixture
async def genuine(on_sqlite: Installation) -> Path:
    await on_sqlite.fill([b"one", b"two"])
    return (await on_sqlite.back_up("genuine.age"))[0]


def opened(file: Path) -> tuple[Entries, Manifest]:
    (key,) = archive.read_identities(file.with_name("identity"))
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(file.read_bytes(), [key]))) as tar:
        entries = [(one.name, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]
    assert entries[-1][0] == archive.MANIFEST
    return entries[:-1], json.loads(entries[-1][1])


def summed(entries: Entries) -> Manifest:
    """What a forger who reads our code writes into the manifest."""
    digest = hashlib.sha256()
    for name, data in entries:
        digest.update(f"{name}\n{len(data)}\n".encode() + data)
    papers = sum(name.startswith("papers/") for name, _ in entries)
    return {"papers": papers, "bytes": sum(len(data) for _, data in entries), "sha256": digest.hexdigest()}


def written(on: Installation, entries: Entries, manifest: bytes) -> Path:
    """As anybody can who has the public key."""
    with tarfile.open(fileobj=(out := io.BytesIO()), mode="w") as tar:
        for name, data in [*entries, (archive.MANIFEST, manifest)]:
            (info := tarfile.TarInfo(name)).size = len(data)
            tar.addfile(info, io.BytesIO(data))
    file = on.folder / "b.age"
    recipient = pyrage.x25519.Recipient.from_str(on.recipient)
    file.write_bytes(pyrage.encrypt(out.getvalue(), [recipient]))
    return file


def hostile(entries: Entries) -> Entries:
    """Another name in the database."""
    return [(name, data.replace("سارا".encode(), "مینا".encode())) for name, data in entries]


def swapped(entries: Entries) -> Entries:
    """The two documents under each other's names."""
    (db, one, two) = entries
    return [db, (one[0], two[1]), (two[0], one[1])]


FORGED: dict[str, Callable[[Entries, Manifest], tuple[Entries, Manifest]]] = {
    "old format": lambda e, m: (hostile(e), {"format": 1, "key_id": m["key_id"], "made_at": m["made_at"]}),
    "without a signature": lambda e, m: (hostile(e), {k: v for k, v in m.items() if k != "hmac"}),
    "an empty signature": lambda e, m: (hostile(e), m | {"hmac": ""}),
    "a signature that is no text": lambda e, m: (hostile(e), m | {"hmac": [1]}),
    "the signature of a genuine one": lambda e, m: (hostile(e), m),
    "members swapped": lambda e, m: (swapped(e), m),
    "members in another order": lambda e, m: ([e[1], e[0], e[2]], m),
    "a member less": lambda e, m: (e[:-1], m),
    "a member more": lambda e, m: ([*e, ("papers/" + "0" * 32, b"x")], m),
    "another date": lambda e, m: (e, m | {"made_at": "2030-01-01T00:00:00+00:00"}),
    "another key's id": lambda e, m: (hostile(e), m | {"key_id": "0" * 16}),
    "old format with a signature": lambda e, m: (hostile(e), m | {"format": 1}),
}


def forged(kind: str, genuine: Path, on: Installation) -> Path:
    entries, manifest = FORGED[kind](*opened(genuine))
    return written(on, entries, json.dumps(manifest | summed(entries)).encode())


async def restored(folder: Path, file: str, *options: str, **settings: str) -> Ended:
    """The command `restore` into the folder `new`."""
    arguments = ("restore", file, "--identity", "identity", "--into", "new", *options)
    return await run_beside(folder, *arguments, **settings)


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_backup_is_refused(
    kind: str, genuine: Path, on_sqlite: Installation, tmp_path: Path
) -> None:
    file = forged(kind, genuine, on_sqlite)

    said = await restored(tmp_path, "b.age", SECRET_KEY=SECRET)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("b.age ")
    assert said.err.count("\n") == 1
    assert not list(tmp_path.glob("new*"))
    with pytest.raises(UpkeepError):
        await on_sqlite.restore(file, store=FolderStore(tmp_path / "elsewhere"))
    assert not [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", ["the signature of a genuine one", "members swapped", "a member less"])
async def test_not_even_unsigned_takes_what_was_changed(
    kind: str, genuine: Path, on_sqlite: Installation
) -> None:
    file = forged(kind, genuine, on_sqlite)
    with pytest.raises(UpkeepError, match="changed since"):
        await on_sqlite.restore(file, secrets=[OTHER, SECRET], unsigned=True)


async def test_a_key_that_was_changed_since_vouches_too(genuine: Path, tmp_path: Path) -> None:
    settings = {"SECRET_KEY": OTHER, "FORMER_SECRET_KEYS": f"{'x' * 40},{SECRET}"}
    said = await restored(tmp_path, "genuine.age", **settings)
    assert (said.status, said.err) == (0, "")


@pytest.mark.parametrize("settings", [{}, {"SECRET_KEY": OTHER}], ids=["no key", "another key"])
async def test_a_machine_without_the_key_says_which_one(
    settings: dict[str, str], genuine: Path, tmp_path: Path
) -> None:
    (folder := tmp_path / "drill").mkdir()
    for file in (genuine, tmp_path / "identity"):
        shutil.copy(file, folder)

    said = await restored(folder, "genuine.age", **settings)
    assert (said.status, said.out) == (2, "")
    for word in (DocumentCipher(SECRET).key_id, "SECRET_KEY", "FORMER_SECRET_KEYS", "--unsigned"):
        assert word in said.err
    assert sorted(one.name for one in folder.iterdir()) == ["genuine.age", "identity"], "no key was made"
    lost = await restored(folder, "genuine.age", "--unsigned", **settings)
    assert lost.status == 0
    assert "WARNING" in lost.err
    assert (folder / "new" / "database.sqlite3").is_file()


async def test_a_backup_of_the_version_before_is_taken_only_when_asked_for(
    genuine: Path, on_sqlite: Installation, tmp_path: Path
) -> None:
    entries, manifest = opened(genuine)
    old = {name: manifest[name] for name in ("made_at", "key_id", "papers", "bytes", "sha256")}
    written(on_sqlite, entries, json.dumps({"format": 1} | old).encode())

    said = await restored(tmp_path, "b.age", SECRET_KEY=SECRET)
    assert said.status == 2
    assert "not signed" in said.err
    assert "--unsigned" in said.err
    said = await restored(tmp_path, "b.age", "--unsigned", SECRET_KEY=SECRET)
    assert (said.status, "WARNING" in said.err, "2 documents" in said.out) == (0, True, True)
    assert (tmp_path / "new" / "database.sqlite3").read_bytes() == entries[0][1]


def test_looking_for_keys_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.load(_env_file=None).held_keys() == []
    assert list(tmp_path.iterdir()) == []
    kept = Settings.load(_env_file=None).key()
    assert Settings.load(_env_file=None, former_secret_keys=SECRET).held_keys() == [kept, SECRET]


@pytest.mark.parametrize(
    "manifest", [b"{", b"[]", b"[" * 100_000, b"\xff"], ids=["cut", "a list", "deep", "no text"]
)
async def test_a_manifest_that_is_none(manifest: bytes, genuine: Path, on_sqlite: Installation) -> None:
    entries, _ = opened(genuine)
    file = written(on_sqlite, entries, manifest)
    with pytest.raises(UpkeepError, match="manifest"):
        await on_sqlite.restore(file)


@pytest.mark.parametrize("content", [b"", b"no archive", b"x" * 10_000], ids=["nothing", "a word", "a block"])
async def test_what_is_no_archive_is_said(on_sqlite: Installation, content: bytes) -> None:
    file = on_sqlite.folder / "b.age"
    file.write_bytes(pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(on_sqlite.recipient)]))
    with pytest.raises(UpkeepError, match=r"b\.age holds no backup of this bot"):
        await on_sqlite.restore(file)
