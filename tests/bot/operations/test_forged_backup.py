"""The public key of age opens nothing and signs nothing: only a backup of this bot's own key is restored."""

from __future__ import annotations

import asyncio
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
from bot.operations.backup import back_up
from bot.operations.errors import UpkeepError
from bot.operations.restore import restore
from storage.database.database import open_database
from tests.bot.operations.test_backup import public, run
from tests.support.backups import SECRET, furnish, keep

OTHER = "another-secret-key-that-is-long-enough"
Entries = list[tuple[str, bytes]]


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    archive.make_identity(tmp_path / "identity")
    return tmp_path / "identity"


@pytest.fixture
async def genuine(sqlite_url: str, identity: Path, tmp_path: Path) -> Path:
    store = FolderStore(tmp_path / "files")
    database = await open_database(sqlite_url)
    await furnish(database, await keep(store, [b"one", b"two"]))
    await database.close()
    target = tmp_path / "genuine.age"
    await back_up(
        database_url=sqlite_url, store=store, target=target, recipients=[public(identity)], secret=SECRET
    )
    return target


def opened(file: Path, identity: Path) -> tuple[Entries, dict[str, Any]]:
    (key,) = archive.read_identities(identity)
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(file.read_bytes(), [key]))) as tar:
        entries = [(one.name, tar.extractfile(one).read()) for one in tar]  # type: ignore[union-attr]
    assert entries[-1][0] == archive.MANIFEST
    return entries[:-1], json.loads(entries[-1][1])


def summed(entries: Entries) -> dict[str, Any]:
    """What a forger who reads our code writes into the manifest."""
    digest = hashlib.sha256()
    for name, data in entries:
        digest.update(f"{name}\n{len(data)}\n".encode() + data)
    papers = sum(name.startswith("papers/") for name, _ in entries)
    return {"papers": papers, "bytes": sum(len(data) for _, data in entries), "sha256": digest.hexdigest()}


def write(file: Path, entries: Entries, manifest: dict[str, Any], identity: Path) -> Path:
    """As anybody can who has the public key."""
    with tarfile.open(fileobj=(out := io.BytesIO()), mode="w") as tar:
        for name, data in [*entries, (archive.MANIFEST, json.dumps(manifest).encode())]:
            (info := tarfile.TarInfo(name)).size = len(data)
            tar.addfile(info, io.BytesIO(data))
    file.write_bytes(pyrage.encrypt(out.getvalue(), [pyrage.x25519.Recipient.from_str(public(identity))]))
    return file


def hostile(entries: Entries) -> Entries:
    """Another password in the database."""
    return [(name, data.replace("سارا".encode(), "مینا".encode())) for name, data in entries]


def swapped(entries: Entries) -> Entries:
    """The two papers under each other's names."""
    (db, one, two) = entries
    return [db, (one[0], two[1]), (two[0], one[1])]


FORGED: dict[str, Callable[[Entries, dict[str, Any]], tuple[Entries, dict[str, Any]]]] = {
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


@pytest.mark.parametrize("kind", FORGED)
async def test_a_forged_backup_is_refused(kind: str, genuine: Path, identity: Path, tmp_path: Path) -> None:
    entries, manifest = FORGED[kind](*opened(genuine, identity))
    file = write(tmp_path / "b.age", entries, manifest | summed(entries), identity)

    store = FolderStore(tmp_path / "elsewhere")
    with pytest.raises(UpkeepError) as refused:
        await restore(file=file, identity=identity, into=tmp_path / "new", secrets=[SECRET], store=store)
    assert str(refused.value).startswith("b.age ")
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.glob("new*"))
    assert not [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()]


async def test_the_command_refuses_a_forged_backup_in_one_line(
    genuine: Path, identity: Path, tmp_path: Path
) -> None:
    entries, manifest = FORGED["members swapped"](*opened(genuine, identity))
    write(tmp_path / "b.age", entries, manifest | summed(entries), identity)
    arguments = ("restore", "b.age", "--identity", "identity", "--into", "new")
    said = await asyncio.to_thread(run, tmp_path, *arguments, SECRET_KEY=SECRET)
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr.startswith("b.age ")
    assert said.stderr.count("\n") == 1
    assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize("kind", ["the signature of a genuine one", "members swapped", "a member less"])
async def test_not_even_unsigned_takes_what_was_changed(
    kind: str, genuine: Path, identity: Path, tmp_path: Path
) -> None:
    entries, manifest = FORGED[kind](*opened(genuine, identity))
    file = write(tmp_path / "b.age", entries, manifest | summed(entries), identity)
    with pytest.raises(UpkeepError, match="changed since"):
        await restore(
            file=file, identity=identity, into=tmp_path / "new", secrets=[OTHER, SECRET], unsigned=True
        )


async def test_a_key_that_was_changed_since_vouches_too(
    genuine: Path, identity: Path, tmp_path: Path
) -> None:
    def play() -> None:
        settings = {"SECRET_KEY": OTHER, "FORMER_SECRET_KEYS": f"{'x' * 40},{SECRET}"}
        said = run(tmp_path, "restore", "genuine.age", "--identity", "identity", "--into", "new", **settings)
        assert (said.returncode, said.stderr) == (0, "")

    await asyncio.to_thread(play)


@pytest.mark.parametrize("settings", [{}, {"SECRET_KEY": OTHER}])
async def test_a_machine_without_the_key_says_which_one(
    settings: dict[str, str], genuine: Path, identity: Path, tmp_path: Path
) -> None:
    (folder := tmp_path / "drill").mkdir()
    for file in (genuine, identity):
        shutil.copy(file, folder)
    arguments = ("restore", "genuine.age", "--identity", "identity", "--into", "new")

    def play() -> None:
        said = run(folder, *arguments, **settings)
        assert (said.returncode, said.stdout) == (2, "")
        for word in (DocumentCipher(SECRET).key_id, "SECRET_KEY", "FORMER_SECRET_KEYS", "--unsigned"):
            assert word in said.stderr
        assert sorted(one.name for one in folder.iterdir()) == ["genuine.age", "identity"], "no key was made"
        lost = run(folder, *arguments, "--unsigned", **settings)
        assert lost.returncode == 0
        assert "WARNING" in lost.stderr

    await asyncio.to_thread(play)
    assert (folder / "new" / "database.sqlite3").is_file()


async def test_a_backup_of_the_version_before_is_taken_only_when_asked_for(
    genuine: Path, identity: Path, tmp_path: Path
) -> None:
    entries, manifest = opened(genuine, identity)
    manifest = {name: manifest[name] for name in ("made_at", "key_id", "papers", "bytes", "sha256")}
    write(tmp_path / "old.age", entries, {"format": 1} | manifest, identity)
    arguments = ("restore", "old.age", "--identity", "identity", "--into", "new")

    def play() -> None:
        said = run(tmp_path, *arguments, SECRET_KEY=SECRET)
        assert said.returncode == 2
        assert "not signed" in said.stderr
        assert "--unsigned" in said.stderr
        said = run(tmp_path, *arguments, "--unsigned", SECRET_KEY=SECRET)
        assert said.returncode == 0
        assert "WARNING" in said.stderr
        assert "2 papers" in said.stdout

    await asyncio.to_thread(play)
    assert (tmp_path / "new" / "database.sqlite3").read_bytes() == entries[0][1]


def test_looking_for_keys_makes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.load(_env_file=None).held_keys() == []
    assert list(tmp_path.iterdir()) == []
    kept = Settings.load(_env_file=None).key()
    assert Settings.load(_env_file=None, former_secret_keys=SECRET).held_keys() == [kept, SECRET]


@pytest.mark.parametrize("manifest", [b"{", b"[]", b"[" * 100_000, b"\xff"])
async def test_a_manifest_that_is_none(
    manifest: bytes, genuine: Path, identity: Path, tmp_path: Path
) -> None:
    entries, _ = opened(genuine, identity)
    with tarfile.open(fileobj=(out := io.BytesIO()), mode="w") as tar:
        for name, data in [*entries, (archive.MANIFEST, manifest)]:
            (info := tarfile.TarInfo(name)).size = len(data)
            tar.addfile(info, io.BytesIO(data))
    recipient = pyrage.x25519.Recipient.from_str(public(identity))
    (tmp_path / "b.age").write_bytes(pyrage.encrypt(out.getvalue(), [recipient]))
    with pytest.raises(UpkeepError, match="manifest"):
        await restore(file=tmp_path / "b.age", identity=identity, into=tmp_path / "new", secrets=[SECRET])
